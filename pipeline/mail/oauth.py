"""OAuth2 for IMAP and SMTP (RFC 6749, 7628). Hides token end points and where the refresh token lies.

`access_token()` is what a login needs; `ask()` gets a person's consent once, by authorization code with PKCE
(RFC 7636) on a loopback redirect (RFC 8252). Tokens stand in no message and no log.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import select
import tempfile
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import parse_qs, urlencode, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from pipeline.office.config import Oauth, Settings, trust
from pipeline.office.messages import say
from pipeline.office.words import word

MARGIN = 300  # seconds before its end at which an access token counts as spent
PATIENCE = 15 * 60  # seconds for a person to give consent
RENEW = frozenset({"invalid_grant", "interaction_required", "consent_required", "login_required"})


class OAuthError(Exception):
    """No access token can be had; the message says why and what to do."""


class ConsentGone(OAuthError):
    """The refresh token is spent, revoked or not there yet: a person has to consent anew."""


@dataclass(frozen=True)
class Provider:
    """Where consent and tokens are had, and what is asked for."""

    authorize_url: str
    token_url: str
    scope: str
    extra: tuple[tuple[str, str], ...] = ()


def provider(account: Oauth) -> Provider:
    """Google's and Microsoft's end points as they document them; another's as config says."""
    if (
        account.provider == "google"
    ):  # without the two extras Google gives no refresh token the second time
        return Provider(
            "https://accounts.google.com/o/oauth2/v2/auth",
            "https://oauth2.googleapis.com/token",
            "https://mail.google.com/",
            (("access_type", "offline"), ("prompt", "consent")),
        )
    if account.provider == "microsoft":
        base = f"https://login.microsoftonline.com/{account.tenant}/oauth2/v2.0"
        office = "https://outlook.office.com"
        scope = f"{office}/IMAP.AccessAsUser.All {office}/SMTP.Send offline_access"
        return Provider(f"{base}/authorize", f"{base}/token", scope)
    return Provider(account.authorize_url, account.token_url, account.scope)


# ---- logging in ----------------------------------------------------------------------------------------------


def mechanism(offered: Collection[str]) -> str:
    """The SASL mechanism to use out of those that a server offers; OAuthError if it knows neither."""
    for name in ("XOAUTH2", "OAUTHBEARER"):
        if name in offered:
            return name
    raise OAuthError(say("oauth.tanpa_mekanisme"))


def sasl(name: str, user: str, token: str) -> str:
    """What a client sends first over SMTP: RFC 7628, 3.1, or Google's older form."""
    head = (
        f"user={user}"
        if name == "XOAUTH2"
        else f"n,a={user.replace('=', '=3D').replace(',', '=2C')},"
    )
    return f"{head}\1auth=Bearer {token}\1\1"


# ---- tokens --------------------------------------------------------------------------------------------------


@dataclass
class _Kept:
    """The access token of one account in this process, good until `until` (monotonic seconds)."""

    token: str = ""
    until: float = float("-inf")
    lock: threading.Lock = field(default_factory=threading.Lock)


_KEPT: dict[Path, _Kept] = {}


def _kept(settings: Settings, account: Oauth) -> _Kept:
    return _KEPT.setdefault(settings.path(account.token_file), _Kept())


def access_token(settings: Settings, account: Oauth, timeout: float = 30) -> str:
    """A token that is still good for minutes, asked for anew when need be; OAuthError if none can be had."""
    kept = _kept(settings, account)
    with kept.lock:
        if time.monotonic() >= kept.until:
            said = _refresh(settings, account, timeout)
            kept.token, kept.until = (
                said["access_token"],
                time.monotonic() + _seconds(said) - MARGIN,
            )
        return kept.token


def forget(settings: Settings, account: Oauth) -> None:
    """A server refused the token that is kept: the next login asks for another."""
    _kept(settings, account).until = float("-inf")


def _seconds(said: dict[str, Any]) -> float:
    try:
        return float(said.get("expires_in", 0))
    except (TypeError, ValueError):
        return 0


def _refresh(settings: Settings, account: Oauth, timeout: float) -> dict[str, Any]:
    file = settings.path(account.token_file)
    known = _stored(file, account)
    while True:
        try:
            said = _request(
                settings, account, timeout, grant_type="refresh_token", refresh_token=known
            )
            break
        except ConsentGone:
            newer = _stored(file, account)
            if newer == known:
                raise
            known = (
                newer  # another process got here first, and the provider takes each token once only
            )
    if said.get("refresh_token", known) != known:
        _store(file, said["refresh_token"])
    return said


def _request(settings: Settings, account: Oauth, timeout: float, **fields: str) -> dict[str, Any]:
    """One POST to the token end point (RFC 6749, 4.1.3 and 6); what it answers when that holds a token."""
    url = provider(account).token_url
    secret = settings.find_secret(account.secret)
    form = {
        "client_id": account.client_id,
        **({"client_secret": secret} if secret else {}),
        **fields,
    }
    try:
        with urllib3.PoolManager(
            retries=False, timeout=timeout, ssl_context=trust(settings, "")
        ) as http:
            answer = http.request("POST", url, fields=form, encode_multipart=False, redirect=False)
            said = answer.json()
    except (HTTPError, OSError, ValueError) as error:
        raise OAuthError(say("oauth.tak_terhubung", host=_host(url), sebab=error)) from error
    if not isinstance(said, dict):
        said = {}
    token = said.get("access_token")
    if (
        answer.status == 200
        and isinstance(token, str)
        and token.isascii()
        and token.isprintable()
        and token
    ):
        return said
    raise _refusal(account, url, answer.status, said)


def _refusal(account: Oauth, url: str, status: int, said: dict[str, Any]) -> OAuthError:
    error, more = (
        " ".join(str(said.get(key, "")).split())[:200] for key in ("error", "error_description")
    )
    words = ": ".join(part for part in (error, more) if part)
    if error in RENEW:
        return ConsentGone(say("oauth.habis", user=account.user, sebab=words))
    if error and 400 <= status < 500:
        return OAuthError(
            say("oauth.menolak", host=_host(url), rahasia=account.secret, sebab=words)
        )
    return OAuthError(say("oauth.tidak_melayani", host=_host(url), kode=status))


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _stored(file: Path, account: Oauth) -> str:
    try:
        token = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        token = ""
    if not token:
        raise ConsentGone(say("oauth.belum_ada", user=account.user, file=file))
    return token


def _store(file: Path, token: str) -> None:
    """In place of the old one at a stroke, for the owner alone."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=".oauth-")  # 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(token + "\n")
                out.flush()
                os.fsync(out.fileno())
            os.replace(name, file)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise OAuthError(say("oauth.tak_tersimpan", file=file, sebab=error)) from error


# ---- consent -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Consent:
    """One question to a person, and how its answer is known again."""

    account: Oauth
    redirect: str
    state: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def url(self) -> str:
        """The page of the provider that asks."""
        asked = provider(self.account)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.account.client_id,
            "redirect_uri": self.redirect,
            "scope": asked.scope,
            "state": self.state,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
            "login_hint": self.account.user,
            **dict(asked.extra),
        }
        return f"{asked.authorize_url}?{urlencode(query)}"

    def code(self, url: str) -> str:
        """The code in the address that the browser was sent to; "" if that answers another question."""
        try:
            said = {key: values[0] for key, values in parse_qs(urlsplit(url.strip()).query).items()}
        except ValueError:
            return ""
        if not secrets.compare_digest(said.get("state", "").encode(), self.state.encode()):
            return ""
        if "error" in said:
            why = " ".join(said.get("error_description", said["error"]).split())[:200]
            raise OAuthError(say("oauth.tidak_diberikan", user=self.account.user, sebab=why))
        return said.get("code", "")


class _Door(HTTPServer):
    """Takes the browser when the provider sends it back; `asked` is the address that it came with."""

    asked = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Visit)


class _Visit(BaseHTTPRequestHandler):
    timeout = 5  # seconds; whoever connects and says nothing must not hold the door

    def do_GET(self) -> None:
        assert isinstance(self.server, _Door)
        self.server.asked = self.path
        page = word("oauth.kembali").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: the address holds the code."""


def ask(settings: Settings, account: Oauth, tell: Callable[[str], None], paste: TextIO) -> None:
    """Have a person consent and keep the refresh token; OAuthError if they do not within a quarter of an hour.

    `tell` gets the address to open. Where the browser runs on another machine, the address that it ends at can be
    pasted into `paste`.
    """
    with _Door() as door:
        consent = Consent(
            account, f"http://localhost:{door.server_port}"
        )  # Microsoft knows no 127.0.0.1 here
        tell(consent.url)
        code = _answer(door, consent, paste)
    grant = {"code": code, "redirect_uri": consent.redirect, "code_verifier": consent.verifier}
    said = _request(settings, account, 30, grant_type="authorization_code", **grant)
    if not said.get("refresh_token"):
        raise OAuthError(say("oauth.tanpa_refresh", host=_host(provider(account).token_url)))
    _store(settings.path(account.token_file), str(said["refresh_token"]))


def _answer(door: _Door, consent: Consent, paste: TextIO) -> str:
    sources: list[Any] = [
        door,
        *([paste] if os.name == "posix" else []),
    ]  # elsewhere select() knows sockets alone
    end = time.monotonic() + PATIENCE
    while ready := select.select(sources, [], [], max(0.0, end - time.monotonic()))[0]:
        if door in ready:
            door.handle_request()
            came, door.asked = [door.asked], ""
        else:
            came = os.read(paste.fileno(), 2**16).decode(errors="replace").splitlines(keepends=True)
            if not came:
                sources.remove(paste)
        for url in came:
            if code := consent.code(url):
                return code
    raise OAuthError(say("oauth.tanpa_jawaban"))
