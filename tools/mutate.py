"""Would a test notice? Changes the program in small ways, one at a time, and runs the tests that touch the place.

    for room in mail letters; do
      TOUCHED=maps/$room.json PYTHONPATH=tools .venv/bin/pytest -p touched -q tests/$room
    done
    nice .venv/bin/python tools/mutate.py --seed 1 --places 150 --maps maps --out places.json

A place is chosen by the seed, each kind of change in its turn: a comparison turned, `and` and `or` swapped, a number
one up or down, a flag flipped, a call left out, a condition negated, another value returned. The change is made in a
copy of the tree. The tests of the module's own room come first, the quick before the slow, and the first failure ends
a place. What no test noticed is for a person to read: either it alters what somebody sees, and a test is missing, or
it alters nothing.

The maps must be of the very code that is changed: make them anew after a change. `--only` takes of the places chosen
those that begin so: pipeline/mail/ or pipeline/mail/reply.py:85.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = ("pipeline/migrations", "pipeline/demo")  # run once on data that is gone; the playground
SLOW = (
    "test_machine.py",
    "test_linear.py",
    "test_fuzz.py",
    "test_corpus.py",
)  # walks of many minutes
UNKNOWN = 15.0  # seconds that a file of tests is taken to need where no map has measured it
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"
)
SIGNS = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
TURNED = {
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "==": "!=",
    "!=": "==",
    "is": "is not",
    "is not": "is",
    "in": "not in",
    "not in": "in",
}


@dataclass(frozen=True)
class Change:
    """One small change: the bytes from `start` to `end` of a file give way to `text`."""

    file: str
    line: int
    lines: tuple[
        int, ...
    ]  # of the statement that holds it: whatever touches one of them may notice
    kind: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Outcome:
    """What the tests said to one change."""

    place: str
    kind: str
    before: str
    after: str
    noticed_by: (
        str | None
    )  # None where every test passed, or where `remark` says why nothing is known
    tests: int  # that touch the place and were run at most
    left: int  # that touch it, too, and would have taken too long
    remark: str = ""


# ---- where a change can be made ------------------------------------------------------------------------------------


class Places(ast.NodeVisitor):
    """Every change that can be made to one file."""

    def __init__(self, file: str, source: bytes) -> None:
        self.file = file
        self.source = source
        self.found: list[Change] = []
        lengths = [len(line) for line in source.splitlines(keepends=True)]
        self._starts = [0]
        for length in lengths:
            self._starts.append(self._starts[-1] + length)
        self._statement: ast.stmt | None = None

    def _offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._offset(node.lineno, node.col_offset), self._offset(
            node.end_lineno, node.end_col_offset
        )

    def _text(self, node: ast.expr) -> str:
        start, end = self._span(node)
        return self.source[start:end].decode()

    def _add(self, node: ast.expr | ast.stmt, kind: str, span: tuple[int, int], text: str) -> None:
        statement = self._statement or node
        last = node.end_lineno or node.lineno
        lines = {statement.lineno, *range(node.lineno, last + 1)}
        self.found.append(Change(self.file, node.lineno, tuple(sorted(lines)), kind, *span, text))

    def visit(self, node: ast.AST) -> None:
        outer = self._statement
        if isinstance(node, ast.stmt):
            self._statement = node
        super().visit(node)
        self._statement = outer

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Nothing within: before Python 3.12 its parts have no true places."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(default)
        for statement in node.body:
            self.visit(statement)

    def visit_Compare(self, node: ast.Compare) -> None:
        operands = [node.left, *node.comparators]
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            span = self._span(left)[1], self._span(right)[0]
            written = self.source[slice(*span)].decode().split()
            sign = SIGNS[type(operator)]
            if written == sign.split():  # else brackets or comments stand between
                self._add(node, "comparison", span, f" {TURNED[sign]} ")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        sign, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        values = ("(" + self._text(value) + ")" for value in node.values)
        whole = "(" + f" {other} ".join(values) + ")"
        if "#" not in whole:  # a comment would swallow what follows
            self._add(node, f"{sign} to {other}", self._span(node), whole)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._add(node, "flag", self._span(node), str(not node.value))
        elif isinstance(node.value, (int, float)):
            step = 1 if (node.lineno + node.col_offset) % 2 else -1
            self._add(node, "number", self._span(node), f"({node.value + step})")

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call):
            start, end = self._span(node)
            breaks = self.source[start:end].count(b"\n")
            self._add(node, "call", (start, end), "pass" + "\n" * breaks)
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def _negated(self, node: ast.If | ast.While | ast.IfExp) -> None:
        if not isinstance(node.test, ast.Name) or node.test.id != "TYPE_CHECKING":
            text = self._text(node.test)
            self._add(node.test, "condition", self._span(node.test), f"(not ({text}))")
        self.generic_visit(node)

    visit_If = visit_While = visit_IfExp = _negated

    def visit_Return(self, node: ast.Return) -> None:
        value = node.value
        if value is not None and not (isinstance(value, ast.Constant) and value.value is None):
            judges = isinstance(value, (ast.Compare, ast.BoolOp, ast.Constant))
            other = f"(not ({self._text(value)}))" if judges else "None"
            self._add(node, "return", self._span(value), other)
        self.generic_visit(node)


def changes(root: Path, folder: str) -> list[Change]:
    """Every change that can be made, in the order of files and lines."""
    found: list[Change] = []
    for path in sorted(
        (root / folder).rglob("*.py") if (root / folder).is_dir() else [root / folder]
    ):
        file = path.relative_to(root).as_posix()
        if not file.startswith(LEFT_OUT):
            source = path.read_bytes()
            places = Places(file, source)
            places.visit(ast.parse(source))
            found += places.found
    return found


def chosen(found: Sequence[Change], seed: int, count: int) -> list[Change]:
    """So many places by a seed; each kind in its turn, for numbers and returns are many and flags are few."""
    dice = random.Random(seed)
    kinds: defaultdict[str, list[Change]] = defaultdict(list)
    for change in found:
        kinds[change.kind.replace("or to and", "and to or")].append(change)
    for places in kinds.values():
        dice.shuffle(places)
    taken: list[Change] = []
    while len(taken) < count and any(kinds.values()):
        for kind in sorted(kinds):
            if kinds[kind] and len(taken) < count:
                taken.append(kinds[kind].pop())
    return taken


# ---- which tests may notice ----------------------------------------------------------------------------------------


class Touched:
    """Which tests run which line, from the maps that `tools/touched.py` wrote; where they know none, by names."""

    def __init__(self, root: Path, maps: Path) -> None:
        self.seconds: dict[str, float] = {}
        self._imports = Imports(root)
        self._lines: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        self._files: defaultdict[str, set[str]] = defaultdict(set)
        for path in sorted(maps.glob("*.json")):
            told = json.loads(path.read_text("utf-8"))
            names = list(told["seconds"])
            self.seconds |= told["seconds"]
            for file, lines in told["lines"].items():
                for line, tests in lines.items():
                    self._lines[file, int(line)].update(names[test] for test in tests)
                    self._files[file].update(names[test] for test in tests)

    def tests(self, change: Change) -> list[str]:
        """The tests that may notice, the module's own room first and the quick before the slow."""
        touching: set[str] = set()
        for line in change.lines:
            touching |= self._lines[change.file, line]
        if not touching:  # what runs as the module is imported belongs to no test
            touching = self._files[change.file]
        room = _room(change)
        if not any(test.startswith(room) for test in touching):  # no map of its own room
            return self._named(change)
        return sorted(
            touching, key=lambda test: (not test.startswith(room), self.seconds[test], test)
        )

    def _named(self, change: Change) -> list[str]:
        """Whole test files: of the module's name, then those nearest to it by imports, its own room first."""
        room = _room(change)
        stem = Path(change.file).stem
        steps = self._imports.steps_to(change.file)

        def rank(test: str) -> tuple[bool, int, bool, str]:
            own = test.startswith(room)
            same_name = own and stem in Path(test).stem
            return not same_name, steps[test], not own, test

        return sorted((file for file in steps if Path(file).name.startswith("test_")), key=rank)

    def within(self, tests: Sequence[str], seconds: float) -> list[str]:
        """As many of them as take so long together; at least one."""
        taken: list[str] = []
        for test in tests:
            seconds -= self.seconds.get(test, UNKNOWN)
            if taken and seconds < 0:
                break
            taken.append(test)
        return taken


def _room(change: Change) -> str:
    """The folder of the module's own tests."""
    return f"tests/{Path(change.file).parts[1].removesuffix('.py')}/"


class Imports:
    """Who imports whom, tests among them."""

    def __init__(self, root: Path) -> None:
        self._users: defaultdict[str, set[str]] = defaultdict(set)
        tests = [path for path in (root / "tests").rglob("*.py") if path.name not in SLOW]
        for path in [*(root / "pipeline").rglob("*.py"), *tests]:
            user = path.relative_to(root).as_posix()
            for module in _imported(ast.parse(path.read_bytes())):
                file = module.replace(".", "/")
                for known in (f"{file}.py", f"{file}/__init__.py"):
                    if (root / known).is_file():
                        self._users[known].add(user)

    def steps_to(self, file: str, most: int = 3) -> dict[str, int]:
        """How many imports each file is away from this one; of those that are near."""
        steps = {file: 0}
        newest = {file}
        for step in range(1, most + 1):
            newest = {user for one in newest for user in self._users[one]} - steps.keys()
            steps |= dict.fromkeys(newest, step)
        return steps


def _imported(tree: ast.Module) -> Iterator[str]:
    """The modules, and names that may be modules, that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names)


# ---- one place -----------------------------------------------------------------------------------------------------


def tried(change: Change, tree: Path, touched: Touched, seconds: float) -> Outcome:
    """Make the change in the copy, run the tests, and put things back."""
    path = tree / change.file
    source = path.read_bytes()
    changed = source[: change.start] + change.text.encode() + source[change.end :]
    before = " ".join(source[change.start : change.end].decode().split())
    tests = touched.tests(change)
    run = touched.within(tests, seconds)
    told = (f"{change.file}:{change.line}", change.kind, before, " ".join(change.text.split()))
    if not run:
        return Outcome(*told, None, 0, 0, "undecided: no test is known that touches the module")
    path.write_bytes(changed)
    try:
        noticed_by, remark = _run(tree, run, limit=180 + 4 * seconds)
    finally:
        path.write_bytes(source)
    return Outcome(*told, noticed_by, len(run), len(tests) - len(run), remark)


def _run(tree: Path, tests: Sequence[str], limit: float) -> tuple[str | None, str]:
    """The first test that fails, None where all pass; and a remark."""
    options = [
        "-x",
        "-q",
        "-n",
        "0",
        "--tb=no",
        "--no-header",
        "--timeout=100",
        "-p",
        "no:cacheprovider",
    ]
    surroundings = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=tree,
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.terminate()  # pytest ends the servers that it started
        process.communicate(timeout=60)
        return None, f"undecided: the tests did not end in {limit:.0f} s"
    if process.returncode == 0:
        return None, ""
    failed = [line for line in output.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    if failed:
        return failed[0].split(" ", 1)[1].split(" - ")[0], ""
    return "(nothing could be imported)", "\n".join(output.splitlines()[-5:])


def copied(root: Path, folder: Path) -> Path:
    """A copy of the tree beside which the corpora and the environment stand as beside the tree itself."""
    tree = folder / "main"
    shutil.copytree(root, tree, ignore=NOT_COPIED, symlinks=True)
    (tree / ".venv").symlink_to((root / ".venv").resolve())
    beside = root.parent / "shared"
    if beside.exists():
        (folder / "shared").symlink_to(beside.resolve())
    return tree


def run(
    places: Iterable[Change], touched: Touched, workers: int, seconds: float, out: Path
) -> list[Outcome]:
    """Try each place, some at once, each worker in a copy of its own; what is known is written after each."""
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="mutate-") as folder:
        trees: SimpleQueue[Path] = SimpleQueue()
        for number in range(workers):
            trees.put(copied(ROOT, Path(folder) / str(number)))

        def one(change: Change) -> Outcome:
            tree = trees.get()
            try:
                return tried(change, tree, touched, seconds)
            finally:
                trees.put(tree)

        with ThreadPoolExecutor(workers) as pool:
            for done in as_completed([pool.submit(one, place) for place in places]):
                outcomes.append(done.result())
                out.write_text(
                    json.dumps([asdict(each) for each in outcomes], indent=1, ensure_ascii=False),
                    "utf-8",
                )
    return outcomes


def main() -> None:
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument(
        "--folder", default="pipeline", help="where places are chosen: a folder or a file"
    )
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--places", type=int, default=150)
    asked.add_argument(
        "--maps", type=Path, required=True, help="the folder of what tools/touched.py wrote"
    )
    asked.add_argument("--out", type=Path, default=Path("places.json"))
    asked.add_argument("--workers", type=int, default=1)
    asked.add_argument(
        "--seconds",
        type=float,
        default=60,
        help="how long the tests of one place may take together",
    )
    asked.add_argument(
        "--only", nargs="*", default=[], metavar="PLACE", help="of the chosen, these alone"
    )
    asked.add_argument("--list", action="store_true", help="print the places, change nothing")
    given = asked.parse_args()
    places = chosen(changes(ROOT, given.folder), given.seed, given.places)
    if given.only:
        places = [
            place for place in places if f"{place.file}:{place.line}".startswith(tuple(given.only))
        ]
    if given.list:
        for place in places:
            print(f"{place.file}:{place.line}", place.kind, repr(place.text), sep="\t")
        return
    outcomes = run(places, Touched(ROOT, given.maps), given.workers, given.seconds, given.out)
    noticed = sum(outcome.noticed_by is not None for outcome in outcomes)
    decided = sum(not outcome.remark.startswith("undecided") for outcome in outcomes)
    print(
        f"{noticed} of {decided} noticed ({100 * noticed / max(1, decided):.0f} %); {len(outcomes)} places tried"
    )


if __name__ == "__main__":
    main()
