"""An office to try out: its own folder, keys, database, mail server and clock, all on loopback.

Hides how the demo differs from production: only the settings (ports of the embedded server), the clock (which may
jump a working day) and the people's mailboxes. The IMAP, SMTP and page code is production's own.
"""

from __future__ import annotations

import email
import email.policy
import os
import secrets
import shutil
import smtplib
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage, Message
from email.utils import format_datetime, make_msgid, parseaddr
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from imapclient import IMAPClient
from sqlalchemy import func, select

from pipeline.data import engine
from pipeline.data.states import ItemState, JobKind, JobState, MailState
from pipeline.data.tables import Item, Job, Outbox, Task
from pipeline.demo.mailserver import MailServer
from pipeline.office import clock, config
from pipeline.office.config import Settings
from pipeline.running.lanes import Lanes
from pipeline.web import serving
from pipeline.web.app import create_app
from pipeline.work import App

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

SAMPLES = Path(__file__).parent / "samples"
PASSWORD = "demo"
AWAITED = (JobKind.FRESH_DRAFT, JobKind.READ_STACK)  # a citizen or an official waits for these
SETTLE_SECONDS = 12.0
LANES = {
    "mail": 1.0,
    "scans": 1.0,
    "take_in": 1.0,
    "letters": 1.0,
    "pictures": 1.0,
    "send": 1.0,
    "remind": 5.0,
    "seal": 60.0,
}


class DemoClock:
    """The time of the demo: the real one, moved forward by jumps. It begins inside office hours."""

    def __init__(self) -> None:
        self.offset = timedelta()
        self.hours: clock.OfficeHours | None = None

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def begin(self, hours: clock.OfficeHours) -> None:
        """Move to half past the next opening if the office is closed now or closes within two hours."""
        self.hours = hours
        now = datetime.now(UTC)
        if not hours.is_open(now) or clock.elapsed(
            now, now + timedelta(hours=2), hours
        ) < timedelta(hours=1):
            self.offset = clock.next_workday(now, hours) + timedelta(minutes=30) - now

    def jump_workday(self) -> None:
        """To the opening of the next office day, and ten minutes."""
        assert self.hours is not None
        self.offset += clock.next_workday(self(), self.hours) + timedelta(minutes=10) - self()


@dataclass(frozen=True)
class DeliveredMail:
    """A mail as it lies in somebody's mailbox."""

    address: str
    uid: int
    message: Message
    at: datetime

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    def part(self, kind: str) -> str:
        """The text/plain or text/html part."""
        for part in self.message.walk():
            if part.get_content_type() == kind and not part.get_filename():
                payload = part.get_payload(decode=True)
                return (
                    payload.decode(part.get_content_charset() or "utf-8", "replace")
                    if isinstance(payload, bytes)
                    else ""
                )
        return ""

    def attachments(self) -> list[tuple[str, str, bytes]]:
        """(name, type, bytes) of each attached file."""
        found = []
        for part in self.message.walk():
            payload = part.get_payload(decode=True)
            if part.get_filename() and isinstance(payload, bytes):
                found.append((str(part.get_filename()), part.get_content_type(), payload))
        return found


def sample_mails() -> list[Path]:
    return sorted(SAMPLES.glob("*.eml"))


def sample_sender(path: Path) -> str:
    """The address of the invented citizen who wrote a sample."""
    return parseaddr(
        str(email.message_from_bytes(path.read_bytes(), policy=email.policy.default)["From"])
    )[1]


def demo_settings(folder: Path, imap_port: int, smtp_port: int, web_port: int) -> Settings:
    """The sample configuration, with the embedded servers and a folder of its own."""
    sample = config.parse(config.SAMPLE.read_text("utf-8"), folder / "config.toml")
    # One browser plays everybody here; a code for each would only be in the way.
    web = {"base_url": f"http://127.0.0.1:{web_port}", "port": web_port, "kode_peramban": False}
    local = {"host": "127.0.0.1", "security": "tanpa"}
    return sample.model_copy(
        update={
            "imap": sample.imap.model_copy(update={**local, "port": imap_port, "every_seconds": 1}),
            "smtp": sample.smtp.model_copy(
                update={
                    **local,
                    "port": smtp_port,
                    "user": "",
                    "answers_per_hour": 1000,
                    "tunda_menit": 0,
                }
            ),
            "web": sample.web.model_copy(update=web),
            "scan": sample.scan.model_copy(update={"folder": "pindaian"}),
        }
    )


class DemoOffice:
    """A running demo; a context manager. `pages` may add routes to the application before it is served."""

    def __init__(
        self, folder: Path, port: int, pages: Callable[[Flask, DemoOffice], None] | None = None
    ) -> None:
        self.folder, self.port, self._pages = folder.resolve(), port, pages
        self.clock = DemoClock()
        self._lock = threading.Lock()
        self._stack = ExitStack()
        self.citizens = [sample_sender(path) for path in sample_mails()]
        self.sent = 0

    def __enter__(self) -> DemoOffice:
        for name in [n for n in os.environ if n.startswith("ADUAN_") and n != "ADUAN_TEST_ALL"]:
            del os.environ[name]  # the demo has keys of its own, never those of an office
        site = serving.Server(self._dispatch, "127.0.0.1", self.port)
        self.port = site.port
        self._open()
        site.start()
        self._site = site
        return self

    def __exit__(self, *error: object) -> None:
        self._site.stop()
        self._close()

    def restart(self) -> None:
        """Start over: empty mailboxes, an empty book, the real time."""
        with self._lock:
            self._close()
            self._open()

    def _open(self) -> None:
        work = self.folder / "kerja"
        shutil.rmtree(work, ignore_errors=True)
        (work / "pindaian").mkdir(parents=True, mode=0o700)
        (work / "rahasia").mkdir(mode=0o700)
        for name, text in (("key", secrets.token_hex(32)), ("imap_password", PASSWORD)):
            (work / "rahasia" / name).write_text(text, "utf-8")
        self.clock.offset, self.sent = timedelta(), 0
        self._stack = ExitStack()
        sample = config.parse(config.SAMPLE.read_text("utf-8"), work / "config.toml")
        people = [p.email for p in sample.petugas] + [
            sample.smtp.sender,
            sample.petugas_ti.email,
            *self.citizens,
        ]
        self.mail = self._stack.enter_context(
            MailServer(dict.fromkeys(people, PASSWORD), clock=self.clock)
        )
        self.settings = demo_settings(work, self.mail.imap_port, self.mail.smtp_port, self.port)
        self.clock.begin(self.settings.hours)
        self.engine = engine.connect(self.settings.database.url, work)
        self._stack.callback(self.engine.dispose)
        engine.migrate(self.engine)
        self.app = App(self.settings, self.engine, self.clock)
        self.lanes = Lanes(self.app, LANES)
        self.site = create_app(self.settings, self.engine, self.clock, self.lanes.wake)
        if self._pages:
            self._pages(self.site, self)
        self.lanes.start()
        self._stack.callback(self.lanes.stop)

    def jump_workday(self) -> None:
        """Go to the next office day; that no lane has run in between is no reason for an alarm."""
        self.clock.jump_workday()
        self.lanes.heartbeat.restart()

    def _close(self) -> None:
        self._stack.close()

    def _dispatch(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Only this machine, by its own name: a page of another site cannot reach the demo by a forged host."""
        names = (f"127.0.0.1:{self.port}", f"localhost:{self.port}")
        foreign = (
            environ["REQUEST_METHOD"] == "POST"
            and environ.get("HTTP_SEC_FETCH_SITE", "") == "cross-site"
        )
        if environ.get("HTTP_HOST", "") not in names or foreign:
            start_response(
                "421 Misdirected Request", [("Content-Type", "text/plain; charset=utf-8")]
            )
            return [f"Buka http://127.0.0.1:{self.port}/demo\n".encode()]
        with self._lock:
            site = self.site
        return site.wsgi_app(environ, start_response)

    # ---- mail ------------------------------------------------------------------------------------------------

    def send(self, message: EmailMessage | bytes, sender: str) -> None:
        """Hand a mail to the demo's SMTP server, as a citizen's or an official's program would."""
        raw = message if isinstance(message, bytes) else message.as_bytes(policy=email.policy.SMTP)
        with smtplib.SMTP("127.0.0.1", self.mail.smtp_port, timeout=20) as server:
            server.sendmail(sender, [self.settings.smtp.sender], raw)
        self.lanes.wake("mail")

    def send_sample(self, path: Path) -> str:
        """Send one of the sample complaints, dated now; the citizen's address."""
        head, _, body = path.read_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")
        lines = [
            line
            for line in head.split(b"\n")
            if not line.lower().startswith((b"date:", b"message-id:"))
        ]
        now = format_datetime(self.clock().astimezone(self.settings.zone)).encode()
        lines += [b"Date: " + now, b"Message-ID: " + make_msgid(domain="contoh.example").encode()]
        sender = sample_sender(path)
        self.send(b"\r\n".join(lines) + b"\r\n\r\n" + body.replace(b"\n", b"\r\n"), sender)
        return sender

    def send_next(self) -> str:
        """The next sample complaint in turn."""
        mails = sample_mails()
        sender = self.send_sample(mails[self.sent % len(mails)])
        self.sent += 1
        return sender

    def drop_slip(self) -> None:
        """Put the scanned slip into the scanner's folder, as a scanner that has just finished would."""
        target = self.settings.path(self.settings.scan.folder) / f"slip-{int(time.time())}.jpg"
        part = target.with_suffix(".part")
        shutil.copyfile(SAMPLES / "slip.jpg", part)
        with part.open("ab") as file:
            file.write(
                b"\0" + str(time.time_ns()).encode()
            )  # another scan of the box is another file
        before = time.time() - 10
        os.utime(part, (before, before))
        part.rename(target)
        self.lanes.wake("scans")

    def reply(
        self, letter: DeliveredMail, text: str, files: list[tuple[str, str, bytes]] | None = None
    ) -> None:
        """Answer a mail from the mailbox that it lies in, in its thread."""
        message = EmailMessage()
        message["From"] = letter.address
        message["To"] = self.settings.smtp.sender
        message["Subject"] = f"Re: {letter.subject}"
        message["Date"] = format_datetime(self.clock().astimezone(self.settings.zone))
        message["Message-ID"] = make_msgid(domain="contoh.example")
        message["In-Reply-To"] = str(letter.message["Message-ID"])
        message["References"] = str(letter.message["Message-ID"])
        message.set_content(text)
        for name, mime, content in files or []:
            main, _, sub = mime.partition("/")
            message.add_attachment(content, maintype=main, subtype=sub, filename=name)
        self.send(message, letter.address)

    def mailbox(self, address: str, after: int = 0) -> list[DeliveredMail]:
        """What lies in somebody's INBOX above a UID, oldest first, read over IMAP."""
        with IMAPClient("127.0.0.1", port=self.mail.imap_port, ssl=False, timeout=20) as client:
            client.login(address, PASSWORD)
            client.select_folder("INBOX", readonly=True)
            uids = [uid for uid in client.search(["UID", f"{after + 1}:*"]) if uid > after]
            found = client.fetch(uids, ["BODY.PEEK[]", "INTERNALDATE"]) if uids else {}
        return [
            DeliveredMail(
                address,
                uid,
                email.message_from_bytes(found[uid][b"BODY[]"], policy=email.policy.default),
                found[uid][b"INTERNALDATE"].astimezone(UTC),
            )
            for uid in sorted(found)
        ]

    def settle(self, patience: float = SETTLE_SECONDS) -> None:
        """Wait until everything that was set in motion has arrived: no new mail, item, job or outgoing mail."""
        end = time.monotonic() + patience
        self.lanes.wake("mail", "scans", "letters", "send")
        while time.monotonic() < end:
            if self._is_quiet():
                return
            time.sleep(0.05)
            self.lanes.wake("mail", "slips", "letters", "send")

    def _is_quiet(self) -> bool:
        with IMAPClient("127.0.0.1", port=self.mail.imap_port, ssl=False, timeout=20) as client:
            client.login(self.settings.imap.user, PASSWORD)
            client.select_folder("INBOX", readonly=True)
            if client.search("ALL"):
                return False
        scans = self.settings.path(self.settings.scan.folder)
        if any(path.is_file() for path in scans.iterdir()):
            return False
        now = self.clock()
        with engine.reading(self.engine) as session:
            waiting = (
                session.scalar(select(func.count(Item.id)).where(Item.state == ItemState.NEW)),
                session.scalar(
                    select(func.count(Job.id)).where(
                        Job.state == JobState.DUE,
                        Job.kind.in_(AWAITED),
                        Job.next_at <= now,
                    )
                ),
                session.scalar(
                    select(func.count(Outbox.id)).where(
                        Outbox.state.in_((MailState.DUE, MailState.SENDING)), Outbox.next_at <= now
                    )
                ),
                session.scalar(
                    select(func.count(Outbox.id)).where(
                        Outbox.state.in_((MailState.SENT, MailState.DEAD)), Outbox.told.is_(False)
                    )
                ),
            )
        return not any(waiting)

    def open_tasks(self) -> list[Task]:
        with engine.reading(self.engine) as session:
            return list(
                session.scalars(select(Task).where(Task.closed_at.is_(None)).order_by(Task.id))
            )
