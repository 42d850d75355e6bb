"""The demo plays itself: every role over HTTP, SMTP and IMAP, as people would, and leaves the papers in a folder.

Hides reading links out of mails and forms out of pages. A step that does not happen raises PlayError.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from urllib.parse import urljoin

import urllib3
from docx import Document as open_docx
from sqlalchemy import select

from pipeline.cases.audit import audit
from pipeline.data import engine, store
from pipeline.data.tables import Complaint, Document
from pipeline.demo.office import DeliveredMail, DemoOffice, sample_mails
from pipeline.demo.signed import signed_scan
from pipeline.files.kinds import DOCX
from pipeline.office.config import Petugas
from pipeline.office.sop import Role, Stage
from pipeline.register import sheet
from pipeline.register.book import Filter
from pipeline.work import Work

PATIENCE = 180.0  # seconds: the reader of slips may take one of its own minutes to start on a small machine
EXPORTED = ("konsep", "surat", "ttd", "pdf", "pengantar", "pengantar_ttd")
STEPS_OF_PLAY = (
    7 * 6 + 5
)  # for the progress bar: six steps a complaint and what the first has beside them
Values = dict[str, str | list[str]]


class PlayError(Exception):
    """A step of the play did not happen; the message says which."""


@dataclass
class _Form:
    action: str
    hidden: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    """The POST forms of a page, with what is filled in already."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[_Form] = []
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(_Form(at.get("action", "")))
        elif not self.forms:
            return
        elif tag == "input" and at.get("type") == "hidden":
            self.forms[-1].hidden[at.get("name", "")] = at.get("value", "")
        elif tag == "input" and at.get("type") not in ("radio", "checkbox", "file", "submit"):
            self.forms[-1].fields[at.get("name", "")] = at.get("value", "")
        elif tag == "textarea":
            self._area = at.get("name", "")
            self.forms[-1].fields[self._area] = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1].fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area:
            self.forms[-1].fields[self._area] = self.forms[-1].fields[self._area].removeprefix("\n")
            self._area = ""


class Player:
    """Acts for everybody in an office. `tell` is called with each step's words."""

    def __init__(
        self, office: DemoOffice, tell: Callable[[str], None] = lambda words: None
    ) -> None:
        self.office, self.tell = office, tell
        self.http = urllib3.PoolManager(retries=False, timeout=30)
        self._unread: dict[str, dict[int, DeliveredMail]] = {}
        self._newest: dict[str, int] = {}

    # ---- what people do --------------------------------------------------------------------------------------

    def wait_mail(self, address: str, words: str, *, keep: bool = False) -> DeliveredMail:
        """The oldest unread mail to this address whose subject holds the words."""
        end = time.monotonic() + PATIENCE
        unread = self._unread.setdefault(address, {})
        while time.monotonic() < end:
            for letter in list(unread.values()):
                if words in letter.subject:
                    if not keep:
                        del unread[letter.uid]
                    return letter
            time.sleep(0.05)
            new = self.office.mailbox(address, self._newest.get(address, 0))
            unread.update({letter.uid: letter for letter in new})
            self._newest[address] = max(
                [self._newest.get(address, 0), *(letter.uid for letter in new)]
            )
        raise PlayError(f'Email "{words}" tidak sampai kepada {address}.')

    def link(self, letter: DeliveredMail) -> str:
        found = re.search(r"http://[^\s\"<>]+/t/[0-9]+-[a-z2-7]+", letter.part("text/plain"))
        if not found:
            raise PlayError(f'Tidak ada tautan tugas di email "{letter.subject}".')
        return found[0]

    def press(
        self,
        url: str,
        action: str,
        files: dict[str, tuple[str, bytes, str]] | None = None,
        **values: str | list[str],
    ) -> str:
        """Open a task page, fill in one of its forms, press its button, follow to the page after it."""
        parser = _Forms()
        parser.feed(self._get(url))
        form = next((f for f in parser.forms if f.hidden.get("aksi") == action), None)
        if form is None:
            raise PlayError(f'Halaman tugas tidak menawarkan "{action}".')
        body: list[tuple[str, str | tuple[str, bytes, str]]] = []
        for name, value in {**form.fields, **form.hidden, **values}.items():
            body += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        body += list((files or {}).items())
        answer = self.http.request("POST", urljoin(url, form.action), fields=body, redirect=False)
        if answer.status != 303:
            raise PlayError(f'"{action}" ditolak: {self._complaints(answer.data.decode())}')
        return self._get(urljoin(url, answer.headers["Location"]))

    def _get(self, url: str) -> str:
        answer = self.http.request("GET", url)
        if answer.status != 200:
            raise PlayError(f"Halaman tidak terbuka ({answer.status}).")
        return answer.data.decode()

    def _complaints(self, page: str) -> str:
        return (
            "; ".join(re.findall(r'class="pesan"[^>]*>(?:<span[^>]*>[^<]*</span>)?([^<]+)', page))
            or "tanpa keterangan"
        )

    def person(self, role: Role) -> Petugas:
        return self.office.settings.holders(role)[0]

    # ---- the langkah -----------------------------------------------------------------------------------------

    def record(self, sender: str, **more: str) -> str:
        """Langkah 1, with the summary that the page proposes; the register number."""
        receipt = self.wait_mail(sender, "Tanda terima")
        found = re.search(r"PGD-\d{4}-\d+", receipt.subject)
        if not found:
            raise PlayError("Tanda terima tidak memuat nomor.")
        task = self.wait_mail(self.person(Role.JFU).email, f"[{found[0]}] Catat")
        self.press(self.link(task), "laporkan", None, **more)
        self.tell(f"{found[0]}: langkah 1, dicatat dan dilaporkan")
        return found[0]

    def clarify(self, number: str, result: str) -> None:
        task = self.wait_mail(self.person(Role.SEKRETARIS).email, f"[{number}] Klarifikasi")
        self.press(self.link(task), "laporkan_kepala", hasil=result, unit=["infrastruktur"])
        self.tell(f"{number}: langkah 2, klarifikasi dilaporkan")

    def ask_everybody(self, number: str, sender: str) -> None:
        """The Sekretaris asks two officials and the pengadu; all answer."""
        task = self.link(
            self.wait_mail(self.person(Role.SEKRETARIS).email, f"[{number}] Klarifikasi", keep=True)
        )
        people = self.office.settings.holders(Role.KASI)
        self.press(
            task,
            "tanya_unit",
            petugas=[p.kode for p in people],
            pertanyaan="Mohon dicek keadaan di lapangan.",
        )
        for person in people:
            mail = self.wait_mail(person.email, f"[{number}] Mohon keterangan")
            self.press(
                self.link(mail),
                "jawab",
                jawaban=f"Sudah dicek oleh {person.jabatan}; laporan benar.",
            )
        self.tell(f"{number}: dua pejabat memberi keterangan")
        self.press(task, "tanya_pengadu", pertanyaan="Sejak tanggal berapa hal ini terjadi?")
        question = self.wait_mail(sender, f"Mohon keterangan tambahan untuk pengaduan {number}")
        self.office.reply(
            question, "Sejak hari Senin minggu lalu, Pak. Terima kasih.\n\nSalam hormat"
        )
        self.wait_mail(self.person(Role.SEKRETARIS).email, f"[{number}] Pengadu menjawab")
        self.tell(f"{number}: pengadu menjawab lewat email")

    def decide(self, number: str, decision: str, order: str, agency: str = "") -> None:
        task = self.wait_mail(self.person(Role.KEPALA).email, f"[{number}] Mohon keputusan")
        self.press(
            self.link(task),
            "putuskan",
            keputusan=decision,
            perintah="Mohon dibuatkan jawaban.",
            disampaikan=order,
            instansi=agency,
        )
        self.tell(f"{number}: langkah 3, diputuskan")

    def answer(self, number: str, *, returned: bool = False) -> None:
        """Langkah 4: edit the draft that came with the mail, upload it, submit it; once returned and sent by mail."""
        secretary, head = self.person(Role.SEKRETARIS), self.person(Role.KEPALA)
        task = self.wait_mail(secretary.email, f"[{number}] Siapkan surat jawaban")
        name, _, draft = task.attachments()[0]
        edited = edit_letter(draft, "Pekerjaan tersebut kami pantau sampai selesai.")
        self.press(self.link(task), "unggah", {"surat": (name, edited, DOCX)})
        self.press(self.link(task), "ajukan", catatan="Mohon diperiksa.")
        self.tell(f"{number}: langkah 4, surat disunting dan diajukan")
        if returned:
            sign = self.wait_mail(head.email, f"[{number}] Mohon tanda tangan")
            self.press(
                self.link(sign), "kembalikan", alasan="Mohon ditambah ucapan maaf kepada pengadu."
            )
            again = self.wait_mail(secretary.email, f"[{number}] Siapkan surat jawaban")
            name, _, draft = again.attachments()[0]
            better = edit_letter(draft, "Atas ketidaknyamanan Saudara kami mohon maaf.")
            self.office.reply(
                again, "Terlampir surat yang sudah diperbaiki.", [(name, DOCX, better)]
            )
            asked = self.wait_mail(secretary.email, f"[{number}] Mohon konfirmasi")
            self.press(self.link(asked), "unggah")  # the page has the file of the reply
            self.press(self.link(asked), "ajukan")
            self.tell(f"{number}: dikembalikan, diperbaiki lewat email, diajukan lagi")

    def sign(self, number: str) -> None:
        task = self.wait_mail(self.person(Role.KEPALA).email, f"[{number}] Mohon tanda tangan")
        letters = task.attachments()
        fields = ("bertanda_tangan", "pengantar_bertanda_tangan")[: len(letters)]
        scans = {
            field: (f"{number}-{field}.jpg", signed_scan(letter), "image/jpeg")
            for field, (_name, _mime, letter) in zip(fields, letters, strict=True)
        }
        self.press(self.link(task), "tandatangani", scans, ttd_terlihat="ya")
        self.tell(f"{number}: surat ditandatangani")
        if len(scans) > 1:
            self.forward(number)

    def forward(self, number: str) -> None:
        """The covering letter goes to the agency in charge."""
        task = self.wait_mail(self.person(Role.JFU).email, f"[{number}] Sampaikan surat pengantar")
        self.press(
            self.link(task), "kirim_pengantar", None, alamat_instansi="pimpinan@instansi.example"
        )
        self.tell(f"{number}: surat pengantar dikirim kepada instansi yang berwenang")

    def deliver(self, number: str, sender: str) -> None:
        task = self.wait_mail(self.person(Role.JFU).email, f"[{number}] Sampaikan jawaban")
        if sender:
            self.press(self.link(task), "kirim_email")
            self.wait_mail(sender, f"Jawaban atas pengaduan {number}")
        else:
            at = (
                self.office.clock()
                .astimezone(self.office.settings.zone)
                .isoformat(timespec="minutes")
            )
            self.press(
                self.link(task), "sampaikan", cara="telepon", penerima="pengadu sendiri", waktu=at
            )
        self.wait_stage(number, Stage.SELESAI)
        self.tell(f"{number}: langkah 5, jawaban disampaikan")

    def wait_stage(self, number: str, stage: Stage) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with engine.reading(self.office.engine) as session:
                if (
                    session.scalar(select(Complaint.stage).where(Complaint.number == number))
                    is stage
                ):
                    return
            time.sleep(0.05)
        raise PlayError(f'{number} tidak sampai pada tahap "{stage}".')

    # ---- the whole play --------------------------------------------------------------------------------------

    def play(self) -> list[str]:
        """Six mails and a slip, each through all five langkah; the register numbers."""
        plots = [
            ("ditindaklanjuti", "Perangkat sudah diganti dan berfungsi kembali.", ""),
            ("ditindaklanjuti", "Gangguan aplikasi sudah diperbaiki penyedia.", ""),
            ("ditindaklanjuti", "Kabel sudah dirapikan bersama penyedia layanan.", ""),
            ("ditolak", "Kamera di lokasi itu milik warga, bukan milik Pemerintah Kota.", ""),
            (
                "bukan_wewenang",
                "Jalan ditangani instansi lain.",
                "Dinas Pekerjaan Umum dan Tata Ruang",
            ),
            ("ditindaklanjuti", "Petugas sudah dibina dan kami mohon maaf.", ""),
        ]
        numbers = []
        for order, (path, plot) in enumerate(zip(sample_mails(), plots, strict=True)):
            sender = self.office.send_sample(path)
            more = {"rahasia": "ya"} if "rahasiakan" in path.name else {}
            number = self.record(sender, **more)
            if order == 0:
                self.ask_everybody(number, sender)
            self.clarify(number, "Laporan benar adanya menurut pemeriksaan.")
            self.decide(number, *plot)
            self.answer(number, returned=order == 0)
            self.sign(number)
            self.deliver(number, sender)
            numbers.append(number)
        numbers.append(self.slip())
        self.audit()
        return numbers

    def slip(self) -> str:
        """A scanned slip: typed in by the JFU, answered by telephone."""
        self.office.drop_slip()
        task = self.wait_mail(self.person(Role.JFU).email, "slip baru dari kotak pengaduan")
        self.press(
            self.link(task),
            "catat_slip",
            nama="Suharti",
            telepon="0812 0000 1746",
            alamat="Jl. Cempaka 14",
            perihal="Wifi taman sering putus",
            isi="Wifi gratis di taman sering putus. Mohon diperbaiki.",
        )
        with engine.reading(self.office.engine) as session:
            number = str(
                session.scalar(select(Complaint.number).order_by(Complaint.id.desc()).limit(1))
            )
        self.tell(f"{number}: slip kotak pengaduan diketik")
        self.clarify(number, "Gangguan listrik di taman.")
        self.decide(number, "ditindaklanjuti", "Daya cadangan sudah dipasang.")
        self.answer(number)
        self.sign(number)
        self.deliver(number, "")
        return number

    def audit(self) -> None:
        with engine.reading(self.office.engine) as session:
            faults = [fault for _name, found in audit(session) for fault in found]
        if faults:
            raise PlayError("; ".join(faults))
        self.tell("Riwayat diperiksa: utuh")


def edit_letter(docx: bytes, sentence: str) -> bytes:
    """What the Sekretaris does in Word: open places are filled in, one sentence is added before the closing."""
    document = open_docx(BytesIO(docx))
    paragraphs = [p for p in document.paragraphs if p.text.strip()]
    for paragraph in paragraphs:
        if "[ISI" in paragraph.text:
            paragraph.runs[0].text = re.sub(r"\[ISI:?\s*([^\]]*)\]", r"\1", paragraph.text)
            for run in paragraph.runs[1:]:
                run.text = ""
    closing = next((p for p in paragraphs if p.text.startswith("Demikian")), paragraphs[-1])
    closing.insert_paragraph_before(sentence, closing.style)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def export(office: DemoOffice, folder: Path) -> list[Path]:
    """Leave the papers: letters, the Buku Pengaduan as XLSX, all mails as .eml; the files that were written."""
    written = []
    with engine.reading(office.engine) as session:
        query = select(Document, Complaint.number).join(
            Complaint, Complaint.id == Document.complaint_id
        )
        for document, number in session.execute(query.where(Document.kind.in_(EXPORTED))):
            suffix = Path(document.name).suffix or ".bin"
            name = f"{number}-{document.kind}-{document.version}{suffix}"
            written.append(_write(folder / "surat" / name, store.get(session, document.sha256)))
        book = sheet.xlsx(Work(session, office.settings, office.clock()), Filter())
        written.append(_write(folder / "Buku Pengaduan.xlsx", book))
    people = [
        *(p.email for p in office.settings.petugas),
        office.settings.petugas_ti.email,
        *office.citizens,
    ]
    for address in people:
        for letter in office.mailbox(address):
            title = re.sub(r"[^A-Za-z0-9-]+", "-", letter.subject).strip("-")[:60]
            written.append(
                _write(
                    folder / "email" / address / f"{letter.uid}-{title}.eml",
                    letter.message.as_bytes(),
                )
            )
    return written


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
