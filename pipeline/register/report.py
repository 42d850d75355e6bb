"""The report of a period: the eight tables of `figures` in words, as Word by the office's own template, and as Excel.

Hides docxtpl, XlsxWriter and how a chart is drawn. `gather` asks for all figures once; what is made of them is pure.
The public form holds no cell that could name a person: no case by its number, no post, no category in free words.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from PIL import Image, ImageDraw, ImageFont

from pipeline.letters.draft import qr
from pipeline.letters.mark import Mark, to_identifier
from pipeline.office import clock, logs, numbers
from pipeline.office.actions import PROVEN
from pipeline.office.config import Settings
from pipeline.office.messages import TEMPLATES
from pipeline.office.sop import Channel, Decision
from pipeline.office.words import listed, table, word
from pipeline.register import figures
from pipeline.register.figures import AGES, ENDS, Flow, Lawful, MostCame, Punctuality, Topic
from pipeline.register.period import Period
from pipeline.work import Work

log = logging.getLogger(__name__)
TEMPLATE = "letters/laporan.docx"
Cell = str | int | float
SEQUENCE = "bulan"  # the table whose rows follow each other without a gap
LINE = 105  # letters of a table's size that stand in a line of the paper
PADDING, BOLD, WIDE = (
    3,
    1.15,
    "mwMW",
)  # of a cell, in letters; a heading's letters are wider, and so are these
KEPT_ROWS = 4  # on the sheet of the signature
LONGEST_CELL = 30  # letters that a column may take so that a cell is not wrapped
CHARTED = ("langkah", "bulan")  # tables that have a chart
MINUTES_OF_HOUR = 60
FEW = 3  # complaints; fewer in one cell may tell whom they concern


class BadTemplate(ValueError):
    """The office's own template cannot be filled; the message says what is wrong with it."""


@dataclass(frozen=True)
class FigureTable:
    """One table: a title, the heads of its columns, its rows. Numbers are numbers; a share is a part of 1."""

    name: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    shares: tuple[int, ...] = ()  # columns that are shares
    links: tuple[str, ...] = ()  # of the rows, to the case; in the inner form


@dataclass(frozen=True)
class PeriodReport:
    """All figures of a period as of one moment."""

    period: Period
    made: str  # day in words
    sentences: tuple[str, ...]
    tables: tuple[FigureTable, ...]


def gather(work: Work, period: Period, *, public: bool = False) -> PeriodReport:
    """Tables 1 to 8; the public form leaves the seventh out."""
    flows = figures.flows(work, period)
    total = figures.total(flows.values())
    topics: Sequence[Topic] = figures.topics(work, period)
    if public:
        topics = _listed(work.settings, topics)
    steps = figures.steps(work, period)
    laws = figures.lawful(work, period)
    decisions = figures.decisions(work, period)
    ages = zip(AGES, figures.ages(work, period), strict=True)
    most = figures.most_came(work, period)
    tables = [
        _table("kanal", _flow_rows(flows, total)),
        _table("kategori", map(_topic_row, topics), shares=(3,)),
        _table("langkah", map(_step_row, steps), shares=(5,)),
        _table("hukum", map(_law_row, laws)),
        _table("keputusan", _decision_rows(decisions)),
        _table("umur", ((_age(*span), count) for span, count in ages)),
    ]
    if not public:
        tables.append(_late(work, period))
    months = figures.months(work, period)
    tables.append(_table("bulan", ((clock.bulan(row.first), row.came, row.gone) for row in months)))
    made = clock.tanggal_saja(work.now.astimezone(work.settings.zone))
    sentences = tuple(_sentences(period, total, steps, most))
    return PeriodReport(period, made, sentences, tuple(tables))


def _table(
    name: str,
    rows: Iterable[Sequence[Cell]],
    shares: tuple[int, ...] = (),
    links: tuple[str, ...] = (),
) -> FigureTable:
    title = word(f"laporan.tabel.{name}.judul")
    heads = tuple(word(f"laporan.tabel.{name}.kolom").split("|"))
    return FigureTable(name, title, heads, tuple(map(tuple, rows)), shares, links)


def _flow_rows(flows: Mapping[Channel, Flow], total: Flow) -> Iterator[tuple[Cell, ...]]:
    for channel, flow in flows.items():
        yield _flow_row(word(f"pilihan.kanal.{channel}").capitalize(), flow)
    yield _flow_row(word("laporan.jumlah"), total)


def _flow_row(name: str, flow: Flow) -> tuple[Cell, ...]:
    ends = [flow.ends[how] for how in ENDS]
    return (name, flow.before, flow.came, flow.reopened, *ends, flow.left)


def _topic_row(topic: Topic) -> tuple[Cell, ...]:
    return (topic.kategori, topic.unit, topic.came, topic.share, _round(topic.days))


def _law_row(law: Lawful) -> tuple[Cell, ...]:
    name = f"{law.name} ({law.source})"
    return (name, law.limit, law.punctual, law.late, law.late_open, law.running)


def _listed(settings: Settings, topics: Sequence[Topic]) -> list[Topic]:
    """Free words of old rows, which may name somebody, under one name; so are few complaints some of which are secret
    or about an official: whoever knows the unit would know whom they concern."""
    categories = {*settings.names_of("kategori").values(), word("laporan.tanpa")}
    units = {*(unit.nama for unit in settings.unit), word("unit.tidak_ada"), word("laporan.tanpa")}
    other, few = word("laporan.di_luar_daftar"), word("laporan.tidak_dirinci")
    found: dict[tuple[str, str], list[Topic]] = {}
    for topic in topics:
        kategori = topic.kategori if topic.kategori in categories else other
        unit = topic.unit if topic.unit in units else other
        if topic.closed and topic.came < FEW:
            kategori = unit = few
        found.setdefault((kategori, unit), []).append(topic)
    listed = [_one_of(kategori, unit, some) for (kategori, unit), some in found.items()]
    return sorted(listed, key=figures.most_first)


def _one_of(kategori: str, unit: str, some: Sequence[Topic]) -> Topic:
    """Some topics as one; a median of several is not known by theirs."""
    came = sum(topic.came for topic in some)
    share = sum(topic.share for topic in some)
    days = some[0].days if len(some) == 1 else None
    return Topic(kategori, unit, came, share, days)


def _step_row(step: Punctuality) -> tuple[Cell, ...]:
    share = step.punctual / step.counted if step.counted else ""
    return (
        step.name,
        step.punctual,
        step.late,
        step.late_open,
        step.running,
        share,
        _hours(step.median),
        _hours(step.p90),
        step.extended,
        step.stopped + step.waiting,
    )


def _hours(minutes: float | None) -> Cell:
    """Office hours, with one decimal."""
    return "" if minutes is None else round(minutes / MINUTES_OF_HOUR, 1)


def _round(days: float | None) -> Cell:
    return "" if days is None else round(days, 1)


def _decision_rows(found: Mapping[tuple[str, str], int]) -> Iterator[tuple[Cell, ...]]:
    for decision in Decision:
        counts = [found.get((decision.value, proven), 0) for proven in (*PROVEN, "")]
        name = word(f"pilihan.keputusan.{decision}")
        yield (name, *counts, sum(counts))


def _age(least: int, most: int | None) -> str:
    if most is None:
        return word("laporan.umur_lebih", dari=least - 1)
    return word("laporan.umur", dari=least, sampai=most)


def _late(work: Work, period: Period) -> FigureTable:
    found = figures.late(work, period)
    rows = []
    for one in found:
        due = clock.waktu(one.due, work.settings.zone)
        rows.append((one.number, one.langkah, one.holder, due, _hours(one.minutes)))
    links = tuple(str(one.complaint_id) for one in found)
    return _table("terlambat", rows, links=links)


def _sentences(
    period: Period, total: Flow, steps: Sequence[Punctuality], most: MostCame | None
) -> Iterator[str]:
    """The report in words, with its figures."""
    beside = _parts("samping", {"lalu": total.before, "dibuka": total.reopened})
    yield word(
        f"laporan.kalimat.{'masuk' if total.came else 'tanpa_masuk'}",
        periode=period.in_a_sentence,
        masuk=total.came,
        samping=word("laporan.kalimat.di_samping", apa=beside) if beside else "",
    )
    ends = _parts("berakhir", {str(how): total.ends[how] for how in ENDS})
    gone = word("laporan.kalimat.keluar", keluar=total.gone, apa=ends)
    left = word("laporan.kalimat.sisa", sisa=total.left)
    none = table("laporan.kalimat")
    yield f"{gone if total.gone else none['tanpa_keluar']} {left if total.left else none['tanpa_sisa']}"
    if most is not None:
        yield word(
            "laporan.kalimat.kategori",
            kategori=most.kategori,
            jumlah=most.came,
            bagian=numbers.percent(most.came / total.came),
        )
    counted = sum(step.counted for step in steps)
    if not counted:
        yield word("laporan.kalimat.tanpa_langkah")
        return
    punctual = sum(step.punctual for step in steps)
    yield word(
        "laporan.kalimat.tepat",
        tepat=punctual,
        dari=counted,
        bagian=numbers.percent(punctual / counted),
    )
    if still := sum(step.late_open for step in steps):
        yield word("laporan.kalimat.terbuka", jumlah=still)
    yield word("laporan.kalimat.tersendiri")


def _parts(table_of: str, counts: Mapping[str, int]) -> str:
    """ "3 selesai, 1 ditolak, dan 1 batal": what there is nothing of is left out."""
    told = [
        word(f"laporan.kalimat.{table_of}.{name}", jumlah=count)
        for name, count in counts.items()
        if count
    ]
    return listed(told)


# ---- Word ----------------------------------------------------------------------------------------------------


def template_of(settings: Settings) -> Path:
    """The office's own template beside config.toml if it is there, else the one that comes with the program."""
    own = settings.path(TEMPLATE)
    return own if own.is_file() else TEMPLATES / TEMPLATE


@dataclass(frozen=True)
class Sealing:
    """What a report bears that is to be signed: the code at its foot, the mark in its properties, and what it corrects
    in earlier reports, in words."""

    code: str
    mark: Mark
    corrections: tuple[str, ...] = ()


def docx(
    work: Work, found: PeriodReport, template: bytes | None = None, seal: Sealing | None = None
) -> bytes:
    """The report in Word. BadTemplate names a field that is not there, or a tag that is not closed."""
    try:
        source = _template(work.settings) if template is None else template
        document = DocxTemplate(io.BytesIO(source))
        fields = _context(work, found, document) | _sealed(work, document, seal)
        document.render(fields, _sandbox(), autoescape=True)
        if seal is not None:
            document.docx.core_properties.identifier = to_identifier(seal.mark)
        shown = document.docx.tables
        _widen(shown, {table.heads: table for table in found.tables})
        _keep_with_signature(shown)
        out = io.BytesIO()
        document.save(out)
    except TemplateError as error:
        raise _bad(str(error) or type(error).__name__) from error
    except Exception as error:
        log.warning("report template: %s", logs.what(error))
        raise _bad(word("laporan.templat_rusak")) from error
    return out.getvalue()


def _template(settings: Settings) -> bytes:
    return template_of(settings).read_bytes()


def _bad(why: str) -> BadTemplate:
    return BadTemplate(word("laporan.templat_salah", sebab=why))


def _widen(shown: Iterable[Any], tables: dict[tuple[str, ...], FigureTable]) -> None:
    """Columns as wide as their words: a loop over columns makes all alike."""
    for one in shown:
        heads = tuple(cell.text for cell in one.rows[0].cells) if one.rows else ()
        if heads in tables:
            _set_widths(one, _weights(tables[heads]))


def _keep_with_signature(shown: Sequence[Any]) -> None:
    """The last rows go to a new page with who signs: nobody signs a sheet on which nothing stands."""
    for row in shown[-1].rows[-KEPT_ROWS:] if shown else ():
        for cell in row.cells:
            for paragraph in cell.paragraphs:
                paragraph.paragraph_format.keep_with_next = True


def _weights(table: FigureTable) -> list[float]:
    """Letters that each column gets: its longest word, so that none is broken, and of its longest cell what the line
    has to spare."""
    rows = [_texts(table, row) for row in told(table)[:50]]
    least, wished = [], []
    for head, *cells in zip(table.heads, *rows, strict=True):
        widest = max(map(_letters, " ".join([head, *cells]).split()), default=0)
        least.append(widest * BOLD + PADDING)
        longest_cell = max(map(_letters, cells), default=0)
        wished.append(max(0, min(longest_cell, LONGEST_CELL) + PADDING - least[-1]))
    share = min(1, max(0, LINE - sum(least)) / (sum(wished) or 1))
    return [one + more * share for one, more in zip(least, wished, strict=True)]


def _letters(text: str) -> float:
    """How wide a text is, in letters of the common width."""
    return len(text) + 0.6 * sum(text.count(wide) for wide in WIDE)


def _texts(table: FigureTable, row: Sequence[Cell]) -> list[str]:
    return [_plain(as_text(table, column, cell)) for column, cell in enumerate(row)]


def _set_widths(shown: Any, weights: Sequence[float]) -> None:
    grid = shown._tbl.tblGrid.gridCol_lst
    whole = sum(column.w or 0 for column in grid)
    widths = [int(whole * weight / sum(weights)) for weight in weights]
    shown.autofit = False
    for column, width in zip(grid, widths, strict=True):
        column.w = width
    for row in shown._tbl.tr_lst:
        for cell, width in zip(row.tc_lst, widths, strict=False):
            cell.width = width


def _sandbox() -> SandboxedEnvironment:
    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)


def _context(work: Work, found: PeriodReport, document: DocxTemplate) -> dict[str, Any]:
    office = work.settings.instansi
    head = work.settings.signers[0]
    return {
        "pemerintah": office.pemerintah.upper(),
        "kantor": office.nama.upper(),
        "alamat": office.alamat,
        "periode": found.period.name,
        "tempat_tanggal": f"{office.kota}, {found.made}",
        "kalimat": [_plain(text) for text in found.sentences],
        "tabel": [_shown(n, table, document) for n, table in enumerate(found.tables, 1)],
        "jabatan": head.signature_title,
        "jangkar": work.settings.surat.jangkar,
        "nama": head.nama,
        "pangkat": head.pangkat,
        "nip": head.nip,
    }


def _sealed(work: Work, document: DocxTemplate, seal: Sealing | None) -> dict[str, Any]:
    """What stands at the foot, and the corrections; nothing of either in a report for one's own use."""
    if seal is None:
        return {"koreksi": [], "kode_dokumen": "", "kode_qr": ""}
    picture = io.BytesIO(qr(f"{work.settings.web.base_url}/asli", seal.code))
    return {
        "koreksi": [_plain(line) for line in seal.corrections],
        "kode_dokumen": seal.code,
        "kode_qr": InlineImage(document, picture, width=Mm(18)),
    }


def _shown(number: int, table: FigureTable, document: DocxTemplate) -> dict[str, Any]:
    rows = [_texts(table, row) for row in told(table)]
    chart: InlineImage | str = ""
    if table.name in CHARTED and any(row[1] for row in table.rows):
        chart = InlineImage(document, io.BytesIO(_chart(table)), width=Mm(150))
    return {
        "judul": f"{number}. {table.title}",
        "kepala": list(table.heads),
        "baris": rows,
        "kosong": "" if rows else word("laporan.kosong"),
        "grafik": chart,
    }


def as_text(table: FigureTable, column: int, cell: Cell) -> str:
    """A cell as it is printed; a count of nothing is a dash."""
    if isinstance(cell, str):
        return cell or numbers.NOTHING
    if column in table.shares:
        return numbers.percent(cell)
    if not cell:
        return numbers.NOTHING
    return numbers.whole(cell) if isinstance(cell, int) else numbers.decimal(cell)


def told(table: FigureTable) -> list[Sequence[Cell]]:
    """The rows that tell something: one of zeros alone is left out, but of months, which are a sequence."""
    if table.name == SEQUENCE:
        return list(table.rows)
    return [row for row in table.rows if _tells(row)]


def _tells(row: Sequence[Cell]) -> bool:
    counts = [cell for cell in row if not isinstance(cell, str)]
    return any(counts) or not counts


def _plain(text: str) -> str:
    """Without what XML cannot hold."""
    return "".join(c for c in text if c >= " " or c == "\n")


def _chart(table: FigureTable) -> bytes:
    """The first number of each row as bars under what it counts, as a picture (PNG): Word shows it wherever the letter
    goes."""
    bars = [(str(row[0]), int(row[1])) for row in told(table)]
    most = max((value for _, value in bars), default=0) or 1
    width, line, left = 1_500, 64, 420
    picture = Image.new("RGB", (width, line * (len(bars) + 1) + 20), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(30)
    draw.text((left, 18), table.heads[1], fill="black", font=font)
    for number, (name, value) in enumerate(bars, 1):
        top = 10 + number * line
        right = left + (width - 600) * value // most
        draw.text((0, top + 8), name, fill="black", font=font)
        draw.rectangle((left, top + 6, right, top + line - 14), fill="#5B4B9A")
        draw.text((right + 20, top + 8), str(value), fill="black", font=font)
    out = io.BytesIO()
    picture.save(out, "PNG", dpi=(254, 254))
    return out.getvalue()


# ---- Excel ---------------------------------------------------------------------------------------------------


def xlsx(found: PeriodReport, out: IO[bytes]) -> None:
    """Each table on a sheet of its own, as numbers, with a chart of Excel's own beside two of them."""
    import xlsxwriter  # takes 2 MiB, which an office that exports nothing does without

    with xlsxwriter.Workbook(
        out, {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    ) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "vcenter"})
        formats = (
            book.add_format({"num_format": f'#,##0;-#,##0;"{numbers.NOTHING}"'}),
            book.add_format({"num_format": "#,##0.0"}),
            book.add_format({"num_format": "0%"}),
        )
        for number, table in enumerate(found.tables, 1):
            sheet = book.add_worksheet(f"{number} {table.name}")
            sheet.write_string(0, 0, f"{table.title}, {found.period.name}", bold)
            _sheet_rows(sheet, table, bold, formats)
            sheet.freeze_panes(3, 1)
            sheet.set_landscape()
            sheet.set_paper(14)
            sheet.fit_to_pages(1, 0)
            if table.name in CHARTED and told(table):
                _sheet_chart(book, sheet, table)


def _sheet_rows(sheet: Any, table: FigureTable, bold: Any, formats: tuple[Any, Any, Any]) -> None:
    """`formats`: of counts, of numbers with a decimal, of shares. Excel shows the marks of the reader's country."""
    count, fraction, share = formats
    for column, head in enumerate(table.heads):
        width = 34 if column == 0 else max(12, len(head) + 2)
        sheet.set_column(column, column, width)
        sheet.write_string(2, column, head, bold)
    for line, row in enumerate(told(table), 3):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(line, column, _plain(cell))
            else:
                shape = count if isinstance(cell, int) else fraction
                sheet.write_number(line, column, cell, share if column in table.shares else shape)


def _sheet_chart(book: Any, sheet: Any, table: FigureTable) -> None:
    chart = book.add_chart({"type": "column"})
    last = 2 + len(told(table))
    for column in (1, 2):
        chart.add_series(
            {
                "name": [sheet.get_name(), 2, column],
                "categories": [sheet.get_name(), 3, 0, last, 0],
                "values": [sheet.get_name(), 3, column, last, column],
            }
        )
    chart.set_title({"name": table.title})
    sheet.insert_chart(last + 2, 0, chart)
