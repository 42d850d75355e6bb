"""Nobody who wrote nothing is answered, and not everybody at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.office.sop import EventKind
from tests.kantor import INTAKE, SITI, Office, compose, office

SERVER = "mx.kominfo.example"
FAILED = f"Authentication-Results: {SERVER}; spf=fail; dmarc=fail header.from=warga.example\r\n"


def arrive(kantor: Office, head: str, subject: str = "Lampu padam", sender: str = SITI) -> None:
    mail = compose(sender, INTAKE, subject, "Padam.", kantor.clock.now, name="Siti")
    kantor.arrive(head.encode() + mail.as_bytes())
    kantor.settle()


def test_a_sender_whose_domain_disowns_the_mail_is_recorded_and_not_answered(
    tmp_path: Path,
) -> None:
    with office(tmp_path, balasan={"server_tepercaya": [SERVER]}) as kantor:
        arrive(kantor, FAILED)
        assert kantor.inbox(SITI) == []
        assert kantor.complaint().email == SITI
        assert "Tanda terimanya ditahan" in kantor.newest("jfu@kominfo.example").words
        kantor.press("jfu-1", "laporkan", ringkasan="Lampu padam.")
        assert len(kantor.inbox(SITI)) == 1, "a JFU has looked at who complains"
        kantor.press("sekretaris", "kembalikan", alasan="Mohon dilengkapi.")
        kantor.press("jfu-1", "laporkan", ringkasan="Lampu padam sejak Senin.")
        assert len(kantor.inbox(SITI)) == 1, "once"


@pytest.mark.parametrize("sender", ["kepala@kominfo.example", "ti@kominfo.example"])
def test_what_a_trusted_server_disowns_in_an_officials_name_is_held(
    tmp_path: Path, sender: str
) -> None:
    with office(tmp_path, balasan={"server_tepercaya": [SERVER]}) as kantor:
        arrive(kantor, FAILED.replace("warga.example", "kominfo.example"), sender=sender)
        assert kantor.complaints() == []
        assert [
            mail.subject for mail in kantor.inbox(sender) if mail.subject.startswith("Tanda terima")
        ] == []


@pytest.mark.parametrize(
    "head", ["", f"Authentication-Results: {SERVER}; spf=fail; dmarc=pass\r\n", FAILED]
)
def test_without_a_trusted_servers_word_a_citizen_is_answered(tmp_path: Path, head: str) -> None:
    trusted = [] if head == FAILED else [SERVER]
    with office(tmp_path, balasan={"server_tepercaya": trusted}) as kantor:
        arrive(kantor, head)
        assert len(kantor.inbox(SITI)) == 1


def test_acknowledgements_beyond_the_cap_of_all_wait_and_the_it_officer_is_told(
    tmp_path: Path,
) -> None:
    with office(tmp_path, smtp={"all_answers_per_hour": 3}) as kantor:
        for n in range(7):
            kantor.citizen_sends(f"Lampu {n}", sender=f"w{n}@warga.example", settle=False)
        kantor.settle()

        def receipts() -> int:
            return len(
                [m for m in kantor.post.sent if m.subject.startswith("Tanda terima pengaduan")]
            )

        assert len(kantor.complaints()) == 7
        assert receipts() == 3
        assert (
            len([m for m in kantor.inbox("ti@kominfo.example") if "menunggu giliran" in m.subject])
            == 1
        )
        kantor.later(minutes=61)
        kantor.settle()
        assert receipts() == 6
        kantor.later(minutes=61)
        kantor.settle()
        assert receipts() == 7


@pytest.mark.parametrize(
    "subject",
    [
        "Klik http://jahat.example/hadiah",
        "buka www.jahat.example",
        "Hadiah di jahat.com",
        "jahat.example/x",
    ],
)
def test_links_in_a_strangers_subject_are_not_sent_on(tmp_path: Path, subject: str) -> None:
    with office(tmp_path) as kantor:
        mail = compose(
            SITI,
            INTAKE,
            subject,
            "Ambil.",
            kantor.clock.now,
            name="Menang di https://jahat.example",
        )
        kantor.arrive(mail.as_bytes())
        kantor.settle()
        (receipt,) = kantor.inbox(SITI)
        assert b"jahat" not in receipt.raw
        assert "jahat" not in receipt.text + receipt.html + receipt.subject
        assert kantor.complaint().perihal == subject, "the JFU sees it"


def test_an_ordinary_subject_stands_in_the_acknowledgement(tmp_path: Path) -> None:
    with office(tmp_path) as kantor:
        arrive(kantor, "", "Lampu Jl. Mawar RT.05/RW.02 No.7 padam")
        assert "Jl. Mawar RT.05" in kantor.newest().subject


def test_what_the_citizens_domain_disowns_does_not_join_their_case(tmp_path: Path) -> None:
    """Whoever knows a Message-ID of ours and forges the address is not the pengadu; a JFU looks at it."""
    with office(tmp_path, balasan={"server_tepercaya": [SERVER]}) as kantor:
        kantor.citizen_sends()
        receipt = kantor.newest(SITI)
        mail = compose(
            SITI,
            INTAKE,
            f"Re: {receipt.subject}",
            "Saya cabut.",
            kantor.clock.now,
            reply_to=receipt,
        )
        kantor.arrive(FAILED.encode() + mail.as_bytes())
        kantor.settle()
        assert EventKind.CITIZEN_WROTE not in kantor.events()
        assert "DMARC gagal" in kantor.newest("jfu-1", "tertahan").words
        assert len(kantor.inbox(SITI)) == 1


@pytest.mark.parametrize(
    "sender", ["wordpress@kominfo.example", "noreply@situs.example", "web@www.kominfo.example"]
)
def test_mail_of_a_site_without_a_way_back_gets_no_receipt(tmp_path: Path, sender: str) -> None:
    with office(tmp_path) as kantor:
        kantor.citizen_sends(
            "Formulir",
            "Nama: Wati\nPesan: Lampu di depan rumah padam.",
            sender=sender,
            name="Situs",
        )
        assert kantor.inbox(sender) == []
        if kantor.complaints():
            assert kantor.complaint().email == ""
            assert "alamat email pengadu dilengkapi" in kantor.newest("jfu-1").words


def test_person_whose_address_reads_like_a_site_is_answered(tmp_path: Path) -> None:
    with office(tmp_path) as kantor:
        kantor.citizen_sends(sender="admin@tokowati.example")
        assert len(kantor.inbox("admin@tokowati.example")) == 1


def test_two_mails_passed_on_in_one_are_held_until_somebody_has_looked(tmp_path: Path) -> None:
    with office(tmp_path) as kantor:
        mail = compose(
            kantor.address("sekretaris"),
            INTAKE,
            "Fwd: pengaduan",
            "Mohon dicatat.",
            kantor.clock.now,
        )
        for name in ("siti", "budi"):
            one = compose(
                f"{name}@warga.example",
                "kepala@kominfo.example",
                f"Lampu {name}",
                "Padam.",
                kantor.clock.now,
            )
            mail.add_attachment(one)
        kantor.arrive(mail.as_bytes())
        kantor.settle()
        assert kantor.complaints() == []
        assert "meneruskan 2 email" in kantor.newest("jfu-1").words
