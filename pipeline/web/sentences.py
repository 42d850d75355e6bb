"""Help for the one who writes: answers to similar cases, and the office's own standard sentences. Reads only.

*Pakai kalimat ini* is a link that shows the page again with the sentence in the form; nothing is kept by it. The link
names a point, never its words, so that nobody can put words into a form by an address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from pipeline.access import unsent
from pipeline.casefile import history, similar
from pipeline.data.tables import Complaint
from pipeline.letters.template.fields import TemplateError
from pipeline.letters.wording import EVERYWHERE, read_standard
from pipeline.office import clock
from pipeline.office.config import Settings
from pipeline.office.config_errors import ConfigError, text_of
from pipeline.office.sop import Act, TaskKind
from pipeline.office.words import word
from pipeline.web.view import View

FILE = "kalimat.toml"  # beside config.toml
CHOSEN = "pakai"
# By the task: the action and its field into which a sentence is taken over.
INTO = {
    TaskKind.KEPUTUSAN: (Act.PUTUSKAN, "disampaikan"),
    TaskKind.JAWABAN: (Act.SUSUN_ULANG, "butir"),
}


def standard(settings: Settings, kategori: str) -> list[str]:
    """The standard sentences that fit a kategori; none of a file that cannot be read, of which `aduan check` tells."""
    path = settings.path(FILE)
    try:
        known = read_standard(text_of(path)) if path.is_file() else {}
    except (TemplateError, ConfigError, OSError):
        return []
    return [*known.get(kategori, ()), *known.get(EVERYWHERE, ())]


def sections(view: View, chosen: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Beside the decision and beside the draft, where a sentence can be taken over; beside an edited letter, to be
    read."""
    c = view.complaint
    if c is None or view.task.kind not in INTO:
        return []
    told = [_similar(view, one, chosen) for one in _found(view, c)]
    own = [
        _row(view, f"b.{n}", text, chosen)
        for n, text in enumerate(standard(view.settings, c.kategori))
    ]
    parts = (
        [{"judul": word("serupa.judul"), "pengantar": word("serupa.pengantar"), "isi": told}]
        if told
        else []
    )
    return parts + (
        [{"judul": word("serupa.baku"), "isi": [{"teks": "", "pakai": own}]}] if own else []
    )


def taken_over(view: View, chosen: Sequence[str]) -> Mapping[str, list[str]]:
    """The form's field with the points that were chosen behind what stands in it; {} where none is."""
    c = view.complaint
    into = _into(view)
    if c is None or into is None or not chosen:
        return {}
    points = _chosen_points(view, c, chosen)
    if not points:
        return {}
    act, field = into
    lines = _before(view, c, act, field).splitlines()
    lines += [point for point in points if point not in lines]
    return {field: ["\n".join(filter(None, lines))]}


def _chosen_points(view: View, c: Complaint, chosen: Sequence[str]) -> list[str]:
    """The points of other answers and the office's own sentences behind these codes, each once."""
    own = standard(view.settings, c.kategori)
    known = similar.shown_points(_found(view, c))
    known |= {f"b.{number}": text for number, text in enumerate(own)}
    return [known[code] for code in dict.fromkeys(chosen) if code in known]


def _before(view: View, c: Complaint, act: str, field: str) -> str:
    """What stands in the field: as it was typed and not sent, else the points of the letter."""
    kept = None
    if view.owner:
        typed = unsent.of(view.session, view.task.id, view.owner, view.person.mark)
        kept = typed.get(act)
    if kept is None:
        return history.points(view.session, c, view.task.id)
    return (kept[0].get(field) or [""])[0]


def _into(view: View) -> tuple[str, str] | None:
    """The action and field into which a sentence goes now; None where it can only be read."""
    into = INTO.get(view.task.kind)
    names = {one.name for one in view.offered}
    return into if into is not None and into[0] in names else None


def _found(view: View, c: Complaint) -> list[similar.Similar]:
    """Other cases are named in a browser alone that is known to be the holder's."""
    return similar.answers(view.session, c, view.owner) if view.trusted else []


def _similar(view: View, one: similar.Similar, chosen: Sequence[str]) -> dict[str, Any]:
    at = clock.tanggal(one.complaint.received_at.astimezone(view.settings.zone))
    codes = similar.shown_points([one])
    return {
        "kepala": one.complaint.number,
        "ket": f"{at}, {word(f'pilihan.keputusan.{one.complaint.decision}')}"
        if one.complaint.decision
        else at,
        "teks": one.complaint.ringkasan or one.complaint.perihal,
        "pakai": [_row(view, code, text, chosen) for code, text in codes.items()],
    }


def _row(view: View, code: str, text: str, chosen: Sequence[str]) -> dict[str, str]:
    into = _into(view)
    if into is None or code in chosen:
        return {"teks": text, "url": "", "sudah": word("serupa.dipakai") if code in chosen else ""}
    query = urlencode([("aksi", into[0]), *((CHOSEN, one) for one in (*chosen, code))])
    return {"teks": text, "url": f"{view.url}?{query}#aksi-{into[0]}", "sudah": ""}
