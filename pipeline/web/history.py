"""The history of a case in sentences."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from pipeline.casefile import limits, offers, privacy, reported
from pipeline.casefile.holders import post_of
from pipeline.casefile.similar import duplicate_of
from pipeline.data.tables import Complaint, Event
from pipeline.office import clock
from pipeline.office.rendering import unit_names
from pipeline.office.sop import EventKind, TaskKind
from pipeline.office.words import table, word
from pipeline.web.view import View, for_unit
from pipeline.work import Work


def meetings(view: View) -> list[dict[str, Any]]:
    """The meetings of a case, as they were called, cancelled and minuted, and who will come."""
    kinds = (EventKind.MEETING_SET, EventKind.MEETING_CANCELLED, EventKind.MINUTES_ADDED)
    rows = [_meeting_row(view, event.kind, data) for event, data in view.history(*kinds)]
    if not rows or view.complaint is None:
        return []
    rows += _who_will_come(view, view.complaint)
    lead = ", ".join(view.settings.sop.keterkaitan)
    return [{"judul": word("halaman.rapat"), "pengantar": lead, "isi": rows}]


def _meeting_row(view: View, kind: EventKind, data: Mapping[str, Any]) -> dict[str, Any]:
    at = _time_of(view, data)
    said = data.get("teks", "")
    if kind is EventKind.MEETING_CANCELLED:
        return {"kepala": word("rapat.batal"), "ket": at, "teks": said}
    if kind is EventKind.MINUTES_ADDED:
        present = word("rapat.hadir", siapa=data["hadir"]) if data.get("hadir") else ""
        return {"kepala": word("jenis_dokumen.notulen"), "teks": _paragraphs(present, said)}
    invited = word("rapat.diundang", siapa=data["kepada"]) if data.get("kepada") else ""
    text = _paragraphs(data.get("agenda", ""), invited, data.get("peserta", ""))
    return {"kepala": at, "ket": data.get("tempat", ""), "teks": text}


def _paragraphs(*said: str) -> str:
    return "\n\n".join(filter(None, said))


def _who_will_come(view: View, complaint: Complaint) -> list[dict[str, str]]:
    """What those who were invited have answered."""
    standing = offers.standing_meeting(view.session, complaint)
    if standing is None or not standing.answers:
        return []
    names = {str(address).lower(): name or address for address, name in standing.invited}
    said = [
        f"{names.get(address, address)} {word(f'rapat.jawab.{state}')}"
        for address, state in standing.answers.items()
    ]
    return [{"kepala": word("rapat.jawaban"), "teks": ", ".join(said)}]


def _time_of(view: View, data: Mapping[str, Any]) -> str:
    begins, ends = (
        datetime.fromisoformat(data[name]) if data.get(name) else None
        for name in ("waktu", "selesai")
    )
    return limits.meeting_time(view.settings, begins, ends) if begins else ""


def earlier(view: View) -> list[dict[str, Any]]:
    if view.complaint is None or view.task.kind not in (TaskKind.CATAT, TaskKind.KLARIFIKASI):
        return []
    if not view.trusted:  # a forwarded mail shows its own task alone
        return []
    work = Work(view.session, view.settings, view.now)
    rows = [
        {
            "kepala": c.number,
            "ket": clock.tanggal(c.received_at.astimezone(view.settings.zone)),
            "teks": c.perihal,
        }
        for c in duplicate_of(work, view.complaint)
        if view.owner not in reported.codes(c)
    ]
    return [{"judul": word("halaman.lain_dari_pengadu"), "isi": rows}] if rows else []


WORDS_OF = {  # codes of a payload, and the table in templates/istilah.toml that says them
    "kanal": "lewat",
    "cara": "pilihan.cara",
    "keputusan": "pilihan.keputusan",
    "tugas": "tugas",
    "prioritas": "pilihan.prioritas",
}


def sentence(view: View, event: Event, data: Mapping[str, Any]) -> str:
    """One event in words. A payload that was erased leaves its blanks empty."""
    values: dict[str, Any] = {
        "teks": "",
        "alasan": "",
        "ke": "",
        "kepada": "",
        "lewat": "",
        "tempat": "",
        "kanal": "",
        "cara": "",
        "keputusan": "",
        "waktu": "",
        "arah": "",
        "tugas": "",
        "nomor": "",
        "nama": "",
        "instansi": "",
        "unit": "",
        "aksi": "",
        "surat": word("jenis_surat.jawaban"),
    }
    values |= data
    values |= _named(view, data)
    values |= _of_the_kind(event.kind, data)
    closed = for_unit(view) and view.complaint is not None and not view.complaint.teks_terbuka
    if closed and event.kind is EventKind.CITIZEN_WROTE:  # their words are not for this reader
        return word("peristiwa_lain.minta_rahasia")
    return word(_sentence_name(event.kind, data), **values).strip()


def _sentence_name(kind: EventKind, data: Mapping[str, Any]) -> str:
    """Where the sentence stands in templates/istilah.toml."""
    if kind is EventKind.CITIZEN_WROTE and data.get("dari"):
        return "peristiwa_lain.dari_gabungan"
    if kind is EventKind.CITIZEN_WROTE and data.get("kanal"):
        return "peristiwa_lain.disampaikan"
    if data.get("susulan"):
        return "peristiwa_lain.susulan"
    return f"peristiwa.{kind}"


def _named(view: View, data: Mapping[str, Any]) -> dict[str, str]:
    """Codes of the payload as people call them."""
    found = {
        name: word(f"{place}.{data[name]}") for name, place in WORDS_OF.items() if data.get(name)
    }
    found["waktu"] = _time_of(view, data)
    if data.get("unit"):
        found["unit"] = word("peristiwa_lain.unit", nama=unit_names(view.settings, data["unit"]))
    if isinstance(data.get("kepada"), list):
        codes = data["kepada"]
        posts = data.get("jabatan") or [post_of(view.settings, code) for code in codes]
        found["kepada"] = ", ".join(posts)
    if data.get("prioritas"):
        found["kerahasiaan"] = _secrecy(data)
    return found


def _secrecy(data: Mapping[str, Any]) -> str:
    opened = ", ".join(data.get("berkas", ()))
    parts = [
        word("rapat.rahasia" if data.get("rahasia") else "rapat.terbuka").lower(),
        word("rapat.lampiran_terbuka") if data.get("lampiran") else "",
        word("rapat.teks_terbuka") if data.get("isi") else "",
        word("rapat.dibuka", berkas=opened) if opened else "",
    ]
    return "".join(parts)


def _of_the_kind(kind: EventKind, data: Mapping[str, Any]) -> dict[str, str]:
    """What only events of one kind tell."""
    tell = _TOLD_OF_KIND.get(kind)
    return tell(data) if tell is not None else {}


def _taken_back(data: Mapping[str, Any]) -> dict[str, str]:
    act = table(f"aksi.{data.get('tugas', '')}.{data.get('aksi', '')}")
    return {"aksi": act.get("judul", "")}


def _answers_chosen(data: Mapping[str, Any]) -> dict[str, str]:
    return {name: ", ".join(data.get(name) or ()) or "-" for name in ("ikut", "tetap")}


def _merged(data: Mapping[str, Any]) -> dict[str, str]:
    return {"arah": f"ke {data['ke']}" if data.get("ke") else f"dari {data.get('dari', '')}"}


def _released(data: Mapping[str, Any]) -> dict[str, str]:
    return {"arah": f"dari {data['dari']}" if data.get("dari") else data.get("ke", "")}


def _citizen_wrote(data: Mapping[str, Any]) -> dict[str, str]:
    """Which merged complaint it was written about, if one."""
    return {"nomor": data["dari"]} if data.get("dari") else {}


def _decision(data: Mapping[str, Any]) -> dict[str, str]:
    """What was decided, who is in charge instead, and what the examination found; an earlier event may not say it."""
    said = word(f"pilihan.keputusan.{data['keputusan']}") if data.get("keputusan") else ""
    agency, proven = data.get("instansi"), data.get("pembuktian")
    found = word(f"pilihan.pembuktian.{proven}").lower() if proven else ""
    return {
        "keputusan": f"{said} ({agency})" if agency else said,
        "hasil": word("peristiwa_lain.hasil", hasil=found) if found else "",
    }


_TOLD_OF_KIND: Mapping[EventKind, Callable[[Mapping[str, Any]], dict[str, str]]] = {
    EventKind.TAKEN_BACK: _taken_back,
    EventKind.ANSWERS_CHOSEN: _answers_chosen,
    EventKind.DECIDED: _decision,
    EventKind.MERGED: _merged,
    EventKind.RELEASED: _released,
    EventKind.CITIZEN_WROTE: _citizen_wrote,
}


def timeline(view: View) -> list[dict[str, str]]:
    """The history, newest first."""
    kinds = privacy.OPEN_EVENTS if for_unit(view) else ()
    return [row for row, _event in _told_of(view, kinds)][::-1]


def news_rows(view: View, numbers: Sequence[int]) -> list[dict[str, str]]:
    """What the form that was sent did not show yet, in words, oldest first."""
    told = privacy.NEWS_FOR_UNITS if for_unit(view) else ()
    return [row for row, event in _told_of(view, told) if event.seq in numbers]


def _told_of(view: View, kinds: Collection[EventKind]) -> list[tuple[dict[str, str], Event]]:
    """Each event of these kinds in words, oldest first; of all kinds where none is named."""
    zone = view.settings.zone
    rows = []
    for event, data in view.history(*kinds):
        at = event.at.astimezone(zone)
        who = ", ".join(
            filter(None, (event.actor_name, event.actor_title if event.actor_name else ""))
        )
        row = {
            "waktu": f"{clock.tanggal_pendek(at)}, {clock.pukul(at)}",
            "iso": at.isoformat(timespec="minutes"),
            "teks": sentence(view, event, data),
            "oleh": who,
        }
        rows.append((row, event))
    return rows
