"""pesan.toml and the code agree: every sentence that is asked for is there, gets its values, and none lies idle."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from pipeline.office import messages
from pipeline.office.messages import TEMPLATES, Sentences, family, say
from tests.office.test_words import _named, calls, leaves


@dataclass(frozen=True)
class Said:
    """A file of sentences, and how code asks for one of them and for a table of them."""

    file: str
    one: str
    table: str

    @cached_property
    def sentences(self) -> dict[str, str]:
        return dict(leaves(tomllib.loads((TEMPLATES / self.file).read_text("utf-8"))))

    @cached_property
    def asked(self) -> list[tuple[str, str, list[str | None]]]:
        return [call for call in calls(self.one) if call[1].strip("{}")]

    @cached_property
    def of_tables(self) -> dict[str, set[str]]:
        return {pattern: self.matching(pattern + ".{}") for _, pattern, _ in calls(self.table)}

    def matching(self, pattern: str) -> set[str]:
        form = re.escape(pattern).replace(r"\{\}", r"[\w-]+")
        return {path for path in self.sentences if re.fullmatch(form, path)}


FILES = [Said("pesan.toml", "say", "family"), Said("demo/cerita.toml", "story", "chapter")]
each_file = pytest.mark.parametrize("said", FILES, ids=lambda said: said.file)


@each_file
def test_every_sentence_that_is_asked_for_is_there(said: Said) -> None:
    assert len(said.asked) > 10
    assert [f"{at}: {name}" for at, name, _ in said.asked if not said.matching(name)] == []
    assert [name for name, found in said.of_tables.items() if not found] == []


@each_file
def test_every_sentence_is_given_its_values_and_no_other(said: Said) -> None:
    """One whose name is made up gets what any of its kind needs."""
    wrong = [
        f"{place}: {path} names {sorted(named)}, is given {sorted(map(str, keys))}"
        for place, pattern, keys in said.asked
        for path in said.matching(pattern)
        for named in [_named(said.sentences[path])]
        if None not in keys and (not named <= {*keys} if "{}" in pattern else named != {*keys})
    ]
    assert wrong == []


@each_file
def test_no_sentence_lies_idle(said: Said) -> None:
    used = {path for _, pattern, _ in said.asked for path in said.matching(pattern)}
    assert set(said.sentences) - used.union(*said.of_tables.values()) == set()


@each_file
def test_sentences_are_whole(said: Said) -> None:
    for path, text in said.sentences.items():
        assert text.strip() == text != "", path
        assert "  " not in text, path


def test_an_unknown_name_is_an_error() -> None:
    for path in ("tidak.ada", "nilai.tidak_ada", "nilai", ""):
        with pytest.raises(KeyError):
            say(path)
    assert family("tidak.ada") == {}


def test_a_value_is_not_taken_for_a_pattern() -> None:
    assert (
        say("berkas.tak_terbaca", file="{sebab}", sebab="{0}") == "{sebab} tidak dapat dibaca: {0}."
    )


def test_a_broken_file_of_sentences_ends_the_command_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it no other sentence can be said."""
    monkeypatch.setattr(messages, "TEMPLATES", tmp_path)
    (tmp_path / "pesan.toml").write_text("[nilai\n", "utf-8")
    with pytest.raises(SystemExit, match=r"pesan\.toml rusak; pasang kembali"):
        Sentences("pesan.toml", messages.shipped).table("nilai")
