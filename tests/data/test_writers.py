"""Each table has one writer: the room that its docstring names. Read from the source, not from a run.

A writer makes rows (`Item(…)`), or sends insert, update or delete; and sets what a row says. The last is looked for by
the name of a variable that is annotated, or that its function got from the table.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import pipeline
from pipeline.data.tables import Base

ROOT = Path(pipeline.__file__).parent
TABLES = {mapper.class_.__name__: mapper.class_ for mapper in Base.registry.mappers}
APART = ("migrations", "backup.py", "demo")  # rows as they are; the playground's own clock

IN_MEMORY = {("running.health", "Complaint")}  # a sample for the letter template, never kept


def writer_of(table: type[Base]) -> str:
    found = re.search(r"Written by `([a-z_.]+)`", table.__doc__ or "")
    assert found is not None, f"{table.__name__} does not say who writes it"
    return found[1]


def sources() -> Iterator[tuple[str, ast.Module]]:
    """(dotted place below pipeline, its tree)."""
    for path in sorted(ROOT.rglob("*.py")):
        place = path.relative_to(ROOT)
        if place.parts[0] not in APART and place.name not in APART:
            yield ".".join(place.with_suffix("").parts), ast.parse(path.read_text("utf-8"))


def is_writer(place: str, writer: str) -> bool:
    """`links` may be `links.py`, or `access/links.py`, or a room of that name."""
    return f".{writer}." in f".{place}."


def _named(node: ast.expr | None) -> str:
    """The table that an expression names: `Item`, `Item.__table__`, `Item | None`."""
    if isinstance(node, ast.Attribute) and node.attr == "__table__":
        node = node.value
    if isinstance(node, ast.BinOp):
        node = node.left
    return node.id if isinstance(node, ast.Name) and node.id in TABLES else ""


def _written(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """(table, line) of everything in a module that writes; a name that it has from elsewhere is no table."""
    ours = {
        a.name
        for n in ast.walk(tree)
        if isinstance(n, ast.ImportFrom)
        for a in n.names
        if _tables(n.module or "")
    }
    yield from ((table, line) for table, line in _found(tree) if table in ours)


def _tables(module: str) -> bool:
    """Whether a module is where the tables are described."""
    return module == Base.__module__


def _found(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = (
                node.func.attr
                if isinstance(node.func, ast.Attribute)
                else getattr(node.func, "id", "")
            )
            if name in ("insert", "update", "delete") and node.args and _named(node.args[0]):
                yield _named(node.args[0]), node.lineno
            elif _named(node.func):
                yield _named(node.func), node.lineno
        if isinstance(node, ast.FunctionDef):
            yield from _set_in(node)


def _set_in(function: ast.FunctionDef) -> Iterator[tuple[str, int]]:
    rows = {a.arg: _named(a.annotation) for a in (*function.args.args, *function.args.kwonlyargs)}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            got = node.value
            by_key = (
                isinstance(got.func, ast.Attribute)
                and got.func.attr in ("get", "get_one")
                and got.args
            )
            for target in node.targets:
                if isinstance(target, ast.Name):
                    rows[target.id] = _named(got.args[0]) if by_key else rows.get(target.id, "")
    for node in ast.walk(function):
        for target in _targets(node):
            if (
                isinstance(target, ast.Attribute)
                and isinstance(target.value, ast.Name)
                and rows.get(target.value.id)
            ):
                yield rows[target.value.id], target.lineno


def _targets(node: ast.AST) -> Iterator[ast.expr]:
    listed = (
        node.targets
        if isinstance(node, ast.Assign)
        else [node.target]
        if isinstance(node, ast.AugAssign)
        else []
    )
    for target in listed:
        yield from target.elts if isinstance(target, ast.Tuple) else [target]


@cache
def everything_written() -> list[tuple[str, str, int]]:
    """(place, table, line) of the whole program, read once."""
    return [(place, table, line) for place, tree in sources() for table, line in _written(tree)]


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_table_is_written_by_the_room_that_it_names(name: str) -> None:
    writer = writer_of(TABLES[name])
    places = [
        (place, line)
        for place, table, line in everything_written()
        if table == name and (place, name) not in IN_MEMORY
    ]
    assert [f"{place}:{line}" for place, line in places if not is_writer(place, writer)] == []
    assert places, f"{name} is written by nobody"
