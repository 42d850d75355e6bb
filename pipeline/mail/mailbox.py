"""IMAP in. Hides imapclient, TLS, batches and MOVE.

Nothing is deleted and `\\Seen` is neither read nor set: what is new is what the ledger has no sighting of. The
caller commits the bytes before it asks for a move.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from pipeline.config import Settings, trust

BATCH = 20
BATCH_BYTES = 8 * 2**20  # what is fetched at once; a larger message comes alone


class MailboxDown(Exception):
    """The IMAP server could not be used; the message says why. Nothing was changed."""


@dataclass(frozen=True)
class Fetched:
    """One message as the server holds it. `arrived` is INTERNALDATE in UTC."""

    uid: int
    raw: bytes
    arrived: datetime


class Mailbox:
    """A logged-in connection with the folder selected; a context manager. MailboxDown whenever the server fails."""

    def __init__(self, settings: Settings, timeout: float = 30) -> None:
        self.settings, self.timeout = settings, timeout
        self.uidvalidity = 0

    @property
    def name(self) -> str:
        """How the ledger calls this mailbox."""
        conf = self.settings.imap
        return f"{conf.user}@{conf.host}:{conf.port}"

    def __enter__(self) -> Mailbox:
        try:
            self.client = self._connect()
            self._folders()
            self.uidvalidity = int(self.client.select_folder(self.settings.imap.folder)[b"UIDVALIDITY"])
        except (IMAPClientError, OSError) as error:
            conf = self.settings.imap
            raise MailboxDown(f"IMAP {conf.host}:{conf.port}: {error}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.client.logout()
        except (IMAPClientError, OSError):
            with suppress(OSError):
                self.client.shutdown()

    def _connect(self) -> IMAPClient:
        conf = self.settings.imap
        context = None if conf.security == "tanpa" else trust(self.settings, conf.ca_file)
        client = IMAPClient(
            conf.host,
            port=conf.port,
            ssl=conf.security == "tls",
            ssl_context=context if conf.security == "tls" else None,
            timeout=self.timeout,
        )
        try:
            if conf.security == "starttls":
                client.starttls(context)
            client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.login(conf.user, self.settings.secret("imap_password"))
        except BaseException:
            with suppress(OSError):
                client.shutdown()
            raise
        return client

    def _folders(self) -> None:
        for folder in (self.settings.imap.folder_done, self.settings.imap.folder_held):
            if not self.client.folder_exists(folder):
                self.client.create_folder(folder)
                self.client.subscribe_folder(folder)

    def waiting(self) -> list[int]:
        """UIDs in the folder, oldest first."""
        try:
            return sorted(self.client.search("ALL"))
        except (IMAPClientError, OSError) as error:
            raise MailboxDown(str(error)) from error

    def fetch(self, uids: Iterable[int]) -> Iterator[list[Fetched]]:
        """The messages in small batches, `\\Seen` untouched; one that vanished meanwhile is left out."""
        try:
            for some in self._batches(list(uids)):
                found = self.client.fetch(some, ["BODY.PEEK[]", "INTERNALDATE"])
                yield [
                    Fetched(uid, found[uid][b"BODY[]"] or b"", _utc(found[uid].get(b"INTERNALDATE")))
                    for uid in some
                    if uid in found and b"BODY[]" in found[uid]
                ]
        except (IMAPClientError, OSError) as error:
            raise MailboxDown(str(error)) from error

    def _batches(self, uids: list[int]) -> Iterator[list[int]]:
        """At most 20 messages and 8 MiB at once, so that memory stays small."""
        for start in range(0, len(uids), 500):
            sizes = self.client.fetch(uids[start : start + 500], ["RFC822.SIZE"])
            some: list[int] = []
            total = 0
            for uid in uids[start : start + 500]:
                size = sizes.get(uid, {}).get(b"RFC822.SIZE", 0)
                if some and (len(some) == BATCH or total + size > BATCH_BYTES):
                    yield some
                    some, total = [], 0
                some.append(uid)
                total += size
            if some:
                yield some

    def move(self, uids: list[int], folder: str) -> None:
        """Move messages, by MOVE or by copy and expunge of just these where the server lacks it."""
        if not uids:
            return
        try:
            if self.client.has_capability("MOVE"):
                self.client.move(uids, folder)
            else:
                self.client.copy(uids, folder)
                self.client.delete_messages(uids)
                self.client.uid_expunge(uids) if self.client.has_capability("UIDPLUS") else self.client.expunge()
        except (IMAPClientError, OSError) as error:
            raise MailboxDown(str(error)) from error


def _utc(at: datetime | None) -> datetime:
    """imapclient gives INTERNALDATE as naive local time."""
    return at.astimezone(UTC) if at else datetime.now(UTC)
