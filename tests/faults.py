"""Trouble on purpose: a proxy that cuts and stalls connections, and a process that is killed and started again.

Everything random comes from one seed. `Proxy` stands between the process and a server; `Victim` is the process.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import LOOPBACK

ROOT = Path(__file__).parents[1]
STALL = 1.5  # seconds without a byte before a stalled connection is cut


@dataclass
class Trouble:
    """How much trouble is still to come, and what there was; shared by all proxies."""

    random: random.Random
    wanted: int
    caused: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def over(self) -> bool:
        return self.caused.total() >= self.wanted

    def end(self) -> None:
        """No more of it, whatever was wanted."""
        with self._lock:
            self.wanted = 0

    def cause(self, kind: str) -> bool:
        """Whether one more may be caused; it is counted."""
        with self._lock:
            if self.over:
                return False
            self.caused[kind] += 1
            return True

    def plan(self) -> tuple[int, str] | None:
        """After how many bytes a new connection is to be cut, and how; None for one that is spared."""
        with self._lock:
            if self.over or self.random.random() < 0.2:
                return None
            size = self.random.choice([300, 3_000, 60_000, 1_000_000])
            return self.random.randint(1, size), self.random.choice(["reset", "fin", "stall"])


_ASKED = re.compile(rb"(\S+) UID (?:FETCH ([\d,:]+) \(BODY|(MOVE) )")
STUBBORN = 7  # each message whose UID this divides is withheld, as long as there is trouble


def refusal(line: bytes, trouble: Trouble) -> bytes:
    """What a server that withholds some messages, and refuses moves, says to a command; nothing where it obeys."""
    found = _ASKED.match(line)
    if found is None or trouble.over:
        return b""
    if found[3]:
        words = b" NO [OVERQUOTA] Quota exceeded\r\n"
        return found[1] + words if trouble.random.random() < 0.5 and trouble.cause("move") else b""
    spans = [part.split(b":") for part in found[2].split(b",")]
    bad = any(
        uid % STUBBORN == 0 for span in spans for uid in range(int(span[0]), int(span[-1]) + 1)
    )
    return (
        found[1] + b" NO [SERVERBUG] Internal error\r\n"
        if bad and trouble.cause("unreadable")
        else b""
    )


class Proxy:
    """Passes bytes on between the process and a server on loopback; each connection may have its trouble."""

    def __init__(self, name: str, target: int, trouble: Trouble) -> None:
        self.name, self.target, self.trouble = name, target, trouble
        self.refuses = False  # commands, as a mailbox with a bad file and no quota left does
        self._door = socket.create_server((LOOPBACK, 0))
        self.port: int = self._door.getsockname()[1]

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._serve, name=f"proxy-{self.name}", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._door.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._door.accept()
                threading.Thread(target=self._converse, args=(client,), daemon=True).start()

    def _converse(self, client: socket.socket) -> None:
        with (
            client,
            contextlib.suppress(OSError),
            socket.create_connection((LOOPBACK, self.target)) as server,
        ):
            plan = self.trouble.plan()
            left = plan[0] if plan else None
            ends = {client: server, server: client}
            while True:
                for end in select.select([client, server], [], [])[0]:
                    data = end.recv(65_536)
                    if not data:
                        return
                    if end is client and self.refuses and (said := refusal(data, self.trouble)):
                        client.sendall(said)
                        continue
                    if (
                        plan
                        and left is not None
                        and len(data) >= left
                        and self.trouble.cause(f"{self.name} {plan[1]}")
                    ):
                        ends[end].sendall(
                            data[:left]
                        )  # half a line, half a literal, half an answer
                        _cut(client, server, plan[1])
                        return
                    left = None if left is None else max(1, left - len(data))
                    ends[end].sendall(data)


def _cut(client: socket.socket, server: socket.socket, how: str) -> None:
    if how == "stall":
        select.select([], [], [], STALL)
    if how == "reset":  # RST instead of FIN
        for end in (client, server):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@dataclass
class Victim:
    """The lanes of `aduan serve` in a process of their own. Each start may set its clock further ahead: what has to
    wait ten minutes or three days (a claim that went stale, a mail that is tried again) need not be waited for."""

    config: Path
    ahead: int = 0  # minutes
    parts: tuple[
        str, ...
    ] = ()  # the groups of lanes that it has (`--lajur`), all when none is named
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.faults_child", str(self.config), str(self.ahead)]
        command += self.parts
        log = (self.config.parent / "proses.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """Like a pulled plug: no `finally` runs."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait(30) == -signal.SIGKILL, "it had ended by itself"

    def disk(self, *, full: bool) -> None:
        """No file of the process may grow any more; or they may again."""
        assert self.process is not None
        self.process.send_signal(signal.SIGUSR1 if full else signal.SIGUSR2)

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        assert self.process.wait(60) in (0, -signal.SIGTERM), (
            "negative: asked before it could listen"
        )


@contextmanager
def ending(*victims: Victim) -> Iterator[None]:
    """Whatever happens, no process is left."""
    try:
        yield
    finally:
        for victim in victims:
            if victim.process is not None and victim.process.poll() is None:
                victim.process.kill()
                victim.process.wait(30)
