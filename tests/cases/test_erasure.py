"""Erasing the people in a case that is over: nothing of them is left in the file, and the history stays whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, update

from pipeline import cases, db, store
from pipeline.cases import File, NotErasable
from pipeline.db import Blob, Outbox, reading, writing
from pipeline.sop import EventKind, Stage
from tests.desk import Desk, desk_in
from tests.office import SITI

PHOTO = File("foto-rumah-siti.png", "image/png", b"\x89PNG\r\n\x1a\n" + b"tiang di depan rumah")
SECRETS = ("Siti Rahmawati", SITI, "Mawar", "0812-1111-2222", "foto-rumah-siti", "tiang di depan", "Benar padam")
MAIL = (
    b"From: Siti Rahmawati <" + SITI.encode() + b">\r\nSubject: Lampu padam di Mawar\r\nMessage-ID: <1@warga.example>"
    b"\r\n\r\nLampu di Jalan Mawar padam. Telepon saya 0812-1111-2222.\r\n"
)


def all_sent(desk: Desk) -> None:
    with writing(desk.engine) as session:
        session.execute(update(Outbox).values(state="sent", told=True))


def erase(desk: Desk, number: str) -> cases.erasure.Erased:
    complaint = desk.complaint(number)
    with desk.work() as work:
        return cases.erase(work, complaint.id, cases.actor_of(desk.person("kepala")), "permintaan tertulis")


def over(desk: Desk, number: str) -> str:
    desk.to(Stage.SELESAI, number)
    all_sent(desk)
    return number


def test_nothing_of_the_people_is_left_and_the_history_is_whole(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        desk.take_in(MAIL)
        number = desk.complaint().number
        with desk.work() as work:
            cases.citizen_wrote(work, desk.complaint(number).id, "Ini foto rumah Siti Rahmawati.", [PHOTO], None)
        over(desk, number)
        before = desk.kinds(number)
        signed = next(d for d in desk.documents(number) if d.kind == "ttd")
        with desk.engine.connect() as connection:
            kept = "\n".join(connection.connection.dbapi_connection.iterdump())  # type: ignore[union-attr]
        assert all(secret in kept for secret in SECRETS[:3]), "they were there before"
        done = erase(desk, number)
        db.settle_erased(desk.engine)
        assert (done.files > 3, done.mails > 5, done.scan_stays) == (True, True, False)
        assert desk.kinds(number) == [*before, EventKind.ERASED]
        assert desk.faults() == []
        left = desk.complaint(number)
        assert (left.number, left.stage, left.perihal) == (number, Stage.SELESAI, "(data pribadi dihapus)")
        assert left.letter_number
        assert [(d.kind, d.sha256, d.code) for d in desk.documents(number)] == [("ttd", signed.sha256, signed.code)]
    found = b"".join(path.read_bytes() for path in tmp_path.glob("aduan.db*"))
    assert {secret: found.count(secret.encode()) for secret in SECRETS} == dict.fromkeys(SECRETS, 0)
    assert number.encode() in found


def test_only_a_case_that_is_over_is_erased_and_only_once(both: Desk) -> None:
    desk = both
    number = desk.to(Stage.JAWABAN)
    with pytest.raises(NotErasable, match="belum selesai"):
        erase(desk, number)
    desk.to(Stage.SELESAI, number)
    with pytest.raises(NotErasable, match="belum terkirim"):
        erase(desk, number)
    all_sent(desk)
    erase(desk, number)
    with pytest.raises(NotErasable, match="sudah dihapus"):
        erase(desk, number)


def test_what_another_case_needs_stays(both: Desk) -> None:
    desk = both
    first, second = desk.record(files=[PHOTO]), desk.record(files=[PHOTO])
    over(desk, first)
    erase(desk, first)
    (photo,) = (d for d in desk.documents(second) if d.kind == "lampiran")
    with reading(desk.engine) as session:
        assert store.get(session, photo.sha256) == PHOTO.content
    over(desk, second)
    erase(desk, second)
    with reading(desk.engine) as session, pytest.raises(KeyError):
        store.get(session, photo.sha256)


def test_a_case_waits_for_those_that_were_merged_into_it(desk: Desk) -> None:
    parent, child = desk.to(Stage.KLARIFIKASI), desk.record(nama="Budi Santoso", email="budi@warga.example")
    desk.press("jfu-1", "gabungkan", number=child, nomor=parent)
    over(desk, parent)
    with pytest.raises(NotErasable, match="digabung dengannya"):
        erase(desk, parent)
    desk.jobs()
    over(desk, child)
    assert erase(desk, parent).files > 1
    assert erase(desk, child).files > 1
    assert desk.faults() == []


def test_two_complaints_in_one_mail_go_one_after_the_other(desk: Desk) -> None:
    item = desk.take_in(MAIL)
    first = desk.complaint().number
    desk.press("jfu-1", "pisahkan", number=first, perihal="Jalan rusak", isi="Jalan Melati rusak.")
    second = desk.complaint().number
    assert erase(desk, over(desk, first)).scan_stays
    with reading(desk.engine) as session:
        assert store.get(session, item.sha256) == MAIL
    assert not erase(desk, over(desk, second)).scan_stays
    assert desk.item(item.id).state == "erased"
    desk.take_in(MAIL, folder="Diproses")
    assert desk.complaint().number == second, "the same mail, seen again, is no new complaint"


def test_erased_bytes_may_come_anew(both: Desk) -> None:
    desk = both
    erase(desk, over(desk, desk.record(files=[PHOTO])))
    with writing(desk.engine) as session:
        digest = store.put(session, PHOTO.content)
        assert (store.get(session, digest), store.size(session, digest)) == (PHOTO.content, len(PHOTO.content))
        assert session.scalar(select(Blob.sha256).where(Blob.size == store.ERASED).limit(1)) is not None
