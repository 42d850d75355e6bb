#!/usr/bin/env python3
"""How much memory it takes to fetch, keep and take in mail, from Dovecot: one of 50 MB, and many that wait (Linux).

python bench/memory.py [--waiting 100000]

The figure is the peak of the resident set of the process that goes on for months (VmHWM); a mail of more than 8 MiB is
read by a child process, which bounds itself.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from imapclient import IMAPClient

from tests import servers
from tests.kantor import production, write_config

COLLECT = """
import sys
from pathlib import Path
from pipeline import cli, config, db, poller  # all that `aduan serve` has in memory
settings = config.load(Path(sys.argv[1]))
engine = db.connect(settings.database.url, settings.folder)
db.migrate(engine)
poller.mail(poller.App(settings, engine))
print(Path("/proc/self/status").read_text())
"""


def peak_of_collecting(config: Path) -> float:
    """MiB at the peak of the poller's first step: fetch, commit, take in, move."""
    status = subprocess.run(
        [sys.executable, "-c", COLLECT, str(config)], check=True, capture_output=True, text=True
    )
    found = re.search(r"VmHWM:\s+(\d+) kB", status.stdout)
    assert found
    return int(found[1]) / 1024


def small(number: int) -> bytes:
    """A complaint unlike the others."""
    head = f"From: Warga {number} <warga{number}@warga.example>\nSubject: Lampu {number} padam\n"
    return f"{head}Message-ID: <{number}@warga.example>\n\nLampu jalan nomor {number} padam.\n".encode()


def large(megabytes: int) -> bytes:
    """A complaint with one attachment; lines of base64."""
    head = b"From: Siti <siti@warga.example>\nSubject: Video\nMIME-Version: 1.0\n"
    head += b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\nTerlampir.\n--x\n"
    head += b'Content-Type: video/mp4; name="lampu.mp4"\nContent-Transfer-Encoding: base64\n\n'
    line = b"QUJD" * 19 + b"\n"
    return head + line * (megabytes * 2**20 // len(line)) + b"--x--\n"


def measure(mails: Iterable[bytes]) -> dict[str, float]:
    """What one round takes that finds these mails waiting."""
    with (
        servers.server_folder() as folder,
        servers.dovecot(folder) as dovecot,
        production(dovecot) as post,
    ):
        user, count = str(post.imap["user"]), 0
        with IMAPClient(
            dovecot.host, port=dovecot.port, ssl=False
        ) as client:  # a log-in makes the mailbox
            client.login(user, servers.PASSWORD)
            client.select_folder("INBOX")
        for count, raw in enumerate(mails, 1):
            (folder / "mail" / user / "Maildir" / "new" / f"{count:07d}.bench").write_bytes(raw)
        with tempfile.TemporaryDirectory() as name:
            config = write_config(Path(name), post)
            start = time.perf_counter()
            peak = peak_of_collecting(config)
            taken = time.perf_counter() - start
        return {"mails": count, "peak_mib": round(peak, 1), "seconds": round(taken, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--waiting", type=int, default=100_000)
    waiting: int = parser.parse_args().waiting
    cases = {"one_of_50_mb": [large(50)], "waiting": (small(number) for number in range(waiting))}
    print(json.dumps({name: measure(mails) for name, mails in cases.items()}, indent=1))


if __name__ == "__main__":
    main()
