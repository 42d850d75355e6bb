"""A whole office for one test: mail host, database, the program, a browser without script, a clock that can be moved.

    with office(tmp_path) as kantor:                    # embedded mail host, SQLite
        kantor.citizen_sends("Lampu padam", "Lampu di Jalan Mawar padam.")
        kantor.press("jfu-1", "laporkan", ringkasan="Lampu padam")
        assert kantor.stage() is Stage.KLARIFIKASI

People act as they would: by the links in the mails they got, on the forms that the pages show. Every mail that the
office sends arrives over SMTP in `kantor.post.server.outgoing`; every mail that it gets lies in a real IMAP mailbox.
"""

from __future__ import annotations

import io
import json
import re
import smtplib
import ssl
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from html import unescape
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.smtp import SMTP, AuthResult
from aiosmtpd.smtp import Session as SmtpSession
from docx import Document as Docx
from flask.testing import FlaskClient
from imapclient import IMAPClient
from sqlalchemy import Engine, func, select
from werkzeug.test import TestResponse

from pipeline.access import browsers
from pipeline.cases.audit import audit
from pipeline.data import places
from pipeline.data.engine import reading, writing
from pipeline.data.store import get
from pipeline.data.tables import Complaint, Document, Event, Lane, Outbox, Task
from pipeline.demo.mailserver import LARGEST_MAIL, MailServer
from pipeline.office import clock, config, messages
from pipeline.office.config import Petugas, Settings
from pipeline.office.sop import NO_UNIT, EventKind, Stage, TaskKind
from pipeline.running import poller
from pipeline.web.app import create_app
from pipeline.work import App, Report
from tests.fresh import fresh
from tests.servers import PASSWORD, PATIENCE, Dovecot

TUESDAY = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # 09.00 at Madiun, an ordinary office day
INTAKE = "aduan@kominfo.example"
SITI = "siti@warga.example"
SAMPLES = messages.PACKAGE / "demo" / "samples"
SIGNED = (SAMPLES / "tanda-tangan.jpg").read_bytes()
KEY = "5a" * 32
ATTEMPTS = 8  # ticks after which an office must have come to rest


# In the tests people go by what they do, so that a story can be read; the sample's codes are the people's own.
CODES = {
    "aflah": "kepala",
    "ratih": "sekretaris",
    "endah": "kasubag-umum",
    "bagus": "kasi-infrastruktur",
    "dimas": "jfu-1",
}
# What the program does by itself, and tests that are about it ask for.
ASKED_FOR = {
    'otomatis = ["bulan"]': "otomatis = []",
    "gelombang_jumlah = 3": "gelombang_jumlah = 0",
}


def sample() -> str:
    """The sample config.toml with the tests' codes."""
    text = config.SAMPLE.read_text("utf-8")
    for own, code in CODES.items():
        assert f'kode = "{own}"' in text, own
        text = text.replace(f'kode = "{own}"', f'kode = "{code}"')
    for by_itself, never in ASKED_FOR.items():
        assert by_itself in text, by_itself
        text = text.replace(by_itself, never)
    return text


# ---- time and mail -------------------------------------------------------------------------------------------


@dataclass
class Clock:
    """The time that the program believes in. Stands still until it is moved."""

    now: datetime = TUESDAY

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Mail:
    """One mail as it arrived at `to`."""

    to: str
    raw: bytes

    @cached_property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def subject(self) -> str:
        return str(self.message["Subject"]).strip()  # a long one is folded right after the colon

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def words(self) -> str:
        """The text with one space between words, wherever its lines end."""
        return " ".join(self.text.split())

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert isinstance(part, EmailMessage)
        return str(part.get_content())

    @property
    def files(self) -> dict[str, bytes]:
        """Attachments by name."""
        parts = self.message.iter_attachments()
        return {str(p.get_filename()): bytes(p.get_payload(decode=True) or b"") for p in parts}

    @property
    def links(self) -> list[str]:
        """Addresses in the HTML and in the text, each once, in the order in which they stand."""
        found = re.findall(r'href="(https?://[^"]+)"', self.html) + re.findall(
            r"https?://[^\s<>\"]+", self.text
        )
        return list(dict.fromkeys(unescape(url).rstrip(".,") for url in found))


@dataclass(frozen=True)
class Post:
    """Where the office's mail goes in and out: tables of config.toml and the server behind them."""

    imap: Mapping[str, object]
    smtp: Mapping[str, object]
    server: MailServer

    @property
    def sent(self) -> list[Mail]:
        """Every mail that left, oldest first."""
        return [Mail(one.rcpt.lower(), one.raw) for one in list(self.server.outgoing)]


@contextmanager
def embedded() -> Iterator[Post]:
    """The mail host that comes with the demo: IMAP and SMTP in the clear on loopback."""
    with MailServer({INTAKE: PASSWORD}) as server:
        imap = {"host": server.host, "port": server.imap_port, "security": "tanpa", "user": INTAKE}
        smtp = {"host": server.host, "port": server.smtp_port, "security": "tanpa", "user": ""}
        yield Post(imap, smtp, server)


@contextmanager
def production(dovecot: Dovecot) -> Iterator[Post]:
    """As an office runs it: Dovecot over TLS, and an SMTP server that wants STARTTLS and a password."""
    with TlsSink(dovecot.cafile) as server:
        imap = {
            "host": "localhost",
            "port": dovecot.tls_port,
            "security": "tls",
            "user": dovecot.fresh_user(),
        }
        smtp = {
            "host": "localhost",
            "port": server.smtp_port,
            "security": "starttls",
            "user": INTAKE,
        }
        authority = {"ca_file": str(dovecot.cafile)}
        yield Post({**imap, **authority}, {**smtp, **authority}, server)


class TlsSink(MailServer):
    """Takes no mail before STARTTLS and a log-in."""

    def __init__(self, cafile: Path) -> None:
        super().__init__({})
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cafile, cafile.parent / "key.pem")

    def _smtp_protocol(self) -> SMTP:
        return SMTP(
            self,
            hostname="localhost",
            enable_SMTPUTF8=True,
            data_size_limit=LARGEST_MAIL,
            loop=self._loop,
            tls_context=self.context,
            require_starttls=True,
            auth_required=True,
            authenticator=_knows_password,
        )


def _knows_password(
    server: SMTP, session: SmtpSession, _envelope: object, mechanism: str, data: Any
) -> AuthResult:
    known = data.login == INTAKE.encode() and data.password == PASSWORD.encode()
    return AuthResult(success=known, handled=False)  # the server is to send the refusal


# ---- pages ---------------------------------------------------------------------------------------------------


@dataclass
class Form:
    """One form of a page with what it would send as it stands, and what each control allows."""

    url: str
    values: dict[str, list[str]] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)

    @property
    def aksi(self) -> str:
        return "".join(self.values.get("aksi", []))

    @property
    def names(self) -> set[str]:
        return set(self.values) | set(self.options) | self.files

    def filled(self, fields: Mapping[str, object]) -> dict[str, object]:
        """What a browser would send after somebody typed `fields`; only what the form offers can be typed."""
        if "unit" in self.options and not self.values.get("unit"):
            fields = {
                "unit": [NO_UNIT],
                **fields,
            }  # it must be said, and most tests are not about it
        missing = set(fields) - self.names
        assert not missing, (
            f"the form '{self.aksi}' has no {sorted(missing)}, only {sorted(self.names)}"
        )
        data: dict[str, object] = {**self.values}
        for name, value in fields.items():
            if name in self.files:
                data[name] = _upload(name, value)
                continue
            chosen = [str(v) for v in value] if isinstance(value, list | tuple) else [str(value)]
            if name in self.options:
                assert set(chosen) <= set(self.options[name]), (
                    f"{name} offers {self.options[name]}, not {chosen}"
                )
            data[name] = chosen
        return data


def _upload(name: str, value: object) -> tuple[io.BytesIO, str]:
    """A file as (name, bytes), or bytes alone."""
    if isinstance(value, tuple):
        return io.BytesIO(value[1]), str(value[0])
    assert isinstance(value, bytes)
    return io.BytesIO(value), name


class _FormReader(HTMLParser):
    """Reads forms as a browser without script does."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.forms: list[Form] = []
        self.named: dict[str, Form] = {}
        self.form: Form | None = None
        self.textarea = self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = Form(given.get("action") or self.url)
            self.forms.append(self.form)
            self.named[given.get("id", "")] = self.form
        elif tag == "button" and (form := self.named.get(given.get("form", ""))):
            form.options.setdefault(given.get("name", ""), []).append(given.get("value", ""))
        elif self.form is not None:
            self._control(self.form, tag, given)

    def _control(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "textarea":
            self.textarea = name
            form.values[name] = [""]
        elif tag == "select":
            self.select = name
            form.options[name] = []
        elif tag == "option" and self.select:  # not one of a datalist
            form.options[self.select].append(given.get("value", ""))
            if "selected" in given:
                form.values[self.select] = [given["value"]]
        elif tag == "input" and kind == "file":
            form.files.add(name)
        elif tag == "input" and kind in ("radio", "checkbox"):
            form.options.setdefault(name, []).append(given["value"])
            if "checked" in given:
                form.values.setdefault(name, []).append(given["value"])
        elif tag == "input":
            form.values[name] = [given.get("value", "")]

    def handle_data(self, data: str) -> None:
        if self.form is not None and self.textarea:
            self.form.values[self.textarea][0] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "textarea":
            self.textarea = ""
        elif tag == "select":
            self.select = ""


@dataclass(frozen=True)
class Page:
    """What the browser shows."""

    url: str
    status: int
    html: str

    @cached_property
    def forms(self) -> dict[str, Form]:
        """The page's forms by their action."""
        reader = _FormReader(self.url)
        reader.feed(self.html)
        return {form.aksi: form for form in reader.forms}

    @cached_property
    def text(self) -> str:
        """The words of the page, one space between them."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.html)).split())

    def links(self, part: str = "") -> list[str]:
        """Addresses on the page that hold `part`."""
        return [
            unescape(url) for url in re.findall(r'(?:href|src)="([^"]+)"', self.html) if part in url
        ]


# ---- the office ----------------------------------------------------------------------------------------------


@dataclass
class Office:
    """A running office; made by `office()`."""

    settings: Settings
    engine: Engine
    post: Post
    clock: Clock
    folder: Path
    app: App = field(init=False)
    web: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.app = App(self.settings, self.engine, self.clock)
        self.web = create_app(self.settings, self.engine, self.clock).test_client()

    # time

    def later(self, **span: float) -> None:
        """Let time pass: `later(minutes=5)`."""
        self.clock.now += timedelta(**span)

    def next_workday(self) -> None:
        """Go to 09.00 of the next day on which the office works."""
        opening = clock.next_workday(self.clock.now, self.settings.hours)
        self.clock.now = (
            opening.astimezone(self.settings.zone).replace(hour=9, minute=0).astimezone(UTC)
        )

    # the program

    def tick(self) -> Report:
        """One tick of the poller, as `aduan poll --once` does it."""
        return poller.tick(self.app)

    def settle(self) -> None:
        """Tick until nothing is left to do; no lane may fail."""
        for _ in range(ATTEMPTS):
            done = self.tick()
            assert not any(f"gagal_{step}" in done for step in poller.STEPS), self.lanes()
            if not any(done[key] for key in done if key != "ditunda"):
                return
        raise AssertionError(f"the office does not come to rest: {done}")

    def lanes(self) -> dict[str, str]:
        """The lanes that failed at their last run, with their error."""
        with reading(self.engine) as session:
            return {row.name: row.error for row in session.scalars(select(Lane)) if row.failures}

    # mail

    def imap(self) -> IMAPClient:
        """A logged-in connection to the office's mailbox, for a look from outside; a context manager."""
        conf = self.settings.imap
        secure = conf.security == "tls"
        trust = ssl.create_default_context(cafile=conf.ca_file) if secure else None
        client = IMAPClient(conf.host, port=conf.port, ssl=secure, ssl_context=trust, timeout=20)
        client.login(conf.user, PASSWORD)
        return client

    def arrive(self, raw: bytes, folder: str = "INBOX") -> None:
        """Put a mail into the office's mailbox, dated by the office's clock."""
        with self.imap() as client:
            client.append(folder, raw, msg_time=self.clock.now)

    def messages(self, folder: str = "INBOX") -> list[tuple[bytes, tuple[bytes, ...]]]:
        """(bytes, flags) of each message of a folder; looking sets no flag."""
        with self.imap() as client:
            client.select_folder(folder, readonly=True)
            found = client.fetch(client.search("ALL"), ["BODY.PEEK[]", "FLAGS"])
            return [(found[uid][b"BODY[]"], found[uid][b"FLAGS"]) for uid in sorted(found)]

    def citizen_sends(
        self,
        subject: str = "Lampu jalan padam",
        text: str = "Lampu jalan di Jalan Mawar RT 05 RW 02 padam sejak Senin.",
        *,
        sender: str = SITI,
        name: str = "Siti Rahmawati",
        reply_to: Mail | None = None,
        files: Sequence[tuple[str, str, bytes]] = (),
        settle: bool = True,
    ) -> EmailMessage:
        """A mail of a pengadu arrives and is worked on; `reply_to` makes it an answer to one of ours.

        `files` are (name, mime type, bytes).
        """
        message = compose(
            sender, INTAKE, subject, text, self.clock.now, name=name, reply_to=reply_to, files=files
        )
        self.arrive(message.as_bytes(policy=policy.SMTP))
        if settle:
            self.settle()
        return message

    def official_replies(
        self, mail: Mail, text: str, files: Sequence[tuple[str, str, bytes]] = ()
    ) -> None:
        """The one who got `mail` answers it from their mail program."""
        self.citizen_sends(
            f"Re: {mail.subject}", text, sender=mail.to, name="", reply_to=mail, files=files
        )

    def person(self, code: str) -> Petugas:
        found = self.settings.person(code)
        assert found is not None, code
        return found

    def address(self, person: str) -> str:
        """The address of an official's code; an address stays what it is."""
        return (person if "@" in person else self.person(person).email).lower()

    def inbox(self, person: str = SITI) -> list[Mail]:
        """What has been delivered to an address or an official's code, oldest first."""
        return [mail for mail in self.post.sent if mail.to == self.address(person)]

    def newest(self, person: str = SITI, part: str = "") -> Mail:
        """The newest mail to a person whose subject holds `part`."""
        found = [mail for mail in self.inbox(person) if part in mail.subject]
        assert found, (
            f"{person} got no mail with '{part}': {[m.subject for m in self.inbox(person)]}"
        )
        return found[-1]

    def links(self, mail: Mail) -> list[str]:
        """The action links in a mail, without the query."""
        start = f"{self.settings.web.base_url}/t/"
        found = dict.fromkeys(url.partition("?")[0] for url in mail.links if url.startswith(start))
        return [
            url for url in found if "/" not in url.removeprefix(start)
        ]  # not its files, nor "tugas saya"

    # the browser

    def page(self, url: str) -> Page:
        """GET an address of a mail or a page."""
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        response = self.web.get(path)
        return Page(path, response.status_code, response.text)

    def download(self, url: str) -> TestResponse:
        response = self.web.get(urlsplit(url).path)
        assert response.status_code == 200, url
        return response

    def link(self, person: str, aksi: str, about: str = "") -> str:
        """The newest link in an official's mails whose page offers this action; `about` is part of the subject. Of a
        case that is over no mail tells at once: its row in the Buku leads there."""
        mails = [mail for mail in reversed(self.inbox(person)) if about in mail.subject]
        urls = [url for mail in mails for url in self.links(mail)]
        for url in chain(
            urls, self._in_the_book(person, urls, mails)
        ):  # the Buku only where no mail leads there
            if aksi in self.page(url).forms:
                return url
        raise AssertionError(f"no mail to {person} leads to '{aksi}': {[m.subject for m in mails]}")

    def _in_the_book(
        self, person: str, urls: Sequence[str], mails: Sequence[Mail]
    ) -> Iterator[str]:
        """Links to tasks on the pages of the Buku about the cases of these mails, newest case first."""
        is_stranger = self.web.get_cookie(self.cookie(person)) is None
        if is_stranger:
            self.know(person)
        for case in reversed(self.complaints()):
            told = any(case.number in mail.subject for mail in mails)
            for url in urls[:1] if told else ():
                yield from (
                    one
                    for one in self.page(f"{url}/buku/{case.id}").links("/t/")
                    if one.count("/") == 2
                )
        if is_stranger:
            self.forget(person)

    def submit(self, url: str, aksi: str, fields: Mapping[str, object]) -> Page:
        """Open a page, fill in one of its forms, send it, follow the redirect."""
        page = self.page(url)
        assert aksi in page.forms, (
            f"{url} ({page.status}) offers {sorted(page.forms)}, not '{aksi}': {page.text[:300]}"
        )
        return self.send(page.forms[aksi], fields)

    def send(self, form: Form, fields: Mapping[str, object]) -> Page:
        """Send a form that was opened before; it may be stale by now."""
        response = self.web.post(
            form.url, data=form.filled(fields), content_type="multipart/form-data"
        )
        if response.status_code == 303 and "/kode/" in response.headers["Location"]:
            response = self.web.post(response.headers["Location"], data={"kode": self.code()})
        if response.status_code == 303:
            return self.page(response.headers["Location"])
        return Page(form.url, response.status_code, response.text)

    def know(self, *people: str) -> str:
        """Let the browser be one that these officials are known by; the last one's cookie."""
        value = ""
        for person in people:
            with writing(self.engine) as session:
                value = browsers.remember(
                    session, self.settings.keys, self.person(person), "uji", self.clock()
                )
            self.web.set_cookie(self.cookie(person), value, path="/")
        return value

    def cookie(self, person: str) -> str:
        """The name of the cookie by which an official is known; `browsers.GUEST` for that of a browser that is not."""
        return browsers.cookie_name(person, self.settings.web.base_url.startswith("https:"))

    def forget(self, *people: str) -> None:
        """These officials use another browser from now on."""
        for person in people:
            self.web.delete_cookie(self.cookie(person), path="/")

    def code(self) -> str:
        """The newest code that was mailed to anybody: what the one who acts reads in their mailbox."""
        poller.send(self.app)
        until(lambda: not self._codes_on_the_way())  # a lane that runs may have it in hand
        mail = next(mail for mail in reversed(self.post.sent) if mail.subject.startswith("Kode"))
        found = re.search(r"^\s+(\d{6})\s*$", mail.text, re.MULTILINE)
        assert found is not None, mail.text
        return found[1]

    def _codes_on_the_way(self) -> int:
        with reading(self.engine) as session:
            waiting = select(func.count()).where(Outbox.name == "kode", Outbox.state != "sent")
            return session.scalar(waiting) or 0

    def press(
        self,
        where: str,
        aksi: str,
        *,
        about: str = "",
        status: int = 200,
        settle: bool = True,
        **fields: object,
    ) -> Page:
        """An official acts: by a link, or by the newest of their mails that leads to the action. Then the lanes run.

        `about` (a register number, say) is part of the subject of the mail to be used.
        """
        if aksi == "tandatangani":
            fields = {
                **self.seen,
                "tanpa_kode": "ya",
                **fields,
            }  # the sample picture of a signed letter has no code
        url = where if "/" in where else self.link(where, aksi, about)
        page = self.hand_in(url, aksi, fields)
        assert page.status == status, f"{aksi}: {page.status} {page.text[:600]}"
        if settle:
            self.settle()
        return page

    def hand_in(self, url: str, aksi: str, fields: Mapping[str, object]) -> Page:
        """The same as `submit`. The sample picture of a signed letter is one page: of a longer letter or report the
        program asks whether that is all, and is told so."""
        page = self.submit(url, aksi, fields)
        is_sample = any(
            value == SIGNED or (isinstance(value, tuple) and SIGNED in value)
            for value in fields.values()
        )
        form = page.forms.get(aksi) if page.status == 422 and is_sample else None
        if form is None or "halaman_sesuai" not in form.names:
            return page
        return self.send(form, {"halaman_sesuai": "ya"})

    @property
    def seen(self) -> dict[str, str]:
        """That somebody has seen the ink of a signature: asked for where the office takes ink."""
        surat = self.settings.surat
        return {} if surat.jangkar or surat.sertifikat_akar else {"ttd_terlihat": "ya"}

    # what is known

    def complaint(self, number: str = "") -> Complaint:
        """The complaint of that number; without one, the newest."""
        with reading(self.engine) as session:
            query = select(Complaint).order_by(Complaint.id.desc())
            found = session.scalars(
                query.where(Complaint.number == number) if number else query
            ).first()
        assert found is not None, number
        return found

    def complaints(self) -> list[Complaint]:
        with reading(self.engine) as session:
            return list(session.scalars(select(Complaint).order_by(Complaint.id)))

    def stage(self, number: str = "") -> Stage:
        return self.complaint(number).stage

    def tasks(
        self, kind: TaskKind | None = None, *, number: str = "", open_only: bool = False
    ) -> list[Task]:
        """Tasks of a complaint, oldest first."""
        query = select(Task).where(Task.complaint_id == self.complaint(number).id).order_by(Task.id)
        query = query.where(Task.kind == kind) if kind else query
        query = query.where(Task.closed_at.is_(None)) if open_only else query
        with reading(self.engine) as session:
            return list(session.scalars(query))

    def task(self, kind: TaskKind, number: str = "") -> Task:
        """The newest task of a kind."""
        found = self.tasks(kind, number=number)
        assert found, kind
        return found[-1]

    def documents(self, kind: str, number: str = "") -> list[Document]:
        query = select(Document).where(
            Document.complaint_id == self.complaint(number).id, Document.kind == kind
        )
        with reading(self.engine) as session:
            return list(session.scalars(query.order_by(Document.id)))

    def content(self, document: Document) -> bytes:
        with reading(self.engine) as session:
            return get(session, document.sha256)

    def events(self, number: str = "") -> list[EventKind]:
        query = (
            select(Event.kind)
            .where(Event.complaint_id == self.complaint(number).id)
            .order_by(Event.seq)
        )
        with reading(self.engine) as session:
            return list(session.scalars(query))

    def outbox(self, name: str = "") -> list[Outbox]:
        """Stored mails of one kind (a folder of templates/email), oldest first."""
        query = select(Outbox).order_by(Outbox.id)
        with reading(self.engine) as session:
            return list(session.scalars(query.where(Outbox.name == name) if name else query))

    def audit(self) -> list[str]:
        """What `aduan audit` would complain of."""
        with reading(self.engine) as session:
            return [f"{where}: {what}" for where, found in audit(session) for what in found]

    def status_page(self, number: str = "") -> Page:
        """What the pengadu sees at the link of the acknowledgement."""
        return self.page(f"/s/{self.complaint(number).status_code}")

    # roads that many tests walk

    def to_clarification(self) -> Complaint:
        """A mail comes in and the JFU reports it: langkah 2."""
        self.citizen_sends()
        self.press("jfu-1", "laporkan", ringkasan="Lampu jalan padam di Jalan Mawar.")
        return self.complaint()

    def to_decision(self) -> Complaint:
        """… and the Sekretaris reports the result: langkah 3."""
        self.to_clarification()
        self.press("sekretaris", "laporkan_kepala", hasil="Benar, tiga titik lampu padam.")
        return self.complaint()

    def to_letter(self) -> Complaint:
        """… and the Kepala Dinas decides: langkah 4, with the draft made."""
        self.to_decision()
        self.press(
            "kepala",
            "putuskan",
            keputusan="ditindaklanjuti",
            perintah="Sampaikan bahwa lampu sudah menyala.",
            disampaikan="Bahwa lampu sudah menyala.",
        )
        return self.complaint()

    def to_signature(self) -> Complaint:
        """… and the Sekretaris sends the draft on as it is: to be signed."""
        self.to_letter()
        self.press("sekretaris", "ajukan")
        return self.complaint()

    def to_delivery(self) -> Complaint:
        """… and the Kepala Dinas signs: langkah 5."""
        self.to_signature()
        self.press("kepala", "tandatangani", bertanda_tangan=("surat.jpg", SIGNED))
        return self.complaint()

    def to_end(self) -> Complaint:
        """… and the JFU mails the letter."""
        self.to_delivery()
        self.press("jfu-1", "kirim_email")
        return self.complaint()


@contextmanager
def office(
    tmp_path: Path,
    *,
    post: Post | None = None,
    database_url: str = "",
    now: datetime = TUESDAY,
    **overrides: Any,
) -> Iterator[Office]:
    """An office whose config.toml, secrets and database lie in `tmp_path`.

    `overrides` change tables of config.toml key by key: `imap={"folder": "Masuk"}`, `petugas=[…]`.
    """
    with ExitStack() as stack:
        post = post or stack.enter_context(embedded())
        settings = config.load(write_config(tmp_path, post, database_url, overrides))
        engine = places.attached(fresh(settings.database.url, settings.folder), settings)
        stack.callback(engine.dispose)
        yield Office(settings, engine, post, Clock(now), tmp_path)


def write_config(
    folder: Path, post: Post, database_url: str = "", overrides: Mapping[str, Any] | None = None
) -> Path:
    """A config.toml after the sample, with its secrets beside it; its path."""
    data = tomllib.loads(sample())
    changes: dict[str, Any] = dict(overrides or {})
    tables = {"imap": dict(post.imap), "smtp": {"tunda_menit": 0, **post.smtp}}
    if database_url:
        tables["database"] = {"url": database_url}
    for name in {*tables, *changes}:
        change = changes.get(name, {})
        data[name] = (
            {**data[name], **tables.get(name, {}), **change} if isinstance(change, dict) else change
        )
    secrets = folder / "rahasia"
    secrets.mkdir(exist_ok=True)
    for name, value in {"key": KEY, "imap_password": PASSWORD, "smtp_password": PASSWORD}.items():
        (secrets / name).write_text(value, "utf-8")
    path = folder / "config.toml"
    path.write_text("".join(f"{key} = {_toml(value)}\n" for key, value in data.items()), "utf-8")
    return path


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(k))} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    if isinstance(value, date | time):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False)


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that other threads do."""
    deadline = monotonic() + PATIENCE
    while not condition():
        assert monotonic() < deadline, "waited in vain"
        sleep(0.02)


# ---- what people write ---------------------------------------------------------------------------------------

_serial = iter(range(1, 10**9))


def compose(
    sender: str,
    to: str,
    subject: str,
    text: str,
    at: datetime,
    *,
    name: str = "",
    reply_to: Mail | None = None,
    files: Sequence[tuple[str, str, bytes]] = (),
) -> EmailMessage:
    """A mail as an ordinary mail program writes it."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = f'"{name}" <{sender}>' if name else sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = at
    message["Message-ID"] = f"<{next(_serial)}.{at.timestamp():.0f}@{sender.rpartition('@')[2]}>"
    if reply_to is not None:
        message["In-Reply-To"] = reply_to.message_id
        message["References"] = reply_to.message_id
    message.set_content(text)
    for filename, mime, content in files:
        main, _, sub = mime.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=filename)
    return message


def over_smtp(post: Post, message: EmailMessage) -> None:
    """Send a mail to the embedded host over SMTP, as the world outside does."""
    with smtplib.SMTP(post.server.host, post.server.smtp_port, timeout=20) as client:
        client.send_message(message)


def bounce_of(mail: Mail, at: datetime, diagnostic: str = "550 5.1.1 User unknown") -> bytes:
    """The report that a mail host sends when it cannot deliver one of our mails (RFC 3464)."""
    text = f"Pesan kepada {mail.to} tidak dapat disampaikan: {diagnostic}"
    status = (
        "Reporting-MTA: dns; mx.warga.example\r\n\r\n"
        f"Final-Recipient: rfc822; {mail.to}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        f"Diagnostic-Code: smtp; {diagnostic}\r\n"
    )
    original = mail.raw.partition(b"\r\n\r\n")[0].decode("ascii", "replace")
    border = "=batas-laporan="
    head = [
        "From: MAILER-DAEMON@mx.warga.example",
        f"To: {INTAKE}",
        "Subject: Undelivered Mail Returned to Sender",
        f"Date: {at:%a, %d %b %Y %H:%M:%S +0000}",
        f"Message-ID: <pantul.{next(_serial)}@mx.warga.example>",
        "Auto-Submitted: auto-replied",
        "Return-Path: <>",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{border}"',
    ]
    parts = [
        ("text/plain", text),
        ("message/delivery-status", status),
        ("text/rfc822-headers", original + "\r\n"),
    ]
    body = "".join(f"--{border}\r\nContent-Type: {kind}\r\n\r\n{part}\r\n" for kind, part in parts)
    return ("\r\n".join(head) + "\r\n\r\n" + body + f"--{border}--\r\n").encode()


def edited(letter: bytes, old: str, new: str) -> bytes:
    """The letter after somebody changed a sentence in Word."""
    document = Docx(io.BytesIO(letter))
    touched = [p for p in document.paragraphs if old in p.text]
    assert touched, f"'{old}' is not in the letter"
    for paragraph in touched:
        first, *others = paragraph.runs
        first.text = paragraph.text.replace(old, new)
        for run in others:
            run.text = ""
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def words_of(letter: bytes) -> str:
    """The paragraphs of a letter, one a line."""
    return "\n".join(p.text for p in Docx(io.BytesIO(letter)).paragraphs)
