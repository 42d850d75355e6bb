"""Numbers as people here write them, in one form wherever they are read: 1.234; 2,5; 80%; 0812 3456 7890."""

from __future__ import annotations

import re

NOTHING = "-"  # in the cell of a table: an empty one would look forgotten


def whole(count: int) -> str:
    """1.234."""
    return f"{count:,}".replace(",", ".")


def decimal(number: float) -> str:
    """1.234,5: always one decimal, so that the numbers of a column stand under each other."""
    tens = round(abs(number) * 10)
    sign = "-" if number < 0 and tens else ""
    return f"{sign}{whole(tens // 10)},{tens % 10}"


def percent(share: float) -> str:
    """80%, of a share between 0 and 1."""
    return f"{100 * share:.0f}%"


SHORT_AREAS = ("021", "022", "024", "031", "061")  # the other area codes have four digits
MOBILE = range(10, 14)  # digits, with the zero in front
LANDLINE = range(9, 13)


def phone(text: str) -> str:
    """0812 3456 7890, (0351) 467327; what is no number of this country stays as it was typed."""
    digits = re.sub(r"\D", "", text)
    if text.strip().startswith("+") and digits.startswith("62"):
        digits = "0" + digits[2:].removeprefix("0")
    if not digits.startswith("0") or re.search(r"[^\d\s().+/-]", text) or "/" in text:
        return text
    if digits.startswith("08") and len(digits) in MOBILE:
        middle = 7 if len(digits) == MOBILE[0] else 8
        return f"{digits[:4]} {digits[4:middle]} {digits[middle:]}"
    if not digits.startswith(("00", "08")) and len(digits) in LANDLINE:
        area = 3 if digits.startswith(SHORT_AREAS) else 4
        return f"({digits[:area]}) {digits[area:]}"
    return text
