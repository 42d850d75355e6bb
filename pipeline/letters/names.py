"""Whether two names are one person's: without titles, degrees and capitals; pure.

Sources: gelar as offices write them before ("Drs. H.", "Ir.", "dr.") and behind a name ("S.Kom", "S.H., M.H.").
"""

from __future__ import annotations

import re

_BEFORE = frozenset(
    [
        "prof",
        "dr",
        "dra",
        "drs",
        "drg",
        "drh",
        "ir",
        "h",
        "hj",
        "kh",
        "tgk",
        "rr",
        "raden",
        "apt",
        "ns",
        "pdt",
        "ust",
    ]
)
# A degree: letters with stops or a capital within, as S.Kom, M.Si, SH, A.Md.Kom, SE.Ak; no ordinary name is one.
_DEGREE = re.compile(
    r"(?:(?:S|M|A|D|Sp|Dr|Ph)\.?(?:Kom|Si|Sos|Pd|T|TP|Ked|Kes|KM|Farm|Psi|Hum|Ag|IP|IK|I|Ak|AP|STP|Sn|Tr|Md|Mat|Kep|"
    r"Keb|Gz|Hut|Pt|Pi|Stat|Ling|Adm|AB|E|H|P|D)(?:\.\w{1,4})*|SE|SH|ST|MM|MT|MH|MBA|MA|MSi|MAP|MPd|MKom|SKom|SSos|SPd|"
    r"SIP|STP|SSTP|AMd|PhD)\.?",
    re.IGNORECASE,
)


def same_person(expected: str, name: str) -> bool:
    """Whether a signature's name is the expected person's. "M. Yusuf" is not surely "Muhammad Yusuf": that asks."""
    return _plain(expected) == _plain(name) != ()


def _plain(text: str) -> tuple[str, ...]:
    """The words of a name in small letters, without titles before it and degrees behind it."""
    words = text.partition(",")[0].split()
    while len(words) > 1 and _before(words[0]):
        words = words[1:]
    while len(words) > 1 and _is_degree(words[-1]):
        words = words[:-1]
    name = " ".join(words).casefold()
    return tuple(name.replace(".", " ").split())


def _before(one: str) -> bool:
    """ "H." and "Drs." are titles; "H" of "H. M. Said" too, but "Tb" alone in capitals at the start is as well."""
    parts = [part for part in one.casefold().split(".") if part]
    return bool(parts) and all(part in _BEFORE for part in parts)


def _is_degree(one: str) -> bool:
    """With a stop or wholly in capitals: "S.Kom", "SE"; a family name such as "Sela" has neither."""
    return bool(_DEGREE.fullmatch(one)) and ("." in one or (one.isupper() and len(one) <= 4))
