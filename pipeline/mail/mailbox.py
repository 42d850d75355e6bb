"""IMAP in. Hides imapclient, TLS, batches, big messages, IDLE and MOVE.

Nothing is deleted and `\\Seen` is neither read nor set: what is new is what the ledger has no sighting of. The
caller commits the bytes before it asks for a move.
"""

from __future__ import annotations

import select
import socket
import ssl
import tempfile
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from itertools import islice
from types import TracebackType
from typing import BinaryIO, Concatenate, ParamSpec, TypeVar

from imapclient import DELETED, IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from pipeline.data import store
from pipeline.mail import message, oauth
from pipeline.office import config
from pipeline.office.config import Oauth, Settings, trust

CHUNK = 2**20
IDLE_AGAIN = (
    9 * 60
)  # seconds; servers end an IDLE that stands too long (RFC 2177 says 29 minutes, many say 10)

P = ParamSpec("P")
T = TypeVar("T")


class MailboxDown(Exception):
    """The IMAP server could not be used; the message says why. Nothing was changed."""


@dataclass(frozen=True)
class Fetched:
    """One message as the server holds it. `arrived` is INTERNALDATE in UTC, `size` what the server says.

    A big message is an open file without a name, gone with the process. One beyond the mailbox's limit comes without
    its body (`whole` is false).
    """

    uid: int
    raw: bytes | BinaryIO
    arrived: datetime
    size: int
    whole: bool = True


def _told(act: Callable[Concatenate[Mailbox, P], T]) -> Callable[Concatenate[Mailbox, P], T]:
    """MailboxDown for whatever the server or the line does; a mailbox that waits stops waiting first."""

    @wraps(act)
    def told(box: Mailbox, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            box._stir()
            return act(box, *args, **kwargs)
        except (IMAPClientError, OSError) as error:
            raise box._down(error) from error

    return told


class Mailbox:
    """A logged-in connection; a context manager. MailboxDown whenever the server fails."""

    def __init__(
        self, settings: Settings, conf: config.MailboxConf | None = None, timeout: float = 30
    ) -> None:
        self.settings, self.conf, self.timeout = settings, conf or settings.imap, timeout
        self.uidvalidity = 0
        self._idle_since: float | None = None

    def __enter__(self) -> Mailbox:
        try:
            self.client = self._connect()
            self._folders()
        except (IMAPClientError, OSError, oauth.OAuthError) as error:
            raise self._down(error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._stir()
            self.client.logout()
        except (IMAPClientError, OSError):
            with suppress(OSError):
                self.client.shutdown()

    def reopen(self) -> None:
        """A fresh connection with the folder open: after a failure nobody knows what the server answers next."""
        with suppress(OSError):
            self.client.shutdown()
        self._idle_since = None
        before = self.uidvalidity
        self.__enter__()
        self._open(self.conf.folder)
        if before not in (0, self.uidvalidity):
            raise MailboxDown(
                f"IMAP {self.conf.host}:{self.conf.port}: UIDVALIDITY"
            )  # the UIDs in hand are no more

    def _down(self, error: Exception) -> MailboxDown:
        return MailboxDown(f"IMAP {self.conf.host}:{self.conf.port}: {error}")

    def _connect(self) -> IMAPClient:
        conf = self.conf
        context = None if conf.security == "tanpa" else trust(self.settings, conf.ca_file)
        client = IMAPClient(
            conf.host,
            port=conf.port,
            ssl=conf.security == "tls",
            ssl_context=context if conf.security == "tls" else None,
            timeout=self.timeout,
        )
        client._imap.debug = (
            0  # else every mail is written out for a log, twice, even where nobody keeps one
        )
        try:
            if conf.security == "starttls":
                client.starttls(context)
            client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if account := self.settings.oauth_of(conf.user):
                self._log_in(client, account)
            else:
                client.login(conf.user, self.settings.secret(conf.secret))
        except BaseException:
            with suppress(OSError):
                client.shutdown()
            raise
        return client

    def _log_in(self, client: IMAPClient, account: Oauth) -> None:
        offered = {
            one.removeprefix(b"AUTH=").decode()
            for one in client.capabilities()
            if one.startswith(b"AUTH=")
        }
        login = (
            client.oauth2_login
            if oauth.mechanism(offered) == "XOAUTH2"
            else client.oauthbearer_login
        )
        try:
            login(account.user, oauth.access_token(self.settings, account, self.timeout))
        except LoginError:
            oauth.forget(self.settings, account)
            raise

    def _folders(self) -> None:
        """Make the folders for settled mail. Another poller may make one at this moment, or nobody may: MOVE will tell,
        and mail is fetched all the same."""
        for folder in (self.conf.folder_done, self.conf.folder_held):
            if self.client.folder_exists(folder):
                continue
            with suppress(IMAPClientError):
                self.client.create_folder(folder)
            with suppress(IMAPClientError):
                self.client.subscribe_folder(folder)

    @_told
    def waiting(self) -> Sequence[int]:
        """UIDs in the folder, oldest first. The folder is opened anew, so that a changed UIDVALIDITY is seen."""
        return self._uids(self.conf.folder)

    @_told
    def listing(self, folder: str) -> tuple[int, Sequence[int]]:
        """(UIDVALIDITY, UIDs) of any folder of the mailbox, oldest first."""
        uids = self._uids(folder)
        return self.uidvalidity, uids

    @_told
    def _open(self, folder: str) -> None:
        self.uidvalidity = int(self.client.select_folder(folder)[b"UIDVALIDITY"])

    def _uids(self, folder: str) -> Sequence[int]:
        self._open(folder)
        return array(
            "Q", sorted(self.client.search("ALL"))
        )  # a hundred thousand take a quarter of a list's room

    def fetch(self, uids: Iterable[int]) -> Iterator[list[Fetched]]:
        """The messages in small batches, `\\Seen` untouched. Left out, until the next poll, is one that vanished
        meanwhile, and one of which the server gives nothing although it has a size."""
        for sizes in self.plan(uids):
            yield self.take(sizes)

    def plan(self, uids: Iterable[int]) -> Iterator[dict[int, int]]:
        """The batches in which `take` is to be asked for these: {UID: size}, without those that vanished."""
        rest = iter(uids)
        while wanted := list(islice(rest, 500)):
            sizes = self._sizes(wanted)
            alone = store.BATCH_BYTES + 1  # where the limit is a small one
            weights = {uid: size if size <= self._limit else alone for uid, size in sizes.items()}
            for some in store.batches(weights.items()):
                yield {uid: sizes[uid] for uid in some}

    @property
    def _limit(self) -> int:
        return self.conf.max_mb * 2**20

    @_told
    def _sizes(self, uids: list[int]) -> dict[int, int]:
        found = self.client.fetch(uids, ["RFC822.SIZE"])
        return {uid: int(found[uid].get(b"RFC822.SIZE", 1)) for uid in uids if uid in found}

    @_told
    def take(self, sizes: dict[int, int]) -> list[Fetched]:
        """The messages of one batch of `plan`; a failure does not tell which of them made it."""
        if len(sizes) == 1:
            ((uid, size),) = sizes.items()
            if size > self._limit:
                return self._headers(uid, size)
            if size > store.BATCH_BYTES:
                return self._big(uid, size)
        found = self.client.fetch(list(sizes), ["BODY.PEEK[]", "INTERNALDATE"])
        messages = []
        for uid, size in sizes.items():
            told = found.get(uid, {})
            raw = told.get(b"BODY[]", b"") or b""
            is_there = b"BODY[]" in told
            # The sizes themselves are not compared: some servers (Exchange) only estimate them.
            if is_there and (raw or size == 0):
                messages.append(Fetched(uid, raw, _utc(told.get(b"INTERNALDATE")), size))
        return messages

    @_told
    def envelope(self, uid: int) -> tuple[str, str]:
        """(sender's address, subject) of a message that cannot be fetched, from what the server has noted of it; ""
        where it does not say."""
        found = self.client.fetch([uid], ["ENVELOPE"]).get(uid, {}).get(b"ENVELOPE")
        if found is None:
            return "", ""
        subject = b" ".join((found.subject or b"").split())
        sender = b""
        if found.from_:
            writer = found.from_[0]
            sender = (writer.mailbox or b"") + b"@" + (writer.host or b"")
        # Read as the head of a mail, for names and subjects are encoded there in the same way.
        head = message.read(b"From: <" + sender + b">\r\nSubject: " + subject + b"\r\n\r\n")
        return head.sender.email if head.sender else "", head.subject

    @_told
    def deleted(self, uids: Sequence[int]) -> set[int]:
        """Which of these messages, of the folder that was listed last, are marked to be deleted."""
        found = self.client.get_flags(list(uids)) if uids else {}
        return {uid for uid, flags in found.items() if DELETED in flags}

    def heads(self, uids: list[int]) -> Iterator[list[Fetched]]:
        """The heads alone of messages in the folder that was listed last, some hundred at once."""
        for start in range(0, len(uids), 200):
            yield self._heads(uids[start : start + 200])

    @_told
    def _heads(self, uids: list[int]) -> list[Fetched]:
        found = self.client.fetch(uids, ["BODY.PEEK[HEADER]", "INTERNALDATE", "RFC822.SIZE"])
        return [
            Fetched(
                uid,
                found[uid][b"BODY[HEADER]"] or b"",
                _utc(found[uid].get(b"INTERNALDATE")),
                int(found[uid].get(b"RFC822.SIZE", 0)),
                whole=False,
            )
            for uid in uids
            if uid in found and b"BODY[HEADER]" in found[uid]
        ]

    def _headers(self, uid: int, size: int) -> list[Fetched]:
        found = self.client.fetch([uid], ["BODY.PEEK[HEADER]", "INTERNALDATE"]).get(uid, {})
        raw = found.get(b"BODY[HEADER]")
        if not raw:
            return []
        arrived = _utc(found.get(b"INTERNALDATE"))
        return [Fetched(uid, raw, arrived, size, whole=False)]

    def _big(self, uid: int, size: int) -> list[Fetched]:
        """By and by into a file that has no name, so that memory stays small and nothing is left behind."""
        arrived = self.client.fetch([uid], ["INTERNALDATE"]).get(uid, {}).get(b"INTERNALDATE")
        file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - the one who stores it closes it
        start, ended = 0, False
        while not ended or start < size:
            found = self.client.fetch([uid], [f"BODY.PEEK[]<{start}.{CHUNK}>"]).get(uid, {})
            chunk = next((value for key, value in found.items() if key.startswith(b"BODY[]")), None)
            if not chunk:
                break
            file.write(chunk)
            start += len(chunk)
            ended = (
                len(chunk) < CHUNK
            )  # a short one is the end, or the most that this server gives at once
        if ended or start >= size:
            return [Fetched(uid, file, _utc(arrived), size)]
        file.close()  # it went away meanwhile, or its server has trouble: half a mail is none
        return []

    @_told
    def move(self, uids: list[int], folder: str) -> None:
        """Move messages, by MOVE or by copy and expunge of just these where the server lacks it. Where it lacks
        UIDPLUS too the originals stay, marked as deleted: EXPUNGE would take what a person marked along."""
        if not uids:
            return
        if self.client.has_capability("MOVE"):
            self.client.move(uids, folder)
        else:
            self.client.copy(uids, folder)
            self.client.delete_messages(uids)
            if self.client.has_capability("UIDPLUS"):
                self.client.uid_expunge(uids)

    # ---- waiting for the server to say that something came (RFC 2177) ----

    @property
    def can_wait(self) -> bool:
        """Whether the server knows IDLE."""
        return bool(self.client.has_capability("IDLE"))

    @property
    def idling(self) -> bool:
        return self._idle_since is not None

    def wait(self, seconds: float) -> bool:
        """True as soon as the server announces a change in the folder, False after `seconds`.

        The mailbox goes on waiting between calls, until it is asked for anything else.
        """
        try:
            if (
                self._idle_since is not None
                and time.monotonic() - self._idle_since > IDLE_AGAIN
                and self._stir()
            ):
                return True
            if self._idle_since is None:
                self.client.idle()
                self._idle_since = time.monotonic()
            if (
                not self._has_line()
                and not select.select([self.client.socket()], [], [], seconds)[0]
            ):
                return False
            return self._stir()
        except (IMAPClientError, OSError) as error:
            raise self._down(error) from error

    def _has_line(self) -> bool:
        """Whether an announcement has been read from the socket already, together with the answer before it."""
        connection = self.client.socket()
        connection.settimeout(0)
        try:
            return bool(self.client._imap.file.peek(1))  # reads nothing away
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            connection.settimeout(self.timeout)

    def _stir(self) -> bool:
        """Stop waiting; True if something was announced meanwhile."""
        if self._idle_since is None:
            return False
        self._idle_since = None
        _, said = self.client.idle_done()
        return any(b"EXISTS" in line or b"RECENT" in line for line in said)


def _utc(at: datetime | None) -> datetime:
    """imapclient gives INTERNALDATE as naive local time."""
    return at.astimezone(UTC) if at else datetime.now(UTC)
