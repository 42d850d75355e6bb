"""The documents cannot drift: what they name exists, and what exists is named.

README.md, docs/panduan.md and docs/glossary.md are read as text; commands come from click, keys from the settings'
own types, words of the glossary from the modules.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import shlex
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import get_args, get_origin

import click
import pytest
from pydantic.fields import FieldInfo

from pipeline.cli.main import main
from pipeline.data import states
from pipeline.office import config, sop
from pipeline.office.config import Settings, Table
from pipeline.running import poller

ROOT = Path(__file__).parents[1]
README, GUIDE, GLOSSARY = (
    ROOT / "README.md",
    ROOT / "docs" / "panduan.md",
    ROOT / "docs" / "glossary.md",
)
DOCUMENTS = (README, GUIDE, GLOSSARY)
FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
MADE_BY_RUNNING = {
    "fuzz/",
    "config.toml",
    "demo/",
    "rahasia/",
}  # the README names them as what a command leaves behind


# ---- commands ------------------------------------------------------------------------------------------------


def code(text: str) -> Iterator[str]:
    """Lines of fenced blocks, then code spans of the prose."""
    for block in FENCE.findall(text):
        yield from block.splitlines()
    yield from SPAN.findall(FENCE.sub("", text))


def invocations(text: str) -> Iterator[list[str]]:
    """The words after each `aduan` that is run in code: first in a command line, or by a path to it."""
    for line in code(text):
        for part in re.split(r"&&|\|\||[|;]", line):
            try:
                words = shlex.split(part, comments=True)
            except ValueError:  # a quotation mark in a table or a template, no command
                continue
            starts = [
                n
                for n, word in enumerate(words)
                if word.endswith("/bin/aduan") or (n == 0 and word == "aduan")
            ]
            for start in starts:
                yield [word for word in words[start + 1 :] if word not in (">", "2>&1")]


def options(command: click.Command) -> set[str]:
    return {name for one in command.params for name in one.opts if name.startswith("--")} | {
        "--help"
    }


def fault(words: list[str]) -> str:
    """What the command line would refuse; empty when it is good."""
    words = list(words)
    while words and words[0].startswith("-"):
        if words[0] not in options(main):
            return f"aduan {words[0]}"
        words = words[2:] if words[0] == "--config" else words[1:]
    if not words:
        return ""
    command = main.commands.get(words[0])
    if command is None:
        return f"aduan {words[0]}"
    if isinstance(command, click.Group):
        part = command.commands.get(words[1]) if len(words) > 1 else None
        if part is None:
            return f"aduan {' '.join(words[:2])}"
        words, command = words[1:], part
    wrong = [
        w for w in words[1:] if w.startswith("--") and w.partition("=")[0] not in options(command)
    ]
    return f"aduan {words[0]} {wrong[0]}" if wrong else ""


@pytest.mark.parametrize("document", [README, GUIDE], ids=lambda path: path.name)
def test_every_command_and_option_that_a_document_shows_exists(document: Path) -> None:
    found = list(invocations(document.read_text("utf-8")))
    assert len(found) > 10
    assert [wrong for words in found if (wrong := fault(words))] == []


@pytest.mark.parametrize(
    "line", ["aduan terbang", "/opt/aduan/.venv/bin/aduan check --cepat", "aduan --keras check"]
)
def test_the_check_itself_refuses_what_does_not_exist(line: str) -> None:
    assert [fault(words) for words in invocations(f"`{line}`")] != [""]


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_and_each_of_its_options_is_in_the_guide(name: str) -> None:
    shown = list(invocations(GUIDE.read_text("utf-8")))
    assert any(name in words for words in shown)
    command = main.commands[name]
    parts = list(command.commands.values()) if isinstance(command, click.Group) else []
    assert all(any(words[:2] == [name, part.name] for words in shown) for part in parts)
    named = set(re.findall(r"--[a-z][a-z-]*", GUIDE.read_text("utf-8")))
    assert set().union(*(options(one) for one in [command, *parts])) - named == set()


def test_the_readme_names_every_command() -> None:
    assert {word for words in invocations(README.read_text("utf-8")) for word in words} >= set(
        main.commands
    )


# ---- make ----------------------------------------------------------------------------------------------------


def made(text: str) -> Iterator[list[str]]:
    """The words after each `make` in code, without -C and its folder."""
    for line in code(text):
        words = re.sub(r"-C \S+ ", "", line).split("#")[0].split()
        if words[:1] == ["make"] and len(words) > 1:
            yield words[1:]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_target_that_a_document_names_exists(document: Path) -> None:
    targets = set(re.findall(r"^([\w./-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert {words[0] for words in made(document.read_text("utf-8"))} - targets == set()


def test_the_readme_tells_how_to_try_it_and_how_to_test_it() -> None:
    assert {words[0] for words in made(README.read_text("utf-8"))} >= {
        "demo",
        "test",
        "lint",
        ".venv/installed",
    }


def test_arguments_for_the_demo_are_options_of_the_demo() -> None:
    given = [w for words in made(README.read_text("utf-8")) for w in words if w.startswith("ARGS=")]
    assert given
    known = options(main.commands["demo"])
    assert {flag for words in given for flag in re.findall(r"--[a-z]+", words)} <= known


# ---- config.toml ---------------------------------------------------------------------------------------------


def inner(annotation: object) -> type[Table] | None:
    """The table that a field holds, alone or in a tuple."""
    if get_origin(annotation) is tuple:
        annotation = get_args(annotation)[0]
    return annotation if isinstance(annotation, type) and issubclass(annotation, Table) else None


def tables(model: type[Table] = Settings, path: str = "") -> dict[str, Mapping[str, FieldInfo]]:
    """Every table of config.toml with its keys; one that is used twice (the two weeks) under its first name."""
    found: dict[str, Mapping[str, FieldInfo]] = {}
    keys = {
        field.alias or name: field
        for name, field in model.model_fields.items()
        if not field.exclude
    }
    if path:
        found[path] = keys
    for name, field in keys.items():
        below = inner(field.annotation)
        deeper = tables(below, f"{path}.{name}".lstrip(".")) if below else {}
        found |= {where: rows for where, rows in deeper.items() if rows not in found.values()}
    return found


def described() -> dict[str, dict[str, str]]:
    """The guide's tables of keys: {table: {key: default as it is written}}."""
    sections = re.split(r"^### `\[+([\w.]+)\]+`$", GUIDE.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return {
        name: dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", body.split("\n## ")[0], re.MULTILINE))
        for name, body in zip(sections[::2], sections[1::2], strict=True)
    }


def written(field: FieldInfo) -> str:
    """A default as the guide writes it."""
    if field.is_required():
        return "wajib"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, Table):
        return "di bawah"
    text = (
        f'"{value}"'
        if isinstance(value, str)
        else str(list(value))
        if isinstance(value, tuple)
        else str(value)
    )
    text = text.lower() if isinstance(value, bool) else text
    return f"`{text}`"


TABLES = tables()


def test_the_guide_has_a_section_for_every_table_of_the_configuration() -> None:
    assert set(described()) == set(TABLES)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_the_guide_names_every_key_with_its_default(name: str) -> None:
    assert described()[name] == {key: written(field) for key, field in TABLES[name].items()}


def test_the_sample_configuration_can_be_loaded_and_names_every_table() -> None:
    text = config.SAMPLE.read_text("utf-8")
    config.parse(text, ROOT / "config.toml")
    named = set(
        re.findall(r"^(?:# )?\[+(\w+)", text, re.MULTILINE)
    )  # one that few need stands in a comment
    assert named == {field.alias or name for name, field in Settings.model_fields.items()} - {
        "folder"
    }


# ---- files and words -----------------------------------------------------------------------------------------


def paths(text: str) -> Iterator[str]:
    """What looks like a file or folder of this repository in code and in links."""
    yield from re.findall(r"\]\(([\w./-]+)(?:#[^)]*)?\)", text)
    for piece in code(text):
        for word in piece.split():
            if (
                re.fullmatch(r"[.\w-]+(/[\w.-]+)*(/|\.(py|md|toml|sh|lock|docx))", word)
                or word == ".ci/run"
            ):
                yield word


def test_every_file_that_the_readme_names_exists() -> None:
    named = set(paths(README.read_text("utf-8")))
    assert {"pipeline/running/poller.py", "docs/panduan.md", "templates/", "LICENSE"} <= named
    assert {name for name in named - MADE_BY_RUNNING if not (ROOT / name).exists()} == set()


def test_every_template_that_the_guide_names_exists() -> None:
    named = {
        word
        for word in paths(GUIDE.read_text("utf-8"))
        if word.startswith("templates/") and "NAMA" not in word
    }
    assert len(named) >= 5
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_links_inside_the_guide_reach_a_heading() -> None:
    text = GUIDE.read_text("utf-8")
    headings = {
        re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    }
    targets = set(re.findall(r"\]\(#([^)]+)\)", text))
    assert targets
    assert targets - headings == set()


def test_the_guide_names_every_lane() -> None:
    section = GUIDE.read_text("utf-8").split("| jalur | tugasnya |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(poller.STEPS)


def rows(text: str) -> list[list[str]]:
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line[:2] == "| "
    ]
    return [row for row in cells if row[2] != "in code"]


def resolved(name: str) -> object:
    """The module, class, member or field that a dotted name of the glossary means; AttributeError if it is gone."""
    found: ModuleType | object = importlib.import_module("pipeline")
    for part in name.split("."):
        package = isinstance(found, ModuleType) and hasattr(found, "__path__")
        below = f"{getattr(found, '__name__', '')}.{part}" if package else ""
        # a package may hand on a function of the same name as the file that holds it (cases.act)
        if below and importlib.util.find_spec(below) is not None:
            found = importlib.import_module(below)
        else:
            found = getattr(found, part)
    return found


def test_every_word_of_the_glossary_stands_in_the_code_where_it_says() -> None:
    names = [name for row in rows(GLOSSARY.read_text("utf-8")) for name in SPAN.findall(row[2])]
    assert len(names) > 40
    assert all(resolved(name) is not None for name in names)


def test_the_glossary_explains_each_word_once() -> None:
    words = [row[0] for row in rows(GLOSSARY.read_text("utf-8").split("## The closed lists")[0])]
    assert len(words) == len(set(words))


CLOSED = [sop.Channel, sop.Stage, sop.TaskKind, sop.Decision, sop.Role, sop.EventKind, sop.Act]
CLOSED += [states.ItemState, states.MailState, states.JobState, states.PageState, states.SlipState]
CLOSED += [states.DocumentKind, states.JobKind]


@pytest.mark.parametrize("closed", CLOSED)
def test_the_glossary_holds_the_closed_lists_whole(closed: type[StrEnum]) -> None:
    lists = rows(GLOSSARY.read_text("utf-8").split("## The closed lists")[1])
    home = closed.__module__.removeprefix("pipeline.")
    named = next(row[1] for row in lists if row[2] == f"`{home}.{closed.__name__}`")
    assert set(SPAN.findall(named)) == {str(one) for one in closed}


# ---- nothing of the workshop ---------------------------------------------------------------------------------


def published() -> dict[str, list[str]]:
    """Lines of what an office gets to read or run, by file: documents, settings, templates, build files, code."""
    patterns = ["*.md", "*.toml", "*.lock", "Makefile", ".ci/run", "tools/*", "docs/*.md"]
    files = [path for pattern in patterns for path in ROOT.glob(pattern)]
    files += [p for top in ("templates", "pipeline") for p in (ROOT / top).rglob("*")]
    texts = [
        p
        for p in files
        if p.suffix in {".md", ".toml", ".lock", ".html", ".jinja", ".txt", ".py", ".sh", ""}
    ]
    return {
        str(p.relative_to(ROOT)): p.read_text("utf-8").splitlines() for p in texts if p.is_file()
    }


def lines_with(pattern: str) -> list[str]:
    return [
        f"{name}: {line}"
        for name, lines in published().items()
        for line in lines
        if re.search(pattern, line)
    ]


def test_what_is_published_is_looked_at_whole() -> None:
    assert {"README.md", "docs/panduan.md", "requirements.lock", "Makefile", ".ci/run"} <= set(
        published()
    )


def test_no_line_names_a_place_of_the_machine_that_it_was_written_on() -> None:
    assert lines_with(r"(?<![\w.])/(work|tmp|home|root|Users)/|file://") == []


def test_no_line_names_a_package_index() -> None:
    assert (
        lines_with(
            r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links)\b|pypi\.org|pythonhosted|/simple/"
        )
        == []
    )


# ---- names ---------------------------------------------------------------------------------------------------


def test_no_two_public_classes_bear_one_name() -> None:
    """A reader who searches for a name finds one thing."""
    places: dict[str, list[str]] = {}
    for path in (ROOT / "pipeline").rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
