"""What the invented people of the demo write (templates/demo/cerita.toml), and by which subjects they know their mails.

Hides how a subject is found: it is read from the template that makes it.
"""

from __future__ import annotations

import re

from pipeline.office.messages import TEMPLATES, Sentences, shipped
from pipeline.office.words import word

NUMBER = "{{ p.number }}"
TASK = '{{ istilah("tugas." ~ tugas.kind) }}'
_STORY = Sentences("demo/cerita.toml", shipped)


def story(path: str, **values: object) -> str:
    """A sentence of the story with its {values} filled in; KeyError if it is not there."""
    return _STORY.sentence(path, values)


def chapter(path: str) -> dict[str, str]:
    """The fields that somebody fills in together."""
    return dict(_STORY.table(path))


def subject(template: str, number: str = "") -> str:
    """How the subjects of such mails begin: up to what only the mail knows, the number too where none is given."""
    written = (TEMPLATES / "email" / template / "subject.txt").read_text("utf-8")
    text = re.sub(r"\{%.*?%\}", "", written)
    if TASK in text:
        text = text.replace(TASK, word(f"tugas.{template.removeprefix('tugas_')}"))
    if number:
        text = text.replace(NUMBER, number)
    # A title that the mail may leave out takes its colon along: "Catat pengaduan: ..." or "Catat pengaduan".
    return text.partition("{{")[0].strip().rstrip(":")
