"""How dense the code is, folder by folder: `python tools/density.py [FOLDER] [--densest N] [--only ROOM …]`.

Prints for every room of pipeline/ (and for the whole): code lines, syntax nodes a code line (median over functions),
nodes a function (median), the longest function, functions above a cyclomatic complexity of 12, conditional expressions
and comment lines in 100 lines. Then how many rooms there are, how many arrows of imports between them, and how many
lines of tests stand beside a line of code; if asked, the functions with the most nodes a line: there a reader gains
most by names for what stands between. Reads the source alone; nothing is imported.
"""

from __future__ import annotations

import argparse
import ast
import io
import statistics
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

BRANCHES = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.While,
    ast.ExceptHandler,
    ast.With,
    ast.Assert,
    ast.comprehension,
)
MOST_BRANCHES = 12
SMALL = 4  # lines; below, a function is dense by what it is called with, and names would not help
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Figures:
    """What was counted in some files."""

    files: int = 0
    lines: int = 0  # with code in them
    comments: int = 0
    choices: int = 0  # conditional expressions
    nodes: list[int] = field(default_factory=list)  # of each function
    per_line: list[float] = field(default_factory=list)  # of each function
    lengths: list[int] = field(default_factory=list)  # of each function, lines with its docstring
    complex_: int = 0
    places: list[tuple[float, str]] = field(
        default_factory=list
    )  # (nodes a line, where) of what is not small


def code_lines(source: str) -> tuple[set[int], int]:
    """The numbers of lines that hold code, and how many lines hold a comment alone."""
    code: set[int] = set()
    comments = 0
    layout = {
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
        tokenize.ENCODING,
    }
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            comments += not token.line[: token.start[1]].strip()
        elif token.type not in layout:
            code.update(range(token.start[0], token.end[0] + 1))
    return code, comments


def docstrings(tree: ast.Module) -> set[int]:
    """The numbers of lines that are docstrings."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            found.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return found


def functions(tree: ast.Module) -> Iterator[Function]:
    yield from (
        node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    )


def complexity(function: Function) -> int:
    """McCabe's count: one, and one more for each branch and each further operand of `and` or `or`."""
    branches = sum(isinstance(node, BRANCHES) for node in ast.walk(function))
    operands = sum(
        len(node.values) - 1 for node in ast.walk(function) if isinstance(node, ast.BoolOp)
    )
    return 1 + branches + operands


def count(path: Path, figures: Figures) -> None:
    """Add one file to the figures."""
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    code, comments = code_lines(source)
    code -= docstrings(tree)
    figures.files += 1
    figures.lines += len(code)
    figures.comments += comments
    figures.choices += sum(isinstance(node, ast.IfExp) for node in ast.walk(tree))
    for function in functions(tree):
        end = function.end_lineno or function.lineno
        own = len(code & set(range(function.lineno, end + 1)))
        nodes = sum(1 for _ in ast.walk(function))
        figures.nodes.append(nodes)
        figures.per_line.append(nodes / max(1, own))
        figures.lengths.append(end - function.lineno + 1)
        figures.complex_ += complexity(function) > MOST_BRANCHES
        if own >= SMALL:
            figures.places.append((nodes / own, f"{path}:{function.lineno} {function.name}"))


def row(name: str, figures: Figures) -> str:
    median = statistics.median
    lines = max(1, figures.lines)
    cells = [
        name,
        f"{figures.files}",
        f"{figures.lines}",
        f"{median(figures.per_line or [0]):.1f}",
        f"{median(figures.nodes or [0]):.0f}",
        f"{max(figures.lengths or [0])}",
        f"{figures.complex_}",
        f"{100 * figures.choices / lines:.1f}",
        f"{100 * figures.comments / lines:.1f}",
    ]
    return "| " + " | ".join(cells) + " |"


def arrows(folder: Path) -> set[tuple[str, str]]:
    """(room, room that it imports from) for all files of a package."""
    found: set[tuple[str, str]] = set()
    for path in folder.rglob("*.py"):
        room = _room(path, folder)
        for node in ast.walk(ast.parse(path.read_bytes())):
            if not isinstance(node, ast.ImportFrom) or not node.module:
                continue
            package, *inside = node.module.split(".")
            if package == folder.name:
                targets = inside[:1] or [one.name for one in node.names]
                found.update((room, target) for target in targets if target != room)
    return found


def _room(path: Path, folder: Path) -> str:
    return path.relative_to(folder).parts[0].removesuffix(".py")


def _lines(folder: Path) -> int:
    """Lines of Python, without what migrations of the database repeat."""
    return sum(
        path.read_bytes().count(b"\n")
        for path in folder.rglob("*.py")
        if "migrations" not in path.parts
    )


def main(folder: Path, densest: int, only: list[str]) -> None:
    rooms: dict[str, Figures] = {}
    whole = Figures()
    for path in sorted(folder.rglob("*.py")):
        room = path.relative_to(folder).parts[0]
        if only and room not in only:
            continue
        count(path, rooms.setdefault(room, Figures()))
        count(path, whole)
    print(
        "| room | files | code lines | nodes a line | nodes a function | longest | complex | choices % | comments % |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name, figures in rooms.items():
        print(row(name, figures))
    print(row("all", whole))
    if not only:
        named = [room for room in rooms if room not in ("__init__.py", "migrations")]
        beside = _lines(folder.parent / "tests") / max(1, _lines(folder))
        print(
            f"{len(named)} rooms, {len(arrows(folder))} arrows, {beside:.2f} lines of tests to a line of code"
        )
    for per_line, place in sorted(whole.places, reverse=True)[:densest]:
        print(f"{per_line:5.1f}  {place}")


if __name__ == "__main__":
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument(
        "folder", nargs="?", type=Path, default=Path(__file__).resolve().parents[1] / "pipeline"
    )
    asked.add_argument(
        "--densest", type=int, default=0, metavar="N", help="list the N densest functions, too"
    )
    asked.add_argument(
        "--only", nargs="*", default=[], metavar="ROOM", help="of the folder, these alone"
    )
    given = asked.parse_args()
    main(given.folder, given.densest, given.only)
