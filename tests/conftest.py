"""Fixtures that every test may ask for: real servers, fresh accounts and databases, the corpora.

A missing program skips the tests that need it, unless ADUAN_TEST_ALL=1: then a skip is a failure.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, Page

from tests import servers

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
CORPORA = Path(__file__).parents[2] / "shared" / "corpora"
# How fast the machine is that day says nothing of the program.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@dataclass(frozen=True)
class Account:
    """An empty mailbox on Dovecot."""

    host: str
    port: int
    tls_port: int
    cafile: Path
    user: str
    password: str


@pytest.fixture(scope="session")
def dovecot() -> Iterator[servers.Dovecot]:
    _need(servers.dovecot_missing())
    with servers.server_folder() as folder, servers.dovecot(folder) as server:
        yield server


@pytest.fixture
def account(dovecot: servers.Dovecot) -> Account:
    user = dovecot.fresh_user()
    return Account(
        dovecot.host, dovecot.port, dovecot.tls_port, dovecot.cafile, user, dovecot.users[user]
    )


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Postgres]:
    _need(servers.postgres_missing())
    with servers.server_folder() as folder, servers.postgres(folder) as server:
        yield server


_databases = count()


@pytest.fixture
def postgres_url(postgres: servers.Postgres) -> str:
    return postgres.database(f"uji_{next(_databases)}")


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once of each kind that production may use."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'aduan.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def sink() -> Iterator[servers.Sink]:
    with servers.smtp_sink() as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    _need(servers.chromium_missing())
    with servers.chromium() as program:
        yield program


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page of a browser without history, as wide as a phone."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="id-ID", timezone_id="Asia/Jakarta"
    )
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def libreoffice() -> None:
    _need(servers.libreoffice_missing())


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Collections of mails that are kept beside the project, not in it."""
    _need(None if CORPORA.is_dir() else "the corpora are not beside the project")
    return CORPORA


def _need(missing: str | None) -> None:
    if missing:
        pytest.skip(missing)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _no_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _no_skip((yield))


def _no_skip(report: Report) -> Report:
    """Turn a skip into a failure that names its reason; an expected failure is not a skip."""
    if (
        os.environ.get("ADUAN_TEST_ALL") == "1"
        and report.skipped
        and not hasattr(report, "wasxfail")
    ):
        report.outcome = "failed"
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.longrepr = f"ADUAN_TEST_ALL=1 allows no skip: {reason}"
    return report
