"""`aduan init` makes an office of answers: from a file, or from who sits at the terminal."""

from __future__ import annotations

import json
import logging
import re
import shutil
import stat
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.resolver
import pytest
from click.testing import CliRunner, Result

from pipeline.cli import setup
from pipeline.cli.main import main
from pipeline.office.config import load
from tests.kantor import INTAKE, Post, embedded
from tests.servers import PASSWORD, free_port

GUIDE = Path(__file__).parents[2] / "docs" / "panduan.md"


@pytest.fixture
def post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    monkeypatch.chdir(tmp_path)
    with embedded() as server:
        yield server
    logging.getLogger().setLevel(logging.WARNING)


def answers(post: Post, **other: object) -> dict[str, Any]:
    """Those of the guide, with servers that are there."""
    [text] = [
        block
        for block in re.findall(r"```toml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
        if "kotak =" in block
    ]
    return {
        **tomllib.loads(text),
        "kotak": INTAKE,
        "kata_sandi": PASSWORD,
        "imap": post.imap,
        "smtp": post.smtp,
        **other,
    }


def written(path: Path, found: dict[str, Any]) -> Path:
    """As TOML: JSON's values are TOML's, its objects as inline tables."""

    def value(one: Any) -> str:
        if isinstance(one, dict):
            return "{" + ", ".join(f"{key} = {value(inner)}" for key, inner in one.items()) + "}"
        return (
            "[" + ", ".join(map(value, one)) + "]"
            if isinstance(one, list)
            else json.dumps(one, ensure_ascii=False)
        )

    path.write_text("".join(f"{key} = {value(one)}\n" for key, one in found.items()), "utf-8")
    return path


def init(*words: str, **more: Any) -> Result:
    return CliRunner().invoke(main, ["init", *words], **more)


def test_a_file_of_answers_makes_an_office_that_logs_in(post: Post, tmp_path: Path) -> None:
    done = init("--jawaban", str(written(tmp_path / "jawaban.toml", answers(post))))
    assert done.exit_code == 0, done.output
    out = " ".join(done.output.split())
    assert f"masuk sebagai {INTAKE}" in out
    assert "menerima sambungan" in out
    assert "baik basis data" in out
    settings = load(tmp_path / "config.toml")
    assert settings.instansi.nama == "Dinas Komunikasi dan Informatika"
    assert [one.kode for one in settings.petugas] == ["nama", "nama-2", "nama-3", "nama-4"]
    assert settings.petugas[2].unit == "infrastruktur"
    assert settings.sop.disahkan_oleh == "Kepala Dinas"
    text = (tmp_path / "config.toml").read_text("utf-8")
    assert "# Perpres 21/2023" in text, "the comments stay"
    assert "Madiun" not in text.partition("[sop]")[0]
    assert f'"{PASSWORD}"' not in text
    for name in ("key", "imap_password", "smtp_password"):
        assert stat.S_IMODE((tmp_path / "rahasia" / name).stat().st_mode) == 0o600
    again = init("--jawaban", "jawaban.toml")
    assert again.exit_code == 2
    assert "sudah ada" in again.output
    assert (tmp_path / "config.toml").read_text("utf-8") == text


def test_a_server_that_is_not_there_is_told_at_once(post: Post, tmp_path: Path) -> None:
    dead = {"host": "127.0.0.1", "port": free_port(), "security": "tanpa"}
    done = init("--jawaban", str(written(tmp_path / "jawaban.toml", answers(post, imap=dead))))
    assert done.exit_code == 1
    assert "periksa [imap] host" in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"kotak": "aduan"}, "kotak: bukan alamat email"),
        ({"url": "http://aduan.example"}, "url: harus diawali https://"),
        ({"petugas": []}, "petugas: tidak boleh kosong"),
        ({"kantor": "x"}, "kantor: kunci ini tidak dikenal"),
        ({"nama": " "}, "nama: wajib diisi"),
        ({"kota": "Ma\u0000diun"}, "kota: memuat tanda"),
        ({"kata_sandi": "a\nb"}, "kata_sandi: harus satu baris"),
    ],
)
def test_wrong_answers_write_nothing(
    post: Post, tmp_path: Path, wrong: dict[str, object], told: str
) -> None:
    done = init("--jawaban", str(written(tmp_path / "jawaban.toml", answers(post, **wrong))))
    assert done.exit_code == 2, done.output
    assert told in done.output
    assert not (tmp_path / "config.toml").exists()


def test_answers_that_are_no_text_are_told_by_their_file(post: Post, tmp_path: Path) -> None:
    (tmp_path / "jawaban.toml").write_bytes('nama = "Dinas"'.encode("utf-16"))
    done = init("--jawaban", "jawaban.toml")
    assert done.exit_code == 2
    assert "jawaban.toml harus disimpan sebagai UTF-8" in done.output


@pytest.mark.parametrize("name", [", S.Kom.", "...", "李"])
def test_a_name_without_a_letter_for_a_code_has_one_all_the_same(
    post: Post, tmp_path: Path, name: str
) -> None:
    given = answers(post)
    given["petugas"][0]["nama"] = name
    done = init("--jawaban", str(written(tmp_path / "jawaban.toml", given)))
    assert done.exit_code in (0, 1), done.output
    assert name in {one.nama for one in load(tmp_path / "config.toml").petugas}


def test_who_sits_at_the_terminal_is_asked_and_asked_again(
    post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No DNS answers, and the usual host does not exist: that is told, and asked about once more."""
    silent = dns.resolver.Resolver(configure=False)
    silent.nameservers, silent.port = ["127.0.0.1"], free_port()
    monkeypatch.setattr(dns.resolver, "default_resolver", silent)
    person = ["Ratna Dewi", "", "bukan alamat", "ratna@dinas.example"]
    office = [
        "Pemerintah Kota Contoh",
        "Dinas Contoh",
        "Dincon",
        "Jalan Contoh 1",
        "(021) 555",
        "Contoh",
    ]
    people = [
        *person,
        "Budi Santoso",
        "",
        "budi@dinas.example",
        "Sari",
        "Kasi Jaringan",
        "sari@dinas.example",
        "n",
        "Joko",
        "",
        "joko@dinas.example",
        "t",
        "n",
    ]
    ends = [INTAKE, PASSWORD, "https://aduan.dinas.example", "ti@dinas.example"]
    lines = [*office, *people, *ends, "n"]
    done = init("--tanya", input="\n".join(lines) + "\n")
    out = " ".join(done.output.split())
    assert "bukan alamat email" in out
    assert "dicoba yang lazim: IMAP mail.kominfo.example" in out
    assert "Belum dapat masuk" in out
    assert done.exit_code == 1, "check at the end says so"
    settings = load(tmp_path / "config.toml")
    assert [one.jabatan for one in settings.petugas] == [
        "Kepala Dinas",
        "Sekretaris",
        "Kasi Jaringan",
        "JFU Pelayanan Pengaduan",
    ]


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)
def test_the_units_fit_where_the_installation_lies(tmp_path: Path) -> None:
    folder = tmp_path / "kantor kami"
    folder.mkdir()
    place = setup.write_units(folder)
    units = sorted(place.iterdir())
    assert [one.name for one in units] == sorted(
        one.name for one in (*setup.UNITS.glob("*.service"), *setup.UNITS.glob("*.timer"))
    )
    assert "/opt/aduan" not in "".join(one.read_text("utf-8") for one in units)
    command = ["systemd-analyze", "verify", "--man=no", *map(str, units)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert [line for line in done.stderr.splitlines() if str(place) in line] == []
