"""Electronic signatures: every way in which a signed PDF is not what was signed, by an authority of our own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto.crl import CertificateList  # type: ignore[import-untyped]
from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.generic import ArrayObject, FloatObject, NameObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko_certvalidator import ValidationContext

from pipeline.letters.signature import SignatureError, SignatureVerdict, sign, verify
from tests.letters.notary import PASSWORD, Notary, notary, paper

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
HEAD = "NOOR AFLAH, S.Kom"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Notary:
    return notary(tmp_path_factory.mktemp("akar"))


@pytest.fixture(scope="module")
def head(office: Notary) -> Path:
    return office.person("Noor Aflah")


@pytest.fixture(scope="module")
def signed(head: Path) -> bytes:
    return sign(paper(), head, PASSWORD, "Surat jawaban", "Madiun")


def judged(
    content: bytes, office: Notary, moment: datetime = NOW, expected: str = HEAD
) -> SignatureVerdict:
    found = verify(content, [office.root], moment)
    assert found is not None
    return found.by(expected)


def test_good_signature_is_sound_whole_trusted_and_named(signed: bytes, office: Notary) -> None:
    found = judged(signed, office)
    assert (found.level, found.reason, found.signer) == ("baik", "sah", "Noor Aflah")
    assert found.intact
    assert found.whole
    assert found.unchanged
    assert found.trusted
    assert found.signed_at
    assert found.sentence.startswith("Tanda tangan elektronik Noor Aflah sah")


def test_the_signed_bytes_are_those_that_were_offered(head: Path) -> None:
    offered = paper()
    assert sign(offered, head, PASSWORD, "Surat jawaban", "Madiun").startswith(offered)


def test_pdf_without_a_signature_has_no_verdict(office: Notary) -> None:
    assert verify(paper(), [office.root], NOW) is None


def test_changed_byte_is_found(signed: bytes, office: Notary) -> None:
    place = signed.find(b"/MediaBox")
    found = judged(signed[:place] + b"/MediaBux" + signed[place + 9 :], office)
    assert (found.level, found.reason) == ("buruk", "rusak")


@pytest.mark.parametrize(
    "behind", [b"\n% lampiran gelap\n", b"<html><script>1</script></html>", b"\0" * 500]
)
def test_bytes_behind_the_signature_are_found(signed: bytes, office: Notary, behind: bytes) -> None:
    """`bottom_line` of the library is True here."""
    found = judged(signed + behind, office)
    assert found.level == "buruk"
    assert not found.whole


def test_page_that_was_changed_by_an_update_is_found(signed: bytes, office: Notary) -> None:
    """The signed bytes stay intact, valid and trusted; only the modification level tells."""
    writer = IncrementalPdfFileWriter(BytesIO(signed), strict=False)
    page, _resources = writer.find_page_for_modification(0)  # type: ignore[no-untyped-call]
    corners = [FloatObject(n) for n in (0, 0, 90, 90)]  # type: ignore[no-untyped-call]
    page.get_object()[NameObject("/MediaBox")] = ArrayObject(corners)
    writer.mark_update(page)
    out = BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    found = judged(out.getvalue(), office)
    assert (found.level, found.reason) == ("buruk", "diubah")
    assert found.intact
    assert found.trusted


def test_stranger_is_not_trusted(signed: bytes, tmp_path: Path) -> None:
    found = judged(signed, notary(tmp_path, "Akar Lain"))
    assert (found.level, found.reason, found.trusted) == ("hati", "tak_dikenal", False)


def test_without_roots_nobody_is_trusted(signed: bytes) -> None:
    found = verify(signed, [], NOW)
    assert found is not None
    assert found.reason == "tak_dikenal"


def test_own_root_of_the_same_name_is_not_the_offices(office: Notary, tmp_path: Path) -> None:
    forged = notary(tmp_path, office.name)
    found = judged(sign(paper(), forged.person("Noor Aflah"), PASSWORD, "x", "y"), office)
    assert not found.trusted


def test_somebody_else_who_signed_is_named(office: Notary) -> None:
    found = judged(sign(paper(), office.person("Budi Santoso"), PASSWORD, "x", "y"), office)
    assert (found.level, found.reason) == ("hati", "orang_lain")
    assert "Budi Santoso" in found.sentence


def test_somebody_else_whose_certificate_proves_nothing_is_named_and_asked_about(
    office: Notary,
) -> None:
    found = verify(sign(paper(), office.person("Budi Santoso"), PASSWORD, "x", "y"), [], NOW)
    assert found is not None
    assert not found.by("Budi Santoso").asks(has_roots=False)
    doubted = found.by("Noor Aflah")
    assert (doubted.reason, doubted.asks(has_roots=False)) == ("lain_tak_dikenal", True)
    assert "Budi Santoso" in doubted.sentence


def test_verdict_depends_on_the_day_so_it_is_kept_from_the_upload(office: Notary) -> None:
    content = sign(paper(), office.person("Noor Aflah", days=330), PASSWORD, "x", "y")
    assert judged(content, office).level == "baik"
    assert judged(content, office, datetime(2027, 3, 1, tzinfo=UTC)).reason == "tak_dikenal"


def test_two_signatures_are_both_looked_at(signed: bytes, office: Notary) -> None:
    second = SimpleSigner.load_pkcs12(
        str(office.person("Sri Wahyuni")), passphrase=PASSWORD.encode()
    )  # type: ignore[no-untyped-call]
    out = BytesIO()
    about = PdfSignatureMetadata(field_name="Kedua", md_algorithm="sha256")
    writer = IncrementalPdfFileWriter(BytesIO(signed), strict=False)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(sign_pdf, writer, about, signer=second, output=out).result()
    assert judged(out.getvalue(), office, expected="").level == "baik"
    assert judged(out.getvalue(), office).reason == "orang_lain"


@pytest.mark.parametrize("archived", [False, True], ids=["B-LT", "B-LTA"])
def test_data_for_long_validation_behind_a_signature_leave_it_good(
    office: Notary,
    head: Path,
    archived: bool,
) -> None:
    """A time-stamp, what is needed to prove the signature later (DSS), and for B-LTA a time-stamp over all (ETSI EN
    319 142-1); as BSrE's and other services write them."""
    found = judged(lasting(office, head, archived=archived), office)
    assert (found.level, found.reason) == ("baik", "sah")


def test_certificate_that_the_file_itself_says_was_revoked_is_asked_about(
    signed: bytes, office: Notary, head: Path
) -> None:
    """Also where the certificate names no place for such lists: what was brought along is read."""
    taken_back = CertificateList.load(office.revoked(head))
    writer = IncrementalPdfFileWriter(BytesIO(signed), strict=False)
    (one,) = writer.prev.embedded_signatures
    DocumentSecurityStore.supply_dss_in_writer(writer, one.pkcs7_content, crls=[taken_back])
    out = BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    found = judged(out.getvalue(), office)
    assert (found.level, found.reason) == ("hati", "dicabut")
    assert "sudah dicabut" in found.sentence
    assert found.asks(has_roots=True)


def test_page_behind_long_validation_data_is_found(office: Notary, head: Path) -> None:
    content = lasting(office, head, archived=False)
    writer = IncrementalPdfFileWriter(BytesIO(content), strict=False)
    page, _resources = writer.find_page_for_modification(0)  # type: ignore[no-untyped-call]
    corners = [FloatObject(n) for n in (0, 0, 90, 90)]  # type: ignore[no-untyped-call]
    page.get_object()[NameObject("/MediaBox")] = ArrayObject(corners)
    writer.mark_update(page)
    out = BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    assert judged(out.getvalue(), office).level == "buruk"


def lasting(office: Notary, head: Path, *, archived: bool) -> bytes:
    """A signature with time-stamp and validation data, by an authority and a time-stamper of our own."""
    stamper = SimpleSigner.load_pkcs12(str(office.stamper()), passphrase=PASSWORD.encode())  # type: ignore[no-untyped-call]
    signer = SimpleSigner.load_pkcs12(str(head), passphrase=PASSWORD.encode())  # type: ignore[no-untyped-call]
    clock = DummyTimeStamper(stamper.signing_cert, stamper.signing_key, fixed_dt=NOW)
    roots = list(load_certs_from_pemder([str(office.root)]))  # type: ignore[no-untyped-call]
    about = PdfSignatureMetadata(
        field_name="TandaTangan",
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        embed_validation_info=True,
        use_pades_lta=archived,
        validation_context=ValidationContext(trust_roots=roots, moment=NOW),
    )
    out = BytesIO()
    writer = IncrementalPdfFileWriter(BytesIO(paper()), strict=False)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(sign_pdf, writer, about, signer=signer, timestamper=clock, output=out).result()
    return out.getvalue()


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"bukan pdf", b"%PDF-1.7\n" + b"<" * 5000])
def test_file_that_cannot_be_read_says_so(content: bytes, office: Notary) -> None:
    with pytest.raises(SignatureError, match="tidak dapat dibaca"):
        verify(content, [office.root], NOW)


def test_random_damage_never_breaks_the_check(signed: bytes, office: Notary) -> None:
    for place in range(0, len(signed), max(1, len(signed) // 60)):
        data = bytearray(signed)
        data[place] ^= 0xFF
        try:
            found = verify(bytes(data), [office.root], NOW)
        except SignatureError:
            continue
        assert found is None or found.level != "baik" or bytes(data) == signed


@pytest.mark.parametrize("wrong", ["salah", ""])
def test_certificate_with_a_wrong_password_says_whom_to_tell(head: Path, wrong: str) -> None:
    with pytest.raises(SignatureError, match="petugas TI"):
        sign(paper(), head, wrong, "x", "y")


def test_certificate_that_is_not_there_says_whom_to_tell(tmp_path: Path) -> None:
    with pytest.raises(SignatureError, match="petugas TI"):
        sign(paper(), tmp_path / "tidak-ada.p12", PASSWORD, "x", "y")
