"""A page that somebody left open, and what others did meanwhile: every kind of task with every act it offers, against
every change that matters.

Each test opens a page, lets one thing happen, and sends every form of the page as it was drawn. None may act; each
comes back with what was typed and with what is new, or says who was first.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import cases
from pipeline.cases.chain import SYSTEM
from pipeline.cases.outcomes import bounced
from pipeline.cases.record import citizen_wrote
from pipeline.cases.stuck import tell
from pipeline.cases.withdrawal import make_sure
from pipeline.data.states import JobKind
from pipeline.data.store import get
from pipeline.data.tables import Task
from pipeline.office.actions import ACTIONS, Action, Field, FieldKind
from pipeline.office.sop import Channel, Stage, TaskKind
from tests.browser import Browser
from tests.desk import PEOPLE, Desk, desk_in
from tests.intake.test_scans import stack
from tests.kantor import SIGNED, Form, Page

NEWS = "Ada yang baru sejak halaman ini dibuka"
TYPED = "Kalimat yang tadi diketik."
WORDS = "Tiangnya tadi malam roboh."
SPAM = b"X-Spam-Flag: YES\r\nFrom: s@lain.example\r\nTo: aduan@kominfo.example\r\nSubject: Hadiah\r\n\r\nKlik"
AGENCY: dict[str, Any] = {
    "keputusan": "bukan_wewenang",
    "instansi": "PT PLN",
    "perintah": "Teruskan ke PLN.",
    "disampaikan": "Bahwa meteran diurus oleh PLN.",
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


# ---- how a case comes to a task of each kind ------------------------------------------------------------------


def _to(stage: Stage) -> Callable[[Desk], str]:
    return lambda desk: desk.to(stage)


def _asked(desk: Desk) -> str:
    """A Kasubag who was asked, and may read what the pengadu wrote."""
    number = desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tandai", number=number, prioritas="biasa", teks_terbuka="ya")
    desk.press("sekretaris", "tanya_unit", number=number, petugas=["kasubag-umum"])
    return number


def _to_be_rung(desk: Desk) -> str:
    number = desk.record(email="", channel=Channel.LANGSUNG, telepon="0812 5550 0117")
    desk.press("jfu-1", "laporkan", number=number)
    desk.press("sekretaris", "tanya_pengadu", number=number, pertanyaan="Tiang nomor berapa?")
    return number


def _perhaps_withdrawn(desk: Desk) -> str:
    number = desk.to(Stage.KEPUTUSAN)
    _takes_back(desk, number)
    return number


def _stuck(desk: Desk) -> str:
    number = desk.to(Stage.JAWABAN)
    with desk.work() as work:
        tell(work, JobKind.FRESH_DRAFT, desk.complaint(number).id, "LibreOffice berhenti.")
    return number


def _on_its_way(desk: Desk) -> str:
    number = desk.to(Stage.PENYAMPAIAN)
    desk.press("jfu-1", "kirim_email", number=number)
    return number


def _with_covering(desk: Desk) -> str:
    number = desk.to(Stage.KEPUTUSAN)
    desk.press("kepala", "putuskan", number=number, **AGENCY)
    desk.jobs()
    return desk.to(Stage.PENYAMPAIAN, number)


def _merged(desk: Desk) -> str:
    parent, child = desk.to(Stage.KLARIFIKASI), desk.record(nama="Budi")
    desk.press("jfu-1", "gabungkan", number=child, nomor=parent)
    return child


ROADS: dict[TaskKind, Callable[[Desk], str]] = {
    TaskKind.CATAT: _to(Stage.PENERIMAAN),
    TaskKind.KLARIFIKASI: _to(Stage.KLARIFIKASI),
    TaskKind.KETERANGAN: _asked,
    TaskKind.TANYA: _to_be_rung,
    TaskKind.PENCABUTAN: _perhaps_withdrawn,
    TaskKind.MACET: _stuck,
    TaskKind.KEPUTUSAN: _to(Stage.KEPUTUSAN),
    TaskKind.JAWABAN: _to(Stage.JAWABAN),
    TaskKind.TANDA_TANGAN: _to(Stage.TANDA_TANGAN),
    TaskKind.PENYAMPAIAN: _to(Stage.PENYAMPAIAN),
    TaskKind.PENGIRIMAN: _on_its_way,
    TaskKind.PENGANTAR: _with_covering,
    TaskKind.ARSIP: _to(Stage.SELESAI),
    TaskKind.GABUNGAN: _merged,
}
OF_CASES = tuple(ROADS)
HOLDER = PEOPLE | dict.fromkeys((TaskKind.TANYA, TaskKind.PENCABUTAN, TaskKind.PENGIRIMAN), "jfu-1")
HOLDER |= {TaskKind.MACET: "sekretaris"}


# ---- what may happen meanwhile --------------------------------------------------------------------------------


def writes(desk: Desk, number: str, text: str) -> None:
    with desk.work() as work:
        citizen_wrote(work, desk.complaint(number).id, text, [], None)


def _word(desk: Desk, number: str) -> None:
    writes(desk, number, WORDS)


def _takes_back(desk: Desk, number: str) -> None:
    text = "Pengaduan ini saya cabut."
    with desk.work() as work:
        complaint = citizen_wrote(work, desk.complaint(number).id, text, [], None)
        make_sure(work, complaint, text)


def _asks_for_secrecy(desk: Desk, number: str) -> None:
    writes(desk, number, "Mohon nama saya dirahasiakan.")


def _withdrawn(desk: Desk, number: str) -> None:
    """It is sure: a JFU has confirmed it, and nothing is left to be done."""
    _takes_back(desk, number)
    desk.press("jfu-2", "cabut", number=number)


def _unit_answers(desk: Desk, number: str) -> None:
    """Late or in time."""
    asked = [t for t in desk.tasks(number) if t.kind is TaskKind.KETERANGAN]
    desk.press("kasi-infrastruktur", "jawab", number=number, task=asked[0], jawaban=WORDS)


def _marks(who: str, **more: Any) -> Callable[[Desk, str], None]:
    def act(desk: Desk, number: str) -> None:
        desk.press(who, "tandai", number=number, prioritas="segera", rahasia="ya", **more)

    return act


def _joined(desk: Desk, number: str) -> None:
    other = desk.record(nama="Budi")
    desk.press("jfu-2", "gabungkan", number=other, nomor=number)


def _merged_away(desk: Desk, number: str) -> None:
    parent = desk.record(nama="Budi")
    task = next(t for t in desk.tasks(number, open_only=True) if _offers(t, "gabungkan"))
    desk.press("jfu-2", "gabungkan", number=number, task=task, nomor=parent)


def _released(desk: Desk, number: str) -> None:
    """Whoever was merged into it goes their own way again."""
    (child,) = [c for c in desk.complaints() if c.parent_id == desk.complaint(number).id]
    desk.press("jfu-2", "lepaskan", number=child.number)


def _merged_one_writes(desk: Desk, number: str) -> None:
    (child,) = [c for c in desk.complaints() if c.parent_id == desk.complaint(number).id]
    writes(desk, child.number, WORDS)


def _corrects(desk: Desk, number: str) -> None:
    desk.press("jfu-2", "koreksi", number=number, nama="Siti R.", alamat="Jalan Mawar 5")


def _bounces(desk: Desk, number: str) -> None:
    """The receipt comes back: the address is wrong."""
    with desk.work() as work:
        receipt = next(
            m for m in desk.mails("tanda_terima") if m.complaint_id == desk.complaint(number).id
        )
        bounced(work, work.session.get_one(type(receipt), receipt.id), True, "550 no")


def _asked_again(desk: Desk, number: str) -> None:
    desk.press("sekretaris", "tanya_unit", number=number, petugas=["kasubag-umum"])


def _stands_in(desk: Desk, number: str) -> None:
    """Whoever holds the page's task is away from today on."""
    kind = _KIND[number]
    today = desk.clock().astimezone(desk.settings.zone).date()
    acting = "kasi-infrastruktur"
    with desk.work() as work:
        cases.delegate(work, HOLDER[kind], acting, "plh", today, today, SYSTEM)


def _another_acts(desk: Desk, number: str) -> None:
    """Somebody else of the same post does the first thing that the task offers."""
    kind = _KIND[number]
    task = next(t for t in desk.tasks(number, open_only=True) if t.kind is kind)
    name = "sampaikan" if kind is TaskKind.PENYAMPAIAN else ACTIONS[kind][0].name
    given = next(a for a in ACTIONS[kind] if a.name == name)
    typed, files = values(desk, number, given)
    desk.press("jfu-2", name, number=number, task=task, files=files, **typed)


_KIND: dict[str, TaskKind] = {}
BEFORE_LETTER = (TaskKind.CATAT, TaskKind.KLARIFIKASI, TaskKind.KEPUTUSAN)
MERGING = (*BEFORE_LETTER, TaskKind.JAWABAN, TaskKind.TANDA_TANGAN, TaskKind.MACET)
# Until the letter stands, and each who was merged has a copy of their own.
WAITED_FOR = tuple(kind for kind in MERGING if kind is not TaskKind.TANDA_TANGAN)
AFTER_UNIT = (
    TaskKind.KLARIFIKASI,
    TaskKind.KEPUTUSAN,
    TaskKind.JAWABAN,
    TaskKind.TANDA_TANGAN,
    TaskKind.PENYAMPAIAN,
    TaskKind.MACET,
)
RUNNING = tuple(kind for kind in OF_CASES if kind not in (TaskKind.ARSIP, TaskKind.PENCABUTAN))
BY_JFU = (
    TaskKind.CATAT,
    TaskKind.TANYA,
    TaskKind.PENCABUTAN,
    TaskKind.PENYAMPAIAN,
    TaskKind.PENGIRIMAN,
    TaskKind.PENGANTAR,
    TaskKind.ARSIP,
    TaskKind.GABUNGAN,
)
ANSWERED = (TaskKind.TANYA,)  # a word of the pengadu is the answer: nobody needs to ask any more


@dataclass(frozen=True)
class Change:
    """What happens, on pages of which kinds, and what of it the page says when it comes back."""

    do: Callable[[Desk, str], None]
    kinds: tuple[TaskKind, ...]
    said: str = ""
    before: Callable[[Desk, str], None] | None = None  # what has to be there for it


def _ask_another_unit(desk: Desk, number: str) -> None:
    desk.press("sekretaris", "tanya_unit", number=number, petugas=["kasi-infrastruktur"])


CHANGES: dict[str, Change] = {
    "kata pengadu": Change(_word, OF_CASES, WORDS),
    "kata cabut": Change(_takes_back, OF_CASES, "saya cabut"),
    "minta rahasia": Change(_asks_for_secrecy, RUNNING, "dirahasiakan"),
    "dicabut": Change(_withdrawn, RUNNING),
    "kata unit": Change(_unit_answers, AFTER_UNIT, WORDS, _ask_another_unit),
    "tanda JFU": Change(_marks("jfu-2"), (TaskKind.CATAT, TaskKind.GABUNGAN), "Segera"),
    "tanda Sekretaris": Change(
        _marks("sekretaris"), (TaskKind.KETERANGAN, TaskKind.TANYA), "egera"
    ),
    "tanda Kepala": Change(_marks("kepala"), (TaskKind.PENCABUTAN,), "egera"),
    "bergabung": Change(_joined, MERGING, "Digabung dari"),
    "digabung": Change(_merged_away, BEFORE_LETTER),
    "lepas": Change(_released, WAITED_FOR, "Dilepaskan", _joined),
    "kata yang digabung": Change(_merged_one_writes, WAITED_FOR, "menulis", _joined),
    "koreksi": Change(
        _corrects, (TaskKind.PENYAMPAIAN, TaskKind.ARSIP, TaskKind.GABUNGAN), "diperbaiki"
    ),
    "tanda terima kembali": Change(_bounces, tuple(k for k in RUNNING if k is not TaskKind.TANYA)),
    "ditanya lagi": Change(_asked_again, (TaskKind.KETERANGAN,)),
    "delegasi": Change(_stands_in, tuple(k for k in OF_CASES if k not in BY_JFU)),
    "dikerjakan orang lain": Change(_another_acts, BY_JFU),
}
# What a unit is not shown, or is not its own, stops no answer of it.
NOT_ITS_OWN = {
    (TaskKind.KETERANGAN, name)
    for name in ("kata pengadu", "kata cabut", "dicabut", "tanda terima kembali")
}
CELLS = [
    (kind, name)
    for name, change in CHANGES.items()
    for kind in change.kinds
    if (kind, name) not in NOT_ITS_OWN
]


# ---- the table ------------------------------------------------------------------------------------------------


Files = dict[str, tuple[str, bytes]]


def values(desk: Desk, number: str, given: Action) -> tuple[dict[str, Any], Files]:
    """A form that is filled in well, and its files."""
    typed: dict[str, Any] = {}
    files: Files = {}
    for one in given.fields:
        if one.kind is FieldKind.SURAT:
            draft = [d for d in desk.documents(number) if d.kind == "konsep"][-1]
            files[one.name] = ("surat.docx", _content(desk, draft.sha256))
        elif one.kind in (FieldKind.PINDAIAN, FieldKind.BERKAS):
            files[one.name] = ("surat.jpg", SIGNED)
        elif one.name == "nomor":
            others = [c.number for c in desk.complaints() if c.number != number]
            typed[one.name] = (others or [desk.record(nama="Budi")])[0]
        elif one.kind is FieldKind.WAKTU and given.name in AHEAD:
            soon = (desk.clock() + timedelta(days=9)).astimezone(desk.settings.zone)
            typed[one.name] = soon.strftime("%Y-%m-%dT10:00")
        elif (value := _value(one)) is not None:
            typed[one.name] = value
    return typed, files


AHEAD = ("rapat", "perpanjang")
BY_NAME: dict[str, object] = {
    "keputusan": "ditolak",
    "penerima": "Siti",
    "tanyakan": ["kasi-infrastruktur"],
    **dict.fromkeys(("ttd_terlihat", "tanpa_kode", "tetap", "yakin"), "ya"),
}
BY_KIND: dict[FieldKind, object] = {
    FieldKind.PANJANG: TYPED,
    FieldKind.PETUGAS: ["kasubag-umum"],
    FieldKind.UNIT: ["tidak_ada"],
    FieldKind.EMAIL: "lain@instansi.example",
}


def _value(one: Field) -> object:
    """What is typed into a field, or ticked; None for what stays as the page has it."""
    if one.name in BY_NAME:
        return BY_NAME[one.name]
    if one.kind in BY_KIND:
        return BY_KIND[one.kind]
    if one.kind is FieldKind.PILIH:
        return str(one.choices[0])
    return TYPED if one.kind is FieldKind.TEKS and one.required else None


def _content(desk: Desk, sha256: str) -> bytes:
    with desk.work() as work:
        return get(work.session, sha256)


def _offers(task: Task, name: str) -> bool:
    return any(a.name == name for a in ACTIONS[task.kind])


def _state(desk: Desk) -> tuple[object, ...]:
    """What an act would change: histories, stages, tasks, mails."""
    cases_ = [
        (c.number, c.stage, c.decision, c.rahasia, c.prioritas, c.terlapor, desk.seen(c.number))
        for c in desk.complaints()
    ]
    tasks = [
        (t.id, t.closed_at, t.due_at, t.paused_at)
        for c in desk.complaints()
        for t in desk.tasks(c.number)
    ]
    return cases_, tasks, [(m.id, m.state) for m in desk.mails()]


@pytest.mark.parametrize(("kind", "name"), CELLS, ids=str)
def test_old_page_does_nothing_and_comes_back(desk: Desk, kind: TaskKind, name: str) -> None:
    change, who = CHANGES[name], HOLDER[kind]
    browser = Browser(desk)
    number = ROADS[kind](desk) if change.before is None else _prepared(desk, kind, change)
    _KIND[number] = kind
    task = next(t for t in desk.tasks(number, open_only=True) if t.kind is kind)
    page = browser.open(who, task)
    assert page.status == 200, page.text[:300]
    filled = {a.name: values(desk, number, a) for a in ACTIONS[kind]}
    seen = next(iter(page.forms.values())).values["lihat"]
    change.do(desk, number)
    before = _state(desk)
    for given in ACTIONS[kind]:
        form = page.forms.get(given.name) or Form(page.url, {"aksi": [given.name], "lihat": seen})
        typed, files = filled[given.name]
        sent = typed | {key: (io.BytesIO(content), n) for key, (n, content) in files.items()}
        back = browser.send(form, sent)
        assert back.status == 409, f"{given.name}: {back.status} {_why(back)}"
        assert _state(desk) == before, given.name
        if TYPED in typed.values() and given.name in page.forms:
            assert TYPED in back.text or TYPED in _typed(back, given.name), given.name
        if NEWS in back.text and change.said:
            assert change.said in back.text, f"{given.name}: {_why(back)}"
    assert desk.faults() == []


def _prepared(desk: Desk, kind: TaskKind, change: Change) -> str:
    """The road to a task, with what has to be there for the change put in its place on the way."""
    assert change.before is not None
    number = desk.to(Stage.PENERIMAAN if kind is TaskKind.CATAT else Stage.KLARIFIKASI)
    change.before(desk, number)
    stages = {
        TaskKind.KEPUTUSAN: Stage.KEPUTUSAN,
        TaskKind.JAWABAN: Stage.JAWABAN,
        TaskKind.MACET: Stage.JAWABAN,
        TaskKind.TANDA_TANGAN: Stage.TANDA_TANGAN,
        TaskKind.PENYAMPAIAN: Stage.PENYAMPAIAN,
    }
    if kind in stages:
        desk.to(stages[kind], number)
    if kind is TaskKind.MACET:
        with desk.work() as work:
            tell(work, JobKind.FRESH_DRAFT, desk.complaint(number).id, "LibreOffice berhenti.")
    return number


def _why(page: Page) -> str:
    """The middle of a page, where it says what it did."""
    return page.text.partition("Langsung ke isi")[2][:400]


def _typed(page: Page, name: str) -> str:
    form = page.forms.get(name)
    return "" if form is None else " ".join(" ".join(many) for many in form.values.values())


def test_unit_reads_new_words_that_are_released_to_it_before_it_answers(tmp_path: Path) -> None:
    with desk_in(tmp_path, pengaduan={"tertutup": False}) as desk:
        number = _asked(desk)
        (task,) = [t for t in desk.tasks(number) if t.kind is TaskKind.KETERANGAN]
        browser = Browser(desk)
        page = browser.open("kasubag-umum", task)
        writes(desk, number, WORDS)
        back = browser.send(page.forms["jawab"], {"jawaban": TYPED})
        assert back.status == 409
        assert WORDS in back.text
        again = back.forms["jawab"]
        assert again.values["jawaban"] == [TYPED]
        assert browser.send(again, {}).status == 200


def test_unit_learns_that_a_name_is_secret_now_and_not_why(desk: Desk) -> None:
    number = _asked(desk)
    (task,) = [t for t in desk.tasks(number) if t.kind is TaskKind.KETERANGAN]
    browser = Browser(desk)
    page = browser.open("kasubag-umum", task)
    writes(desk, number, "Mohon nama saya dirahasiakan, saya takut kepada Pak RT.")
    back = browser.send(page.forms["jawab"], {"jawaban": TYPED})
    assert back.status == 409
    assert "Pengadu meminta identitasnya dirahasiakan." in back.text
    assert "Pak RT" not in back.text


def test_second_look_puts_nothing_back_that_another_has_set(desk: Desk) -> None:
    """The form that comes back has the other's mark and whom the case is about, and what this one typed."""
    number = desk.to(Stage.PENERIMAAN)
    browser = Browser(desk)
    page = browser.open("jfu-1", desk.task("tandai", number))
    desk.press("jfu-2", "tandai", number=number, prioritas="segera", terlapor=["kepala"])
    typed: dict[str, Any] = {"prioritas": "biasa", "terlapor": ["kasubag-umum"]}
    back = browser.send(page.forms["tandai"], typed)
    assert back.status == 409
    again = back.forms["tandai"]
    assert again.values["prioritas"] == ["segera"]
    assert set(again.values["terlapor"]) == {"kepala", "kasubag-umum"}


# ---- slips, held mail, reports --------------------------------------------------------------------------------


@pytest.fixture
def scanning(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path, scan={"folder": "pindaian", "baca": False}) as made:
        yield made


def test_slip_that_another_has_recorded_comes_back_as_what_was_typed(scanning: Desk) -> None:
    desk = scanning
    task, (first, _second) = stack(desk, 2)
    browser = Browser(desk)
    page = browser.open("jfu-1", task)
    typed: dict[str, Any] = {"perihal": "Lampu", "isi": "Lampu padam."}
    desk.press("jfu-2", "catat_slip", task=task, slip=str(first.id), **typed)
    back = browser.send(page.forms["catat_slip"], {"isi": TYPED, "perihal": "Lampu"})
    assert back.status == 409
    assert TYPED in back.text
    assert "Sri Wahyuni" in back.text
    assert len(desk.complaints()) == 1


def test_page_that_joined_a_slip_meanwhile_is_read_before_it_is_recorded(scanning: Desk) -> None:
    desk = scanning
    task, (_first, second) = stack(desk, 2)
    browser = Browser(desk)
    page = browser.open("jfu-1", task)
    desk.press("jfu-2", "gabungkan_halaman", task=task, slip=str(second.id))
    back = browser.send(page.forms["catat_slip"], {"isi": TYPED, "perihal": "Lampu"})
    assert back.status == 422
    assert "lembar lain digabungkan" in back.text
    assert desk.complaints() == []
    again = back.forms["catat_slip"]
    assert again.values["isi"] == [TYPED]
    assert browser.send(again, {}).status == 200
    assert len(desk.complaints()) == 1


def test_held_mail_that_another_has_settled(desk: Desk) -> None:
    item = desk.take_in(SPAM)
    (task,) = desk.item_tasks(item.id)
    browser = Browser(desk)
    page = browser.open("jfu-1", task)
    desk.press("jfu-2", "bukan_pengaduan", task=task)
    back = browser.send(page.forms["catat_slip"], {"isi": TYPED, "perihal": "Lampu"})
    assert back.status == 409
    assert TYPED in back.text
    assert desk.complaints() == []


def test_every_act_of_every_task_of_a_case_stands_in_the_table() -> None:
    of_items = {
        TaskKind.PINDAI,
        TaskKind.TERTAHAN,
        TaskKind.LAPORAN,
        TaskKind.LAPORAN_TTD,
        TaskKind.LAPORAN_KIRIM,
    }
    assert set(ROADS) | of_items == set(ACTIONS)
    assert {kind for kind, _name in CELLS} == set(ROADS)
