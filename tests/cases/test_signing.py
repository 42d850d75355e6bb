"""Who signs, and who hands the paper in: a JFU for the Kepala Dinas, an acting holder for who was there before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from pipeline import cases
from pipeline.cases import Forbidden, Invalid
from pipeline.cases.chain import SYSTEM
from pipeline.data import store
from pipeline.data.states import DocumentKind
from pipeline.files import pdf
from pipeline.letters import signature
from pipeline.office.sop import EventKind, Stage
from pipeline.running import drafting
from pipeline.work import App
from tests.cases.test_covering import decided, stored
from tests.desk import Desk, desk_in, jakarta
from tests.kantor import SIGNED, Mail, compose
from tests.letters.notary import PASSWORD, notary
from tests.letters.sample import changed

PAPER = {"bertanda_tangan": ("s.jpg", SIGNED)}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as made:
        yield made


def test_jfu_hands_in_the_scan_for_the_head_who_hears_of_it(desk: Desk) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    assert {m.recipient for m in desk.mails("boleh_unggah")} == {
        "jfu@kominfo.example",
        "jfu2@kominfo.example",
    }
    desk.press("jfu-2", "tandatangani", number=number, files=PAPER)
    event, data = desk.events(number)[-1]
    assert (event.kind, event.actor, event.actor_title) == (
        EventKind.SIGNED,
        "jfu-2",
        "JFU Pelayanan Pengaduan",
    )
    assert data["untuk"] == "kepala"
    assert data["teks"].endswith(
        "Diunggah untuk NOOR AFLAH, S.Kom, Kepala Dinas Komunikasi dan Informatika."
    )
    facts = next(d for d in desk.documents(number) if d.kind == "ttd").facts or {}
    assert facts["penanda"] == "NOOR AFLAH, S.Kom"
    (mail,) = desk.mails("diunggah_untuk")
    assert mail.recipient == "kepala@kominfo.example"
    assert "Sri Wahyuni" in mail.text
    assert [name for _sha, name, _mime in mail.attachments] == [f"Surat jawaban {number}.pdf"]
    assert desk.stage(number) is Stage.PENYAMPAIAN


def test_photo_of_a_phone_in_heic_goes_on_as_a_pdf(desk: Desk) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    photo = (Path(__file__).parents[1] / "slips" / "data" / "foto.heic").read_bytes()
    desk.press(
        "kepala", "tandatangani", number=number, files={"bertanda_tangan": ("IMG_1.HEIC", photo)}
    )
    kept = {d.kind: d.mime for d in desk.documents(number)}
    assert (kept[DocumentKind.PINDAIAN], kept[DocumentKind.TTD]) == (
        "image/heic",
        "application/pdf",
    )


def test_broken_photo_is_told(desk: Desk) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    photo = (Path(__file__).parents[1] / "slips" / "data" / "foto.heic").read_bytes()[:300]
    with pytest.raises(Invalid, match="bukan PDF atau foto"):
        desk.press(
            "kepala",
            "tandatangani",
            number=number,
            files={"bertanda_tangan": ("IMG_1.HEIC", photo)},
        )


def test_head_who_hands_in_alone_is_told_nothing(desk: Desk) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    desk.press("kepala", "tandatangani", number=number, files=PAPER)
    assert "untuk" not in desk.events(number)[-1][1]
    assert not desk.mails("diunggah_untuk")


def test_jfu_may_hand_in_and_nothing_else(desk: Desk) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    with pytest.raises(Forbidden):
        desk.press("jfu-1", "kembalikan", number=number)
    with pytest.raises(Forbidden):
        desk.press("sekretaris", "tandatangani", number=number, files=PAPER)


def test_jfu_hands_in_by_reply_too(desk: Desk) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    asked = desk.mails("boleh_unggah")[0]
    answered = Mail(asked.recipient, f"Message-ID: {asked.message_id}\r\n\r\nx".encode())
    reply = compose(
        asked.recipient,
        "aduan@kominfo.example",
        "Re: x",
        "SETUJU",
        desk.clock(),
        reply_to=answered,
        files=[("s.jpg", "image/jpeg", SIGNED)],
    )
    desk.take_in(reply.as_bytes())
    assert (
        desk.stage(number) is Stage.TANDA_TANGAN
    )  # the paper is read on the page, which wants one look
    assert "?aksi=tandatangani" in desk.mails("balasan_konfirmasi")[-1].text
    assert desk.mails("balasan_konfirmasi")[-1].recipient == asked.recipient


def test_office_that_signs_electronically_does_not_ask_the_jfu(tmp_path: Path) -> None:
    with desk_in(tmp_path, surat={"jangkar": "^"}) as desk:
        desk.to(Stage.TANDA_TANGAN)
        assert not desk.mails("boleh_unggah")


def test_letter_that_names_another_signer_than_now_is_not_handed_in(desk: Desk) -> None:
    """Looked at before the delegation began, handed in after."""
    number = desk.to(Stage.JAWABAN)
    with desk.work() as work:
        cases.delegate(
            work, "kepala", "kasubag-umum", "plh", date(2026, 11, 25), date(2026, 11, 27), SYSTEM
        )
    desk.clock.now = jakarta(25, 9)
    with pytest.raises(
        Invalid, match=r"sekarang ditandatangani oleh Endah Lestari, Plh\. Kepala Dinas"
    ):
        desk.press("sekretaris", "ajukan", number=number, yakin="ya")
    letter = changed(
        stored(desk, number, "konsep"), "word/document.xml", "NOOR AFLAH, S.Kom", "Endah Lestari"
    )
    desk.press("sekretaris", "unggah", number=number, files={"surat": ("s.docx", letter)})
    desk.press("sekretaris", "ajukan", number=number, yakin="ya")
    assert desk.stage(number) is Stage.TANDA_TANGAN


def test_acting_holder_who_hands_in_what_the_head_has_signed_is_recorded_as_that(
    desk: Desk,
) -> None:
    number = desk.to(Stage.TANDA_TANGAN)
    with desk.work() as work:
        cases.delegate(
            work, "kepala", "kasubag-umum", "plh", date(2026, 11, 25), date(2026, 11, 27), SYSTEM
        )
    desk.clock.now = jakarta(25, 9)
    desk.press("kasubag-umum", "tandatangani", number=number, files=PAPER)
    event, data = desk.events(number)[-1]
    assert (event.actor_title, data["untuk"]) == (
        "Plh. Kepala Dinas Komunikasi dan Informatika",
        "kepala",
    )
    assert desk.mails("diunggah_untuk")[-1].recipient == "kepala@kominfo.example"


# ---- the place of an electronic signature ------------------------------------------------------------------------


@pytest.fixture
def electronic(tmp_path: Path, libreoffice: None) -> Iterator[Desk]:
    with desk_in(tmp_path, surat={"jangkar": "^"}) as made:
        yield made


def drawn(desk: Desk) -> None:
    drafting.pictures(App(desk.settings, desk.engine, desk.clock))


def test_each_pdf_to_sign_bears_the_anchor_once(electronic: Desk) -> None:
    number = decided(electronic)
    electronic.to(Stage.TANDA_TANGAN, number)
    drawn(electronic)
    made = [d for d in electronic.documents(number) if d.kind == "pdf"]
    assert [d.name for d in made] == [
        f"Surat jawaban {number}.pdf",
        f"Surat pengantar {number}.pdf",
    ]
    with electronic.work() as work:
        assert [pdf.pdf_text(store.get(work.session, d.sha256)).count("^") for d in made] == [1, 1]


def test_seal_of_the_offices_certificate_is_seen_and_leaves_no_anchor(
    electronic: Desk, tmp_path: Path
) -> None:
    number = electronic.to(Stage.TANDA_TANGAN)
    drawn(electronic)
    (offered,) = [d for d in electronic.documents(number) if d.kind == "pdf"]
    ours = notary(tmp_path)
    with electronic.work() as work:
        content = store.get(work.session, offered.sha256)
    head = electronic.person("kepala").nama
    sealed = signature.sign(
        content,
        ours.person("Noor Aflah"),
        PASSWORD,
        "Surat",
        "Madiun",
        anchor="^",
        person=head,
    )
    assert "^" not in pdf.pdf_text(sealed)
    assert head in pdf.pdf_text(sealed)
    before, after = (
        Image.open(BytesIO(pdf.pdf_pages(one, 600, 1)[0])).convert("L") for one in (content, sealed)
    )
    bounds = (
        ImageChops.difference(before, after).point(lambda value: 255 if value > 60 else 0).getbbox()
    )
    assert bounds is not None
    assert bounds[2] - bounds[0] > 80, "the seal is seen"
    verdict = signature.verify(sealed, [ours.root], datetime(2026, 11, 24, tzinfo=UTC))
    assert verdict is not None
    assert (verdict.level, verdict.reason) == ("baik", "sah")


def test_pdf_that_prints_the_anchor_more_often_is_not_offered_and_says_so(electronic: Desk) -> None:
    """A numbering of the Sekretaris prints it, which no text of the Word file shows."""
    number = electronic.to(Stage.JAWABAN)
    letter = changed(stored(electronic, number, "konsep"), "word/numbering.xml", '"%1."', '"^%1."')
    electronic.press("sekretaris", "unggah", number=number, files={"surat": ("s.docx", letter)})
    electronic.press("sekretaris", "ajukan", number=number)
    electronic.jobs()
    drawn(electronic)
    assert "pdf" not in {d.kind for d in electronic.documents(number)}
    for kind in ("surat", "akhir"):
        facts = next(d for d in electronic.documents(number) if d.kind == kind).facts or {}
        level, message, _where = facts["temuan"][-1]
        assert level == "blokir"
        assert "tanda ^ tercetak" in message
    electronic.press("kepala", "kembalikan", number=number, alasan="Mohon penomorannya dirapikan.")
    with pytest.raises(Invalid, match="harus diperbaiki"):
        electronic.press("sekretaris", "ajukan", number=number)
