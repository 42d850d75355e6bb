"""What came back from Word → the data of the page's "Hasil pemeriksaan surat": findings, differences, pictures.

Reads only what was stored when the letter was kept; nothing is parsed, compared with Word, or drawn here but words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pipeline.cases.letters import found_in, paragraphs_of
from pipeline.data.states import DocumentKind
from pipeline.data.tables import Document
from pipeline.files import libreoffice
from pipeline.letters.compare import difference, shortened
from pipeline.letters.returned import Finding
from pipeline.letters.series import ANSWER, COVERING, LETTERS, REPORT, Series
from pipeline.office import clock
from pipeline.office.sop import SIGNING, TaskKind
from pipeline.office.words import word
from pipeline.web.view import View

TONES = {"blokir": "buruk", "lihat": "hati", "baik": "baik"}


def inspections(view: View) -> list[dict[str, Any]]:
    """The letters that are worked on; without those whose draft is as it was made and in order."""
    if view.task.kind in (TaskKind.LAPORAN, TaskKind.LAPORAN_TTD):
        found = _inspection(view, REPORT)
        return [found] if found else []
    if view.complaint is None or view.task.kind not in (TaskKind.JAWABAN, TaskKind.TANDA_TANGAN):
        return []
    wanted = LETTERS if view.complaint.instansi else (ANSWER,)
    return [found for series in wanted if (found := _inspection(view, series))]


def _found_in(view: View, series: Series, newest: Document) -> list[Finding]:
    """What was found in a letter; where it is to be signed, first in the form that is signed."""
    final = view.letters(series.final)[-1:] if view.task.kind in SIGNING else []
    return [finding for letter in (*final, newest) for finding in found_in(letter)]


def _inspection(view: View, series: Series) -> dict[str, Any] | None:
    """What was found in the newest letter of a series; None where there is nothing to look at."""
    letters = view.letters(*series.worked_on)
    if not letters:
        return None
    newest = letters[-1]
    edited = newest.kind == series.edited
    signing = view.task.kind in SIGNING
    found = _found_in(view, series, newest)
    levels = {one.level for one in found}
    as_made = not edited and not signing
    if as_made and levels.isdisjoint(("blokir", "lihat")):
        return None
    in_need = [one for one in found if one.level != "baik"]
    return {
        "judul": word(f"periksa.judul.{series.name}"),
        "id": f"periksa-{series.name}" if series is COVERING else "periksa",
        "jumlah": _counted(found),
        "terhalang": "blokir" in levels,
        "pengantar": _lead(view, newest, found, "surat" if edited else "konsep"),
        "temuan": [*map(_row, in_need), *_good(found)],
        "beda": _since_draft(letters, series) if edited else None,
        "beda_lama": _since_last(letters, series),
        **_pictures(view, series, newest, signing),
    }


def _since_draft(letters: Sequence[Document], series: Series) -> dict[str, Any] | None:
    """What the Sekretaris has changed since the newest draft."""
    drafts = [letter for letter in letters if letter.kind == series.drafted]
    return _changes(drafts[-1], letters[-1], "konsep") if drafts else None


def _counted(found: Sequence[Finding]) -> str:
    """How many findings ask for something; "" where none does."""
    counts = Counter(f.level for f in found)
    return ", ".join(
        word(f"periksa.n_{level}", n=counts[level])
        for level in ("blokir", "lihat")
        if counts[level]
    )


def _lead(view: View, letter: Document, found: Sequence[Finding], kind: str) -> str:
    counts = Counter(f.level for f in found)
    at = letter.created_at.astimezone(view.settings.zone)
    when = f"{clock.tanggal(at)}, pukul {clock.pukul(at)}"
    if counts["blokir"] and counts["lihat"]:
        said = word("periksa.keduanya", blokir=counts["blokir"], lihat=counts["lihat"])
    elif counts["blokir"] or counts["lihat"]:
        said = word(
            "periksa.blokir" if counts["blokir"] else "periksa.lihat",
            n=counts["blokir"] or counts["lihat"],
        )
    else:
        said = word("periksa.baik")
    return word(f"periksa.{kind}", nama=letter.name, waktu=when, hasil=said)


def _row(finding: Finding) -> dict[str, str]:
    head, _, rest = finding.message.partition(". ")
    where = word("periksa.tempat", tempat=finding.where.rstrip(".")) if finding.where else ""
    return {
        "nada": TONES[finding.level],
        "kata": word(f"temuan.kata.{finding.level}"),
        "judul": head.rstrip(".") + ".",
        "teks": " ".join(filter(None, (rest, where))),
    }


def _good(found: Sequence[Finding]) -> list[dict[str, str]]:
    """What is right, in one row: it needs no reading."""
    said = " ".join(f.message for f in found if f.level == "baik")
    return (
        [{"nada": TONES["baik"], "kata": word("temuan.kata.baik"), "judul": "", "teks": said}]
        if said
        else []
    )


def _changes(old: Document, new: Document, against: str) -> dict[str, Any]:
    found = difference(paragraphs_of(old), paragraphs_of(new))
    shown = [
        [{"jenis": p.kind, "teks": p.text} for p in shortened(paragraph)]
        for paragraph in found.paragraphs
    ]
    if not shown:
        return {
            "judul": word(f"periksa.beda_{against}"),
            "ket": word(f"periksa.sama_{against}"),
            "isi": [],
        }
    told = word("periksa.jumlah", kata=found.words, alinea=len(shown))
    return {"judul": word(f"periksa.beda_{against}"), "ket": told, "isi": shown}


def _since_last(letters: Sequence[Document], series: Series) -> dict[str, Any] | None:
    """Against the version before, where that is not the draft itself."""
    edited = [d for d in letters if d.kind == series.edited]
    if len(edited) < 2 or letters[-1].kind != series.edited:
        return None
    return _changes(edited[-2], edited[-1], "lama")


def _pictures(view: View, series: Series, letter: Document, signing: bool) -> dict[str, Any]:
    """The pages of the letter as it is to be signed, else as it was uploaded; or why there are none."""
    final = view.letters(series.final)[-1:] if signing else []
    source = final[0] if final else letter
    pages = [d for d in view.documents(DocumentKind.RUPA) if d.source_id == source.id]
    if pages:
        said = word("periksa.halaman_baca", nama=source.name)
        rows = [
            {"url": f"{view.url}/gambar/{d.id}", "lebar": 1000, "tinggi": 1414, "baca": said}
            for d in pages
        ]
        return {"halaman": rows, "tanpa_gambar": ""}
    if libreoffice.soffice() is None:
        return {"halaman": [], "tanpa_gambar": word("periksa.tanpa_libreoffice")}
    drafted = source.kind == series.drafted
    if drafted or any(
        "perubahan terlacak" in f.message for f in found_in(source) if f.level == "blokir"
    ):
        return {"halaman": [], "tanpa_gambar": "" if drafted else word("periksa.tanpa_gambar")}
    return {"halaman": [], "tanpa_gambar": word("periksa.gambar_menyusul")}
