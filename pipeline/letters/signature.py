"""Electronic signatures of a PDF (PAdES): checked without a network, and made with the office's own certificate.

Hides pyHanko. What its `bottom_line` lets pass is refused here: bytes behind the signature, and a page that was changed
by an update although the signed bytes are intact.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, TypeVar

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from pipeline.words import word

FIELD = "TandaTangan"
Result = TypeVar("Result")
for _name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)  # it logs whole tracebacks about what it then reports


class SignatureError(Exception):
    """The file or the certificate cannot be used; the message says what to do."""


@dataclass(frozen=True)
class Verdict:
    """What was found when the file came in; an expired certificate would read otherwise later. `level`: "baik" may go
    out, "hati" wants a look, "buruk" must not."""

    level: Literal["baik", "hati", "buruk"]
    reason: str  # a name under [vonis] in templates/istilah.toml
    signer: str = ""
    signed_at: str = ""
    intact: bool = False
    whole: bool = False
    unchanged: bool = False
    trusted: bool = False

    @property
    def facts(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def sentence(self) -> str:
        return word(f"vonis.{self.reason}", nama=self.signer or word("vonis.tanpa_nama"))


def verify(content: bytes, roots: Sequence[Path], moment: datetime, expected: str = "") -> Verdict | None:
    """The verdict on a PDF's signatures, by these root certificates alone; None where it bears none. `expected` is who
    should have signed. SignatureError for a file that cannot be read."""
    return _apart(lambda: _verify(content, roots, moment, expected))


def _apart(work: Callable[[], Result]) -> Result:
    """pyHanko starts an event loop of its own, which the caller's thread may have already."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def _verify(content: bytes, roots: Sequence[Path], moment: datetime, expected: str) -> Verdict | None:
    try:
        reader = PdfFileReader(BytesIO(content), strict=False)
        signatures = list(reader.embedded_regular_signatures)
        if not signatures:
            return None
        paths = [str(path) for path in roots]
        known = list(load_certs_from_pemder(paths)) if paths else []  # type: ignore[no-untyped-call]
        found = []
        for order, one in enumerate(signatures, 1):
            context = ValidationContext(trust_roots=known, allow_fetching=False, moment=moment)
            found.append(_judge(one, context, last=order == len(signatures), expected=expected))
    except (PdfError, SignatureValidationError, ValueError, KeyError, TypeError, AttributeError, RecursionError,
            OSError) as error:  # fmt: skip
        raise SignatureError(word("galat.ttd_tak_terbaca")) from error
    worst = {"buruk": 0, "hati": 1, "baik": 2}
    return min(found, key=lambda verdict: worst[verdict.level])


def _judge(signature: Any, context: ValidationContext, *, last: bool, expected: str) -> Verdict:
    status = validate_pdf_signature(signature, context)
    subject = status.signing_cert.subject.native
    name = str(subject.get("common_name") or subject.get("organization_name") or "")
    at = status.signer_reported_dt
    level = status.modification_level
    allowed = (ModificationLevel.NONE, ModificationLevel.LTA_UPDATES)
    facts: dict[str, Any] = {
        "signer": name,
        "signed_at": at.isoformat() if at else "",
        "intact": bool(status.intact and status.valid),
        "whole": status.coverage is SignatureCoverageLevel.ENTIRE_FILE or not last,
        "unchanged": level in allowed or (not last and level is ModificationLevel.FORM_FILLING),
        "trusted": bool(status.trusted),
    }
    return Verdict(*_said(facts, level, expected), **facts)


def _said(facts: dict[str, Any], level: Any, expected: str) -> tuple[Literal["baik", "hati", "buruk"], str]:
    if not facts["intact"]:
        return "buruk", "rusak"
    if not facts["unchanged"]:
        return "buruk", "diubah"
    if not facts["whole"]:
        # Data for long-term validation may follow a signature; anything else may not.
        return ("hati", "ditambah") if level is ModificationLevel.LTA_UPDATES else ("buruk", "disambung")
    if not facts["trusted"]:
        return "hati", "tak_dikenal"
    if expected and not _same_person(expected, facts["signer"]):
        return "hati", "orang_lain"
    return "baik", "sah"


def _same_person(expected: str, name: str) -> bool:
    """Names without titles and capitals: "NOOR AFLAH, S.Kom" is "Noor Aflah"."""

    def plain(text: str) -> str:
        return " ".join(text.partition(",")[0].casefold().replace(".", " ").split())

    return plain(expected) == plain(name)


def sign(content: bytes, pkcs12: Path, password: str, reason: str, place: str) -> bytes:
    """The PDF with a signature of the office's certificate (PAdES), as an update behind the same bytes."""
    try:
        signer = SimpleSigner.load_pkcs12(str(pkcs12), passphrase=password.encode("utf-8"))  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise SignatureError(word("galat.pkcs12")) from error
    if signer is None:
        raise SignatureError(word("galat.pkcs12"))
    about = PdfSignatureMetadata(
        field_name=FIELD, subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256", reason=reason, location=place
    )
    out = BytesIO()
    try:
        writer = IncrementalPdfFileWriter(BytesIO(content), strict=False)
        _apart(lambda: sign_pdf(writer, about, signer=signer, output=out))
    except (PdfError, SigningError, ValueError) as error:
        raise SignatureError(word("galat.ttd_tak_terbaca")) from error
    return out.getvalue()
