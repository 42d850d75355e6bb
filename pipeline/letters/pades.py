"""A child process that checks and makes electronic signatures: `python -m pipeline.letters.pades < order > answer`.

Hides pyHanko from the processes that go on for months: its 30 MB, its event loop, and what a hostile PDF does to it.
Bounded in memory and time by itself. `signature` pickles the order and reads the answer: (problem, value), the problem
being a name in templates/istilah.toml.
"""

from __future__ import annotations

import logging
import pickle
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
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

FIELD = "TandaTangan"
MEMORY = 1_000 * 2**20  # bytes of data
SECONDS = 40  # of processor time
UNREADABLE, NO_CERTIFICATE = "tak terbaca", "pkcs12"
Answer = tuple[str, Any]


def verify(content: bytes, roots: Sequence[str], moment: datetime) -> Answer:
    """What is true of each signature, first to last; [] for a file without any."""
    try:
        reader = PdfFileReader(BytesIO(content), strict=False)
        signatures = list(reader.embedded_regular_signatures)
        known = list(load_certs_from_pemder(roots)) if roots and signatures else []  # type: ignore[no-untyped-call]
        found = []
        for order, one in enumerate(signatures, 1):
            context = ValidationContext(trust_roots=known, allow_fetching=False, moment=moment)
            found.append(_facts(one, context, last=order == len(signatures)))
    except (PdfError, SignatureValidationError, ValueError, KeyError, TypeError, AttributeError, RecursionError,
            OSError) as error:  # fmt: skip
        logging.warning("signature: %s", type(error).__name__)
        return UNREADABLE, None
    return "", found


def _facts(signature: Any, context: ValidationContext, *, last: bool) -> dict[str, Any]:
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
        "extended": level is ModificationLevel.LTA_UPDATES,
    }


def sign(content: bytes, pkcs12: str, password: str, reason: str, place: str) -> Answer:
    """The signed PDF."""
    try:
        signer = SimpleSigner.load_pkcs12(pkcs12, passphrase=password.encode("utf-8"))  # type: ignore[no-untyped-call]
    except (OSError, ValueError):
        signer = None
    if signer is None:
        return NO_CERTIFICATE, None
    about = PdfSignatureMetadata(
        field_name=FIELD, subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256", reason=reason, location=place
    )
    out = BytesIO()
    try:
        sign_pdf(IncrementalPdfFileWriter(BytesIO(content), strict=False), about, signer=signer, output=out)
    except (PdfError, SigningError, ValueError):
        return UNREADABLE, None
    return "", out.getvalue()


def main() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    for name in ("pyhanko", "pyhanko_certvalidator"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # it logs whole tracebacks about what it then reports
    act, order = pickle.load(sys.stdin.buffer)  # our own parent wrote it
    pickle.dump(verify(*order) if act == "verify" else sign(*order), sys.stdout.buffer)


if __name__ == "__main__":
    main()
