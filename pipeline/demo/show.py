"""The demo at the command line: everybody plays alone, or the playground is open until Ctrl+C."""

from __future__ import annotations

import threading
import time
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from pipeline.demo.office import DemoOffice
from pipeline.demo.pages import register as register_playground
from pipeline.demo.player import STEPS_OF_PLAY, Player, PlayError, export

__all__ = ["PlayError", "alone", "playground"]


def alone(out: Console, folder: Path) -> None:
    """Every role plays itself; the papers are left in the folder."""
    start = time.monotonic()
    with DemoOffice(folder, 0) as office, Progress(console=out, transient=True) as progress:
        line = progress.add_task("Menyiapkan kantor", total=STEPS_OF_PLAY)

        def tell(words: str) -> None:
            progress.console.print(words, markup=False)
            progress.update(line, description=words, advance=1)

        numbers = Player(office, tell).play()
        files = export(office, folder)
    kinds = Counter(path.parent.name if path.suffix != ".eml" else "email" for path in files)
    out.print(
        f"Selesai dalam {time.monotonic() - start:.0f} detik: {len(numbers)} pengaduan melewati kelima langkah."
    )
    out.print(
        f"Lihat {folder}/: {kinds['surat']} berkas surat, {kinds['email']} email, Buku Pengaduan.xlsx"
    )


def playground(out: Console, folder: Path, port: int) -> None:
    """Serve the playground until Ctrl+C."""
    with DemoOffice(folder, port, register_playground) as office:
        office.send_next()
        out.print(f"Buka http://127.0.0.1:{office.port}/demo di peramban. Berhenti: Ctrl+C")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            out.print("Selesai. Data percobaan ada di folder demo/kerja.")
