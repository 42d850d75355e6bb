"""What a mail server says becomes a sentence that an official understands."""

from __future__ import annotations

import pytest

from pipeline.mail.diagnosis import explained, sentence


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("550 5.1.1 User unknown", "tidak dikenal"),
        ("550-5.1.1 The email account that you tried to reach does not exist.", "tidak dikenal"),
        ("550 No such user here", "tidak dikenal"),
        ("552 5.2.2 Mailbox full", "penuh"),
        ("452 4.2.2 The recipient's inbox is out of storage space", "penuh"),
        ("Host or domain name not found. Name service error", "domain"),
        ("552 5.3.4 Message size exceeds fixed limit", "besar"),
        ("550 5.7.1 Message rejected as spam by policy", "menolak"),
        ("4.4.7 Message expired: could not be delivered within 3 days", "dihubungi"),
        ("999 etwas anderes", "menerima"),
        ("", "menerima"),
    ],
)
def test_sentence_names_the_cause(said: str, word: str) -> None:
    assert word in sentence(said)


def test_what_the_server_said_stands_behind_it() -> None:
    assert explained("550 5.1.1 User unknown").endswith("(kata server: 550 5.1.1 User unknown)")


def test_long_words_cost_little() -> None:
    assert sentence("user " * 100_000)
