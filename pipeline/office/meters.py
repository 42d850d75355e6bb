"""What this process has done since it began, counted for `/metrik`. Hides prometheus_client from those who count.

No label ever holds what a person wrote: names of steps, pages and formats alone, and under a roof the office's folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager

from prometheus_client import (
    REGISTRY,
    Counter,
    Histogram,
    Metric,
    disable_created_metrics,
)
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from pipeline.office import whose
from pipeline.office.messages import say

disable_created_metrics()  # type: ignore[no-untyped-call]  # the time at which each series began is of no use here and doubles the text

OFFICE = "kantor"
_PAGES = Histogram(
    "aduan_halaman_detik",
    say("ukuran.halaman"),
    [OFFICE, "halaman", "metode", "status"],
)
_OCR = Histogram(
    "aduan_ocr_detik",
    say("ukuran.pindaian"),
    [OFFICE],
    buckets=(0.5, 1, 2, 5, 10, 20, 40, 60),
)
_STEPS = Histogram(
    "aduan_langkah_mesin_detik",
    say("ukuran.putaran"),
    [OFFICE, "jalur"],
    buckets=(0.01, 0.1, 1, 5, 15, 60, 300, 1800),
)
_WORK = Counter(
    "aduan_pekerjaan",
    say("ukuran.pekerjaan"),
    [OFFICE, "apa"],
)


def step(lane: str) -> AbstractContextManager[object]:
    """Time one run of a lane."""
    return _STEPS.labels(whose.name(), lane).time()


def ocr() -> AbstractContextManager[object]:
    """Time the reading of one page."""
    return _OCR.labels(whose.name()).time()


def page(name: str, method: str, status: int, seconds: float) -> None:
    """A page was answered."""
    _PAGES.labels(whose.name(), name, method, status).observe(seconds)


def count(done: Mapping[str, int]) -> None:
    """Add what one run of a lane reports."""
    for what, amount in done.items():
        if amount > 0:
            _WORK.labels(whose.name(), what).inc(amount)


class Counted(Collector):
    """What was counted for one office, and what is the process' own; for None of all offices."""

    def __init__(self, office: str | None) -> None:
        self._office = office
        _OCR.labels(office or "")  # told from the beginning, though no page was read yet

    def collect(self) -> Iterator[Metric]:
        for family in REGISTRY.collect():
            family.samples = [
                _unnamed(one) for one in family.samples if self._tells(one.labels.get(OFFICE))
            ]
            yield family

    def _tells(self, office: str | None) -> bool:
        return office is None or self._office is None or office == self._office


def _unnamed(sample: Sample) -> Sample:
    """Without the office's label where there is but one office."""
    if sample.labels.get(OFFICE):
        return sample
    labels = {name: value for name, value in sample.labels.items() if name != OFFICE}
    return sample._replace(labels=labels)
