"""A mailbox's new mail → the ledger → intake → the folders for settled mail, batch by batch.

Hides what a server may refuse: one message, whatever is asked of it, or one move. Either is noted, tried again in
growing pauses and told once; the other mails never wait for it. The lease is taken for a batch, not for the network.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.data import ledger, store, troubles
from pipeline.data.engine import lease, reading, writing
from pipeline.data.ledger import Arrival
from pipeline.data.states import ItemState
from pipeline.intake import holding, mails
from pipeline.mail.mailbox import Fetched, Mailbox, MailboxDown
from pipeline.notices import it_officer
from pipeline.office import logs
from pipeline.work import App, Report, Work

log = logging.getLogger(__name__)
NOT_MINE = "poller_lain"  # in a report: another poller had the mail for longer than PATIENCE, so nothing was taken in
PATIENCE = 30.0  # seconds to wait for another poller
IN_A_ROW = 5  # messages that fail one after another: then it is the server, not the mails
AT_ONCE = 500  # messages whose sizes are asked for together
ALL = 0  # no message has this UID (RFC 3501, 2.3.1.1): stands for many together
LONE = 3  # moves of one message that are tried after a move of many was refused


@dataclass
class Collector:
    """One poll of one mailbox."""

    app: App
    box: Mailbox
    _moved: list[int] = field(default_factory=list)  # to be noted with the next commit
    _refused: list[int] = field(default_factory=list)  # UIDs that the server did not hand out
    _in_a_row: int = 0
    _error: str = ""
    _away: bool = False  # the server has taken no connection after a failure
    _careful: bool = False  # the poll before ended like that

    @property
    def place(self) -> tuple[str, str, int]:
        return self.box.conf.name, self.box.conf.folder, self.box.uidvalidity

    def run(self) -> Report:
        """Fetch and commit what is new, take it in, then move what is settled. MailboxDown."""
        waiting = self.box.waiting()
        wanted = self._wanted(waiting)
        if not self._leftovers():
            return {"surat_masuk": 0, NOT_MINE: 1}
        done: Report = {"surat_masuk": 0}
        try:
            for batch in self._batches(wanted):
                if not self._settle(batch):
                    done[NOT_MINE] = 1
                    break
                done["surat_masuk"] += len(batch)
        finally:
            self._note_moved()
            self._tell()
        return done | ({"tak_terambil": len(self._refused)} if self._refused else {})

    def _wanted(self, waiting: Sequence[int]) -> list[int]:
        """What is new, less what the server has refused and may not be asked for yet."""
        with reading(self.app.engine) as session:
            known = ledger.seen(session, *self.place, waiting)
            pauses = troubles.known(session, troubles.FETCH, self.place)
        self._careful = pauses.pop(ALL, None) is not None
        if gone := pauses.keys() - set(waiting):  # somebody took it away
            with writing(self.app.engine) as session:
                troubles.over(session, troubles.FETCH, self.place, gone)
        now = self.app.clock()
        return [
            uid for uid in waiting if uid not in known and not (uid in pauses and now < pauses[uid])
        ]

    def _leftovers(self) -> bool:
        """What a run left behind that was killed comes first; False if another poller is at it."""
        with lease(self.app.engine, "intake", PATIENCE) as mine:
            if not mine:
                return False
            with reading(self.app.engine) as session:
                new = ledger.new_items(session)
            mails.take_in_all(self.app, new)
            self._moved += self._file_away()
            return True

    # ---- fetching ----

    def _batches(self, uids: Sequence[int]) -> Iterator[list[Fetched]]:
        """All that the server hands out, oldest first."""
        for start in range(0, len(uids), AT_ONCE):
            some = uids[start : start + AT_ONCE]
            if start == 0 and self._careful:
                yield from self._one_by_one(some)
                self._note_careful(False)
                continue
            try:
                plans = list(self.box.plan(some))
            except Exception as error:  # noqa: BLE001 - one message may be enough that the sizes of many cannot be had
                self._failed(error)
                yield from self._one_by_one(some)
                continue
            for sizes in plans:
                yield from self._batch(sizes)

    def _batch(self, sizes: dict[int, int]) -> Iterator[list[Fetched]]:
        try:
            batch = self.box.take(sizes)
        except Exception as error:  # noqa: BLE001 - a library may stumble over one message as well as the server
            self._failed(error)
            yield from self._one_by_one(list(sizes))
            return
        self._in_a_row = 0
        yield batch

    def _failed(self, error: Exception) -> None:
        """Many messages together could not be had. Where the server does not even take a connection after that, it may
        have died of one of them: the next poll begins with one message at a time."""
        log.warning("batch: %s; one by one", logs.what(error))
        try:
            self.box.reopen()
        except MailboxDown:
            self._note_careful(True)
            raise

    def _note_careful(self, careful: bool) -> None:
        with writing(self.app.engine) as session:
            if careful:
                troubles.failed(session, troubles.FETCH, self.place, ALL, "", self.app.clock())
            else:
                troubles.over(session, troubles.FETCH, self.place, [ALL])

    def _one_by_one(self, uids: Sequence[int]) -> Iterator[list[Fetched]]:
        """Each message alone, twice if need be: the line may have broken just then."""
        for uid in uids:
            batch = self._alone(uid, last=False) or self._alone(uid, last=True)
            if batch:
                self._in_a_row = 0
                yield batch
            elif self._in_a_row >= IN_A_ROW:
                raise MailboxDown(f"IMAP {self.box.conf.host}:{self.box.conf.port}: {self._error}")

    def _alone(self, uid: int, *, last: bool) -> list[Fetched]:
        """One message; nothing where the server does not hand it out, which is noted at the last try."""
        try:
            return [one for plan in self.box.plan([uid]) for one in self.box.take(plan)]
        except Exception as error:  # noqa: BLE001
            self._error = f"{type(error).__name__}: {error}"
        try:
            self.box.reopen()
        except (
            MailboxDown
        ):  # it may have died of this very message, and must not be asked for it first thing again
            self._away = last = True
            raise
        finally:
            if last:
                self._refuse(uid)
        return []

    def _refuse(self, uid: int) -> None:
        self._in_a_row += 1
        self._refused.append(uid)
        with writing(self.app.engine) as session:
            troubles.failed(session, troubles.FETCH, self.place, uid, self._error, self.app.clock())

    def _tell(self) -> None:
        """To the JFU and the IT officer, once: which mails they have to look at in the mailbox itself.

        Where one after another fails it may be the server; that is told at the second time.
        """
        with reading(self.app.engine) as session:
            rows = troubles.untold(session, troubles.FETCH, self.place, self._refused)
        doubtful = self._away or self._in_a_row >= IN_A_ROW
        rows = [row for row in rows if row.tries > 1 or not doubtful]
        if not rows:
            return
        found = [
            it_officer.Unread(self.box.conf.user, self.box.conf.folder, *self._envelope(row.uid))
            for row in rows
        ]
        with self.app.writing() as work:
            for row in troubles.untold(
                work.session, troubles.FETCH, self.place, [row.uid for row in rows]
            ):
                row.told_at = self.app.clock()
            it_officer.unread_mails(work, found)

    def _envelope(self, uid: int) -> tuple[str, str]:
        try:
            return self.box.envelope(uid)
        except Exception as error:  # noqa: BLE001 - that it cannot be read is known; who wrote it may stay unknown
            log.warning("envelope: %s", logs.what(error))
            return "", ""

    # ---- keeping and filing away ----

    def _settle(self, batch: list[Fetched]) -> bool:
        """Commit, take in, move; False if another poller does not let go. A mail may answer the one before it, so no
        two batches are taken in at once."""
        with lease(self.app.engine, "intake", PATIENCE) as mine:
            if not mine:
                _close(batch)
                return False
            item_ids = self._keep(batch)
            mails.take_in_all(self.app, item_ids)
            self._moved = self._file_away([one.uid for one in batch])
            return True

    def _keep(self, batch: list[Fetched]) -> list[int]:
        """Commit the bytes and where they were seen, and which of the batch before have been moved; ids of the items.
        A mail beyond the limit is held at once."""
        found = [(one, Arrival(*self.place, one.uid, one.arrived)) for one in batch]
        engine, raws = self.app.engine, [one.raw for one in batch if one.whole]
        with store.ahead(engine, raws), writing(engine) as session:
            now = self.app.clock()
            ledger.moved(session, *self.place, self._moved, now)
            troubles.over(session, troubles.FETCH, self.place, [one.uid for one in batch])
            whole = [(one.raw, arrival) for one, arrival in found if one.whole]
            items = ledger.receive(session, "mail", whole, now) if whole else []
            work = Work(session, self.app.settings, now)
            holding.completed(
                work, [(item, raw) for item, (raw, _) in zip(items, whole, strict=True)]
            )
            for one, arrival in found:
                if not one.whole and isinstance(one.raw, bytes):
                    holding.refuse(work, arrival, one.raw, one.size)
        self._moved = []
        _close(batch)
        return [item.id for item in items]

    def _note_moved(self) -> None:
        if self._moved:
            with writing(self.app.engine) as session:
                ledger.moved(session, *self.place, self._moved, self.app.clock())
            self._moved = []

    def _file_away(self, uids: Sequence[int] = ()) -> list[int]:
        """Move settled mail to Diproses or Ditahan; the UIDs that are to be noted as moved, with the next commit. One
        that was killed before is harmless to move again. Housekeeping: what is refused stays where it lies."""
        with reading(self.app.engine) as session:
            settled = ledger.settled(session, *self.place, uids)
        folders = {
            ItemState.DONE: self.box.conf.folder_done,
            ItemState.HELD: self.box.conf.folder_held,
        }
        return [uid for state, some in settled.items() for uid in self._move(some, folders[state])]

    def _move(self, uids: list[int], folder: str) -> list[int]:
        """Which of these have been moved."""
        target = (self.box.conf.name, folder, 0)
        with reading(self.app.engine) as session:
            pause = troubles.known(session, troubles.MOVE, target).get(0)
        if pause is not None and self.app.clock() < pause:
            return []
        moved, error = self._try_moves(uids, folder)
        if error:
            self._move_refused(target, error)
        elif pause is not None:
            with writing(self.app.engine) as session:
                troubles.over(session, troubles.MOVE, target, [0])
        return moved

    def _try_moves(self, uids: list[int], folder: str) -> tuple[list[int], str]:
        """(what was moved, why not all): together, else one by one, for it may be a single message that is refused."""
        error = self._moves(uids, folder)
        if not error:
            return uids, ""
        moved: list[int] = []
        failures = 0
        for uid in uids:
            if failures >= LONE:
                break
            if again := self._moves([uid], folder):
                failures, error = failures + 1, again
            else:
                moved.append(uid)
        return moved, error if len(moved) < len(uids) else ""

    def _moves(self, uids: list[int], folder: str) -> str:
        """Why the server did not move these; "" if it did. The connection is a fresh one after a failure, and that
        makes a folder anew which somebody has deleted. MailboxDown if there is no server any more."""
        try:
            self.box.move(uids, folder)
        except MailboxDown as error:
            log.warning("move to %s: %s", folder, error)
            self.box.reopen()
            return str(error)
        return ""

    def _move_refused(self, target: troubles.Place, error: str) -> None:
        """Noted, and told once to the IT officer."""
        with writing(self.app.engine) as session:
            now = self.app.clock()
            row = troubles.failed(session, troubles.MOVE, target, 0, error, now)
            if row.told_at is None:
                row.told_at = now
                it_officer.move_refused(
                    Work(session, self.app.settings, now), self.box.conf.user, target[1], error
                )


def _close(batch: Sequence[Fetched]) -> None:
    for one in batch:
        if not isinstance(one.raw, bytes):
            one.raw.close()


# ---- the steps -----------------------------------------------------------------------------------------------


def mail(app: App) -> Report:
    """Every mailbox once; one that is down does not stop the others."""
    done: Counter[str] = Counter(surat_masuk=0)
    faults = []
    for conf in app.settings.mailboxes:
        try:
            with Mailbox(app.settings, conf) as box:
                done.update(collect(app, box))
        except MailboxDown as error:
            faults.append(str(error))
    if faults:
        raise MailboxDown("; ".join(faults))
    return dict(done)


def collect(app: App, box: Mailbox) -> Report:
    """Fetch and commit what is new, take it in, then move what is settled. MailboxDown."""
    return Collector(app, box).run()


def take_in(app: App) -> Report:
    """Settle every item that is new, unless somebody is at it."""
    with lease(app.engine, "intake") as mine:
        return _take_in(app) if mine else {}


def _take_in(app: App) -> Report:
    with reading(app.engine) as session:
        waiting = ledger.new_items(session)
    states = mails.take_in_all(app, waiting)
    return {"diproses": states.count(ItemState.DONE), "ditahan": states.count(ItemState.HELD)}
