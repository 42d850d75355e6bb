"""Numbers as people here write them, in one form wherever they are read: 1.234; 2,5; 80%."""

from __future__ import annotations

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
