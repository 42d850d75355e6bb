"""What somebody typed or uploaded → checked values, before any transaction begins.

Hides how each kind of field is read and which gate a file passes. Every refusal names the field and says, in
words from templates/istilah.toml, what to do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pipeline.cases.core import Forbidden
from pipeline.data.store import digest_of
from pipeline.files import kinds, pictures
from pipeline.files.pdf import pdf_bare, pdf_notes, pdf_pages, pdf_text
from pipeline.letters import returned, signature
from pipeline.letters.unsigned import bears_ink, is_blank
from pipeline.office import numbers
from pipeline.office.actions import Action, Field, FieldKind, action
from pipeline.office.config import Settings
from pipeline.office.sop import NO_UNIT, Act, Decision, Role, TaskKind
from pipeline.office.words import word

LETTER_TEXT, LETTER_PAGES = (
    200,
    6,
)  # letters of text that a letter has at least; pages of it that are looked at
LOOK_WIDTH = (
    1_000  # pixels across a page of a signed paper, to be compared with the page that was offered
)
LONGEST = 20_000  # characters of one field; a letter page holds about 3,000
LONGEST_OF = {
    "nomor_surat": 80,
    "nomor_pengantar": 80,
    "nik": 40,
}  # what has a column, or an index, of its own
LONGEST_OF |= {"klasifikasi": 40, "kategori": 200}
_EMAIL = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}")
_TIME = re.compile(r"([01]?\d|2[0-3])[.:]([0-5]\d)(?:[.:]\d\d)?")
_HOUR = re.compile(r"[T ]([0-9]{2})\.([0-9]{2})$")  # 09.30, as it is written here
_PHONE = re.compile(r"\+?[0-9][0-9 ().-]{4,24}")


@dataclass(frozen=True)
class Scan:
    """A signed paper as it was read, before any transaction begins (`read_scan`)."""

    by_page: tuple[tuple[str, ...], ...] = ()  # what the QRs of each page say
    verdict: signature.SignatureVerdict | None = None  # on its electronic signature
    pdf: bytes = b""  # what goes on to the pengadu; of a picture, a page with it
    looks: tuple[bytes, ...] = ()  # its pages as pictures (JPEG)
    written: tuple[int, ...] = ()  # the numbers, from 1, of those that are no empty backs of sheets
    said: str = ""  # the text that a PDF carries, if it does
    typed: bool = False  # a PDF of text alone: no pen, no stamp, no picture of either is on it
    # Whether it is a letter of ours that nobody has signed, by the digests of that letter's pages (`scans.compare`).
    compared: dict[tuple[str, ...], bool] = field(default_factory=dict, compare=False)

    @property
    def codes(self) -> tuple[str, ...]:
        """What its QRs say."""
        return tuple(dict.fromkeys(text for page in self.by_page for text in page))


@dataclass(frozen=True)
class Upload:
    """A file as the browser or the mail named it. `scan`: read already, or why it cannot be taken."""

    name: str
    content: bytes
    scan: Scan | ValueError | None = None


@dataclass(frozen=True)
class File:
    """A file that passed its gate, with its sniffed type."""

    name: str
    mime: str
    content: bytes


@dataclass(frozen=True)
class Checked:
    """A form whose every field is good. Absent fields read as empty."""

    action: Action
    values: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, File] = field(default_factory=dict)
    letters: Mapping[str, returned.Returned] = field(default_factory=dict)
    scans: Mapping[str, Scan] = field(default_factory=dict)
    seen: int = 0  # the newest event on the page when it was shown; 0 = not told
    shown: frozenset[str] = (
        frozenset()
    )  # the ticks that stood on the page because the case has them

    def keeps(self, name: str, now: bool) -> bool:
        """A tick that protects somebody, as it is to be: only a form that showed it may take it off."""
        return bool(self.text(name)) or (now and name not in self.shown)

    def text(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def contents(self) -> list[bytes]:
        """The bytes that acting by this form will keep."""
        made = (one.pdf for one in self.scans.values() if one.pdf)
        return [*(one.content for one in self.files.values()), *made]


# Choices that only the case knows: `act` takes those that are its own.
OF_THE_CASE = (FieldKind.GABUNGAN, FieldKind.LAMPIRAN)
MOST_CHOSEN = 500
ASKED_ABOUT = "diperiksa"  # of a form: hashes of the files that it showed beside its ticks
YEARS = range(2000, 2100)  # of a date that somebody types: 9999 is a slip of the finger


class Invalid(Exception):
    """Fields that have to be mended: {field name: what to do}."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{k}: {v}" for k, v in errors.items()))
        self.errors = dict(errors)


def in_one_piece(text: str) -> str:
    """A letter and its accent as one character, however a keyboard or a mail program wrote them."""
    return unicodedata.normalize("NFC", text)


def clean(text: str, lines: bool) -> str:
    """Text as people meant it: no control characters or lone surrogates, one kind of line end, trimmed."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(
        c
        for c in text
        if c in "\n\t" or (c >= " " and c != "\x7f" and not "\ud800" <= c <= "\udfff")
    )
    text = in_one_piece(text)
    return text.strip() if lines else " ".join(text.split())


class _Reader:
    """Reads the fields of one form and gathers what is wrong with them."""

    def __init__(
        self, settings: Settings, values: Mapping[str, Sequence[str]], uploads: Mapping[str, Upload]
    ) -> None:
        self.settings, self.given, self.uploads = settings, values, uploads
        self.values: dict[str, str] = {}
        self.choices: dict[str, tuple[str, ...]] = {}
        self.files: dict[str, File] = {}
        self.errors: dict[str, str] = {}
        self.letters: dict[str, returned.Returned] = {}
        self.scans: dict[str, Scan] = {}

    def read(self, one: Field) -> None:
        try:
            if one.kind in (FieldKind.SURAT, FieldKind.BERKAS, FieldKind.PINDAIAN):
                self._file(one)
            elif one.kind in (FieldKind.PETUGAS, FieldKind.PESERTA, FieldKind.UNIT):
                self._many(one)
            elif one.kind in OF_THE_CASE:
                self.choices[one.name] = tuple(dict.fromkeys(self.given.get(one.name, [])))[
                    :MOST_CHOSEN
                ]
            else:
                self._text(one)
        except ValueError as error:
            self.errors[one.name] = str(error)

    def _text(self, one: Field) -> None:
        raw = (self.given.get(one.name) or [""])[0]
        text = clean(raw, one.kind is FieldKind.PANJANG)
        if one.kind is FieldKind.CENTANG:
            self.values[one.name] = "ya" if text else ""
            return
        if not text:
            if one.required:
                raise ValueError(
                    word(
                        f"galat.kosong.{one.kind}"
                        if one.kind is FieldKind.PILIH
                        else "galat.kosong.teks"
                    )
                )
            self.values[one.name] = ""
            return
        most = LONGEST_OF.get(one.name, LONGEST)
        if len(text) > most:
            raise ValueError(word("galat.panjang", batas=most, isi=len(text)))
        self.values[one.name] = self._typed(one, text)

    def _typed(self, one: Field, text: str) -> str:
        if one.kind is FieldKind.EMAIL and not _EMAIL.fullmatch(text):
            raise ValueError(word("galat.email"))
        if one.kind is FieldKind.TELEPON and not _PHONE.fullmatch(text):
            raise ValueError(word("galat.telepon"))
        if one.kind is FieldKind.TELEPON:
            return numbers.phone(text)
        if one.kind is FieldKind.PILIH and text not in one.choices:
            raise ValueError(word("galat.kosong.pilih"))
        if one.kind is FieldKind.DAFTAR:
            return self.settings.listed(one.name, text)
        if one.kind is FieldKind.JAM:
            return _time_of_day(text)
        if one.kind is FieldKind.WAKTU:
            return self._moment(text)
        return text

    def _moment(self, text: str) -> str:
        """Day and time, of the office's zone where the form names none."""
        try:
            local = datetime.fromisoformat(_HOUR.sub(r" \1:\2", text))
            aware = local if local.tzinfo else local.replace(tzinfo=self.settings.zone)
            if aware.year not in YEARS:
                raise ValueError(text)
            return aware.astimezone(UTC).isoformat()
        except (ValueError, OverflowError) as error:
            raise ValueError(word("galat.waktu")) from error

    def _many(self, one: Field) -> None:
        if one.kind is FieldKind.PETUGAS:
            known = {p.kode for p in self.settings.holders(Role.KASI)}
        elif one.kind is FieldKind.PESERTA:
            known = {p.kode for p in self.settings.petugas}
        else:
            known = {NO_UNIT, *(u.kode for u in self.settings.unit)}
        chosen = tuple(dict.fromkeys(self.given.get(one.name, [])))
        lacks = one.required and not chosen
        if lacks or not known.issuperset(chosen):
            kind = "unit" if one.kind is FieldKind.UNIT else "pilih"
            raise ValueError(word(f"galat.kosong.{kind}"))
        if NO_UNIT in chosen and len(chosen) > 1:
            raise ValueError(word("galat.pilihan.unit_atau_tidak"))
        self.choices[one.name] = chosen

    def _file(self, one: Field) -> None:
        upload = self.uploads.get(one.name)
        if upload is None or not upload.content:
            if one.required:
                raise ValueError(word("galat.kosong.berkas"))
            return
        if one.kind is FieldKind.SURAT:
            self.letters[one.name] = read_letter(self.settings, upload.content)
            mime = kinds.DOCX
        else:
            mime = kinds.sniff(upload.content)
            if one.kind is FieldKind.PINDAIAN:
                scan = upload.scan or read_scan(self.settings, upload.content)
                if isinstance(scan, ValueError):
                    raise scan
                self.scans[one.name] = scan
            elif mime not in kinds.ACCEPTED:
                raise ValueError(word("galat.jenis_berkas"))
        self.files[one.name] = File(
            clean(upload.name, lines=False)[-120:] or one.name, mime, upload.content
        )


def _time_of_day(text: str) -> str:
    """ "11:30", however it was typed; ValueError for anything else."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(word("galat.jam"))
    return f"{int(found[1]):02}:{found[2]}"


def read_scan(settings: Settings, content: bytes) -> Scan:
    """A signed paper: whole, not tampered with, and which letter it says it is. Takes seconds; ValueError tells what
    to do with one that cannot be taken."""
    mime = kinds.sniff(content)
    if mime in kinds.PHONE:
        content = next(iter(pdf_pages(content, kinds.PHONE_WIDTH, 1)), b"")
        mime = kinds.sniff(content)
    pictures.check_scan(content, mime)
    if mime == kinds.PDF:
        looks = tuple(pdf_pages(content, LOOK_WIDTH, pictures.MOST_SCANNED))
        by_page = pictures.codes_by_page(content, mime)
        said, verdict = _text_of(content), verified(settings, content)
        _refuse_notes(content, verdict is not None)
        typed = _is_typed(content, said)
        return Scan(by_page, verdict, content, looks, _written(looks), said, typed=typed)
    try:
        look = pictures.picture(content, LOOK_WIDTH)
        by_page = pictures.codes_by_page(content, mime)
        return Scan(by_page, pdf=pictures.as_pdf(content), looks=(look,), written=(1,))
    except kinds.FileError as error:
        raise ValueError(word("galat.pindaian_rusak")) from error


def _written(looks: Sequence[bytes]) -> tuple[int, ...]:
    return tuple(number for number, look in enumerate(looks, 1) if not is_blank(look))


def _refuse_notes(pdf: bytes, is_signed: bool) -> None:
    """ValueError for a PDF with comments or files in it: they would go to the pengadu, and no note is a signature.
    Text typed onto a page is part of what was signed electronically, and no signature by itself."""
    refused = {"comment", "file"} if is_signed else {"comment", "file", "typed"}
    if pdf_notes(pdf) & refused:
        raise ValueError(word("galat.pindaian_catatan"))


def _is_typed(pdf: bytes, said: str) -> bool:
    """Whether a PDF is text as Word writes it, and nothing on it could be a signature."""
    return len(said) > LETTER_TEXT and not bears_ink(
        pdf_bare(pdf, pictures.CODE_WIDTH, LETTER_PAGES)
    )


def _text_of(pdf: bytes) -> str:
    """What a PDF carries as text; "" for a scan, and where it cannot be read."""
    try:
        return pdf_text(pdf)
    except kinds.FileError:
        return ""


def verified(
    settings: Settings, content: bytes, moment: datetime | None = None
) -> signature.SignatureVerdict | None:
    """The verdict on a PDF's electronic signature; None for one that has none. ValueError when it must not go on."""
    if b"/ByteRange" not in content:
        return None
    roots = [settings.path(name) for name in settings.surat.sertifikat_akar]
    try:
        verdict = signature.verify(content, roots, moment or datetime.now(UTC))
    except signature.SignatureError as error:
        raise ValueError(str(error)) from error
    if verdict is not None and verdict.level == "buruk":
        raise ValueError(word("galat.ttd_buruk", sebab=verdict.sentence))
    return verdict


def read_letter(settings: Settings, content: bytes) -> returned.Returned:
    """The letter that came back from Word, through its gate; ValueError says what to do when it cannot be taken."""
    try:
        return returned.inspect(content, max_bytes=settings.surat.batas_mb * 2**20)
    except returned.NotALetter as error:
        raise ValueError(str(error)) from error


def _together(name: str, reader: _Reader) -> None:
    """Rules over more than one field."""
    if name == Act.PUTUSKAN and reader.values.get("keputusan") == Decision.BUKAN_WEWENANG:
        if not reader.values.get("instansi"):
            reader.errors.setdefault("instansi", word("galat.instansi"))
    elif name in (Act.SAMPAIKAN, Act.SAMPAIKAN_PENGANTAR, Act.SAMPAIKAN_ULANG):
        _proof(reader)
    elif name == Act.NOTULEN and not reader.values.get("notulen") and "berkas" not in reader.files:
        reader.errors.setdefault("notulen", word("galat.notulen"))


def _proof(reader: _Reader) -> None:
    """What shows that the answer arrived, for each way (SOP langkah 5: mendokumentasikan)."""
    way = reader.values.get("cara", "")
    needed = {
        "pos": ("resi",),
        "telepon": ("penerima", "waktu"),
        "papan": ("tempat",),
        "langsung": ("penerima",),
    }
    for name in needed.get(way, ()):
        if not reader.values.get(name) and name not in reader.errors:
            reader.errors[name] = word(f"galat.bukti.{way}.{name}")
    if way == "langsung" and "berkas" not in reader.files:
        reader.errors.setdefault("berkas", word("galat.bukti.langsung.berkas"))


def are_those_asked_about(values: Mapping[str, Sequence[str]], files: Iterable[bytes]) -> bool:
    """Whether a form's ticks are about these files. Where it showed others, they say nothing of these; where it showed
    none yet, whoever ticks has the file in hand."""
    shown = " ".join(values.get(ASKED_ABOUT, ())).split()
    return not shown or all(digest_of(content) in shown for content in files)


def read_fields(
    settings: Settings,
    fields: Sequence[Field],
    name: str,
    values: Mapping[str, Sequence[str]],
    uploads: Mapping[str, Upload],
    given: Action,
    seen: int = 0,
) -> Checked:
    """Checked values of these fields; Invalid names every field that has to be mended."""
    reader = _Reader(settings, values, uploads)
    for one in fields:
        reader.read(one)
    _together(name, reader)
    if not are_those_asked_about(values, (one.content for one in reader.files.values())):
        reader.values |= {one.name: "" for one in fields if one.vouches}
    if reader.errors:
        raise Invalid(reader.errors)
    shown = frozenset(" ".join(values.get("tampak", ())).split())
    return Checked(
        given,
        reader.values,
        reader.choices,
        reader.files,
        reader.letters,
        reader.scans,
        seen,
        shown,
    )


def check(
    settings: Settings,
    kind: TaskKind,
    name: str,
    values: Mapping[str, Sequence[str]],
    uploads: Mapping[str, Upload],
    seen: int = 0,
) -> Checked:
    """The form of one action on a task of this kind. Forbidden for an action that the task does not offer."""
    given = action(kind, name)
    if given is None:
        raise Forbidden(name)
    return read_fields(settings, given.fields, name, values, uploads, given, seen)
