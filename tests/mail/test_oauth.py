"""OAuth2 against real servers: a provider on loopback gives tokens, Dovecot checks them, `aduan oauth` runs whole."""

from __future__ import annotations

import base64
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import urllib3
from aiosmtpd.smtp import SMTP, AuthResult

from pipeline.mail import oauth, smtp
from pipeline.mail.mailbox import Mailbox, MailboxDown
from pipeline.mail.oauth import Consent, OAuthError
from pipeline.mail.smtp import MailServerDown
from pipeline.office import config, config_errors, messages
from pipeline.office.config import SAMPLE, Oauth, Settings
from pipeline.running import health
from tests import servers
from tests.authority import CLIENT, Authority, authority, jwt
from tests.kantor import INTAKE, Post, TlsSink, embedded, office, production, write_config
from tests.servers import Dovecot, free_port

HTTP = urllib3.PoolManager(retries=False)


@pytest.fixture
def post(dovecot: Dovecot) -> Iterator[Post]:
    with production(dovecot) as host:
        yield host


@pytest.fixture
def google(dovecot: Dovecot, post: Post) -> Iterator[Authority]:
    """The provider of the office's mailbox."""
    with authority(dovecot.jwt_key, str(post.imap["user"])) as made:
        yield made


def settings_in(
    folder: Path, post: Post, *tables: dict[str, str], token: str = "izin-pertama"
) -> Settings:
    """config.toml with these accounts; the first has consented already. Its password is not there."""
    settings = config.load(write_config(folder, post, overrides={"oauth": list(tables)}))
    (folder / "rahasia" / "imap_password").unlink()
    (folder / "rahasia" / "smtp_password").unlink()
    if token:
        (folder / "rahasia" / "oauth_token").write_text(token, "utf-8")
    return settings


@pytest.fixture
def settings(tmp_path: Path, post: Post, google: Authority) -> Settings:
    return settings_in(tmp_path, post, google.table)


def log_in(settings: Settings, timeout: float = 30) -> None:
    with Mailbox(settings, timeout=timeout) as box:
        assert list(box.waiting()) == []


def failure(settings: Settings, timeout: float = 30) -> str:
    with pytest.raises(MailboxDown) as caught:
        log_in(settings, timeout)
    assert "izin-" not in str(caught.value), "no token in what is logged and shown"
    return str(caught.value)


def stored(settings: Settings) -> str:
    return (settings.folder / "rahasia" / "oauth_token").read_text("utf-8").strip()


# ---- IMAP ----------------------------------------------------------------------------------------------------


def test_a_refresh_token_opens_the_mailbox_by_xoauth2(
    settings: Settings, google: Authority
) -> None:
    log_in(settings)
    assert google.asked == [
        {"grant_type": "refresh_token", "refresh_token": "izin-pertama", "client_id": CLIENT}
    ]
    assert stored(settings) == "izin-pertama"


@pytest.mark.usefixtures("dovecot")  # skips where there is none
def test_a_server_that_offers_oauthbearer_only_is_logged_in_to_by_it(tmp_path: Path) -> None:
    """RFC 7628."""
    with (
        servers.server_folder() as folder,
        servers.dovecot(folder, "plain oauthbearer") as bearer,
        production(bearer) as post,
        authority(bearer.jwt_key, str(post.imap["user"])) as provider,
    ):
        log_in(settings_in(tmp_path, post, provider.table))
        assert "method=OAUTHBEARER" in (folder / "log").read_text()


def test_a_server_that_knows_no_oauth_is_told(tmp_path: Path) -> None:
    with embedded() as post, authority(b"", INTAKE) as provider:
        said = failure(settings_in(tmp_path, post, provider.table))
        assert "XOAUTH2" in said
        assert provider.asked == []


def test_an_access_token_is_kept_until_shortly_before_its_end(
    settings: Settings, google: Authority
) -> None:
    for _ in range(3):
        log_in(settings)
    assert len(google.asked) == 1
    google.lifetime = oauth.MARGIN - 1
    oauth.forget(settings, settings.oauth[0])
    for _ in range(2):
        log_in(settings)
    assert len(google.asked) == 3


def test_many_lanes_at_once_ask_once(settings: Settings, google: Authority) -> None:
    google.delay = 0.2
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(lambda _: oauth.access_token(settings, settings.oauth[0]), range(8)))
    assert (len(tokens), len(google.asked)) == (1, 1)


@pytest.mark.parametrize("seconds", [None, "", "3599", "lama", -5])
def test_a_provider_that_names_no_usable_end_is_asked_each_time(
    settings: Settings, google: Authority, seconds: Any
) -> None:
    """Some write the seconds as text; that counts."""
    grant = google.grant
    google.grant = lambda form: (200, {**grant(form)[1], "expires_in": seconds})  # type: ignore[method-assign]
    log_in(settings)
    log_in(settings)
    assert len(google.asked) == (1 if seconds == "3599" else 2)


def test_a_token_that_the_server_refuses_is_not_used_twice(
    settings: Settings, google: Authority
) -> None:
    """Revoked before its end, for instance by a new password: the next login asks for a fresh one."""
    google.token = lambda: jwt(os.urandom(32), google.user)
    assert "AUTHENTICATIONFAILED" in failure(settings)
    google.token = None
    log_in(settings)
    assert len(google.asked) == 2


# ---- the refresh token ---------------------------------------------------------------------------------------


def test_a_rotated_refresh_token_replaces_the_old_for_the_owner_alone(
    settings: Settings, google: Authority
) -> None:
    google.rotates, google.lifetime = True, oauth.MARGIN - 1
    seen = []
    for _ in range(3):
        log_in(settings)
        assert {stored(settings)} == google.valid
        seen.append(stored(settings))
    assert len(set(seen)) == 3
    folder = settings.folder / "rahasia"
    assert stat.S_IMODE((folder / "oauth_token").stat().st_mode) == 0o600
    assert sorted(p.name for p in folder.iterdir()) == ["key", "oauth_token"]


def test_a_rotated_token_that_cannot_be_kept_is_told(
    tmp_path: Path, settings: Settings, google: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    google.rotates = True
    monkeypatch.setattr(
        os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    said = failure(settings)
    assert "No space left" in said
    assert "oauth_token" in said
    assert stored(settings) == "izin-pertama"
    assert sorted(p.name for p in (tmp_path / "rahasia").iterdir()) == ["key", "oauth_token"]


def test_a_token_that_another_process_renewed_meanwhile_is_taken_up(
    settings: Settings, google: Authority
) -> None:
    """`aduan check` beside `aduan serve`, at a provider that takes each refresh token once."""
    google.valid = {"izin-kedua"}
    google.on_invalid = lambda: (settings.folder / "rahasia" / "oauth_token").write_text(
        "izin-kedua"
    )
    log_in(settings)
    assert [form["refresh_token"] for form in google.asked] == ["izin-pertama", "izin-kedua"]


@pytest.mark.parametrize("content", ["", " \n", None, b"\xff\xfe"])
def test_without_a_refresh_token_the_message_names_file_and_command(
    settings: Settings, google: Authority, content: Any
) -> None:
    file = settings.folder / "rahasia" / "oauth_token"
    file.unlink() if content is None else file.write_bytes(
        content if isinstance(content, bytes) else content.encode()
    )
    said = failure(settings)
    assert str(file) in said
    assert "aduan oauth" in said
    assert google.asked == []


def test_the_client_secret_goes_along_where_there_is_one(
    settings: Settings, google: Authority
) -> None:
    google.secret = "rahasia-klien"
    said = failure(settings)
    assert "client_id" in said
    assert "rahasia/oauth_secret" in said
    (settings.folder / "rahasia" / "oauth_secret").write_text("rahasia-klien\n")
    log_in(settings)


# ---- a provider that fails -----------------------------------------------------------------------------------

FAULTS = {
    "down for a while": ((503, b"<html>busy</html>"), "tidak dapat dihubungi"),
    "error in JSON": ((500, b'{"error": "internal_failure"}'), "HTTP 500"),
    "too often": ((429, b"{}"), "HTTP 429"),
    "no JSON": ((200, b"halo"), "tidak dapat dihubungi"),
    "a list": ((200, b"[1, 2]"), "HTTP 200"),
    "no token": ((200, b'{"token_type": "Bearer"}'), "HTTP 200"),
    "token of another type": ((200, b'{"access_token": 7}'), "HTTP 200"),
    "token with a control letter": ((200, b'{"access_token": "a\\u0001b"}'), "HTTP 200"),
    "token with a line break": ((200, b'{"access_token": "a\\r\\nb"}'), "HTTP 200"),
    "a redirect": ((307, b"{}"), "HTTP 307"),
    "needs a person": ((400, b'{"error": "interaction_required"}'), "aduan oauth"),
    "unknown client": (
        (400, b'{"error": "unauthorized_client", "error_description": "a\\nb"}'),
        "client_id",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_provider_that_fails_is_told_and_asked_again(
    settings: Settings, google: Authority, name: str
) -> None:
    google.fault, expected = FAULTS[name]
    said = failure(settings)
    assert expected in said
    assert "\n" not in said
    assert len(google.asked) == 1, "no redirect is followed: it would carry the token along"
    google.fault = None
    log_in(settings)


def test_a_revoked_consent_names_the_command_and_the_providers_reason(
    settings: Settings, google: Authority
) -> None:
    google.valid.clear()
    said = failure(settings)
    assert "aduan oauth" in said
    assert google.user in said
    assert "Token has been expired or revoked." in said


def test_a_provider_that_does_not_answer_ends_in_time(
    settings: Settings, google: Authority
) -> None:
    google.delay = 3
    assert "tidak dapat dihubungi" in failure(settings, timeout=0.5)


def test_a_provider_that_is_not_there_is_told(
    tmp_path: Path, post: Post, google: Authority
) -> None:
    port = free_port()
    settings = settings_in(
        tmp_path, post, {**google.table, "token_url": f"http://127.0.0.1:{port}/token"}
    )
    assert f"127.0.0.1:{port} tidak dapat dihubungi" in failure(settings)


def test_the_lane_and_the_check_show_a_revoked_consent(
    tmp_path: Path, dovecot: Dovecot, post: Post, google: Authority
) -> None:
    """An expired token once went unnoticed for ten days; here both lanes say so, and nothing is lost."""
    with TokenSink(dovecot, "XOAUTH2") as sink:
        smtp = {
            "host": "localhost",
            "port": sink.smtp_port,
            "user": google.user,
            "ca_file": str(dovecot.cafile),
        }
        with office(tmp_path, post=post, smtp=smtp, oauth=[google.table]) as kantor:
            (tmp_path / "rahasia" / "oauth_token").write_text("izin-pertama")
            (tmp_path / "rahasia" / "imap_password").unlink()
            (tmp_path / "rahasia" / "smtp_password").unlink()
            kantor.citizen_sends()
            found = health.look(
                kantor.settings, kantor.engine
            )  # its clock is ours, the lanes' that of the test
            assert not [f for f in found if f.level == "buruk" and f.part != "jalur"]
            google.valid.clear()
            oauth.forget(kantor.settings, kantor.settings.oauth[0])
            done = kantor.tick()
            assert "gagal_mail" in done
            assert "aduan oauth" in kantor.lanes()["mail"]
            bad = {
                f.part: f.text
                for f in health.look(kantor.settings, kantor.engine)
                if f.level == "buruk"
            }
            assert set(bad) - {"jalur"} == {"jalur mail", "IMAP", "SMTP"}
            assert all("aduan oauth" in text for part, text in bad.items() if part != "jalur")
            google.valid = {"izin-baru"}
            (tmp_path / "rahasia" / "oauth_token").write_text("izin-baru")
            kantor.settle()
            assert kantor.lanes() == {}
    assert sink.outgoing


# ---- SMTP ----------------------------------------------------------------------------------------------------


class TokenSink(TlsSink):
    """Takes mail after STARTTLS and a log-in by one OAuth mechanism; believes the tokens that Dovecot would."""

    def __init__(self, dovecot: Dovecot, mechanism: str) -> None:
        super().__init__(dovecot.cafile)
        self.refused = 0
        self.good: set[str] = set()
        setattr(self, f"auth_{mechanism}", lambda server, args: self._auth(server, args))

    async def _auth(self, server: SMTP, args: list[str]) -> AuthResult:
        said = base64.b64decode(args[1]).decode()
        known = re.fullmatch(r"(user=|n,a=)\S+?,?\x01auth=Bearer ([\w.-]+)\x01\x01", said)
        if known and (not self.good or known[2] in self.good):
            return AuthResult(success=True)
        self.refused += 1
        last = await server.challenge_auth('{"status":"401"}')
        assert last == (b"\x01" if args[0] == "OAUTHBEARER" else b"")
        return AuthResult(success=False, handled=False)

    def _smtp_protocol(self) -> SMTP:
        return SMTP(
            self,
            hostname="localhost",
            loop=self._loop,
            tls_context=self.context,
            require_starttls=True,
            auth_required=True,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
        )


@contextmanager
def sending(
    folder: Path, dovecot: Dovecot, post: Post, google: Authority, mechanism: str
) -> Iterator[Any]:
    with TokenSink(dovecot, mechanism) as sink:
        smtp = {**post.smtp, "port": sink.smtp_port, "user": google.user}
        yield settings_in(folder, Post(post.imap, smtp, sink), google.table), sink


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_mail_is_sent_with_the_token_of_the_same_account(
    tmp_path: Path, dovecot: Dovecot, post: Post, google: Authority, mechanism: str
) -> None:
    """One consent serves both ends."""
    with sending(tmp_path, dovecot, post, google, mechanism) as (settings, sink):
        log_in(settings)
        with smtp.connect(settings) as server:
            server.sendmail(INTAKE, ["siti@warga.example"], b"Subject: x\r\n\r\nx\r\n")
        assert len(sink.outgoing) == 1
    assert len(google.asked) == 1


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_a_token_that_the_smtp_server_refuses_is_asked_for_anew(
    tmp_path: Path, dovecot: Dovecot, post: Post, google: Authority, mechanism: str
) -> None:
    with sending(tmp_path, dovecot, post, google, mechanism) as (settings, sink):
        sink.good = {"lain"}
        with pytest.raises(MailServerDown, match="535"):
            smtp.connect(settings)
        assert sink.refused == 1
        sink.good.clear()
        smtp.connect(settings).quit()
    assert len(google.asked) == 2


def test_a_revoked_consent_stops_the_sending_with_the_command_to_run(
    tmp_path: Path, dovecot: Dovecot, post: Post, google: Authority
) -> None:
    google.valid.clear()
    with (
        sending(tmp_path, dovecot, post, google, "XOAUTH2") as (settings, _sink),
        pytest.raises(MailServerDown, match="aduan oauth"),
    ):
        smtp.connect(settings)


# ---- consent -------------------------------------------------------------------------------------------------


def account(provider: str) -> Oauth:
    return Oauth.model_validate(
        {"user": INTAKE, "provider": provider, "client_id": "k", "tenant": "kota.example"}
    )


def asked_of(provider: str) -> tuple[str, dict[str, str]]:
    url = urlsplit(Consent(account(provider), "http://localhost:1").url)
    return f"{url.scheme}://{url.netloc}{url.path}", dict(parse_qsl(url.query))


def test_google_is_asked_for_mail_and_for_a_refresh_token() -> None:
    url, query = asked_of("google")
    assert url == "https://accounts.google.com/o/oauth2/v2/auth"
    assert query["scope"] == "https://mail.google.com/"
    assert (query["access_type"], query["prompt"], query["login_hint"]) == (
        "offline",
        "consent",
        INTAKE,
    )
    assert oauth.provider(account("google")).token_url == "https://oauth2.googleapis.com/token"


def test_microsoft_is_asked_at_the_offices_tenant_for_both_ends() -> None:
    url, query = asked_of("microsoft")
    assert url == "https://login.microsoftonline.com/kota.example/oauth2/v2.0/authorize"
    assert query["scope"].split() == [
        "https://outlook.office.com/IMAP.AccessAsUser.All",
        "https://outlook.office.com/SMTP.Send",
        "offline_access",
    ]
    token_url = "https://login.microsoftonline.com/kota.example/oauth2/v2.0/token"
    assert oauth.provider(account("microsoft")).token_url == token_url


def test_an_answer_counts_only_with_the_state_of_the_question() -> None:
    mine, other = (Consent(account("google"), "http://localhost:1") for _ in range(2))
    assert mine.code(f"http://localhost:1/?code=abc&state={mine.state}") == "abc"
    assert mine.code(f"/?state={mine.state}&code=abc&scope=x") == "abc"
    for url in (
        f"/?code=abc&state={other.state}",
        "/?code=abc",
        "/favicon.ico",
        "",
        "\0",
        "http://[",
        "?state=é&code=a",
    ):
        assert mine.code(url) == ""
    assert mine.code(f"/?error=access_denied&state={other.state}") == ""
    with pytest.raises(OAuthError, match="access_denied"):
        mine.code(f"/?error=access_denied&state={mine.state}")


@contextmanager
def command(folder: Path, *words: str, paste: bool = False) -> Iterator[subprocess.Popen[str]]:
    run = [
        sys.executable,
        "-m",
        "pipeline.cli",
        "--config",
        str(folder / "config.toml"),
        "oauth",
        *words,
    ]
    where = {"env": {**os.environ, "PYTHONUNBUFFERED": "1"}, "cwd": messages.ROOT, "text": True}
    pipe, none = subprocess.PIPE, subprocess.DEVNULL
    process = subprocess.Popen(
        run, stdin=pipe if paste else none, stdout=pipe, stderr=subprocess.STDOUT, **where
    )  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def shown(process: subprocess.Popen[str]) -> str:
    """The address that the command prints."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("http"):
            return line.strip()
    raise AssertionError("no address was printed")


def rest(process: subprocess.Popen[str], text: str | None = None) -> tuple[int, str]:
    said, _ = process.communicate(text, timeout=120)
    return process.returncode, said


def redirected(url: str) -> str:
    """The person presses yes; where the provider sends their browser."""
    return HTTP.request("GET", url, redirect=False).headers["Location"]


def test_consent_by_browser_is_kept_and_opens_the_mailbox(
    tmp_path: Path, post: Post, google: Authority
) -> None:
    settings = settings_in(tmp_path, post, google.table, token="")
    with command(tmp_path) as process:
        back = redirected(shown(process))
        HTTP.request("GET", back.partition("?")[0] + "/favicon.ico")
        HTTP.request("GET", f"{back.partition('?')[0]}?code=palsu&state=palsu")
        page = HTTP.request("GET", back).data.decode()
        code, said = rest(process)
    assert (code, "Izin tersimpan" in said) == (0, True)
    assert "terminal" in page
    assert {stored(settings)} == google.valid
    assert stat.S_IMODE((tmp_path / "rahasia" / "oauth_token").stat().st_mode) == 0o600
    assert stored(settings) not in said
    log_in(settings)


def test_consent_by_a_pasted_address_for_a_machine_without_browser(
    tmp_path: Path, post: Post, google: Authority
) -> None:
    settings = settings_in(tmp_path, post, google.table, token="")
    with command(tmp_path, google.user, paste=True) as process:
        back = redirected(shown(process))
        code, _said = rest(process, f"bukan alamat\nhttp://localhost/?code=a&state=b\n  {back}\n")
    assert code == 0
    assert {stored(settings)} == google.valid


def test_consent_that_is_refused_ends_with_the_reason(
    tmp_path: Path, post: Post, google: Authority
) -> None:
    google.refuses = True
    settings_in(tmp_path, post, google.table, token="")
    with command(tmp_path) as process:
        HTTP.request("GET", redirected(shown(process)))
        code, said = rest(process)
    assert (code, "ditolak orangnya" in said) == (1, True)
    assert not (tmp_path / "rahasia" / "oauth_token").exists()


def test_which_account_is_asked_for_when_there_are_several(
    tmp_path: Path, post: Post, google: Authority
) -> None:
    other = {**google.table, "user": str(post.smtp["user"]), "token_file": "rahasia/lain"}
    settings_in(tmp_path, post, google.table, other)
    for words in ((), ("siapa@lain.example",)):
        with command(tmp_path, *words) as process:
            code, said = rest(process)
        assert code == 2
        assert f"Pilihan: {google.user}, {INTAKE}." in said


def test_without_an_account_the_command_says_what_is_missing(tmp_path: Path, post: Post) -> None:
    write_config(tmp_path, post)
    with command(tmp_path) as process:
        code, said = rest(process)
    assert (code, "[[oauth]]" in said) == (2, True)


# ---- config.toml ---------------------------------------------------------------------------------------------

Change = Callable[[dict[str, str]], dict[str, str]]
BAD: dict[str, tuple[Change, str]] = {
    "nobody's": (lambda t: {**t, "user": "lain@kominfo.example"}, "lain@kominfo.example"),
    "clear text": (lambda t: {**t, "token_url": "http://masuk.example/token"}, "https://"),
    "clear text to a false loopback": (
        lambda t: {**t, "token_url": "http://localhost.evil.example/t"},
        "https://",
    ),
    "no address": (lambda t: {**t, "authorize_url": ""}, "authorize_url"),
    "addresses of another beside google": (lambda t: {**t, "provider": "google"}, "lain"),
    "unknown provider": (lambda t: {**t, "provider": "yahoo"}, "google"),
    "tenant that climbs": (lambda t: {**t, "tenant": "../x"}, "tenant"),
}


def parsed(*tables: dict[str, str]) -> Settings:
    text = SAMPLE.read_text("utf-8")
    for table in tables:
        text += "\n[[oauth]]\n" + "".join(f'{key} = "{value}"\n' for key, value in table.items())
    return config.parse(text, SAMPLE)


OTHER = {
    "user": INTAKE,
    "provider": "lain",
    "client_id": "k",
    "authorize_url": "https://masuk.example/izin",
    "token_url": "https://masuk.example/token/",
    "scope": "surat",
}


@pytest.mark.parametrize("name", BAD)
def test_an_account_that_cannot_work_is_refused(name: str) -> None:
    change, expected = BAD[name]
    with pytest.raises(config_errors.ConfigError, match=re.escape(expected)):
        parsed(change(OTHER))


def test_two_accounts_may_not_share_a_token() -> None:
    with pytest.raises(config_errors.ConfigError, match=r"oauth: user '.*' dipakai dua kali"):
        parsed(OTHER, {**OTHER, "token_file": "lain"})


def test_an_account_is_found_by_its_user() -> None:
    settings = parsed(OTHER)
    assert settings.oauth_of(INTAKE) == settings.oauth[0]
    assert settings.oauth_of("lain") is None
    assert settings.oauth[0].token_url == "https://masuk.example/token/", "as it was written"
