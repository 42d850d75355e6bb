"""Whatever is wrong with files, settings and arguments, a command says it in a sentence and never by a trace-back."""

from __future__ import annotations

import json
import logging
import resource
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli.main import main
from pipeline.data import damage, recipients
from pipeline.data.engine import connect
from pipeline.office import logs, messages, words
from pipeline.office.config import SAMPLE
from pipeline.office.old_keys import renewed
from pipeline.work import App
from tests.fresh import fresh

TEXT = SAMPLE.read_text("utf-8")
ENGLISH = ("Traceback", "No such file", "Is a directory", "Errno", "sqlalche.me")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with config.toml, a key and an empty database."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.toml").write_text(TEXT, "utf-8")
    (tmp_path / "rahasia").mkdir()
    (tmp_path / "rahasia" / "key").write_text("5a" * 32)
    fresh("sqlite:///aduan.db", tmp_path).dispose()
    (tmp_path / "berkas").write_bytes(b"\xff\xfe\x00 bukan apa-apa")
    (tmp_path / "folder").mkdir()
    yield tmp_path
    logging.getLogger().setLevel(logging.WARNING)


def said(*arguments: str, code: int) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert result.exit_code == code, result.output
    assert not [one for one in ENGLISH if one in result.output], result.output
    return result.output


VISITOR = (
    "--perihal",
    "a",
    "--isi",
    "b",
    "--nama",
    "c",
    "--alamat",
    "d",
    "--telepon",
    "",
    "--email",
    "x",
)
WRONG = {
    "another database": (
        'url = "sqlite:///aduan.db"',
        'url = "mysql://kantor/aduan"',
        "database.url",
    ),
    "a folder for a database": (
        'url = "sqlite:///aduan.db"',
        'url = "sqlite:///folder"',
        "database.url",
    ),
    "no folder to make it in": (
        'url = "sqlite:///aduan.db"',
        'url = "sqlite:///berkas/x.db"',
        "database.url",
    ),
    "a table that is not closed": ("[imap]", "[imap", "baris"),
    "the same table twice": ("[imap]", "[imap]\n[imap]", "baris"),
    "an unknown zone": ("Asia/Jakarta", "Asia/Madiun", "instansi.zona"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("command", ["check", "serve", "buku"])
def test_wrong_setting_names_file_and_place(place: Path, name: str, command: str) -> None:
    old, new, key = WRONG[name]
    assert old in TEXT
    (place / "config.toml").write_text(TEXT.replace(old, new, 1), "utf-8")
    out = said(command, code=2)
    assert "config.toml" in out
    assert key in out


@pytest.mark.parametrize("value", ["[" * 3000 + "]" * 3000, "9" * 5000])
@pytest.mark.parametrize("file", ["config.toml", "jawaban.toml"])
def test_a_file_that_is_more_than_python_takes_names_itself(
    place: Path, file: str, value: str
) -> None:
    (place / file).write_text(f"a = {value}\n", "utf-8")
    words = (
        ["--config", "lain.toml", "init", "--jawaban", file] if file == "jawaban.toml" else ["held"]
    )
    assert f"{file} tidak dapat dibaca" in said(*words, code=2)


def test_a_settings_file_that_begins_with_a_mark_is_read(place: Path) -> None:
    (place / "config.toml").write_text("\ufeff" + TEXT, "utf-8")
    assert "Tidak ada" in said("held", code=0)


def test_a_database_of_a_newer_program_is_not_said_to_need_the_older_one(place: Path) -> None:
    with closing(sqlite3.connect(place / "aduan.db")) as file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
        file.commit()
    out = said("perbarui", code=2)
    assert "Pasang versi itu." in out
    assert "Pasang kembali" not in out


def test_a_folder_with_signs_of_an_address_is_backed_up_and_restored(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kantor = tmp_path / "kantor #1 100%41 ?x&mode=ro"
    kantor.mkdir()
    for name in ("config.toml", "rahasia", "aduan.db"):
        (place / name).rename(kantor / name)
    monkeypatch.chdir(kantor)
    said("backup", code=0)
    said("restore", "--ganti", "--ya", code=0)
    assert "berhasil" in said("latihan", code=0)
    left = {one.name for one in tmp_path.iterdir()}
    assert left == {"berkas", "folder", kantor.name}


def test_a_drill_key_that_is_none_names_its_file_and_stops_no_restore_with_another(
    place: Path,
) -> None:
    said("kunci", "cadangan", "k.txt", code=0)
    public = recipients.public_of(recipients.identities((place / "k.txt").read_text())[0])
    (place / "config.toml").write_text(
        TEXT.replace("penerima = []", f'penerima = ["{public}"]'), "utf-8"
    )
    said("backup", "satu.db.age", code=0)
    key = place / "rahasia" / "cadangan_latihan"
    key.write_text("bukan kunci")
    assert str(key) in said("backup", code=2)
    assert str(key) in said("restore", "satu.db.age", code=2)
    assert "Cadangan dipulihkan" in said("restore", "satu.db.age", "--kunci", "k.txt", code=0)


def test_a_backup_for_which_there_is_no_room_blames_the_disk_and_leaves_nothing(
    place: Path,
) -> None:
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, usual[1]))
    try:
        out = said("backup", "penuh.db", code=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert "Cadangan tidak dapat ditulis: disk penuh" in out
    assert not list(place.glob("penuh.db*"))


def test_a_database_that_another_program_holds_is_told_in_indonesian(place: Path) -> None:
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY_SNAPSHOT
    assert damage.first_line(busy) == "sedang dikunci program lain"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
@pytest.mark.parametrize("words", [("audit",), ("kunci", "ganti"), ("serve",)])
def test_a_secret_that_cannot_be_read_names_its_file(
    place: Path, content: bytes | None, words: tuple[str, ...]
) -> None:
    key = place / "rahasia" / "key"
    key.unlink()
    key.mkdir() if content is None else key.write_bytes(content)
    assert str(key) in said(*words, code=2)


def test_init_makes_a_key_where_a_full_disk_left_an_empty_file(place: Path) -> None:
    key = place / "rahasia" / "key"
    key.write_bytes(b"")
    assert "key dibuat" in said("init", code=0)
    assert len(bytes.fromhex(key.read_text())) == 32


def test_init_is_not_done_while_the_key_cannot_be_read(place: Path) -> None:
    key = place / "rahasia" / "key"
    key.write_text("bukan kunci")
    out = said("init", code=2)
    assert "Kembalikan dari salinannya" in out
    assert "Basis data siap" not in out
    assert key.read_text() == "bukan kunci", "it may be mended; a new one would end every link"


def test_a_form_that_is_no_picture_is_told_in_indonesian(place: Path) -> None:
    assert "identify" not in said("slip", "check", "berkas", code=2)


def test_a_mailbox_that_is_away_is_told_in_indonesian(place: Path) -> None:
    (place / "rahasia" / "imap_password").write_text("sandi")
    wrong = TEXT.replace('host = "imap.kominfo.example"', 'host = "127.0.0.1"').replace(
        "port = 993", "port = 9"
    )
    (place / "config.toml").write_text(wrong, "utf-8")
    assert "menolak sambungan" in said("reconcile", code=2)


def test_a_monitor_hears_that_there_is_no_database_yet_and_not_of_its_tables(place: Path) -> None:
    (place / "aduan.db").unlink()
    found = json.loads(said("check", "--mesin", code=2))
    assert "basis data" in {one["bagian"] for one in found["temuan"]}
    assert "check" not in {one["bagian"] for one in found["temuan"]}, (
        "the check itself went to its end"
    )


def test_a_port_that_is_taken_names_its_key(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (place / "config.toml").write_text(TEXT.replace("port = 8080", f"port = {port}"), "utf-8")
        out = said("serve", code=2)
    assert "web.port" in out
    assert f":{port} sedang dipakai" in out


@pytest.mark.parametrize(
    "words",
    [
        ("buku", "--xlsx", "berkas/x.xlsx"),
        ("buku", "--docx", "berkas/x.docx"),
        ("laporan", "bulan", "--xlsx", "berkas/x.xlsx"),
        ("sop", "--docx", "berkas/x.docx"),
        ("slip", "pemisah", "berkas/x.pdf"),
        ("backup", "berkas/x.db"),
        ("restore", "berkas"),
        ("--config", "berkas/x/config.toml", "init"),
        ("hapus", "\udcff", "--petugas", "dimas", "--alasan", "x"),
    ],
)
def test_wrong_arguments_are_told(place: Path, words: tuple[str, ...]) -> None:
    assert said(*words, code=2)


@pytest.mark.parametrize(
    "words",
    [
        ("laporan", "bulan", "2026-10", "--docx", "config.toml"),
        ("laporan", "bulan", "2026-10", "--xlsx", "aduan.db"),
        ("buku", "--pdf", "rahasia/key"),
        ("sop", "--docx", "config.toml"),
        ("slip", "pemisah", "config.toml"),
        ("slip", "layout", "--gambar", "aduan.db"),
        ("backup", "aduan.db"),
        ("kunci", "cadangan", "rahasia/key"),
    ],
)
def test_nothing_that_a_command_saves_takes_the_place_of_what_the_office_needs(
    place: Path, words: tuple[str, ...]
) -> None:
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    assert words[-1] in said(*words, code=2)
    assert {path: path.read_bytes() for path in before} == before


def test_the_folder_of_backups_by_its_name_is_the_folder(place: Path) -> None:
    """`aduan backup cadangan` made a file of that name, where the timer's folder belongs."""
    said("backup", "cadangan", code=0)
    assert list(place.glob("cadangan/*/*.db"))
    assert "berhasil" in said("latihan", code=0)


def test_a_saved_file_is_whole_or_as_it_was(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full while it is written."""
    (place / "sop.docx").write_bytes(b"yang lama")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        said("sop", "--docx", "sop.docx", code=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (place / "sop.docx").read_bytes() == b"yang lama"
    assert not [path for path in place.iterdir() if path.name.startswith(".")]


def spoil(place: Path) -> None:
    """Every page behind the first three becomes rubbish."""
    with closing(sqlite3.connect(place / "aduan.db")) as file:
        file.execute("VACUUM INTO 'rusak.db'")
    for one in place.glob("aduan.db*"):
        one.unlink()
    content = (place / "rusak.db").read_bytes()
    (place / "aduan.db").write_bytes(
        content[: 3 * 4096] + bytes(255 - one for one in content[3 * 4096 :])
    )


@pytest.mark.parametrize(
    "words", [("audit",), ("backup", "x.db"), ("buku",), ("poll", "--once"), ("init",), ("check",)]
)
def test_a_damaged_database_is_a_finding_with_the_way_on(
    place: Path, words: tuple[str, ...]
) -> None:
    spoil(place)
    out = " ".join(said(*words, code=1).split())
    assert "pulihkan cadangan" in out
    assert not (place / "x.db").exists()


def test_damage_is_told_apart_from_a_database_that_is_well_or_away(place: Path) -> None:
    engine = connect("sqlite:///aduan.db", place)
    assert damage.look(engine) == []
    engine.dispose()
    spoil(place)
    assert damage.look(engine)
    assert not damage.is_damage(OSError("away"))


def test_an_error_nobody_expected_has_a_code_and_its_places_are_kept(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the library said stays out: it may be somebody's words."""

    def broken(_app: App) -> None:
        raise RuntimeError("Siti Aminah, Jalan Mawar 3")

    monkeypatch.setattr("pipeline.cli.arrivals.ready_database", broken)
    out = said("held", code=2)
    kept = (place / "aduan.log").read_text("utf-8")
    assert out.split("kode ")[1][:8] in kept
    assert "RuntimeError" in kept
    assert "cli/arrivals.py" in kept
    assert "Siti" not in out + kept
    assert (place / "aduan.log").stat().st_mode & 0o077 == 0


def test_words_that_the_office_broke_name_their_file(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of the templates with an unclosed table stands in the place of the program's own."""
    (place / "istilah.toml").write_text("[pengadu\n", "utf-8")
    words.forget()
    monkeypatch.setattr(messages, "TEMPLATES", place)
    try:
        told = said("catat", "--petugas", "dimas", "--kanal", "surat", *VISITOR, code=2)
    finally:
        words.forget()
    assert "istilah.toml" in told
    assert "baris 1" in told


def test_a_thread_that_dies_is_one_line_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    hook = threading.excepthook
    try:
        logs.begin("json")
        thread = threading.Thread(target=lambda: 1 // 0)
        thread.start()
        thread.join()
    finally:
        threading.excepthook = hook
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert "ZeroDivisionError" in lines[0]
    assert "Traceback" not in lines[0]


@pytest.mark.parametrize(
    "text",
    [
        "550 <siti.aminah@warga.example> unknown",
        "telp 0812 3456 7890",
        "NIK 3577010101900001",
        "a+b@c.example: no",
    ],
)
def test_addresses_and_numbers_of_people_are_masked(text: str) -> None:
    assert "(alamat)" in logs.masked(text) or "(nomor)" in logs.masked(text)
    assert "siti" not in logs.masked(text)


def test_a_line_of_text_stays_one_line_and_can_be_read_back() -> None:
    record = logging.LogRecord(
        "pipeline.mail", logging.WARNING, "", 0, 'di "dalam"\nbaris %s', (2,), None
    )
    assert (
        logs.Lines()
        .format(record)
        .endswith('tingkat=peringatan sumber=mail pesan="di \\"dalam\\" baris 2"')
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("cek",), "Tidak ada perintah 'cek'."),
        (("check", "--cotoh", "x"), "Tidak ada pilihan '--cotoh'. Mungkin maksudnya: --contoh."),
        (("hapus",), "NOMOR wajib diisi."),
        (
            ("check", "--contoh", "tiada.eml"),
            "Nilai untuk --contoh tidak dapat dipakai: berkasnya tidak ada",
        ),
        (("kunci", "ganti", "--hari", "tiga"), "harus bilangan bulat antara 1 dan 730"),
        (("serve", "--lajur", "cepat"), "pilih salah satu dari web, surat, kerja"),
        (("demo", "--port", "satu"), "harus bilangan bulat"),
        (("check", "--contoh"), "--contoh ditulis tanpa nilainya"),
        (("audit", "sekarang"), "terlalu banyak"),
        (("--config",), "--config ditulis tanpa nilainya"),
    ],
)
def test_wrong_arguments_are_told_in_indonesian(
    place: Path, words: tuple[str, ...], told: str
) -> None:
    out = said(*words, code=2)
    assert told in out
    assert "--help" in out
    assert not [one for one in ("Usage", "Error", "No such", "Missing", "Invalid") if one in out]


def test_keys_of_an_earlier_release_are_read_and_told(place: Path) -> None:
    (place / "config.toml").write_text(
        TEXT.replace("[surat]\n", '[surat]\nsifat = "Biasa"\n', 1), "utf-8"
    )
    assert "surat.sifat: tidak dipakai lagi" in CliRunner().invoke(main, ["check"]).output
    fresh, told = renewed({"imap": {"tiap": 30}}, {"imap.tiap": "imap.every_seconds", "web.x": ""})
    assert fresh == {"imap": {"every_seconds": 30}}
    assert told == [
        "imap.tiap: namanya sekarang imap.every_seconds; nama lama hanya dibaca sampai rilis berikutnya"
    ]
    both, _ = renewed(
        {"imap": {"tiap": 30, "every_seconds": 60}}, {"imap.tiap": "imap.every_seconds"}
    )
    assert both == {"imap": {"every_seconds": 60}}, "what is written anew counts"


@pytest.mark.parametrize(
    ("missing", "words", "extra"),
    [
        ("aiosmtpd", ["demo", "--auto"], "demo"),
        ("pymap", ["demo"], "demo"),
        ("psycopg", ["check"], "postgres"),
    ],
)
def test_a_command_that_needs_an_extra_says_so(
    place: Path, missing: str, words: list[str], extra: str
) -> None:
    """In a process of its own, which cannot find the package."""
    text = (
        TEXT.replace("sqlite:///aduan.db", "postgresql+psycopg://aduan@127.0.0.1/aduan")
        if missing == "psycopg"
        else TEXT
    )
    (place / "config.toml").write_text(text, "utf-8")
    program = f"import sys; sys.modules[{missing!r}] = None; from pipeline.cli.main import main; main({words!r})"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=place, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2, done.stderr
    assert f"aduan[{extra}]" in done.stderr
    assert "Traceback" not in done.stderr
