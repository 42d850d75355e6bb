"""Several offices under one roof: each is found at its own host name alone, and none suffers from another."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from pipeline.cli.main import main
from pipeline.cli.roof import Roof
from pipeline.office import config, roof
from tests.cli.test_service import systemd
from tests.kantor import Office, office, until, write_config
from tests.servers import free_port

HTTP = urllib3.PoolManager(retries=False)
NAMES = ("kominfo", "pu")


def host(name: str) -> str:
    return f"aduan.{name}.example"


def own(name: str, **web: object) -> dict[str, Any]:
    """What an office of this name has of its own in config.toml."""
    return {
        "web": {"base_url": f"https://{host(name)}", **web},
        "instansi": {"nama": f"Dinas {name}", "singkatan": name},
        "imap": {"every_seconds": 5},  # should the embedded server not tell of a mail at once
    }


def rewrite(kantor: Office, **changes: object) -> None:
    """Its config.toml as it was, with changes; its key stays its own."""
    key = kantor.folder / "rahasia" / "key"
    kept = key.read_text("utf-8")
    write_config(kantor.folder, kantor.post, overrides=own(kantor.folder.name) | changes)
    key.write_text(kept, "utf-8")


@contextmanager
def town(folder: Path, now: datetime) -> Iterator[dict[str, Office]]:
    """Two offices in two folders, each with mail servers, a database and a key of its own."""
    with ExitStack() as stack:
        offices = {}
        for number, name in enumerate(NAMES):
            place = folder / name
            place.mkdir(parents=True)
            offices[name] = stack.enter_context(office(place, now=now, **own(name)))
            (place / "rahasia" / "key").write_text(f"{number}a" * 32, "utf-8")
        yield offices


@pytest.fixture
def offices(tmp_path: Path) -> Iterator[dict[str, Office]]:
    with town(tmp_path / "kantor dinas", datetime.now(UTC)) as found:
        yield found


@contextmanager
def serving(folder: Path, port: int, address: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "pipeline.cli", "serve", "--semua", str(folder)]
    command += ["--alamat", f"127.0.0.1:{port}"]
    with (
        (folder.parent / "log").open("w") as log,
        subprocess.Popen(
            command, stdout=log, stderr=log, cwd=folder, env={"NOTIFY_SOCKET": address}
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def get(port: int, path: str, at: str = "127.0.0.1", **headers: str) -> tuple[int, str]:
    asked = HTTP.request("GET", f"http://127.0.0.1:{port}{path}", headers={"Host": at, **headers})
    return asked.status, asked.data.decode()


def test_offices_are_served_side_by_side_until_the_end(
    offices: dict[str, Office], tmp_path: Path
) -> None:
    folder, port = tmp_path / "kantor dinas", free_port()
    (folder / "rusak").mkdir()
    (folder / "rusak" / "config.toml").write_text("[instansi", "utf-8")
    (offices["pu"].folder / "rahasia" / "metrik_token").write_text("tokenku", "utf-8")
    with systemd(tmp_path) as (address, heard), serving(folder, port, address) as process:
        until(lambda: "READY=1" in heard)
        assert "STATUS=2 kantor dibuka, 1 tidak." in heard
        more_time = [line for line in heard if line.startswith("EXTEND_TIMEOUT_USEC=")]
        assert len(more_time) == 3  # thirty offices need longer than systemd waits by itself

        for name in NAMES:
            assert f"Dinas {name}" in get(port, "/saya", host(name))[1]
            assert f"Dinas {name}" in get(port, "/saya", f"{host(name).upper()}:443")[1]
        status, page = get(port, "/saya", "aduan.lain.example")
        assert status == 404
        assert "tidak kami kenali" in page
        assert not any(name in page for name in (*NAMES, "rusak"))

        # What arrives at one office is that office's; its link opens nothing at the other's host.
        offices["pu"].citizen_sends("Jalan rusak", "Jalan Mawar rusak.", settle=False)
        until(lambda: bool(offices["pu"].inbox("jfu-1")))
        link = urlsplit(offices["pu"].links(offices["pu"].newest("jfu-1"))[0]).path
        assert get(port, link, host("pu"))[0] == 200
        assert get(port, link, host("kominfo"))[0] == 404
        assert get(port, link)[0] == 404
        assert len(offices["pu"].complaints()) == 1
        assert offices["kominfo"].complaints() == []

        # A monitor of this machine is told of all, by name; a token opens its own office's figures alone.
        status, said = get(port, "/sehat")
        assert (status, "tidak_dibuka: rusak" in said) == (503, True)
        assert get(port, "/hidup", "10.0.0.9") == (200, "hidup\n")
        assert get(port, "/sehat", "aduan.lain.example")[0] == 404
        assert named(get(port, "/metrik")[1]) == {*NAMES, "rusak"}
        bearing = {"Authorization": "Bearer tokenku"}
        assert named(get(port, "/metrik", host("pu"), **bearing)[1]) == {"pu"}
        assert get(port, "/metrik", host("kominfo"), **bearing)[0] == 404

        # SIGHUP: one has changed, one is mended, one is gone.
        rewrite(offices["pu"], instansi={"nama": "Dinas Pekerjaan Umum"})
        shutil.rmtree(folder / "rusak")
        (offices["kominfo"].folder / "config.toml").rename(tmp_path / "disimpan.toml")
        process.send_signal(signal.SIGHUP)
        until(lambda: "Dinas Pekerjaan Umum" in get(port, "/saya", host("pu"))[1])
        until(lambda: heard.count("READY=1") == 2)
        assert get(port, "/saya", host("kominfo"))[0] == 404
        assert get(port, "/sehat")[0] == 200
        (tmp_path / "disimpan.toml").rename(offices["kominfo"].folder / "config.toml")
        process.send_signal(signal.SIGHUP)
        until(lambda: "Dinas kominfo" in get(port, "/saya", host("kominfo"))[1])

        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        assert time.monotonic() - begun < 30
    rest = (tmp_path / "log").read_text("utf-8")
    assert process.returncode == 0, rest
    assert "Kantor rusak tidak dibuka" in rest
    assert "kantor=pu" in rest
    assert "Traceback" not in rest


def named(figures: str) -> set[str]:
    """The offices that figures are told of."""
    families = text_string_to_metric_families(figures)
    labels = [one.labels for family in families for one in family.samples]
    return {found["kantor"] for found in labels if "kantor" in found}


def test_a_browser_that_one_office_knows_is_a_stranger_to_the_other(
    offices: dict[str, Office],
) -> None:
    """Also where it sends its cookie to the other, as no browser does."""
    for kantor in offices.values():
        kantor.citizen_sends("Lampu padam", "Lampu padam.")
    kantor = offices["pu"]
    book = f"{kantor.link('jfu-1', 'laporkan')}/buku"
    kantor.know("jfu-1")
    assert kantor.page(book).status == 200
    theirs = offices["kominfo"].know("jfu-1")
    kantor.web.set_cookie(kantor.cookie("jfu-1"), theirs, path="/")
    assert kantor.page(book).status == 403


@pytest.mark.parametrize("kind", ["host", "kunci", "basis_data", "kotak"])
def test_what_two_offices_share_by_mistake_is_told_of_the_later_one(
    offices: dict[str, Office], kind: str
) -> None:
    first, second = (offices[name] for name in NAMES)
    if kind == "host":
        rewrite(second, web={"base_url": f"https://{host(NAMES[0]).upper()}/"})
    elif kind == "kunci":
        shutil.copy(first.folder / "rahasia" / "key", second.folder / "rahasia" / "key")
    elif kind == "basis_data":
        rewrite(second, database={"url": f"sqlite:///{first.folder}/aduan.db"})
    else:
        rewrite(second, imap=dict(first.post.imap))
    settings = {name: config.load(offices[name].folder / "config.toml") for name in NAMES}
    told = roof.shared(settings["pu"], {"kominfo": settings["kominfo"]})
    assert "kantor kominfo" in told
    assert roof.shared(settings["kominfo"], {}) == ""
    said = checked(first.folder.parent)
    assert said["keadaan"] == "buruk"
    findings = said["kantor"]["pu"]["temuan"]
    assert {"tingkat": "buruk", "bagian": "atap", "pesan": told} in findings


def checked(folder: Path, code: int = 2) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["check", "--mesin", "--semua", str(folder)])
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def test_check_looks_at_every_office_and_ends_with_the_worst(
    offices: dict[str, Office], tmp_path: Path
) -> None:
    for kantor in offices.values():
        kantor.tick()
    folder = tmp_path / "kantor dinas"
    found = checked(folder, 1)  # an alarm without a second channel is worth a look
    assert list(found["kantor"]) == list(NAMES)
    assert "aduan_basis_data_byte" in found["kantor"]["pu"]["angka"]
    (offices["pu"].folder / "config.toml").write_text("[instansi", "utf-8")
    found = checked(folder)
    assert [one["keadaan"] for one in found["kantor"].values()] == ["hati", "buruk"]
    plain = CliRunner().invoke(main, ["check", "--semua", str(folder)])
    assert plain.exit_code == 1
    assert plain.output.index("kominfo") < plain.output.index("pu") < plain.output.index("baris")


def test_a_roof_without_an_office_says_so(tmp_path: Path) -> None:
    for command in ("check", "serve"):
        result = CliRunner().invoke(main, [command, "--semua", str(tmp_path)])
        assert result.exit_code == 2
        assert "tidak memuat kantor" in result.output


@pytest.mark.parametrize("address", ["8080", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:http"])
def test_an_address_that_is_none_is_told(tmp_path: Path, address: str) -> None:
    result = CliRunner().invoke(main, ["serve", "--semua", str(tmp_path), "--alamat", address])
    assert result.exit_code == 2
    assert "HOST:PORT" in result.output


def test_an_office_of_which_a_lane_hangs_gets_new_lanes_and_the_other_keeps_its_own(
    offices: dict[str, Office],
) -> None:
    folder = offices["pu"].folder.parent
    handlers = {
        number: signal.getsignal(number)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    }
    one = Roof(folder, ())
    try:
        one.look_around(roof.offices(folder))
        before = {name: office.lanes for name, office in one.offices.items()}
        before["pu"]._begun["send"] = time.monotonic() - 10**6
        one.mend()
        after = {name: office.lanes for name, office in one.offices.items()}
        assert after["pu"] is not before["pu"]
        assert after["kominfo"] is before["kominfo"]
        assert after["pu"].stuck() == []
    finally:
        for name in one.offices:
            one.close(name)
        for number, handler in handlers.items():
            signal.signal(number, handler)
