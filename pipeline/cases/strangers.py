"""What of other people's complaints stands in a letter: numbers, names, telephones, addresses, sentences of another
case.

Hides the search: the register is asked in one statement what of it the text may hold, and each answer is looked at
again here, word by word. What the case itself says of somebody is no stranger.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from sqlalchemy import ColumnElement, and_, func, literal, or_, select

from pipeline.cases.core import by_number
from pipeline.data import fulltext
from pipeline.data.tables import Complaint
from pipeline.letters.returned import Finding
from pipeline.office import traces
from pipeline.office.words import word
from pipeline.work import Work

LONGEST = 50_000  # characters of a letter that are compared; SQLite's LIKE takes no more
MOST = 20
SHORTEST_NAME, SHORTEST_ADDRESS, SHORTEST_SUBJECT = (
    6,
    12,
    16,
)  # characters; shorter ones stand in any text
_PART = r"[ .()/_~,·*-]{0,3}"  # what people write between the digits of a number
PHONE = re.compile(rf"(?<!\d)(?:(?:\+|00)?62|0|(?=8)){_PART}\d(?:{_PART}\d){{7,12}}(?!\d)")
NIK = re.compile(rf"(?<!\d)\d(?:{_PART}\d){{15}}(?!\d)")
# Letters that stand for a digit among digits, and words for the signs of an address.
_LIKE_DIGITS = re.compile(
    r"(?<![^\W\d])[Oo](?=[ .-]?\d)|(?<=\d)[OolI](?=[ .-]?\d)|(?<=\d)[Oo](?!\w)"
)
_AT = re.compile(r" ?[\[(] ?(?:at|et) ?[\])] ?|(?<=\w) @ ?(?=\w)|(?<=\w)@ (?=\w)", re.IGNORECASE)
_DOT = re.compile(r" ?[\[(] ?(?:dot|titik) ?[\])] ?", re.IGNORECASE)
_DASH, _UNSEEN = (
    re.compile("[\u2010-\u2015\u2212]"),
    re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"),
)
RUN, STEP = 7, 4  # words that are compared, and how far apart such runs begin
MOST_RUNS = 400  # of a letter that are looked for; one of ten pages has about 300 that are not the machine's own
POLITE = 3  # complaints that may have the same words without these being everybody's
DIGITS = 9  # of a telephone number that are compared, from its end


def strangers(
    work: Work, complaint: Complaint, texts: Sequence[str], known: Sequence[str]
) -> list[Finding]:
    """Findings for what is another's: blocking where it is another's number or identity, to be looked at otherwise.
    `known`: what the machine's own draft says, which is nobody's complaint."""
    said = _legible(" ".join(texts))[:LONGEST]
    known = [text for text in known if _run(text) not in _run(complaint.disampaikan)]
    told = (
        *_numbers(work, complaint, said),
        *_people(work, complaint, said),
        *_sentences(work, complaint, texts, known),
    )
    return list({finding.message: finding for finding in told}.values())[:MOST]


def _legible(text: str) -> str:
    """A text as one reads it: one space between words, one kind of dash, no signs that nobody sees. Word parts a number
    by such, so that it stays in one line."""
    seen = _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    plain = " ".join(_DASH.sub("-", seen).split())
    plain = _DOT.sub(".", _AT.sub("@", plain))
    return _LIKE_DIGITS.sub(lambda one: "0" if one[0] in "Oo" else "1", plain)


def _numbers(work: Work, complaint: Complaint, said: str) -> Iterator[Finding]:
    for number in dict.fromkeys(one.upper() for one in work.settings.register_.written_in(said)):
        if number == complaint.number.upper():
            continue
        other = by_number(work, number)
        if other is None:
            yield _finding("lihat", "register_asing", nomor=number)
        elif same_person(complaint, other):
            yield _finding("lihat", "register_sendiri", nomor=number)
        else:
            yield _finding("blokir", "register_lain", nomor=number)


def _people(work: Work, complaint: Complaint, said: str) -> Iterator[Finding]:
    own = _own_words(work, complaint)
    for other in _suspects(work, complaint, said):
        if same_person(complaint, other):
            continue
        for field, value, blocks in _facts(other):
            if _stands_in(field, value, said) and not _stands_in(field, value, own):
                level, name = ("blokir", "orang_lain") if blocks else ("lihat", "orang_lain_lihat")
                told = word(f"kolom.{field}.label") if field != "nik" else "NIK"
                yield _finding(level, name, apa=told, nomor=other.number, teks=value)


def _suspects(work: Work, complaint: Complaint, said: str) -> list[Complaint]:
    """Complaints of which something may stand in the text, by a search that lets too much through."""
    text = literal(said.lower())
    columns = (Complaint.nama, Complaint.alamat, Complaint.email, Complaint.nik, Complaint.perihal)
    held: list[ColumnElement[bool]] = [
        (column != "")
        & text.like("%" + func.lower(column) + "%")
        & (func.length(column) >= SHORTEST_NAME)
        for column in columns
    ]
    phone, nik = _digits(Complaint.telepon.expression), _digits(Complaint.nik.expression)
    ends = {re.sub(r"\D", "", one)[-DIGITS:] for one in PHONE.findall(said)[:MOST]}
    held += [phone.like(f"%{end}") for end in sorted(ends)]
    held.append(nik.in_(sorted(_niks(said))[:MOST]))
    held.append(Complaint.id.in_(_named(work, said)))
    query = select(Complaint).where(Complaint.id != complaint.id, or_(*held))
    return list(work.session.scalars(query.order_by(Complaint.id).limit(10 * MOST)))


def _named(work: Work, said: str) -> list[int]:
    """Complaints all words of whose name or street stand in the text, in one pass over the register."""
    words = traces.words_in(said) - traces.PLACE_WORDS
    rows = work.session.execute(select(Complaint.id, Complaint.nama, Complaint.alamat)).yield_per(
        1000
    )
    found = (
        number
        for number, nama, alamat in rows
        if _all_in(words, nama, traces.name_words) or _all_in(words, alamat, traces.street_words)
    )
    return list(islice(found, 10 * MOST))


def _all_in(words: frozenset[str], value: str, parts: Callable[[str], list[str]]) -> bool:
    if words.isdisjoint(value.lower().split()):  # nearly all are passed by so
        return False
    told = parts(value)
    return len(told) > 1 and words.issuperset(told)


def _digits(column: ColumnElement[str]) -> ColumnElement[str]:
    """A number without what people write between its digits."""
    for mark in (" ", "-", ".", "(", ")", "/", "_", ","):
        column = func.replace(column, mark, "")
    return column


def _facts(other: Complaint) -> Iterator[tuple[str, str, bool]]:
    """(field, its value, whether it tells who somebody is)."""
    if len(other.nama) >= SHORTEST_NAME and " " in other.nama.strip():  # "Budi" alone is anybody
        yield "nama", other.nama, True
    if other.telepon:
        yield "telepon", other.telepon, True
    if other.email:
        yield "email", other.email, True
    if len(other.nik) >= 10:
        yield "nik", other.nik, True
    if len(other.alamat) >= SHORTEST_ADDRESS:
        yield "alamat", other.alamat, False
    if len(other.perihal) >= SHORTEST_SUBJECT:
        yield "perihal", other.perihal, False


def _stands_in(field: str, value: str, said: str) -> bool:
    if field == "telepon":
        end = re.sub(r"\D", "", value)[-DIGITS:]
        ends = {re.sub(r"\D", "", one)[-DIGITS:] for one in PHONE.findall(said)}
        return len(end) == DIGITS and end in ends
    if field == "nik":
        return re.sub(r"\D", "", value) in _niks(said)
    plain = " ".join(value.split())
    if re.search(rf"(?<!\w){re.escape(plain)}(?!\w)", said, re.IGNORECASE):
        return True
    told = field == "nama" or (
        field == "alamat" and any(map(str.isdigit, traces.street_words(value)))
    )
    return told and bool(traces.traces_of([(field, value)], called=False).kinds_in(said))


# ---- sentences -----------------------------------------------------------------------------------------------


def _sentences(
    work: Work, complaint: Complaint, texts: Sequence[str], known: Sequence[str]
) -> Iterator[Finding]:
    """Runs of words that stand in another's complaint. One that stands in many is a phrase of politeness."""
    own = _run(
        " ".join((complaint.isi, complaint.perihal, complaint.ringkasan, complaint.hasil, *known))
    )
    runs = [
        run for run in dict.fromkeys(run for text in texts for run in _runs(text)) if run not in own
    ]
    if len(runs) > MOST_RUNS:
        yield _finding("lihat", "kalimat_banyak")
    secret = _secret(work, complaint, runs[:MOST_RUNS])
    told: set[str] = set()
    for run in runs[:MOST_RUNS]:
        numbers = secret.get(run, set()) | _who_wrote(work, complaint, run)
        if len(numbers) > POLITE:
            continue
        for number in sorted(numbers - told):
            yield _finding("lihat", "kalimat_lain", nomor=number, teks=run.strip())
        told |= numbers


def _runs(text: str) -> Iterator[str]:
    """Parts of a paragraph that are long enough to be somebody's own: each sentence from its beginning, in steps, and
    up to its end, so that a sentence with words before or behind it is found as well."""
    for sentence in re.split(r"[.!?;\n]+(?:\s|$)", text):
        words = _run(sentence).split()
        last = len(words) - RUN
        for start in dict.fromkeys((*range(0, last, STEP), last)) if last >= 0 else ():
            yield f" {' '.join(words[start : start + RUN])} "


def _run(text: str) -> str:
    """Words alone, in small letters, with a space around each."""
    words = re.findall(r"[^\W_]+", _legible(text).lower())
    return f" {' '.join(words)} "


def _secret(work: Work, complaint: Complaint, runs: Sequence[str]) -> dict[str, set[str]]:
    """{run: the numbers of complaints that hold it} of those whose words no search finds, because who complains is
    secret. Each is read once, whatever the letter's length: 10,000 of a page each take a second."""
    wanted = {tuple(run.split()): run for run in runs}
    found: dict[str, set[str]] = {}
    rows = select(Complaint.number, Complaint.isi).where(
        Complaint.rahasia.is_(True), _another(complaint)
    )
    for number, isi in (
        work.session.execute(rows.order_by(Complaint.id)).yield_per(1000) if wanted else ()
    ):
        words = _run(isi).split()
        for together in zip(*(words[start:] for start in range(RUN)), strict=False):
            if together in wanted:
                found.setdefault(wanted[together], set()).add(number)
    return found


def _who_wrote(work: Work, complaint: Complaint, run: str) -> set[str]:
    """The numbers of complaints in which these words follow each other, by the register's own search."""
    query = fulltext.found(select(Complaint), run, work.session.get_bind().dialect.name)
    rows = work.session.scalars(query.where(_another(complaint)).limit(5 * POLITE))
    return {one.number for one in rows if run in _run(one.isi)}


def _another(complaint: Complaint) -> ColumnElement[bool]:
    """Neither this complaint nor one that the letter answers as well."""
    joined = [complaint.id, *filter(None, (complaint.parent_id,))]
    return and_(
        Complaint.id.not_in(joined),
        or_(Complaint.parent_id.is_(None), Complaint.parent_id.not_in(joined)),
    )


def _niks(said: str) -> set[str]:
    """Numbers of sixteen digits, however they are grouped."""
    return {re.sub(r"\D", "", one) for one in NIK.findall(said)}


def _own_words(work: Work, complaint: Complaint) -> str:
    """What may stand in the letter because the case or the office itself says it."""
    people = [text for p in work.settings.petugas for text in (p.nama, p.email)]
    office = work.settings.instansi
    case = (
        complaint.nama,
        complaint.alamat,
        complaint.telepon,
        complaint.email,
        complaint.nik,
        complaint.perihal,
        complaint.isi,
        complaint.ringkasan,
        complaint.hasil,
        complaint.perintah,
        complaint.disampaikan,
        complaint.instansi,
    )
    return " ".join(
        " ".join((*case, *people, office.telepon, office.pos_el, office.alamat)).split()
    )[: 4 * LONGEST]


def same_person(one: Complaint, other: Complaint) -> bool:
    """By email, telephone or NIK; a name alone may be shared."""
    for field in ("email", "nik"):
        mine = str(getattr(one, field)).casefold()
        if mine and mine == str(getattr(other, field)).casefold():
            return True
    mine = re.sub(r"\D", "", one.telepon)[-DIGITS:]
    return len(mine) == DIGITS and mine == re.sub(r"\D", "", other.telepon)[-DIGITS:]


def _finding(level: str, name: str, **facts: str) -> Finding:
    message = word(f"temuan.{name}", **facts)
    return Finding("blokir" if level == "blokir" else "lihat", message, word("temuan.di.isi"))
