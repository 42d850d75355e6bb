#!/usr/bin/env python3
"""Half an hour of an office that is always busy: python bench/soak.py [--minutes 30] OUT.json (Linux)

`aduan serve` runs as it does for an office (SQLite, Dovecot over TLS, an SMTP server with STARTTLS). All the while
complaints arrive, officials act over HTTP until the letter goes out, its PDF is made, and the whole Buku is exported.
Every ten seconds: memory and open descriptors of the process. Written, as JSON:

    {"minutes", "done": {"mails", "acts", "letters", "exports"}, "sent", "audit": [faults],
     "rss_mib": {"first_half", "second_half", "most"}, "descriptors": {…}, "threads": {…}, "samples": [[second, …]]}

Flat is what stands still between the halves: the first holds what is only loaded when it is needed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import urllib3
from imapclient import IMAPClient
from sqlalchemy import func, select
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from pipeline.cases.audit import audit
from pipeline.data.engine import reading
from pipeline.data.tables import Outbox
from tests import servers
from tests.kantor import INTAKE, Office, compose, office, production

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

EVERY = 10.0  # seconds between two samples
PATIENCE = 180.0  # seconds for the lanes to do their part
DECIDED = {
    "keputusan": "ditindaklanjuti",
    "perintah": "Sampaikan bahwa lampu sudah menyala.",
    "disampaikan": "Bahwa lampu sudah menyala.",
}
CLARIFIED = "Lampu padam sejak Senin karena kabelnya putus."
HTTP = urllib3.PoolManager(retries=False)


@dataclass
class Far:
    """WSGI that asks the server at a port, so that what the tests press is pressed there."""

    port: int

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        asked = Request(environ)
        kept = ("Cookie", "Content-Type", "Origin", "Sec-Fetch-Site")
        url = f"http://127.0.0.1:{self.port}{asked.full_path}"
        answer = HTTP.request(
            asked.method,
            url,
            body=asked.get_data(),
            headers={name: asked.headers[name] for name in kept if name in asked.headers},
            redirect=False,
        )
        told = [
            (name, value)
            for name, value in answer.headers.items()
            if name.lower() not in ("transfer-encoding", "connection")
        ]
        return Response(answer.data, answer.status, headers=told)(environ, start)


@dataclass
class Watcher:
    """What the process takes, sampled in a thread."""

    pid: int
    samples: list[tuple[float, float, int, int]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        begun = time.monotonic()
        while not self.over.wait(EVERY):
            status = Path(f"/proc/{self.pid}/status").read_text()
            value = dict(line.split()[:2] for line in status.splitlines() if len(line.split()) > 1)
            open_files = len(list(Path(f"/proc/{self.pid}/fd").iterdir()))
            seconds, mib = time.monotonic() - begun, int(value["VmRSS:"]) / 1024
            self.samples.append((round(seconds), round(mib, 1), open_files, int(value["Threads:"])))

    def halves(self, place: int) -> dict[str, float]:
        values = [one[place] for one in self.samples]
        middle = len(values) // 2
        return {
            "first_half": round(statistics.median(values[:middle]), 1),
            "second_half": round(statistics.median(values[middle:]), 1),
            "most": max(values),
        }


def wait(fine: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if fine():
            return True
        time.sleep(0.5)
    return False


def one_case(kantor: Office, dovecot: servers.Dovecot, user: str, number: int) -> Counter[str]:
    """A complaint from its mail to its signed letter, and an export of the Buku; what was done."""
    done: Counter[str] = Counter()
    subject = f"Lampu padam {number}"
    mail = compose(
        f"warga{number}@warga.example", INTAKE, subject, "Lampu padam.", datetime.now(UTC)
    )
    with IMAPClient(dovecot.host, port=dovecot.port, ssl=False) as client:
        client.login(user, servers.PASSWORD)
        client.append("INBOX", mail.as_bytes())
    done["mails"] += 1
    if not wait(lambda: len(kantor.complaints()) > number):
        raise SystemExit(f"mail {number} was not taken in")
    about = kantor.complaints()[-1].number
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("jfu-1", "laporkan", {"nama": "Siti", "alamat": "Mawar 5", "ringkasan": "Lampu padam."}),
        ("sekretaris", "laporkan_kepala", {"hasil": CLARIFIED}),
        ("kepala", "putuskan", DECIDED),
        ("sekretaris", "ajukan", {}),
    ]
    for person, action, fields in steps:
        link = offered(kantor, person, action, about)
        kantor.press(link, action, settle=False, **fields)
        done["acts"] += 1
        done["letters"] += action == "ajukan"
    book = f"{offered(kantor, 'kepala', 'tandatangani', about)}/buku"
    for way in ("xlsx", "cetak"):
        kantor.download(f"{book}/{way}")
        done["exports"] += 1
    return done


def offered(kantor: Office, person: str, action: str, about: str) -> str:
    """The link to the page that offers this for a case, as soon as the lanes have mailed it."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return kantor.link(person, action, about)
        except AssertionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    with (
        servers.server_folder() as place,
        servers.dovecot(place) as dovecot,
        production(dovecot) as post,
        tempfile.TemporaryDirectory() as name,
    ):
        port = servers.free_port()
        web = {"port": port, "kode_peramban": False}
        with office(Path(name), post=post, now=datetime.now(UTC), web=web) as kantor:
            kantor.clock = lambda: datetime.now(UTC)  # type: ignore[assignment]
            kantor.web = Client(Far(port), Response)  # type: ignore[assignment]
            command = [sys.executable, "-m", "pipeline.cli", "--config", f"{name}/config.toml"]
            with subprocess.Popen([*command, "serve"], stdout=subprocess.PIPE) as process:
                assert process.stdout is not None
                process.stdout.readline()
                watcher = Watcher(process.pid)
                thread = threading.Thread(target=watcher.watch)
                thread.start()
                until, done = time.monotonic() + 60 * asked.minutes, Counter[str]()
                try:
                    while time.monotonic() < until:
                        done += one_case(kantor, dovecot, str(post.imap["user"]), done["mails"])
                        print(dict(done), watcher.samples[-1:], flush=True)
                finally:
                    watcher.over.set()
                    thread.join()
                    process.terminate()
                    process.wait(60)
            with reading(kantor.engine) as session:
                sent = session.scalar(select(func.count()).where(Outbox.state == "sent"))
                faults = [fault for _, found in audit(session) for fault in found]
    result = {
        "command": f"python bench/soak.py --minutes {asked.minutes:g} {asked.out.name}",
        "minutes": asked.minutes,
        "done": dict(done),
        "sent": sent,
        "audit": faults,
        "exit_code": process.returncode,
        "rss_mib": watcher.halves(1),
        "descriptors": watcher.halves(2),
        "threads": watcher.halves(3),
        "samples": watcher.samples,
    }
    asked.out.write_text(json.dumps(result) + "\n", "utf-8")


if __name__ == "__main__":
    main()
