"""What was decided before, and who was answered with it: sections of a task's page."""

from __future__ import annotations

from typing import Any

from pipeline.casefile.decided import outdated
from pipeline.data.tables import Complaint, Decided
from pipeline.office import clock
from pipeline.office.sop import TaskKind
from pipeline.office.words import word
from pipeline.web.view import View

CHOOSING = (TaskKind.KLARIFIKASI, TaskKind.JAWABAN)


def earlier_decisions(view: View, c: Complaint) -> list[dict[str, Any]]:
    """Decisions that were withdrawn, with their letter and delivery; nothing for other units."""
    if view.task.kind is TaskKind.KETERANGAN:
        return []
    rows = [_row(view, one) for one in view.withdrawn]
    return [{"judul": word("halaman.keputusan_ditarik"), "isi": rows}] if rows else []


def _row(view: View, one: Decided) -> dict[str, str]:
    agency = f" ({one.instansi})" if one.instansi else ""
    told = "\n\n".join(filter(None, (one.perintah, one.disampaikan, _delivered(view, one))))
    at = clock.waktu(one.withdrawn_at or view.now, view.settings.zone)
    return {
        "kepala": word(f"pilihan.keputusan.{one.outcome}").capitalize() + agency,
        "ket": word("halaman.ditarik_pada", waktu=at),
        "teks": told,
    }


def _delivered(view: View, one: Decided) -> str:
    if one.delivered_at is None:
        return ""
    way = word(f"pilihan.cara.{one.delivery}")
    at = clock.waktu(one.delivered_at, view.settings.zone)
    return word("halaman.ditarik_disampaikan", nomor=one.letter_number, cara=way, waktu=at)


def to_choose(view: View, c: Complaint) -> list[dict[str, Any]]:
    """Merged citizens whose answer is out of a decision that stands no more."""
    children = outdated(view.session, c) if view.task.kind in CHOOSING else []
    if not children:
        return []
    rows = [
        {"kepala": child.number, "ket": label_of(view, child), "teks": child.perihal}
        for child in children
    ]
    lead = word("halaman.jawaban_lama_teks")
    return [{"judul": word("halaman.jawaban_lama"), "pengantar": lead, "isi": rows, "dulu": True}]


def label_of(view: View, child: Complaint) -> str:
    """How and when a merged citizen was answered, and with what."""
    outcome = word(f"pilihan.keputusan.{child.decision}") if child.decision else ""
    if child.delivered_at is None:
        return f"{outcome}, {word(f'tahap.{child.stage}').lower()}"
    return f"{outcome}, {word(f'pilihan.cara.{child.delivery}')}, {clock.waktu(child.delivered_at, view.settings.zone)}"


def options(view: View) -> list[dict[str, str]]:
    """The same as choices of a form."""
    children = outdated(view.session, view.complaint) if view.complaint is not None else []
    return [
        {"value": one.number, "label": one.number, "ket": label_of(view, one)} for one in children
    ]
