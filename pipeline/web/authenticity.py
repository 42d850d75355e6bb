"""Whether a letter is genuine: a public page for the code at its foot. Number, date, signer, hash; nothing personal.

Rate-limited: a code has 80 bits and is not guessed, but nobody may try, nor load the office's machine.
"""

from __future__ import annotations

import time
from datetime import date
from typing import Any

from flask import Blueprint, Response, redirect, request
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from pipeline.data.engine import reading
from pipeline.data.tables import Decided, Document
from pipeline.letters.mark import read_code
from pipeline.letters.series import LETTER_KINDS, SIGNED, series_of
from pipeline.office import clock
from pipeline.office.words import word
from pipeline.web.address import client
from pipeline.web.site import Friendly, html, site

pages = Blueprint("authenticity", __name__)


@pages.get("/asli")
def ask() -> BaseResponse:
    """A form for a code that was read from paper."""
    typed = request.args.get("kode", "")
    code = read_code(typed)
    if code:
        return redirect(f"/asli/{code}", 303)
    return html(
        "keaslian.html",
        keadaan="tanya",
        kode="",
        salah=word("keaslian.salah") if typed else "",
        baris=[],
    )


@pages.get("/ASLI/<code>")  # the QR is written in capitals
@pages.get("/asli/<code>")
def show(code: str) -> Response:
    here = site()
    if not here.looks.allows(client(), time.monotonic()):
        raise Friendly("terlalu_sering", 429)
    known = read_code(code)
    with reading(here.engine) as session:
        state, rows = _found(session, known) if known else ("asing", [])
    status = 200 if state in ("asli", "diganti", "ditarik", "belum") else 404
    return html("keaslian.html", status, keadaan=state, kode=known or "", salah="", baris=rows)


def _found(session: Session, code: str) -> tuple[str, list[dict[str, Any]]]:
    """How a code stands: asli (signed), diganti (another letter was signed after it), ditarik (what it
    says was withdrawn), belum, asing."""
    query = select(Document).where(Document.code == code).order_by(Document.id)
    same = list(session.scalars(query))
    if not same:
        return "asing", []
    signed = [one for one in same if one.kind in SIGNED]
    newest = _newest_signed(session, same)
    if newest is None:
        return "belum", []
    if not signed:  # what was signed bears a newer code: this one was a draft, or came back
        return "diganti", []
    letter = signed[-1]
    if _is_withdrawn(session, letter):
        return "ditarik", _rows(letter)
    return ("asli" if newest.id == letter.id else "diganti"), _rows(letter)


def _newest_signed(session: Session, same: list[Document]) -> Document | None:
    """The newest signed letter of the series that these papers belong to; None where none was signed."""
    letters = [one for one in same if one.kind in SIGNED]
    letters = letters or [one for one in same if one.kind in LETTER_KINDS]
    if not letters:
        return None
    kind = series_of(letters[-1].kind).signed
    query = select(Document).where(*_beside(same[0]), Document.kind == kind)
    return session.scalars(query.order_by(Document.id.desc()).limit(1)).first()


def _is_withdrawn(session: Session, letter: Document) -> bool:
    """Whether the decision that a letter tells does not stand any more."""
    decision = session.get(Decided, letter.decision_id) if letter.decision_id else None
    return decision is not None and decision.withdrawn_at is not None


def _beside(document: Document) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """What belongs to the same case, or to the same report."""
    return (
        Document.complaint_id == document.complaint_id,
        Document.laporan_id == document.laporan_id,
    )


def _rows(document: Document) -> list[dict[str, Any]]:
    facts = document.facts or {}
    day = clock.tanggal(date.fromisoformat(facts["tanggal"])) if facts.get("tanggal") else "-"
    by = facts.get("kalimat") or word("keaslian.basah")
    if facts.get("tanpa_kode"):
        by = f"{by} {word('keaslian.tanpa_kode')}"
    return [
        {"nama": word("keaslian.nomor"), "nilai": facts.get("nomor") or "-"},
        {"nama": word("keaslian.tanggal"), "nilai": day},
        {
            "nama": word("keaslian.penanda"),
            "nilai": ", ".join(filter(None, (facts.get("penanda"), facts.get("jabatan")))),
        },
        {"nama": word("keaslian.cara"), "nilai": by},
        {"nama": word("keaslian.sidik"), "nilai": document.sha256},
    ]
