"""Between the program and a real IMAP server: hides what it can, changes what it says, remembers what it was asked."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from tests.servers import LOOPBACK, Dovecot

_BODY = re.compile(rb" BODY\[\](?:<\d+>)? \{(\d+)\}\r\n")
Change = Callable[[bytes], bytes]


@dataclass
class Between:
    """Each connection gets a change of its own for each way, for one may have to wait for more bytes."""

    target: int
    said: Callable[[], Change]
    refuse: Callable[[bytes], bytes | None] = lambda line: None
    asked: list[bytes] = field(default_factory=list)
    listener: socket.socket = field(default_factory=lambda: socket.create_server((LOOPBACK, 0)))

    @property
    def imap(self) -> dict[str, object]:
        """What a configuration has to say to come by here."""
        return {"host": LOOPBACK, "port": self.listener.getsockname()[1], "security": "tanpa"}

    def serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection((LOOPBACK, self.target))
            for source, sink, change in (
                (client, server, self._hear(client)),
                (server, client, self.said()),
            ):
                threading.Thread(target=_pump, args=(source, sink, change), daemon=True).start()

    def _hear(self, client: socket.socket) -> Change:
        def note(data: bytes) -> bytes:
            self.asked.append(data)
            answer = self.refuse(data)
            if answer is None:
                return data
            if not answer:
                raise OSError("the server hangs up")
            client.sendall(data.split(b" ", 1)[0] + b" " + answer + b"\r\n")
            return b""

        return note


def _pump(source: socket.socket, sink: socket.socket, change: Change) -> None:
    with source, sink:
        try:
            while data := source.recv(65536):
                sink.sendall(change(data))
        except OSError:
            return


@contextmanager
def between(
    dovecot: Dovecot,
    said: Callable[[], Change] | None = None,
    refuse: Callable[[bytes], bytes | None] | None = None,
) -> Iterator[Between]:
    """`refuse` answers a command itself: b"NO ..." as the server's answer, b"" to hang up, None to pass it on."""
    proxy = Between(dovecot.port, said or hiding(), refuse or (lambda line: None))
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    with ExitStack() as stack:
        stack.callback(proxy.listener.close)
        stack.callback(proxy.listener.shutdown, socket.SHUT_RDWR)
        yield proxy


def hiding(*extensions: bytes) -> Callable[[], Change]:
    """A server that lacks these."""

    def change(data: bytes) -> bytes:
        for name in extensions:
            data = data.replace(b" " + name, b"")
        return data

    return lambda: change


def silent_about(mark: bytes, instead: bytes) -> Callable[[], Change]:
    """A server that gives `instead` ("NIL", '""') for each body, or piece of one, in which `mark` stands."""

    def per_connection() -> Change:
        held = bytearray()

        def change(data: bytes) -> bytes:
            held.extend(data)
            out = b""
            while found := _BODY.search(held):
                end = found.end() + int(found[1])
                if len(held) < end:
                    return out
                whole = bytes(held[:end])
                name = found[0].partition(b" {")[0]
                out += (
                    whole[: found.start()] + name + b" " + instead
                    if mark in whole[found.end() :]
                    else whole
                )
                del held[:end]
            if b"BODY[]" in held and not held.endswith(b"\r\n"):
                return out  # the size of what comes is not all there yet
            out += bytes(held)
            held.clear()
            return out

        return change

    return per_connection
