"""Talking over pipes with a process that may hang or die: every write and read has an end in time.

Hides non-blocking pipes. Orders and answers are lines of JSON with bytes behind them; `slips.worker` and
`files.libreoffice` are near ends, the programs that they start the far ends.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from typing import Any

AT_ONCE = 65_536  # bytes written before the clock is looked at again
LARGE = 1 << 20


def started(command: list[str]) -> subprocess.Popen[bytes]:
    """A process in a group of its own, so that `stop` ends what it has started, too. What it complains of is lost."""
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        start_new_session=True,
    )


def ask(
    process: subprocess.Popen[bytes], order: dict[str, Any], content: bytes, seconds: float
) -> tuple[dict[str, Any], list[bytes]]:
    """Send an order with its bytes; the answer, and the blobs whose sizes it names under "blobs".

    TimeoutError after `seconds`; EOFError, BrokenPipeError or ValueError when the process died or spoke nonsense.
    """
    end = time.monotonic() + seconds
    _write(process, json.dumps(order).encode() + b"\n" + content, end)
    answer = json.loads(_read_line(process, end))
    blobs = [_read(process, size, end) for size in answer.get("blobs", ())]
    return answer, blobs


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the process and its group, whatever it is at."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait()


def _write(process: subprocess.Popen[bytes], content: bytes, end: float) -> None:
    assert process.stdin is not None
    pipe = process.stdin.fileno()
    os.set_blocking(pipe, False)
    view = memoryview(content)
    while view:
        _, ready, _ = select.select([], [pipe], [], max(end - time.monotonic(), 0))
        if not ready:
            raise TimeoutError
        view = view[os.write(pipe, view[:AT_ONCE]) :]


def _read(process: subprocess.Popen[bytes], size: int, end: float) -> bytes:
    assert process.stdout is not None
    pipe = process.stdout.fileno()
    parts: list[bytes] = []
    while size:
        ready, _, _ = select.select([pipe], [], [], max(end - time.monotonic(), 0))
        if not ready:
            raise TimeoutError
        part = os.read(pipe, min(size, LARGE))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _read_line(process: subprocess.Popen[bytes], end: float) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        line += _read(process, 1, end)
    return line
