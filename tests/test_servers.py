"""The servers that the tests rely on are the real ones, and fresh."""

from __future__ import annotations

import os
import smtplib
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from imapclient import IMAPClient
from imapclient.exceptions import LoginError
from playwright.sync_api import Page

from tests.conftest import Account
from tests.servers import PASSWORD, Dovecot, Postgres, Sink

MAIL = b"From: warga@example.org\r\nSubject: Uji\r\n\r\nIsi\r\n"


def test_dovecot_serves_tls_with_the_certificate_it_names(account: Account) -> None:
    trust = ssl.create_default_context(cafile=str(account.cafile))
    with IMAPClient(account.host, account.tls_port, ssl_context=trust, timeout=20) as client:
        client.login(account.user, account.password)
        assert client.select_folder("INBOX")[b"EXISTS"] == 0


def test_each_account_is_empty_though_another_got_mail(dovecot: Dovecot, account: Account) -> None:
    for user, expected in ((account.user, 1), (dovecot.fresh_user(), 0)):
        with IMAPClient(account.host, account.port, ssl=False, timeout=20) as client:
            client.login(user, PASSWORD)
            if expected:
                client.append("INBOX", MAIL)
            assert client.select_folder("INBOX")[b"EXISTS"] == expected


def test_dovecot_refuses_a_wrong_password(account: Account) -> None:
    with (
        IMAPClient(account.host, account.port, ssl=False, timeout=20) as client,
        pytest.raises(LoginError),
    ):
        client.login(account.user, "keliru")


@pytest.mark.usefixtures("dovecot", "postgres")
def test_no_server_process_runs_as_root() -> None:
    """Dovecot's and PostgreSQL's masters, and all that they started, by the kernel's own record."""
    processes = [row for path in Path("/proc").glob("[0-9]*/status") if (row := _status(path))]
    family = {os.getpid()}
    while found := {row["Pid"] for row in processes if row["PPid"] in family} - family:
        family |= found
    servers = [
        row for row in processes if row["Pid"] in family and row["Name"] in ("dovecot", "postgres")
    ]
    assert {row["Name"] for row in servers} == {"dovecot", "postgres"}
    assert 0 not in {row["Uid"] for row in servers}


def _status(path: Path) -> dict[str, Any]:
    try:
        fields = dict(line.split(":", 1) for line in path.read_text().splitlines())
    except (FileNotFoundError, ProcessLookupError):  # it ended while we looked
        return {}
    numbers = {key: int(fields[key].split()[0]) for key in ("Pid", "PPid", "Uid")}
    return {"Name": fields["Name"].strip(), **numbers}


def test_database_comes_back_empty(postgres: Postgres) -> None:
    for _ in range(2):
        url = postgres.database("uji_kosong").replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            connection.execute(
                "CREATE TABLE aduan (id integer)"
            )  # fails where the table is left over
            assert connection.execute("SELECT count(*) FROM aduan").fetchone() == (0,)


def test_sink_keeps_what_it_accepts_and_bounces_what_it_is_told(sink: Sink) -> None:
    sink.reject.add("tiada@example.org")
    sink.defer.add("penuh@example.org")
    with smtplib.SMTP(sink.host, sink.port) as smtp:
        refused = smtp.sendmail(
            "dinas@example.id",
            ["warga@example.org", "tiada@example.org", "penuh@example.org"],
            MAIL,
        )
    assert {address: code for address, (code, _) in refused.items()} == {
        "tiada@example.org": 550,
        "penuh@example.org": 451,
    }
    assert sink.messages == [("dinas@example.id", "warga@example.org", MAIL)]


def test_browser_shows_a_page_in_the_offices_zone(page: Page) -> None:
    page.set_content("<p>Pengaduan</p>")
    assert page.inner_text("p") == "Pengaduan"
    assert page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone") == "Asia/Jakarta"


@pytest.mark.parametrize(("strict", "verdict"), [("0", "1 skipped"), ("1", "1 failed")])
def test_a_skip_is_a_failure_only_where_all_tests_must_run(
    tmp_path: Path, strict: str, verdict: str
) -> None:
    (tmp_path / "test_uji.py").write_text(
        "import pytest\ndef test_x():\n    pytest.skip('tiada')\n"
    )
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "tests.conftest",
            "--rootdir",
            str(tmp_path),
            str(tmp_path),
        ],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "ADUAN_TEST_ALL": strict},
        capture_output=True,
        text=True,
        check=False,
    )
    assert verdict in run.stdout
    assert "tiada" in run.stdout or strict == "0"
