"""Where a complaint does not go its own way through the langkah: merged, split, taken out again, or none at all."""

from __future__ import annotations

from pipeline.casefile import reported
from pipeline.casefile.decided import outdated
from pipeline.cases import meetings, merging
from pipeline.cases.chain import log
from pipeline.cases.core import locked, note
from pipeline.cases.deed import Deed
from pipeline.cases.input import File, Invalid
from pipeline.cases.record import documents, split_off
from pipeline.cases.tasks import carry_reported
from pipeline.data import store
from pipeline.data.states import DocumentKind
from pipeline.notices import citizen
from pipeline.office.sop import MERGEABLE, EventKind
from pipeline.office.words import word


def merge(deed: Deed) -> None:
    parent = merging.merge_parent(deed.work, deed.complaint, deed.form.text("nomor"))
    # Looked at again under its lock: it may have been signed, voided or merged meanwhile.
    if parent is None or locked(deed.work, parent.id).stage not in MERGEABLE:
        raise Invalid({"nomor": word("galat.induk")})
    if deed.person.kode in reported.codes(
        parent
    ):  # of a complaint about them they know nothing, not that it is there
        raise Invalid({"nomor": word("galat.induk")})
    if reported.official(deed.work.settings, deed.complaint):  # who could decide their own matter
        raise Invalid({"nomor": word("galat.induk_petugas")})
    if outdated(deed.work.session, deed.complaint):  # who was answered with it would be forgotten
        raise Invalid({"nomor": word("galat.jawaban_lama")})
    deed.complaint.parent_id = parent.id
    carry_reported(deed.work, deed.complaint, parent)
    deed.log(EventKind.MERGED, ke=parent.number)
    log(deed.work, parent, EventKind.MERGED, deed.actor, dari=deed.complaint.number)
    merging.bring_along(deed.work, deed.complaint, parent, deed.actor)


def merge_wave(deed: Deed) -> None:
    """The complaints of a wave wait for the answer to this one; each pengadu gets a letter of their own."""
    work, parent = deed.work, deed.complaint
    chosen = merging.of_wave(work, parent, deed.form.choices.get("gelombang", ()))
    if not chosen:
        raise Invalid({"gelombang": word("galat.kosong.pilih")})
    for child in (locked(work, one.id) for one in chosen):
        child.parent_id = parent.id
        carry_reported(work, child, parent)
        log(work, child, EventKind.MERGED, deed.actor, ke=parent.number)
        deed.log(EventKind.MERGED, dari=child.number)
        merging.bring_along(work, child, parent, deed.actor)
        merging.join(work, child)


def split(deed: Deed) -> None:
    """A second complaint out of the first, with those of its attachments that the clerk has ticked."""
    ticked = deed.form.choices.get("lampiran_ikut", ())
    rows = [
        row
        for row in documents(deed.work, deed.complaint, DocumentKind.LAMPIRAN)
        if str(row.id) in ticked
    ]
    contents = store.get_all(deed.work.session, [row.sha256 for row in rows])
    files = [File(row.name, row.mime, contents[row.sha256]) for row in rows]
    about = deed.form.text("perihal_lain"), deed.form.text("isi_lain")
    other = split_off(deed.work, deed.complaint, *about, files, deed.actor)
    note(deed.complaint, word("buku.dipisah_ke", nomor=other.number))
    note(other, word("buku.dipisah_dari", nomor=deed.complaint.number))
    deed.log(EventKind.SPLIT, ke=other.number, lampiran=[row.id for row in rows])


def release(deed: Deed) -> None:
    """A merged complaint goes its own way again."""
    merging.leave(deed.work, deed.complaint, deed.actor, deed.form.text("alasan"))


def void(deed: Deed) -> None:
    reason = deed.form.text("alasan")
    merging.leave(deed.work, deed.complaint, deed.actor, reason)
    note(deed.complaint, reason)
    deed.log(EventKind.VOIDED, alasan=reason)
    citizen.not_a_complaint(deed.work, deed.complaint, reason)
    meetings.fall(deed.work, deed.complaint, word("sistem.bukan_pengaduan"), deed.actor)
    _free_children(deed)


def _free_children(deed: Deed) -> None:
    """No answer will come for complaints that wait for this one: each goes its own way again from langkah 1."""
    for child in merging.waiting(deed.work, deed.complaint):
        merging.free(deed.work, child, deed.complaint, deed.actor)
