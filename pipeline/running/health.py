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
from pipeline.office.messages import TEMPLATES
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
    needed = [(box.user, box.secret) for box in settings.mailboxes] + [
        (settings.smtp.user, "smtp_password")
    ]
    for name in ("key", *(name for user, name in needed if user and not settings.oauth_of(user))):
        settings.secret(name)
    settings.keys  # noqa: B018 - raises ValueError when it is not hexadecimal
    folder = settings.folder / "rahasia"
    loose = [
        p.name for p in folder.glob("*") if p.is_file() and stat.S_IMODE(p.stat().st_mode) & 0o077
    ]
    if os.name == "posix" and loose:
        yield Checkup(
            "hati",
            "rahasia",
            f"{', '.join(loose)} dapat dibaca orang lain; jalankan chmod 600 {folder}/*",
        )
    else:
        yield Checkup("baik", "rahasia", "kunci dan kata sandi ada")


def _database(engine: Engine) -> Iterator[Checkup]:
    if not is_current(engine):
        yield Checkup(
            "buruk", "basis data", "belum dibuat atau versinya lama; jalankan 'aduan init'"
        )
        return
    broken = damage.look(engine)
    if broken:
        yield Checkup("buruk", "basis data", f"{word('henti.rusak')} ({'; '.join(broken)})")
        return
    with reading(engine) as session:
        count = session.scalar(select(func.count(Complaint.id)))
    yield Checkup("baik", "basis data", f"{engine.dialect.name}, {count} pengaduan")


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
    yield Checkup("baik", "petugas", f"{len(settings.petugas)} orang")


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
            f"masuk sebagai {settings.imap.user}, {len(box.waiting())} email menunggu",
        )


def _smtp(settings: Settings) -> Iterator[Checkup]:
    smtp.connect(settings, timeout=15).quit()
    yield Checkup("baik", "SMTP", f"{settings.smtp.host}:{settings.smtp.port} menerima sambungan")


def _templates(settings: Settings) -> Iterator[Checkup]:
    letter_template(settings)
    template = settings.letter_template
    yield Checkup("baik", "templat surat", str(template.name))
    if emblem.is_sample(template):
        yield Checkup("hati", "templat surat", _put_in_emblem(settings, template))
    own = settings.path("kalimat.toml")
    if own.is_file():
        some = sum(map(len, read_standard(text_of(own)).values()))
        yield Checkup("baik", "kalimat baku", f"{some} kalimat")
    env = environment(settings)
    names = [
        str(p.relative_to(TEMPLATES))
        for kind in ("*.jinja", "*.html", "*.txt")
        for p in TEMPLATES.rglob(kind)
    ]
    for name in names:
        env.get_template(name)
    yield Checkup("baik", "templat email dan halaman", f"{len(names)} berkas")


def _put_in_emblem(settings: Settings, template: Path) -> str:
    """What to do where no lambang was put in; an office without a template of its own makes one first."""
    if template == settings.path(settings.surat.templat):
        return word("kop.lambang_berkas")
    return word("kop.lambang_contoh", berkas=template)


def _programs() -> Iterator[Checkup]:
    if libreoffice.soffice():
        yield Checkup("baik", "LibreOffice", "ada; PDF surat dibuat otomatis")
    else:
        yield Checkup(
            "hati",
            "LibreOffice",
            "tidak ada; surat tetap jalan sebagai Word, tanpa PDF (libreoffice-writer)",
        )
    if unsigned.lays_papers():
        yield Checkup(
            "baik", "surat tanpa tanda tangan", "dikenali, juga yang dipindai miring atau difoto"
        )
    else:
        yield Checkup(
            "hati",
            "surat tanpa tanda tangan",
            "hanya dikenali bila dipindai lurus; pasang 'aduan[ocr]' agar dikenali juga bila miring atau difoto",
        )


def _scan(settings: Settings) -> Iterator[Checkup]:
    if not settings.scan.folder:
        yield Checkup("baik", "pindaian", "tidak dipakai")
        return
    folder = settings.path(settings.scan.folder)
    if folder.is_dir() and os.access(folder, os.R_OK | os.W_OK):
        yield Checkup("baik", "pindaian", str(folder))
    else:
        yield Checkup(
            "buruk", "pindaian", f"{folder} tidak ada atau tidak dapat ditulis; buat folder itu"
        )


def _alarm(settings: Settings) -> Iterator[Checkup]:
    officer = settings.petugas_ti
    program = officer.perintah_alarm[0] if officer.perintah_alarm else ""
    if program and shutil.which(program) is None:
        yield Checkup(
            "buruk",
            "alarm",
            f"perintah '{program}' tidak ditemukan; periksa [petugas_ti] perintah_alarm",
        )
        return
    file = settings.path(officer.berkas_detak) if officer.berkas_detak else None
    if file is not None and not os.access(file.parent, os.W_OK):
        yield Checkup("buruk", "alarm", f"{file.parent} tidak ada atau tidak dapat ditulis")
        return
    yield _second_address(settings)
    if program or officer.email_cadangan:
        yield Checkup(
            "baik", "alarm", f"bila sebuah jalur diam lebih dari {officer.alarm_menit} menit"
        )


def _second_address(settings: Settings) -> Checkup:
    """Where the alarm goes by mail: an address that the office's own server does not hold."""
    second = settings.petugas_ti.email_cadangan
    if not second:
        return Checkup(
            "hati",
            "alarm",
            "isi [petugas_ti] email_cadangan dengan alamat di luar kantor (lihat panduan)",
        )
    domain = second.rpartition("@")[2]
    own = {
        address.rpartition("@")[2] for address in (settings.petugas_ti.email, settings.smtp.sender)
    }
    if domain in own:
        return Checkup(
            "hati", "alarm", f"email_cadangan juga di {domain}; alamat di luar kantor lebih aman"
        )
    return Checkup("baik", "alarm", f"email cadangan {second}")


def _late(settings: Settings, engine: Engine) -> Iterator[Checkup]:
    """Lanes that are silent, and what else the alarm would speak of."""
    now = datetime.now(UTC)
    with reading(engine) as session:
        late = watching.lanes(Work(session, settings, now), None)
    for one in late:
        since = one.at.astimezone(settings.zone).isoformat(timespec="minutes") if one.at else ""
        words = watching.sentence([one])
        yield Checkup(
            "buruk", "jalur", f"{words} sejak {since}; periksa apakah 'aduan serve' berjalan"
        )
    for one in watching.look(engine, settings, now):
        yield Checkup("buruk", "keadaan", watching.sentence([one]))


def _lanes(engine: Engine) -> Iterator[Checkup]:
    with reading(engine) as session:
        for lane in session.scalars(select(Lane).order_by(Lane.name)):
            if lane.failures:
                since = lane.ok_at.isoformat(timespec="minutes") if lane.ok_at else "belum pernah"
                yield Checkup(
                    "buruk",
                    f"jalur {lane.name}",
                    f"gagal {lane.failures} kali, baik terakhir {since}: {lane.error}",
                )
        held = len(cases.held_items(session))
        if held:
            yield Checkup("hati", "ditahan", f"{held} kiriman; lihat 'aduan held'")
        unread, unmoved = (
            troubles.count(session, troubles.FETCH),
            troubles.count(session, troubles.MOVE),
        )
        if unread:
            yield Checkup(
                "hati",
                "kotak email",
                f"{unread} email tidak diserahkan server; dicoba lagi berkala",
            )
        if unmoved:
            yield Checkup(
                "hati",
                "kotak email",
                f"pemindahan ke {unmoved} folder ditolak server; periksa kuota dan hak",
            )
        for job in session.scalars(
            select(Job).where(Job.state != JobState.DONE, Job.error != "").order_by(Job.id)
        ):
            yield Checkup(
                "hati",
                "pekerjaan",
                f"{job.kind} {job.subject_id} gagal {job.attempts} kali: {job.error}",
            )
        dead = session.scalar(select(func.count(Outbox.id)).where(outbox.going(MailState.DEAD)))
        if dead:
            yield Checkup(
                "hati", "email keluar", f"{dead} email ditolak server penerima untuk seterusnya"
            )
        kept = session.scalar(select(func.count(Outbox.id)).where(outbox.going(MailState.HELD)))
        if kept:
            yield Checkup(
                "hati",
                "email keluar",
                f"{kept} email ditahan sejak pemulihan; jalankan 'aduan antrean'",
            )
        late = datetime.now(UTC) - timedelta(hours=1)
        waiting = session.scalar(
            select(func.count(Outbox.id)).where(outbox.going(MailState.DUE), Outbox.date < late)
        )
        if waiting:
            yield Checkup("hati", "email keluar", f"{waiting} email menunggu lebih dari satu jam")


AUTHENTICATION = {
    "spf": "tambahkan server SMTP ini ke catatan SPF (TXT) domain pengirim",
    "dkim": "hidupkan tanda tangan DKIM untuk domain pengirim di server SMTP, dan pasang kuncinya di DNS",
    "dmarc": "pasang catatan DMARC (TXT _dmarc), dan pastikan SPF atau DKIM memakai domain yang sama dengan pengirim",
}


def received(settings: Settings, raw: bytes) -> Iterator[Checkup]:
    """What the server outside found about one of our mails as it arrived there (RFC 8601): SPF, DKIM, DMARC."""
    mail = message.read(raw)
    sender = mail.sender.email.lower() if mail.sender else ""
    if sender != settings.smtp.sender.lower():
        yield Checkup(
            "buruk",
            "contoh",
            f"pengirimnya {sender or 'tidak terbaca'}, bukan {settings.smtp.sender}",
        )
        return
    values = mail.all(authentication.HEADER)
    if not values:
        yield Checkup(
            "buruk",
            "contoh",
            "tanpa Authentication-Results; simpan email yang diterima di luar kantor",
        )
        return
    results = authentication.parse(values[0])
    domain = sender.rpartition("@")[2]
    yield Checkup("baik", "contoh", f"diperiksa oleh {results.server or 'server penerima'}")
    for method, advice in AUTHENTICATION.items():
        yield _authentication(method, results, domain, advice)


def _authentication(
    method: str, results: authentication.Results, domain: str, advice: str
) -> Checkup:
    name, found = method.upper(), results.of(method)
    passed = [one for one in found if one.result == "pass"]
    if not passed:
        told = found[0].result if found else "tidak disebut"
        return Checkup("buruk" if told.endswith("fail") else "hati", name, f"{told}; {advice}")
    about = {"spf": ("smtp.mailfrom", "smtp.helo"), "dkim": ("header.d", "header.i")}.get(
        method, ("header.from",)
    )
    named = [
        one.about(key).rpartition("@")[2].lower()
        for one in passed
        for key in about
        if one.about(key)
    ]
    if named and not any(
        domain == one or domain.endswith(f".{one}") or one.endswith(f".{domain}") for one in named
    ):
        return Checkup("hati", name, f"lulus untuk {named[0]}, bukan untuk {domain}; {advice}")
    return Checkup("baik", name, f"lulus untuk {named[0] if named else domain}")


def _replies(settings: Settings) -> Iterator[Checkup]:
    """Which of the two this office has: replies that act, or replies that are confirmed on a page."""
    servers = ", ".join(settings.balasan.server_tepercaya)
    if servers:
        yield Checkup(
            "baik",
            "balasan",
            f"langkah di dalam kantor langsung berlaku bila {servers} menjamin pengirimnya, dengan"
            " Authentication-Results di atas Received-nya sendiri; pastikan server menunda email selama penyaringnya"
            " mati (lihat panduan, Bertindak lewat balasan)",
        )
    else:
        yield Checkup(
            "baik",
            "balasan",
            "semua dijawab dengan tautan konfirmasi; agar LAPOR, JAWAB, dan KEMBALIKAN langsung"
            " berlaku, isi [balasan] server_tepercaya (lihat panduan, Bertindak lewat balasan)",
        )
    if settings.scan.pengirim and not servers:
        yield Checkup(
            "hati",
            "pindaian",
            "email dari pemindai selalu ditahan sampai JFU menerimanya: [balasan] server_tepercaya"
            " kosong, jadi tidak ada yang menjamin pengirimnya",
        )


def _law(settings: Settings) -> Iterator[Checkup]:
    """The limits of the law with their sources: settings, to be held against what the office's regulations say."""
    names = settings.names_of("klasifikasi")
    for one in settings.batas_hukum:
        only = f", hanya {names[one.klasifikasi]}" if one.klasifikasi else ""
        said = f"{one.nama}: {one.waktu}, dari {one.mulai} sampai {one.sampai}{only} ({one.sumber})"
        yield Checkup("baik", "batas hukum", said)
    for kind in (one for one in settings.klasifikasi if one.email):
        yield Checkup(
            "baik", "klasifikasi", f"{kind.nama} diteruskan kepada {kind.tujuan} ({kind.email})"
        )


Step = tuple[
    str, Callable[[], Iterator[Checkup]], str
]  # (part, how it is tried, what to do where it fails)


def look(settings: Settings, engine: Engine) -> Iterator[Checkup]:
    """Every part in turn; a fault in one does not stop the next."""
    steps: list[Step] = [
        ("pengaturan", lambda: _old_keys(settings), ""),
        ("rahasia", lambda: _secrets(settings), "jalankan 'aduan init' untuk membuat kunci"),
        ("basis data", lambda: _database(engine), "periksa [database] url dan hak tulis foldernya"),
        ("simpanan", lambda: _storage(engine), ""),
        ("petugas", lambda: _people(settings, engine), "jalankan 'aduan init'"),
        (
            "templat",
            lambda: _templates(settings),
            "perbaiki berkas itu, atau kembalikan yang bawaan",
        ),
        ("program", _programs, ""),
        ("pindaian", lambda: _scan(settings), ""),
        ("alarm", lambda: _alarm(settings), ""),
        ("balasan", lambda: _replies(settings), ""),
        ("batas hukum", lambda: _law(settings), ""),
        ("jalur", lambda: _lanes(engine), "jalankan 'aduan init'"),
        ("jalur", lambda: _late(settings, engine), "jalankan 'aduan init'"),
    ]
    yield from _tried(steps)
    yield from log_ins(settings)


def log_ins(settings: Settings) -> Iterator[Checkup]:
    """Whether the mailbox opens, and the mail server takes the office's mail."""
    yield from _tried(
        [
            (
                "IMAP",
                lambda: _imap(settings),
                "periksa [imap] host, port, user, dan rahasia/imap_password atau [[oauth]]",
            ),
            (
                "SMTP",
                lambda: _smtp(settings),
                "periksa [smtp] host, port, user, dan rahasia/smtp_password atau [[oauth]]",
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
