"""What calendars and mail programs send by themselves: no complaint, no act, no receipt, and none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from pipeline.data.engine import reading
from pipeline.data.tables import Meeting
from tests.kantor import INTAKE, SITI, Office, compose, office

GUEST, UNIT, STRANGER = "budi@pln.example", "kasi@kominfo.example", "wati@warga.example"


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as one:
        one.to_decision()
        at = (one.clock.now + timedelta(days=1)).astimezone(one.settings.zone)
        one.press(
            "kepala",
            "rapat",
            waktu=at.strftime("%Y-%m-%dT%H:%M"),
            tempat="Ruang rapat",
            undangan=["kasi-infrastruktur"],
            peserta=f"Budi <{GUEST}>",
        )
        yield one


def meeting(kantor: Office) -> Meeting:
    with reading(kantor.engine) as session:
        return session.query(Meeting).one()


def calendar(
    uid: str, guest: str, state: str, *, method: str = "REPLY", program: str = "x", said: str = ""
) -> str:
    comment = f"COMMENT:{said}\r\n" if said else ""
    return (
        f"BEGIN:VCALENDAR\r\nPRODID:{program}\r\nVERSION:2.0\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nDTSTAMP:20261124T020000Z\r\nATTENDEE;PARTSTAT={state}:mailto:{guest}\r\n"
        f"{comment}END:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def sends(kantor: Office, sender: str, text: str, ics: str, *, alternative: bool = True) -> None:
    """A calendar's mail without a thread, as Google and Apple send it."""
    mail = compose(sender, INTAKE, "Accepted: Rapat", text, kantor.clock.now)
    method = "COUNTER" if "METHOD:COUNTER" in ics else "REQUEST" if "REQUEST" in ics else "REPLY"
    if alternative:
        mail.add_alternative(ics, subtype="calendar", params={"method": method})
    else:
        mail.set_content(ics, subtype="calendar", params={"method": method})
    arrives(kantor, mail)


def arrives(kantor: Office, mail: EmailMessage, *headers: tuple[str, str]) -> None:
    for name, value in headers:
        mail[name] = value
    kantor.arrive(mail.as_bytes())
    kantor.settle()


def told(kantor: Office) -> bool:
    """Whether a JFU was asked to look at what came."""
    return "tertahan" in kantor.newest("jfu-1").subject


GOOGLE = "-//Google Inc//Google Calendar 70.9054//EN"
SAYS_GOOGLE = "Budi has accepted this invitation.\n\nRapat\nWednesday Nov 25, 2026, 9am\n"


@pytest.mark.parametrize(
    ("sender", "text", "program", "alternative"),
    [
        (GUEST, SAYS_GOOGLE, GOOGLE, True),
        (UNIT, SAYS_GOOGLE, GOOGLE, True),
        (UNIT, "", "Microsoft Exchange Server 2010", True),
        (GUEST, "", "Microsoft Exchange Server 2010", False),
        (GUEST, "Budi has accepted your invitation to the event Rapat.", "Apple", True),
        (GUEST, "Budi telah menerima undangan rapat ini.", "Zimbra", True),
    ],
)
def test_answer_of_whoever_was_invited_is_noted_without_a_thread(
    kantor: Office, sender: str, text: str, program: str, alternative: bool
) -> None:
    before = len(kantor.post.sent)
    ics = calendar(meeting(kantor).uid, sender, "ACCEPTED", program=program)
    sends(kantor, sender, text, ics, alternative=alternative)
    assert meeting(kantor).answers == {sender: "ACCEPTED"}
    assert len(kantor.complaints()) == 1
    assert len(kantor.post.sent) == before


def test_answer_that_calls_itself_automatic_is_noted_too(kantor: Office) -> None:
    mail = compose(GUEST, INTAKE, "Declined: Rapat", SAYS_GOOGLE, kantor.clock.now)
    ics = calendar(meeting(kantor).uid, GUEST, "DECLINED", program=GOOGLE)
    mail.add_alternative(ics, subtype="calendar", params={"method": "REPLY"})
    arrives(kantor, mail, ("Auto-Submitted", "auto-generated"))
    assert meeting(kantor).answers == {GUEST: "DECLINED"}


@pytest.mark.parametrize(
    ("text", "said"),
    [("Mohon dimundurkan ke pukul 10, kami ada apel.", ""), ("", "Kami ada apel, mohon mundur")],
)
def test_words_beside_an_answer_are_read_by_the_jfu(kantor: Office, text: str, said: str) -> None:
    sends(kantor, GUEST, text, calendar(meeting(kantor).uid, GUEST, "TENTATIVE", said=said))
    assert meeting(kantor).answers == {GUEST: "TENTATIVE"}
    assert told(kantor)
    assert len(kantor.complaints()) == 1
    assert kantor.newest(GUEST).subject.startswith("[PGD")  # the invitation; no receipt


@pytest.mark.parametrize(
    ("sender", "named", "method", "own"),
    [
        ("budi.s@surel.example", "budi.s@surel.example", "REPLY", True),  # it was passed on
        (STRANGER, GUEST, "REPLY", True),  # somebody answers in another's name
        (STRANGER, STRANGER, "REPLY", False),
        (GUEST, GUEST, "COUNTER", True),
        (STRANGER, INTAKE, "REQUEST", False),
    ],
)
def test_other_mail_of_a_calendar_is_held(
    kantor: Office, sender: str, named: str, method: str, own: bool
) -> None:
    uid = meeting(kantor).uid if own else "lain@luar.example"
    before = len(kantor.inbox(sender))
    sends(kantor, sender, SAYS_GOOGLE, calendar(uid, named, "DECLINED", method=method))
    assert meeting(kantor).answers == {}
    assert told(kantor)
    assert len(kantor.complaints()) == 1
    assert len(kantor.inbox(sender)) == before


def test_calendar_that_cannot_be_read_is_held(kantor: Office) -> None:
    sends(kantor, STRANGER, "", "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n" + "BEGIN:VEVENT\r\n" * 9)
    assert told(kantor)
    assert len(kantor.complaints()) == 1


def test_complaint_with_an_invitation_as_a_file_is_a_complaint(kantor: Office) -> None:
    ics = calendar("lain@luar.example", STRANGER, "NEEDS-ACTION", method="REQUEST")
    text = "Saya diundang pada hari itu, tetapi kantornya tutup."
    file = ("undangan.ics", "text/calendar", ics.encode())
    kantor.citizen_sends("Kantor tutup", text, sender=STRANGER, files=[file])
    assert len(kantor.complaints()) == 2
    assert "Tanda terima" in kantor.newest(STRANGER).subject


RECALLS = (
    ("Recall: Lampu padam", 'Siti would like to recall the message, "Lampu padam".'),
    ("Tarik kembali: Lampu padam", 'Siti ingin menarik kembali pesan, "Lampu padam".'),
    ("Message Recall Success: Lampu", "Your attempt to recall the message was successful."),
)


def test_mail_that_takes_back_another_is_held(kantor: Office) -> None:
    events = kantor.events()
    for sender in (SITI, STRANGER, "kepala@kominfo.example"):
        before = len(kantor.inbox(sender))
        for subject, text in RECALLS:
            asked = len(kantor.inbox("jfu-1"))
            kantor.citizen_sends(subject, text, sender=sender, name="")
            assert len(kantor.inbox("jfu-1")) > asked, (sender, subject)
        assert len(kantor.inbox(sender)) == before
    assert told(kantor)
    assert len(kantor.complaints()) == 1
    assert kantor.events() == events


def test_complaint_about_goods_that_are_called_back_is_one(kantor: Office) -> None:
    text = "Petugas pajak membatalkan surat saya. Mohon dijelaskan."
    kantor.citizen_sends("Tarik kembali: surat pajak", text, sender=STRANGER)
    assert len(kantor.complaints()) == 2
