"""The tools that measure the house: what they change and count is what they say."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = '''
"""Words, 1 and True."""
LIMIT: int = 3

def act(rows: list[int], told: bool = False) -> bool | None:
    """Nothing of this is changed: 2 > 1."""
    if (  # why
        told and rows
    ):
        say(f"{1 + 1} of {rows}",
            sep="")
    return rows[0] > LIMIT if rows is not None else None
'''


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look for the names in their annotations
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "act.py").write_text(SOURCE, "utf-8")
    return tmp_path


def test_every_kind_of_change_is_made_once_and_the_file_stays_python(tree: Path) -> None:
    mutate = tool("mutate")
    found = mutate.changes(tree, "pipeline")
    source = SOURCE.encode()
    made = [source[: one.start] + one.text.encode() + source[one.end :] for one in found]
    assert {one.kind for one in found} == {
        "number",
        "flag",
        "condition",
        "and to or",
        "call",
        "return",
        "comparison",
    }
    assert len({ast.dump(ast.parse(one)) for one in [source, *made]}) == len(found) + 1
    assert {one.count(b"\n") for one in made} == {source.count(b"\n")}, (
        "what fails is told with its line"
    )
    assert all(SOURCE.split('"""')[3].encode() in one for one in made), "words are no code"


def test_places_are_chosen_by_the_seed_alone(tree: Path) -> None:
    mutate = tool("mutate")
    found = mutate.changes(tree, "pipeline")
    first = mutate.chosen(found, 7, 5)
    assert first == mutate.chosen(found, 7, 5)
    assert len({one.kind for one in first}) == 5, "each kind in its turn"
    assert set(mutate.chosen(found, 1, 1_000)) == set(found)


def test_tests_are_found_by_what_they_import_the_nearest_first(tree: Path) -> None:
    mutate = tool("mutate")
    (tree / "pipeline" / "page.py").write_text("from pipeline import act\n")
    (tree / "tests" / "web").mkdir(parents=True)
    (tree / "tests" / "act").mkdir()
    (tree / "tests" / "act" / "test_rows.py").write_text("from pipeline.act import act\n")
    (tree / "tests" / "web" / "test_page.py").write_text("import pipeline.page\n")
    (tree / "tests" / "web" / "test_other.py").write_text("import re\n")
    change = mutate.changes(tree, "pipeline/act.py")[0]
    assert mutate.Touched(tree, tree / "maps").tests(change) == [
        "tests/act/test_rows.py",
        "tests/web/test_page.py",
    ]


def test_no_function_branches_more_than_twelve_ways() -> None:
    """By the project's own count, which sees each operand of `and` and `or`; lint's does not. A migration that has run
    stays as it is."""
    density = tool("density")
    wide = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for path in sorted((ROOT / "pipeline").rglob("*.py"))
        if "migrations" not in path.parts
        for function in density.functions(ast.parse(path.read_bytes()))
        if density.complexity(function) > density.MOST_BRANCHES
    ]
    assert wide == []


def test_density_counts_rooms_arrows_and_nodes(tree: Path) -> None:
    density = tool("density")
    (tree / "pipeline" / "page.py").write_text(
        "from pipeline import act\nfrom pipeline.act import LIMIT\nimport re\n"
    )
    assert density.arrows(tree / "pipeline") == {("page", "act")}
    figures = density.Figures()
    density.count(tree / "pipeline" / "act.py", figures)
    assert (figures.files, figures.choices, figures.complex_) == (1, 1, 0)
    assert figures.lines == 8
