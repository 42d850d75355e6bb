"""Text from outside costs linear time, whichever pattern sees it (DESIGN rule 13).

Every pattern of the program names what it looks for; each character that one of them may repeat comes here as a run
of 200,000, alone, in pairs, and behind what opens a pattern, through the doors by which mail comes in. A quadratic
pattern needs many seconds for such a run, a linear one some milliseconds: the bound lies far from both.
"""

from __future__ import annotations

import ast
import os
import re
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import islice
from pathlib import Path
from re import _parser as parser  # type: ignore[attr-defined]  # the grammar of the pattern itself: what it repeats
from types import FrameType
from typing import Any

import pytest

import pipeline
from pipeline.access import links
from pipeline.casefile import privacy
from pipeline.cases.input import clean
from pipeline.data.tables import Complaint
from pipeline.intake import complaints, orders, persons, read_mail
from pipeline.letters import for_staff, leftover, mark, returned, wording
from pipeline.mail import (
    addresses,
    authentication,
    bounces,
    charsets,
    forwarded,
    html,
    message,
    parts,
    reply,
    signoff,
    webform,
)
from pipeline.office import commands, sop, words
from pipeline.office.config import Settings
from pipeline.office.messages import TEMPLATES
from tests.desk import make_settings

LONG = 200_000  # characters
SHORT = 60_000  # of runs that are put together: a quadratic pattern needs its seconds here, too
ALIKE = set(
    "bcdfghijklmnopqrstuvwyzBDEFGHIJKLMNOPQSTUVWXYZ12345689"
)  # other letters and digits stand for these
SECONDS = 6.0
FEW = ' \n\t<>(x7@.:="'  # for doors behind which the patterns of another door stand, too
# All of them are minutes of processor time: `make linear`. An ordinary run takes each twelfth.
EVERY = 1 if os.environ.get("ADUAN_LINEAR") else 12
pytestmark = pytest.mark.timeout(3600)
SOURCES = sorted(Path(pipeline.__file__).parent.rglob("*.py"))
CATEGORIES = {
    "CATEGORY_SPACE": " \n\t\xa0",
    "CATEGORY_DIGIT": "7",
    "CATEGORY_WORD": "a_",
    "CATEGORY_NOT_SPACE": "x@",
    "CATEGORY_NOT_DIGIT": "x",
    "CATEGORY_NOT_WORD": "- \n",
}
# What opens an element, a quote, a command, a link … and then goes on for ever.
OPENINGS = (
    "<",
    "</",
    "<p",
    "<a href=",
    "<script",
    "<!--",
    "<td",
    "&",
    "(",
    "((",
    "<(",
    "[",
    '"',
    "=?",
    "=?utf-8?q?",
    "@",
    "a@",
    "x@y.",
    "On ",
    "Pada ",
    "Dari: ",
    "> ",
    "-- ",
    "---",
    "re:",
    "status ",
    "smtp:",
    "begin 644 ",
    "https://x.example/t/",
    "/t/1-",
    "{{",
    "{%",
    "[ISI",
    "Kode dokumen",
    "08",
    "+62",
    "C=",
    "to: ",
    "550 ",
    "Yth. ",
    "LAPOR ",
    "KIRIM",
    "\\",
    "=",
    "<p style='left:1.",
)


def _patterns() -> Iterator[str]:
    """Every string in the program that is handed to `re`, and every string that looks like a part of a pattern."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
                text = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
                if len(text) < 2_000 and re.search(r"\\[sdwWSDb]|[\])}][*+]|\.[*+]|\[\^", text):
                    yield text


def _repeated(tree: Any, found: set[str], repeated: bool = False) -> None:
    """The characters that a pattern may match again and again."""
    for operation, argument in tree:
        name = str(operation)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            _repeated(argument[2], found, repeated or argument[1] > 3)
        elif name == "SUBPATTERN":
            _repeated(argument[3], found, repeated)
        elif name == "ATOMIC_GROUP" or name in ("ASSERT", "ASSERT_NOT"):
            _repeated(argument if name == "ATOMIC_GROUP" else argument[1], found, repeated)
        elif name == "BRANCH":
            for branch in argument[1]:
                _repeated(branch, found, repeated)
        elif repeated:
            found |= _characters(name, argument)


def _characters(name: str, argument: Any) -> set[str]:
    if name == "LITERAL":
        return {chr(argument)}
    if name in ("NOT_LITERAL", "ANY"):
        return {"x", " "}
    if name != "IN":
        return set()
    found: set[str] = set()
    for kind, value in argument:
        one = str(kind)
        if one == "LITERAL":
            found.add(chr(value))
        elif one == "RANGE":
            found.add(chr(value[0]))
        elif one == "CATEGORY":
            found |= set(CATEGORIES[str(value)])
        elif one == "NEGATE":
            found |= {"x", " ", "\n"}
    return found


@cache
def alphabet() -> tuple[str, ...]:
    """Each character that some pattern of the program may repeat."""
    found = {
        " ",
        "\n",
        "\t",
        "<",
        ">",
        "(",
        ")",
        "x",
        "7",
        "@",
        ".",
        ":",
        ",",
        ";",
        "\xa0",
        "-",
        "_",
        "=",
        '"',
        "'",
        "é",
        "/",
    }
    for text in _patterns():
        try:
            _repeated(parser.parse(text), found)
        except re.error:
            continue  # a part of a pattern that is put together elsewhere
    found = {one for one in found if one.isprintable() or one in "\n\t\xa0"} - ALIKE
    foreign = sorted(one for one in found if ord(one) > 0x24F)
    return tuple(sorted(found - set(foreign[2:])))


def runs(few: bool = False) -> Iterator[str]:
    """Long runs: of one character, of two in turn, of one behind an opening, of openings."""
    for one in FEW if few else alphabet():
        yield one * LONG
    if few:
        yield from (opening * (SHORT // len(opening)) for opening in OPENINGS)
        return
    for one in "<@.:x ,(7>":
        for other in " \nx.@:=<":
            if one != other:
                yield (one + other) * (SHORT // 2)
    for opening in OPENINGS:
        yield from (opening + " " * LONG, opening + "x" * LONG)
        yield opening * (SHORT // len(opening))
        yield (opening + " ") * (SHORT // (1 + len(opening)))
        yield (opening + "x" * 1500 + "\n") * (SHORT // (1501 + len(opening)))


@cache
def office() -> Settings:
    with tempfile.TemporaryDirectory() as folder:
        return make_settings(Path(folder), balasan={"server_tepercaya": ("mx.kominfo.example",)})


class TooLong(Exception):
    pass


@contextmanager
def bounded(what: str) -> Iterator[None]:
    """Fail, instead of hanging, when the work inside takes more than `SECONDS` of processor time: `re` looks for
    signals as it goes."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TooLong(what)

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(
        signal.ITIMER_VIRTUAL, SECONDS
    )  # of this process: a busy machine changes nothing
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def shown(run: str) -> str:
    return f"{run[:24]!r} … {run[-4:]!r}"


def attack(work: Callable[[str], object], few: bool = False) -> list[str]:
    """The runs that this door does not stand."""
    bad = []
    for run in islice(runs(few), 0, None, EVERY):
        started = time.process_time()
        try:
            with bounded(shown(run)):
                work(run)
        except TooLong:
            bad.append(f"{shown(run)}: {time.process_time() - started:.1f} s")
            if len(bad) > 4:
                break
    return bad


HEADERS = (
    "Subject",
    "From",
    "Reply-To",
    "To",
    "References",
    "In-Reply-To",
    "Message-ID",
    "Date",
    "Content-Type",
    "Content-Disposition",
    "Content-Transfer-Encoding",
    "Authentication-Results",
    "X-Failed-Recipients",
    "Precedence",
    "Auto-Submitted",
    "X-Forefront-Antispam-Report",
    "Return-Path",
    "List-Id",
)
DOORS = {
    "a reply": b"From: a@b.example\nSubject: Re: x\nIn-Reply-To: <a@b>\n\nLAPOR ",
    "html": b"From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n",
    "a report": b"From: MAILER-DAEMON@b.example\nSubject: undelivered\n\nuser unknown ",
    "a report by RFC 3464": b"From: MAILER-DAEMON@b.example\nContent-Type: multipart/report;"
    b" report-type=delivery-status; boundary=b\n\n--b\n\nx\n--b\nContent-Type: message/delivery-status\n\n"
    b"Reporting-MTA: dns; x\n\nFinal-Recipient: ",
    "enriched text": b"From: a@b.example\nContent-Type: text/enriched\n\n",
    "quoted-printable": b"From: a@b.example\nContent-Transfer-Encoding: quoted-printable\n\n",
}


def read(raw: bytes) -> None:
    """What is done with a mail before any transaction, and with its text within one."""
    settings = office()
    mail = read_mail.opened(settings, raw, by_hand=False).message
    said = reply.split(mail.text).new
    signoff.split(said, "Siti Rahmawati", ("JFU Pelayanan", "jfu@kominfo.example"))
    orders.read(said.splitlines()[:1], commands.COMMANDS[sop.TaskKind.KLARIFIKASI])
    links.masked(mail.text)
    persons._status_asked(settings, mail)
    complaints.new_subject(mail, Complaint(number="PGD-2026-000001", perihal="x"))
    authentication.proven(mail.headers, ("mx.kota.example",), "b.example")
    bounces.from_words(mail, frozenset())
    webform.is_passed_on(mail)
    webform.visitor(mail.text)
    forwarded.original(mail, ())


@cache
def standard_wording() -> wording.Wording:
    return wording.read_wording((TEMPLATES / "letters" / "kalimat.toml").read_text("utf-8"))


def text(run: str) -> None:
    """What is done with words that are kept."""
    complaint = Complaint(
        rahasia=True, isi="x", nama="Siti Rahmawati", email="a@b", telepon="", alamat="", nik=""
    )
    privacy.repeats(complaint, run)
    privacy.asks_for_secrecy(run)
    words.fold(run)
    words.wrap(run)
    wording.points_from(run, standard_wording())
    addresses.parse(run)
    charsets.header_text(run)
    message._ids(run)
    html._stripped(run)
    parts.parameters(run)
    clean(run, lines=True)
    for pattern in (
        leftover._ANY,
        leftover._HINT,
        returned._FOOT,
        returned._MOVING,
        for_staff._ORDER,
        for_staff._SENTENCE,
        for_staff._MARKER,
        mark.CODE,
        links.TOKEN,
    ):
        pattern.search(run)


def folded(text: str) -> bytes:
    return text.replace("\n", "\n ").encode("utf-8", "surrogateescape")


def test_the_alphabet_comes_from_the_patterns() -> None:
    assert {" ", "\n", "<", "(", "7", "x", "@", "`", "\\"} <= set(alphabet())


@pytest.mark.parametrize("door", DOORS)
def test_a_body_of_runs(door: str) -> None:
    assert (
        attack(lambda run: read(DOORS[door] + run.encode()), few=door not in ("a reply", "html"))
        == []
    )


def test_a_head_of_runs() -> None:
    """All fields at once; what is slow then, is sought field by field."""
    bad = attack(
        lambda run: read(
            b"\n".join(b"%s: %s" % (name.encode(), folded(run)) for name in HEADERS) + b"\n\nx"
        )
    )
    assert bad == []


def test_words_that_are_kept() -> None:
    assert attack(text) == []


def test_comments_in_comments_of_authentication_results() -> None:
    for value in (
        "(" * 50_000 + ")" * 50_000,
        "(a" * 30_000,
        "mx;" + "dkim=pass (x(y)) " * 6_000,
        "a" * 100_000,
    ):
        with bounded(shown(value)):
            authentication.proven(
                (("From", "a@b.example"), ("Authentication-Results", value)), ("mx",), "b.example"
            )
