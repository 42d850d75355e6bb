"""An OAuth2 provider on loopback: the page that asks for consent and the token end point, as RFC 6749 and 7636 say.

Its access tokens are JSON Web Tokens that `tests.servers.Dovecot` checks by itself. `fault` and `delay` spoil the token
end point; `valid` holds the refresh tokens that still count.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode, urlsplit

CLIENT = "aduan-uji"
SCOPE = "email offline_access"


def jwt(key: bytes, user: str, seconds: int = 3600) -> str:
    """An access token of `user`, signed by HS256, that ends so many seconds from now."""
    now = int(time.time())
    head = {"alg": "HS256", "typ": "JWT"}
    claims = {
        "email": user,
        "sub": user,
        "iat": now - 60,
        "exp": now + seconds,
        "jti": secrets.token_hex(8),
    }
    signed = b".".join(_b64(json.dumps(part).encode()) for part in (head, claims))
    return (signed + b"." + _b64(hmac.digest(key, signed, "sha256"))).decode()


def _b64(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


@dataclass
class Authority:
    """The running provider. `asked` are the forms that its token end point got."""

    url: str
    key: bytes
    user: str
    secret: str = ""
    lifetime: int = 3600
    rotates: bool = False
    refuses: bool = False
    delay: float = 0
    fault: tuple[int, bytes] | None = None
    on_invalid: Callable[[], object] = lambda: None
    token: Callable[[], str] | None = None
    valid: set[str] = field(default_factory=lambda: {"izin-pertama"})
    asked: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def table(self) -> dict[str, str]:
        """How config.toml names it."""
        return {
            "user": self.user,
            "provider": "lain",
            "client_id": CLIENT,
            "authorize_url": f"{self.url}/authorize",
            "token_url": f"{self.url}/token",
            "scope": SCOPE,
        }

    def consent(self, query: dict[str, str]) -> str:
        """Where the browser is sent after the person has pressed yes (or no)."""
        assert (query["client_id"], query["response_type"], query["scope"]) == (
            CLIENT,
            "code",
            SCOPE,
        )
        assert query["code_challenge_method"] == "S256"
        answer = (
            {"error": "access_denied", "error_description": "ditolak orangnya"}
            if self.refuses
            else {}
        )
        if not self.refuses:
            code = secrets.token_urlsafe(12)
            self.codes[code] = query
            answer["code"] = code
        return f"{query['redirect_uri']}?{urlencode({**answer, 'state': query['state']})}"

    def grant(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        """Status and JSON for one request for a token."""
        self.asked.append(form)
        if form["client_id"] != CLIENT or form.get("client_secret", "") != self.secret:
            return 401, {"error": "invalid_client", "error_description": "client tidak dikenal"}
        good = (
            self._redeemed(form)
            if form["grant_type"] == "authorization_code"
            else form["refresh_token"] in self.valid
        )
        if not good:
            self.on_invalid()
            return 400, {
                "error": "invalid_grant",
                "error_description": "Token has been expired or revoked.",
            }
        token = self.token() if self.token else jwt(self.key, self.user, self.lifetime)
        said: dict[str, object] = {
            "access_token": token,
            "expires_in": self.lifetime,
            "token_type": "Bearer",
        }
        if self.rotates or form["grant_type"] == "authorization_code":
            self.valid = {secrets.token_urlsafe(24)}
            (said["refresh_token"],) = self.valid
        return 200, said

    def _redeemed(self, form: dict[str, str]) -> bool:
        query = self.codes.pop(form["code"], None)
        challenge = _b64(hashlib.sha256(form["code_verifier"].encode()).digest()).decode()
        return (
            query is not None
            and query["code_challenge"] == challenge
            and query["redirect_uri"] == form["redirect_uri"]
        )


@contextmanager
def authority(key: bytes, user: str) -> Iterator[Authority]:
    class Visit(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(
                302, b"", location=made.consent(dict(parse_qsl(urlsplit(self.path).query)))
            )

        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            time.sleep(made.delay)
            if made.fault:
                made.asked.append(form)
                self._answer(*made.fault, location="/lain")
            else:
                status, said = made.grant(form)
                self._answer(status, json.dumps(said).encode())

        def _answer(self, status: int, content: bytes, location: str = "") -> None:
            try:
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass  # the client did not wait

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Visit) as server:
        made = Authority(f"http://127.0.0.1:{server.server_port}", key, user)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield made
        server.shutdown()
        thread.join()
