"""Rapat, priority, confidentiality and forwarding: what offices do with a complaint beside the five langkah."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from io import BytesIO
from pathlib import Path
from typing import Any

import icalendar
import pytest
from docx import Document as Docx

from pipeline.casefile.history import clarified_together
from pipeline.cases import Forbidden, Invalid
from pipeline.data import store
from pipeline.data.engine import reading
from pipeline.data.tables import Meeting, Outbox
from pipeline.mail import outbox
from pipeline.mail.calendar import answer
from pipeline.office.actions import action
from pipeline.office.sop import EventKind, Stage
from tests.desk import Desk, desk_in, jakarta
from tests.kantor import Mail, compose

HEAD, SECRETARY = "kepala@kominfo.example", "sekretaris@kominfo.example"
UNIT, GUEST = "kasi@kominfo.example", "pln@luar.example"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


def meet(desk: Desk, **changes: Any) -> None:
    fields = {
        "waktu": "2026-11-26T10:00",
        "selesai": "11:30",
        "tempat": "Ruang Rapat Lantai 2",
        "agenda": "Penyebab padam dan jadwal perbaikan",
        "undangan": ["kasi-infrastruktur"],
        "peserta": f"Ketua RW 02\nPLN {GUEST}",
    }
    desk.press("kepala", "rapat", **{**fields, **changes})


def calendars(desk: Desk, start: int = 0) -> dict[str, tuple[str, Any]]:
    """{address: (method, event)} of the invitations that went out, from the mail as it goes over the wire."""
    found = {}
    for row in desk.mails("rapat")[start:]:
        with reading(desk.engine) as session:
            files = [(store.get(session, sha), name, mime) for sha, name, mime in row.attachments]
        _to, raw = outbox.wire(row, desk.settings, {}, files)
        message = message_from_bytes(raw, policy=policy.default)
        alternatives = next(
            p for p in message.walk() if p.get_content_type() == "multipart/alternative"
        )
        kinds = [p.get_content_type() for p in alternatives.iter_parts()]
        assert kinds == ["text/plain", "text/html", "text/calendar"]
        part = list(alternatives.iter_parts())[-1]
        said = part.get_payload(decode=True)
        assert isinstance(said, bytes)
        calendar = icalendar.Calendar.from_ical(said)
        assert part.get_param("method") == str(calendar["method"])
        assert [p.get_content_type() for p in message.iter_attachments()] == ["application/ics"]
        found[row.recipient] = (str(calendar["method"]), calendar.walk("VEVENT")[0])
    return found


# ---- the invitation ------------------------------------------------------------------------------------------


def test_everybody_invited_gets_an_invitation_that_calendars_understand(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    meet(desk)
    found = calendars(desk)
    assert set(found) == {HEAD, SECRETARY, UNIT, GUEST}
    assert {method for method, _ in found.values()} == {"REQUEST"}
    event = found[GUEST][1]
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (
        jakarta(26, 10),
        jakarta(26, 11, 30),
    )
    assert (str(event["location"]), event["sequence"]) == ("Ruang Rapat Lantai 2", 0)
    assert number in str(event["summary"])
    assert number in str(event["description"])
    assert str(event["url"]) == f"{desk.settings.web.base_url}/saya"
    assert str(event["organizer"]) == "mailto:aduan@kominfo.example"
    assert {str(a) for a in event["attendee"]} == {
        f"mailto:{a}" for a in (HEAD, SECRETARY, UNIT, GUEST)
    }
    assert all(a.params["RSVP"] == "TRUE" for a in event["attendee"])
    assert len({str(e["uid"]) for _, e in found.values()}) == 1
    words = {row.recipient: " ".join(row.text.split()) for row in desk.mails("rapat")}
    assert "sudah kami sampaikan kepada para peserta" in words[HEAD]
    assert "SOP Penyelenggaraan Rapat Dinas" in words[UNIT]
    assert "Kamis, 26 November 2026, pukul 10.00 sampai 11.30" in words[UNIT]
    assert "Ketua RW 02" in words[UNIT]
    assert "Penyebab padam dan jadwal perbaikan" in words[UNIT]


def test_a_rapat_without_an_end_lasts_an_hour(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    meet(desk, selesai="")
    assert calendars(desk)[UNIT][1].decoded("dtend") == jakarta(26, 11)


@pytest.mark.parametrize("typed", ["11.30", "11:30", "11:30:00"])
def test_end_is_read_as_people_type_it(desk: Desk, typed: str) -> None:
    desk.to(Stage.KEPUTUSAN)
    meet(desk, selesai=typed)
    assert calendars(desk)[UNIT][1].decoded("dtend") == jakarta(26, 11, 30)


@pytest.mark.parametrize("typed", ["10:00", "09:30", "24:00", "siang", "11"])
def test_end_that_is_none_or_lies_before_the_beginning_is_refused(desk: Desk, typed: str) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    with pytest.raises(Invalid) as caught:
        meet(desk, selesai=typed)
    assert set(caught.value.errors) == {"selesai"}
    assert desk.mails("rapat") == []
    assert EventKind.MEETING_SET not in desk.kinds(number)


def test_a_change_and_the_end_of_a_rapat_keep_its_uid(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    meet(desk)
    uid = str(calendars(desk)[GUEST][1]["uid"])
    meet(desk, waktu="2026-11-27T09:00", undangan=[])
    changed = calendars(desk, 4)
    assert {a: (m, str(e["uid"]), e["sequence"]) for a, (m, e) in changed.items()} == {
        HEAD: ("REQUEST", uid, 1),
        SECRETARY: ("REQUEST", uid, 1),
        GUEST: ("REQUEST", uid, 1),
        UNIT: ("CANCEL", uid, 1),  # no longer invited
    }
    left_out = changed[UNIT][1]
    assert "status" not in left_out  # the rapat itself goes on: RFC 5546, 3.2.5
    assert str(left_out["attendee"]) == f"mailto:{UNIT}"
    desk.press("kepala", "batal_rapat", alasan="Sudah jelas lewat telepon.")
    gone = calendars(desk, 8)
    assert {(m, str(e["uid"]), e["sequence"], str(e["status"])) for m, e in gone.values()} == {
        ("CANCEL", uid, 2, "CANCELLED")
    }
    assert "Sudah jelas lewat telepon." in desk.mails("rapat")[-1].text
    with pytest.raises(Forbidden):
        desk.press("kepala", "batal_rapat", alasan="Lagi.")
    assert desk.kinds()[-3:] == [
        EventKind.MEETING_SET,
        EventKind.MEETING_SET,
        EventKind.MEETING_CANCELLED,
    ]
    meet(desk)
    assert str(calendars(desk, 11)[GUEST][1]["uid"]) != uid  # a new rapat


def test_each_guest_of_a_changed_rapat_reads_what_holds_for_them(desk: Desk) -> None:
    """Who is new is invited, who stays is told of the change, who is left out need not come, and nothing is called
    off; an address in other letters is the same guest."""
    desk.to(Stage.KEPUTUSAN)
    meet(desk)
    meet(desk, undangan=["kasubag-umum"], peserta=f"PLN {GUEST.upper()}")
    new = desk.person("kasubag-umum").email
    told = {row.recipient.lower(): row for row in desk.mails("rapat")[4:]}
    assert len(desk.mails("rapat")[4:]) == len(told) == 5
    kinds = {a: row.subject.partition("] ")[2].partition(" 26")[0] for a, row in told.items()}
    changed = dict.fromkeys((HEAD, SECRETARY, GUEST), "Perubahan rapat")
    assert kinds == {**changed, new: "Undangan rapat", UNIT: "Undangan rapat dicabut"}
    words = " ".join(told[UNIT].text.split())
    assert "tetap diadakan, tetapi Bapak/Ibu tidak perlu hadir" in words
    assert "dibatalkan" not in words
    assert "undangan kalender" not in words
    assert "berubah" not in told[new].text


def test_an_answer_holds_for_the_time_it_was_given_for(desk: Desk) -> None:
    """Another time asks anew; another place, or another agenda, does not. A late answer to the former time is none."""
    desk.to(Stage.KEPUTUSAN)
    meet(desk)
    guest = next(row for row in desk.mails("rapat") if row.recipient == GUEST)
    old, new = (f"202611{day}T030000Z" for day in (26, 27))

    def known() -> dict[str, Any]:
        with reading(desk.engine) as session:
            return session.query(Meeting).one().answers

    assert answered(desk, guest, "ACCEPTED", begins=old) == "done"
    meet(desk, tempat="Aula")
    assert known() == {GUEST: "ACCEPTED"}
    meet(desk, waktu="2026-11-27T10:00")
    assert known() == {}
    assert answered(desk, guest, "DECLINED", begins=old) == "done"
    assert known() == {}
    assert answered(desk, guest, "ACCEPTED", begins=new) == "done"
    assert known() == {GUEST: "ACCEPTED"}
    meet(desk, waktu="2026-11-27T10:00", peserta="")
    assert known() == {}  # no longer invited


def answered(desk: Desk, row: Outbox, state: str, sender: str = "", begins: str = "") -> str:
    with reading(desk.engine) as session:
        uid = session.query(Meeting).one().uid
    at = f"DTSTART:{begins}\r\n" if begins else ""
    ics = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\n{at}DTSTAMP:20261124T020000Z\r\nATTENDEE;PARTSTAT={state}:mailto:{row.recipient}\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    asked = Mail(row.recipient, f"Message-ID: {row.message_id}\r\n\r\nx".encode())
    mail = compose(
        sender or row.recipient,
        "aduan@kominfo.example",
        "Accepted: Rapat",
        "",
        desk.clock(),
        reply_to=asked,
        files=[("invite.ics", "text/calendar", ics.encode())],
    )
    return desk.take_in(mail.as_bytes()).state


def test_what_calendars_answer_is_noted_and_shown(desk: Desk) -> None:
    desk.to(Stage.KEPUTUSAN)
    meet(desk)
    rows = {row.recipient: row for row in desk.mails("rapat")}
    assert answered(desk, rows[UNIT], "ACCEPTED") == "done"
    assert answered(desk, rows[GUEST], "DECLINED") == "done"
    with reading(desk.engine) as session:
        assert session.query(Meeting).one().answers == {UNIT: "ACCEPTED", GUEST: "DECLINED"}
    assert (
        answered(desk, rows[GUEST], "ACCEPTED", sender="lain@luar.example") == "held"
    )  # a stranger: a JFU looks
    with reading(desk.engine) as session:
        assert session.query(Meeting).one().answers[GUEST] == "DECLINED"


def test_words_of_a_guest_are_not_taken_for_the_pengadus(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    meet(desk)
    row = next(row for row in desk.mails("rapat") if row.recipient == GUEST)
    before = len(desk.events(number))
    asked = Mail(row.recipient, f"Message-ID: {row.message_id}\r\n\r\nx".encode())
    reply = compose(
        GUEST, "aduan@kominfo.example", "Re", "Bisa pukul 13?", desk.clock(), reply_to=asked
    )
    item = desk.take_in(reply.as_bytes())
    assert item.state == "held"
    assert len(desk.events(number)) == before


@pytest.mark.parametrize(
    "content",
    [b"", b"BEGIN:VCALENDAR", b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR", b"\xff"],
)
def test_what_is_no_answer_is_none(content: bytes) -> None:
    assert answer(content) is None


def test_the_undangan_is_a_letter_in_word_that_names_the_sop(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    meet(desk, tempat="Ruang <b>&\x0b 2")
    desk.jobs()
    document = next(d for d in desk.documents(number) if d.kind == "undangan")
    with reading(desk.engine) as session:
        letter = Docx(BytesIO(store.get(session, document.sha256)))
    cells = [cell.text for table in letter.tables for row in table.rows for cell in row.cells]
    words = "\n".join([*(p.text for p in letter.paragraphs), *cells])
    for part in (
        "PEMERINTAH KOTA MADIUN",
        "Undangan Rapat",
        "1. Sekretaris",
        "2. Kasi Pengelolaan Infrastruktur",
        "Ketua RW 02",
        number,
        "Kamis, 26 November 2026",
        "pukul 10.00 sampai 11.30 WIB",
        "Ruang <b>&",
        "SOP Penyelenggaraan Rapat Dinas",
        "NOOR AFLAH",
    ):
        assert part in words, part
    assert GUEST not in words


def test_attendance_stands_in_the_minutes(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    meet(desk)
    desk.press(
        "kepala",
        "notulen",
        hadir=["sekretaris", "kasi-infrastruktur"],
        notulen="Disepakati diperbaiki.",
    )
    _event, data = desk.events(number)[-1]
    assert data["hadir"] == "Ratih Kusumawardani, Bagus Prayitno"


@pytest.mark.parametrize(
    ("present", "together"),
    [((), False), (("kepala", "sekretaris"), False), (("sekretaris", "kasi-infrastruktur"), True)],
)
def test_letter_names_the_units_only_where_one_was_there(
    desk: Desk, present: tuple[str, ...], together: bool
) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    meet(desk)
    desk.press("kepala", "notulen", hadir=list(present), notulen="Disepakati diperbaiki.")
    with reading(desk.engine) as session:
        assert clarified_together(session, desk.complaint(number)) is together


# ---- priority and confidentiality ----------------------------------------------------------------------------


def test_priority_is_set_and_told(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    desk.press("sekretaris", "tandai", prioritas="segera", rahasia="")
    desk.press("sekretaris", "laporkan_kepala", hasil="Benar.")
    assert desk.complaint(number).prioritas == "segera"
    assert "Prioritas: segera." in desk.mails("tugas_keputusan")[-1].text
    assert desk.kinds(number).count(EventKind.MARKED) == 1


def test_other_units_read_the_summary_without_name_and_contacts(desk: Desk) -> None:
    text = "Saya Siti Rahmawati, HP 0812-5550-0199, email siti@warga.example, NIK 3577010101010001. Lampu padam."
    number = desk.record(isi=text, perihal="Lampu padam", telepon="0812-5550-0199")
    desk.press(
        "jfu-1",
        "laporkan",
        number=number,
        nama="Siti Rahmawati",
        email="siti@warga.example",
        perihal="Lampu padam",
        ringkasan="Lampu jalan padam sejak Senin.",
    )
    desk.press("sekretaris", "tandai", number=number, prioritas="biasa", rahasia="ya")
    desk.press(
        "sekretaris", "tanya_unit", number=number, petugas=["kasubag-umum"], pertanyaan="Benarkah?"
    )
    (mail,) = desk.mails("tugas_keterangan")
    for secret in ("Siti", "Rahmawati", "0812", "siti@", "3577"):
        assert secret not in mail.text + mail.html + mail.subject
    assert "Lampu jalan padam sejak Senin." in mail.text
    assert "Benarkah?" in mail.text
    desk.press("sekretaris", "laporkan_kepala", number=number, hasil="Benar.")
    assert (
        "Siti Rahmawati, HP" in desk.mails("tugas_keputusan")[-1].text
    )  # those who decide read it whole


def test_every_complaint_is_closed_to_other_units_and_its_identity_secret_only_where_asked(
    desk: Desk,
) -> None:
    desk.record()
    c = desk.complaint()
    assert (c.teks_terbuka, c.lampiran_terbuka, c.rahasia) == (False, False, False)


# ---- forwarding ----------------------------------------------------------------------------------------------


def test_a_complaint_is_forwarded_to_another_agency_and_goes_on_here(desk: Desk) -> None:
    number = desk.to(Stage.KLARIFIKASI)
    form: dict[str, Any] = {
        "instansi": "PLN Madiun",
        "alamat_instansi": "layanan@pln.example",
        "pengantar": "Mohon ditindaklanjuti.",
    }
    desk.press("sekretaris", "teruskan", number=number, **form)
    (mail,) = desk.mails("terusan_instansi")
    assert mail.recipient == "layanan@pln.example"
    for part in (number, "Lampu di Jalan Mawar padam.", "Siti Rahmawati", "Mohon ditindaklanjuti."):
        assert part in mail.text
    assert not mail.links
    assert desk.kinds(number)[-1] is EventKind.FORWARDED
    assert desk.stage(number) is Stage.KLARIFIKASI


def test_a_secret_identity_is_not_forwarded(desk: Desk) -> None:
    number = desk.record(rahasia=True, isi="Saya Siti Rahmawati. Lampu padam.")
    desk.press(
        "jfu-1",
        "laporkan",
        number=number,
        rahasia="ya",
        nama="Siti Rahmawati",
        email="siti@warga.example",
    )
    form: dict[str, Any] = {
        "instansi": "PLN",
        "alamat_instansi": "layanan@pln.example",
        "pengantar": "",
    }
    desk.press("sekretaris", "teruskan", number=number, **form)
    (mail,) = desk.mails("terusan_instansi")
    assert "Siti" not in mail.text
    assert "siti@" not in mail.text


def test_a_form_that_was_never_offered_convenes_no_rapat(desk: Desk) -> None:
    """Only the Kepala Dinas convenes, in langkah 3; a form can be kept from there, or written by hand."""
    rapat: dict[str, Any] = {"waktu": "2026-11-26T10:00", "tempat": "Ruang Rapat", "agenda": "x"}
    for stage in (Stage.PENERIMAAN, Stage.KLARIFIKASI, Stage.JAWABAN):
        number = desk.to(stage)
        who = "jfu-1" if stage is Stage.PENERIMAAN else "sekretaris"
        tasks = [task for task in desk.tasks(number, open_only=True) if action(task.kind, "rapat")]
        for task in tasks:
            with pytest.raises(Forbidden):
                desk.press(who, "rapat", number=number, task=task, **rapat)
    assert desk.mails("rapat") == []
    assert desk.count(Meeting) == 0


def test_a_rapat_that_took_place_is_not_convened_anew_outside_langkah_3(desk: Desk) -> None:
    number = desk.to(Stage.KEPUTUSAN)
    meet(desk)
    desk.later(days=3)
    desk.press("kepala", "notulen", notulen="Tiang diganti.", hadir=["kasi-infrastruktur"])
    desk.press("kepala", "kembalikan", alasan="Mohon dilengkapi.")
    sent = len(desk.mails("rapat"))
    task = next(t for t in desk.tasks(number, open_only=True) if action(t.kind, "rapat"))
    with pytest.raises(Forbidden):
        desk.press(
            "sekretaris", "rapat", task=task, waktu="2026-12-03T10:00", tempat="x", agenda="y"
        )
    assert len(desk.mails("rapat")) == sent
