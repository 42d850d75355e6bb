"""Langkah 1: the JFU enters what a complaint is about and who complains, and mends it later."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.casefile import history, reported
from pipeline.cases import routes
from pipeline.cases.core import keep_secret, set_secret
from pipeline.cases.deed import Deed
from pipeline.cases.tasks import pass_by
from pipeline.notices import citizen
from pipeline.office.sop import OVER, EventKind

PERSON_FIELDS = ("nama", "alamat", "telepon", "email")


def report(deed: Deed) -> None:
    if named := deed.form.choices.get("terlapor", ()):
        deed.complaint.terlapor = reported.joined(named)
        pass_by(deed.work, deed.complaint)
    changed = _fill(
        deed, "perihal", "ringkasan", "klasifikasi", "kategori", "lokasi_kejadian", *PERSON_FIELDS
    )
    deed.complaint.lengkap_at = deed.work.now
    if deed.work.settings.closes(deed.complaint.klasifikasi):
        keep_secret(deed.complaint)
    deed.log(EventKind.RECORDED, perubahan=changed)
    work, complaint = deed.work, deed.complaint
    (_event, begun), *_ = history.entries(work.session, complaint, EventKind.RECEIVED)
    first = len(history.entries(work.session, complaint, EventKind.RECORDED)) == 1
    if first and begun.get("belum_dijawab"):  # the JFU has looked at who complains
        citizen.acknowledge(work, [complaint])
    else:
        _receipt_again(deed, changed)
    routes.follow(work, complaint, deed.actor, deed.task.id)


def correct(deed: Deed) -> None:
    changed = _fill(deed, *PERSON_FIELDS, "surat_pengirim")
    deed.log(EventKind.CORRECTED, perubahan=changed, alasan=deed.form.text("alasan"))
    _receipt_again(deed, changed)


def _fill(deed: Deed, *names: str) -> dict[str, list[str]]:
    """Put form values into the complaint; what changed, as {field: [before, after]}."""
    changed = {}
    for name in names:
        before, after = str(getattr(deed.complaint, name)), deed.form.text(name)
        if before != after:
            changed[name] = [before, after]
            setattr(deed.complaint, name, after)
    secret = deed.form.keeps("rahasia", deed.complaint.rahasia)
    if secret is not deed.complaint.rahasia:
        changed["rahasia"] = [str(deed.complaint.rahasia), str(secret)]
        set_secret(deed.complaint, secret)
    return changed


def _receipt_again(deed: Deed, changed: Mapping[str, list[str]]) -> None:
    """The receipt went nowhere, or to somebody else, before the address was mended."""
    before, after = (address.lower() for address in changed.get("email", ("", "")))
    if after and before != after and deed.complaint.stage not in OVER:
        citizen.acknowledge(deed.work, [deed.complaint])
