#!/usr/bin/env python3
"""What a further office under one roof costs (`aduan serve --semua`): memory, and CPU at rest (Linux).

python bench/roof.py [--offices 1 2 10 30] [--seconds 30] OUT.json

Each office has a SQLite database, a mailbox at Dovecot over TLS and an outbox to an SMTP server with STARTTLS. It takes
in a complaint, sends its mails, and shows the page of the JFU's task, so that its templates and its pool are in use.
PSS counts a page that several processes share by their shares of it; USS what is a process' own alone.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import urllib3
from imapclient import IMAPClient
from sqlalchemy import func, select

from pipeline.data.engine import connect, migrate, reading
from pipeline.data.tables import Outbox
from pipeline.office.config import load
from tests import servers
from tests.kantor import Post, production, write_config

HTTP = urllib3.PoolManager(retries=False)
MIB = 1024  # kB
MAILS = 2  # of an office that has taken in a complaint: the receipt, and the JFU's task


def host(number: int) -> str:
    return f"aduan{number}.kota.example"


def furnish(folder: Path, post: Post, made: Path | None) -> Path:
    """An office's folder with an empty database; its config.toml. `made`: one to copy the database from."""
    number = int(folder.name.removeprefix("dinas"))
    folder.mkdir()
    web = {"base_url": f"https://{host(number)}", "kode_peramban": False}
    config = write_config(folder, post, overrides={"web": web})
    (folder / "rahasia" / "key").write_text(f"{number + 1:064x}", "utf-8")
    if made is not None:
        shutil.copy(made, folder / made.name)
        return config
    settings = load(config)
    engine = connect(settings.database.url, settings.folder)
    migrate(engine)
    engine.dispose()
    return config


def arrive(dovecot: servers.Dovecot, user: str) -> None:
    """A complaint in this mailbox."""
    letter = f"From: Siti <siti@warga.example>\nSubject: Lampu padam\nMessage-ID: <{user}>\n\n"
    with IMAPClient(dovecot.host, port=dovecot.port, ssl=False) as client:
        client.login(user, servers.PASSWORD)
        client.append("INBOX", f"{letter}Lampu di Jalan Mawar padam.\n".encode())


def group(leader: int) -> list[int]:
    """Every process of a process group."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                after_name = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            if int(after_name[2]) == leader:
                found.append(int(entry.name))
    return found


def memory(pids: list[int]) -> dict[str, float]:
    """MiB of all of them together."""
    total = {"pss": 0, "uss": 0}
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name, size = line.split()[:2]
            total["pss"] += int(size) if name == "Pss:" else 0
            total["uss"] += int(size) if name in ("Private_Clean:", "Private_Dirty:") else 0
    return {f"{name}_mib": round(kilobytes / MIB, 1) for name, kilobytes in total.items()}


def cpu_seconds(pids: list[int]) -> float:
    ticks = 0
    for pid in pids:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(after_name[11]) + int(after_name[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def wait(fine: Callable[[], bool], seconds: float = 180) -> None:
    until = time.monotonic() + seconds
    while not fine():
        if time.monotonic() > until:
            raise SystemExit("waited in vain")
        time.sleep(0.5)


def sent(config: Path) -> int:
    settings = load(config)
    engine = connect(settings.database.url, settings.folder)
    with reading(engine) as session:
        count = session.scalar(select(func.count()).where(Outbox.state == "sent")) or 0
    engine.dispose()
    return count


def look(post: Post, port: int, number: int) -> None:
    """The page of the JFU's task, by the link in their mail."""
    start = f"https://{host(number)}/t/"
    link = next(url for mail in post.sent for url in mail.links if url.startswith(start))
    path = urlsplit(link).path
    asked = HTTP.request("GET", f"http://127.0.0.1:{port}{path}", headers={"Host": host(number)})
    if asked.status != 200:
        raise SystemExit(f"{path}: {asked.status}")


def measure(count: int, seconds: float) -> dict[str, float]:
    """One roof with so many offices."""
    with (
        servers.server_folder() as place,
        servers.dovecot(place) as dovecot,
        production(dovecot) as post,
        tempfile.TemporaryDirectory() as name,
    ):
        folder, made = Path(name), None
        configs = []
        for number in range(count):
            own = replace(post, imap={**post.imap, "user": dovecot.fresh_user()})
            configs.append(furnish(folder / f"dinas{number}", own, made))
            made = folder / "dinas0" / "aduan.db"
            arrive(dovecot, str(own.imap["user"]))
        port = servers.free_port()
        command = [sys.executable, "-m", "pipeline.cli", "serve", "--semua", name]
        begun = time.monotonic()
        with subprocess.Popen(
            [*command, "--alamat", f"127.0.0.1:{port}"],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                assert process.stdout is not None
                process.stdout.readline()
                opened = time.monotonic() - begun
                wait(lambda: all(sent(config) >= MAILS for config in configs))
                for number in range(count):
                    look(post, port, number)
                time.sleep(10)
                pids = group(process.pid)
                before = cpu_seconds(pids)
                time.sleep(seconds)
                rest = (cpu_seconds(pids) - before) / seconds
                found = memory(pids)
                ending = time.monotonic()
                process.send_signal(signal.SIGTERM)
                process.wait(60)
                ended = time.monotonic() - ending
            finally:
                process.kill()
        return {
            "offices": count,
            "processes": len(pids),
            **found,
            "cpu_at_rest": round(rest, 3),
            "seconds_to_open": round(opened, 1),
            "seconds_to_end": round(ended, 1),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--offices", type=int, nargs="+", default=[1, 2, 10, 30])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    found = []
    for count in asked.offices:
        found.append(measure(count, asked.seconds))
        print(json.dumps(found[-1]), flush=True)
    first, last = found[0], found[-1]
    further = max(last["offices"] - first["offices"], 1)
    result = {
        "command": "python bench/roof.py " + " ".join([*sys.argv[1:-1], asked.out.name]),
        "roofs": found,
        "further_office_pss_mib": round((last["pss_mib"] - first["pss_mib"]) / further, 1),
        "further_office_uss_mib": round((last["uss_mib"] - first["uss_mib"]) / further, 1),
    }
    asked.out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
