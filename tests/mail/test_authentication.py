"""What a trusted server says about a sender, read from Authentication-Results (RFC 8601)."""

from __future__ import annotations

import pytest

from pipeline.mail.authentication import failure, parse, proven

OURS = ("mx.kominfo.example",)


def test_a_header_is_read_with_comments_versions_and_properties() -> None:
    """The example of RFC 8601, appendix B.5, and more."""
    read = parse(
        "MX.kominfo.example 1; dkim/1=pass (good (nested) signature) header.d=kominfo.example\r\n"
        '  header.i="@kominfo.example"; spf = softfail smtp.mailfrom=a@b.example; broken; none'
    )
    assert read.server == "mx.kominfo.example"
    assert [(one.method, one.result) for one in read.found] == [("dkim", "pass"), ("spf", "softfail")]
    assert read.found[0].about("header.d") == "kominfo.example"
    assert read.found[0].about("header.i") == "@kominfo.example"
    assert read.found[1].about("smtp.mailfrom") == "a@b.example"
    assert read.found[1].about("header.d") == ""


@pytest.mark.parametrize(
    ("values", "method"),
    [
        ([], ""),
        (["mx.kominfo.example; none"], ""),
        (["mx.kominfo.example; dmarc=pass; spf=fail"], ""),
        (["mx.kominfo.example; dmarc=fail (p=none); dkim=pass"], "dmarc"),
        (["mx.kominfo.example; spf=fail smtp.mailfrom=x"], "spf"),
        (["mx.kominfo.example; dkim=fail; spf=pass"], "dkim"),
        (["mx.kominfo.example; spf=softfail; dkim=none; dmarc=none"], ""),
        (["lain.example; dmarc=fail"], ""),
        (["mx.kominfo.example; dmarc=pass", "mx.kominfo.example; dmarc=fail"], "dmarc"),
        (["mx.kominfo.example (x; dmarc=pass); dmarc=fail"], "dmarc"),
        (["", ";;;", "=;=", "mx.kominfo.example"], ""),
    ],
)
def test_only_a_failure_that_a_trusted_server_states_counts(values: list[str], method: str) -> None:
    assert failure(values, OURS) == method


def test_without_trusted_servers_nothing_is_believed() -> None:
    assert failure(["mx.kominfo.example; dmarc=fail"], ()) == ""


MX = "mx.kominfo.example"
PASSED = ("Authentication-Results", f"{MX}; dmarc=pass header.from=kominfo.example")
FROM = ("From", "Dimas <dimas@kominfo.example>")
OUTSIDE = ("Received", f"from mail.example (mail.example [198.51.100.7])\r\n\tby {MX} (Postfix) with ESMTPS id 4F;")
INTO_THE_BOX = ("Received", f"from {MX} by {MX} with LMTP id AB for <aduan@kominfo.example>; Tue")
FROM_A_FILTER = ("Received", f"from localhost (localhost [127.0.0.1]) by {MX} (Postfix) with ESMTP id 5A; Tue")
CALLS_ITSELF_LOCAL = (
    "Received",
    f"from x by {MX} with LMTP ([127.0.0.1]) (evil.example [198.51.100.9]) by {MX} (Postfix) with ESMTP id 6B; Tue",
)
GOOGLE = ("Received", "from mail.example ([198.51.100.7]) by mx.google.com with ESMTPS id z9; Tue")
BY_GOOGLE = ("Authentication-Results", "mx.google.com; dmarc=pass header.from=kominfo.example")
WITHIN = ("Received", "by 2002:a05:7010:1 with SMTP id f5; Tue")


@pytest.mark.parametrize(
    ("head", "servers", "believed"),
    [
        ([PASSED, OUTSIDE, FROM], [MX], True),
        ([INTO_THE_BOX, PASSED, OUTSIDE, FROM], [MX], True),
        ([FROM_A_FILTER, PASSED, OUTSIDE, FROM], [MX], True),
        ([OUTSIDE, PASSED, FROM], [MX], False),
        ([OUTSIDE, PASSED, OUTSIDE, FROM], [MX], False),
        ([INTO_THE_BOX, OUTSIDE, PASSED, FROM], [MX], False),
        ([CALLS_ITSELF_LOCAL, PASSED, FROM], [MX], False),
        ([OUTSIDE, PASSED, FROM], ["kominfo.example", MX], False),
        ([WITHIN, GOOGLE, BY_GOOGLE, FROM], ["mx.google.com"], True),
        ([WITHIN, GOOGLE, OUTSIDE, BY_GOOGLE, FROM], ["mx.google.com"], False),
    ],
)
def test_only_what_stands_above_the_servers_own_received_is_believed(
    head: list[tuple[str, str]], servers: list[str], believed: bool
) -> None:
    """A filter that is down lets a forged header through; that one stands below (RFC 8601 section 5)."""
    assert proven(head, servers, "kominfo.example") is believed
