"""`aduan serve` under systemd: what it says of itself, new settings on SIGHUP, the end within half a minute."""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
import urllib3
from sqlalchemy import select

from pipeline.cli.service import spare_the_collector
from pipeline.data.engine import lease, reading, writing
from pipeline.data.states import JobKind
from pipeline.data.tables import Complaint, Export, Job, Task
from pipeline.office.sop import Role
from pipeline.register import exports
from pipeline.register.book import Filter
from pipeline.running.lanes import Lanes
from tests.kantor import Office, office, until, write_config
from tests.servers import free_port

HTTP = urllib3.PoolManager(retries=False)


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, now=datetime.now(UTC)) as running:  # the command goes by the real clock
        yield running


@contextmanager
def systemd(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The address of a listener, and what it hears, in order."""
    heard: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(folder / "notify"))

        def listen() -> None:
            while said := ear.recv(4096).decode():
                heard.extend(said.splitlines())

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield str(folder / "notify"), heard
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", str(folder / "notify"))
        thread.join()


@contextmanager
def serving(kantor: Office, address: str) -> Iterator[subprocess.Popen[str]]:
    command = [
        sys.executable,
        "-m",
        "pipeline.cli",
        "--config",
        str(kantor.folder / "config.toml"),
        "serve",
    ]
    environment = os.environ | {"NOTIFY_SOCKET": address}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_service_tells_systemd_reloads_and_ends_while_a_server_hangs(
    kantor: Office, tmp_path: Path
) -> None:
    """SIGHUP with bad settings keeps the old ones; with good ones they count. SIGTERM ends it within half a minute
    although the mail server answers nothing, and without a trace-back."""
    port, file = free_port(), kantor.folder / "config.toml"
    write_config(kantor.folder, kantor.post, overrides={"web": {"port": port}})
    with systemd(tmp_path) as (address, heard), serving(kantor, address) as process:
        until(lambda: "READY=1" in heard)
        until(lambda: "WATCHDOG=1" in heard)
        good = file.read_text("utf-8")
        file.write_text(f"{good}\n[instansi", "utf-8")
        process.send_signal(signal.SIGHUP)
        until(lambda: any("tidak dipakai" in line and "baris" in line for line in heard))
        write_config(kantor.folder, kantor.post, overrides={"web": {"port": free_port()}})
        process.send_signal(signal.SIGHUP)
        until(lambda: any("web.port" in line for line in heard))
        with socket.create_server(("127.0.0.1", 0)) as mute:
            silent = {"port": mute.getsockname()[1], "security": "tanpa", "host": "127.0.0.1"}
            overrides = {"web": {"port": port}, "imap": silent, "instansi": {"nama": "Kantor Baru"}}
            write_config(kantor.folder, kantor.post, overrides=overrides)
            process.send_signal(signal.SIGHUP)
            until(lambda: "STATUS=Pengaturan baru berlaku." in heard)
            until(
                lambda: b"Kantor Baru" in HTTP.request("GET", f"http://127.0.0.1:{port}/saya").data
            )
            mute.accept()
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)
            rest = process.communicate(timeout=30)[0]
        assert time.monotonic() - begun < 30
        assert process.returncode == 0, rest
        assert "Traceback" not in rest
        assert "STOPPING=1" in heard
        assert heard.index("READY=1") < heard.index("STOPPING=1")


def test_bytes_go_where_new_settings_say(kantor: Office, tmp_path: Path) -> None:
    web = {"web": {"port": free_port()}}
    write_config(kantor.folder, kantor.post, overrides=web)
    with systemd(tmp_path) as (address, heard), serving(kantor, address) as process:
        until(lambda: "READY=1" in heard)
        write_config(kantor.folder, kantor.post, overrides=web | {"simpanan": {"tempat": "berkas"}})
        process.send_signal(signal.SIGHUP)
        until(lambda: "STATUS=Pengaturan baru berlaku." in heard)
        kantor.citizen_sends("Lampu padam", "Lampu padam.", settle=False)
        until(lambda: len(kantor.complaints()) == 1)
    assert [path for path in (kantor.folder / "simpanan").rglob("*") if path.is_file()]


def grown(kantor: Office, rows: int) -> None:
    """The register with so many copies of its first complaint."""
    own = {"id": "n + 1000", "number": "'PGD-2020-' || (100000 + n)", "status_code": "'kode-' || n"}
    names = [column.name for column in Complaint.__table__.columns]
    with kantor.engine.begin() as connection:
        connection.exec_driver_sql(
            f"WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < {rows}) "
            f"INSERT INTO complaint ({', '.join(names)}) SELECT {', '.join(own.get(name, name) for name in names)} "
            "FROM complaint, count WHERE complaint.id = 1"
        )


def test_sigterm_during_a_reload_ends_it_within_half_a_minute(
    kantor: Office, tmp_path: Path
) -> None:
    """Another program holds the database all the while, so that no lane comes to an end."""
    write_config(kantor.folder, kantor.post, overrides={"web": {"port": free_port()}})
    with systemd(tmp_path) as (address, heard), serving(kantor, address) as process:
        until(lambda: "READY=1" in heard)
        with writing(kantor.engine):
            time.sleep(2)  # the lanes wait for it
            process.send_signal(signal.SIGHUP)
            until(lambda: any(one.startswith("RELOADING=1") for one in heard))
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) == 0
            assert time.monotonic() - begun < 30


def test_sigterm_ends_it_within_half_a_minute_while_an_export_is_made(
    kantor: Office, tmp_path: Path
) -> None:
    """The register is large: the spreadsheet that is being made is whole, or the next `serve` makes it."""
    kantor.citizen_sends("Lampu padam", "Lampu padam.")
    grown(kantor, 60_000)
    with kantor.app.writing() as work:
        task = work.session.scalars(select(Task)).first()
        assert task is not None
        exports.ask(work, kantor.settings.holders(Role.JFU)[0], task, Filter())

    def under_way() -> bool:
        with lease(kantor.engine, f"job-{JobKind.EXPORT}") as free:
            return not free

    with systemd(tmp_path) as (address, heard), serving(kantor, address) as process:
        until(lambda: "READY=1" in heard)
        until(under_way)
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=30)[0]
    assert process.returncode == 0, rest
    assert "Traceback" not in rest
    with reading(kantor.engine) as session:
        state = session.scalars(select(Job.state).where(Job.kind == JobKind.EXPORT)).one()
        content = session.scalars(select(Export.content)).one()
    assert state in ("due", "done")
    assert (state == "done") == bool(content)
    if content:
        assert ZipFile(BytesIO(content)).testzip() is None


def test_a_lane_that_hangs_is_told_apart_from_one_that_fails(kantor: Office) -> None:
    lanes = Lanes(kantor.app)
    assert lanes.stuck() == []
    lanes._begun["send"] = time.monotonic() - 60
    assert lanes.stuck() == []
    lanes._begun["send"] = time.monotonic() - 3 * 3600
    lanes._begun["slips"] = time.monotonic() - 3 * 3600
    assert lanes.stuck() == ["send"], "a stack of a hundred pages may take hours"


def test_pages_do_not_wait_for_what_is_loaded_to_be_looked_through() -> None:
    """A full look of Python's collector fell into a page now and then and took 100 ms; now it finds nothing."""
    try:
        spare_the_collector()
        assert gc.get_freeze_count() > 10_000
        assert len(gc.get_objects()) < gc.get_freeze_count() / 10
    finally:
        gc.unfreeze()
