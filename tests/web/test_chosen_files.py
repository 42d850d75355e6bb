"""A file that was chosen is not chosen twice: it survives what another field of its form got wrong."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select

from pipeline.access import chosen
from pipeline.data.engine import reading, writing
from pipeline.data.tables import ChosenFile, Document, Task
from pipeline.office.sop import Stage, TaskKind
from pipeline.running.sweep import sweep
from tests.desk import desk_in
from tests.kantor import SIGNED, Form, Office, Page, office

ANSWER = ("foto-tiang.jpg", SIGNED)
FIELD = "berkas"


def picture(number: int) -> tuple[str, bytes]:
    """A small photo, another for each number."""
    out = BytesIO()
    Image.new("RGB", (40, 30), (number * 9, 90, 200)).save(out, "JPEG")
    return (f"foto-{number}.jpg", out.getvalue())


OTHER = picture(0)


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as running:
        running.citizen_sends()
        running.know("jfu-1", "sekretaris")
        running.press("jfu-1", "laporkan", ringkasan="Lampu padam.")
        running.press(
            "sekretaris", "tanya_unit", petugas=["kasi-infrastruktur"], pertanyaan="Kapan diganti?"
        )
        yield running


def asked(kantor: Office) -> Form:
    return kantor.page(kantor.link("kasi-infrastruktur", "jawab")).forms["jawab"]


def came_back(kantor: Office, page: Page) -> Form:
    assert page.status == 422
    assert f"Pakai {ANSWER[0]} yang sudah dipilih" in page.text
    return page.forms["jawab"]


def stored(kantor: Office, *names: str) -> list[str]:
    with reading(kantor.engine) as session:
        return list(session.scalars(select(Document.name).where(Document.name.in_(names))))


def waiting(kantor: Office) -> int:
    with reading(kantor.engine) as session:
        return session.scalar(select(func.count()).select_from(ChosenFile)) or 0


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_file_survives_an_error_in_another_field(kantor: Office, known: bool) -> None:
    """Also where the browser is not known yet, and the act waits for its code."""
    if known:
        kantor.know("kasi-infrastruktur")
    form = came_back(kantor, kantor.send(asked(kantor), {"jawaban": "", FIELD: ANSWER}))
    assert kantor.send(form, {"jawaban": "Besok pagi."}).status == 200
    assert stored(kantor, ANSWER[0]) == [ANSWER[0]]
    assert waiting(kantor) == 0  # the task is done


def test_what_is_unticked_is_left_out_and_what_is_chosen_anew_counts(kantor: Office) -> None:
    kantor.know("kasi-infrastruktur")
    form = came_back(kantor, kantor.send(asked(kantor), {"jawaban": "", FIELD: ANSWER}))
    other = kantor.send(form, {"jawaban": "", FIELD: OTHER})
    assert f"Pakai {OTHER[0]} yang sudah dipilih" in other.text
    kept = other.forms["jawab"]
    del kept.values[f"terpilih_{FIELD}"]
    assert kantor.send(kept, {"jawaban": "Besok pagi."}).status == 200
    assert stored(kantor, ANSWER[0], OTHER[0]) == []


def test_file_that_is_wrong_itself_is_not_offered_again(kantor: Office) -> None:
    kantor.know("kasi-infrastruktur")
    page = kantor.send(asked(kantor), {"jawaban": "", FIELD: ("program.exe", b"MZ\x90\x00" * 40)})
    assert page.status == 422
    assert "yang sudah dipilih" not in page.text


def test_after_an_hour_it_is_said_that_the_file_has_to_be_chosen_again(kantor: Office) -> None:
    """And nothing is done meanwhile: an answer without its photo would be another answer."""
    kantor.know("kasi-infrastruktur")
    form = came_back(kantor, kantor.send(asked(kantor), {"jawaban": "", FIELD: ANSWER}))
    kantor.later(hours=1)
    page = kantor.send(form, {"jawaban": "Besok pagi."})
    assert page.status == 422
    assert "hanya tersimpan satu jam" in page.text
    assert "Besok pagi." in page.text
    assert kantor.tasks(TaskKind.KETERANGAN, open_only=True)
    assert sweep(kantor.engine, kantor.clock()) >= 1
    assert waiting(kantor) == 0


def test_hash_of_a_file_that_was_never_sent_here_gives_nothing(kantor: Office) -> None:
    kantor.know("kasi-infrastruktur")
    form = asked(kantor)
    form.values[f"terpilih_{FIELD}"] = ["0" * 64]
    page = kantor.send(form, {"jawaban": "Besok pagi."})
    assert page.status == 422
    assert kantor.stage() is Stage.KLARIFIKASI


def test_at_the_counter_too(kantor: Office) -> None:
    kantor.citizen_sends("Selokan mampat", "Selokan di Jalan Kenanga mampat.")
    path = kantor.link("jfu-1", "laporkan").partition("?")[0]
    form = kantor.page(f"{path}/catat").forms["catat"]
    page = kantor.send(
        form, {"kanal": "langsung", "perihal": "Wifi taman", "isi": "", FIELD: ANSWER}
    )
    assert page.status == 422
    kantor.send(page.forms["catat"], {"isi": "Wifi taman mati."})
    assert [c.perihal for c in kantor.complaints()].count("Wifi taman") == 1
    assert stored(kantor, ANSWER[0]) == [ANSWER[0]]


def test_few_files_are_kept_of_one_task(kantor: Office) -> None:
    """Whoever has a link may send as many as they like."""
    for number in range(12):
        kantor.send(asked(kantor), {"jawaban": "", FIELD: picture(number)})
    assert waiting(kantor) == 8


def test_the_same_file_sent_twice_at_once_is_kept_once(tmp_path: Path, postgres_url: str) -> None:
    """An impatient finger, where several may write at once: the second waits for the first and is no error."""
    with desk_in(tmp_path, postgres_url) as desk:
        desk.record()
        task_id = desk.tasks()[0].id

        def second() -> None:
            with writing(desk.engine) as session:
                chosen.keep(session, session.get_one(Task, task_id), {FIELD: ANSWER}, desk.clock())

        with ThreadPoolExecutor() as pool:
            with writing(desk.engine) as session:
                said = chosen.keep(
                    session, session.get_one(Task, task_id), {FIELD: ANSWER}, desk.clock()
                )
                other = pool.submit(second)
                with pytest.raises(FutureTimeout):
                    other.result(timeout=1)
            other.result(timeout=120)
        with reading(desk.engine) as session:
            rows = session.scalars(select(ChosenFile)).all()
        assert [(one.name, [one.sha256]) for one in rows] == [
            (ANSWER[0], said[f"terpilih_{FIELD}"])
        ]
