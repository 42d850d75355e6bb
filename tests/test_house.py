"""The house as a newcomer finds it: one word means one thing."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

PIPELINE = Path(__file__).parents[1] / "pipeline"


def test_no_two_public_classes_bear_one_name() -> None:
    """There were once three `Letter`, one of them an envelope."""
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(PIPELINE.rglob("*.py")):
        for statement in ast.parse(path.read_bytes()).body:
            if isinstance(statement, ast.ClassDef) and not statement.name.startswith("_"):
                homes[statement.name].append(path.relative_to(PIPELINE).as_posix())
    assert len(homes) > 100
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}


def test_how_far_something_has_come_is_said_by_a_member_of_its_closed_list() -> None:
    """A word that is misspelt in a comparison is not found by anybody: the mail would only never leave."""
    bare = []
    for path in sorted(PIPELINE.rglob("*.py")):
        if "migrations" in path.parts:  # they say what stood at their time
            continue
        for node in ast.walk(ast.parse(path.read_bytes())):
            bare += [f"{path.relative_to(PIPELINE)}: {word}" for word in _said_of_a_state(node)]
    assert bare == []


def _said_of_a_state(node: ast.AST) -> list[str]:
    """The plain words that a `.state` is compared with or set to."""
    if isinstance(node, ast.Compare) and _is_state(node.left):
        said: list[ast.expr] = node.comparators
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        said = [key.value for key in node.keywords if key.arg == "state"]
        said += node.args if _is_state(node.func.value) else []
    elif isinstance(node, ast.Call):
        said = [key.value for key in node.keywords if key.arg == "state"]
    elif isinstance(node, ast.Assign) and any(_is_state(t) for t in _targets(node)):
        said = [node.value]
    else:
        return []
    inner = [one for expression in said for one in ast.walk(expression)]
    words = [one.value for one in inner if isinstance(one, ast.Constant)]
    return [one for one in words if isinstance(one, str) and one.replace("_", "").isalpha()]


def _targets(node: ast.Assign) -> list[ast.expr]:
    """What is set, also as one of several at once."""
    flat: list[ast.expr] = []
    for target in node.targets:
        flat += target.elts if isinstance(target, ast.Tuple) else [target]
    return flat


def _is_state(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "state"


def test_a_list_in_a_sentence_is_made_in_one_place() -> None:
    """ "A dan B dan C" stood in mails and pages wherever three held a task: EYD V writes "A, B, dan C"
    (`words.listed`)."""
    joins = [
        path.relative_to(PIPELINE).as_posix()
        for path in sorted(PIPELINE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "join"
        and isinstance(node.func.value, ast.Constant)
        and node.func.value.value == " dan "
    ]
    assert joins == ["office/words.py"]
