"""What this process has done since it began, counted for `/metrik`. Hides prometheus_client from those who count.

No label ever holds what a person wrote: names of steps, pages and formats alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import Counter, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # the time at which each series began is of no use here and doubles the text

PAGES = Histogram(
    "aduan_halaman_detik", "Lama menjawab satu halaman", ["halaman", "metode", "status"]
)
OCR = Histogram(
    "aduan_ocr_detik", "Lama membaca satu halaman pindaian", buckets=(0.5, 1, 2, 5, 10, 20, 40, 60)
)
STEPS = Histogram(
    "aduan_langkah_mesin_detik",
    "Lama satu putaran jalur",
    ["jalur"],
    buckets=(0.01, 0.1, 1, 5, 15, 60, 300, 1800),
)
WORK = Counter(
    "aduan_pekerjaan",
    "Yang dikerjakan jalur sejak proses ini mulai, mis. surat_masuk, terkirim",
    ["apa"],
)


def count(done: Mapping[str, int]) -> None:
    """Add what one run of a lane reports."""
    for what, amount in done.items():
        if amount > 0:
            WORK.labels(what).inc(amount)
