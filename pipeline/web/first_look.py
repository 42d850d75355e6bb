"""What a task's page says before its form, so that the form's button is on a phone's first screen: by when, in one
line, and what it is about, in three lines each. All of it stands in full below the form. Reads only."""

from __future__ import annotations

from pipeline.casefile import limits, privacy
from pipeline.casefile.gist import summary
from pipeline.office import clock
from pipeline.office.sop import TaskKind
from pipeline.office.words import table, word
from pipeline.web.view import View, for_unit

LONGEST = 400  # letters; three lines of the widest screen hold fewer


def deadline_line(view: View) -> dict[str, str] | None:
    """{kata, waktu, iso, sisa, nada} of the due time; None for a task without one."""
    task, zone = view.task, view.settings.zone
    left, tone = limits.left_words(view.settings, task, view.now)
    if task.paused_at is not None:
        return {"kata": word("waktu.berhenti"), "waktu": "", "iso": "", "sisa": left, "nada": tone}
    if task.due_at is None:
        return None
    due = task.due_at.astimezone(zone)
    return {
        "kata": word("waktu.paling_lambat"),
        "waktu": f"{clock.tanggal_pendek(due)}, {clock.pukul(due)}",
        "iso": due.isoformat(timespec="minutes"),
        "sisa": left,
        "nada": tone,
    }


def gist(view: View) -> list[dict[str, str]]:
    """[{judul, teks}]: why the task is there, if that was said, and what the case is about."""
    c, task = view.complaint, view.task
    if c is None:
        return _short("", task.note)
    if task.note:
        kind = task.kind if task.kind in table("judul_catatan") else "lain"
        return [*_short(word(f"judul_catatan.{kind}"), task.note), *_about(view)]
    if task.kind is TaskKind.JAWABAN and (c.perintah or c.disampaikan):
        told = [] if c.perintah else _short(word("kolom.disampaikan.label"), c.disampaikan)
        return [*_short(word("halaman.perintah"), c.perintah), *told]
    if task.kind is TaskKind.KEPUTUSAN and c.hasil:
        return [*_about(view), *_short(word("halaman.hasil"), c.hasil)]
    return _about(view)


def _about(view: View) -> list[dict[str, str]]:
    c = view.complaint
    assert c is not None
    if for_unit(view):
        return _short(word("privasi.ringkasan"), privacy.matter(c))
    if c.ringkasan:
        return _short(word("halaman.ringkasan"), c.ringkasan)
    return _short(word("halaman.isi"), summary(c.isi) or c.isi)


def _short(title: str, text: str) -> list[dict[str, str]]:
    line = " ".join(text.split())
    if not line:
        return []
    cut = line if len(line) <= LONGEST else line[:LONGEST].rsplit(" ", 1)[0] + " …"
    return [{"judul": title, "teks": cut}]
