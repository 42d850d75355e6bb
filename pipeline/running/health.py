"""What `aduan check` looks at: each part of the installation, and what to do about it when it is not right.

Hides how each is tried. Nothing is changed and no mail is sent.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jinja2 import TemplateError as JinjaError
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from pipeline import cases
from pipeline.data import damage, in_force, storage, troubles
from pipeline.data.damage import first_line, is_damage
from pipeline.data.engine import is_current, reading
from pipeline.data.places import PlaceError
from pipeline.data.schema import newer
from pipeline.data.states import JobState, MailState
from pipeline.data.tables import Browser, Complaint, Delegation, Job, Lane, Link, Outbox
from pipeline.files import libreoffice
from pipeline.letters import emblem, unsigned
from pipeline.letters.returned import inspect
from pipeline.letters.series import COVERING
from pipeline.letters.template.fields import TemplateError
from pipeline.letters.wording import read_standard
from pipeline.mail import authentication, mailbox, message, outbox, smtp
from pipeline.notices import watching
from pipeline.office.config import Petugas, Settings
from pipeline.office.config_errors import ConfigError, in_words, text_of
from pipeline.office.messages import TEMPLATES, say
from pipeline.office.rendering import environment
from pipeline.office.sop import Channel, Decision
from pipeline.office.words import word
from pipeline.work import Work

SAMPLE_CODE, SAMPLE_KEY = "0000-0000-0000-0000", b"contoh"


@dataclass(frozen=True)
class Checkup:
    """One line: `level` is "baik", "hati" (works, but look) or "buruk" (does not work)."""

    level: str
    part: str
    text: str


def letter_template(settings: Settings, template: bytes | None = None) -> None:
    """Lint the office's letter (or this one) and render every variant of it; TemplateError says where each fault is."""
    room = settings.surat.room(2026)
    for decision in Decision:
        for name in ("Contoh Nama", ""):
            sample = _sample(decision, name)
            for kind in (str(decision), COVERING.name):
                inspect(
                    cases.compose_letter(
                        settings, sample, kind, 1, SAMPLE_CODE, room, template, SAMPLE_KEY
                    )
                )


def _sample(decision: Decision, name: str) -> Complaint:
    return Complaint(
        number="PGD-2026-000000",
        channel=Channel.EMAIL,
        received_at=datetime(2026, 11, 10, 1, 12, tzinfo=UTC),
        decision=decision,
        perihal="contoh perihal",
        perintah="Jawab.",
        disampaikan="Ini contoh.",
        instansi="Instansi Contoh",
        nama=name,
        rahasia=False,
        ringkasan="Contoh ringkasan.",
        letter_number="",
        terlapor="",
    )


def _secrets(settings: Settings) -> Iterator[Checkup]:
    settings.keys  # noqa: B018 - ConfigError where the key is missing or not hexadecimal
    needed = [(box.user, box.secret) for box in settings.mailboxes] + [
        (settings.smtp.user, "smtp_password")
    ]
    passwords = [name for user, name in needed if user and not settings.oauth_of(user)]
    missing = next((name for name in passwords if not settings.find_secret(name)), "")
    if missing:
        yield Checkup("buruk", "rahasia", settings.missing_secret(missing))
        return
    folder = settings.folder / "rahasia"
    loose = [
        p.name for p in folder.glob("*") if p.is_file() and stat.S_IMODE(p.stat().st_mode) & 0o077
    ]
    if os.name == "posix" and loose:
        yield Checkup(
            "hati",
            "rahasia",
            say("periksa.rahasia_terbuka", nama=", ".join(loose), folder=folder),
        )
    else:
        yield Checkup("baik", "rahasia", say("periksa.rahasia_ada"))


def _database(engine: Engine) -> Iterator[Checkup]:
    if not is_current(engine):
        told = newer(engine) or say("periksa.basis_data_lama")
        yield Checkup("buruk", "basis data", told)
        return
    broken = damage.look(engine)
    if broken:
        yield Checkup("buruk", "basis data", f"{word('henti.rusak')} ({'; '.join(broken)})")
        return
    with reading(engine) as session:
        count = session.scalar(select(func.count(Complaint.id)))
    yield Checkup(
        "baik", "basis data", say("periksa.basis_data", jenis=engine.dialect.name, jumlah=count)
    )


def _storage(engine: Engine) -> Iterator[Checkup]:
    """Where the bytes of mails and letters lie, and whether they can be kept there."""
    with reading(engine) as session:
        named, left = storage.target_of(session), storage.elsewhere(session)
    storage.reach(engine)
    if left:
        yield Checkup("hati", "simpanan", word("simpanan.campur", banyak=left, tempat=named))
    else:
        yield Checkup("baik", "simpanan", named)


def _people(settings: Settings, engine: Engine) -> Iterator[Checkup]:
    """Codes that somebody else bears now, while what their predecessor had would still live."""
    with reading(engine) as session:
        left = [(person, _left_behind(session, person)) for person in settings.petugas]
        open_rows = session.scalars(select(Delegation).where(Delegation.ended_at.is_(None)))
        ended = [row for row in open_rows if not in_force.still_theirs(settings, row)]
    for person, (old_links, old_browsers) in left:
        mine = sum(person.kode in (row.holder, row.acting) for row in ended)
        if old_links or old_browsers or mine:
            had = {"tautan": old_links, "peramban": old_browsers, "penggantian": mine}
            who = {"kode": person.kode, "nama": person.nama, "email": person.email}
            yield Checkup("hati", "petugas", word("suksesi.berganti", **who, **had))
    yield from _gone(settings, engine)
    yield Checkup("baik", "petugas", say("periksa.petugas", jumlah=len(settings.petugas)))


def _gone(settings: Settings, engine: Engine) -> Iterator[Checkup]:
    """Codes that nobody bears any more, while something still goes by them."""
    borne, now = {person.kode for person in settings.petugas}, datetime.now(UTC)
    living = select(Link.holder).where(Link.expires_at > now).distinct()
    known = select(Browser.person).where(Browser.expires_at > now).distinct()
    about = select(Complaint.terlapor).where(Complaint.terlapor != "").distinct()
    with reading(engine) as session:
        gone = {*session.scalars(living), *session.scalars(known)} - borne
        named = {code for some in session.scalars(about) for code in some.split(",")} - borne
    if gone:
        yield Checkup("hati", "petugas", word("suksesi.kode_hilang", kode=", ".join(sorted(gone))))
    for code in sorted(named):
        yield Checkup("hati", "petugas", word("suksesi.terlapor_hilang", kode=code))


def _left_behind(session: Session, person: Petugas) -> tuple[int, int]:
    """(links, browsers) that would live still, of whoever bore this code before."""
    now, others = datetime.now(UTC), ("", person.mark)
    links = select(func.count(Link.id)).where(
        Link.holder == person.kode, Link.mark.not_in(others), Link.expires_at > now
    )
    browsers = select(func.count(Browser.id)).where(
        Browser.person == person.kode, Browser.mark.not_in(others), Browser.expires_at > now
    )
    return session.scalar(links) or 0, session.scalar(browsers) or 0


def _old_keys(settings: Settings) -> Iterator[Checkup]:
    for told in settings.old_keys:
        yield Checkup("hati", "pengaturan", told)


def _imap(settings: Settings) -> Iterator[Checkup]:
    with mailbox.Mailbox(settings, timeout=15) as box:
        yield Checkup(
            "baik",
            "IMAP",
            say("periksa.imap", user=settings.imap.user, jumlah=len(box.waiting())),
        )


def _smtp(settings: Settings) -> Iterator[Checkup]:
    smtp.connect(settings, timeout=15).quit()
    yield Checkup(
        "baik", "SMTP", say("periksa.smtp", host=settings.smtp.host, port=settings.smtp.port)
    )


def _templates(settings: Settings) -> Iterator[Checkup]:
    letter_template(settings)
    template = settings.letter_template
    yield Checkup("baik", "templat surat", str(template.name))
    if emblem.is_sample(template):
        yield Checkup("hati", "templat surat", _put_in_emblem(settings, template))
    own = settings.path("kalimat.toml")
    if own.is_file():
        some = sum(map(len, read_standard(text_of(own)).values()))
        yield Checkup("baik", "kalimat baku", say("periksa.kalimat", jumlah=some))
    env = environment(settings)
    names = [
        str(p.relative_to(TEMPLATES))
        for kind in ("*.jinja", "*.html", "*.txt")
        for p in TEMPLATES.rglob(kind)
    ]
    for name in names:
        env.get_template(name)
    part = say("periksa.bagian.templat")
    yield Checkup("baik", part, say("periksa.templat", jumlah=len(names)))


def _put_in_emblem(settings: Settings, template: Path) -> str:
    """What to do where no lambang was put in; an office without a template of its own makes one first."""
    if template == settings.path(settings.surat.templat):
        return word("kop.lambang_berkas")
    return word("kop.lambang_contoh", berkas=template)


def _programs() -> Iterator[Checkup]:
    if libreoffice.soffice():
        yield Checkup("baik", "LibreOffice", say("periksa.libreoffice"))
    else:
        yield Checkup(
            "hati",
            "LibreOffice",
            say("periksa.tanpa_libreoffice"),
        )
    part = say("periksa.bagian.tanpa_tanda_tangan")
    if unsigned.lays_papers():
        yield Checkup("baik", part, say("periksa.tanpa_tanda_tangan"))
    else:
        yield Checkup("hati", part, say("periksa.hanya_lurus"))


def _scan(settings: Settings) -> Iterator[Checkup]:
    if not settings.scan.folder:
        yield Checkup("baik", "pindaian", say("periksa.tidak_dipakai"))
        return
    folder = settings.path(settings.scan.folder)
    if folder.is_dir() and os.access(folder, os.R_OK | os.W_OK):
        yield Checkup("baik", "pindaian", str(folder))
    else:
        yield Checkup("buruk", "pindaian", say("periksa.folder_pindaian", folder=folder))


def _alarm(settings: Settings) -> Iterator[Checkup]:
    officer = settings.petugas_ti
    program = officer.perintah_alarm[0] if officer.perintah_alarm else ""
    if program and shutil.which(program) is None:
        yield Checkup(
            "buruk",
            "alarm",
            say("periksa.perintah_alarm", perintah=program),
        )
        return
    file = settings.path(officer.berkas_detak) if officer.berkas_detak else None
    if file is not None and not os.access(file.parent, os.W_OK):
        yield Checkup("buruk", "alarm", say("periksa.folder_detak", folder=file.parent))
        return
    yield _second_address(settings)
    if program or officer.email_cadangan:
        yield Checkup("baik", "alarm", say("periksa.alarm", menit=officer.alarm_menit))


def _second_address(settings: Settings) -> Checkup:
    """Where the alarm goes by mail: an address that the office's own server does not hold."""
    second = settings.petugas_ti.email_cadangan
    if not second:
        return Checkup(
            "hati",
            "alarm",
            say("periksa.email_cadangan_kosong"),
        )
    domain = second.rpartition("@")[2]
    own = {
        address.rpartition("@")[2] for address in (settings.petugas_ti.email, settings.smtp.sender)
    }
    if domain in own:
        return Checkup("hati", "alarm", say("periksa.email_cadangan_sama", domain=domain))
    return Checkup("baik", "alarm", say("periksa.email_cadangan", alamat=second))


def _late(settings: Settings, engine: Engine) -> Iterator[Checkup]:
    """Lanes that are silent, and what else the alarm would speak of."""
    now = datetime.now(UTC)
    with reading(engine) as session:
        late = watching.lanes(Work(session, settings, now), None)
    for one in late:
        since = one.at.astimezone(settings.zone).isoformat(timespec="minutes") if one.at else ""
        words = watching.sentence([one])
        yield Checkup("buruk", "jalur", say("periksa.jalur_diam", jalur=words, sejak=since))
    for one in watching.look(engine, settings, now):
        yield Checkup("buruk", "keadaan", watching.sentence([one]))


def _lanes(engine: Engine) -> Iterator[Checkup]:
    with reading(engine) as session:
        for lane in session.scalars(select(Lane).order_by(Lane.name)):
            if lane.failures:
                since = (
                    lane.ok_at.isoformat(timespec="minutes")
                    if lane.ok_at
                    else say("periksa.belum_pernah")
                )
                yield Checkup(
                    "buruk",
                    f"jalur {lane.name}",
                    say("periksa.jalur_gagal", kali=lane.failures, sejak=since, sebab=lane.error),
                )
        held = len(cases.held_items(session))
        if held:
            yield Checkup("hati", "ditahan", say("periksa.ditahan", jumlah=held))
        unread, unmoved = (
            troubles.count(session, troubles.FETCH),
            troubles.count(session, troubles.MOVE),
        )
        if unread:
            yield Checkup(
                "hati",
                "kotak email",
                say("periksa.tak_diserahkan", jumlah=unread),
            )
        if unmoved:
            yield Checkup(
                "hati",
                "kotak email",
                say("periksa.tak_dipindah", jumlah=unmoved),
            )
        for job in session.scalars(
            select(Job).where(Job.state != JobState.DONE, Job.error != "").order_by(Job.id)
        ):
            yield Checkup(
                "hati",
                "pekerjaan",
                say(
                    "periksa.pekerjaan",
                    jenis=job.kind,
                    nomor=job.subject_id,
                    kali=job.attempts,
                    sebab=job.error,
                ),
            )
        dead = session.scalar(select(func.count(Outbox.id)).where(outbox.going(MailState.DEAD)))
        if dead:
            yield Checkup("hati", "email keluar", say("periksa.ditolak", jumlah=dead))
        kept = session.scalar(select(func.count(Outbox.id)).where(outbox.going(MailState.HELD)))
        if kept:
            yield Checkup(
                "hati",
                "email keluar",
                say("periksa.ditahan_pulih", jumlah=kept),
            )
        late = datetime.now(UTC) - timedelta(hours=1)
        waiting = session.scalar(
            select(func.count(Outbox.id)).where(outbox.going(MailState.DUE), Outbox.date < late)
        )
        if waiting:
            yield Checkup("hati", "email keluar", say("periksa.menunggu", jumlah=waiting))


AUTHENTICATION = ("spf", "dkim", "dmarc")  # what to do about each: [periksa.saran] of pesan.toml


def received(settings: Settings, raw: bytes) -> Iterator[Checkup]:
    """What the server outside found about one of our mails as it arrived there (RFC 8601): SPF, DKIM, DMARC."""
    mail = message.read(raw)
    sender = mail.sender.email.lower() if mail.sender else ""
    if sender != settings.smtp.sender.lower():
        yield Checkup(
            "buruk",
            "contoh",
            _other_sender(sender, settings.smtp.sender),
        )
        return
    values = mail.all(authentication.HEADER)
    if not values:
        yield Checkup(
            "buruk",
            "contoh",
            say("periksa.tanpa_hasil"),
        )
        return
    results = authentication.parse(values[0])
    domain = sender.rpartition("@")[2]
    server = results.server or say("periksa.server_penerima")
    yield Checkup("baik", "contoh", say("periksa.diperiksa", server=server))
    for method in AUTHENTICATION:
        yield _authentication(method, results, domain, say(f"periksa.saran.{method}"))


def _other_sender(sender: str, office: str) -> str:
    found = sender or say("periksa.tak_terbaca")
    return say("periksa.pengirim_lain", pengirim=found, kantor=office)


def _authentication(
    method: str, results: authentication.Results, domain: str, advice: str
) -> Checkup:
    name, found = method.upper(), results.of(method)
    passed = [one for one in found if one.result == "pass"]
    if not passed:
        told = found[0].result if found else say("periksa.tidak_disebut")
        level = "buruk" if told.endswith("fail") else "hati"
        return Checkup(level, name, say("periksa.hasil", hasil=told, saran=advice))
    named = [where.rpartition("@")[2].lower() for where in _vouched_for(method, passed)]
    if named and not any(_is_related(one, domain) for one in named):
        other = say("periksa.lulus_lain", domain=named[0], sendiri=domain, saran=advice)
        return Checkup("hati", name, other)
    return Checkup("baik", name, say("periksa.lulus", domain=named[0] if named else domain))


ABOUT = {"spf": ("smtp.mailfrom", "smtp.helo"), "dkim": ("header.d", "header.i")}  # RFC 8601


def _vouched_for(method: str, passed: Iterable[authentication.Result]) -> Iterator[str]:
    """What the results are about, address or domain."""
    keys = ABOUT.get(method, ("header.from",))
    for one in passed:
        yield from filter(None, map(one.about, keys))


def _is_related(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _replies(settings: Settings) -> Iterator[Checkup]:
    """Which of the two this office has: replies that act, or replies that are confirmed on a page."""
    servers = ", ".join(settings.balasan.server_tepercaya)
    if servers:
        yield Checkup(
            "baik",
            "balasan",
            say("periksa.balasan", server=servers),
        )
    else:
        yield Checkup(
            "baik",
            "balasan",
            say("periksa.balasan_konfirmasi"),
        )
    if settings.scan.pengirim and not servers:
        yield Checkup(
            "hati",
            "pindaian",
            say("periksa.pemindai"),
        )


def _law(settings: Settings) -> Iterator[Checkup]:
    """The limits of the law with their sources: settings, to be held against what the office's regulations say."""
    names = settings.names_of("klasifikasi")
    for one in settings.batas_hukum:
        span = say("periksa.batas", waktu=one.waktu, mulai=one.mulai, sampai=one.sampai)
        if one.klasifikasi:
            span = say("periksa.batas_hanya", batas=span, klasifikasi=names[one.klasifikasi])
        said = say("periksa.batas_hukum", nama=one.nama, batas=span, sumber=one.sumber)
        yield Checkup("baik", "batas hukum", said)
    for kind in (one for one in settings.klasifikasi if one.email):
        yield Checkup(
            "baik",
            "klasifikasi",
            say("periksa.klasifikasi", nama=kind.nama, tujuan=kind.tujuan, email=kind.email),
        )


Step = tuple[
    str, Callable[[], Iterator[Checkup]], str
]  # (part, how it is tried, what to do where it fails)


def look(settings: Settings, engine: Engine) -> Iterator[Checkup]:
    """Every part in turn; a fault in one does not stop the next."""
    steps: list[Step] = [
        ("pengaturan", lambda: _old_keys(settings), ""),
        ("rahasia", lambda: _secrets(settings), say("periksa.saran.kunci")),
        ("basis data", lambda: _database(engine), say("periksa.saran.basis_data")),
        ("simpanan", lambda: _storage(engine), ""),
        ("petugas", lambda: _people(settings, engine), say("periksa.saran.init")),
        (
            "templat",
            lambda: _templates(settings),
            say("periksa.saran.templat"),
        ),
        ("program", _programs, ""),
        ("pindaian", lambda: _scan(settings), ""),
        ("alarm", lambda: _alarm(settings), ""),
        ("balasan", lambda: _replies(settings), ""),
        ("batas hukum", lambda: _law(settings), ""),
        ("jalur", lambda: _lanes(engine), say("periksa.saran.init")),
        ("jalur", lambda: _late(settings, engine), say("periksa.saran.init")),
    ]
    can_be_read = _can_be_read(engine)
    yield from _tried(step for step in steps if can_be_read or step[0] not in OUT_OF_DATABASE)
    yield from log_ins(settings)


# What says nothing of its own where there is no database of this program: "basis data" has said so, and a driver's
# words about a missing table would help nobody.
OUT_OF_DATABASE = ("simpanan", "petugas", "jalur")


def _can_be_read(engine: Engine) -> bool:
    try:
        return is_current(engine)
    except SQLAlchemyError as error:
        return is_damage(error)  # each part tells what of it can still be read


def log_ins(settings: Settings) -> Iterator[Checkup]:
    """Whether the mailbox opens, and the mail server takes the office's mail."""
    yield from _tried(
        [
            (
                "IMAP",
                lambda: _imap(settings),
                say("periksa.saran.imap"),
            ),
            (
                "SMTP",
                lambda: _smtp(settings),
                say("periksa.saran.smtp"),
            ),
        ]
    )


def _tried(steps: Iterable[Step]) -> Iterator[Checkup]:
    for part, step, advice in steps:
        try:
            yield from step()
        except (
            ConfigError,
            PlaceError,
            SQLAlchemyError,
            JinjaError,
            TemplateError,
            mailbox.MailboxDown,
            smtp.MailServerDown,
            OSError,
            ValueError,
        ) as error:
            yield Checkup(
                "buruk",
                part,
                _said(error) + (f" ({advice})" if advice and not is_damage(error) else ""),
            )


def _said(error: Exception) -> str:
    if is_damage(error):
        return word("henti.rusak")
    said = first_line(error) if isinstance(error, SQLAlchemyError) else str(error)
    return in_words(said)
