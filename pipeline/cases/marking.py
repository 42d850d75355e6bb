"""How urgent a case is, whom it is about, and what of it other units may see."""

from __future__ import annotations

from pipeline.casefile import privacy, reported
from pipeline.cases.chain import log
from pipeline.cases.core import locked, set_secret
from pipeline.cases.deed import Deed
from pipeline.cases.record import documents
from pipeline.cases.tasks import carry_reported, hurry, pass_by
from pipeline.office.actions import MARK_AND_RELEASE
from pipeline.office.sop import EventKind, Stage


def mark(deed: Deed) -> None:
    """How urgent a case is, and whether other units may know who complains."""
    c, form = deed.complaint, deed.form
    before_it = c.prioritas
    c.prioritas = form.text("prioritas")
    set_secret(c, form.keeps("rahasia", c.rahasia))
    released = _open_to_units(deed) if form.action is MARK_AND_RELEASE else {}
    before, c.terlapor = c.terlapor, reported.joined(form.choices.get("terlapor", ()))
    deed.log(
        EventKind.MARKED, prioritas=c.prioritas, rahasia=c.rahasia, terlapor=c.terlapor, **released
    )
    if c.prioritas != before_it:
        hurry(deed.work, c)
    if c.terlapor != before:
        deed.work.session.flush()
        pass_by(deed.work, c)
        _tell_parent_whom(deed)


def _tell_parent_whom(deed: Deed) -> None:
    """A merged complaint is about somebody, as is seen now: so is the one whose answer it waits for."""
    c = deed.complaint
    if c.stage is not Stage.DIGABUNG or c.parent_id is None:
        return
    parent = locked(deed.work, c.parent_id)
    before = parent.terlapor
    carry_reported(deed.work, c, parent)
    if parent.terlapor != before:
        log(
            deed.work,
            parent,
            EventKind.MARKED,
            deed.actor,
            prioritas=parent.prioritas,
            rahasia=parent.rahasia,
            terlapor=parent.terlapor,
        )


def _open_to_units(deed: Deed) -> dict[str, object]:
    """What other units may read and see: the words, all files, or those that were chosen. What the event says of it."""
    c, form = deed.complaint, deed.form
    c.lampiran_terbuka, c.teks_terbuka = (
        bool(form.text("lampiran_terbuka")),
        bool(form.text("teks_terbuka")),
    )
    chosen = set(form.choices.get("dibuka", ()))
    files = [d for d in documents(deed.work, c, *privacy.FROM_OUTSIDE) if str(d.id) in chosen]
    c.dibuka = privacy.joined(d.id for d in files)
    names = [d.name for d in files]
    return {
        "lampiran": c.lampiran_terbuka,
        "isi": c.teks_terbuka,
        "dibuka": [d.id for d in files],
        "berkas": names,
    }
