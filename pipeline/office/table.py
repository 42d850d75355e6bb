"""A table of config.toml or of another file that people write: what holds for each value in it, whichever it is.

Unknown keys are errors, values never change, what must be written says something, no text has a sign that nobody can
see, and a number is no `true`. Hides pydantic's leniency, which would find a meaning in all of these.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from pipeline.office.messages import say

# Nobody types these: they come by copying, end a header of a mail too early, and cannot stand in a Word file.
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def seen(text: str, *, lines: bool = False) -> str:
    """The text, where all of it can be seen; one line of it unless `lines`."""
    if HIDDEN.search(text):
        raise ValueError(say("nilai.tak_terlihat"))
    if not lines and "\n" in text:
        raise ValueError(say("nilai.satu_baris"))
    return text


def said(text: str) -> str:
    """The text of one line, where it says something."""
    if not text.strip():
        raise ValueError(say("nilai.wajib_tidak_kosong"))
    return seen(text)


class Written(BaseModel):
    """What somebody wrote as one table. `lines`: keys whose text may have several lines; `may_be_blank`: that must be
    written, if only as an empty text."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    lines: ClassVar[Collection[str]] = ()
    may_be_blank: ClassVar[Collection[str]] = ()

    @field_validator("*", mode="before")
    @classmethod
    def _plainly(cls, value: Any, info: ValidationInfo) -> Any:
        name = info.field_name or ""
        field = cls.model_fields[name]
        if isinstance(value, bool) and field.annotation is int:
            raise ValueError(say("nilai.bulat"))
        texts = value if isinstance(value, list | tuple) else (value,)
        for one in texts:
            if isinstance(one, str):
                seen(one, lines=name in cls.lines)
        blank = isinstance(value, str) and not value.strip()
        if blank and field.is_required() and name not in cls.may_be_blank:
            raise ValueError(say("nilai.wajib_tidak_kosong"))
        return value
