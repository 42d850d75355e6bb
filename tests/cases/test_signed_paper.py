"""What comes back as signed: nothing unsigned goes out, no page of another letter, no earlier version."""

from __future__ import annotations

import re
import time
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import docx
import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from pipeline import cases
from pipeline.cases import Invalid
from pipeline.data.engine import reading
from pipeline.demo.signed import signed_scan
from pipeline.files.libreoffice import to_pdf
from pipeline.files.pdf import pdf_pages
from pipeline.files.pictures import as_pdf
from pipeline.letters import signature
from pipeline.letters.returned import inspect
from pipeline.letters.unsigned import is_unsigned
from pipeline.office.sop import Channel, Stage
from pipeline.running.drafting import pictures
from pipeline.work import App
from tests.cases.test_letters import sign, stored
from tests.desk import Desk, desk_in
from tests.kantor import SIGNED
from tests.letters.notary import PASSWORD, notary


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


def drawn(desk: Desk) -> None:
    pictures(App(desk.settings, desk.engine, desk.clock))


def resaved(pdf: bytes) -> bytes:
    """As another program writes the same pages: pictures of them at 200 dpi."""
    pages = [Image.open(BytesIO(page)) for page in pdf_pages(pdf, 1654, 5)]
    out = BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=200)
    return out.getvalue()


def joined(*pdfs: bytes) -> bytes:
    whole = pypdfium2.PdfDocument.new()
    for one in pdfs:
        whole.import_pages(pypdfium2.PdfDocument(one))
    out = BytesIO()
    whole.save(out)
    return out.getvalue()


@pytest.mark.usefixtures("libreoffice")
def test_our_own_pdf_that_comes_back_unsigned_is_stopped(desk: Desk) -> None:
    """The very file, the same pages saved by another program, and a picture of the screen."""
    number = desk.to(Stage.TANDA_TANGAN)
    drawn(desk)
    offered = stored(desk, number, "pdf")
    (page,) = pdf_pages(offered, 900, 1)
    for paper in (offered, resaved(offered), page):
        with pytest.raises(Invalid, match="belum ada tanda tangannya"):
            sign(desk, number, paper, tanpa_kode="ya")
    with (
        Image.open(BytesIO(pdf_pages(offered, 1654, 1)[0])) as clean,
        Image.open(BytesIO(SIGNED)) as ink,
    ):
        signature = ink.convert("L")
        signature.thumbnail((420, 300))
        clean.paste(signature, (1000, 1250))
        out = BytesIO()
        clean.save(out, "JPEG", quality=90)
    sign(desk, number, out.getvalue())
    assert desk.stage(number) is Stage.PENYAMPAIAN


@pytest.mark.usefixtures("libreoffice")
def test_papers_are_compared_before_the_transaction_that_acts(desk: Desk) -> None:
    """It takes seconds in which nobody else could write; by then all is known."""
    number = desk.to(Stage.TANDA_TANGAN)
    drawn(desk)
    (page,) = pdf_pages(stored(desk, number, "pdf"), 900, 1)
    task, name = desk.task("tandatangani", number), "bertanda_tangan"
    given = {name: cases.Upload("surat.jpg", page)}
    form = cases.check(
        desk.settings,
        task.kind,
        "tandatangani",
        {"tanpa_kode": ["ya"], "ttd_terlihat": ["ya"]},
        given,
    )
    with reading(desk.engine) as session:
        cases.compare(session, task.id, form)
    known = dict(form.scans[name].compared)
    assert list(known.values()) == [True]
    with pytest.raises(Invalid, match="belum ada tanda tangannya"), desk.work() as work:
        cases.act(work, task.id, desk.person("kepala"), form)
    assert form.scans[name].compared == known, "nothing was left to be compared"


def exported(letter: bytes) -> bytes:
    """The letter saved as PDF by another program: another font, so that its lines lie elsewhere."""
    fonts = re.compile(rb'(w:(?:ascii|hAnsi|cs)=")[^"]*"')
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(letter)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(
                name, fonts.sub(rb'\1DejaVu Sans"', part) if name.endswith(".xml") else part
            )
    return to_pdf(out.getvalue())


def scanned(page: Image.Image, angle: float) -> bytes:
    """A page as a scanner sees it: a little smaller, turned, moved, grey paper and a dark edge."""
    small = page.convert("L").resize((1200, 1697))
    paper = Image.new("L", (1240, 1754), 255)
    paper.paste(small, (14, 30))
    paper = paper.rotate(angle, resample=Image.Resampling.BICUBIC, fillcolor=255)
    paper = paper.filter(ImageFilter.GaussianBlur(0.7)).point(lambda value: round(35 + value * 0.8))
    paper.paste(90, (0, 0, 5, 1754))
    out = BytesIO()
    paper.save(out, "JPEG", quality=70)
    return out.getvalue()


def with_signature(page: Image.Image) -> Image.Image:
    signed = page.copy()
    with Image.open(BytesIO(SIGNED)) as ink:
        mark = ink.convert("L")
    mark.thumbnail((300, 220))
    signed.paste(mark, (round(0.6 * page.width), round(0.62 * page.height)))
    return signed


def marked(page: Image.Image) -> Image.Image:
    """What scanners and their programs add: holes, a dark edge, a line in the corner."""
    page = page.copy()
    draw = ImageDraw.Draw(page)
    width, height = page.size
    draw.rectangle((0, 0, width // 50, height), fill=0)
    for down in (0.35, 0.6):
        draw.ellipse((60, down * height, 110, down * height + 50), fill=0)
    draw.text((0.65 * width, 0.965 * height), "Dipindai dengan CamScanner", fill=0, font_size=34)
    return page


def on_a_table(page: Image.Image) -> Image.Image:
    table = Image.new("RGB", (page.width + 260, page.height + 340), (110, 80, 60))
    table.paste(page, (120, 150))
    return table


def in_shadow(page: Image.Image) -> Image.Image:
    shadow = (
        Image.linear_gradient("L")
        .rotate(90)
        .resize(page.size)
        .point(lambda grey: 140 + grey * 115 // 255)
    )
    return ImageChops.multiply(page.convert("L"), shadow)


def as_jpeg(page: Image.Image) -> bytes:
    out = BytesIO()
    page.convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()


def half(page: Image.Image) -> Image.Image:
    return page.crop((0, page.height * 45 // 100, page.width, page.height))


def covered(page: Image.Image) -> Image.Image:
    page = page.copy()
    page.paste("white", (0, 0, page.width, page.height * 2 // 5))
    return page


WAYS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "upside down": lambda page: page.rotate(180),
    "on its side": lambda page: page.rotate(90, expand=True),
    "on its other side": lambda page: page.rotate(270, expand=True),
    "marked by a scanner": marked,
    "on a table": on_a_table,
    "in a shadow": in_shadow,
    "with its colours turned round": lambda page: ImageOps.invert(page.convert("RGB")),
    "cut to its lower half": half,
    "with its upper half covered": covered,
}


@pytest.mark.usefixtures("libreoffice")
def test_unsigned_letter_that_was_exported_anew_or_scanned_askew_is_stopped(desk: Desk) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    drawn(desk)
    (drawing,) = pdf_pages(stored(desk, number, "pdf"), 1654, 1)
    page = Image.open(BytesIO(drawing))
    for paper in (exported(stored(desk, number, "akhir")), scanned(page, -1.6)):
        with pytest.raises(Invalid, match="belum ada tanda tangannya"):
            sign(desk, number, paper, tanpa_kode="ya")
    offered = pdf_pages(stored(desk, number, "pdf"), 1000, 6)
    for angle in (-2, 0.5, 2):
        assert is_unsigned([scanned(page, angle)], offered)
        assert not is_unsigned([scanned(with_signature(page), angle)], offered)
    for name, laid in WAYS.items():
        assert is_unsigned([as_jpeg(laid(page))], offered), name
        assert not is_unsigned([as_jpeg(laid(with_signature(page)))], offered), name
    sign(desk, number, scanned(with_signature(page), 0.5), tanpa_kode="ya")
    assert desk.stage(number) is Stage.PENYAMPAIAN


def test_paper_of_many_pages_is_compared_in_bounded_time() -> None:
    """The case is locked meanwhile: not every page is laid on every other."""
    began = time.process_time()
    assert not is_unsigned(
        [resaved_page("surat lain", 900)] * 30, [resaved_page("surat kami", 200)] * 6
    )
    assert time.process_time() - began < 10


def resaved_page(text: str, top: int) -> bytes:
    page = Image.new("L", (1000, 1414), 255)
    ImageDraw.Draw(page).text((100, top), text, fill=0, font_size=60)
    out = BytesIO()
    page.save(out, "JPEG")
    return out.getvalue()


def test_office_that_signs_electronically_takes_nothing_without_such_a_signature(
    tmp_path: Path,
) -> None:
    root = str(notary(tmp_path).root)
    with desk_in(tmp_path, surat={"sertifikat_akar": (root,), "jangkar": "^"}) as desk:
        number = desk.to(Stage.TANDA_TANGAN)
        paper = signed_scan(stored(desk, number, "akhir"))
        for content in (as_pdf(paper), paper):
            with pytest.raises(Invalid, match="belum ditandatangani secara elektronik"):
                sign(desk, number, content, tanpa_kode="ya", ttd_diragukan="ya")


@pytest.mark.parametrize("pages_before", [0, 5])
def test_letter_of_another_citizen_in_the_same_pdf_stops_it(desk: Desk, pages_before: int) -> None:
    one, two = (
        desk.to(Stage.TANDA_TANGAN),
        desk.to(Stage.TANDA_TANGAN, desk.record(email="budi@warga.example")),
    )
    mine, other = (as_pdf(signed_scan(stored(desk, n, "akhir"))) for n in (one, two))
    out = BytesIO()
    Image.new("L", (1240, 1754), 250).save(out, "PDF", resolution=150)
    with pytest.raises(Invalid, match=f"milik surat pengaduan {two}"):
        sign(desk, one, joined(mine, *[out.getvalue()] * pages_before, other))
    sign(desk, one, joined(mine, out.getvalue()))


def typed_page(text: str) -> bytes:
    page = docx.Document()
    page.add_paragraph(text)
    out = BytesIO()
    page.save(out)
    return to_pdf(out.getvalue())


@pytest.mark.usefixtures("libreoffice")
@pytest.mark.parametrize(
    ("telepon", "is_taken"), [("0813-5555-0102", False), ("0812 5555 0101", True)]
)
def test_letter_of_another_who_gave_no_email_is_known_by_its_number(
    desk: Desk, telepon: str, is_taken: bool
) -> None:
    """Two who wrote on slips without an address are two people; one who wrote twice may read of both."""
    slip = {"email": "", "channel": Channel.KOTAK}
    two = desk.record(nama="Budi Santoso", telepon=telepon, **slip)
    one = desk.record(nama="Ani Lestari", **slip)
    desk.press("jfu-1", "laporkan", number=one, nama="Ani Lestari", telepon="081255550101")
    desk.to(Stage.TANDA_TANGAN, one)
    mine = as_pdf(signed_scan(stored(desk, one, "akhir")))
    paper = joined(mine, typed_page(f"Jawaban atas pengaduan {two}"))
    if is_taken:
        sign(desk, one, paper, halaman_sesuai="ya")  # a page more than the letter has
        return
    with pytest.raises(Invalid, match=f"milik surat pengaduan {two}"):
        sign(desk, one, paper)


def test_each_submission_has_a_code_of_its_own_and_an_earlier_paper_is_stopped(desk: Desk) -> None:
    """Returned by the Kepala Dinas, handed in again unchanged: what was printed before is another paper."""
    number = desk.to(Stage.TANDA_TANGAN)
    first = stored(desk, number, "akhir")
    desk.press("kepala", "kembalikan", number=number, alasan="Mohon ditunda.")
    desk.to(Stage.TANDA_TANGAN, number)
    second = stored(desk, number, "akhir")
    assert inspect(first).footer_code != inspect(second).footer_code
    assert inspect(second).findings == tuple(
        f for f in inspect(second).findings if f.level == "baik"
    )
    with pytest.raises(Invalid, match="versi surat yang sudah diganti"):
        sign(desk, number, signed_scan(first), tanpa_kode="ya")
    sign(desk, number, signed_scan(second))
    signed = next(d for d in desk.documents(number) if d.kind == "ttd")
    assert signed.code == inspect(second).footer_code


def test_numbered_letter_may_be_edited_further(desk: Desk) -> None:
    """The Sekretaris takes the file that went to be signed, not the draft."""
    number = desk.to(Stage.TANDA_TANGAN)
    final = stored(desk, number, "akhir")
    desk.press("kepala", "kembalikan", number=number, alasan="Mohon diperjelas.")
    desk.press("sekretaris", "unggah", number=number, files={"surat": ("surat.docx", final)})
    desk.to(Stage.TANDA_TANGAN, number)
    sign(desk, number, signed_scan(stored(desk, number, "akhir")))
    assert desk.stage(number) is Stage.PENYAMPAIAN


def with_note(pdf: bytes, kind: int) -> bytes:
    """The same PDF with a reader's note on its first page: a comment is drawn as a small yellow sheet."""
    document = pypdfium2.PdfDocument(pdf)
    raw = pypdfium2.raw
    note = raw.FPDFPage_CreateAnnot(document[0], kind)
    raw.FPDFAnnot_SetRect(note, raw.FS_RECTF(300, 200, 400, 150))
    raw.FPDFPage_CloseAnnot(note)
    return saved(document)


def with_file(pdf: bytes) -> bytes:
    document = pypdfium2.PdfDocument(pdf)
    document.new_attachment("memo.txt").set_data(b"Jangan beri tahu pelapor.")
    return saved(document)


def saved(document: pypdfium2.PdfDocument) -> bytes:
    out = BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


@pytest.mark.usefixtures("libreoffice")
def test_comment_on_the_unsigned_letter_is_no_signature_and_goes_to_nobody(desk: Desk) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    drawn(desk)
    offered = stored(desk, number, "pdf")
    raw = pypdfium2.raw
    notes = [with_note(offered, kind) for kind in (raw.FPDF_ANNOT_TEXT, raw.FPDF_ANNOT_FREETEXT)]
    signed = as_pdf(SIGNED)
    for paper in (*notes, with_file(offered), with_note(signed, raw.FPDF_ANNOT_TEXT)):
        with pytest.raises(Invalid, match="memuat catatan, teks tambahan, atau berkas"):
            sign(desk, number, paper, tanpa_kode="ya")
    sign(desk, number, with_note(signed, raw.FPDF_ANNOT_LINK), tanpa_kode="ya")


def test_signature_in_another_name_is_asked_about_also_where_none_can_be_proved(
    desk: Desk, tmp_path: Path
) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    other = notary(tmp_path).person("Budi Santoso")
    paper = signature.sign(as_pdf(SIGNED), other, PASSWORD, "Surat", "Madiun")
    with pytest.raises(Invalid, match="atas nama Budi Santoso"):
        sign(desk, number, paper, tanpa_kode="ya")
    assert desk.stage(number) is Stage.TANDA_TANGAN
    sign(desk, number, paper, tanpa_kode="ya", ttd_diragukan="ya")
