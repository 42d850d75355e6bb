"""Which test runs which line: a pytest plugin that `tools/mutate.py` chooses its tests by.

    TOUCHED=maps/mail.json PYTHONPATH=tools .venv/bin/pytest -p touched -q tests/mail

Writes {"seconds": {test: its length}, "lines": {file: {line: [places of tests in "seconds"]}}}. Fixtures count for the
test that asked for them first; what child processes run is not seen.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path

import coverage
import pytest

ROOT = Path(__file__).resolve().parents[1]
_watch = coverage.Coverage(data_file=None, source=[str(ROOT / "pipeline")], config_file=False)
_seconds: defaultdict[str, float] = defaultdict(float)
_failed: set[str] = set()  # what fails by itself can notice nothing


def pytest_configure() -> None:
    _watch.start()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    _watch.switch_context(item.nodeid)
    outcome = yield
    _watch.switch_context("")
    return outcome


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[report.nodeid] += report.duration
    if report.failed:
        _failed.add(report.nodeid)


def pytest_sessionfinish() -> None:
    _watch.stop()
    passed = {test: round(length, 3) for test, length in _seconds.items() if test not in _failed}
    number = {test: place for place, test in enumerate(passed)}
    data = _watch.get_data()
    lines: dict[str, dict[int, list[int]]] = {}
    for file in sorted(data.measured_files()):
        by_line = data.contexts_by_lineno(file).items()
        touched = {
            line: sorted(number[test] for test in tests if test in number)
            for line, tests in by_line
        }
        lines[str(Path(file).relative_to(ROOT))] = {
            line: tests for line, tests in touched.items() if tests
        }
    Path(os.environ["TOUCHED"]).write_text(json.dumps({"seconds": passed, "lines": lines}), "utf-8")
