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
from pipeline.demo.story import chapter, story, subject
from pipeline.files.kinds import DOCX
from pipeline.office.config import Petugas
from pipeline.office.messages import say
from pipeline.office.sop import Role, Stage
from pipeline.office.words import word
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
        raise PlayError(say("demo.tanpa_email", judul=words, alamat=address))

    def link(self, letter: DeliveredMail) -> str:
        found = re.search(r"http://[^\s\"<>]+/t/[0-9]+-[a-z2-7]+", letter.part("text/plain"))
        if not found:
            raise PlayError(say("demo.tanpa_tautan", judul=letter.subject))
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
            raise PlayError(say("demo.tanpa_tindakan", tindakan=action))
        body: list[tuple[str, str | tuple[str, bytes, str]]] = []
        for name, value in {**form.fields, **form.hidden, **values}.items():
            body += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        body += list((files or {}).items())
        answer = self.http.request("POST", urljoin(url, form.action), fields=body, redirect=False)
        if answer.status != 303:
            said = self._complaints(answer.data.decode())
            raise PlayError(say("demo.ditolak", tindakan=action, sebab=said))
        return self._get(urljoin(url, answer.headers["Location"]))

    def _get(self, url: str) -> str:
        answer = self.http.request("GET", url)
        if answer.status != 200:
            raise PlayError(say("demo.tanpa_halaman", kode=answer.status))
        return answer.data.decode()

    def _complaints(self, page: str) -> str:
        said = re.findall(r'class="pesan"[^>]*>(?:<span[^>]*>[^<]*</span>)?([^<]+)', page)
        return "; ".join(said) or say("demo.tanpa_keterangan")

    def task(
        self, role: Role, template: str, number: str = "", *, keep: bool = False
    ) -> DeliveredMail:
        """The mail that gives this task to who holds the role."""
        return self.wait_mail(self.person(role).email, subject(template, number), keep=keep)

    def person(self, role: Role) -> Petugas:
        return self.office.settings.holders(role)[0]

    # ---- the langkah -----------------------------------------------------------------------------------------

    def record(self, sender: str, **more: str) -> str:
        """Langkah 1, with the summary that the page proposes; the register number."""
        receipt = self.wait_mail(sender, subject("tanda_terima"))
        found = re.search(r"PGD-\d{4}-\d+", receipt.subject)
        if not found:
            raise PlayError(say("demo.tanpa_nomor"))
        number = found[0]
        task = self.task(Role.JFU, "tugas_catat", number)
        self.press(self.link(task), "laporkan", None, **more)
        self.tell(say("demo.langkah_1", nomor=number))
        return number

    def clarify(self, number: str, result: str) -> None:
        task = self.task(Role.SEKRETARIS, "tugas_klarifikasi", number)
        self.press(self.link(task), "laporkan_kepala", hasil=result, unit=["infrastruktur"])
        self.tell(say("demo.langkah_2", nomor=number))

    def ask_everybody(self, number: str, sender: str) -> None:
        """The Sekretaris asks two officials and the pengadu; all answer."""
        task = self.link(self.task(Role.SEKRETARIS, "tugas_klarifikasi", number, keep=True))
        people = self.office.settings.holders(Role.KASI)
        self.press(
            task,
            "tanya_unit",
            petugas=[p.kode for p in people],
            pertanyaan=story("klarifikasi.tanya_unit"),
        )
        for person in people:
            mail = self.wait_mail(person.email, subject("tugas_keterangan", number))
            self.press(
                self.link(mail),
                "jawab",
                jawaban=story("klarifikasi.jawab_unit", jabatan=person.jabatan),
            )
        self.tell(say("demo.keterangan", nomor=number))
        self.press(task, "tanya_pengadu", pertanyaan=story("klarifikasi.tanya_pengadu"))
        question = self.wait_mail(sender, subject("tanya_pengadu", number))
        self.office.reply(question, story("klarifikasi.jawab_pengadu"))
        self.task(Role.SEKRETARIS, "pengadu_menjawab", number)
        self.tell(say("demo.jawaban_pengadu", nomor=number))

    def decide(self, number: str, plot: dict[str, str]) -> None:
        task = self.task(Role.KEPALA, "tugas_keputusan", number)
        order = story("keputusan.perintah")
        self.press(self.link(task), "putuskan", None, perintah=order, **plot)
        self.tell(say("demo.langkah_3", nomor=number))

    def answer(self, number: str, *, returned: bool = False) -> None:
        """Langkah 4: edit the draft that came with the mail, upload it, submit it; once returned and sent by mail."""
        task = self.task(Role.SEKRETARIS, "tugas_jawaban", number)
        name, _, draft = task.attachments()[0]
        edited = edit_letter(draft, story("surat.tambahan"))
        self.press(self.link(task), "unggah", {"surat": (name, edited, DOCX)})
        self.press(self.link(task), "ajukan", catatan=story("surat.catatan"))
        self.tell(say("demo.langkah_4", nomor=number))
        if returned:
            sign = self.task(Role.KEPALA, "tugas_tanda_tangan", number)
            self.press(self.link(sign), "kembalikan", alasan=story("surat.dikembalikan"))
            again = self.task(Role.SEKRETARIS, "tugas_jawaban", number)
            name, _, draft = again.attachments()[0]
            better = edit_letter(draft, story("surat.maaf"))
            self.office.reply(again, story("surat.balasan"), [(name, DOCX, better)])
            asked = self.task(Role.SEKRETARIS, "balasan_konfirmasi", number)
            self.press(self.link(asked), "unggah")  # the page has the file of the reply
            self.press(self.link(asked), "ajukan")
            self.tell(say("demo.dikembalikan", nomor=number))

    def sign(self, number: str) -> None:
        task = self.task(Role.KEPALA, "tugas_tanda_tangan", number)
        letters = task.attachments()
        fields = ("bertanda_tangan", "pengantar_bertanda_tangan")[: len(letters)]
        scans = {
            field: (f"{number}-{field}.jpg", signed_scan(letter), "image/jpeg")
            for field, (_name, _mime, letter) in zip(fields, letters, strict=True)
        }
        ticks = {"ttd_terlihat": "ya", "halaman_sesuai": "ya"}  # it draws one page of any letter
        self.press(self.link(task), "tandatangani", scans, **ticks)
        self.tell(say("demo.ditandatangani", nomor=number))
        if len(scans) > 1:
            self.forward(number)

    def forward(self, number: str) -> None:
        """The covering letter goes to the agency in charge."""
        task = self.task(Role.JFU, "tugas_pengantar", number)
        address = story("surat.alamat_instansi")
        self.press(self.link(task), "kirim_pengantar", None, alamat_instansi=address)
        self.tell(say("demo.pengantar", nomor=number))

    def deliver(self, number: str, sender: str) -> None:
        task = self.task(Role.JFU, "tugas_penyampaian", number)
        if sender:
            self.press(self.link(task), "kirim_email")
            self.wait_mail(sender, subject("surat_jawaban", number))
        else:
            at = (
                self.office.clock()
                .astimezone(self.office.settings.zone)
                .isoformat(timespec="minutes")
            )
            whom = story("penyampaian.penerima")
            self.press(self.link(task), "sampaikan", cara="telepon", penerima=whom, waktu=at)
        self.wait_stage(number, Stage.SELESAI)
        self.tell(say("demo.langkah_5", nomor=number))

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
        raise PlayError(say("demo.tanpa_tahap", nomor=number, tahap=stage))

    # ---- the whole play --------------------------------------------------------------------------------------

    def play(self) -> list[str]:
        """Six mails and a slip, each through all five langkah; the register numbers."""
        numbers = []
        for order, path in enumerate(sample_mails()):
            sender = self.office.send_sample(path)
            more = {"rahasia": "ya"} if "rahasiakan" in path.name else {}
            number = self.record(sender, **more)
            if order == 0:
                self.ask_everybody(number, sender)
            self.clarify(number, story("klarifikasi.hasil"))
            self.decide(number, chapter(f"lakon.{path.stem}"))
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
        task = self.wait_mail(self.person(Role.JFU).email, word("slip.baru", jumlah=1))
        self.press(self.link(task), "catat_slip", None, **chapter("slip"))
        with engine.reading(self.office.engine) as session:
            number = str(
                session.scalar(select(Complaint.number).order_by(Complaint.id.desc()).limit(1))
            )
        self.tell(say("demo.slip", nomor=number))
        self.clarify(number, story("klarifikasi.hasil_slip"))
        self.decide(number, chapter("lakon.slip"))
        self.answer(number)
        self.sign(number)
        self.deliver(number, "")
        return number

    def audit(self) -> None:
        with engine.reading(self.office.engine) as session:
            faults = [fault for _name, found in audit(session) for fault in found]
        if faults:
            raise PlayError("; ".join(faults))
        self.tell(say("demo.riwayat_utuh"))


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
