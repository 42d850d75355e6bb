"""Electronic signatures of a PDF (PAdES): checked without a network, and made with the office's own certificate.

Hides the child process that runs pyHanko (`pades`), and what its `bottom_line` lets pass: bytes behind the signature,
and a page that was changed by an update although the signed bytes are intact.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pipeline.words import word

SECONDS = 60


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
    beside: tuple[str, ...] = ()  # who else has signed

    @property
    def facts(self) -> dict[str, Any]:
        return asdict(self)

    def by(self, expected: str) -> Verdict:
        """The same, where this person should have signed."""
        others = [name for name in (self.signer, *self.beside) if not _same_person(expected, name)]
        if self.level != "baik" or not expected or not others:
            return self
        return replace(self, level="hati", reason="orang_lain", signer=others[0])

    @property
    def sentence(self) -> str:
        return word(f"vonis.{self.reason}", nama=self.signer or word("vonis.tanpa_nama"))


def verify(content: bytes, roots: Sequence[Path], moment: datetime) -> Verdict | None:
    """The verdict on a PDF's signatures, by these root certificates alone; None where it bears none. SignatureError for
    a file that cannot be read."""
    signatures: list[dict[str, Any]] = _apart("verify", content, [str(path) for path in roots], moment)
    worst = {"buruk": 0, "hati": 1, "baik": 2}
    verdicts = [Verdict(*_said(facts, facts.pop("extended")), **facts) for facts in signatures]
    found = min(verdicts, key=lambda verdict: worst[verdict.level], default=None)
    return found and replace(found, beside=tuple(one.signer for one in verdicts if one is not found))


def sign(content: bytes, pkcs12: Path, password: str, reason: str, place: str) -> bytes:
    """The PDF with a signature of the office's certificate (PAdES), as an update behind the same bytes. SignatureError
    where the file or the certificate cannot be used."""
    signed: bytes = _apart("sign", content, str(pkcs12), password, reason, place)
    return signed


def _apart(act: str, *order: object) -> Any:
    """What the child process answers; whatever ends it is the file's fault."""
    command = [sys.executable, "-m", "pipeline.letters.pades"]
    try:
        done = subprocess.run(
            command, input=pickle.dumps((act, order)), timeout=SECONDS, check=True, capture_output=True
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise SignatureError(word("galat.ttd_tak_terbaca")) from error
    problem, value = pickle.loads(done.stdout)  # our own child wrote it
    if problem:
        raise SignatureError(word("galat.pkcs12") if problem == "pkcs12" else word("galat.ttd_tak_terbaca"))
    return value


def _said(facts: dict[str, Any], extended: bool) -> tuple[Literal["baik", "hati", "buruk"], str]:
    """(level, reason); `extended`: all that follows the signature is data for its long-term validation."""
    if not facts["intact"]:
        return "buruk", "rusak"
    if not facts["unchanged"]:
        return "buruk", "diubah"
    if not facts["whole"]:
        return ("hati", "ditambah") if extended else ("buruk", "disambung")
    if not facts["trusted"]:
        return "hati", "tak_dikenal"
    return "baik", "sah"


def _same_person(expected: str, name: str) -> bool:
    """Names without titles and capitals: "NOOR AFLAH, S.Kom" is "Noor Aflah"."""

    def plain(text: str) -> str:
        return " ".join(text.partition(",")[0].casefold().replace(".", " ").split())

    return plain(expected) == plain(name)
