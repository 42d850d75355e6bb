"""Fill an office with the code of its time, and leave its database as one small file.

    git worktree add /tmp/old COMMIT && cd /tmp/old
    PYTHONPATH=. python …/tests/data/schemas/fill.py 0007 OUT      # OUT/0007.db.xz

Run it in a checkout of the last commit that stood at that revision. What a revision cannot do yet is left out, and
said. Everybody is invented.
"""

# mypy: ignore-errors
# The code that this calls is not here but in that checkout, and differs from one to the next.

import inspect
import io
import lzma
import os
import sqlite3
import sys
import tempfile
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from PIL import Image
from pipeline.db import writing
from pipeline.sop import Channel, TaskKind

from pipeline import cases, config, db, poller
from pipeline.cases import Work
from tests.office import SITI, bounce_of, office

BUDI, ANI, JOKO = "budi@warga.example", "ani@warga.example", "joko@warga.example"


def picture(shade: int) -> bytes:
    """A page that a scanner would send, in few bytes."""
    out = io.BytesIO()
    Image.new("L", (620, 877), shade).save(out, "JPEG", quality=20, dpi=(75, 75))
    return out.getvalue()


@contextmanager
def step(name: str):
    try:
        yield
    except Exception as error:
        print(f"  left out: {name}: {type(error).__name__}: {str(error)[:90]}")


def life(kantor) -> None:
    """What happens in an office within two days, one of everything."""
    know(kantor)
    kantor.citizen_sends("Lampu jalan padam", files=[("foto.jpg", "image/jpeg", picture(180))])
    first = kantor.complaint().number
    kantor.press("jfu-1", "laporkan", ringkasan="Lampu padam.")
    with step("klarifikasi"):
        kantor.press(
            "sekretaris", "tanya_unit", petugas=["kasubag-umum"], pertanyaan="Benarkah padam?"
        )
        kantor.press("kasubag-umum", "jawab", jawaban="Benar, tiga tiang.")
    kantor.press("sekretaris", "laporkan_kepala", hasil="Benar, tiga titik lampu padam.")
    with step("rapat"):
        kantor.press(
            "kepala",
            "rapat",
            waktu="2026-11-27T10:00",
            tempat="Ruang rapat",
            undangan=["kasi-infrastruktur"],
        )
    with step("perpanjang"):
        kantor.press(
            "kepala", "perpanjang", sampai="2026-12-18T16:00", alasan="Menunggu hasil uji."
        )
    kantor.press(
        "kepala",
        "putuskan",
        keputusan="ditindaklanjuti",
        perintah="Sampaikan bahwa lampu sudah menyala.",
    )
    kantor.press("sekretaris", "ajukan")
    kantor.press("kepala", "tandatangani", bertanda_tangan=("surat.jpg", picture(90)))
    kantor.press("jfu-1", "kirim_email")
    with step("pantulan"):
        kantor.arrive(bounce_of(kantor.newest(SITI), kantor.clock.now))
        kantor.settle()
    print("  ", first, kantor.stage(first))

    with step("gabungkan"):  # a child that is older than its parent
        kantor.citizen_sends(
            "Wifi taman mati", "Wifi di Taman Sumber Wangi mati.", sender=BUDI, name="Budi"
        )
        child = kantor.complaints()[-1].number
        kantor.citizen_sends("Wifi taman", "Wifi taman tidak menyala.", sender=ANI, name="Ani")
        parent = kantor.complaints()[-1].number
        kantor.press("jfu-1", "gabungkan", about=child, nomor=parent)
    with step("tanya pengadu"):
        kantor.citizen_sends("Antrean", "Antrean tiga jam.", sender=JOKO, name="Joko")
        number = kantor.complaints()[-1].number
        kantor.press("jfu-1", "laporkan", about=number, ringkasan="Antrean lama.")
        kantor.press("sekretaris", "tanya_pengadu", about=number, pertanyaan="Tanggal berapa?")
    with step("batal"):
        kantor.citizen_sends(
            "Penawaran", "Kami menjual printer.", sender="toko@dagang.example", name="Toko"
        )
        kantor.press(
            "jfu-1",
            "bukan_pengaduan",
            about=kantor.complaints()[-1].number,
            alasan="Penawaran dagang.",
        )
    with step("bukan wewenang"):
        kantor.citizen_sends(
            "Air PDAM keruh", "Air keruh.", sender="tono@warga.example", name="Tono"
        )
        number = kantor.complaints()[-1].number
        kantor.press("jfu-1", "laporkan", about=number, ringkasan="Air keruh.")
        kantor.press("sekretaris", "laporkan_kepala", about=number, hasil="Bukan wewenang dinas.")
        kantor.press(
            "kepala",
            "putuskan",
            about=number,
            keputusan="bukan_wewenang",
            perintah="Teruskan.",
            instansi="PDAM",
        )
    with step("tertahan"):
        kantor.arrive(
            b"From: x@warga.example\r\nTo: aduan@kominfo.example\r\nSubject: kosong\r\n\r\n"
        )
        kantor.arrive(
            b"From: <>\r\nTo: aduan@kominfo.example\r\nAuto-Submitted: auto-replied\r\n\r\ncuti\r\n"
        )
        kantor.settle()
    with step("surat besar"):
        chart = ("peta.bin", "application/octet-stream", bytes(1_200_000))
        kantor.citizen_sends(
            "Peta", "Peta terlampir.", sender="rina@warga.example", name="Rina", files=[chart]
        )
    with step("PDF"):
        drawn(kantor)
    with step("pindaian"):
        scanned(kantor)
    with step("loket"):
        at_counter(kantor)
    with step("formulir tersimpan"):
        unsent(kantor)
    with step("delegasi"), writing(kantor.engine) as session:
        work = Work(session, kantor.settings, kantor.clock())
        day = kantor.clock().date()
        cases.delegate(
            work, "kepala", "sekretaris", "plh", day, day + timedelta(days=30), cases.SYSTEM
        )
    with step("libur"), writing(kantor.engine) as session:
        cases.add_holiday(
            Work(session, kantor.settings, kantor.clock()), date(2026, 12, 24), "Cuti bersama"
        )
    kantor.settle()
    with step("hari berikut"):
        kantor.next_workday()
        kantor.settle()
        poller.tick(kantor.app)
    with step("pengingat"):
        kantor.next_workday()
        kantor.settle()


def know(kantor) -> None:
    with step("peramban"):
        kantor.know("jfu-1", "sekretaris", "kepala", "kasubag-umum")


def scanned(kantor) -> None:
    folder = kantor.settings.folder / "pindaian"
    folder.mkdir(exist_ok=True)
    image = Image.open(io.BytesIO(picture(220))).convert("L")
    image.putpixel((50, 50), 0)
    image.paste(0, (100, 100, 400, 160))
    image.save(folder / "slip.png", dpi=(75, 75))
    past = os.stat(folder / "slip.png").st_mtime - 60
    os.utime(folder / "slip.png", (past, past))
    kantor.settle()


def drawn(kantor) -> None:
    """What LibreOffice would have made of a letter."""
    letter = kantor.documents("konsep", kantor.complaints()[0].number)[-1]
    with writing(kantor.engine) as session:
        work = Work(session, kantor.settings, kantor.clock())
        asked = inspect.signature(cases.store_pdf).parameters
        more = {"pages": [picture(250)], "anchors": 1, "actor": cases.SYSTEM}
        given = {name: value for name, value in more.items() if name in asked}
        cases.store_pdf(work, letter.id, b"%PDF-1.4\n%%EOF\n", **given)


def at_counter(kantor) -> None:
    with writing(kantor.engine) as session:
        work = Work(session, kantor.settings, kantor.clock())
        person = cases.Pengadu(nama="Slamet Riyadi", telepon="0812-0000-0000")
        cases.record(
            work,
            [
                cases.New(
                    Channel.LANGSUNG,
                    person,
                    perihal="KTP",
                    isi="Antre.",
                    received_at=kantor.clock(),
                )
            ],
        )


def unsent(kantor) -> None:
    from pipeline import browsers, saved

    with writing(kantor.engine) as session:
        task = next(t for t in kantor.tasks(TaskKind.CATAT) if t.closed_at is None)
        task = session.get_one(db.Task, task.id)
        link = session.query(db.Link).filter_by(task_id=task.id).first()
        saved.put(session, task, "jfu-1", "laporkan", {"ringkasan": ["Belum sele"]}, kantor.clock())
        held = browsers.Held(
            "laporkan", {"ringkasan": ["Antre."]}, {"berkas": ("a.jpg", picture(10))}
        )
        browsers.hold(session, kantor.settings.key, link.id, "jfu-1", held, kantor.clock())


def shrunk(source: Path, target: Path) -> None:
    """One file of small pages, compressed: most of an almost empty database is the room between its rows."""
    with sqlite3.connect(source) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        file.execute("PRAGMA journal_mode=DELETE")
        file.execute("PRAGMA page_size=1024")
        file.execute("VACUUM")
        rows = {
            name: file.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for (name,) in file.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
            ).fetchall()
        }
    print("  ", rows)
    target.write_bytes(lzma.compress(source.read_bytes(), preset=9 | lzma.PRESET_EXTREME))


def main(revision: str, out: Path) -> None:
    print(revision)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scan = {"folder": "pindaian"} | (
            {"baca": False} if "baca" in config.Scan.model_fields else {}
        )
        with office(folder, scan=scan) as kantor:
            life(kantor)
        shrunk(folder / "aduan.db", out / f"{revision}.db.xz")
    print("  ", (out / f"{revision}.db.xz").stat().st_size)


if __name__ == "__main__":
    os.environ["PATH"] = (
        ""  # without LibreOffice: pictures of pages are large and nothing that a table needs
    )
    main(sys.argv[1], Path(sys.argv[2]))
