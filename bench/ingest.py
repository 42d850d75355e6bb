#!/usr/bin/env python3
"""How fast 1,000 mixed mails become complaints, against a bare loop and a peer in the same run.

python bench/ingest.py [--mails 1000] [--runs 3] [--answers 60] [--helpdesk VENV]

Every mail is durable: raw bytes committed, registered, acknowledgement and JFU's mail queued, moved on the server
(Dovecot), on SQLite with synchronous=FULL. The bare loop and the mails come from the measuring tools beside the project
(../shared/bench); without them nothing is measured. `--helpdesk` names a virtual environment with django-helpdesk. Then
the same product waits by IDLE, and the time from a mail's arrival to its acknowledgement at the SMTP server is taken.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from imapclient import IMAPClient
from sqlalchemy import func, select

from pipeline.data.engine import connect, migrate, reading
from pipeline.data.tables import Complaint, Item, Outbox, Sighting
from pipeline.office import config
from pipeline.running import collecting
from pipeline.running.lanes import settled
from pipeline.work import App
from tests import servers
from tests.kantor import Post, production, write_config
from tests.servers import Dovecot

TOOLS = Path(__file__).resolve().parents[2] / "shared" / "bench"
BARE = "full/compat32 batch=20 sync=full rawInDB +move"


@contextmanager
def mailbox(dovecot: Dovecot, user: str) -> Iterator[IMAPClient]:
    with IMAPClient(dovecot.host, port=dovecot.port, ssl=False, timeout=120) as client:
        client.login(user, servers.PASSWORD)
        yield client


def fill(dovecot: Dovecot, user: str, corpus: Path) -> None:
    with mailbox(dovecot, user) as client:
        for folder in ("Processed", "Diproses", "Ditahan"):
            client.create_folder(folder)
        for path in sorted(corpus.glob("*.eml")):
            client.append("INBOX", path.read_bytes())


def put_back(dovecot: Dovecot, user: str) -> None:
    with mailbox(dovecot, user) as client:
        for folder in ("Diproses", "Ditahan"):
            client.select_folder(folder)
            if uids := client.search("ALL"):
                client.move(uids, "INBOX")


def take_in(path: Path) -> dict[str, Any]:
    """In a process of its own: one poll of the whole mailbox; what it cost and what it left."""
    settings = config.load(path)
    engine = connect(settings.database.url, settings.folder)
    migrate(engine)
    app = settled(App(settings, engine))  # as `aduan serve` does
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    collecting.mail(app)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    with reading(engine) as session:
        counts = {
            t.__tablename__: session.scalar(select(func.count()).select_from(t))
            for t in (Item, Sighting)
        }
        counts |= {
            t.__tablename__: session.scalar(select(func.count()).select_from(t))
            for t in (Complaint, Outbox)
        }
        counts["new"] = session.scalar(select(func.count()).where(Item.state == "new"))
        counts["unmoved"] = session.scalar(select(func.count()).where(Sighting.moved_at.is_(None)))
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": wall, "cpu": cpu, "rss": after.ru_maxrss / 1024, "counts": counts}


def product(dovecot: Dovecot, user: str) -> dict[str, Any]:
    put_back(dovecot, user)
    with tempfile.TemporaryDirectory() as name, production(dovecot) as post:
        imap = {
            "host": dovecot.host,
            "port": dovecot.port,
            "security": "tanpa",
            "user": user,
        }  # as the bare loop
        path = write_config(Path(name), replace(post, imap=imap))
        out = subprocess.run(
            [sys.executable, __file__, "--take-in", str(path)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    found: dict[str, Any] = json.loads(out)
    return found


def bare(dovecot: Dovecot, user: str, corpus: Path, scratch: Path) -> dict[str, Any]:
    command = [sys.executable, str(TOOLS / "bench_limit.py"), "--case", BARE, "--user", user]
    command += ["--port", str(dovecot.port), "--corpus", str(corpus), "--scratch", str(scratch)]
    found: dict[str, Any] = json.loads(
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
    )
    return found


def helpdesk(
    dovecot: Dovecot, venv: Path, corpus: Path, scratch: Path, mails: int
) -> dict[str, Any]:
    """The peer takes its own time; one run."""
    env = {**os.environ, "BENCH_RESULTS": str(scratch / "helpdesk.jsonl")}
    command = [
        sys.executable,
        str(TOOLS / "bench_helpdesk.py"),
        "--venv",
        str(venv),
        "--work",
        str(scratch / "hd"),
    ]
    command += [
        "--port",
        str(dovecot.port),
        "--mail",
        "dummy",
        "--runs",
        "1",
        "--corpus",
        str(corpus),
    ]
    subprocess.run(command, check=True, env=env, stdout=sys.stderr)
    row: dict[str, Any] = json.loads((scratch / "helpdesk.jsonl").read_text().splitlines()[-1])
    return {
        "wall": mails / row["per_s"],
        "cpu": row["cpu_s_per_1000"] * mails / 1000,
        "rss": row["peak_rss_mib"],
    }


def figures(runs: list[dict[str, Any]], mails: int) -> dict[str, float]:
    wall, cpu = (statistics.median(run[key] for run in runs) for key in ("wall", "cpu"))
    return {
        "mails_a_second": round(mails / wall, 1),
        "cpu_seconds_per_1000": round(1000 * cpu / mails, 2),
        "peak_rss_mib": round(max(run["rss"] for run in runs), 1),
    }


def measure(mails: int, runs: int, venv: Path | None) -> dict[str, Any]:
    """Alternating runs, their medians, and the ratios."""
    with servers.server_folder() as folder, tempfile.TemporaryDirectory() as name:
        scratch, corpus = Path(name), Path(name) / "corpus"
        make = [
            sys.executable,
            str(TOOLS / "gen_corpus.py"),
            "-n",
            str(mails),
            "--seed",
            "7",
            str(corpus),
        ]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
        with servers.dovecot(folder) as dovecot:
            users = [dovecot.fresh_user() for _ in range(2)]
            for user in users:
                fill(dovecot, user, corpus)
            ours, theirs = [], []
            for _ in range(runs):
                theirs.append(bare(dovecot, users[0], corpus, scratch))
                ours.append(product(dovecot, users[1]))
            result: dict[str, Any] = {
                "aduan": figures(ours, mails),
                "bare_loop": figures(theirs, mails),
            }
            result["aduan"]["counts"] = ours[-1]["counts"]
            result["ratio_to_bare_loop"] = _ratio(result, "bare_loop")
            if venv:
                result["django_helpdesk"] = figures(
                    [helpdesk(dovecot, venv, corpus, scratch, mails)], mails
                )
                result["times_django_helpdesk"] = _ratio(result, "django_helpdesk")
    return result


def latency(mails: int) -> dict[str, float]:
    """Seconds from a mail's arrival in the mailbox to its acknowledgement at the SMTP server, through `aduan serve`
    that waits by IDLE; mails come one at a time."""
    with (
        tempfile.TemporaryDirectory() as name,
        servers.server_folder() as folder,
        servers.dovecot(folder) as dovecot,
        production(dovecot) as post,
    ):
        path = write_config(Path(name), post, overrides={"web": {"port": servers.free_port()}})
        command = [
            sys.executable,
            "-c",
            "from pipeline.cli.main import main; main()",
            "--config",
            str(path),
        ]
        subprocess.run([*command, "init"], check=True, capture_output=True)
        serving = subprocess.Popen(
            [*command, "serve"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            with mailbox(dovecot, str(post.imap["user"])) as client:
                took = [_acknowledged(client, post, number) for number in range(mails + 1)][
                    1:
                ]  # one to wake up
        finally:
            serving.terminate()
            serving.wait(60)
    return {
        "mails": mails,
        "median_seconds": round(statistics.median(took), 2),
        "p95_seconds": round(statistics.quantiles(took, n=20)[-1], 2),
        "slowest_seconds": round(max(took), 2),
    }


def _acknowledged(client: IMAPClient, post: Post, number: int) -> float:
    address = f"warga{number}@warga.example"
    client.append(
        "INBOX", f"From: {address}\r\nSubject: Lampu {number} padam\r\n\r\nPadam.\r\n".encode()
    )
    start = time.perf_counter()
    while not any(sent.rcpt == address for sent in list(post.server.outgoing)):
        time.sleep(0.005)
        assert time.perf_counter() - start < 120, "no acknowledgement"
    took: float = time.perf_counter() - start
    time.sleep(random.uniform(0.2, 1.2))
    return took


def _ratio(result: dict[str, Any], other: str) -> float:
    ours, theirs = (float(result[name]["mails_a_second"]) for name in ("aduan", other))
    return round(ours / theirs, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--answers",
        type=int,
        default=60,
        metavar="MAILS",
        help="mails whose acknowledgement is timed",
    )
    parser.add_argument("--helpdesk", type=Path, metavar="VENV")
    parser.add_argument("--take-in", type=Path, metavar="CONFIG", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.take_in:
        print(json.dumps(take_in(given.take_in)))
    elif not TOOLS.is_dir():
        print("not measured: no measuring tools beside the project")
    else:
        result = measure(given.mails, given.runs, given.helpdesk)
        print(json.dumps({**result, "acknowledgement": latency(given.answers)}, indent=1))


if __name__ == "__main__":
    main()
