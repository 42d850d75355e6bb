"""The form of a rapat as it stands in the calendars: whoever moves it changes what they mean to change, and loses no
guest.

Hides how a row of the calendar becomes what a browser shows.
"""

from __future__ import annotations

from pipeline.casefile.offers import standing_meeting
from pipeline.data.tables import Meeting
from pipeline.office.config import Petugas
from pipeline.web.view import View


def standing(view: View) -> dict[str, list[str]]:
    """The fields of the rapat that is still to come, as their controls want them; {} where there is none."""
    if view.complaint is None:
        return {}
    row = standing_meeting(view.session, view.complaint)
    if row is None or row.at <= view.now:
        return {}
    zone = view.settings.zone
    return {
        "waktu": [f"{row.at.astimezone(zone):%Y-%m-%dT%H:%M}"],
        "selesai": [f"{row.until.astimezone(zone):%H:%M}"],
        "tempat": [row.place],
        "agenda": [row.agenda],
        "undangan": _invited(view, row),
        "peserta": [row.who],
    }


def _invited(view: View, row: Meeting) -> list[str]:
    """The codes of the officials who have the invitation, or whose Plh./Plt. has it. One who was invited themselves
    stays so when somebody stands in for them since."""
    addresses = {str(address).lower() for address, _name in row.invited}

    def has_it(one: Petugas) -> bool:
        reached = {one.email.lower(), view.settings.present(one).email.lower()}
        return not addresses.isdisjoint(reached)

    return [one.kode for one in view.settings.petugas if has_it(one)]
