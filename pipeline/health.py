"""What `aduan check` looks at: each part of the installation, and what to do about it when it is not right.

Hides how each is tried. Nothing is changed and no mail is sent.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from jinja2 import TemplateError as JinjaError
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from pipeline import cases, db, files
from pipeline.config import TEMPLATES, ConfigError, Settings
from pipeline.db import Complaint, Job, Lane, Outbox
from pipeline.letters.fields import TemplateError
from pipeline.letters.returned import inspect
from pipeline.letters.series import COVERING
from pipeline.mail import authentication, mailbox, message, outbox
from pipeline.sop import Channel, Decision
from pipeline.words import environment

SAMPLE_CODE, SAMPLE_KEY = "0000-0000-0000-0000", b"contoh"


@dataclass(frozen=True)
class Finding:
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
                inspect(cases.compose_letter(settings, sample, kind, 1, SAMPLE_CODE, room, template, SAMPLE_KEY))


def _sample(decision: Decision, name: str) -> Complaint:
    return Complaint(
        number="PGD-2026-000000",
        channel=Channel.EMAIL,
        received_at=datetime(2026, 11, 10, 1, 12, tzinfo=UTC),
        decision=decision,
        perihal="contoh perihal",
        perintah="Sampaikan bahwa ini contoh.",
        instansi="Instansi Contoh",
        nama=name,
        rahasia=False,
        ringkasan="Contoh ringkasan.",
        letter_number="",
    )


def _secrets(settings: Settings) -> Iterator[Finding]:
    needed = [(box.user, box.secret) for box in settings.mailboxes] + [(settings.smtp.user, "smtp_password")]
    for name in ("key", *(name for user, name in needed if user and not settings.oauth_of(user))):
        settings.secret(name)
    settings.key  # noqa: B018 - raises ValueError when it is not hexadecimal
    folder = settings.folder / "rahasia"
    loose = [p.name for p in folder.glob("*") if p.is_file() and stat.S_IMODE(p.stat().st_mode) & 0o077]
    if os.name == "posix" and loose:
        yield Finding("hati", "rahasia", f"{', '.join(loose)} dapat dibaca orang lain; jalankan chmod 600 {folder}/*")
    else:
        yield Finding("baik", "rahasia", "kunci dan kata sandi ada")


def _database(engine: Engine) -> Iterator[Finding]:
    if not db.is_current(engine):
        yield Finding("buruk", "basis data", "belum dibuat atau versinya lama; jalankan 'aduan init'")
        return
    with db.reading(engine) as session:
        count = session.scalar(select(func.count(Complaint.id)))
    yield Finding("baik", "basis data", f"{engine.dialect.name}, {count} pengaduan")


def _imap(settings: Settings) -> Iterator[Finding]:
    with mailbox.Mailbox(settings, timeout=15) as box:
        yield Finding("baik", "IMAP", f"masuk sebagai {settings.imap.user}, {len(box.waiting())} surat menunggu")


def _smtp(settings: Settings) -> Iterator[Finding]:
    outbox.connect(settings, timeout=15).quit()
    yield Finding("baik", "SMTP", f"{settings.smtp.host}:{settings.smtp.port} menerima sambungan")


def _templates(settings: Settings) -> Iterator[Finding]:
    letter_template(settings)
    yield Finding("baik", "templat surat", str(settings.letter_template.name))
    env = environment(settings)
    names = [str(p.relative_to(TEMPLATES)) for kind in ("*.jinja", "*.html", "*.txt") for p in TEMPLATES.rglob(kind)]
    for name in names:
        env.get_template(name)
    yield Finding("baik", "templat email dan halaman", f"{len(names)} berkas")


def _programs() -> Iterator[Finding]:
    if files.soffice():
        yield Finding("baik", "LibreOffice", "ada; PDF surat dibuat otomatis")
    else:
        yield Finding(
            "hati", "LibreOffice", "tidak ada; surat tetap jalan sebagai Word, tanpa PDF (libreoffice-writer)"
        )


def _scan(settings: Settings) -> Iterator[Finding]:
    if not settings.scan.folder:
        yield Finding("baik", "pindaian", "tidak dipakai")
        return
    folder = settings.path(settings.scan.folder)
    if folder.is_dir() and os.access(folder, os.R_OK | os.W_OK):
        yield Finding("baik", "pindaian", str(folder))
    else:
        yield Finding("buruk", "pindaian", f"{folder} tidak ada atau tidak dapat ditulis; buat folder itu")


def _alarm(settings: Settings) -> Iterator[Finding]:
    officer = settings.petugas_ti
    if not officer.perintah_alarm and not officer.berkas_detak:
        yield Finding("hati", "alarm", "belum ada; isi [petugas_ti] perintah_alarm atau berkas_detak (lihat panduan)")
        return
    program = officer.perintah_alarm[0] if officer.perintah_alarm else ""
    if program and shutil.which(program) is None:
        yield Finding("buruk", "alarm", f"perintah '{program}' tidak ditemukan; periksa [petugas_ti] perintah_alarm")
        return
    file = settings.path(officer.berkas_detak) if officer.berkas_detak else None
    if file is not None and not os.access(file.parent, os.W_OK):
        yield Finding("buruk", "alarm", f"{file.parent} tidak ada atau tidak dapat ditulis")
        return
    yield Finding("baik", "alarm", f"setelah {officer.alarm_menit} menit tanpa surat terambil atau terkirim")


def _lanes(engine: Engine) -> Iterator[Finding]:
    with db.reading(engine) as session:
        for lane in session.scalars(select(Lane).order_by(Lane.name)):
            if lane.failures:
                since = lane.ok_at.isoformat(timespec="minutes") if lane.ok_at else "belum pernah"
                yield Finding(
                    "buruk", f"jalur {lane.name}", f"gagal {lane.failures} kali, baik terakhir {since}: {lane.error}"
                )
        held = len(cases.held_items(session))
        if held:
            yield Finding("hati", "ditahan", f"{held} kiriman; lihat 'aduan held'")
        for job in session.scalars(select(Job).where(Job.state != "done", Job.error != "").order_by(Job.id)):
            yield Finding("hati", "pekerjaan", f"{job.kind} {job.subject_id} gagal {job.attempts} kali: {job.error}")
        dead = session.scalar(select(func.count(Outbox.id)).where(Outbox.state == "dead"))
        if dead:
            yield Finding("hati", "surat keluar", f"{dead} surat ditolak server penerima untuk seterusnya")
        late = datetime.now(UTC) - timedelta(hours=1)
        waiting = session.scalar(select(func.count(Outbox.id)).where(Outbox.state == "due", Outbox.date < late))
        if waiting:
            yield Finding("hati", "surat keluar", f"{waiting} surat menunggu lebih dari satu jam")


AUTHENTICATION = {
    "spf": "tambahkan server SMTP ini ke catatan SPF (TXT) domain pengirim",
    "dkim": "hidupkan tanda tangan DKIM untuk domain pengirim di server SMTP, dan pasang kuncinya di DNS",
    "dmarc": "pasang catatan DMARC (TXT _dmarc), dan pastikan SPF atau DKIM memakai domain yang sama dengan pengirim",
}


def received(settings: Settings, raw: bytes) -> Iterator[Finding]:
    """What the server outside found about one of our mails as it arrived there (RFC 8601): SPF, DKIM, DMARC."""
    mail = message.read(raw)
    sender = mail.sender.email.lower() if mail.sender else ""
    if sender != settings.smtp.sender.lower():
        yield Finding("buruk", "contoh", f"pengirimnya {sender or 'tidak terbaca'}, bukan {settings.smtp.sender}")
        return
    values = mail.all(authentication.HEADER)
    if not values:
        yield Finding("buruk", "contoh", "tanpa Authentication-Results; simpan surat yang diterima di luar kantor")
        return
    results = authentication.parse(values[0])
    domain = sender.rpartition("@")[2]
    yield Finding("baik", "contoh", f"diperiksa oleh {results.server or 'server penerima'}")
    for method, advice in AUTHENTICATION.items():
        yield _authentication(method, results, domain, advice)


def _authentication(method: str, results: authentication.Results, domain: str, advice: str) -> Finding:
    name, found = method.upper(), results.of(method)
    passed = [one for one in found if one.result == "pass"]
    if not passed:
        told = found[0].result if found else "tidak disebut"
        return Finding("buruk" if told.endswith("fail") else "hati", name, f"{told}; {advice}")
    about = {"spf": ("smtp.mailfrom", "smtp.helo"), "dkim": ("header.d", "header.i")}.get(method, ("header.from",))
    named = [one.about(key).rpartition("@")[2].lower() for one in passed for key in about if one.about(key)]
    if named and not any(domain == one or domain.endswith(f".{one}") or one.endswith(f".{domain}") for one in named):
        return Finding("hati", name, f"lulus untuk {named[0]}, bukan untuk {domain}; {advice}")
    return Finding("baik", name, f"lulus untuk {named[0] if named else domain}")


def look(settings: Settings, engine: Engine) -> Iterator[Finding]:
    """Every part in turn; a fault in one does not stop the next."""
    steps: list[tuple[str, Callable[[], Iterator[Finding]], str]] = [
        ("rahasia", lambda: _secrets(settings), "jalankan 'aduan init' untuk membuat kunci"),
        ("basis data", lambda: _database(engine), "periksa [database] url dan hak tulis foldernya"),
        ("templat", lambda: _templates(settings), "perbaiki berkas itu, atau kembalikan yang bawaan"),
        ("program", _programs, ""),
        ("pindaian", lambda: _scan(settings), ""),
        ("alarm", lambda: _alarm(settings), ""),
        ("jalur", lambda: _lanes(engine), "jalankan 'aduan init'"),
        ("IMAP", lambda: _imap(settings), "periksa [imap] host, port, user, dan rahasia/imap_password atau [[oauth]]"),
        ("SMTP", lambda: _smtp(settings), "periksa [smtp] host, port, user, dan rahasia/smtp_password atau [[oauth]]"),
    ]
    for part, step, advice in steps:
        try:
            yield from step()
        except (
            ConfigError, SQLAlchemyError, JinjaError, TemplateError, mailbox.MailboxDown, outbox.MailServerDown,
            OSError, ValueError,
        ) as error:  # fmt: skip
            yield Finding("buruk", part, f"{error}" + (f" ({advice})" if advice else ""))
