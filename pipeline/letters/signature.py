"""Electronic signatures of a PDF (PAdES): checked without a network, and made with the office's own certificate.

Hides the child process that runs pyHanko (`pades`), and what its `bottom_line` lets pass: bytes behind the signature,
and a page that was changed by an update although the signed bytes are intact.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pipeline.letters.names import same_person
from pipeline.office.words import word

SECONDS = 60


class SignatureError(Exception):
    """The file or the certificate cannot be used; the message says what to do."""


@dataclass(frozen=True)
class SignatureVerdict:
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
    beside: tuple[str, ...] = ()  # who else has signed

    @property
    def facts(self) -> dict[str, Any]:
        return asdict(self)

    def by(self, expected: str) -> SignatureVerdict:
        """The same, where this person should have signed."""
        others = [name for name in (self.signer, *self.beside) if not same_person(expected, name)]
        if self.level == "buruk" or not expected or not others:
            return self
        reason = "orang_lain" if self.level == "baik" else "lain_tak_dikenal"
        return replace(self, level="hati", reason=reason, signer=others[0])

    def asks(self, has_roots: bool) -> bool:
        """Whether a person has to confirm a doubtful signature. An office without root certificates can prove none, and
        takes those of the right name."""
        return self.level == "hati" and (has_roots or self.reason != "tak_dikenal")

    @property
    def sentence(self) -> str:
        return word(f"vonis.{self.reason}", nama=self.signer or word("vonis.tanpa_nama"))


def verify(content: bytes, roots: Sequence[Path], moment: datetime) -> SignatureVerdict | None:
    """The verdict on a PDF's signatures, by these root certificates alone; None where it bears none. SignatureError for
    a file that cannot be read."""
    order = {"act": "verify", "roots": [str(path) for path in roots], "moment": moment.isoformat()}
    signatures: list[dict[str, Any]] = _apart(order, content)[0]
    verdicts = [
        SignatureVerdict(*_said(facts, facts.pop("extended"), facts.pop("revoked")), **facts)
        for facts in signatures
    ]
    if not verdicts:
        return None
    worst_first = ("buruk", "hati", "baik")
    found = min(verdicts, key=lambda verdict: worst_first.index(verdict.level))
    beside = tuple(one.signer for one in verdicts if one is not found)
    return replace(found, beside=beside)


def sign(
    content: bytes,
    pkcs12: Path,
    password: str,
    reason: str,
    place: str,
    *,
    anchor: str = "",
    person: str = "",
) -> bytes:
    """The PDF with a signature of the office's certificate (PAdES), as an update behind the same bytes, and a seal that
    is seen: where the `anchor` stands, which is taken away, else above the name of the `person` who signs.
    SignatureError where the file or the certificate cannot be used."""
    order = {
        "act": "sign",
        "pkcs12": str(pkcs12),
        "password": password,
        "reason": reason,
        "place": place,
    }
    order |= {"anchor": anchor, "person": person, "text": word("tanda_tangan.cap", nama=person)}
    return _apart(order, content)[1]


def _apart(order: dict[str, Any], content: bytes) -> tuple[Any, bytes]:
    """What the child process answers: what it says, and bytes; whatever ends it is the file's fault."""
    command = [sys.executable, "-m", "pipeline.letters.pades"]
    try:
        told = json.dumps(order).encode() + b"\n" + content
        done = subprocess.run(command, input=told, timeout=SECONDS, check=True, capture_output=True)
        line, _, data = done.stdout.partition(b"\n")
        answer = json.loads(line)
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError, ValueError) as error:
        raise SignatureError(word("galat.ttd_tak_terbaca")) from error
    if problem := answer["problem"]:
        raise SignatureError(
            word("galat.pkcs12") if problem == "pkcs12" else word("galat.ttd_tak_terbaca")
        )
    return answer["said"], data


def _said(
    facts: dict[str, Any], extended: bool, revoked: bool
) -> tuple[Literal["baik", "hati", "buruk"], str]:
    """(level, reason); `extended`: all that follows the signature is data for its long-term validation; `revoked`: that
    data says that the certificate is no longer good."""
    if not facts["intact"]:
        return "buruk", "rusak"
    if not facts["unchanged"]:
        return "buruk", "diubah"
    if not facts["whole"] and not extended:
        return "buruk", "disambung"
    # What follows is data by which the signature can be proved for long (PAdES B-LT, B-LTA): as good as without.
    if revoked:
        return "hati", "dicabut"
    if not facts["trusted"]:
        return "hati", "tak_dikenal"
    return "baik", "sah"
