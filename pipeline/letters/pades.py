"""A child process that checks and makes electronic signatures: `python -m pipeline.letters.pades < order > answer`.

Hides pyHanko from the processes that go on for months: its 30 MB, its event loop, and what a hostile PDF does to it.
Bounded in memory and time by itself. The order is a line of JSON and the file's bytes, the answer a line of JSON and
the signed bytes: a child that was taken over by a hostile PDF can say nothing but data. A problem is a name in
templates/istilah.toml.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import (
    NonexistentAttributeError,
    SigningError,
    find_unique_cms_attribute,
)
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.validation import DocumentSecurityStore, validate_pdf_signature
from pyhanko.sign.validation.errors import NoDSSFoundError, SignatureValidationError
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko.stamp import TextStampStyle
from pyhanko_certvalidator import ValidationContext
from pypdfium2 import PdfiumError

from pipeline.letters.sealing import VisibleSeal, place_of

FIELD = "TandaTangan"
ENCLOSED = "adobe_revocation_info_archival"
MEMORY = 1_000 * 2**20  # bytes of data
SECONDS = 40  # of processor time
UNREADABLE, NO_CERTIFICATE = "tak terbaca", "pkcs12"
Answer = tuple[str, Any]


def verify(content: bytes, roots: Sequence[str], moment: datetime) -> Answer:
    """What is true of each signature, first to last; [] for a file without any."""
    try:
        reader = PdfFileReader(BytesIO(content), strict=False)
        signatures = list(reader.embedded_regular_signatures)
        ends = not content[
            content.rfind(b"%%EOF") + 5 :
        ].strip()  # nothing lies behind the last update
        known = list(load_certs_from_pemder(roots)) if roots and signatures else []  # type: ignore[no-untyped-call]
        trust: dict[str, Any] = {"trust_roots": known, "allow_fetching": False, "moment": moment}
        found = []
        for order, one in enumerate(signatures, 1):
            context = ValidationContext(**trust)
            facts = _facts(one, context, last=order == len(signatures), ends=ends)
            found.append(facts | {"revoked": _is_revoked(reader, one, trust)})
    except (
        PdfError,
        SignatureValidationError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        OSError,
    ) as error:
        logging.warning("signature: %s", type(error).__name__)
        return UNREADABLE, None
    return "", found


def _facts(signature: Any, context: ValidationContext, *, last: bool, ends: bool) -> dict[str, Any]:
    status = validate_pdf_signature(signature, context)
    subject = status.signing_cert.subject.native
    at = status.signer_reported_dt
    level = status.modification_level
    return {
        "signer": str(subject.get("common_name") or subject.get("organization_name") or ""),
        "signed_at": at.isoformat() if at else "",
        "intact": bool(status.intact and status.valid),
        "whole": status.coverage is SignatureCoverageLevel.ENTIRE_FILE or not last,
        "unchanged": level in (ModificationLevel.NONE, ModificationLevel.LTA_UPDATES)
        or (not last and level is ModificationLevel.FORM_FILLING),
        "trusted": bool(status.trusted),
        "extended": level is ModificationLevel.LTA_UPDATES and ends,
    }


def _is_revoked(reader: PdfFileReader, signature: Any, trust: dict[str, Any]) -> bool:
    """Whether what the file itself brings along says that the certificate was revoked: lists and answers behind the
    signature (PAdES B-LT) or within it. Asked for expressly: a certificate that names no place for them is else taken
    without a look."""
    try:
        store = DocumentSecurityStore.read_dss(reader)
    except NoDSSFoundError:
        store = DocumentSecurityStore(writer=None)
    answers, lists = _enclosed(signature)
    if not (store.crls or store.ocsps or answers or lists):
        return False
    within = {"ocsps": answers, "crls": lists, "revocation_mode": "require"}
    status = validate_pdf_signature(signature, store.as_validation_context({**trust, **within}))
    return bool(status.revoked)


def _enclosed(signature: Any) -> tuple[list[Any], list[Any]]:
    """(answers of OCSP, lists of revoked certificates) that stand in the signature itself, as Adobe's programs do."""
    try:
        found = find_unique_cms_attribute(signature.signer_info["signed_attrs"], ENCLOSED)
    except NonexistentAttributeError:
        return [], []
    return list(found["ocsp"] or ()), list(found["crl"] or ())


def sign(
    content: bytes, pkcs12: str, password: str, reason: str, place: str, seal: VisibleSeal
) -> Answer:
    """The signed PDF, with a seal that is seen where the letter is signed."""
    try:
        signer = SimpleSigner.load_pkcs12(pkcs12, passphrase=password.encode("utf-8"))  # type: ignore[no-untyped-call]
    except (OSError, ValueError):
        signer = None
    if signer is None:
        return NO_CERTIFICATE, None
    about = PdfSignatureMetadata(
        field_name=FIELD,
        subfilter=SigSeedSubFilter.PADES,
        md_algorithm="sha256",
        reason=reason,
        location=place,
    )
    out = BytesIO()
    style = TextStampStyle(stamp_text=seal.text.replace("%", "%%"), border_width=1, background=None)
    try:
        content, page, box = place_of(content, seal)
        spec = SigFieldSpec(FIELD, on_page=page, box=box)
        sealing = PdfSigner(about, signer=signer, stamp_style=style, new_field_spec=spec)
        sealing.sign_pdf(IncrementalPdfFileWriter(BytesIO(content), strict=False), output=out)
    except (PdfError, SigningError, ValueError, PdfiumError):
        return UNREADABLE, None
    return "", out.getvalue()


def main() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    for name in ("pyhanko", "pyhanko_certvalidator"):
        logging.getLogger(name).setLevel(
            logging.CRITICAL
        )  # it logs whole tracebacks about what it then reports
    order = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    if order["act"] == "verify":
        problem, value = verify(content, order["roots"], datetime.fromisoformat(order["moment"]))
        said, signed = value, b""
    else:
        seal = VisibleSeal(order["text"], order["anchor"], order["person"])
        problem, value = sign(
            content, order["pkcs12"], order["password"], order["reason"], order["place"], seal
        )
        said, signed = None, value or b""
    sys.stdout.buffer.write(
        json.dumps({"problem": problem, "said": said}).encode() + b"\n" + signed
    )


if __name__ == "__main__":
    main()
