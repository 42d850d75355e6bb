"""What a trusted server says about a sender, read from Authentication-Results (RFC 8601)."""

from __future__ import annotations

import pytest

from pipeline.mail.authentication import failure, parse

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
