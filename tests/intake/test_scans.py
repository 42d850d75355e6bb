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
from typing import Any

import pypdfium2
import pytest
from PIL import Image, ImageDraw
from sqlalchemy import func, select

from pipeline import cases
from pipeline.cases import AlreadyDone, Invalid
from pipeline.cases.slips import (
    alike,
    all_slips,
    page_read,
    stack_opened,
    stack_read,
    tally,
    value_of,
)
from pipeline.data.engine import reading, writing
from pipeline.data.tables import Complaint, Item, Slip, SlipPage, Stack, Task
from pipeline.intake import scans
from pipeline.office.sop import Channel, Stage, TaskKind
from pipeline.running import collecting, poller
from pipeline.slips import form, worker
from pipeline.slips.worker import ReaderDiedError, Worker
from pipeline.work import App, Work
from tests.desk import Desk, desk_in
from tests.kantor import INTAKE, compose
from tests.slips import generator, stacked

DATA = Path(__file__).parents[1] / "slips" / "data"
AN_HOUR_AGO = int(time.time()) - 3600
needs_fonts = pytest.mark.skipif(
    not generator.fonts(False), reason="the fonts for made-up slips are not installed"
)


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
    """A file that the scanner finished an hour ago; several under one name fall into one second."""
    folder = desk.settings.folder / "pindaian"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    os.utime(path, times=(AN_HOUR_AGO,) * 2)
    return path


def work_through(desk: Desk) -> None:
    scans.collect(desk.app)
    scans.read_all(desk.app)


def items(desk: Desk) -> list[Item]:
    with reading(desk.engine) as session:
        return list(session.scalars(select(Item).order_by(Item.id)))


def slips(desk: Desk, item_id: int) -> list[Slip]:
    with reading(desk.engine) as session:
        return all_slips(session, item_id)


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
def test_a_file_of_the_folder_becomes_slips(
    desk: Desk, name: str, content: bytes, pages: int
) -> None:
    path = drop(desk, content, name)
    work_through(desk)
    (item,) = items(desk)
    assert item.state == "done"
    assert [one.kind for one in slips(desk, item.id)] == ["halaman"] * pages
    assert not path.exists()
    assert (path.parent / "diproses" / name).read_bytes() == content  # the original is unaltered
    assert [m.subject.startswith(f"{pages} slip baru") for m in desk.mails("tugas_pindai")] == [
        True,
        True,
    ]


def test_a_photo_of_a_phone_in_heic(desk: Desk) -> None:
    drop(desk, (DATA / "foto.heic").read_bytes(), "foto.heic")
    work_through(desk)
    assert [one.kind for one in slips(desk, items(desk)[0].id)] == ["halaman"]


def _locked() -> bytes:
    """An encrypted PDF: the standard handler with keys that open with a password only."""
    clear = saved([page("rahasia")], "PDF")
    head, _, tail = clear.rpartition(b"trailer")
    lock = (
        b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -44 /O <"
        + b"41" * 32
        + b"> /U <"
        + b"42" * 32
        + b"> >> "
        b"/ID [<" + b"43" * 16 + b"> <" + b"43" * 16 + b">] "
    )
    return head + b"trailer" + tail.replace(b"<<", b"<< " + lock, 1)


def _bomb() -> bytes:
    """A small PNG that would be 2 GB of pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    head = (45_000).to_bytes(4) * 2 + bytes([8, 0, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(10**6)))
        + chunk(b"IEND", b"")
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
        (saved([page("abc")], "JPEG")[:-900] + b"\xff\xd9", "rusak"),
        (_bomb(), "terlalu besar"),
    ],
    ids=["zero", "text", "broken", "locked", "tiff", "jpeg", "jpeg that was closed", "bomb"],
)
def test_what_cannot_be_shown_is_held_with_a_reason_and_the_lane_goes_on(
    desk: Desk, content: bytes, said: str
) -> None:
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


def aged(path: Path, seconds: float) -> None:
    os.utime(path, times=(time.time() - seconds,) * 2)


@pytest.mark.parametrize(
    ("kind", "share", "seconds", "taken"),
    [
        ("PDF", 1.0, 10, True),
        ("PDF", 0.6, 10, False),  # the scanner pauses
        ("PDF", 0.6, 700, True),  # nobody will go on: held, and told
        ("JPEG", 1.0, 10, True),
        ("JPEG", 0.6, 10, False),
        ("PNG", 0.9, 10, False),
        ("TIFF", 1.0, 10, False),  # whole after each page: it may go on
        ("TIFF", 1.0, 30, True),
        ("TIFF", 0.6, 30, False),
    ],
)
def test_a_file_is_taken_when_it_is_quiet_and_has_its_end(
    desk: Desk, kind: str, share: float, seconds: float, taken: bool
) -> None:
    content = saved(
        [page("satu"), page("dua")] if kind in ("PDF", "TIFF") else [page("satu")], kind
    )
    path = drop(desk, content[: round(len(content) * share)], f"a.{kind.lower()}")
    aged(path, seconds)
    work_through(desk)
    assert (items(desk) != []) is taken
    assert path.exists() is not taken


def with_thumbnail() -> bytes:
    """A phone's JPEG: the small picture in its head has an end of its own."""
    small = BytesIO()
    page("kecil").resize((60, 80)).save(small, "JPEG")
    out = BytesIO()
    page("satu").save(out, "JPEG", exif=b"Exif\0\0" + bytes(64) + small.getvalue())
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "share", "taken"),
    [
        (with_thumbnail(), "a.jpg", 1.0, True),
        (with_thumbnail(), "a.jpg", 0.9, False),
        ((DATA / "26_mpo_phone.jpg").read_bytes(), "a.jpg", 0.4, False),
        ((DATA / "foto.heic").read_bytes(), "a.heic", 1.0, True),
        ((DATA / "foto.heic").read_bytes(), "a.heic", 0.6, False),
        (saved([page("satu")], "BMP"), "a.bmp", 0.6, False),
    ],
    ids=["thumbnail", "cut after its thumbnail", "cut mpo", "heic", "cut heic", "cut bmp"],
)
def test_a_half_written_photo_is_not_taken_for_a_whole_one(
    desk: Desk, content: bytes, name: str, share: float, taken: bool
) -> None:
    path = drop(desk, content[: round(len(content) * share)], name)
    aged(path, 10)
    scans.collect(desk.app)
    assert path.exists() is not taken


def test_a_scan_that_is_saved_anew_with_more_pages_is_continued_not_doubled(desk: Desk) -> None:
    """The scanner writes two pages, pauses, and saves three under the same name."""
    pages = [page("satu"), page("dua"), page("tiga")]
    drop(desk, saved(pages[:2], "TIFF", compression="tiff_lzw"), "a.tif")
    work_through(desk)
    drop(desk, saved(pages, "TIFF", compression="tiff_lzw"), "a.tif")
    work_through(desk)
    first, second = items(desk)
    assert [len(slips(desk, one.id)) for one in (first, second)] == [2, 1]
    assert second.state == "done"


def test_a_scan_saved_anew_without_new_pages_is_told_to_nobody(desk: Desk) -> None:
    drop(desk, saved([page("satu")], "TIFF"), "a.tif")
    work_through(desk)
    mails = len(desk.mails("tugas_pindai"))
    drop(desk, saved([page("satu")], "TIFF", compression="tiff_lzw"), "a.tif")
    work_through(desk)
    assert [one.state for one in items(desk)] == ["done", "done"]
    assert len(desk.mails("tugas_pindai")) == mails


def test_a_file_that_grew_after_it_was_put_away_is_taken_again(desk: Desk) -> None:
    """The scanner kept it open: what it writes goes to where the file lies now."""
    pages = [page("satu"), page("dua")]
    path = drop(desk, saved(pages[:1], "TIFF", compression="tiff_lzw"), "a.tif")
    work_through(desk)
    moved = path.parent / "diproses" / "a.tif"
    moved.write_bytes(saved(pages, "TIFF", compression="tiff_lzw"))
    aged(moved, 30)
    work_through(desk)
    work_through(desk)
    assert [len(slips(desk, one.id)) for one in items(desk)] == [1, 1]
    assert [p.name for p in moved.parent.iterdir()] == ["a.tif"]


def test_a_held_file_is_looked_at_again_when_it_changes(desk: Desk) -> None:
    whole = saved([page("satu"), page("dua")], "PDF")
    path = drop(desk, whole[: len(whole) * 6 // 10])
    aged(path, 700)
    work_through(desk)
    assert items(desk)[0].state == "held"
    held = path.parent / "ditahan" / path.name
    held.write_bytes(whole)
    aged(held, 30)
    work_through(desk)
    assert [one.state for one in items(desk)] == ["held", "done"]


def test_hidden_files_are_ignored_and_unfinished_ones_wait_for_their_name(desk: Desk) -> None:
    content = saved([page("satu")], "PDF")
    for name in (".tersembunyi.pdf", "._a.pdf", "Thumbs.db", "a.pdf.part"):
        aged(drop(desk, content, name), 3600)
    work_through(desk)
    assert items(desk) == []
    (desk.settings.folder / "pindaian" / "a.pdf.part").rename(
        desk.settings.folder / "pindaian" / "a.pdf"
    )
    work_through(desk)
    assert [one.state for one in items(desk)] == ["done"]


def test_what_is_no_scan_is_told_once(desk: Desk) -> None:
    path = drop(desk, b"catatan", "catatan.txt")
    aged(path, 30)
    work_through(desk)
    assert items(desk) == []
    aged(path, 3600)
    for _ in range(3):
        work_through(desk)
    (item,) = items(desk)
    assert item.state == "held"
    assert "bukan PDF" in item.reason
    assert [t.kind for t in desk.item_tasks(item.id)] == [TaskKind.TERTAHAN]


def test_a_vanished_share_and_a_future_time_are_alarms(desk: Desk) -> None:
    with pytest.raises(OSError, match="tidak terhubung"):
        scans.collect(desk.app)
    path = drop(desk, saved([page("satu")], "PDF"))
    aged(path, -3600)
    with pytest.raises(OSError, match="masa depan"):
        scans.collect(desk.app)
    assert path.exists()


def test_scans_in_a_folder_of_their_own_are_an_alarm(desk: Desk) -> None:
    """A scanner that makes a folder a day: what lies in there would never be taken, and nobody told."""
    path = drop(desk, saved([page("satu")], "PDF"))
    folder = path.parent
    for name in ("2026-11-30", "kosong", "cadangan", "@eaDir", "lost+found"):
        (folder / name).mkdir()
    (folder / "cadangan" / "kantor.db").write_bytes(b"no scan")
    for name in ("2026-11-30", "@eaDir", "lost+found"):
        (folder / name / "pindai.pdf").write_bytes(b"%PDF-")
    with pytest.raises(OSError, match="2026-11-30") as told:
        scans.collect(desk.app)
    assert "kosong" not in str(told.value)
    assert "cadangan" not in str(told.value)
    assert "@eaDir" not in str(told.value)
    assert not path.exists()  # what can be taken is
    (folder / "2026-11-30" / "pindai.pdf").unlink()
    assert scans.collect(desk.app) == 0


@pytest.mark.parametrize(("kind", "name"), [("WEBP", "a.webp"), ("HEIC", "a.heic")])
def test_a_file_whose_room_is_reserved_and_not_filled_is_not_whole(
    desk: Desk, kind: str, name: str
) -> None:
    whole = (
        (DATA / "foto.heic").read_bytes()
        if kind == "HEIC"
        else saved([Image.effect_noise((600, 800), 80)], kind)
    )
    half = len(whole) // 2
    path = drop(desk, whole[:half] + bytes(len(whole) - half), name)
    aged(path, 30)
    work_through(desk)
    assert path.exists()
    aged(path, 700)  # it will not get its end
    work_through(desk)
    (item,) = items(desk)
    assert (item.state, path.exists()) == ("held", False)


def test_links_and_fresh_files_are_left_alone(desk: Desk, tmp_path: Path) -> None:
    secret = tmp_path / "rahasia.pdf"
    secret.write_bytes(saved([page("rahasia")], "PDF"))
    path = drop(desk, saved([page("baru")], "PDF"))
    os.utime(path)
    (path.parent / "tautan.pdf").symlink_to(secret)
    hard = path.parent / "keras.pdf"
    hard.hardlink_to(secret)
    os.utime(hard, (0, 0))
    work_through(desk)
    assert items(desk) == []
    assert path.exists()
    assert secret.exists()


def test_the_same_scan_twice_is_one(desk: Desk) -> None:
    content = saved([page("satu")], "PDF")
    drop(desk, content, "a.pdf")
    work_through(desk)
    drop(desk, content, "b.pdf")
    work_through(desk)
    (item,) = items(desk)
    assert len(slips(desk, item.id)) == 1
    assert sorted(p.name for p in (desk.settings.folder / "pindaian" / "diproses").iterdir()) == [
        "a.pdf",
        "b.pdf",
    ]


SCANNER, SERVER = "mesin@kominfo.example", "mx.kominfo.example"
BY_MAIL: dict[str, Any] = {
    "scan": {"pengirim": (SCANNER,), "baca": False},
    "balasan": {"server_tepercaya": (SERVER,)},
}


def from_scanner(desk: Desk, said: str, files: list[tuple[str, str, bytes]]) -> bytes:
    mail = compose(f"Mesin <{SCANNER}>", INTAKE, "Scan", "", desk.clock.now, files=files)
    mail["Auto-Submitted"] = "auto-generated"
    if said:
        mail["Authentication-Results"] = said
    return mail.as_bytes()


def test_attachments_of_the_scanners_own_mail_become_slips(tmp_path: Path) -> None:
    scanned = [
        ("scan.pdf", "application/pdf", saved([page("a"), page("b")], "PDF")),
        ("logo.txt", "text/plain", b"x"),
    ]
    with desk_in(tmp_path, **BY_MAIL) as desk:
        item = desk.take_in(
            from_scanner(desk, f"{SERVER}; dmarc=pass header.from=kominfo.example", scanned)
        )
        assert (item.state, item.reason) == ("done", "dari pemindai")
        app = App(desk.settings, desk.engine, desk.clock)
        collecting.take_in(app)
        assert poller.slips(app) == {"slip": 2}
        assert desk.count(Complaint) == 0


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (f"{SERVER}; dmarc=fail header.from=kominfo.example", "held"),
        (f"{SERVER}; spf=fail smtp.mailfrom=kominfo.example", "held"),
        (f"{SERVER}; dmarc=none; spf=pass smtp.mailfrom=kominfo.example", "held"),
        (f"{SERVER}; dkim=pass header.d=jahat.example", "held"),
        (f"{SERVER}; dmarc=temperror", "held"),
        (
            "mx.jahat.example; dmarc=pass header.from=kominfo.example",
            "held",
        ),  # anybody may write that
        ("", "held"),
        (f"{SERVER}; spf=fail; dmarc=pass header.from=kominfo.example", "done"),
        (f"{SERVER}; dkim=pass header.d=kominfo.example", "done"),
    ],
    ids=[
        "dmarc",
        "spf",
        "none",
        "other domain",
        "error",
        "stranger",
        "silent",
        "forwarded",
        "dkim",
    ],
)
def test_only_a_trusted_servers_word_makes_slips_of_a_mail_in_the_scanners_name(
    tmp_path: Path, said: str, state: str
) -> None:
    files = [("scan.pdf", "application/pdf", saved([page("a")], "PDF"))]
    with desk_in(tmp_path, **BY_MAIL) as desk:
        item = desk.take_in(from_scanner(desk, said, files))
        assert item.state == state
        assert ("alamat pemindai" in item.reason) is (state == "held")
        assert desk.count(Item) == (1 if state == "held" else 2)


def test_scans_that_no_server_vouches_for_become_slips_when_a_jfu_accepts_them(
    tmp_path: Path,
) -> None:
    files = [("scan.pdf", "application/pdf", saved([page("a")], "PDF"))]
    with desk_in(tmp_path, **BY_MAIL | {"balasan": {"server_tepercaya": ()}}) as desk:
        item = desk.take_in(from_scanner(desk, "", files))
        assert item.state == "held"
        (task,) = desk.item_tasks(item.id)
        form = cases.check(desk.settings, task.kind, "terima", {}, {})
        with desk.work() as work:
            cases.act(work, task.id, desk.person("jfu-1"), form)
        app = App(desk.settings, desk.engine, desk.clock)
        collecting.take_in(app)
        assert desk.item(item.id).reason == "dari pemindai"
        collecting.take_in(app)
        assert poller.slips(app) == {"slip": 1}
        assert desk.count(Complaint) == 0


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
    ("trap", "kinds"),
    [("deadly", ["surat", "halaman", "surat"]), ("hopeless", ["halaman", "gagal", "halaman"])],
)
def test_a_crash_holds_that_page_only(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, trap: str, kinds: list[str]
) -> None:
    """A page that ends the reader is shown as a picture; one that cannot even be drawn is named to the clerk."""
    monkeypatch.setattr(scans, "Worker", type("Caught", (Trap,), {trap: (2,)}))
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
        with pytest.raises(ReaderDiedError, match="macet"):
            slow.page(1)


def test_without_the_extra_slips_still_come_in(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clerk types beside the picture."""
    blocker = desk.settings.folder / "tanpa"
    blocker.mkdir()
    (blocker / "sitecustomize.py").write_text(
        "import importlib.util as u\nfound = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'rapidocr' else found(name, *a)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{blocker}{os.pathsep}{Path(__file__).parents[2]}")
    desk = reads(desk)
    drop(desk, saved([page("satu")], "PDF"))
    work_through(desk)
    assert [one.kind for one in slips(desk, items(desk)[0].id)] == ["halaman"]


@needs_fonts
def test_separator_sheets_make_one_letter_of_several_pages(desk: Desk) -> None:
    desk = reads(desk)
    sheet = pypdfium2.PdfDocument(form.separator())[0].render(scale=1.5).to_pil().convert("L")
    letters = [
        Image.fromarray(generator.scaled(generator.letter(random.Random(n), False), 120).picture)
        for n in (1, 2, 3)
    ]
    drop(desk, saved([letters[0], sheet, letters[1], letters[2], sheet], "PDF", resolution=120))
    work_through(desk)
    found = slips(desk, items(desk)[0].id)
    assert [(one.kind, one.state) for one in found] == [
        ("surat", "baru"),
        ("pemisah", "pemisah"),
        ("surat", "baru"),
        ("surat", "digabung"),
        ("pemisah", "pemisah"),
    ]
    assert value_of(found[2], "uraian").count("Kepada Yth") == 2


def test_a_back_that_carries_its_slips_serial_is_joined_to_it(desk: Desk) -> None:
    serials = ["abcdefghijklmnop", "ponmlkjihgfedcba"]

    def sheet(kind: str, serial: str, text: str) -> worker.Sheet:
        read = {"uraian": {"value": text, "confidence": 0.9, "doubt": "", "box": None}}
        return worker.Sheet(kind, serial, True, 4, read, {}, saved([page(text)], "JPEG"))

    drop(desk, saved([page("satu"), page("dua")], "PDF"))
    scans.collect(desk.app)
    item_id = items(desk)[0].id
    with writing(desk.engine) as session:
        work = Work(session, desk.settings, desk.clock())
        stack_opened(work, item_id, 2)
        fronts = [sheet("slip", serial, "depan") for serial in serials]
        page_read(work, item_id, 1, saved([page("satu")], "JPEG"), fronts)
        page_read(
            work, item_id, 2, saved([page("dua")], "JPEG"), [sheet("balik", serials[0], "belakang")]
        )
        stack_read(work, item_id)
    found = slips(desk, item_id)
    assert [one.state for one in found] == ["baru", "baru", "digabung"]
    assert found[2].parent_id == found[0].id
    assert value_of(found[0], "uraian") == "depan\nbelakang"


@pytest.mark.parametrize(
    ("front", "back", "doubt"),
    [
        (("depan", 0.97, ""), ("belakang", 0.97, ""), ""),
        (("depan", 0.97, ""), ("be1akang", 0.7, "kurang_jelas"), "kurang_jelas"),
        (("depan", 0.97, ""), ("", 0.0, "tak_terbaca"), "terlewat"),
        (("", 0.9, "kosong"), ("belakang", 0.7, "kurang_jelas"), "kurang_jelas"),
        (("", 0.9, "kosong"), ("", 0.0, "tak_terbaca"), "tak_terbaca"),
    ],
    ids=["both clear", "doubtful back", "unread back", "empty front", "nothing but an unread back"],
)
def test_what_is_joined_is_no_surer_than_the_less_sure_of_both(
    desk: Desk, front: tuple[str, float, str], back: tuple[str, float, str], doubt: str
) -> None:
    """A front that was clear does not make its back clear, and a back of which nothing was read is told."""
    serial = "abcdefghijklmnop"

    def sheet(kind: str, read: tuple[str, float, str]) -> worker.Sheet:
        told = {**dict(zip(("value", "confidence", "doubt"), read, strict=True)), "box": None}
        picture = saved([page(kind)], "JPEG")
        return worker.Sheet(kind, serial, True, 4, {"uraian": told}, {}, picture)

    drop(desk, saved([page("satu"), page("dua")], "PDF"))
    scans.collect(desk.app)
    item_id = items(desk)[0].id
    with writing(desk.engine) as session:
        work = Work(session, desk.settings, desk.clock())
        stack_opened(work, item_id, 2)
        page_read(work, item_id, 1, saved([page("satu")], "JPEG"), [sheet("slip", front)])
        page_read(work, item_id, 2, saved([page("dua")], "JPEG"), [sheet("balik", back)])
        stack_read(work, item_id)
    joined = slips(desk, item_id)[0].fields["uraian"]
    assert joined["doubt"] == doubt
    assert joined["value"] == "\n".join(filter(None, (front[0], back[0])))
    assert joined["confidence"] <= (0.5 if doubt else min(front[1], back[1]))


# ---- settling ------------------------------------------------------------------------------------------------


def stack(desk: Desk, pages: int = 3) -> tuple[Task, list[Slip]]:
    drop(desk, saved([page(f"halaman {n}") for n in range(pages)], "PDF"))
    work_through(desk)
    (item,) = items(desk)
    (task,) = desk.item_tasks(item.id)
    return task, slips(desk, item.id)


def settle(desk: Desk, task: Task, name: str, **fields: str) -> Complaint | None:
    form_ = cases.check(
        desk.settings, TaskKind.PINDAI, name, {k: [v] for k, v in fields.items()}, {}
    )
    person = desk.settings.person("jfu-1")
    assert person is not None
    with writing(desk.engine) as session:
        return cases.act(Work(session, desk.settings, desk.clock()), task.id, person, form_)


def is_open(desk: Desk, task: Task) -> bool:
    with reading(desk.engine) as session:
        return session.get_one(Task, task.id).closed_at is None


def test_a_stack_ends_with_its_last_slip_and_what_is_no_complaint_is_kept_and_counted(
    desk: Desk,
) -> None:
    task, found = stack(desk)
    made = settle(
        desk,
        task,
        "catat_slip",
        slip=str(found[0].id),
        perihal="Lampu",
        isi="Padam.",
        lokasi="Map 3",
    )
    assert made is not None
    assert (made.channel, made.stage, made.keterangan) == (
        Channel.KOTAK,
        Stage.KLARIFIKASI,
        "Map 3",
    )
    settle(desk, task, "tidak_terbaca", slip=str(found[1].id))
    assert is_open(desk, task)
    settle(desk, task, "bukan_pengaduan", slip=str(found[2].id), alasan="Iklan.")
    assert not is_open(desk, task)
    with reading(desk.engine) as session:
        assert tally(session, found[0].item_id) == {"dicatat": 1, "tak_terbaca": 1, "bukan": 1}


def test_a_slip_pressed_twice_is_one_complaint(desk: Desk) -> None:
    task, found = stack(desk)
    settle(desk, task, "catat_slip", slip=str(found[0].id), perihal="Lampu", isi="Padam.")
    with pytest.raises(AlreadyDone):
        settle(desk, task, "catat_slip", slip=str(found[0].id), perihal="Lampu", isi="Padam.")
    assert desk.count(Complaint) == 1


def test_names_of_three_confirmed_addresses_are_told_to_the_reader(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only two wrote may be a house's name; what nobody has confirmed may be misread."""
    task, found = stack(desk, 4)
    addresses = ("Jl. Trunojoyo 5 Kel. Ngegong", "Gg. Ngegong 2", "jl trunojoyo 81, Ngegong")
    for slip, address in zip(found, addresses, strict=False):
        told = {"slip": str(slip.id), "perihal": "Lampu", "isi": "Padam.", "alamat": address}
        settle(desk, task, "catat_slip", **told)
    names: list[list[str]] = []
    ask = Worker._ask

    def asked(self: Worker, order: dict[str, Any], content: bytes, seconds: float) -> Any:
        names.extend([order["names"]] if order["do"] == "open" else [])
        return ask(self, order, content, seconds)

    monkeypatch.setattr(Worker, "_ask", asked)
    drop(desk, saved([page("lima")], "PDF"), "lima.pdf")
    work_through(desk)
    assert names == [["ngegong"]]


def test_pages_are_joined_to_the_one_before(desk: Desk) -> None:
    task, found = stack(desk)
    with pytest.raises(Invalid):
        settle(desk, task, "gabungkan_halaman", slip=str(found[0].id))
    settle(desk, task, "gabungkan_halaman", slip=str(found[1].id))
    made = settle(desk, task, "catat_slip", slip=str(found[0].id), perihal="Lampu", isi="Padam.")
    assert made is not None
    assert [d.name for d in desk.documents()] == [
        "Slip PGD-2026-000001 lembar 1.jpg",
        "Slip PGD-2026-000001 lembar 2.jpg",
    ]
    assert is_open(desk, task)


def test_a_doubled_slip_waits_for_the_answer_of_the_other(desk: Desk) -> None:
    task, found = stack(desk)
    first = settle(
        desk,
        task,
        "catat_slip",
        slip=str(found[0].id),
        perihal="Lampu",
        isi="Lampu taman padam total.",
    )
    assert first is not None
    second = settle(
        desk,
        task,
        "catat_slip",
        slip=str(found[1].id),
        perihal="Lampu",
        isi="Padam.",
        sama=first.number,
    )
    assert second is not None
    assert (second.stage, second.parent_id) == (Stage.DIGABUNG, first.id)
    with pytest.raises(Invalid):
        settle(
            desk,
            task,
            "catat_slip",
            slip=str(found[2].id),
            perihal="x",
            isi="y",
            sama="PGD-2026-000099",
        )


def test_the_serial_becomes_the_status_code_once_and_a_photocopy_gets_its_own(desk: Desk) -> None:
    task, found = stack(desk, 2)
    with writing(desk.engine) as session:
        for one in found:
            session.get_one(Slip, one.id).serial = "abcdefghijklmnop"
    first = settle(desk, task, "catat_slip", slip=str(found[0].id), perihal="Lampu", isi="Padam.")
    with reading(desk.engine) as session:
        like = alike(Work(session, desk.settings, desk.clock()), session.get_one(Slip, found[1].id))
        assert [(c.number, why) for c, why in like] == [("PGD-2026-000001", "serial")]
    second = settle(desk, task, "catat_slip", slip=str(found[1].id), perihal="Wifi", isi="Mati.")
    assert first is not None
    assert second is not None
    assert first.status_code == "abcdefghijklmnop"
    assert second.status_code != first.status_code


@pytest.mark.parametrize(("ways", "mails"), [((), 1), (("lewat_email",), 1), (("lewat_surat",), 0)])
def test_an_acknowledgement_goes_by_mail_as_the_slip_allows(
    desk: Desk, ways: tuple[str, ...], mails: int
) -> None:
    task, found = stack(desk)
    fields = {
        "perihal": "Lampu",
        "isi": "Padam.",
        "email": "siti@warga.example",
        **dict.fromkeys(ways, "ya"),
    }
    settle(desk, task, "catat_slip", slip=str(found[0].id), **fields)
    assert len(desk.mails("tanda_terima")) == mails


def test_what_was_read_goes_when_a_slip_is_settled(desk: Desk) -> None:
    task, found = stack(desk)
    with writing(desk.engine) as session:
        session.get_one(Slip, found[0].id).fields = {
            "nama": {"value": "Siti", "confidence": 0.9, "box": [1, 2, 3, 4]}
        }
    settle(desk, task, "catat_slip", slip=str(found[0].id), perihal="Lampu", isi="Padam.")
    with reading(desk.engine) as session:
        assert session.get_one(Slip, found[0].id).fields == {
            "nama": {"box": [1, 2, 3, 4], "confidence": 0.9}
        }


# ---- a large stack -------------------------------------------------------------------------------------------

CHILD = """
import re, sys
from pathlib import Path
from pipeline.data.engine import connect
from pipeline.intake import scans
from pipeline.work import App
from tests.desk import make_settings
settings = make_settings(Path(sys.argv[1]), scan={"folder": "pindaian", "baca": False})
scans.read_all(App(settings, connect(sys.argv[2])))
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)  # since it was started
"""


def reader(desk: Desk, folder: Path) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-c",
        CHILD,
        str(folder),
        desk.engine.url.render_as_string(hide_password=False),
    ]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_200_pages_with_a_kill_in_the_middle_lose_and_double_nothing(
    desk: Desk, tmp_path: Path
) -> None:
    drop(desk, saved([page(f"halaman {n}", (300, 420)) for n in range(200)], "PDF"))
    scans.collect(desk.app)

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
    command = [
        sys.executable,
        "-c",
        f"{starts}; print(w._process.pid, flush=True); import time; time.sleep(60)",
    ]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(saved([page("a")], "PDF"))
    process.stdin.close()
    child = int(process.stdout.readline())
    process.kill()
    process.wait()
    until(lambda: not Path(f"/proc/{child}/exe").exists(), 20)
