"""A child process that settles one large mail: `python -m pipeline.intake.large < order`.

Hides what 50 MB of MIME cost from the process that goes on for months: it is bounded in memory and time by itself,
and whatever ends it leaves the item as it was. The order is JSON, written by `mails`.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import datetime

from pipeline.data.damage import is_away
from pipeline.data.places import PlaceError, open_office
from pipeline.intake import mails
from pipeline.office.config import Settings
from pipeline.work import App

SECONDS = 120  # of processor time


def bound(memory: int) -> None:
    """What this process may take from now on: bytes of data (all but the program and files it maps), and time."""
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def main() -> None:
    order = json.load(sys.stdin.buffer)
    settings, now = Settings.model_validate(order["settings"]), datetime.fromisoformat(order["now"])
    bound(order["memory"])
    engine = open_office(settings, order["url"])
    try:
        mails.take_in(
            App(settings, engine, lambda: now),
            order["item"],
            by_hand=order["by_hand"],
            apart=True,
            held=order["held"],
        )
    except Exception as error:
        if is_away(error) or isinstance(error, PlaceError):
            sys.exit(mails.AWAY_CODE)
        raise


if __name__ == "__main__":
    main()
