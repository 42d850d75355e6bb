"""Whether a form comes from a page of ours: Sec-Fetch-Site where the browser sends it, else Origin.

A link's token is in the address and known to nobody else, so this stands behind it: against another site of the
office's own domain, to whose requests cookies go along (SameSite counts the domain, not the host).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

from pipeline.web.site import Friendly, site

LOOKING = {"GET", "HEAD", "OPTIONS"}
OURS = {
    "same-origin",
    "none",
}  # none: the person's own doing, such as sending a form again after a restart


def check() -> None:
    """Refuse what another site makes the browser send; Friendly says so."""
    if request.method in LOOKING:
        return
    where = request.headers.get("Sec-Fetch-Site", "")
    if where and where not in OURS:
        raise Friendly("asal", 403)
    origin = request.headers.get("Origin", "")
    # Our pages send no referrer, and then a browser's own forms say "null" (Fetch, 3.2); where it matters such a
    # browser sends Sec-Fetch-Site beside it.
    if origin not in ("", "null") and not _ours(origin):
        raise Friendly("asal", 403)


def _ours(origin: str) -> bool:
    """The address of config.toml, or the one by which this request came (an office's own network has others)."""
    base = urlsplit(site().settings.web.base_url)
    return origin.lower() in (
        f"{base.scheme}://{base.netloc}".lower(),
        request.host_url.rstrip("/").lower(),
    )
