"""Slow work: done once, never for what is out of date, and what goes wrong with one does not stop the next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from pipeline.cases.chain import Actor
from pipeline.cases.erasure import erase
from pipeline.cases.letters import store_pdf
from pipeline.data import jobs
from pipeline.data.engine import reading, writing
from pipeline.data.packed import RUINED
from pipeline.data.states import JobKind
from pipeline.data.tables import Document, Job, Outbox
from pipeline.mail import settled
from pipeline.office.sop import Decision, Stage
from pipeline.running import drafting, sweep
from pipeline.work import App, Work
from tests.desk import Desk, desk_in
from tests.stall import stalled

OPERATOR = Actor("ti", "Petugas TI", "Petugas TI")


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[Desk]:
    with desk_in(tmp_path, database_url) as one:
        yield one


def app_of(desk: Desk) -> App:
    return App(desk.settings, desk.engine, desk.clock)


def all_jobs(desk: Desk, kind: JobKind) -> list[Job]:
    with reading(desk.engine) as session:
        return list(session.scalars(select(Job).where(Job.kind == kind).order_by(Job.id)))


def put(desk: Desk, kind: JobKind, subject: int) -> int:
    with writing(desk.engine) as session:
        jobs.put(session, kind, subject, desk.clock())
    return all_jobs(desk, kind)[-1].id


def decided(desk: Desk) -> str:
    """A case whose draft is to be made."""
    number = desk.to(Stage.KEPUTUSAN)
    desk.press(
        "kepala", "putuskan", number=number, keputusan="ditolak", perintah="Tolak dengan sopan."
    )
    return number


def test_whatever_goes_wrong_with_one_job_the_next_is_done(desk: Desk) -> None:
    """The letter of a case that is no longer there: the error stays on its job, and the lane goes on."""
    put(desk, JobKind.FRESH_DRAFT, 999)
    number = decided(desk)
    assert drafting.letters(app_of(desk))["konsep"] == 1
    broken, done = all_jobs(desk, JobKind.FRESH_DRAFT)
    assert "NoResultFound" in broken.error
    assert (broken.state, done.state) == ("due", "done")
    assert [d.kind for d in desk.documents(number)] == ["konsep"]
    assert drafting.letters(app_of(desk))["konsep"] == 0


def test_erasing_a_case_takes_its_jobs_away(desk: Desk) -> None:
    """A PDF of a letter that is gone is neither tried again nor brought back by a run that was under way."""
    number = desk.to(Stage.SELESAI)
    letter = next(d for d in desk.documents(number) if d.kind == "konsep")
    with writing(desk.engine) as session:
        session.execute(update(Outbox).values(state="sent", told=True))
    job_id = put(desk, JobKind.MAKE_PDF, letter.id)
    with jobs.claimed(desk.engine, job_id) as job:
        assert job is not None
        with desk.work() as work:
            erase(work, desk.complaint(number).id, OPERATOR, "permintaan")
        with pytest.raises(Exception), jobs.finishing(desk.engine, job) as session:  # noqa: B017, PT011 - gone either way
            store_pdf(Work(session, desk.settings, desk.clock()), letter.id, b"%PDF-1.4", [b"x"], 1)
    assert all_jobs(desk, JobKind.MAKE_PDF) == []
    assert drafting.pictures(app_of(desk)) == {"pdf": 0, "halaman": 0, "ekspor": 0}
    with reading(desk.engine) as session:
        assert (
            session.scalars(select(Document).where(Document.kind.in_(("pdf", "rupa")))).all() == []
        )


def test_a_letter_that_was_overtaken_by_another_decision_is_not_kept(desk: Desk) -> None:
    """The draft of *ditolak* is being made while the Kepala Dinas decides anew: the case gets that of the new decision,
    and only that."""
    number = decided(desk)
    with stalled("reading", 4) as point:  # what is due, twice for the claim, and the case itself
        first = point.run(lambda: drafting.letters(app_of(desk)))
        desk.press("sekretaris", "kembalikan", number=number, alasan="Mohon dilihat lagi.")
        desk.press(
            "kepala",
            "putuskan",
            number=number,
            keputusan="ditindaklanjuti",
            perintah="Lampu diperbaiki.",
        )
    assert first.result(60)["konsep"] == 0
    assert desk.documents(number) == []
    assert drafting.letters(app_of(desk))["konsep"] == 1
    assert desk.complaint(number).decision is Decision.DITINDAKLANJUTI
    [draft] = desk.documents(number)
    assert "ditolak" not in " ".join((draft.facts or {})["alinea"]).lower()
    assert len(desk.mails("tugas_jawaban")) == 1


def test_two_pollers_make_one_letter(desk: Desk) -> None:
    """While one has the job the other finds nothing to do, and goes on at once."""
    number = decided(desk)
    with stalled("reading", 4) as point:
        first = point.run(lambda: drafting.letters(app_of(desk)))
        assert drafting.letters(app_of(desk))["konsep"] == 0
    assert first.result(60)["konsep"] == 1
    assert len(desk.documents(number)) == 1


def test_work_and_done_are_one_transaction(desk: Desk) -> None:
    """What was made is there exactly when the job is done: a result that cannot be committed leaves the job due."""
    number = decided(desk)
    [job] = all_jobs(desk, JobKind.FRESH_DRAFT)
    with jobs.claimed(desk.engine, job.id) as claim:
        assert claim is not None
        with pytest.raises(ValueError), jobs.finishing(desk.engine, claim) as session:  # noqa: PT011, PT012
            jobs.put(session, JobKind.EXPORT, 1, desk.clock())
            raise ValueError
        assert all_jobs(desk, JobKind.EXPORT) == []
        assert all_jobs(desk, JobKind.FRESH_DRAFT)[0].state == "due"
        with jobs.finishing(desk.engine, claim) as session:
            jobs.put(session, JobKind.EXPORT, 1, desk.clock())
        assert [one.state for one in all_jobs(desk, JobKind.FRESH_DRAFT)] == ["done"]
        with pytest.raises(jobs.Overtaken), jobs.finishing(desk.engine, claim) as session:
            jobs.put(session, JobKind.EXPORT, 2, desk.clock())
        assert len(all_jobs(desk, JobKind.EXPORT)) == 1
    assert desk.documents(number) == []


def test_what_the_machinery_leaves_behind_is_swept_once_a_day(desk: Desk) -> None:
    """Done jobs, ended links, old digests, how mails looked; the case keeps its own, and the newest link its id."""
    number = desk.to(Stage.SELESAI)
    before = (desk.kinds(number), len(desk.documents(number)))
    with writing(desk.engine) as session:
        session.execute(update(Outbox).where(Outbox.id > 1).values(state="sent", told=True))
    desk.later(days=400)
    assert sweep.sweep(desk.engine, desk.clock()) > 0
    with reading(desk.engine) as session:
        assert [one.state for one in session.scalars(select(Job)) if one.state == "done"] == []
    waiting, *others = desk.mails()
    assert waiting.html, "one that has not left yet keeps what it is to be sent as"
    assert all(one.html == "" and one.html_hash for one in others)
    with reading(desk.engine) as session:
        texts = settled.Texts(session)
        said = [texts.of(one.id, one.text, one.pack_id) for one in others]
    assert all(said), "what it said stays, be it in a pack"
    assert RUINED not in said
    assert sweep.sweep(desk.engine, desk.clock()) == 0
    assert (desk.kinds(number), len(desk.documents(number))) == before
    assert desk.faults() == []
