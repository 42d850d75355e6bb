#!/usr/bin/env python3
"""Read a mail corpus with the product and write predictions, one JSON object a mail.

python bench/read_mails.py ROOT MANIFEST OUT.jsonl
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.mail import message, reply, triage
from pipeline.mail.triage import Kind

CLASSES = {
    Kind.BOUNCE: "bounce",
    Kind.AUTO_REPLY: "auto_reply",
    Kind.LIST: "bulk",
    Kind.SPAM: "spam",
    Kind.OWN: "own",
}


def predict(mail: dict[str, Any], raw: bytes) -> dict[str, Any]:
    """What the product says about one mail, in the form that the scorer reads."""
    if mail.get("format") == "text":
        text = raw.decode("utf-8", "replace")
        return {"id": mail["id"], "text": text, "new_text": reply.split(text).new}
    read = message.read(raw)
    verdict = triage.classify(read, own_addresses=frozenset())
    return {
        "id": mail["id"],
        "from_email": read.sender.email if read.sender else "",
        "subject": read.subject,
        "text": read.text,
        "class": CLASSES.get(verdict.kind) or _person(read),
        "attachments": [
            {
                "name": a.name,
                "type": a.content_type,
                "size": len(a.content),
                "sha256": hashlib.sha256(a.content).hexdigest(),
            }
            for a in read.attachments
        ],
        "failed_recipients": [failure.recipient for failure in verdict.failures],
        "new_text": reply.split(read.text).new,
    }


def _person(read: message.Message) -> str:
    answer = read.in_reply_to or read.references or re.match(r"(?i)(re|bls|aw)\s*:", read.subject)
    return "reply" if answer else "complaint"


def main(root: Path, manifest: Path, out: Path) -> None:
    """Predict for every mail of the manifest."""
    with out.open("w", encoding="utf-8") as target:
        for line in manifest.read_text("utf-8").splitlines():
            mail = json.loads(line)
            raw = (root / mail["file"]).read_bytes()
            start = time.perf_counter()
            try:
                row = predict(mail, raw)
            except Exception as error:  # a crash is a result here, and scored as one
                row = {"id": mail["id"], "error": repr(error)}
            row["seconds"] = round(time.perf_counter() - start, 4)
            target.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
