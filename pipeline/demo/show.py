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
from pipeline.office.messages import say

__all__ = ["PlayError", "alone", "playground"]


def alone(out: Console, folder: Path) -> None:
    """Every role plays itself; the papers are left in the folder."""
    start = time.monotonic()
    with DemoOffice(folder, 0) as office, Progress(console=out, transient=True) as progress:
        line = progress.add_task(say("demo.menyiapkan"), total=STEPS_OF_PLAY)

        def tell(words: str) -> None:
            progress.console.print(words, markup=False)
            progress.update(line, description=words, advance=1)

        numbers = Player(office, tell).play()
        files = export(office, folder)
    kinds = Counter(path.parent.name if path.suffix != ".eml" else "email" for path in files)
    out.print(say("demo.selesai_dalam", detik=round(time.monotonic() - start), jumlah=len(numbers)))
    out.print(say("demo.lihat", folder=folder, surat=kinds["surat"], email=kinds["email"]))


def playground(out: Console, folder: Path, port: int) -> None:
    """Serve the playground until Ctrl+C."""
    with DemoOffice(folder, port, register_playground) as office:
        office.send_next()
        out.print(say("demo.buka", port=office.port))
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            out.print(say("demo.selesai"))
