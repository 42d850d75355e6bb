"""Erasing the people in a case that is over: nothing of them is left in the file, and the history stays whole."""

from __future__ import annotations

import base64
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from pipeline import cases
from pipeline.access import browsers, typed
from pipeline.cases import remains
from pipeline.cases.erasure import Erased, NotErasable
from pipeline.cases.erasure import checked as keep_checked
from pipeline.cases.erasure import erase as erase_case
from pipeline.cases.input import File
from pipeline.cases.record import citizen_wrote
from pipeline.data import ledger, store
from pipeline.data.engine import reading, settle_erased, writing
from pipeline.data.states import ItemState
from pipeline.data.tables import Blob, Confirmation, ConfirmationFile, Link, Outbox
from pipeline.intake import mails as intake_mails
from pipeline.intake import scans
from pipeline.office.sop import EventKind, Stage
from tests.desk import Desk, desk_in
from tests.kantor import SIGNED, SITI, compose

PHOTO = File("foto-rumah-siti.png", "image/png", b"\x89PNG\r\n\x1a\n" + b"tiang di depan rumah")
SECRETS = (
    "Siti Rahmawati",
    SITI,
    "Mawar",
    "0812-1111-2222",
    "foto-rumah-siti",
    "tiang di depan",
    "Benar padam",
)
MAIL = (
    b"From: Siti Rahmawati <"
    + SITI.encode()
    + b">\r\nSubject: Lampu padam di Mawar\r\nMessage-ID: <1@warga.example>"
    b"\r\n\r\nLampu di Jalan Mawar padam. Telepon saya 0812-1111-2222.\r\n"
)


def all_sent(desk: Desk) -> None:
    with writing(desk.engine) as session:
        session.execute(update(Outbox).values(state="sent", told=True))


def erase(desk: Desk, number: str) -> Erased:
    complaint = desk.complaint(number)
    with desk.work() as work:
        return erase_case(
            work, complaint.id, cases.actor_of(desk.person("kepala")), "permintaan tertulis"
        )


def over(desk: Desk, number: str) -> str:
    desk.to(Stage.SELESAI, number)
    all_sent(desk)
    return number


def test_nothing_of_the_people_is_left_and_the_history_is_whole(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        desk.take_in(MAIL)
        number = desk.complaint().number
        with desk.work() as work:
            citizen_wrote(
                work, desk.complaint(number).id, "Ini foto rumah Siti Rahmawati.", [PHOTO], None
            )
        over(desk, number)
        before = desk.kinds(number)
        signed = next(d for d in desk.documents(number) if d.kind == "ttd")
        with desk.engine.connect() as connection:
            kept = "\n".join(connection.connection.dbapi_connection.iterdump())  # type: ignore[union-attr]
        assert all(secret in kept for secret in SECRETS[:3]), "they were there before"
        done = erase(desk, number)
        settle_erased(desk.engine)
        assert (done.files > 3, done.mails > 5, done.scan_stays) == (True, True, False)
        assert desk.kinds(number) == [*before, EventKind.ERASED]
        assert desk.faults() == []
        left = desk.complaint(number)
        assert (left.number, left.stage, left.perihal) == (
            number,
            Stage.SELESAI,
            "(data pribadi dihapus)",
        )
        assert left.letter_number
        assert [(d.kind, d.sha256, d.code) for d in desk.documents(number)] == [
            ("ttd", signed.sha256, signed.code)
        ]
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
    parent, child = (
        desk.to(Stage.KLARIFIKASI),
        desk.record(nama="Budi Santoso", email="budi@warga.example"),
    )
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
        assert (store.get(session, digest), store.size(session, digest)) == (
            PHOTO.content,
            len(PHOTO.content),
        )
        assert (
            session.scalar(select(Blob.sha256).where(Blob.size == store.ERASED).limit(1))
            is not None
        )


# ---- everything that follows the case ------------------------------------------------------------------------

NIK = "3577010101900001"


def mail(
    subject: str,
    text: str,
    *,
    number: int,
    sender: str = SITI,
    reply_to: str = "",
    name: str = "Siti",
) -> bytes:
    """A mail as somebody sends it, in base64 as many programs write it."""
    message = EmailMessage()
    message["From"] = f"{name} <{sender}>"
    message["Subject"] = subject
    message["Message-ID"] = f"<{number}@warga.example>"
    if reply_to:
        message["In-Reply-To"] = reply_to
    message.set_content(text, cte="base64")
    message.add_attachment(
        PHOTO.content, maintype="image", subtype="png", filename="rumah-siti.png"
    )
    return message.as_bytes()


def everything() -> tuple[str, ...]:
    return ("Siti Rahmawati", "+62 812-1111-2222", "(0812) 1111 2222", SITI, "3577 0101 0190 0001")


def full_case(desk: Desk) -> str:
    """A case with a follow-up, an official's reply that quotes it, a bounce, a robot's answer, a form that waits."""
    desk.take_in(MAIL)
    number = desk.complaint().number
    receipt = desk.mails("tanda_terima")[-1].message_id
    words = "\n".join(everything())
    desk.take_in(
        mail(
            f"Tambahan Siti Rahmawati {NIK}",
            words,
            number=2,
            reply_to=receipt,
            name="Siti Rahmawati",
        )
    )
    desk.press(
        "jfu-1",
        "laporkan",
        number=number,
        perihal="Lampu Siti Rahmawati",
        nama="Siti Rahmawati",
        email=SITI,
        telepon="0812-1111-2222",
    )
    task = desk.mails("tugas_klarifikasi")[-1].message_id
    desk.take_in(
        mail(
            "Re: tugas",
            f"Baik.\n\n> {words}",
            number=3,
            sender="sekretaris@kominfo.example",
            reply_to=task,
        )
    )
    with desk.work() as work:
        (link, *_rest) = work.session.scalars(select(Link).order_by(Link.id.desc()))
        held = browsers.Held(
            "laporkan_kepala", {"hasil": [words]}, {"berkas": ("siti.txt", words.encode())}, 0
        )
        browsers.hold(
            work.session, desk.settings.keys, link.id, "sekretaris", held, work.now, "peramban"
        )
    return over(desk, number)


def left_of(folder: Path, *secrets: str) -> list[str]:
    found = b"".join(path.read_bytes() for path in folder.glob("aduan.db*"))
    return [
        secret
        for secret in secrets
        if secret.encode() in found or base64.b64encode(secret.encode())[:-4] in found
    ]


def test_follow_ups_quotes_and_forms_that_wait_go_too(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        number = full_case(desk)
        assert desk.count(Confirmation) == 1
        with reading(desk.engine) as session:
            person = remains.person_of(session, desk.complaint(number))
            assert remains.items_of(session, desk.complaint(number)) == {1, 2, 3}
        assert remains.search(desk.engine, person).found, "it was there before"
        erase(desk, number)
        settle_erased(desk.engine)
        assert remains.search(desk.engine, person).lines() == []
        assert (desk.count(Confirmation), desk.count(ConfirmationFile)) == (0, 0)
        assert [item.name for item in map(desk.item, (1, 2, 3))] == ["", "", ""]
        assert desk.faults() == []
    assert left_of(tmp_path, *everything(), NIK, "rumah-siti", "tiang di depan") == []


def test_mails_seen_again_bring_nothing_back(tmp_path: Path) -> None:
    """In INBOX once more, as they were, and as a copy that came another way."""
    with desk_in(tmp_path) as desk:
        number = full_case(desk)
        with reading(desk.engine) as session:
            follow_up = store.get(session, desk.item(2).sha256)
        erase(desk, number)
        for raw in (
            MAIL,
            follow_up,
            b"Received: from relay.example\r\n" + MAIL,
            b"X-Spam: no\r\n" + follow_up,
        ):
            assert desk.take_in(raw).state == "erased"
        assert len(desk.complaints()) == 1
        assert desk.faults() == []
        with reading(desk.engine) as session:
            assert ledger.settled(session, "kotak", "INBOX", 1, [desk._uid]) == {
                "done": [desk._uid]
            }
        settle_erased(desk.engine)
    assert left_of(tmp_path, *everything(), NIK, "Mawar") == []


def test_another_case_of_the_same_person_stays_and_is_named(desk: Desk) -> None:
    first = over(desk, desk.record(telepon="0812-1111-2222"))
    second = desk.record(telepon="+62 812 1111 2222", perihal="Jalan rusak")
    with reading(desk.engine) as session:
        person = remains.person_of(session, desk.complaint(first))
    erase(desk, first)
    assert desk.complaint(second).nama == "Siti Rahmawati"
    found = remains.search(desk.engine, person)
    assert {number for _place, _kinds, number in found.found} == {second}
    with desk.work() as work:
        keep_checked(work, desk.complaint(first).id, cases.actor_of(desk.person("kepala")), found)
    event, data = desk.events(first)[-1]
    assert event.kind is EventKind.ERASURE_CHECKED
    assert second in data["teks"]
    assert "Rahmawati" not in str(data)
    assert desk.faults() == []


def test_held_mail_of_the_same_person_is_not_taken_for_the_case(desk: Desk) -> None:
    """A new complaint that waits for the JFU must not go with an old one."""
    number = desk.record()
    waiting = desk.take_in(mail("Jalan rusak", "Jalan Melati rusak.", number=9))
    over(desk, number)
    with reading(desk.engine) as session:
        assert waiting.id not in remains.items_of(session, desk.complaint(number))


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("aduan.db*"))


def test_invitation_to_a_rapat_goes_with_the_mails_that_bore_it(tmp_path: Path) -> None:
    """Its calendar file is no document of the case: only mails have it."""
    with desk_in(tmp_path) as desk:
        number = desk.to(Stage.KEPUTUSAN)
        about: dict[str, Any] = {
            "waktu": "2026-11-26T10:00",
            "tempat": "Rumah Siti Rahmawati",
            "peserta": SITI,
        }
        desk.press("kepala", "rapat", number=number, tetap="ya", **about)
        erase(desk, over(desk, number))
        settle_erased(desk.engine)
        assert desk.faults() == []
    assert (
        bytes_of(tmp_path).count(b"Siti Rahmawati"),
        bytes_of(tmp_path).count(SITI.encode()),
    ) == (0, 0)


def test_bytes_that_a_mail_of_another_case_bears_stay(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        first, second = desk.to(Stage.SELESAI), desk.to(Stage.SELESAI, desk.record())
        all_sent(desk)
        file = [store_in(desk, b"BEGIN:VCALENDAR"), "undangan.ics", "text/calendar"]
        with desk.work() as work:
            for number in (first, second):
                mine = Outbox.complaint_id == desk.complaint(number).id
                work.session.execute(update(Outbox).where(mine).values(attachments=[file]))
        erase(desk, first)
        assert desk.faults() == []
        erase(desk, second)
    assert b"BEGIN:VCALENDAR" not in bytes_of(tmp_path)


def store_in(desk: Desk, content: bytes) -> str:
    with writing(desk.engine) as session:
        return store.put(session, content)


def test_copy_of_the_mail_to_another_address_of_ours_is_erased_too(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        desk.take_in(MAIL)
        copy = desk.take_in(b"Received: from mx.warga.example by mx2.kominfo.example\r\n" + MAIL)
        assert copy.reason == "salinan item 1"
        erase(desk, over(desk, desk.complaint().number))
        settle_erased(desk.engine)
        assert desk.item(copy.id).state == ItemState.ERASED
        assert desk.faults() == []
    assert b"0812-1111-2222" not in bytes_of(tmp_path)


def test_mail_of_the_scanner_goes_with_the_last_of_its_scans(tmp_path: Path) -> None:
    """A scan that came by mail is twice in the database: as itself, and inside that mail."""
    scanner: dict[str, Any] = {
        "scan": {"pengirim": ("pemindai@kominfo.example",)},
        "balasan": {"server_tepercaya": ("mx",)},
    }
    with desk_in(tmp_path, **scanner) as desk:
        files = [
            (f"pindai-{n}.jpg", "image/jpeg", SIGNED + name)
            for n, name in enumerate((b"Siti", b"Budi"))
        ]
        mail = compose(
            "pemindai@kominfo.example",
            "aduan@kominfo.example",
            "Scan",
            ".",
            desk.clock(),
            files=files,
        )
        mail["Authentication-Results"] = "mx; dmarc=pass header.from=kominfo.example"
        bearing = desk.take_in(mail.as_bytes()).id
        numbers = []
        for scan in (bearing + 1, bearing + 2):
            intake_mails.take_in(desk.app, scan)
            scans.read_all(desk.app)
            (task,) = desk.item_tasks(scan)
            slip = desk.slips(scan)[0]
            desk.press(
                "jfu-1",
                "catat_slip",
                task=task,
                slip=slip,
                perihal="Lampu",
                isi="Lampu padam.",
                nama="Siti",
            )
            numbers.append(over(desk, desk.complaint().number))
        assert erase(desk, numbers[0]).scan_stays
        assert desk.item(bearing).state == "done"
        assert not erase(desk, numbers[1]).scan_stays
        assert desk.item(bearing).state == ItemState.ERASED
        assert desk.faults() == []


def test_name_of_a_scanned_file_is_erased_where_it_was_seen_too(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        path = "/pindaian/surat Siti Rahmawati.jpg"
        item = desk.arrives(
            SIGNED, source="scan", box="pindaian", folder=path, name="surat Siti Rahmawati.jpg"
        )
        intake_mails.take_in(desk.app, item)
        scans.read_all(desk.app)
        (task,) = desk.item_tasks(item)
        desk.press(
            "jfu-1",
            "catat_slip",
            task=task,
            slip=desk.slips(item)[0],
            perihal="Lampu",
            isi="Lampu padam.",
        )
        erase(desk, over(desk, desk.complaint().number))
        settle_erased(desk.engine)
        assert desk.faults() == []
    assert b"Siti Rahmawati" not in bytes_of(tmp_path)


def test_what_a_merged_citizen_wrote_goes_from_the_mails_of_the_other_case(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        parent, child = (
            desk.to(Stage.KLARIFIKASI),
            desk.record(nama="Budi Hartono", email="budi@warga.example"),
        )
        desk.press("jfu-1", "gabungkan", number=child, nomor=parent)
        with desk.work() as work:
            citizen_wrote(
                work, desk.complaint(child).id, "Saya Budi Hartono, ada kabel jatuh!", [], None
            )
        told = [mail for mail in desk.mails("pengadu_menulis") if "kabel jatuh" in mail.text]
        assert {mail.complaint_id for mail in told} >= {desk.complaint(parent).id}
        over(desk, parent)
        desk.jobs()
        over(desk, child)
        erase(desk, child)
        assert not [mail for mail in desk.mails() if "kabel jatuh" in mail.text]
        assert desk.faults() == []


def test_forms_of_no_task_that_name_the_person_are_forgotten(both: Desk) -> None:
    """Typed at the counter, or into *Gabungkan*, and never sent; those about others stay."""
    number = over(both, both.record(nama="Siti Rahmawati"))
    clerk, other = both.person("jfu-1"), both.person("jfu-2")
    with both.work() as work:
        at = both.clock()
        typed.put(work.session, clerk, "catat", {"nama": ["SITI  RAHMAWATI"]}, at)
        typed.put(work.session, other, "tambah", {"isi": [f"Hubungi {SITI} besok."]}, at)
        typed.put(work.session, other, "catat", {"nama": ["Budi Santoso"]}, at)
    erase(both, number)
    with reading(both.engine) as session:
        left = {name for one in (clerk, other) for name in typed.of(session, one)}
        assert left == {"catat"}
        assert typed.of(session, clerk) == {}
