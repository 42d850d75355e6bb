"""The `aduan` command as the IT officer meets it: first install, everyday commands, clear refusals."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import urllib3
from click.testing import CliRunner, Result
from sqlalchemy import update

from pipeline.cli.main import main
from pipeline.data import engine
from pipeline.data.engine import lease, writing
from pipeline.data.tables import Outbox
from pipeline.office.config import SAMPLE
from tests.kantor import Office, office, until, write_config
from tests.servers import free_port

HTTP = urllib3.PoolManager(retries=False)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("ADUAN_")]:
        monkeypatch.delenv(name)
    old = os.umask(0o022)
    yield
    os.umask(old)


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, now=datetime.now(UTC)) as running:  # the command goes by the real clock
        yield running


def aduan(*words: str, code: int = 0) -> str:
    result: Result = CliRunner().invoke(main, list(words))
    assert result.exit_code == code, result.output
    return result.output


def change(kantor: Office, **tables: dict[str, object]) -> None:
    """Rewrite the office's config.toml with other values in some tables."""
    write_config(kantor.folder, kantor.post, overrides=tables)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_init_makes_configuration_key_and_database_for_the_owner_alone(tmp_path: Path) -> None:
    """The configuration is the commented sample; key and database are 0600."""
    said = aduan("init")
    assert (tmp_path / "config.toml").read_text("utf-8") == SAMPLE.read_text("utf-8")
    assert mode(tmp_path / "rahasia" / "key") == 0o600
    assert mode(tmp_path / "aduan.db") == 0o600
    assert "aduan check" in said
    assert engine.is_current(engine.connect("sqlite:///aduan.db", tmp_path))


def test_init_never_writes_over_what_is_there(tmp_path: Path) -> None:
    """A second init keeps configuration, key and rows."""
    aduan("init")
    key = (tmp_path / "rahasia" / "key").read_text()
    (tmp_path / "config.toml").write_text(
        SAMPLE.read_text("utf-8").replace("every_seconds = 60", "every_seconds = 30")
    )
    assert "tidak diubah" in aduan("init")
    assert "every_seconds = 30" in (tmp_path / "config.toml").read_text("utf-8")
    assert (tmp_path / "rahasia" / "key").read_text() == key


def test_without_configuration_each_command_says_what_to_do() -> None:
    """No trace-back, exit code 2, and the way on."""
    for command in (
        ["check"],
        ["serve"],
        ["poll", "--once"],
        ["held"],
        ["audit"],
        ["buku"],
        ["backup", "x.db"],
    ):
        said = aduan(*command, code=2)
        assert "config.toml tidak dapat dibaca. Buat dengan 'aduan init'." in said


def test_a_fault_in_the_configuration_names_file_key_and_what_is_expected(tmp_path: Path) -> None:
    aduan("init")
    (tmp_path / "config.toml").write_text(
        SAMPLE.read_text("utf-8").replace("port = 993", 'port = "banyak"')
    )
    said = aduan("check", code=2)
    assert "config.toml" in said
    assert "imap.port: harus berupa angka bulat" in said


def test_an_old_database_is_told_before_any_work(tmp_path: Path) -> None:
    aduan("init")
    (tmp_path / "aduan.db").unlink()
    assert "aduan init" in aduan("poll", "--once", code=2)


def test_check_tells_of_a_database_that_is_not_there_once_and_in_no_drivers_words(
    tmp_path: Path,
) -> None:
    """A file without tables was told as "no such table: lane", with a query, for each part that looked into it."""
    aduan("init")
    for file in tmp_path.glob("aduan.db*"):
        file.unlink()
    (tmp_path / "aduan.db").touch()
    said = " ".join(aduan("check", code=1).split())
    assert "basis data: belum dibuat atau versinya lama; jalankan 'aduan init'" in said
    assert said.count("aduan init") == 1
    assert "no such table" not in said


def test_check_finds_a_whole_office_good(kantor: Office) -> None:
    """With both servers up there is a line for each part and nothing wrong."""
    said = aduan("check")
    for part in (
        "pengaturan",
        "rahasia",
        "basis data",
        "templat surat",
        "IMAP",
        "SMTP",
        "LibreOffice",
    ):
        assert part in said
    assert "baik  pengaturan:" in said
    assert "salah" not in said


def test_check_says_what_to_do_about_a_dead_server(kantor: Office) -> None:
    change(kantor, imap={"port": free_port()})
    said = aduan("check", code=1)
    assert "salah IMAP" in said
    assert "periksa [imap] host" in said
    assert "baik  SMTP" in said


def test_poll_takes_in_what_waits_and_prints_what_it_did(kantor: Office) -> None:
    kantor.citizen_sends("Lampu padam", "Lampu di Jalan Mawar padam.", settle=False)
    said = aduan("poll", "--once")
    assert "surat masuk" in said
    assert "Lampu padam" in aduan("buku")
    assert kantor.complaint().perihal == "Lampu padam"


def test_poll_with_a_dead_mailbox_still_does_the_rest_and_exits_1(kantor: Office) -> None:
    change(kantor, imap={"port": free_port()})
    said = aduan("poll", "--once", code=1)
    assert "gagal mail" in said
    assert "aduan check" in said


def test_catat_records_and_reports_a_visitor(kantor: Office) -> None:
    """The number and the status link are printed; the Sekretaris gets the task."""
    said = aduan(
        "catat",
        "--petugas",
        "jfu-1",
        "--kanal",
        "langsung",
        "--perihal",
        "Wifi taman",
        "--isi",
        "Wifi mati.",
        "--nama",
        "Suharti",
        "--alamat",
        "",
        "--telepon",
        "0812 0000 1746",
        "--email",
        "",
    )
    assert kantor.complaint().number in said
    assert f"/s/{kantor.complaint().status_code}" in said
    kantor.later(minutes=1)
    kantor.settle()
    assert any("Klarifikasi" in mail.subject for mail in kantor.inbox("sekretaris"))


def test_catat_refuses_what_cannot_be_right(kantor: Office) -> None:
    rest = [
        "--perihal",
        "a",
        "--isi",
        "b",
        "--nama",
        "",
        "--alamat",
        "",
        "--telepon",
        "dua",
        "--email",
        "bukan",
    ]
    said = aduan("catat", "--petugas", "jfu-1", "--kanal", "telepon", *rest, code=2)
    assert "telepon: Nomor telepon hanya angka" in said
    assert "email: Alamat email ini belum lengkap" in said
    assert "Pilihan: jfu-1" in aduan(
        "catat", "--petugas", "kepala", "--kanal", "telepon", *rest, code=2
    )


def test_backup_and_restore_keep_every_row_and_no_secret(kantor: Office, tmp_path: Path) -> None:
    """A running office is copied to one 0600 file; a new database filled from it passes the audit and goes on."""
    kantor.citizen_sends("Lampu padam", "Lampu di Jalan Mawar padam.")
    kantor.press("jfu-1", "laporkan", ringkasan="Lampu padam")
    assert "tersimpan" in aduan("backup", "cadangan.db")
    saved = tmp_path / "cadangan.db"
    assert mode(saved) == 0o600
    assert kantor.settings.secret("key").encode() not in saved.read_bytes()
    tokens = [
        url.rpartition("/t/")[2].partition("?")[0]
        for url in kantor.links(kantor.newest("sekretaris"))
    ]
    assert tokens
    assert not any(
        token.partition("-")[2].encode() in saved.read_bytes() for token in tokens if "-" in token
    )
    assert "sudah ada" in aduan("backup", "cadangan.db", code=2)
    assert "tidak kosong" in aduan("restore", "cadangan.db", code=2)
    waiting = kantor.outbox("tugas_klarifikasi")[-1].id
    with writing(kantor.engine) as session:  # as if it had not left when the backup was made
        session.execute(update(Outbox).where(Outbox.id == waiting).values(state="due"))
    assert "tersimpan" in aduan("backup", "kemudian.db")
    change(kantor, database={"url": "sqlite:///baru.db"})
    assert "1 email dari masa cadangan ditahan" in aduan("restore", "kemudian.db")
    assert "tugas" in aduan("antrean")
    assert "1 email dibatalkan" in aduan("antrean", "--batal")
    assert "Tidak ada email yang ditahan" in aduan("antrean")
    change(kantor, database={"url": "sqlite:///lagi.db"})
    assert "ditahan" not in aduan("restore", "--kirim", "kemudian.db")
    assert "Riwayat 1 pengaduan" in aduan("audit")
    assert kantor.complaint().number in aduan("buku")
    change(kantor, database={"url": "sqlite:///ketiga.db"})
    assert "bukan cadangan" in aduan("restore", "config.toml", code=2)


def test_audit_tells_a_changed_history(kantor: Office) -> None:
    kantor.citizen_sends("Lampu padam", "Lampu di Jalan Mawar padam.")
    with kantor.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE event SET actor_name = 'Orang lain'")
    said = aduan("audit", code=1)
    assert "isi catatan telah diubah" in said


def test_release_of_nothing_says_so(kantor: Office) -> None:
    assert "Tidak ada kiriman" in aduan("held")
    assert "aduan held" in aduan("release", "7", code=2)


def test_buku_as_a_spreadsheet(kantor: Office, tmp_path: Path) -> None:
    aduan("buku", "--xlsx", "buku.xlsx", "--bulan", "2026-11")
    assert (tmp_path / "buku.xlsx").read_bytes()[:2] == b"PK"
    assert "2026-11" in aduan("buku", "--bulan", "November", code=2)


def test_serve_answers_polls_and_stops_when_asked(kantor: Office, tmp_path: Path) -> None:
    """As a service: pages are served, mail is taken in, SIGTERM ends it cleanly, and there is no playground."""
    port = free_port()
    change(kantor, imap={"every_seconds": 1}, web={"port": port})
    kantor.citizen_sends("Lampu padam", "Lampu di Jalan Mawar padam.", settle=False)
    command = [
        sys.executable,
        "-m",
        "pipeline.cli",
        "--config",
        str(kantor.folder / "config.toml"),
        "serve",
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            assert f":{port}" in said
            assert HTTP.request("GET", f"http://127.0.0.1:{port}/sehat").status == 200
            assert HTTP.request("GET", f"http://127.0.0.1:{port}/demo").status == 404
            until(lambda: any("Tanda terima" in m.subject for m in kantor.inbox()))
        finally:
            process.send_signal(signal.SIGTERM)
            rest = process.communicate(timeout=120)[0]
    assert process.returncode == 0, rest
    assert "Traceback" not in rest


def test_a_second_serve_on_sqlite_says_that_it_waits(kantor: Office, tmp_path: Path) -> None:
    """It goes on when the first has ended, and ends in quiet when it is stopped while it waits."""
    change(kantor, web={"port": free_port()})
    with lease(kantor.engine, "serve") as mine:
        assert mine
        command = [
            sys.executable,
            "-m",
            "pipeline.cli",
            "--config",
            str(kantor.folder / "config.toml"),
            "serve",
        ]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path
        ) as process:
            assert process.stdout is not None
            assert "menunggu" in process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            assert process.communicate(timeout=120)[0] == ""
    assert process.returncode == 0


def test_parts_of_serve_are_for_postgresql(kantor: Office) -> None:
    assert "PostgreSQL" in aduan("serve", "--lajur", "web", code=2)


def test_serve_refuses_to_start_on_a_broken_letter(kantor: Office, tmp_path: Path) -> None:
    """The office's own template is checked before anything else; the fault is told with its place."""
    own = tmp_path / "letters" / "surat_jawaban.docx"
    own.parent.mkdir()
    own.write_bytes(b"bukan Word")
    said = aduan("serve", code=2)
    assert "Templat surat rusak" in said
