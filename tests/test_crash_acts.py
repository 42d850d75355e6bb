"""Every act of the SOP is killed before and after each of its commits; the official presses once more.

What must hold each time: the act is done exactly once, with its mails, and the history is whole. A code that was right
is not lost with the process, and no held mail becomes two complaints.
"""

from __future__ import annotations

import base64
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import event, select

from pipeline.access import browsers
from pipeline.data.engine import reading
from pipeline.data.tables import Item, Task
from pipeline.intake import mails as intake
from pipeline.office.sop import TaskKind
from tests.kantor import SIGNED, SITI, Office, Page, office
from tests.test_crash import KILLED, Victims, victims

__all__ = ["victims"]


@dataclass(frozen=True)
class Act:
    """How the office comes to where it can be done, who does it, and what is typed."""

    way: Callable[[Office], object]
    who: str
    aksi: str
    fields: Mapping[str, object]


def held_mail(kantor: Office) -> None:
    kantor.arrive(
        b"From: siti@warga.example\r\nX-Spam-Flag: YES\r\nSubject: Lampu\r\n\r\nLampu padam.\r\n"
    )
    kantor.settle()


def two_complaints(kantor: Office) -> None:
    kantor.citizen_sends()
    kantor.citizen_sends("Lampu mati", sender="budi@warga.example", name="Budi")


def asked(kantor: Office) -> None:
    kantor.to_clarification()
    kantor.press("sekretaris", "tanya_unit", petugas="kasubag-umum", pertanyaan="Benar?")


MEETING: dict[str, Any] = {
    "waktu": "2026-12-04T09:00",
    "tempat": "Aula",
    "undangan": "kasubag-umum",
}


def invited(kantor: Office) -> None:
    kantor.to_decision()
    kantor.press("kepala", "rapat", **MEETING)


ACTS = [
    Act(Office.citizen_sends, "jfu-1", "laporkan", {"ringkasan": "Lampu padam."}),
    Act(
        Office.citizen_sends,
        "jfu-1",
        "pisahkan",
        {"perihal_lain": "Wifi", "isi_lain": "Wifi mati."},
    ),
    Act(Office.citizen_sends, "jfu-1", "bukan_pengaduan", {"alasan": "Uji coba."}),
    Act(
        Office.to_clarification,
        "sekretaris",
        "tanya_pengadu",
        {"pertanyaan": "Tiang nomor berapa?"},
    ),
    Act(
        Office.to_clarification,
        "sekretaris",
        "tanya_unit",
        {"pertanyaan": "Benar?", "petugas": ["kasubag-umum"]},
    ),
    Act(Office.to_clarification, "sekretaris", "laporkan_kepala", {"hasil": "Benar."}),
    Act(
        Office.to_decision,
        "kepala",
        "putuskan",
        {"keputusan": "ditindaklanjuti", "perintah": "Sampaikan beres."},
    ),
    Act(Office.to_letter, "sekretaris", "ajukan", {}),
    Act(
        Office.to_signature,
        "kepala",
        "tandatangani",
        {"bertanda_tangan": ("a.jpg", SIGNED), "tanpa_kode": "ya", "ttd_terlihat": "ya"},
    ),
    Act(Office.to_delivery, "jfu-1", "kirim_email", {}),
    Act(held_mail, "jfu-1", "terima", {}),
    Act(held_mail, "jfu-1", "catat_slip", {"perihal": "Lampu", "isi": "Lampu padam."}),
    Act(two_complaints, "jfu-1", "gabungkan", {"nomor": "PGD-2026-000001"}),
    Act(
        asked,
        "sekretaris",
        "tarik_pertanyaan",
        {"ditarik": "kasubag-umum", "alasan": "Sudah jelas."},
    ),
    Act(asked, "kasubag-umum", "jawab", {"jawaban": "Benar padam."}),
    Act(Office.to_decision, "kepala", "rapat", MEETING),
    Act(invited, "kepala", "batal_rapat", {"alasan": "Dinas luar."}),
    Act(Office.to_decision, "kepala", "kembalikan", {"alasan": "Mohon dilengkapi."}),
    Act(
        Office.to_end,
        "jfu-1",
        "kirim_ulang",
        {"email": "siti@baru.example", "alasan": "Alamat baru."},
    ),
    Act(Office.to_end, "jfu-1", "buka_kembali", {"alasan": "Masih padam."}),
]


class Stage:
    """An office at one moment, to which it can be put back."""

    def __init__(self, kantor: Office) -> None:
        self.kantor, self.kept = kantor, kantor.folder / "tersimpan"
        self.kept.mkdir()
        self.now, self.sent = kantor.clock.now, len(kantor.post.sent)
        kantor.engine.dispose()
        for file in self._files(kantor.folder):
            shutil.copy(file, self.kept / file.name)

    def again(self) -> None:
        self.kantor.engine.dispose()
        for file in self._files(self.kantor.folder):
            file.unlink()
        for file in self._files(self.kept):
            shutil.copy(file, self.kantor.folder / file.name)
        self.kantor.clock.now = self.now
        del self.kantor.post.server.outgoing[self.sent :]

    def _files(self, folder: Path) -> list[Path]:
        return [file for file in folder.glob("aduan.db*") if file.suffix != ".intake"]


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as running:
        yield running


def form_of(page: Page, act: Act) -> dict[str, Any]:
    """The form as crash_child sends it."""
    filled = page.forms[act.aksi].filled(act.fields)
    files = {
        name: (v[1], base64.b64encode(v[0].read()).decode())
        for name, v in filled.items()
        if isinstance(v, tuple)
    }
    values = {name: value for name, value in filled.items() if not isinstance(value, tuple)}
    return {"path": page.forms[act.aksi].url, "values": values, "files": files, "cookies": {}}


def state(kantor: Office) -> tuple[Any, ...]:
    """What an act has made: complaints by stage, events, tasks, mails, items; of each how many."""
    complaints = kantor.complaints()
    with reading(kantor.engine) as session:
        tasks = Counter((task.kind, task.outcome or "") for task in session.scalars(select(Task)))
        items = Counter(session.scalars(select(Item.state)))
    events = [kantor.events(one.number) for one in complaints]
    mails = Counter((row.name, row.recipient) for row in kantor.outbox() if row.name != "kode")
    return [(c.number, c.stage) for c in complaints], events, tasks, items, mails


def known(kantor: Office, who: str) -> dict[str, str]:
    secure = kantor.settings.web.base_url.startswith("https:")
    return {browsers.cookie_name(who, secure): kantor.know(who)}


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.aksi)
def test_an_act_that_is_killed_at_any_commit_is_done_once(
    act: Act, victims: Victims, kantor: Office
) -> None:
    act.way(kantor)
    cookies = known(kantor, act.who)
    page = kantor.page(kantor.link(act.who, act.aksi))
    done_once(victims, kantor, {**form_of(page, act), "cookies": cookies})


def done_once(victims: Victims, kantor: Office, form: Mapping[str, Any]) -> None:
    """Send it killed at each commit, then once more: it has done what it does when nothing kills it."""
    stage = Stage(kantor)
    assert victims.run(kantor, post=form) == 0
    kantor.settle()
    whole = state(kantor)
    for when in ("before", "after"):
        for n in range(1, 20):
            stage.again()
            code = victims.run(kantor, when, n, post=form)
            if code == 0:
                break
            assert code == KILLED, (when, n)
            victims.run(kantor, post=form)  # they press once more
            kantor.settle()
            assert state(kantor) == whole, (when, n)
            assert kantor.audit() == []
        assert n > 1, "it commits"


def test_an_act_is_taken_back_once_wherever_that_is_killed(
    victims: Victims, tmp_path: Path
) -> None:
    with office(tmp_path, smtp={"tunda_menit": 2}) as kantor:
        kantor.citizen_sends()
        kantor.later(minutes=3)
        kantor.settle()
        kantor.press("jfu-1", "laporkan", ringkasan="Lampu padam.")
        kantor.later(minutes=3)
        kantor.settle()
        cookies = known(kantor, "sekretaris")
        task = kantor.link("sekretaris", "tanya_pengadu")
        kantor.press(task, "tanya_pengadu", pertanyaan="Tiang nomor berapa?", settle=False)
        done_once(victims, kantor, plain_post(f"{task}/batalkan", cookies))
        kantor.later(minutes=5)
        kantor.settle()
        assert not any("Mohon keterangan" in mail.subject for mail in kantor.inbox())


def test_an_export_is_asked_for_once_wherever_that_is_killed(
    victims: Victims, kantor: Office
) -> None:
    kantor.citizen_sends()
    book = f"{kantor.link('jfu-1', 'laporkan')}/buku"
    done_once(victims, kantor, plain_post(f"{book}/docx", known(kantor, "jfu-1")))
    kantor.settle()
    assert [row.recipient for row in kantor.outbox("ekspor_siap")] == ["jfu@kominfo.example"]


def plain_post(url: str, cookies: Mapping[str, str]) -> dict[str, Any]:
    return {"path": urlsplit(url).path, "values": {}, "files": {}, "cookies": cookies}


def test_a_right_code_is_not_lost_with_the_process(victims: Victims, kantor: Office) -> None:
    kantor.citizen_sends()
    act = ACTS[0]
    page = kantor.page(kantor.link(act.who, act.aksi))
    asked = kantor.web.post(page.url, data=page.forms[act.aksi].filled(act.fields)).headers[
        "Location"
    ]
    name = kantor.cookie(browsers.GUEST)  # a code works in the browser that asked for it alone
    guest = kantor.web.get_cookie(name)
    assert guest is not None
    form = {
        "path": asked,
        "values": {"kode": kantor.code()},
        "files": {},
        "cookies": {name: guest.value},
    }
    stage = Stage(kantor)
    assert victims.run(kantor, post=form) == 0
    kantor.settle()
    whole = state(kantor)
    for when in ("before", "after"):
        for n in range(1, 20):
            stage.again()
            code = victims.run(kantor, when, n, post=form)
            if code == 0:
                break
            victims.run(kantor, post=form)
            kantor.settle()
            assert state(kantor) == whole, (when, n)
        assert n > 2, "it commits"


def test_a_database_that_is_busy_once_costs_neither_code_nor_act(kantor: Office) -> None:
    kantor.citizen_sends()
    page = kantor.page(kantor.link("jfu-1", "laporkan"))
    form = page.forms["laporkan"].filled({"ringkasan": "Lampu padam."})
    asked = kantor.web.post(page.url, data=form).headers["Location"]
    code = kantor.code()
    with refusing_commit(kantor, 2):
        assert kantor.web.post(asked, data={"kode": code}).status_code == 500
    assert kantor.web.post(asked, data={"kode": code}).status_code == 303
    kantor.settle()
    assert kantor.newest("sekretaris")
    assert kantor.web.post(asked, data={"kode": code}).status_code == 410


class refusing_commit:
    """The n-th commit fails as on a locked database."""

    def __init__(self, kantor: Office, n: int) -> None:
        self.engine, self.left = kantor.engine, n

    def _fail(self, _connection: object) -> None:
        self.left -= 1
        if self.left == 0:
            raise OSError("database is locked")

    def __enter__(self) -> None:
        event.listen(self.engine, "commit", self._fail)

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "commit", self._fail)


def test_a_release_that_is_killed_makes_one_complaint(victims: Victims, kantor: Office) -> None:
    """Afterwards the JFU presses "terima" on the task that may be open still."""
    held_mail(kantor)
    url = kantor.link("jfu-1", "terima")
    page, cookies = kantor.page(url), known(kantor, "jfu-1")
    form = {**form_of(page, ACTS[10]), "cookies": cookies}
    with reading(kantor.engine) as session:
        item_id = session.scalars(select(Item.id)).one()
    stage = Stage(kantor)
    for when in ("before", "after"):
        for n in range(1, 10):
            stage.again()
            code = victims.run(kantor, when, n, release=item_id)
            victims.run(kantor, post=form)
            kantor.settle()
            assert len(kantor.complaints()) == 1, (when, n)
            assert len(kantor.outbox("tanda_terima")) == 1
            with pytest.raises(KeyError):
                intake.release(kantor.app, item_id)
            if code == 0:
                break


def test_terima_on_a_mail_that_could_be_read_meanwhile_makes_no_second_complaint(
    kantor: Office,
) -> None:
    held_mail(kantor)
    url = kantor.link("jfu-1", "terima")
    with reading(kantor.engine) as session:
        item_id = session.scalars(select(Item.id)).one()
    assert intake.release(kantor.app, item_id) == "done"
    kantor.settle()
    with reading(kantor.engine) as session:
        task = session.scalars(select(Task).where(Task.kind == TaskKind.TERTAHAN)).one()
        assert task.closed_at is not None
    assert "terima" not in kantor.page(url).forms
    assert [c.email for c in kantor.complaints()] == [SITI]
