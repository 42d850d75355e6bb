"""An office in the middle of its work, served by waitress over real HTTP: every kind of page is there once.

Hides how each page comes about: real mails and presses, a scan folder, a clock. `House.pages` names one address for
each kind of page, in Bahasa Indonesia as the office would call it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from pipeline import cases
from pipeline.access import browsers
from pipeline.cases.chain import SYSTEM
from pipeline.data import jobs
from pipeline.data.engine import reading, writing
from pipeline.data.states import JobKind
from pipeline.data.tables import Base, Complaint, Laporan
from pipeline.office.sop import NO_UNIT
from pipeline.register.period import parse
from pipeline.web import serving
from pipeline.work import Work
from tests import servers
from tests.kantor import SAMPLES, Office, edited, office

MONDAY = datetime(2026, 11, 23, 1, 32, tzinfo=UTC)  # 08.32 at Madiun, an ordinary office day
SIGNED = ("Surat bertanda tangan.jpg", (SAMPLES / "tanda-tangan.jpg").read_bytes())
HOSTILE_SUBJECT = "<b>Tolong</b> {{ 7 * 7 }} \u202eexe.gpj\u202c </title><script>alert(1)</script>"
HOSTILE = (
    "<script>document.title = 'dibajak'</script><img src=x onerror=alert(1)><style>*{display:none}</style>\n\n"
    "{{ kantor }} {% for x in y %} {tautan} tautan.0123456789abcdef.1.\n\n"
    "\u202eteks terbalik\u202c dan \u2067kanan\u2069\n\n"
    "</blockquote></section><h1>Judul palsu</h1><form action=https://jahat.example><button>Kirim</button></form>\n\n"
    + "aaaaaaaaaa"
    * 40
)
UNITS = ["kasubag-umum", "kasi-infrastruktur"]
ANSWER = (
    "Tim sudah ke lokasi pagi ini. Penyebabnya kabel serat optik terkelupas karena pemangkasan pohon.\n\n"
    "Suku cadang tersedia; perbaikan selesai dalam dua hari kerja."
)
RESULT = (
    "Laporan pengadu benar. Menurut Seksi Pengelolaan Infrastruktur, kabel terkelupas dan perlu diganti.\n\n"
    "Saran: ditindaklanjuti; pengadu diberi tahu jadwal perbaikannya."
)
ORDER = "Perbaikan dikerjakan mulai 24 November 2026.\nWarga dapat menelepon 112."


KINDS = (
    "bukti catat",
    "bukti keputusan",
    "bukti tanda tangan",
    "bukti penyampaian",
    "tautan terpakai",
    "tugas arsip",
    "status selesai",
    "tugas penyampaian",
    "pengumuman",
    "unggah pindaian",
    "tugas pengantar",
    "tugas jawaban, dua surat",
    "tugas tanda tangan, dua surat",
    "tugas tanda tangan",
    "tugas tanda tangan, oleh JFU",
    "jawaban diunggah",
    "tugas jawaban, terunggah",
    "tugas jawaban",
    "tugas keputusan",
    "tugas keputusan, pilihan dari email",
    "tugas keputusan, rapat",
    "serah terima",
    "status keputusan",
    "tugas keterangan",
    "tugas klarifikasi",
    "tugas klarifikasi, menunggu pengadu",
    "status menunggu",
    "tugas catat, dikembalikan",
    "tugas pindai",
    "tugas tertahan",
    "tugas catat, tulisan jahat",
    "tugas catat",
    "tugas catat, gelombang",
    "tugas laporan",
    "tugas laporan, terunggah",
    "tugas laporan, tanda tangan",
    "tugas laporan, kirim",
    "buku",
    "buku cetak",
    "catat",
    "buku tanpa hasil",
    "tanda terima",
    "lihat pdf",
    "keaslian",
    "keaslian surat",
    "keaslian surat pengantar",
    "kode",
    "tugas saya",
    "tugas saya, kepala",
    "tugas saya, peramban tak dikenal",
    "minta tautan",
    "beralih",
    "tautan rusak",
    "status rusak",
    "tidak ada",
)


@dataclass
class House:
    """An office, where it is served, and its pages by name."""

    office: Office
    base: str
    pages: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)  # of the one browser that is known

    # ---- how things come about -------------------------------------------------------------------------------

    def tick(self) -> None:
        self.office.later(minutes=4)
        self.office.settle()

    def sample(self, name: str) -> None:
        """One of the demo's sample mails arrives."""
        (path,) = SAMPLES.glob(f"{name}*.eml")
        self.office.arrive(path.read_bytes())
        self.tick()

    def written(self, subject: str, text: str, **more: Any) -> None:
        self.office.citizen_sends(subject, text, **more)
        self.tick()

    def scan(self, name: str, content: bytes) -> None:
        """A file lies in the scanner's folder since a minute, and is taken in and read."""
        path = self.office.folder / "pindaian" / name
        path.write_bytes(content)
        before = (
            path.stat().st_mtime - 60
        )  # the poller leaves a file alone that may still be written to
        os.utime(path, (before, before))
        self.tick()

    def press(self, where: str, aksi: str, **fields: object) -> str:
        """Press a button of the newest complaint, by the person's newest mail that has it; the page that answers."""
        url = where if "/" in where else self.link(where, aksi)
        if aksi == "tandatangani":
            fields = {
                **self.office.seen,
                "tanpa_kode": "ya",
                **fields,
            }  # the sample picture of a signed letter has no code
        page = self.office.hand_in(url, aksi, fields)
        assert page.status == 200, f"{aksi}: {page.status} {page.text[:600]}"
        self.tick()
        return page.url

    def link(self, who: str, aksi: str) -> str:
        """The path of the person's newest link that offers this for the newest complaint, or for an item."""
        number = self.office.complaint().number
        others = {c.number for c in self.office.complaints()} - {number}
        for mail in reversed(self.office.inbox(who)):
            if any(other in mail.subject for other in others):
                continue  # a reminder of another complaint may be newer
            for url in self.office.links(mail):
                if aksi in self.office.page(url).forms:
                    return url.removeprefix(self.base)
        raise AssertionError(f"no mail to {who} leads to '{aksi}'")

    def resting(self, known: str) -> str:
        """Where the newest complaint, which is over, can be mended: no mail tells of it at once, its row in the book
        leads there. `known`: any link of the JFU."""
        self.office.know("jfu-1")
        row = self.office.page(f"{known}/buku/{self.office.complaint().id}")
        (url,) = {one for one in row.links("/t/") if one.count("/") == 2}
        return url

    def helping(self, known: str) -> str:
        """Where the JFU may hand in the newest letter for whoever signs it. `known`: any link of the JFU."""
        self.office.know("jfu-1")
        mine = self.office.page(f"{known}/saya")
        found = [one for one in mine.links("/t/") if "tandatangani" in self.office.page(one).forms]
        return found[-1].removeprefix(self.base)

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        with self.office.engine.connect() as connection:
            return {
                table.name: sorted(map(tuple, connection.execute(table.select())), key=repr)
                for table in Base.metadata.sorted_tables
            }

    # ---- the road of one complaint ---------------------------------------------------------------------------

    def to_clarification(self, **fields: object) -> str:
        given: dict[str, object] = {
            "kategori": "infrastruktur",
            "ringkasan": "Mohon diperiksa dan diperbaiki.",
        }
        given |= fields
        return self.press("jfu-1", "laporkan", **given)

    def to_decision(self, **fields: object) -> str:
        self.to_clarification(**fields)
        question = "Mohon diperiksa di lapangan: apa penyebabnya, dan kapan dapat diperbaiki?"
        self.press("sekretaris", "tanya_unit", petugas=["kasi-infrastruktur"], pertanyaan=question)
        self.press("kasi-infrastruktur", "jawab", jawaban=ANSWER)
        return self.press("sekretaris", "laporkan_kepala", hasil=RESULT, unit=["infrastruktur"])

    def to_letter(self, **fields: object) -> str:
        self.to_decision(**fields)
        return self.press(
            "kepala", "putuskan", keputusan="ditindaklanjuti", perintah=ORDER, disampaikan=ORDER
        )

    def upload(self) -> str:
        draft = self.office.content(self.office.documents("konsep")[-1])
        changed = edited(draft, "24 November 2026", "25 November 2026")
        return self.press("sekretaris", "unggah", surat=("Surat Jawaban (sunting).docx", changed))

    def to_signature(self, **fields: object) -> str:
        self.to_letter(**fields)
        self.upload()
        return self.press("sekretaris", "ajukan", catatan="Mohon diperiksa tanggal perbaikannya.")

    def to_delivery(self, **fields: object) -> str:
        self.to_signature(**fields)
        return self.press("kepala", "tandatangani", bertanda_tangan=SIGNED)


@contextmanager
def house(folder: Path, *, baca: bool = False) -> Iterator[House]:
    """An office without any complaint yet, served until the block ends. `baca`: slips are read by machine."""
    base = f"http://127.0.0.1:{servers.free_port()}"
    (folder / "pindaian").mkdir()
    settings: dict[str, Any] = {
        "web": {"base_url": base},
        "scan": {"folder": "pindaian", "baca": baca},
    }
    settings["pengaduan"] = {"gelombang_jumlah": 3}
    with office(folder, now=MONDAY, **settings) as kantor, served(kantor, base):
        yield House(kantor, base)


@contextmanager
def served(kantor: Office, base: str) -> Iterator[None]:
    """The office's pages on a real port, in a thread, as `aduan serve` does it."""
    server = serving.Server(kantor.web.application, "127.0.0.1", int(base.rpartition(":")[2]))
    server.start()
    try:
        yield
    finally:
        server.stop()


# ---- every kind of page ----------------------------------------------------------------------------------------


def furnish(one: House) -> House:
    """Bring complaints to every stage of the SOP and note one address for each kind of page."""
    _whole_way(one)
    _open_tasks(one)
    _items(one)
    _beside(one)
    _wave(one)
    _reports(one)
    return one


def _whole_way(one: House) -> None:
    """From the mail to the delivered letter: receipts, a task that came back, a spent link, the archive, the status."""
    pages = one.pages
    one.sample("03")
    person = {
        "perihal": "Kabel menjuntai di Jalan Melati",
        "ringkasan": "Kabel telekomunikasi menjuntai rendah di Jalan Melati Nomor 33 dan membahayakan pengendara.",
        "nama": "Lilis Handayani",
        "alamat": "Jalan Melati Nomor 33 RT 02 RW 05, Kelurahan Mekarsari, Kota Madiun",
        "telepon": "0857 0000 6128",
    }
    pages["bukti catat"] = one.to_clarification(**person)
    one.press("sekretaris", "kembalikan", alasan="Mohon alamat pengadu ditulis lengkap.")
    pages["bukti keputusan"] = one.to_letter(**person)
    one.upload()
    one.press("sekretaris", "ajukan")
    pages["bukti tanda tangan"] = one.press("kepala", "tandatangani", bertanda_tangan=SIGNED)
    pages["keaslian"], pages["keaslian surat"] = (
        "/asli",
        f"/asli/{one.office.documents('ttd')[-1].code}",
    )
    sending = one.link("jfu-1", "kirim_email")
    pages["bukti penyampaian"] = one.press("jfu-1", "kirim_email")
    pages["tautan terpakai"] = pages["bukti keputusan"].split("?")[0]
    pages["tugas arsip"] = one.resting(sending)
    pages["status selesai"] = _status(one)


def _status(one: House) -> str:
    with reading(one.office.engine) as session:
        newest = session.scalars(select(Complaint).order_by(Complaint.id.desc())).first()
        assert newest is not None
        return f"/s/{newest.status_code}"


def _open_tasks(one: House) -> None:
    """One open task of each kind, of complaints that stay where they are."""
    pages = one.pages
    one.written(
        "Papan informasi terminal mati", "Selamat pagi.\nPapan informasi di Terminal Purbaya mati."
    )
    one.to_delivery(alamat="Jalan Kenanga Nomor 5, Madiun", telepon="0812 5550 0117")
    pages["tugas penyampaian"] = one.link("jfu-1", "kirim_email")
    pages["serah terima"] = f"{pages['tugas penyampaian']}/serah-terima"
    pages["pengumuman"] = f"{pages['tugas penyampaian']}/pengumuman/{one.office.complaint().id}"
    pages["unggah pindaian"] = f"{pages['tugas penyampaian']}/unggah"
    _two_letters(one)
    one.sample("02")
    one.to_signature()
    pages["tugas tanda tangan"] = one.link("kepala", "tandatangani")
    pages["tugas tanda tangan, oleh JFU"] = one.helping(pages["tugas penyampaian"])
    one.written(
        "SMS peringatan banjir terlambat",
        "SMS peringatan dini banjir baru datang setelah air surut.",
    )
    one.to_letter()
    pages["jawaban diunggah"] = one.upload()
    pages["tugas jawaban, terunggah"] = one.link("sekretaris", "ajukan")
    one.sample("05")
    one.to_letter(perihal="Jalan berlubang di Jalan Flamboyan")
    pages["tugas jawaban"] = one.link("sekretaris", "ajukan")
    one.sample("04")
    summary = "Empat kamera CCTV di RW 05 padam sejak tiga minggu lalu; warga dua kali kehilangan sepeda motor."
    one.to_decision(perihal="CCTV padam di RW 05 Kelurahan Mekarsari", ringkasan=summary)
    pages["tugas keputusan"] = one.link("kepala", "putuskan")
    pages["tugas keputusan, pilihan dari email"] = (
        pages["tugas keputusan"] + "?aksi=putuskan&keputusan=ditolak"
    )
    pages["status keputusan"] = _status(one)
    (pages["lihat pdf"],) = one.office.page(pages["tugas keputusan"]).links("/lihat/")
    one.office.page(pages["lihat pdf"])  # the first look has its pages drawn
    one.office.settle()
    _meeting(one)
    one.sample("06")
    one.to_clarification(perihal="Petugas 112 kurang ramah", rahasia="ya")
    question = "Siapa yang bertugas Minggu malam itu, dan adakah rekaman percakapannya?"
    one.press("sekretaris", "tanya_unit", petugas=UNITS, pertanyaan=question)
    pages["tugas keterangan"] = one.link("kasubag-umum", "jawab")
    one.press(
        "kasi-infrastruktur",
        "jawab",
        jawaban="Rekaman percakapan tersedia di ruang server, 22 November.",
    )
    pages["tugas klarifikasi"] = one.link("sekretaris", "laporkan_kepala")
    one.written(
        "Situs kelurahan tidak dapat dibuka",
        "Situs kelurahan saya tidak dapat dibuka sejak kemarin.",
    )
    one.to_clarification()
    one.press(
        "sekretaris",
        "tanya_pengadu",
        pertanyaan="Kelurahan mana, dan pesan apa yang tampil di layar?",
    )
    pages["tugas klarifikasi, menunggu pengadu"] = one.link("sekretaris", "laporkan_kepala")
    pages["status menunggu"] = _status(one)
    one.written(
        "Videotron alun-alun terlalu terang",
        "Videotron di alun-alun menyilaukan pengendara pada malam hari.",
    )
    one.to_clarification()
    one.press("sekretaris", "kembalikan", alasan="Mohon alamat pengadu ditulis lengkap.")
    pages["tugas catat, dikembalikan"] = one.link("jfu-1", "laporkan")


def _two_letters(one: House) -> None:
    """Where another agency is in charge: the answer and the covering letter, at each place on their way."""
    pages = one.pages
    for where in ("tugas pengantar", "tugas tanda tangan, dua surat", "tugas jawaban, dua surat"):
        one.written(
            "Meteran listrik mati", "Meteran listrik di rumah saya mati sejak kemarin pagi."
        )
        one.to_decision(perihal="Meteran listrik mati di Jalan Sawo")
        agency = "PT PLN (Persero) ULP Madiun Kota"
        order = "Meteran listrik ditangani oleh PLN."
        one.press(
            "kepala",
            "putuskan",
            keputusan="bukan_wewenang",
            instansi=agency,
            perintah=order,
            disampaikan=order,
        )
        draft = one.office.content(one.office.documents("pengantar")[-1])
        changed = edited(draft, "Kami mohon", "Dengan hormat kami mohon")
        one.press(
            "sekretaris", "unggah_pengantar", surat_pengantar=("Surat pengantar.docx", changed)
        )
        pages["tugas jawaban, dua surat"] = one.link("sekretaris", "unggah_pengantar")
        if where == "tugas jawaban, dua surat":
            return
        one.press("sekretaris", "ajukan")
        pages["tugas tanda tangan, dua surat"] = one.link("kepala", "tandatangani")
        if where == "tugas pengantar":
            one.press(
                "kepala", "tandatangani", bertanda_tangan=SIGNED, pengantar_bertanda_tangan=SIGNED
            )
            pages["tugas pengantar"] = one.link("jfu-1", "kirim_pengantar")
            pages["keaslian surat pengantar"] = (
                f"/asli/{one.office.documents('pengantar_ttd')[-1].code}"
            )


def _meeting(one: House) -> None:
    """A decision that waits for a rapat, which has been held once."""
    one.written(
        "Menara internet desa roboh",
        "Menara internet di halaman kelurahan kami roboh tertiup angin.",
    )
    one.to_decision()
    one.press(
        "kepala",
        "rapat",
        waktu="2026-11-26T10:00",
        selesai="11:30",
        tempat="Ruang Rapat Lantai 2",
        agenda="Penyebab robohnya menara dan jadwal perbaikan",
        undangan=UNITS,
        peserta="Ketua RW 02",
    )
    minutes = "Disepakati menara didirikan kembali sebelum 5 Desember 2026."
    one.press("kepala", "notulen", hadir=["sekretaris", "kasi-infrastruktur"], notulen=minutes)
    one.pages["tugas keputusan, rapat"] = one.link("kepala", "putuskan")


def _items(one: House) -> None:
    """A slip from the scanner, and a file that cannot be read."""
    one.scan("slip-0001.jpg", (SAMPLES / "slip.jpg").read_bytes())
    one.pages["tugas pindai"] = one.link("jfu-1", "catat_slip")
    one.scan("slip-0002.pdf", b"bukan PDF")
    one.pages["tugas tertahan"] = one.link("jfu-1", "catat_slip")


def _beside(one: House) -> None:
    """Complaints still at langkah 1, the Buku, the counter with its slip, and pages that refuse."""
    pages = one.pages
    harm = (("\u202egpj.daftar<b>.pdf", "application/pdf", b"%PDF-1.4 bukan"),)
    one.written(
        HOSTILE_SUBJECT,
        HOSTILE,
        name="Siti <i>R</i> {{ 1 }}",
        sender="jahat@warga.example",
        files=harm,
    )
    pages["tugas catat, tulisan jahat"] = one.link("jfu-1", "laporkan")
    one.sample("01")
    mine = pages["tugas catat"] = one.link("jfu-1", "laporkan")
    pages["buku"], pages["buku cetak"], pages["catat"] = (
        f"{mine}/buku",
        f"{mine}/buku/cetak",
        f"{mine}/catat",
    )
    pages["buku tanpa hasil"] = f"{mine}/buku?q=tidakadasamasekali"
    pages["tanda terima"] = one.press(
        pages["catat"],
        "catat",
        kanal="langsung",
        nama="Sutrisno",
        alamat="Jalan Pahlawan Nomor 12, Madiun",
        telepon="0812 5550 0199",
        perihal="Wifi di Balai Kelurahan Kartoharjo lambat",
        isi="Sudah seminggu wifi di balai kelurahan lambat sekali sehingga anak-anak tidak dapat belajar.",
    )
    _persons(one)
    pages["tautan rusak"] = "/t/99-abcdef"
    pages["status rusak"] = "/s/0000"
    pages["tidak ada"] = "/tidak/ada"


def _wave(one: House) -> None:
    """Three complaints of one place and matter: the note to the JFU leads to the first."""
    for n, text in enumerate(("keruh sejak pagi", "keruh dan bau", "keruh sekali"), 1):
        one.office.citizen_sends(
            "Air keruh", f"Air PDAM di Jalan Melati {text}.", sender=f"warga{n}@warga.example"
        )
    one.tick()
    (url,) = one.office.links(one.office.newest("jfu-1", "Gelombang"))
    one.pages["tugas catat, gelombang"] = url.removeprefix(one.base)


def _reports(one: House) -> None:
    """A report at each place on its way: to be edited, uploaded, to be signed, to be sent without any tembusan."""
    pages, kantor = one.pages, one.office
    roads = {"bulan": "2026-10", "triwulan": "2026-3", "semester": "2026-1", "tahun": "2025"}
    for kind, code in roads.items():
        period = parse(kind, code)
        with writing(kantor.engine) as session:
            row = Laporan(
                kind=kind,
                code=code,
                name=period.name,
                asked_at=kantor.clock(),
                figures=[],
                corrections={},
                lost=[],
            )
            session.add(row)
            session.flush()
            jobs.put(session, JobKind.REPORT, row.id, kantor.clock())
        one.tick()
        mail = kantor.newest("sekretaris", "Sunting laporan")
        task = pages["tugas laporan"] = kantor.links(mail)[0].removeprefix(one.base)
        if kind == "bulan":
            (word,) = [content for name, content in mail.files.items() if name.endswith(".docx")]
            pages["tugas laporan, terunggah"] = one.press(
                task, "unggah", surat=("laporan.docx", word)
            ).partition("?")[0]
        if kind in ("triwulan", "semester"):
            one.press(task, "ajukan")
            mail = kantor.newest("kepala", "Mohon tanda tangan laporan")
            pages["tugas laporan, tanda tangan"] = kantor.links(mail)[0].removeprefix(one.base)
        if kind == "triwulan":
            one.press(pages["tugas laporan, tanda tangan"], "tandatangani", bertanda_tangan=SIGNED)
            (url,) = {url for mail in kantor.inbox("jfu-1")[-1:] for url in kantor.links(mail)}
            pages["tugas laporan, kirim"] = url.removeprefix(one.base)


def _persons(one: House) -> None:
    """An act that waits for its code, the page of all tasks, a task that somebody else holds now."""
    pages, kantor = one.pages, one.office
    task = pages["tugas klarifikasi"]
    kantor.web.delete_cookie("aduan_sekretaris", path="/")
    form = {"aksi": "laporkan_kepala", "hasil": RESULT, "unit": NO_UNIT}
    pages["kode"] = kantor.web.post(task, data=form).headers["Location"]
    guest = kantor.web.get_cookie(kantor.cookie(browsers.GUEST))
    assert guest is not None
    one.cookies[guest.key] = guest.value
    one.cookies["aduan_jfu-1"] = kantor.know("jfu-1")
    pages["tugas saya"] = f"{pages['tugas catat']}/saya"
    one.cookies["aduan_kepala"] = kantor.know("kepala")
    pages["tugas saya, kepala"] = f"{pages['tugas keputusan']}/saya"  # with what is late elsewhere
    pages["tugas saya, peramban tak dikenal"] = f"{task}/saya"
    pages["minta tautan"] = "/saya"
    one.written("Papan nama jalan hilang", "Papan nama Jalan Cempaka hilang sejak bulan lalu.")
    one.to_clarification()
    one.press(
        "sekretaris", "tanya_unit", petugas=["kasi-infrastruktur"], pertanyaan="Benarkah hilang?"
    )
    pages["beralih"] = one.link("kasi-infrastruktur", "jawab")
    with writing(kantor.engine) as session:
        today = kantor.clock().astimezone(kantor.settings.zone).date()
        work = Work(session, kantor.settings, kantor.clock())
        cases.delegate(work, "kasi-infrastruktur", "jfu-1", "plh", today, today, SYSTEM)
    one.tick()
