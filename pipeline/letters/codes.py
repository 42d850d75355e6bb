"""The codes that the pictures of a Word letter show."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile

from pipeline.files import kinds, pictures
from pipeline.letters.mark import printed_code

_RELATION = re.compile(rb"<(?:[\w.-]+:)?Relationship\b[^<>]*>")
_ATTRIBUTE = re.compile(rb"\b(Id|Target)\s*=\s*[\"']([^\"'<>]*)[\"']")
MOST = 20  # pictures that are looked at
LARGEST = 2**20  # bytes of a picture that may be a QR


def codes_in(content: bytes) -> dict[str, str]:
    """{name of the picture: the code that it shows} of a file that has passed its gate."""
    found: dict[str, str] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as letter:
        shown = _shown(letter)
        names = [
            one for one in letter.infolist() if one.filename in shown and one.file_size <= LARGEST
        ]
        for entry in names[:MOST]:
            picture = letter.read(entry)
            mime = kinds.sniff(picture)
            said = pictures.read_codes(picture, mime) if mime in kinds.PICTURES else ()
            if code := next(filter(None, map(printed_code, said)), ""):
                found[entry.filename] = code
    return found


def _shown(letter: zipfile.ZipFile) -> set[str]:
    """The pictures that a part of the letter refers to: a deleted one may lie in the file all the same."""
    names, found = set(letter.namelist()), set()
    for name in names:
        folder, relations = posixpath.split(name)
        part = posixpath.join(posixpath.dirname(folder), relations.removesuffix(".rels"))
        if not (folder.endswith("_rels") and part in names):
            continue
        text = letter.read(part)
        for one in _RELATION.findall(letter.read(name)):
            said = dict(_ATTRIBUTE.findall(one))
            at, target = said.get(b"Id", b""), said.get(b"Target", b"").decode("utf-8", "replace")
            if at and b'"%s"' % at in text and "media/" in target:
                found.add(
                    posixpath.normpath(posixpath.join(posixpath.dirname(part), target)).lstrip("/")
                )
    return found
