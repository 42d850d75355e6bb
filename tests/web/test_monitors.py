"""What Prometheus and Nagios read: numbers of the office's day, for this machine or who bears the token alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from pipeline.cli.main import main
from pipeline.data.engine import writing
from pipeline.data.tables import Lane
from tests.kantor import SITI, Office, office

HERE = "http://127.0.0.1:8080"


@pytest.fixture(scope="module")
def kantor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office whose JFU has had a complaint to record for three hours."""
    with office(tmp_path_factory.mktemp("kantor")) as made:
        made.citizen_sends("Lampu padam", "Lampu di Jalan Mawar padam.")
        made.later(hours=3)
        yield made


def numbers(kantor: Office, **headers: str) -> dict[str, float]:
    answer = kantor.web.get("/metrik", base_url=HERE, headers=headers)
    assert answer.status_code == 200
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for one in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(one.labels.items()))
            found[f"{one.name}{{{labels}}}" if labels else one.name] = one.value
    return found


def test_metrik_tells_how_the_office_is(kantor: Office) -> None:
    found = numbers(kantor)
    assert found["aduan_tugas_terbuka{langkah=1}"] == 1
    assert found["aduan_tugas_terlambat{langkah=1}"] == 1
    assert found["aduan_tugas_terbuka{langkah=3}"] == 0
    assert found["aduan_jalur_umur_detik{jalur=send}"] >= 3 * 3600
    assert found["aduan_jalur_gagal{jalur=mail}"] == 0
    assert found["aduan_kiriman_tertahan"] == 0
    assert found["aduan_surat_keluar{keadaan=menunggu}"] == 0
    assert found["aduan_basis_data_byte"] > 100_000
    assert found["aduan_pekerjaan_total{apa=surat_masuk}"] >= 1
    assert found["aduan_pekerjaan_total{apa=terkirim}"] >= 2
    assert found["aduan_ocr_detik_count"] >= 0


def test_metrik_keeps_the_process_own_figures_while_the_database_is_away(tmp_path: Path) -> None:
    with office(tmp_path) as kantor:
        assert numbers(kantor)["aduan_basis_data_terbaca"] == 1
        kantor.engine.dispose()
        (tmp_path / "aduan.db").write_bytes(b"bukan basis data" * 1000)
        found = numbers(kantor)
        assert found["aduan_basis_data_terbaca"] == 0
        assert "aduan_ocr_detik_count" in found
        assert not [name for name in found if name.startswith("aduan_tugas")]


def test_pages_are_timed_by_name_and_never_by_path(kantor: Office) -> None:
    kantor.web.get("/t/rahasiasekali", base_url=HERE)
    kantor.web.get("/hidup", base_url=HERE)
    kantor.web.open("/hidup", method="SITI", base_url=HERE)
    text = kantor.web.get("/metrik", base_url=HERE).text
    assert "rahasiasekali" not in text
    assert "SITI" not in text
    assert 'halaman="hidup"' in text


@pytest.mark.parametrize("private", [SITI, "Siti", "Dimas", "kominfo.example", "Mawar"])
def test_metrik_names_nobody(kantor: Office, private: str) -> None:
    assert private not in kantor.web.get("/metrik", base_url=HERE).text


@pytest.mark.parametrize(
    ("base", "peer", "headers"),
    [
        (HERE, "203.0.113.9", {}),
        (HERE, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        (HERE, "127.0.0.1", {"Forwarded": "for=127.0.0.1"}),
        ("https://aduan.kominfo.example", "127.0.0.1", {}),
        (HERE, "203.0.113.9", {"Authorization": "Bearer "}),
        (HERE, "203.0.113.9", {"Authorization": "Bearer salah"}),
        (HERE, "203.0.113.9", {"Authorization": "Basic tokenku"}),
        (HERE, "203.0.113.9", {"Authorization": "Bearer t\u00f6ken"}),
    ],
)
def test_metrik_is_not_there_for_others(
    kantor: Office, base: str, peer: str, headers: dict[str, str]
) -> None:
    asked = kantor.web.get(
        "/metrik", base_url=base, headers=headers, environ_overrides={"REMOTE_ADDR": peer}
    )
    assert asked.status_code == 404


def test_metrik_opens_with_the_token_from_anywhere(
    kantor: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADUAN_METRIK_TOKEN", "tokenku")
    given = {"Authorization": "Bearer tokenku", "X-Forwarded-For": "198.51.100.7"}
    asked = kantor.web.get("/metrik", base_url="https://aduan.kominfo.example", headers=given)
    assert asked.status_code == 200


def check(folder: Path) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(main, ["--config", str(folder / "config.toml"), "check", "--mesin"])
    return result.exit_code, json.loads(result.output)


def test_check_for_machines_is_json_with_their_exit_codes(kantor: Office) -> None:
    """1 is a warning here, 2 what does not work, and no configuration at all is JSON too."""
    with writing(kantor.engine) as session:
        session.execute(update(Lane).values(ok_at=None, failures=0))
    code, said = check(kantor.folder)
    assert (code, said["keadaan"]) == (1, "hati"), said
    assert said["angka"]["aduan_tugas_terbuka{langkah=1}"] == 1  # type: ignore[index]
    with writing(kantor.engine) as session:
        session.execute(
            update(Lane).where(Lane.name == "send").values(failures=2, error="OSError: x")
        )
    code, said = check(kantor.folder)
    assert (code, said["keadaan"]) == (2, "buruk")
    assert "send" in json.dumps(said["temuan"])
    text = (kantor.folder / "config.toml").read_text("utf-8")
    (kantor.folder / "config.toml").write_text("[imap", "utf-8")
    code, said = check(kantor.folder)
    (kantor.folder / "config.toml").write_text(text, "utf-8")
    assert (code, said["keadaan"]) == (2, "buruk")
    assert "baris 1" in json.dumps(said)
