"""A whole mail host in one thread: real IMAP (pymap, in memory) and real SMTP (aiosmtpd) on loopback.

Hides the event loop, pymap's set-up and the hand-over from SMTP to the mailboxes. Mail for a known user
lands in that user's INBOX unchanged; mail for anybody else stays in `outgoing`, as if it had left the house.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from argparse import Namespace
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from types import TracebackType
from typing import NamedTuple
from uuid import uuid4

from aiosmtpd.smtp import SMTP, Envelope, Session
from proxyprotocol.noop import ProxyProtocolNoop
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, Identity, Login
from pymap.concurrent import Subsystem
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

PATIENCE = 20.0  # seconds for anything the server's thread is asked to do
LARGEST_MAIL = 64 * 1024 * 1024  # bytes; public providers stop at 50 MB or less


class Sent(NamedTuple):
    """One mail for one recipient outside this host. A bounce's null sender is the empty string."""

    mail_from: str
    rcpt: str
    raw: bytes


class MailServer:
    """Serves IMAP and SMTP for `users` (address to password) between `__enter__` and `__exit__`.

    `reject` and `defer` hold addresses that RCPT answers with 550 and 451; both may be changed while it runs.
    `clock` dates what arrives (INTERNALDATE). Port 0 takes a free one. Addresses are compared without regard to case.
    """

    def __init__(
        self,
        users: Mapping[str, str],
        *,
        host: str = "127.0.0.1",
        imap_port: int = 0,
        smtp_port: int = 0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.users = {name.lower(): password for name, password in users.items()}
        self.host = host
        self.clock = clock
        self.imap_port = imap_port
        self.smtp_port = smtp_port
        self.outgoing: list[Sent] = []
        self.reject: set[str] = set()
        self.defer: set[str] = set()

    def __enter__(self) -> MailServer:
        for name in ("pymap", "mail.log"):
            logging.getLogger(name).setLevel(logging.ERROR)
        started: Future[None] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._main(started)), name="mail-server", daemon=True
        )
        self._thread.start()
        started.result(PATIENCE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)

    def deliver(self, user: str, raw: bytes, folder: str = "INBOX") -> None:
        """Put a mail straight into a mailbox, from any thread; KeyError when the folder does not exist."""
        asyncio.run_coroutine_threadsafe(self._put(user, raw, folder), self._loop).result(PATIENCE)

    async def _main(self, started: Future[None]) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            imap, smtp = await self._listen()
        except BaseException as error:  # noqa: BLE001
            started.set_exception(error)
            return
        self.imap_port = imap.sockets[0].getsockname()[1]
        self.smtp_port = smtp.sockets[0].getsockname()[1]
        started.set_result(None)
        await self._stop.wait()
        # Open connections end with the loop: asyncio.run cancels their tasks, which makes pymap say BYE.
        imap.close()
        smtp.close()

    async def _listen(self) -> tuple[asyncio.Server, asyncio.Server]:
        """Open both ports. asyncio itself sets TCP_NODELAY on each connection that it accepts."""
        config = _Config(
            Namespace(),
            host=self.host,
            port=self.imap_port,
            demo_data=False,
            demo_user="",
            demo_password="",
            tls_enabled=False,
            reject_dnsbl=False,
            hash_context=Cleartext(),  # invented people; a login costs no key derivation
            cpu_subsystem=Subsystem.for_asyncio(),  # no thread pool that outlives the server
            proxy_protocol=ProxyProtocolNoop(),
        )
        config.apply_context()
        self._login = Login(config)
        for name, password in self.users.items():
            await self._identity(name).set(UserMetadata(config, name, password=password))
        session = IMAPServer(self._login, config)

        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await session(reader, writer, SocketInfo.get(writer, None, unique_id=uuid4().bytes))

        imap = await asyncio.start_server(converse, self.host, self.imap_port)
        try:
            smtp = await self._loop.create_server(self._smtp_protocol, self.host, self.smtp_port)
        except OSError:
            imap.close()
            raise
        return imap, smtp

    def _smtp_protocol(self) -> SMTP:
        return SMTP(
            self,
            hostname="localhost",
            enable_SMTPUTF8=True,
            data_size_limit=LARGEST_MAIL,
            loop=self._loop,
        )

    def _identity(self, user: str) -> Identity:
        return Identity(user.lower(), self._login, None, frozenset())

    async def _put(self, user: str, raw: bytes, folder: str) -> None:
        async with self._identity(user).new_session() as session:
            mailbox = await session.mailbox_set.get_mailbox(folder)
            await mailbox.append(AppendMessage(raw, self.clock()), recent=True)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Called by aiosmtpd for each recipient."""
        if address.lower() in self.reject:
            return "550 5.1.1 User unknown"
        if address.lower() in self.defer:
            return "451 4.2.1 Mailbox busy, try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Called by aiosmtpd with a whole mail."""
        raw = envelope.original_content or b""
        mail_from = "" if envelope.mail_from in (None, "<>") else envelope.mail_from
        for rcpt in envelope.rcpt_tos:
            if rcpt.lower() in self.users:
                await self._put(rcpt, raw, "INBOX")
            else:
                self.outgoing.append(Sent(mail_from, rcpt, raw))
        return "250 2.0.0 OK"


class _Config(Config):
    @property
    def greeting(self) -> bytes:
        # pymap's own asks DNS for the machine's name, which stalls each connection where there is no network.
        return b"Server ready"
