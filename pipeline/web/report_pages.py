"""What the task pages show of a report of a period: its figures in words, its copies, what can be done. Reads only."""

from __future__ import annotations

from typing import Any

from pipeline import reports
from pipeline.cases import report_chain
from pipeline.data.states import MailState
from pipeline.data.tables import Laporan, LaporanEvent
from pipeline.letters.series import REPORT
from pipeline.notices.reports import name_of
from pipeline.office import clock
from pipeline.office.actions import ACTIONS, Action
from pipeline.office.sop import Act, TaskKind
from pipeline.office.words import table, word
from pipeline.reports import compare
from pipeline.reports.acting import Now
from pipeline.reports.sending import has_failed, newest_copies
from pipeline.web.site import site
from pipeline.web.view import View
from pipeline.work import Work

SAID = ("catatan", "alasan", "bukti", "sebab")  # of an event: what was typed, or why


def figures(report: Laporan) -> Now:
    """The report's figures as the data say now, counted before the transaction that acts on them."""
    with site().reading() as work:
        return reports.tables_now(work, report)


def offered(view: View) -> list[Action]:
    """The actions that the report allows now."""
    report, work = view.report, Work(view.session, view.settings, view.now)
    assert report is not None
    lost = any(has_failed(report, mail) for mail in newest_copies(work, report).values())
    fits = {Act.KIRIM_LAGI: lost, Act.AJUKAN: not _blocked(view)}
    return [one for one in ACTIONS[view.task.kind] if fits.get(one.name, True)]


def _blocked(view: View) -> bool:
    newest = view.letters(*REPORT.worked_on)[-1:]
    return any(
        found[0] == "blokir" for one in newest for found in (one.facts or {}).get("temuan", [])
    )


def matter(view: View, report: Laporan) -> dict[str, Any]:
    """The report itself: what it counts, and when it was made."""
    at = clock.waktu(report.made_at or report.asked_at, view.settings.zone)
    return {
        "judul": name_of(report),
        "teks": "",
        "asal": word("laporan.asal", waktu=at),
        "berkas": [],
    }


def sections(view: View, report: Laporan) -> list[dict[str, Any]]:
    """The note of the task, the figures of the first table, and how the copies stand."""
    found: list[dict[str, Any]] = []
    if view.task.note:
        found.append({"judul": _note_head(view), "isi": [{"teks": view.task.note}], "dulu": True})
    found += [{"judul": table["title"], "isi": _rows(table)} for table in report.figures[:1]]
    if view.task.kind is TaskKind.LAPORAN_KIRIM:
        found.append(
            {"judul": word("laporan.salinan.judul"), "isi": _copies(view, report), "dulu": True}
        )
    past = [_event(view, one) for one in report_chain.events(view.session, report.id)]
    found.append({"judul": word("peristiwa_laporan.judul"), "isi": past})
    return [one for one in found if one["isi"]]


def _note_head(view: View) -> str:
    kind = view.task.kind if view.task.kind in table("judul_catatan") else "lain"
    return word(f"judul_catatan.{kind}")


def _event(view: View, event: LaporanEvent) -> dict[str, str]:
    """What was done, when and by whom, with what was typed."""
    typed = [event.data[name] for name in SAID if event.data.get(name)]
    act = word(f"peristiwa_laporan.dulu.{event.data['aksi']}") if "aksi" in event.data else ""
    done = word(f"peristiwa_laporan.{event.kind}", **{**event.data, "aksi": act})
    at = clock.waktu(event.at, view.settings.zone)
    return {
        "kepala": done,
        "ket": ", ".join(filter(None, (at, event.actor_name))),
        "teks": "\n".join(typed),
    }


def _rows(table: compare.Kept) -> list[dict[str, str]]:
    """Each row of a table as one line: a phone shows no eleven columns."""
    heads = table["heads"]
    pairs = [(row[0], zip(heads[1:], row[1:], strict=True)) for row in compare.grid(table)]
    return [
        {"kepala": name, "teks": ", ".join(f"{head} {cell}" for head, cell in cells)}
        for name, cells in pairs
    ]


def _copies(view: View, report: Laporan) -> list[dict[str, str]]:
    work = Work(view.session, view.settings, view.now)
    rows = []
    for name, mail in newest_copies(work, report).items():
        state = (
            "gagal"
            if has_failed(report, mail)
            else "sampai"
            if mail.state == MailState.SENT
            else "jalan"
        )
        tone = {"gagal": "buruk", "sampai": "baik", "jalan": "hati"}[state]
        said = word(f"laporan.salinan.{state}")
        rows.append(
            {"kepala": name, "ket": mail.recipient, "kata": said, "nada": tone, "teks": mail.error}
        )
    return rows
