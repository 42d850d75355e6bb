"""Real programs for the tests: Dovecot, PostgreSQL, an SMTP sink, Chromium.

Each is a context manager with an instance of its own: free ports on loopback, files below the folder given,
no process as root, stopped by its own process id. `*_missing()` tells why one cannot run here, or None.
"""

from __future__ import annotations

import base64
import grp
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TypedDict

import psycopg
import psycopg.sql
from playwright.sync_api import Browser, sync_playwright

from pipeline.demo.mailserver import MailServer, Sent

LOOPBACK = "127.0.0.1"
PATIENCE = 120.0  # seconds for a server to answer or to stop
PASSWORD = "rahasia"
CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_FLAGS = (  # without them it looks for its maker's hosts at every start
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class _Identity(TypedDict, total=False):
    cwd: Path
    user: int
    group: int
    extra_groups: tuple[int, ...]


@contextmanager
def server_folder() -> Iterator[Path]:
    """A short-named folder that another user may enter: pytest's own are closed to the servers' users, and
    Unix sockets allow paths of about 100 characters only."""
    with tempfile.TemporaryDirectory(prefix="aduan-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@dataclass
class Dovecot:
    """A running IMAP server. Every name is a user, with the password `rahasia` and an empty mailbox."""

    host: str
    port: int
    tls_port: int
    cafile: Path
    users: dict[str, str]
    jwt_key: bytes = b""  # OAuth2 access tokens are JSON Web Tokens, signed with this by HS256
    _numbers: Iterator[int] = field(default_factory=count, repr=False)

    def fresh_user(self) -> str:
        """A user that no test has used before."""
        name = f"uji-{next(self._numbers)}@pengaduan.example"
        self.users[name] = PASSWORD
        return name


def dovecot_missing() -> str | None:
    program = _find("dovecot")
    if program is None or shutil.which("openssl") is None:
        return "dovecot or openssl is not installed"
    version = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=True
    ).stdout
    return (
        None
        if version.startswith("2.3.")
        else f"the test settings are for Dovecot 2.3, not {version.strip()}"
    )


@contextmanager
def dovecot(folder: Path, mechanisms: str = "plain xoauth2 oauthbearer") -> Iterator[Dovecot]:
    """Run Dovecot with plain IMAP on `port` and TLS on `tls_port`, the certificate being its own `cafile`."""
    owner = _unprivileged("nobody")
    cafile = _certificate(folder)
    users = {"intake@pengaduan.example": PASSWORD}
    server = Dovecot(LOOPBACK, free_port(), free_port(), cafile, users, secrets.token_bytes(32))
    settings = folder / "dovecot.conf"
    settings.write_text(_dovecot_settings(folder, server, owner, mechanisms))
    _trust_jwt(folder, server.jwt_key)
    _give(folder, owner)
    with _running(
        [_need("dovecot"), "-F", "-c", str(settings)], folder, owner, signal.SIGTERM
    ) as process:
        _wait(process, folder, lambda: _answers(server.port) and _answers(server.tls_port))
        yield server


def _trust_jwt(folder: Path, key: bytes) -> None:
    """Dovecot itself checks signature, end and owner of an access token, without asking anybody."""
    (folder / "oauth2.conf").write_text(f"""
        introspection_mode = local
        local_validation_key_dict = fs:posix:prefix={folder}/jwt/
        username_attribute = email
    """)
    place = folder / "jwt" / "default" / "HS256" / "default"
    place.parent.mkdir(parents=True)
    place.write_text(base64.b64encode(key).decode())


def _dovecot_settings(
    folder: Path, server: Dovecot, owner: pwd.struct_passwd, mechanisms: str
) -> str:
    # The internal services would change user and root, which only a root process may.
    return f"""
        protocols = imap
        listen = {server.host}
        base_dir = {folder}/run
        state_dir = {folder}/state
        log_path = {folder}/log
        default_internal_user = {owner.pw_name}
        default_internal_group = {_group(owner)}
        default_login_user = {owner.pw_name}
        first_valid_uid = 1
        mail_location = maildir:~/Maildir
        mail_fsync = never
        mail_max_userip_connections = 100
        disable_plaintext_auth = no
        ssl = yes
        ssl_cert = <{server.cafile}
        ssl_key = <{folder}/key.pem
        auth_mechanisms = {mechanisms}
        passdb {{
          driver = oauth2
          mechanisms = xoauth2 oauthbearer
          args = {folder}/oauth2.conf
        }}
        passdb {{
          driver = static
          mechanisms = plain
          args = password={PASSWORD}
        }}
        userdb {{
          driver = static
          args = uid={owner.pw_uid} gid={owner.pw_gid} home={folder}/mail/%u
        }}
        namespace inbox {{
          inbox = yes
          separator = /
        }}
        auth_failure_delay = 0
        service anvil {{
          chroot =
          unix_listener anvil-auth-penalty {{
            mode = 0
          }}
        }}
        service stats {{
          chroot =
        }}
        service imap-login {{
          chroot =
          inet_listener imap {{
            port = {server.port}
          }}
          inet_listener imaps {{
            port = {server.tls_port}
            ssl = yes
          }}
        }}
    """


def _certificate(folder: Path) -> Path:
    cafile = folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-addext", f"subjectAltName=DNS:localhost,IP:{LOOPBACK}"]
    # Newer Python wants to read in a certificate that it trusts that it may sign.
    command += ["-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(cafile)]
    subprocess.run(command, check=True, capture_output=True)
    return cafile


def _stays(_how: signal.Signals) -> None:
    raise RuntimeError("this cluster was not begun here")


@dataclass(frozen=True)
class Postgres:
    """A running cluster. `url` is that of its maintenance database.

    `restart` ends it by SIGINT (fast: every client is cut off) or by SIGQUIT (a crash), and starts it again.
    """

    host: str
    port: int
    restart: Callable[[signal.Signals], None] = _stays

    @property
    def url(self) -> str:
        return self.url_of("postgres")

    def url_of(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@{self.host}:{self.port}/{name}"

    def database(self, name: str) -> str:
        """Make an empty database, in place of one of that name, and return its URL."""
        with psycopg.connect(self._plain_url, autocommit=True) as connection:
            quoted = psycopg.sql.Identifier(name)
            connection.execute(
                psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(quoted)
            )
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(quoted))
        return self.url_of(name)

    def answers(self) -> bool:
        try:
            psycopg.connect(self._plain_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def _plain_url(self) -> str:
        return self.url.replace("+psycopg", "")


def postgres_missing() -> str | None:
    return None if _find("initdb") else "postgresql is not installed"


@contextmanager
def postgres(folder: Path, *, crashes: bool = False) -> Iterator[Postgres]:
    """Run PostgreSQL without passwords; nothing is flushed to disk, as nothing is kept. One that `crashes` has handed
    each commit to the system before it answers, so that its own death loses none."""
    owner, data = _unprivileged("postgres"), folder / "data"
    _give(folder, owner)
    initdb = [_need("initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"]
    subprocess.run(
        [*initdb, "--locale=C.UTF-8"], check=True, capture_output=True, **_as(owner, folder)
    )
    port = free_port()
    command = [_need("postgres"), "-D", str(data), "-h", LOOPBACK, "-p", str(port), "-k", ""]
    command += ["-c", "fsync=off", "-c", "full_page_writes=off"]
    command += ["-c", f"synchronous_commit={'on' if crashes else 'off'}"]
    running: list[subprocess.Popen[bytes]] = []
    with ExitStack() as stack:

        def start() -> None:
            # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
            running.append(stack.enter_context(_running(command, folder, owner, signal.SIGINT)))
            _wait(running[-1], folder, server.answers)

        def restart(how: signal.Signals) -> None:
            running[-1].send_signal(how)
            running[-1].wait(PATIENCE)
            start()

        server = Postgres(LOOPBACK, port, restart)
        start()
        yield server


@dataclass(frozen=True)
class Sink:
    """A running SMTP server that keeps what it gets; the two sets make it bounce."""

    host: str
    port: int
    messages: list[Sent]
    reject: set[str]
    defer: set[str]


@contextmanager
def smtp_sink() -> Iterator[Sink]:
    with MailServer({}) as server:
        yield Sink(server.host, server.smtp_port, server.outgoing, server.reject, server.defer)


def chromium_missing() -> str | None:
    return None if CHROMIUM.exists() else "chromium is not installed"


@contextmanager
def chromium() -> Iterator[Browser]:
    flags = [*CHROMIUM_FLAGS, *(["--no-sandbox"] if _is_root() else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


def libreoffice_missing() -> str | None:
    return None if shutil.which("soffice") else "libreoffice is not installed"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def _running(
    command: list[str], folder: Path, owner: pwd.struct_passwd, stop: signal.Signals
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **_as(owner, folder)
        )
    try:
        yield process
    finally:
        process.send_signal(stop)
        process.wait(PATIENCE)


def _wait(process: subprocess.Popen[bytes], folder: Path, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            logs = [
                path.read_text(errors="replace")
                for path in (folder / "output", folder / "log")
                if path.exists()
            ]
            raise RuntimeError(f"{process.args!r} did not start:\n" + "\n".join(logs))
        time.sleep(0.05)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _find(program: str) -> str | None:
    """Debian keeps servers where a plain user does not look."""
    places = [*Path("/usr/lib/postgresql").glob("*/bin"), Path("/usr/sbin"), Path("/sbin")]
    return shutil.which(program, path=os.pathsep.join([os.environ["PATH"], *map(str, places)]))


def _need(program: str) -> str:
    found = _find(program)
    if found is None:
        raise FileNotFoundError(program)
    return found


def _is_root() -> bool:
    return os.geteuid() == 0


def _unprivileged(name: str) -> pwd.struct_passwd:
    return pwd.getpwnam(name) if _is_root() else pwd.getpwuid(os.geteuid())


def _group(owner: pwd.struct_passwd) -> str:
    return grp.getgrgid(owner.pw_gid).gr_name


def _give(folder: Path, owner: pwd.struct_passwd) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid)


def _as(owner: pwd.struct_passwd, folder: Path) -> _Identity:
    """Arguments of Popen that make a child of root that user; a plain user may not even ask."""
    plain: _Identity = {"cwd": folder}
    drop: _Identity = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": ()}
    return {**plain, **drop} if _is_root() else plain
