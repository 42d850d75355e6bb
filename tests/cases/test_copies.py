"""Tembusan by mail: with the signed letter, once, in a delivery state of its own; not of a confidential case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pipeline.cases.outcomes import bounced, delivery_result
from pipeline.data.states import MailState
from pipeline.data.tables import Outbox
from pipeline.office import config
from pipeline.office.config import Tembusan
from pipeline.office.config_errors import ConfigError
from pipeline.office.sop import EventKind, Stage
from tests.desk import PROOF, Desk, desk_in
from tests.kantor import sample

MAYOR = Tembusan(nama="Wali Kota Madiun", email="walikota@luar.example")
PRINTED = Tembusan(nama="Arsip")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path, surat={"tembusan": (MAYOR, PRINTED)}) as made:
        yield made


def ended(desk: Desk, mail: Outbox, state: str) -> None:
    with desk.work() as work:
        row = work.session.get_one(Outbox, mail.id)
        row.state, row.error, row.sent_at = (
            MailState(state),
            "550 5.1.1 User unknown" if state == "dead" else "",
            desk.clock(),
        )
        delivery_result(work, row)


def came_back(desk: Desk, mail: Outbox) -> None:
    with desk.work() as work:
        bounced(work, work.session.get_one(Outbox, mail.id), True, "550 5.1.1 User unknown")


def test_the_signed_letter_goes_to_each_address_once_it_is_on_its_way(desk: Desk) -> None:
    number = desk.to(Stage.PENYAMPAIAN)
    desk.press("jfu-1", "kirim_email", number=number)
    assert desk.mails("tembusan") == []
    ended(desk, desk.mails("surat_jawaban")[-1], "sent")
    (mail,) = desk.mails("tembusan")
    (signed,) = [d for d in desk.documents(number) if d.kind == "ttd"]
    assert (mail.recipient, [sha for sha, _name, _mime in mail.attachments]) == (
        MAYOR.email,
        [signed.sha256],
    )
    assert "Siti" not in mail.subject + mail.text
    ended(desk, mail, "sent")
    event, data = desk.events(number)[-1]
    assert (event.kind, data["kepada"]) == (EventKind.COPY_DELIVERED, MAYOR.nama)
    assert desk.stage(number) is Stage.SELESAI
    assert desk.faults() == []


def test_it_goes_with_a_letter_that_is_handed_over(desk: Desk) -> None:
    desk.to(Stage.SELESAI)
    assert [mail.recipient for mail in desk.mails("tembusan")] == [MAYOR.email]


def test_a_letter_that_is_sent_anew_to_the_pengadu_sends_no_second_copy(desk: Desk) -> None:
    number = desk.to(Stage.PENYAMPAIAN)
    desk.press("jfu-1", "kirim_email", number=number)
    letter = desk.mails("surat_jawaban")[-1]
    ended(desk, letter, "sent")
    came_back(desk, letter)
    desk.press("jfu-1", "sampaikan", number=number, cara="langsung", penerima="Siti", files=PROOF)
    assert len(desk.mails("tembusan")) == 1


@pytest.mark.parametrize("how", ["refused", "came back"])
def test_one_that_does_not_arrive_is_told_and_sent_again(desk: Desk, how: str) -> None:
    number = desk.to(Stage.SELESAI)
    mail = desk.mails("tembusan")[-1]
    came_back(desk, mail) if how == "came back" else ended(desk, mail, "dead")
    event, data = desk.events(number)[-1]
    assert event.kind is (EventKind.BOUNCED if how == "came back" else EventKind.SEND_FAILED)
    assert MAYOR.nama in data["teks"]
    assert {told.recipient for told in desk.mails("terpental")} >= {"jfu@kominfo.example"}
    assert desk.stage(number) is Stage.SELESAI
    desk.press("jfu-1", "kirim_tembusan", number=number)
    first, second = desk.mails("tembusan")
    assert (first.recipient, second.recipient) == (MAYOR.email, MAYOR.email)
    assert desk.faults() == []


@pytest.mark.parametrize(("setting", "sent"), [("tanpa", 0), ("catatan", 1)])
def test_a_confidential_case_sends_no_letter(tmp_path: Path, setting: str, sent: int) -> None:
    surat: Mapping[str, object] = {"tembusan": (MAYOR,), "tembusan_rahasia": setting}
    with desk_in(tmp_path, surat=surat) as desk:
        desk.to(Stage.SELESAI, desk.record(rahasia=True))
        mails = desk.mails("tembusan")
        assert len(mails) == sent
        for mail in mails:
            assert mail.attachments == []
            assert all(word not in mail.subject + mail.text for word in ("Siti", "Mawar", "Lampu"))


def test_who_is_complained_of_gets_no_copy(tmp_path: Path) -> None:
    head = Tembusan(nama="Kepala Dinas", email="kasubag@kominfo.example")
    with desk_in(tmp_path, surat={"tembusan": (head,)}) as desk:
        number = desk.record()
        desk.press("jfu-1", "laporkan", number=number, terlapor=["kasubag-umum"])
        desk.to(Stage.SELESAI, number)
        assert desk.mails("tembusan") == []


def test_what_such_a_recipient_answers_is_nobodys_complaint(desk: Desk) -> None:
    desk.to(Stage.SELESAI)
    mail = desk.mails("tembusan")[-1]
    head = f"From: {MAYOR.email}\nTo: aduan@kominfo.example\nSubject: Re: tembusan\nIn-Reply-To: {mail.message_id}"
    item = desk.take_in(
        f"{head}\nMessage-ID: <jawab@luar.example>\n\nTerima kasih, sudah kami baca.\n".encode()
    )
    assert item.state == "held"
    assert len(desk.complaints()) == 1


def test_the_offices_own_address_gets_no_copy() -> None:
    old = 'tembusan = ["Wali Kota Madiun (sebagai laporan)"]'
    new = 'tembusan = [{ nama = "Arsip", email = "aduan@kominfo.example" }]'
    with pytest.raises(ConfigError, match="alamat pengaduan itu sendiri"):
        config.parse(sample().replace(old, new, 1), Path("/kantor/config.toml"))


def test_config_takes_a_name_alone_or_with_an_address() -> None:
    old = 'tembusan = ["Wali Kota Madiun (sebagai laporan)"]'
    new = 'tembusan = ["Arsip", { nama = "Wali Kota", email = "wali@luar.example" }]'
    settings = config.parse(sample().replace(old, new, 1), Path("/kantor/config.toml"))
    assert [(one.nama, one.email) for one in settings.surat.tembusan] == [
        ("Arsip", ""),
        ("Wali Kota", "wali@luar.example"),
    ]
