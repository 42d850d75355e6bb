"""pesan.toml and the code agree: every sentence that is asked for is there, gets its values, and none lies idle."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from pipeline.office import messages
from pipeline.office.messages import TEMPLATES, Sentences, family, say
from tests.office.test_words import _named, calls, leaves

SENTENCES = dict(leaves(tomllib.loads((TEMPLATES / "pesan.toml").read_text("utf-8"))))
ASKED = [call for call in calls("say") if call[1].strip("{}")]


def matching(pattern: str) -> set[str]:
    form = re.escape(pattern).replace(r"\{\}", r"[\w-]+")
    return {path for path in SENTENCES if re.fullmatch(form, path)}


def of_families() -> set[str]:
    tables = [pattern + "." for _place, pattern, _keys in calls("family")]
    return {path for path in SENTENCES if path.startswith(tuple(tables))}


def test_every_sentence_that_is_asked_for_is_there() -> None:
    assert len(ASKED) > 80
    assert [f"{place}: {pattern}" for place, pattern, _ in ASKED if not matching(pattern)] == []
    assert [table for _, table, _ in calls("family") if not family(table)] == []


def test_every_sentence_is_given_its_values_and_no_other() -> None:
    """One whose name is made up gets what any of its kind needs."""
    wrong = [
        f"{place}: {pattern} names {sorted(named)}, is given {sorted(map(str, keys))}"
        for place, pattern, keys in ASKED
        for path in matching(pattern)
        for named in [_named(SENTENCES[path])]
        if None not in keys and (not named <= {*keys} if "{}" in pattern else named != {*keys})
    ]
    assert wrong == []


def test_no_sentence_lies_idle() -> None:
    used = {path for _, pattern, _ in ASKED for path in matching(pattern)}
    assert set(SENTENCES) - used - of_families() == set()


def test_sentences_are_whole() -> None:
    for path, text in SENTENCES.items():
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
        Sentences("pesan.toml", messages._shipped).table("nilai")
