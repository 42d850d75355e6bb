#!/usr/bin/env python3
"""Coverage-guided fuzzing of everything that a mail goes through before anybody sees it.

python bench/fuzz_mail.py [SECONDS] [FOLDER]      (make fuzz ARGS="600")

Seeds are the open corpus where it lies beside the project, else the demo's samples. What raises, takes more than ten
seconds under instrumentation (about one without) or 600 MB is written to FOLDER, and the run ends with an error.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

with atheris.instrument_imports(include=["pipeline.mail", "pipeline.files"]):
    from pipeline.mail import message, reply, triage

CORPUS = ROOT.parent / "shared" / "corpora" / "open" / "mails"
SAMPLES = ROOT / "pipeline" / "demo" / "samples"
OWN = frozenset({"pengaduan@kota.example"})
MARKS = (
    *(
        "Content-Type: ",
        "multipart/mixed; boundary=",
        "multipart/alternative",
        "message/rfc822",
        "text/html",
        "charset=",
    ),
    *(
        "Content-Transfer-Encoding: ",
        "base64",
        "quoted-printable",
        "x-uuencode",
        "Content-Disposition: attachment",
    ),
    *(
        "filename*0*=utf-8''",
        "=?utf-8?B?",
        "=?iso-2022-jp?Q?",
        "?=",
        "--b",
        "begin 644 a",
        "format=flowed",
        "From: ",
    ),
    *(
        "message/delivery-status",
        "Final-Recipient: ",
        "Auto-Submitted: ",
        "List-Id: ",
        "<blockquote type=cite>",
        "-- ",
    ),
)


def one(data: bytes) -> None:
    """One mail; anything that it raises is a finding."""
    mail = message.read(data)
    triage.classify(mail, own_addresses=OWN)
    reply.split(mail.text)


def main(seconds: int = 300, found: Path = ROOT / "fuzz") -> None:
    """Fuzz for some seconds."""
    found.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        words = Path(folder) / "marks.dict"
        words.write_text("".join(f'"{mark}"\n' for mark in MARKS), "ascii")
        grown = Path(folder) / "grown"
        grown.mkdir()
        seeds = CORPUS if CORPUS.is_dir() else SAMPLES
        limits = [
            "-max_len=65536",
            "-timeout=10",
            "-rss_limit_mb=600",
            f"-max_total_time={seconds}",
        ]
        atheris.Setup(
            [
                sys.argv[0],
                *limits,
                f"-dict={words}",
                f"-artifact_prefix={found}/",
                str(grown),
                str(seeds),
            ],
            one,
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main(*(kind(value) for kind, value in zip((int, Path), sys.argv[1:3], strict=False)))
