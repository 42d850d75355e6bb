"""`aduan laporan` and `aduan buku` on paper: what they write, and what a wrong period says."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli.main import main
from tests.kantor import office


def test_report_and_book_are_saved_and_shown(tmp_path: Path) -> None:
    with office(tmp_path) as kantor:
        kantor.to_clarification()
    config = ["--config", str(tmp_path / "config.toml")]
    made = {name: tmp_path / f"laporan.{name}" for name in ("docx", "xlsx")}
    options = [part for name, path in made.items() for part in (f"--{name}", str(path))]
    done = CliRunner().invoke(main, [*config, "laporan", "tahun", "2026", *options])
    assert (done.exit_code, done.output.count("Laporan Tahun 2026 tersimpan")) == (0, 2), (
        done.output
    )
    assert all(path.read_bytes()[:2] == b"PK" for path in made.values())
    shown = CliRunner().invoke(main, [*config, "laporan", "bulan", "2026-11"])
    assert "Selama November 2026 masuk 1 pengaduan" in shown.output
    book = tmp_path / "buku.docx"
    assert (
        CliRunner()
        .invoke(main, [*config, "buku", "--bulan", "2026-11", "--docx", str(book)])
        .exit_code
        == 0
    )
    assert book.read_bytes()[:2] == b"PK"
    checked = CliRunner().invoke(main, [*config, "check"])
    assert "UU 25/2009 Pasal 50" in checked.output


def test_no_word_is_cut_on_a_narrow_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table with more columns than a terminal of 80 letters holds lies on its side."""
    with office(tmp_path) as kantor:
        kantor.to_clarification()
    monkeypatch.setenv("COLUMNS", "80")
    shown = (
        CliRunner()
        .invoke(main, ["--config", str(tmp_path / "config.toml"), "laporan", "bulan", "2026-11"])
        .output
    )
    for word in ("Kanal", "Bukan wewenang", "Dibuka kembali", "Ditolak", "Digabung"):
        assert word in shown
    assert "…" not in shown


@pytest.mark.parametrize("period", ["2026-13", "besok", "2026"])
def test_wrong_period_says_how_one_is_written(tmp_path: Path, period: str) -> None:
    with office(tmp_path):
        pass
    done = CliRunner().invoke(
        main, ["--config", str(tmp_path / "config.toml"), "laporan", "bulan", period]
    )
    assert (done.exit_code, "mis. 2026-10" in done.output) == (2, True), done.output
