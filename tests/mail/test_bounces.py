"""Delivery reports name exactly whom a mail of ours did not reach, for good or for now."""

from __future__ import annotations

import pytest

from pipeline.mail.message import read
from pipeline.mail.triage import Kind, classify
from tests.mail.reports import ORIGINAL, SAMPLES, B, Sample, W
from tests.work import effort

OWN = frozenset({"pengaduan@kota.example"})


def report(sample: Sample) -> bytes:
    head = [
        f"From: {sample.sender}",
        "To: pengaduan@kota.example",
        f"Subject: {sample.subject}",
        "Date: Mon, 23 Nov 2026 10:15:03 +0700",
        sample.headers or "Content-Type: text/plain; charset=utf-8",
    ]
    return ("\n".join(head) + "\n\n" + sample.text).encode()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_report_names_whom_the_mail_did_not_reach(sample: Sample) -> None:
    found = classify(read(report(sample)), own_addresses=OWN)
    assert found.kind is Kind.BOUNCE
    assert [failure.recipient for failure in found.failures] == list(sample.failed)
    assert {failure.permanent for failure in found.failures} == {sample.permanent}
    assert {failure.original_message_id for failure in found.failures} == {sample.original}


# --- RFC 3464 ------------------------------------------------------------------------------


def dsn(status: str, returned: str = ORIGINAL, text: str = "Your message came back.") -> bytes:
    parts = [
        f"Content-Type: text/plain\n\n{text}",
        f"Content-Type: message/delivery-status\n\n{status}",
    ]
    if returned:
        parts.append(f"Content-Type: message/rfc822\n\n{returned}")
    head = "From: MAILER-DAEMON@mx.example\nTo: pengaduan@kota.example\nSubject: Undelivered\n"
    body = "".join(f"--b\n{part}\n" for part in parts)
    return f"{head}Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n{body}--b--\n".encode()


MTA = "Reporting-MTA: dns; mx.example\nArrival-Date: Mon, 23 Nov 2026 10:15:00 +0700\n\n"


@pytest.mark.parametrize(
    ("status", "failures"),
    [
        (f"{MTA}Final-Recipient: rfc822; {W}\nAction: failed\nStatus: 5.1.1\n", [(W, True)]),
        (f"{MTA}Final-Recipient: rfc822;<{W}>\nAction: failed (bad)\nStatus: 4.4.7\n", [(W, True)]),
        (f"{MTA}Final-Recipient: {W}\nStatus: 5.0.0 (permanent failure)\n", [(W, True)]),
        (f"{MTA}Final-Recipient: rfc822; {W}\nStatus: 4.2.2\n", [(W, False)]),
        (f"{MTA}Final-Recipient: rfc822; {W}\nAction: delayed\nStatus: 4.4.1\n", [(W, False)]),
        # the address that was written to, not the one that it was passed on to
        (
            f"{MTA}Original-Recipient: rfc822;{W}\nFinal-Recipient: rfc822;{B}\nAction: failed\n",
            [(W, True)],
        ),
        (
            f"{MTA}Final-Recipient: rfc822;{W}\nX-Actual-Recipient: rfc822;{B}\nAction: failed\n",
            [(W, True)],
        ),
        # one failed, one delayed, one arrived
        (
            f"{MTA}Final-Recipient: rfc822;{W}\nAction: failed\nStatus: 5.1.1\n\n"
            f"Final-Recipient: rfc822;{B}\nAction: delayed\nStatus: 4.4.1\n\n"
            "Final-Recipient: rfc822;sampai@pos.example\nAction: relayed\nStatus: 2.1.5\n",
            [(W, True), (B, False)],
        ),
        # groups that no blank line parts
        (
            f"{MTA}Final-Recipient: rfc822;{W}\nAction: failed\nStatus: 5.1.1\n"
            f"Final-Recipient: rfc822;{B}\nAction: failed\nStatus: 5.1.1\n",
            [(W, True), (B, True)],
        ),
        (
            f"{MTA}Final-Recipient: rfc822;\n {W}\nAction: failed\nDiagnostic-Code: smtp;\n 550 no\n",
            [(W, True)],
        ),
    ],
)
def test_a_report_of_rfc_3464_names_each_recipient_once(
    status: str, failures: list[tuple[str, bool]]
) -> None:
    found = classify(read(dsn(status)), own_addresses=OWN)
    assert found.kind is Kind.BOUNCE
    assert [(failure.recipient, failure.permanent) for failure in found.failures] == failures
    assert {failure.original_message_id for failure in found.failures} == {"surat-9@kota.example"}


@pytest.mark.parametrize(
    ("status", "text", "returned", "recipient"),
    [
        (f"{MTA}Final-Recipient: x400; /c=id/\nAction: failed\n", f"<{W}>: mailbox full", "", W),
        (f"{MTA}Final-Recipient: rfc822; wulan\nAction: failed\n", f"<{W}>: mailbox full", "", W),
        (MTA, "Something went wrong.", ORIGINAL, "tertulis@lain.example"),
    ],
)
def test_a_report_that_names_no_mailbox_is_read_in_its_words(
    status: str, text: str, returned: str, recipient: str
) -> None:
    found = classify(read(dsn(status, returned, text)), own_addresses=OWN)
    assert [failure.recipient for failure in found.failures] == [recipient]


def test_a_report_that_a_person_passes_on_is_a_persons_mail() -> None:
    report = dsn(f"{MTA}Final-Recipient: rfc822;{W}\nAction: failed\nStatus: 5.1.1\n").decode()
    mail = (
        "From: Siti <siti@surel.example>\nSubject: Surat saya ke dinas kembali\n"
        "Content-Type: multipart/mixed; boundary=luar\n\n--luar\n\nMengapa surat saya ditolak?\n"
        f"--luar\nContent-Type: message/rfc822\n\n{report}\n--luar--\n"
    )
    assert classify(read(mail.encode()), own_addresses=OWN).kind is Kind.PERSON


@pytest.mark.parametrize(
    "line",
    [
        "could not be delivered to ",
        "a@b.example ",
        "<a@b.example>: ",
        "550 5.1.1 <a@b.example>... ",
        "from from from ",
        "user unknown ",
        "original recipient: ",
        "c=id;a= ;",
        "未能 传递 ",
        " \t",
        "(a(",
        ">>> ",
        "@",
        "a" * 80 + ".",
        "Received: ",
    ],
)
@pytest.mark.parametrize("glue", ["", "\n"])
def test_hostile_repetition_is_read_in_linear_time(line: str, glue: str) -> None:
    body = (line + glue) * (1_000_000 // len(line + glue))
    mail = read(
        f"From: MAILER-DAEMON@mx.example\nSubject: {line[:40].strip() * 500}\n\n{body}".encode()
    )
    assert effort(lambda: classify(mail, own_addresses=OWN)) < 250
