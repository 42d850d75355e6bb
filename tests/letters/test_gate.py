"""The gate before Word files, by the program that measures it: hostile ones out, ordinary ones in, at a small cost."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.files import libreoffice
from pipeline.letters.gate.cleaning import admitted
from pipeline.letters.gate.package import open_package
from tests.letters import harmless, hostile
from tests.letters.sample import parts

GATE = Path(__file__).resolve().parents[2] / "bench" / "gate_docx.py"
DATA = Path(__file__).resolve().parents[1] / "data" / "surat"
GONE = ("webextension", "customizations", "embeddings", "oleObject")
MEGABYTES = 30  # above what Python, the libraries and the words take before a file comes
Rows = dict[str, dict[str, Any]]


def judged(folder: Path) -> Rows:
    out = folder.parent / f"{folder.name}.jsonl"
    subprocess.run([sys.executable, str(GATE), str(folder), str(out)], check=True)
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    return {row["file"]: row for row in rows}


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", UserWarning
        )  # zipfile, of the duplicate names that are wanted
        yield


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    return {name: piece for name, _data, piece in hostile.files()}


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    folder = tmp_path_factory.mktemp("jahat")
    for name, data, _piece in hostile.files():
        (folder / name).write_bytes(data)
    return judged(folder)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    folder = tmp_path_factory.mktemp("wajar")
    for name, data in harmless.files():
        (folder / name).write_bytes(data)
    return judged(folder)


def test_every_hostile_file_is_refused_for_what_it_is(bad: Rows, told: dict[str, str]) -> None:
    assert len(bad) == len(told) >= 90
    let_in = {name: row for name, row in bad.items() if row["verdict"] != "reject"}
    assert not let_in
    unlike = {
        name: row["reasons"] for name, row in bad.items() if told[name] not in row["reasons"][0]
    }
    assert not unlike


def test_every_refusal_says_what_to_do(bad: Rows) -> None:
    assert not [name for name, row in bad.items() if "Mohon" not in row["reasons"][0]]


def test_no_ordinary_file_is_refused(good: Rows) -> None:
    assert len(good) >= 28
    assert not {name: row["reasons"] for name, row in good.items() if row["verdict"] == "reject"}


def test_what_wants_a_look_is_flagged_and_nothing_else(good: Rows) -> None:
    flagged = {name for name, row in good.items() if row["verdict"] == "flag"}
    remarked = {
        "grafik.docx",
        "komentar.docx",
        "kutipan.docx",
        "perubahan.docx",
        "tautan-berkas.docx",
    }
    assert flagged == remarked | {name for name, _data in harmless._cleaned()}


def test_what_was_taken_away_is_no_longer_in_the_working_copy() -> None:
    for name, data in harmless._cleaned():
        package, copy, taken = admitted(data, open_package)
        assert taken, name
        assert open_package(copy).xml == package.xml
        gone = [part for part in parts(copy) if any(word in part for word in GONE)]
        assert not gone, name
        assert not [
            name
            for name in (b"OLEObject", b"skype:", b"attachedTemplate")
            if name in b"".join(package.xml.values())
        ]


@pytest.mark.usefixtures("libreoffice")
def test_what_libreoffice_writes_is_let_in(tmp_path: Path) -> None:
    """Header with a picture, fields, links, notes, a comment, a tracked change, lists, a table, a shape."""
    folder = tmp_path / "libreoffice"
    for kind in ("MS Word 2007 XML", "Office Open XML Text"):
        command = [
            str(libreoffice.soffice()),
            f"-env:UserInstallation={(tmp_path / 'profil').as_uri()}",
            "--headless",
            "--convert-to",
            f"docx:{kind}",
            "--outdir",
            str(folder / kind),
            str(DATA / "segala.fodt"),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=100)
    rows = judged(folder)
    assert len(rows) == 2
    assert {tuple(row["reasons"]) for row in rows.values()} == {("perubahan terlacak", "komentar")}


def test_no_file_costs_more_than_the_bound(bad: Rows, good: Rows) -> None:
    """10 MB or less, hostile or heavy: what a file adds to the process stays below the bound. How long it takes tells
    the bench."""
    cost = {name: row["peak_mb"] - row["base_mb"] for name, row in (bad | good).items()}
    assert max(cost.values()) > 1, "something was measured"
    assert not {name: more for name, more in cost.items() if more > MEGABYTES}
