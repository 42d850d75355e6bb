"""Files for certain readers alone, in the format of age (age-encryption.org/v1). Hides the library.

A *recipient* is a public key ("age1…") and may stand in config.toml; the *identity* that opens what was written for it
("AGE-SECRET-KEY-1…") is a secret. Whatever is written here can be opened with the program `age` as well.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from pathlib import Path

import pyrage

from pipeline.office.messages import say

BEGIN = b"age-encryption.org/v1"
ENDING = ".age"


class RecipientError(ValueError):
    """Not a key, or none that opens the file; the message says what to do."""


def new_identity() -> str:
    """A fresh secret key."""
    return str(pyrage.x25519.Identity.generate())


def public_of(identity: str) -> str:
    """The recipient that belongs to an identity."""
    return str(_secret(identity).to_public())


def identities(text: str) -> list[str]:
    """The secret keys of a file as `age-keygen` writes it; RecipientError where there is none."""
    lines = [line.strip() for line in text.splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    if not found:
        raise RecipientError(say("kunci_age.kosong"))
    for one in found:
        _secret(one)
    return found


def is_encrypted(path: Path) -> bool:
    """Whether a file was written for somebody."""
    with path.open("rb") as file:
        return file.read(len(BEGIN)) == BEGIN


def encrypt(plain: Path, into: Path, to: Collection[str]) -> None:
    """Write the file anew for these recipients (checked as the settings were read), 0600, in little memory."""
    _made(into)
    try:
        pyrage.encrypt_file(
            str(plain), str(into), [pyrage.x25519.Recipient.from_str(one) for one in to]
        )
    except pyrage.EncryptError as error:
        raise _of_system(error, into) or error from error


def decrypt(closed: Path, into: Path, keys: Sequence[str]) -> None:
    """Write the plain file, 0600; RecipientError if no key opens it or it was changed since."""
    if not keys:
        raise RecipientError(say("kunci_age.terenkripsi", file=closed))
    _made(into)
    try:
        pyrage.decrypt_file(str(closed), str(into), [_secret(one) for one in keys])
    except (
        pyrage.DecryptError,
        OSError,
    ) as error:  # the latter where a later part of the file was changed
        raise _of_system(error, into) or RecipientError(
            say("kunci_age.bukan_untuknya", file=closed)
        ) from error


def _of_system(error: Exception, path: Path) -> OSError | None:
    """What the system refused, with its number, which the library tells in words alone; None for another fault."""
    found = re.search(r"\(os error (\d+)\)", str(error))
    return OSError(int(found[1]), os.strerror(int(found[1])), str(path)) if found else None


def _made(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _secret(text: str) -> pyrage.x25519.Identity:
    try:
        return pyrage.x25519.Identity.from_str(text)
    except pyrage.IdentityError as error:
        raise RecipientError(say("kunci_age.bukan")) from error
