"""The running log: one line an event, as key=value or as JSON. Hides `logging`, and what must not stand in a log.

An error is told by its type and by the places it went through, never by a trace-back of many lines: what a library
writes into its message may be the mail that it stumbled over. Addresses of people are masked in every line.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pipeline.office import whose

PACKAGE = Path(__file__).parents[1]
LEVELS = {
    "rinci": logging.DEBUG,
    "info": logging.INFO,
    "peringatan": logging.WARNING,
    "galat": logging.ERROR,
}
NAMES = {number: name for name, number in LEVELS.items()} | {logging.CRITICAL: "galat"}
PLACES = 12  # the innermost ones tell most
FOREIGN = 3  # of these, whosever they are; the rest are ours alone
LONGEST = 2000  # characters of a message
# Linear: each class takes what cannot begin the next part.
_ADDRESS = re.compile(r"[^\s@<>()\[\]\"',;:=]{1,64}@[^\s@<>()\[\]\"',;:]{1,255}")
_NUMBER = re.compile(r"(?<![\w.:-])\+?\d(?:[ -]?\d){8,18}(?![\w.:-])")
_PLAIN = re.compile(r"[^\s\"=]+")


def masked(text: str) -> str:
    """A text without addresses of people, telephone numbers and NIK, on one line."""
    text = _NUMBER.sub("(nomor)", _ADDRESS.sub("(alamat)", text[:LONGEST]))
    return " ".join(text.split())


def places(error: BaseException) -> str:
    """What an error is and where it came from, innermost place first; its causes after it."""
    said, seen = [], set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        said.append(" < ".join([_named(one), *_steps(one)]))
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return " | ".join(said)


def _named(error: BaseException) -> str:
    """Its type; of a database's also the code that tells a lock from a full disk, for its words are not told."""
    refused = getattr(error, "orig", None) or error
    code = getattr(refused, "sqlite_errorname", None) or getattr(refused, "sqlstate", None)
    return f"{type(error).__name__} ({code})" if code else type(error).__name__


def _steps(error: BaseException) -> list[str]:
    """The places, innermost first. Of a library's only the first few: it may have gone through dozens of its own, and
    it is ours that say what was being done."""
    steps = list(reversed(traceback.extract_tb(error.__traceback__)))
    ours = [step for step in steps[FOREIGN:] if Path(step.filename).is_relative_to(PACKAGE)]
    told = steps[:FOREIGN] + ours
    return [f"{_short(step.filename)}:{step.lineno}" for step in told[:PLACES]]


def what(error: BaseException) -> str:
    """An error in a line of the log. Its own words only where they are ours or the system's: a library may have put
    into them what it was reading."""
    ours = type(error).__module__.startswith("pipeline.") or isinstance(error, OSError)
    return f"{type(error).__name__}: {masked(str(error))}" if ours else places(error)


def _short(file: str) -> str:
    path = Path(file)
    return (
        str(path.relative_to(PACKAGE))
        if path.is_relative_to(PACKAGE)
        else "/".join(path.parts[-2:])
    )


class Lines(logging.Formatter):
    """waktu=… tingkat=… sumber=… [kantor=…] pesan="…" [galat="…"]"""

    def format(self, record: logging.LogRecord) -> str:
        return " ".join(f"{name}={_quoted(value)}" for name, value in fields(record).items())


class JsonLines(logging.Formatter):
    """The same as one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(fields(record), ensure_ascii=False)


def fields(record: logging.LogRecord) -> dict[str, str]:
    """What is told of an event, in the order in which it is read."""
    try:
        said = record.getMessage()
    except (TypeError, ValueError):  # a message whose arguments do not fit
        said = str(record.msg)
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    level = NAMES.get(record.levelno, record.levelname)
    found = {
        "waktu": at,
        "tingkat": level,
        "sumber": record.name.removeprefix("pipeline."),
    }
    if office := whose.name():
        found["kantor"] = office
    found["pesan"] = masked(said)
    error = record.exc_info[1] if record.exc_info else None
    return found if error is None else found | {"galat": places(error)}


def _quoted(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def begin(form: Literal["teks", "json"] = "teks", level: str = "peringatan") -> None:
    """Write the log to standard error from now on; what threads and libraries drop goes there too, not as a
    trace-back. May be called again with other settings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else Lines())
    root = logging.getLogger()
    for old in [one for one in root.handlers if type(one) is logging.StreamHandler]:
        root.removeHandler(old)
    root.addHandler(handler)
    # Libraries only warn: below that they write whole mails (IMAP) and rows (SQL) into the log.
    root.setLevel(max(LEVELS[level], logging.WARNING))
    logging.getLogger("pipeline").setLevel(LEVELS[level])
    logging.captureWarnings(True)
    logging.raiseExceptions = (
        False  # a log that cannot be written is no reason to print a trace-back
    )
    threading.excepthook = _dropped
    sys.unraisablehook = _dropped


def _dropped(what: Any) -> None:
    """What no caller can hear of any more: the end of a thread, or an error while something is let go."""
    if not issubclass(what.exc_type, SystemExit):
        logging.getLogger("pipeline").error(
            "dropped", exc_info=(what.exc_type, what.exc_value, what.exc_traceback)
        )


def keep(file: Path, code: str, error: BaseException) -> bool:
    """Add an error that nobody expected to a file of the owner's own; whether that could be done."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    line = f"waktu={at} tingkat=galat kode={code} galat={json.dumps(places(error))}\n"
    try:
        with open(
            os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8"
        ) as out:
            out.write(line)
    except OSError:
        return False
    return True
