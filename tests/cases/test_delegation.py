"""Acting holders: between two dates another person holds the roles, the open tasks go over and come back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from pipeline import cases
from pipeline.casefile.holders import tasks_of
from pipeline.cases import Forbidden, Invalid
from pipeline.cases.chain import SYSTEM
from pipeline.data import in_force, store
from pipeline.data.engine import reading
from pipeline.office.config import Penjabat, Petugas
from pipeline.office.sop import EventKind, Role, Stage, TaskKind
from pipeline.running import poller
from pipeline.work import App
from tests.desk import Desk, desk_in, jakarta
from tests.kantor import SIGNED

FROM, TO = (
    date(2026, 11, 25),
    date(2026, 11, 27),
)  # Wednesday to Friday; the desk's clock stands on Tuesday


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


def delegate(
    desk: Desk, away: str = "kepala", acting: str = "sekretaris", form: str = "plh"
) -> int:
    with desk.work() as work:
        return cases.delegate(work, away, acting, form, FROM, TO, SYSTEM).id


def head(desk: Desk) -> Petugas:
    with reading(desk.engine) as session:
        return in_force.settings(session, desk.settings, desk.clock()).holders(Role.KEPALA)[0]


def lane(desk: Desk) -> None:
    poller.remind(App(desk.settings, desk.engine, desk.clock))


def test_holds_the_role_on_both_days_and_all_between(desk: Desk) -> None:
    delegate(desk)
    seen = {}
    for at in (jakarta(24, 23, 59), jakarta(25, 0), jakarta(27, 23, 59), jakarta(28, 0)):
        desk.clock.now = at
        seen[at] = head(desk)
    assert [p.kode for p in seen.values()] == ["kepala", "sekretaris", "sekretaris", "kepala"]
    acting = seen[jakarta(25, 0)]
    assert isinstance(acting, Penjabat)
    assert (acting.bentuk, acting.mewakili) == ("Plh.", "kepala")
    assert acting.jabatan == "Plh. Kepala Dinas Komunikasi dan Informatika"
    assert acting.nama == "Ratih Kusumawardani"
    assert acting.peran == (Role.KEPALA,)


def test_open_tasks_go_over_at_the_first_office_hour_with_a_new_link(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    delegate(desk)
    desk.clock.now = jakarta(25, 6)
    lane(desk)
    assert [m.recipient for m in desk.mails("tugas_keputusan")] == ["kepala@kominfo.example"]
    desk.clock.now = jakarta(25, 7, 31)
    lane(desk)
    lane(desk)
    last = desk.mails("tugas_keputusan")[1:]
    assert [m.recipient for m in last] == ["sekretaris@kominfo.example"]
    words = " ".join(last[0].text.split())
    assert (
        "Yth. Bapak/Ibu Ratih Kusumawardani, Plh. Kepala Dinas Komunikasi dan Informatika" in words
    )
    assert (
        "sebelumnya ada pada NOOR AFLAH, S.Kom (Kepala Dinas Komunikasi dan Informatika)" in words
    )
    assert desk.kinds(number)[-1] is EventKind.DELEGATED


def test_only_the_one_who_stands_in_may_act_and_the_history_names_the_form(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    delegate(desk)
    desk.clock.now = jakarta(25, 9)
    with pytest.raises(Forbidden):
        desk.press(
            "kepala",
            "putuskan",
            number=number,
            keputusan="ditolak",
            perintah="Tolak.",
            disampaikan="Tolak.",
        )
    desk.press(
        "sekretaris",
        "putuskan",
        number=number,
        keputusan="ditolak",
        perintah="Tolak.",
        disampaikan="Tolak.",
    )
    event = next(e for e, _ in desk.events(number) if e.kind is EventKind.DECIDED)
    assert (event.actor, event.actor_title) == (
        "sekretaris",
        "Plh. Kepala Dinas Komunikasi dan Informatika",
    )
    desk.jobs()
    desk.press("sekretaris", "ajukan", number=number)
    own = next(e for e, _ in desk.events(number) if e.kind is EventKind.SUBMITTED)
    assert own.actor_title == "Sekretaris"


def test_the_letter_is_signed_in_the_acting_form(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    delegate(desk, form="plt")
    desk.clock.now = jakarta(25, 9)
    desk.press(
        "sekretaris",
        "putuskan",
        number=number,
        keputusan="ditolak",
        perintah="Tolak.",
        disampaikan="Tolak.",
    )
    desk.jobs()
    with reading(desk.engine) as session:
        document = next(d for d in desk.documents(number) if d.kind == "konsep")
        letter = (
            ZipFile(BytesIO(store.get(session, document.sha256))).read("word/document.xml").decode()
        )
    words = re.sub(r"<[^>]+>", "", letter)
    assert "plt. kepala dinas" in words.lower()
    assert "Ratih Kusumawardani" in words


def words_of(desk: Desk, number: str, kind: str) -> str:
    with reading(desk.engine) as session:
        document = next(d for d in desk.documents(number) if d.kind == kind)
        letter = (
            ZipFile(BytesIO(store.get(session, document.sha256))).read("word/document.xml").decode()
        )
    return re.sub(r"<[^>]+>", "", letter.replace("<w:br/>", "\n"))


def test_who_signs_on_behalf_signs_and_decides_nothing(desk: Desk) -> None:
    """Naskah dinas: "a.n. Kepala Dinas" with the own post below it; the Kepala Dinas stays in office."""
    number = desk.to(Stage.KEPUTUSAN)
    delegate(desk, form="an")
    desk.clock.now = jakarta(25, 9)
    lane(desk)
    assert head(desk).kode == "kepala"
    with pytest.raises(Forbidden):
        desk.press(
            "sekretaris",
            "putuskan",
            number=number,
            keputusan="ditolak",
            perintah="Tolak.",
            disampaikan="Tolak.",
        )
    desk.to(Stage.TANDA_TANGAN, number)
    assert (
        "a.n. Kepala Dinas Komunikasi dan Informatika\nSekretaris,Ratih Kusumawardani"
        in words_of(desk, number, "akhir")
    )
    assert desk.mails("tugas_tanda_tangan")[-1].recipient == "sekretaris@kominfo.example"
    with reading(desk.engine) as session:
        now = in_force.settings(session, desk.settings, desk.clock())
        waiting = {
            code: [t.kind for t in tasks_of(session, now, code)]
            for code in ("kepala", "sekretaris")
        }
    assert waiting == {"kepala": [], "sekretaris": [TaskKind.TANDA_TANGAN]}
    with pytest.raises(Forbidden):
        desk.press(
            "kepala", "tandatangani", number=number, files={"bertanda_tangan": ("s.jpg", SIGNED)}
        )
    desk.press(
        "sekretaris", "tandatangani", number=number, files={"bertanda_tangan": ("s.jpg", SIGNED)}
    )
    event = next(e for e, _ in desk.events(number) if e.kind is EventKind.SIGNED)
    assert event.actor_title == "Sekretaris a.n. Kepala Dinas Komunikasi dan Informatika"
    facts = next(d for d in desk.documents(number) if d.kind == "ttd").facts or {}
    assert facts["penanda"] == "Ratih Kusumawardani"


def test_only_the_signature_goes_over_to_who_signs_on_behalf(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    desk.to(Stage.TANDA_TANGAN, desk.record())
    delegate(desk, form="an")
    for day in (25, 30):
        desk.clock.now = jakarta(day, 9)
        lane(desk)
    signing = [m.recipient.partition("@")[0] for m in desk.mails("tugas_tanda_tangan")]
    assert signing == ["kepala", "sekretaris", "kepala"]
    assert {m.recipient for m in desk.mails("tugas_keputusan")} == {"kepala@kominfo.example"}


def test_letters_are_the_heads_alone_to_have_signed_on_behalf(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        delegate(desk, "kasubag-umum", "kasi-infrastruktur", form="an")
    assert set(refused.value.errors) == {"sebagai"}


def test_a_question_to_one_official_goes_over_too(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    desk.press(
        "sekretaris", "tanya_unit", number=number, petugas=["kasubag-umum"], pertanyaan="Benarkah?"
    )
    delegate(desk, "kasubag-umum", "kasi-infrastruktur")
    desk.clock.now = jakarta(25, 9)
    lane(desk)
    task = desk.task("jawab", number, "kasubag-umum")
    desk.press("kasi-infrastruktur", "jawab", task=task, jawaban="Benar.")
    event = next(e for e, _ in desk.events(number) if e.kind is EventKind.UNIT_ANSWERED)
    assert event.actor_title == "Plh. Kasubag Umum"


def test_what_is_open_at_the_end_comes_back(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    delegate(desk)
    for day in (25, 30):
        desk.clock.now = jakarta(day, 9)
        lane(desk)
    assert [m.recipient.partition("@")[0] for m in desk.mails("tugas_keputusan")] == [
        "kepala",
        "sekretaris",
        "kepala",
    ]
    assert "sebelumnya ada pada Ratih Kusumawardani" in " ".join(
        desk.mails("tugas_keputusan")[-1].text.split()
    )
    desk.press(
        "kepala",
        "putuskan",
        number=number,
        keputusan="ditolak",
        perintah="Tolak.",
        disampaikan="Tolak.",
    )
    assert desk.faults() == []


def test_ended_early_it_ends_at_once(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    row = delegate(desk)
    desk.clock.now = jakarta(25, 9)
    lane(desk)
    with desk.work() as work:
        cases.end_delegation(work, row)
    assert head(desk).kode == "kepala"
    assert desk.mails("tugas_keputusan")[-1].recipient == "kepala@kominfo.example"
    with desk.work() as work, pytest.raises(KeyError):
        cases.end_delegation(work, row)


def test_what_begins_today_begins_at_once(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    desk.clock.now = jakarta(25, 9)
    delegate(desk)
    assert [m.recipient.partition("@")[0] for m in desk.mails("tugas_keputusan")] == [
        "kepala",
        "sekretaris",
    ]


@pytest.mark.parametrize(
    ("away", "acting", "form", "first", "last", "field"),
    [
        ("tidak-ada", "sekretaris", "plh", FROM, TO, "dari"),
        ("kepala", "tidak-ada", "plh", FROM, TO, "kepada"),
        ("kepala", "kepala", "plh", FROM, TO, "kepada"),
        ("kepala", "sekretaris", "pjs", FROM, TO, "sebagai"),
        ("kepala", "sekretaris", "plh", TO, FROM, "mulai"),
        ("kepala", "sekretaris", "plh", date(2026, 11, 23), TO, "mulai"),
    ],
)
def test_what_cannot_be_is_refused_with_words(
    desk: Desk, away: str, acting: str, form: str, first: date, last: date, field: str
) -> None:
    with desk.work() as work, pytest.raises(Invalid) as refused:
        cases.delegate(work, away, acting, form, first, last, SYSTEM)
    assert field in refused.value.errors


def test_nobody_stands_in_twice_or_for_one_who_stands_in(desk: Desk) -> None:
    delegate(desk)
    for away, acting in (("kepala", "jfu-1"), ("sekretaris", "jfu-1"), ("jfu-1", "kepala")):
        with pytest.raises(Invalid):
            delegate(desk, away, acting)
    delegate(desk, "kasubag-umum", "kasi-infrastruktur")
