"""Every command of `aduan --help` where the database cannot be written or read: a sentence, an exit code, nothing lost.

Each command runs in a copy of one office with an ended case, a new one, and mails that wait.
"""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import chdir, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli.main import main
from pipeline.office.config import SAMPLE
from pipeline.office.sop import Stage
from tests.desk import desk_in
from tests.kantor import INTAKE, SITI, TUESDAY, compose

CAP_DAC_OVERRIDE = 1
_HEAD = (ctypes.c_uint32 * 2)(0x20080522, 0)  # the newest layout; this thread
ROOM = 40_000  # bytes a file may have on a full disk: SQLite's shared memory fits, the file of the office does not
PATIENCE = 400
ENGLISH = (
    "Traceback",
    "Errno",
    "sqlalche.me",
    "Permission denied",
    "File too large",
    "database is",
)
NUMBER = "PGD-2026-000001"
VISITOR = [
    "--perihal",
    "a",
    "--isi",
    "b",
    "--nama",
    "c",
    "--alamat",
    "d",
    "--telepon",
    "08123456789",
    "--email",
]
JFU = ["--petugas", "dimas"]

READS = {
    "antrean": ["antrean"],
    "audit": ["audit"],
    "backup": ["backup", "salinan.db"],
    "buku": ["buku"],
    "check": ["check"],
    "held": ["held"],
    "kalender": ["kalender"],
    "laporan": ["laporan", "bulan"],
    "peramban": ["peramban"],
    "delegasi": ["delegasi"],
    "simpanan": ["simpanan", "lihat"],
    "slip": ["slip", "mutu"],
    "sop": ["sop"],
}
WRITES = {
    "antrean --kirim": ["antrean", "--kirim"],
    "catat": ["catat", *JFU, "--kanal", "telepon", *VISITOR, "ani@warga.example"],
    "delegasi --dari": [
        "delegasi",
        "--dari",
        "aflah",
        "--kepada",
        "ratih",
        "--sampai",
        "2027-01-05",
    ],
    "hapus": ["hapus", NUMBER, *JFU, "--alasan", "diminta"],
    "import": ["import", "surat.eml", "--ya"],
    "init": ["init"],
    "kalender --libur": ["kalender", "--libur", "2027-12-24"],
    "kunci": ["kunci", "ganti"],
    "latihan": ["latihan"],
    "peramban --cabut": ["peramban", "--cabut", "1"],
    "perbarui": ["perbarui"],
    "poll": ["poll", "--once"],
    "reconcile": ["reconcile"],
    "release": ["release", "1"],
    "restore": ["restore", "cadangan.db", "--ganti", "--ya"],
    "simpanan pindah": ["simpanan", "pindah"],
}
APART = {
    "demo": "a database of its own",
    "oauth": "no database",
    "serve": "goes on, and is tried for itself below",
    "surat": "no database",
}
COMMANDS = READS | WRITES


@dataclass(frozen=True)
class Ended:
    """How a command ended, and the office that it left behind."""

    code: int
    said: str
    folder: Path


def test_every_command_is_tried() -> None:
    assert {words[0] for words in COMMANDS.values()} | set(APART) == set(main.commands)


# ---- an office, and what is wrong with it ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """config.toml, keys, a database with an ended case and a backup of it."""
    folder = tmp_path_factory.mktemp("kantor")
    (folder / "meja").mkdir()
    with desk_in(folder / "meja") as desk:
        desk.to(Stage.SELESAI, desk.record())
        desk.record()
        with closing(sqlite3.connect(str(desk.engine.url.database))) as file:
            file.execute("VACUUM INTO ?", (str(folder / "aduan.db"),))
    shutil.rmtree(folder / "meja")
    with closing(sqlite3.connect(folder / "aduan.db")) as file:
        file.execute("PRAGMA journal_mode=WAL")
    shutil.copy(folder / "aduan.db", folder / "cadangan.db")
    (folder / "config.toml").write_text(SAMPLE.read_text("utf-8"), "utf-8")
    (folder / "rahasia").mkdir()
    (folder / "rahasia" / "key").write_text("5a" * 32)
    for name in ("imap_password", "smtp_password"):
        (folder / "rahasia" / name).write_text("sandi")
    letter = compose(SITI, INTAKE, "Selokan", "Mampet.", TUESDAY)
    (folder / "surat.eml").write_bytes(letter.as_bytes())
    return folder


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Another program holds the writer's lock all the time."""
    with closing(sqlite3.connect(folder / "aduan.db", isolation_level=None)) as file:
        file.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The file belongs to somebody else. Root may write it all the same, so it gives that up meanwhile."""
    (folder / "aduan.db").chmod(0o400)
    usual = _capabilities()
    _set_capabilities([usual[0] & ~(1 << CAP_DAC_OVERRIDE), *usual[1:]])
    try:
        yield
    finally:
        _set_capabilities(usual)


@contextmanager
def full(_folder: Path) -> Iterator[None]:
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


@contextmanager
def damaged(folder: Path) -> Iterator[None]:
    """Every page behind the first three is rubbish."""
    content = (folder / "aduan.db").read_bytes()
    rubbish = bytes(255 - one for one in content[3 * 4096 :])
    (folder / "aduan.db").write_bytes(content[: 3 * 4096] + rubbish)
    yield


def _capabilities() -> list[int]:
    """This thread's: effective, permitted and inheritable, of the first 32 and of the others (capget(2))."""
    data = (ctypes.c_uint32 * 6)()
    ctypes.CDLL(None).capget(_HEAD, data)
    return list(data)


def _set_capabilities(data: list[int]) -> None:
    ctypes.CDLL(None).capset(_HEAD, (ctypes.c_uint32 * 6)(*data))


WRONG = {"locked": locked, "read only": read_only, "full": full, "damaged": damaged}


def here(folder: Path, wrong: str, words: list[str]) -> Ended:
    """The command in this process."""
    with chdir(folder), WRONG[wrong](folder):
        done = CliRunner().invoke(main, words)
    assert isinstance(done.exception, SystemExit | None), done.exception
    return Ended(done.exit_code, done.output, folder)


def apart(folder: Path, words: list[str]) -> Ended:
    """The command in a process of its own, while another program holds the lock: it waits for ten seconds."""
    with locked(folder):
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", *words],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(SAMPLE.resolve().parents[1])},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    return Ended(done.returncode, done.stdout + done.stderr, folder)


@pytest.fixture(scope="module")
def waited(
    office: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Ended]]]:
    """{command that writes: how it ended beside a locked database}, many at once."""
    folder = tmp_path_factory.mktemp("terkunci")
    with ThreadPoolExecutor(6) as pool:
        found = {}
        for number, (name, words) in enumerate(WRITES.items()):
            shutil.copytree(office, folder / f"{number}")
            found[name] = pool.submit(apart, folder / f"{number}", words)
        yield found


@pytest.fixture
def ended(
    office: Path, waited: dict[str, Future[Ended]], tmp_path: Path
) -> Callable[[str, str], Ended]:
    def run(wrong: str, name: str) -> Ended:
        if wrong == "locked" and name in WRITES:
            return waited[name].result()
        shutil.copytree(office, tmp_path / "kantor")
        return here(tmp_path / "kantor", wrong, COMMANDS[name])

    return run


def whole(office: Path, folder: Path) -> None:
    """No row of before is missing."""
    counted = "SELECT (SELECT count(*) FROM complaint), (SELECT count(*) FROM event)"
    with closing(sqlite3.connect(office / "aduan.db")) as file:
        before = file.execute(counted).fetchone()
    (folder / "aduan.db").chmod(0o600)
    with closing(sqlite3.connect(folder / "aduan.db")) as file:
        assert file.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        assert all(
            now >= then for now, then in zip(file.execute(counted).fetchone(), before, strict=True)
        )


def lines(said: str) -> str:
    """What a command says, without the log beside it."""
    return "\n".join(one for one in said.splitlines() if not one.startswith("waktu="))


# ---- what each command says ------------------------------------------------------------------------------------

# Where nothing has to be read from the database, or the file itself is exchanged; and what fails for another reason
# before the database is written: the mailbox is away, there is nothing to do.
NEEDS_NONE = {"sop", "kunci"}
WAITS = {
    "antrean --kirim",
    "catat",
    "delegasi --dari",
    "import",
    "init",
    "kalender --libur",
    "poll",
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("wrong", WRONG)
def test_it_ends_with_a_sentence_and_loses_nothing(
    ended: Callable[[str, str], Ended], office: Path, wrong: str, name: str
) -> None:
    found = ended(wrong, name)
    said = lines(found.said)
    assert found.code in (0, 1, 2), found.said
    assert said.strip()
    assert not [one for one in ENGLISH if one in said], said
    if wrong != "damaged":
        whole(office, found.folder)


@pytest.mark.parametrize("name", sorted(READS))
def test_who_only_reads_waits_for_no_writer(ended: Callable[[str, str], Ended], name: str) -> None:
    found = ended("locked", name)
    assert "dikunci" not in found.said
    assert found.code in (0, 1)


@pytest.mark.parametrize(
    ("wrong", "name", "way_on"),
    [
        *(("locked", name, "Ulangi sebentar lagi") for name in sorted(WAITS)),
        *(("full", name, "ulangi") for name in ("catat", "import")),
        *(
            ("read only", name, "pemilik dan izin")
            for name in sorted({*READS, *WAITS} - NEEDS_NONE)
        ),
        *(("damaged", name, "pulihkan cadangan") for name in sorted({*READS, *WAITS} - NEEDS_NONE)),
    ],
)
def test_the_sentence_says_what_to_do(
    ended: Callable[[str, str], Ended], wrong: str, name: str, way_on: str
) -> None:
    found = ended(wrong, name)
    assert found.code in (1, 2)
    assert way_on in " ".join(found.said.split())
