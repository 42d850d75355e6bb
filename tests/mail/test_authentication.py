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
    assert [(one.method, one.result) for one in read.found] == [
        ("dkim", "pass"),
        ("spf", "softfail"),
    ]
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
OUTSIDE = (
    "Received",
    f"from mail.example (mail.example [198.51.100.7])\r\n\tby {MX} (Postfix) with ESMTPS id 4F;",
)
INTO_THE_BOX = ("Received", f"from {MX} by {MX} with LMTP id AB for <aduan@kominfo.example>; Tue")
FROM_A_FILTER = (
    "Received",
    f"from localhost (localhost [127.0.0.1]) by {MX} (Postfix) with ESMTP id 5A; Tue",
)
CALLS_ITSELF_LOCAL = (
    "Received",
    f"from x by {MX} with LMTP ([127.0.0.1]) (evil.example [198.51.100.9]) by {MX} (Postfix) with ESMTP id 6B; Tue",
)
GOOGLE = ("Received", "from mail.example ([198.51.100.7]) by mx.google.com with ESMTPS id z9; Tue")
BY_GOOGLE = ("Authentication-Results", "mx.google.com; dmarc=pass header.from=kominfo.example")
GOOGLE_SAID_NOTHING = (
    "Authentication-Results",
    "mx.google.com; spf=pass smtp.mailfrom=x@jahat.example",
)
# The office's server under another name than the one that is trusted, its filter down.
ANOTHER_NAME = (
    "Received",
    "from evil.example (evil.example [203.0.113.9]) by mail.hosting.example with ESMTPS id 7C; Tue",
)
CALLS_ITSELF_OURS = (
    "Received",
    f"from {MX} (unknown [203.0.113.9]) by mail.hosting.example with ESMTPS id 7D; Tue",
)
LOOKED_UP_IN_VAIN = (
    "Received",
    f"from {MX} ({MX} [203.0.113.9] (may be forged)) by mail.hosting.example with ESMTPS id 7E; Tue",
)
# From the server that looks at mails into the one that keeps them.
STORE = (
    "Received",
    f"from {MX} (unknown [10.0.0.5]) by toko.hosting.example (Postfix) with ESMTP id 8A; Tue",
)
STORE_BY_NAME = (
    "Received",
    f"from x ({MX} [203.0.113.5]) by toko.hosting.example (Postfix) with ESMTP id 8B; Tue",
)
MICROSOFT_HOP = (
    "Received",
    "from AS8P1.eurprd01.prod.outlook.com (2603:10a6:20b::1) by VI1P1.eurprd01.prod.outlook.com with HTTPS; Tue",
)
MICROSOFT_SAYS = (
    "Authentication-Results",
    "spf=pass smtp.mailfrom=kominfo.example; dmarc=pass header.from=kominfo.example",
)
INTO_MICROSOFT = (
    "Received",
    "from mail.kominfo.example (203.0.113.5) by DB5EUR01.mail.protection.outlook.com (10.15.3.4) with SMTP; Tue",
)
INTO_A_MICROSOFT_MAILBOX = (
    "Received",
    "from DB5EUR01.prod.protection.outlook.com (2a01:111:f400:7e0a::203) by AS8P1.outlook.office365.com "
    "(2603:10a6:20b:c0::29) with SMTP; Tue",
)
CALLS_ITSELF_MICROSOFT = (
    "Received",
    "from x.outlook.com (203.0.113.9) by DB5EUR01.mail.protection.outlook.com (10.15.3.4) with SMTP; Tue",
)
ANOTHER_CUSTOMER_OF_MICROSOFT = (
    "Received",
    "from EUR05.outbound.protection.outlook.com (40.107.20.9) by DB5EUR01.mail.protection.outlook.com "
    "(10.15.3.4) with SMTP; Tue",
)
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
        ([WITHIN, GOOGLE, GOOGLE_SAID_NOTHING, BY_GOOGLE, FROM], ["mx.google.com"], False),
        ([ANOTHER_NAME, PASSED, FROM], [MX], False),
        ([ANOTHER_NAME, PASSED, OUTSIDE, FROM], [MX], False),
        ([STORE, ANOTHER_NAME, PASSED, OUTSIDE, FROM], [MX], False),
        ([CALLS_ITSELF_OURS, PASSED, OUTSIDE, FROM], [MX], False),
        ([LOOKED_UP_IN_VAIN, PASSED, OUTSIDE, FROM], [MX], False),
        ([STORE, PASSED, OUTSIDE, FROM], [MX], True),
        ([STORE_BY_NAME, PASSED, OUTSIDE, FROM], [MX], True),
        ([MICROSOFT_HOP, MICROSOFT_SAYS, INTO_MICROSOFT, FROM], ["microsoft365"], True),
        ([MICROSOFT_HOP, INTO_MICROSOFT, MICROSOFT_SAYS, FROM], ["microsoft365"], False),
        (
            [MICROSOFT_HOP, INTO_A_MICROSOFT_MAILBOX, MICROSOFT_SAYS, INTO_MICROSOFT, FROM],
            ["microsoft365"],
            True,
        ),
        ([CALLS_ITSELF_MICROSOFT, MICROSOFT_SAYS, FROM], ["microsoft365"], False),
        ([MICROSOFT_HOP, CALLS_ITSELF_MICROSOFT, MICROSOFT_SAYS, FROM], ["microsoft365"], False),
        (
            [MICROSOFT_HOP, ANOTHER_CUSTOMER_OF_MICROSOFT, MICROSOFT_SAYS, FROM],
            ["microsoft365"],
            False,
        ),
        (
            [("Authentication-Results", "microsoft365; dmarc=pass"), INTO_MICROSOFT, FROM],
            ["microsoft365"],
            False,
        ),
    ],
)
def test_only_what_stands_above_the_servers_own_received_is_believed(
    head: list[tuple[str, str]], servers: list[str], believed: bool
) -> None:
    """A filter that is down lets a forged header through; that one stands below (RFC 8601 section 5)."""
    assert proven(head, servers, "kominfo.example") is believed


# What a client may make a server write into its own Received: its greeting, the envelope's sender and recipient.
SAID_BY_THE_CLIENT = (
    "from [203.0.113.9] (helo=[10.0.0.1]) by mx.other.example with esmtp (Exim 4.96) id a",
    f"from evil.example ([203.0.113.9] helo=[127.0.0.1]) by {MX} with esmtp (Exim 4.96) id b",
    "from evil.example ([203.0.113.9] helo=[192.168.1.1]) by mx9.example with esmtp (Exim) id c",
    f"from evil.example ([203.0.113.9]) by {MX} with esmtp (Exim 4.96)"
    ' (envelope-from <"a by z with LMTP b"@evil.example>) id d',
    f'from evil.example ([203.0.113.9]) by {MX} with esmtp for <"x by y with LMTP "@kominfo.example>',
    f"from x by y with LMTP (unknown [203.0.113.9]) by {MX} (Postfix) with ESMTP id e",
    f"from evil.example ([203.0.113.9]) BY {MX} with ESMTP",
    f"from evil.example ([203.0.113.9])(x)by {MX} with ESMTP",
    "from evil.example ([203.0.113.9]); Tue",
)


@pytest.mark.parametrize("received", SAID_BY_THE_CLIENT)
def test_what_a_client_says_of_itself_makes_no_hop_an_inner_one(received: str) -> None:
    """With the server's filter down, a forged header below such a hop must not be believed."""
    head = [("Received", received), PASSED, OUTSIDE, FROM]
    assert not proven(head, [MX], "kominfo.example")
    assert proven([PASSED, ("Received", received), FROM], [MX], "kominfo.example"), (
        "it looked at it"
    )
