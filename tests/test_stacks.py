"""Scans of any kind come in, are read page by page by the real child process, and nothing is lost or doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageDraw
from sqlalchemy import func, select

from pipeline import cases, poller, stacks
from pipeline.cases import AlreadyDone, Invalid, Work
from pipeline.db import Complaint, Item, Slip, SlipPage, Stack, Task, reading, writing
from pipeline.poller import App
from pipeline.slips import form, worker
from pipeline.slips.worker import Broken, Worker
from pipeline.sop import Channel, Stage, TaskKind
from tests.desk import Desk, desk_in
from tests.office import INTAKE, compose
from tests.slips import generator, stacked

DATA = Path(__file__).parent / "slips" / "data"
needs_fonts = pytest.mark.skipif(not generator.fonts(False), reason="the fonts for made-up slips are not installed")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path, scan={"folder": "pindaian", "baca": False}) as one:
        yield one


def reads(desk: Desk, baca: bool = True) -> Desk:
    """The same desk with the machine reading slips, or not."""
    scan = desk.settings.scan.model_copy(update={"baca": baca})
    return replace(desk, settings=desk.settings.model_copy(update={"scan": scan}))


def page(text: str = "", size: tuple[int, int] = (600, 850)) -> Image.Image:
    image = Image.new("L", size, 255)
    if text:
        ImageDraw.Draw(image).text((60, 200), text, fill=0, font_size=60)
    return image


def saved(images: list[Image.Image], kind: str, **more: object) -> bytes:
    out = BytesIO()
    if kind in ("PDF", "TIFF") and len(images) > 1:
        images[0].save(out, kind, save_all=True, append_images=images[1:], **more)
    else:
        images[0].save(out, kind, **more)
    return out.getvalue()


def drop(desk: Desk, content: bytes, name: str = "tumpukan.pdf") -> Path:
    """A file that the scanner finished a minute ago."""
    folder = desk.settings.folder / "pindaian"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    os.utime(path, times=(time.time() - 60,) * 2)
    return path


def work_through(desk: Desk) -> None:
    stacks.collect(desk.engine, desk.settings, desk.clock)
    stacks.read_all(desk.engine, desk.settings, desk.clock)


def items(desk: Desk) -> list[Item]:
    with reading(desk.engine) as session:
        return list(session.scalars(select(Item).order_by(Item.id)))


def slips(desk: Desk, item_id: int) -> list[Slip]:
    with reading(desk.engine) as session:
        return cases.all_slips(session, item_id)


# ---- coming in -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "pages"),
    [
        ("a.pdf", saved([page("satu"), page("dua"), page("tiga")], "PDF"), 3),
        ("a.tif", saved([page("satu"), page("dua")], "TIFF", compression="tiff_lzw"), 2),
        ("a.jpg", saved([page("satu")], "JPEG"), 1),
        ("a.png", saved([page("satu").convert("RGBA")], "PNG"), 1),
        ("a.webp", saved([page("satu")], "WEBP"), 1),
        ("a.jpg", saved([page("satu")], "PNG"), 1),  # the wrong extension is no hindrance
    ],
    ids=["pdf", "tiff", "jpeg", "png", "webp", "extension"],
)
def test_a_file_of_the_folder_becomes_slips(desk: Desk, name: str, content: bytes, pages: int) -> None:
    path = drop(desk, content, name)
    work_through(desk)
    (item,) = items(desk)
    assert item.state == "done"
    assert [one.kind for one in slips(desk, item.id)] == ["halaman"] * pages
    assert not path.exists()
    assert (path.parent / "diproses" / name).read_bytes() == content  # the original is unaltered
    assert [m.subject.startswith(f"{pages} slip baru") for m in desk.mails("tugas_pindai")] == [True, True]


def test_a_photo_of_a_phone_in_heic(desk: Desk) -> None:
    drop(desk, (DATA / "foto.heic").read_bytes(), "foto.heic")
    work_through(desk)
    assert [one.kind for one in slips(desk, items(desk)[0].id)] == ["halaman"]


def _locked() -> bytes:
    """An encrypted PDF: the standard handler with keys that open with a password only."""
    clear = saved([page("rahasia")], "PDF")
    head, _, tail = clear.rpartition(b"trailer")
    lock = (
        b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -44 /O <" + b"41" * 32 + b"> /U <" + b"42" * 32 + b"> >> "
        b"/ID [<" + b"43" * 16 + b"> <" + b"43" * 16 + b">] "
    )
    return head + b"trailer" + tail.replace(b"<<", b"<< " + lock, 1)


def _bomb() -> bytes:
    """A small PNG that would be 2 GB of pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    head = (45_000).to_bytes(4) * 2 + bytes([8, 0, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10**6))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "kosong"),
        (b"halo", "bukan PDF"),
        (b"%PDF-1.7 rusak", "rusak"),
        (_locked(), "kata sandi"),
        (saved([page("a")], "TIFF")[:200], "rusak"),
        (saved([page("abc")], "JPEG")[:900], "rusak"),
        (_bomb(), "terlalu besar"),
    ],
    ids=["zero", "text", "broken", "locked", "tiff", "jpeg", "bomb"],
)
def test_what_cannot_be_shown_is_held_with_a_reason_and_the_lane_goes_on(desk: Desk, content: bytes, said: str) -> None:
    drop(desk, content, "1-buruk.pdf")
    drop(desk, saved([page("baik")], "PDF"), "2-baik.pdf")
    work_through(desk)
    bad, good = items(desk)
    assert (bad.state, good.state) == ("held", "done")
    assert said in bad.reason
    folder = desk.settings.folder / "pindaian"
    assert (folder / "ditahan" / "1-buruk.pdf").read_bytes() == content
    assert [path.name for path in (folder / "diproses").iterdir()] == ["2-baik.pdf"]
    assert [t.kind for t in desk.item_tasks(bad.id)] == [TaskKind.TERTAHAN]
    assert [t.kind for t in desk.item_tasks(good.id)] == [TaskKind.PINDAI]


def test_a_pdf_of_too_many_pages_is_held(desk: Desk) -> None:
    document = pypdfium2.PdfDocument.new()
    for _ in range(501):
        document.new_page(100, 100)
    out = BytesIO()
    document.save(out)
    drop(desk, out.getvalue())
    work_through(desk)
    assert "lebih dari 500 halaman" in items(desk)[0].reason


def test_links_and_fresh_files_are_left_alone(desk: Desk, tmp_path: Path) -> None:
    secret = tmp_path / "rahasia.pdf"
    secret.write_bytes(saved([page("rahasia")], "PDF"))
    path = drop(desk, saved([page("baru")], "PDF"))
    os.utime(path)
    (path.parent / "tautan.pdf").symlink_to(secret)
    work_through(desk)
    assert items(desk) == []
    assert path.exists()


def test_the_same_scan_twice_is_one(desk: Desk) -> None:
    content = saved([page("satu")], "PDF")
    drop(desk, content, "a.pdf")
    work_through(desk)
    drop(desk, content, "b.pdf")
    work_through(desk)
    (item,) = items(desk)
    assert len(slips(desk, item.id)) == 1
    assert sorted(p.name for p in (desk.settings.folder / "pindaian" / "diproses").iterdir()) == ["a.pdf", "b.pdf"]


def test_attachments_of_the_scanners_own_mail_become_slips(tmp_path: Path) -> None:
    scanned = [("scan.pdf", "application/pdf", saved([page("a"), page("b")], "PDF")), ("logo.txt", "text/plain", b"x")]
    with desk_in(tmp_path, scan={"pengirim": ("mesin@kominfo.example",), "baca": False}) as desk:
        mail = compose("Mesin <mesin@kominfo.example>", INTAKE, "Scan", "", desk.clock.now, files=scanned)
        mail["Auto-Submitted"] = "auto-generated"
        item = desk.take_in(mail.as_bytes())
        assert (item.state, item.reason) == ("done", "dari pemindai")
        app = App(desk.settings, desk.engine, desk.clock)
        poller.take_in(app)
        assert poller.slips(app) == {"slip": 2}
        assert desk.count(Complaint) == 0


SCANNER = "mesin@kominfo.example"


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("mx.kominfo.example; dmarc=fail header.from=kominfo.example", "held"),
        ("mx.kominfo.example; spf=fail smtp.mailfrom=kominfo.example", "held"),
        ("mx.kominfo.example; spf=fail; dmarc=pass", "done"),
        ("mx.jahat.example; dmarc=fail", "done"),  # anybody may write that
        ("", "done"),
    ],
    ids=["dmarc", "spf", "forwarded", "stranger", "silent"],
)
def test_a_mail_in_the_scanners_name_is_held_where_a_trusted_server_says_it_is_not_from_there(
    tmp_path: Path, said: str, state: str
) -> None:
    tables = {"scan": {"pengirim": (SCANNER,), "baca": False}, "balasan": {"server_tepercaya": ("mx.kominfo.example",)}}
    files = [("scan.pdf", "application/pdf", saved([page("a")], "PDF"))]
    with desk_in(tmp_path, **tables) as desk:
        mail = compose(f"Mesin <{SCANNER}>", INTAKE, "Scan", "", desk.clock.now, files=files)
        if said:
            mail["Authentication-Results"] = said
        item = desk.take_in(mail.as_bytes())
        assert item.state == state
        assert ("bukan dari sana" in item.reason) is (state == "held")
        assert desk.count(Item) == (1 if state == "held" else 2)


# ---- reading -------------------------------------------------------------------------------------------------


class Trap(Worker):
    """The real worker, whose process ends over some pages: it is killed as the page is asked for."""

    deadly: tuple[int, ...] = ()
    hopeless: tuple[int, ...] = ()

    def page(self, number: int, *, plain: bool = False) -> tuple[bytes, list[worker.Sheet]]:
        if number in self.hopeless or (number in self.deadly and not plain):
            if self._process is None:
                self.open(self._content)
            assert self._process is not None
            os.kill(self._process.pid, signal.SIGKILL)
        return super().page(number, plain=plain)


@pytest.mark.parametrize(
    ("trap", "kinds"), [("deadly", ["surat", "halaman", "surat"]), ("hopeless", ["halaman", "gagal", "halaman"])]
)
def test_a_crash_holds_that_page_only(desk: Desk, monkeypatch: pytest.MonkeyPatch, trap: str, kinds: list[str]) -> None:
    """A page that ends the reader is shown as a picture; one that cannot even be drawn is named to the clerk."""
    monkeypatch.setattr(stacks, "Worker", type("Caught", (Trap,), {trap: (2,)}))
    desk = reads(desk, trap == "deadly")
    drop(desk, saved([page("satu"), page("dua"), page("tiga")], "PDF"))
    work_through(desk)
    (item,) = items(desk)
    found = slips(desk, item.id)
    assert [one.kind for one in found] == kinds
    assert found[1].reason == ("" if trap == "deadly" else "gagal")
    assert item.state == "done"


def test_a_page_has_its_time_and_no_more() -> None:
    with Worker(seconds=0.01) as slow:
        slow.open(saved([page("a")], "PDF"))
        with pytest.raises(Broken, match="macet"):
            slow.page(1)


def test_without_the_extra_slips_still_come_in(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clerk types beside the picture."""
    blocker = desk.settings.folder / "tanpa"
    blocker.mkdir()
    (blocker / "sitecustomize.py").write_text(
        "import importlib.util as u\nfound = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'rapidocr' else found(name, *a)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{blocker}{os.pathsep}{Path(__file__).parents[1]}")
    desk = reads(desk)
    drop(desk, saved([page("satu")], "PDF"))
    work_through(desk)
    assert [one.kind for one in slips(desk, items(desk)[0].id)] == ["halaman"]


@needs_fonts
def test_separator_sheets_make_one_letter_of_several_pages(desk: Desk) -> None:
    desk = reads(desk)
    sheet = pypdfium2.PdfDocument(form.separator())[0].render(scale=1.5).to_pil().convert("L")
    letters = [
        Image.fromarray(generator.scaled(generator.letter(random.Random(n), False), 120).picture) for n in (1, 2, 3)
    ]
    drop(desk, saved([letters[0], sheet, letters[1], letters[2], sheet], "PDF", resolution=120))
    work_through(desk)
    found = slips(desk, items(desk)[0].id)
    assert [(one.kind, one.state) for one in found] == [
        ("surat", "baru"), ("pemisah", "pemisah"), ("surat", "baru"), ("surat", "digabung"), ("pemisah", "pemisah"),
    ]  # fmt: skip
    assert cases.value_of(found[2], "uraian").count("Kepada Yth") == 2


# ---- settling ------------------------------------------------------------------------------------------------


def stack(desk: Desk, pages: int = 3) -> tuple[Task, list[Slip]]:
    drop(desk, saved([page(f"halaman {n}") for n in range(pages)], "PDF"))
    work_through(desk)
    (item,) = items(desk)
    (task,) = desk.item_tasks(item.id)
    return task, slips(desk, item.id)


def settle(desk: Desk, task: Task, name: str, **fields: str) -> Complaint | None:
    form_ = cases.check(desk.settings, TaskKind.PINDAI, name, {k: [v] for k, v in fields.items()}, {})
    person = desk.settings.person("jfu-1")
    assert person is not None
    with writing(desk.engine) as session:
        return cases.act(Work(session, desk.settings, desk.clock()), task.id, person, form_)


def is_open(desk: Desk, task: Task) -> bool:
    with reading(desk.engine) as session:
        return session.get_one(Task, task.id).closed_at is None


def test_a_stack_ends_with_its_last_slip_and_what_is_no_complaint_is_kept_and_counted(desk: Desk) -> None:
    task, found = stack(desk)
    made = settle(desk, task, "catat_slip", slip=str(found[0].id), perihal="Lampu", isi="Padam.", lokasi="Map 3")
    assert made is not None
    assert (made.channel, made.stage, made.keterangan) == (Channel.KOTAK, Stage.KLARIFIKASI, "Map 3")
    settle(desk, task, "tidak_terbaca", slip=str(found[1].id))
    assert is_open(desk, task)
    settle(desk, task, "bukan_pengaduan", slip=str(found[2].id), alasan="Iklan.")
    assert not is_open(desk, task)
    with reading(desk.engine) as session:
        assert cases.tally(session, found[0].item_id) == {"dicatat": 1, "tak_terbaca": 1, "bukan": 1}


def test_a_slip_pressed_twice_is_one_complaint(desk: Desk) -> None:
    task, found = stack(desk)
    settle(desk, task, "catat_slip", slip=str(found[0].id), perihal="Lampu", isi="Padam.")
    with pytest.raises(AlreadyDone):
        settle(desk, task, "catat_slip", slip=str(found[0].id), perihal="Lampu", isi="Padam.")
    assert desk.count(Complaint) == 1


def test_pages_are_joined_to_the_one_before(desk: Desk) -> None:
    task, found = stack(desk)
    with pytest.raises(Invalid):
        settle(desk, task, "gabungkan_halaman", slip=str(found[0].id))
    settle(desk, task, "gabungkan_halaman", slip=str(found[1].id))
    made = settle(desk, task, "catat_slip", slip=str(found[0].id), perihal="Lampu", isi="Padam.")
    assert made is not None
    assert [d.name for d in desk.documents()] == [
        "Slip PGD-2026-000001 lembar 1.jpg", "Slip PGD-2026-000001 lembar 2.jpg",
    ]  # fmt: skip
    assert is_open(desk, task)


def test_a_doubled_slip_waits_for_the_answer_of_the_other(desk: Desk) -> None:
    task, found = stack(desk)
    first = settle(desk, task, "catat_slip", slip=str(found[0].id), perihal="Lampu", isi="Lampu taman padam total.")
    assert first is not None
    second = settle(desk, task, "catat_slip", slip=str(found[1].id), perihal="Lampu", isi="Padam.", sama=first.number)
    assert second is not None
    assert (second.stage, second.parent_id) == (Stage.DIGABUNG, first.id)
    with pytest.raises(Invalid):
        settle(desk, task, "catat_slip", slip=str(found[2].id), perihal="x", isi="y", sama="PGD-2026-000099")


def test_the_serial_becomes_the_status_code_once_and_a_photocopy_gets_its_own(desk: Desk) -> None:
    task, found = stack(desk, 2)
    with writing(desk.engine) as session:
        for one in found:
            session.get_one(Slip, one.id).serial = "abcdefghijklmnop"
    first = settle(desk, task, "catat_slip", slip=str(found[0].id), perihal="Lampu", isi="Padam.")
    with reading(desk.engine) as session:
        like = cases.alike(Work(session, desk.settings, desk.clock()), session.get_one(Slip, found[1].id))
        assert [(c.number, why) for c, why in like] == [("PGD-2026-000001", "serial")]
    second = settle(desk, task, "catat_slip", slip=str(found[1].id), perihal="Wifi", isi="Mati.")
    assert first is not None
    assert second is not None
    assert first.status_code == "abcdefghijklmnop"
    assert second.status_code != first.status_code


@pytest.mark.parametrize(("ways", "mails"), [((), 1), (("lewat_email",), 1), (("lewat_surat",), 0)])
def test_an_acknowledgement_goes_by_mail_as_the_slip_allows(desk: Desk, ways: tuple[str, ...], mails: int) -> None:
    task, found = stack(desk)
    fields = {"perihal": "Lampu", "isi": "Padam.", "email": "siti@warga.example", **dict.fromkeys(ways, "ya")}
    settle(desk, task, "catat_slip", slip=str(found[0].id), **fields)
    assert len(desk.mails("tanda_terima")) == mails


def test_what_was_read_goes_when_a_slip_is_settled(desk: Desk) -> None:
    task, found = stack(desk)
    with writing(desk.engine) as session:
        session.get_one(Slip, found[0].id).fields = {"nama": {"value": "Siti", "confidence": 0.9, "box": [1, 2, 3, 4]}}
    settle(desk, task, "catat_slip", slip=str(found[0].id), perihal="Lampu", isi="Padam.")
    with reading(desk.engine) as session:
        assert session.get_one(Slip, found[0].id).fields == {"nama": {"box": [1, 2, 3, 4], "confidence": 0.9}}


# ---- a large stack -------------------------------------------------------------------------------------------

CHILD = """
import re, sys
from pathlib import Path
from pipeline import db, poller, stacks
from tests.desk import make_settings
settings = make_settings(Path(sys.argv[1]), scan={"folder": "pindaian", "baca": False})
stacks.read_all(db.connect(sys.argv[2]), settings, poller.utc_now)
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)  # since it was started
"""


def reader(desk: Desk, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(folder), desk.engine.url.render_as_string(hide_password=False)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.mark.timeout(300)
def test_200_pages_with_a_kill_in_the_middle_lose_and_double_nothing(desk: Desk, tmp_path: Path) -> None:
    drop(desk, saved([page(f"halaman {n}", (300, 420)) for n in range(200)], "PDF"))
    stacks.collect(desk.engine, desk.settings, desk.clock)

    def done() -> int:
        with reading(desk.engine) as session:
            return session.scalar(select(func.count(SlipPage.id))) or 0

    process = reader(desk, tmp_path)
    until(lambda: done() > 60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = done()
    assert 60 < before < 200
    last = reader(desk, tmp_path)
    out, _ = last.communicate(timeout=200)
    with reading(desk.engine) as session:
        numbers = list(session.scalars(select(SlipPage.number).order_by(SlipPage.id)))
        (pages,) = session.scalars(select(Stack.pages))
        assert session.scalar(select(func.count(Slip.id))) == 200
    assert numbers == list(range(1, pages + 1))
    assert [t.kind for t in desk.item_tasks(items(desk)[0].id)] == [TaskKind.PINDAI]
    assert {m.subject.split(" slip")[0] for m in desk.mails("tugas_pindai")} == {"200"}
    assert int(out) < 250, "MB of the process that holds the database: no page stays in memory"


@needs_fonts
@pytest.mark.timeout(400)
def test_a_stack_that_is_really_read_survives_a_kill(tmp_path: Path) -> None:
    """Small here; `make bench-stack` does it with 200 pages. The reader's memory does not grow with the pages."""
    figures = stacked.through(tmp_path, 12)
    assert 6 <= figures["killed_after"][0] < 12
    assert figures["process_mb"] < 250
    assert figures["reader_mb"] < 1200


@needs_fonts
def test_a_reader_whose_process_was_killed_ends_by_itself(tmp_path: Path) -> None:
    """No orphan keeps a gigabyte."""
    starts = "import os, sys; from pipeline.slips.worker import Worker; w = Worker(); w.open(sys.stdin.buffer.read())"
    command = [sys.executable, "-c", f"{starts}; print(w._process.pid, flush=True); import time; time.sleep(60)"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1])
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(saved([page("a")], "PDF"))
    process.stdin.close()
    child = int(process.stdout.readline())
    process.kill()
    process.wait()
    until(lambda: not Path(f"/proc/{child}/exe").exists(), 20)
