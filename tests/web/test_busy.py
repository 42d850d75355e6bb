"""Exports take turns, and each visitor behind the office's proxy has a bucket of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from pipeline.letters.mark import new_code
from pipeline.web import book as register
from pipeline.web import serving
from tests.kantor import Office, office


@pytest.fixture
def kantor(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, web={"port": 0}) as running:
        yield running


def test_a_second_export_is_asked_to_come_again_and_other_pages_go_on(
    kantor: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register, "PATIENCE", 0.1)
    kantor.citizen_sends()
    url = kantor.link("jfu-1", "laporkan")
    kantor.know("jfu-1")
    with register.one_at_a_time():
        for path in ("/buku/xlsx", "/buku/cetak"):
            page = kantor.page(f"{url}{path}")
            assert page.status == 503
            assert "coba lagi" in page.text
        assert kantor.page(f"{url}/buku").status == 200
    assert kantor.page(f"{url}/buku/cetak").status == 200
    assert kantor.download(f"{url}/buku/xlsx").data[:2] == b"PK"


@pytest.mark.parametrize(
    ("trusted", "peer", "said", "other"),
    [
        (["127.0.0.1"], "127.0.0.1", "203.0.113.7", True),
        (["127.0.0.1"], "127.0.0.1", "198.51.100.9, 203.0.113.7", True),
        (["127.0.0.1", "10.0.0.0/8"], "127.0.0.1", "203.0.113.7, 10.1.2.3", True),
        (["127.0.0.1"], "198.51.100.1", "203.0.113.7", False),
        ([], "127.0.0.1", "203.0.113.7", False),
        (["127.0.0.1"], "127.0.0.1", "bukan alamat", False),
    ],
)
def test_a_visitor_is_counted_by_what_a_trusted_proxy_saw(
    tmp_path: Path,
    trusted: list[str],
    peer: str,
    said: str,
    other: bool,
) -> None:
    """Another visitor is let in although the first has used up their looks; a header that nobody vouches for is not."""
    with office(tmp_path, web={"proksi_tepercaya": trusted}) as kantor:
        ask = {"environ_base": {"REMOTE_ADDR": peer}}
        for _ in range(31):
            first = kantor.web.get(f"/asli/{new_code()}", **ask)
        assert first.status_code == 429
        again = kantor.web.get(f"/asli/{new_code()}", headers={"X-Forwarded-For": said}, **ask)
        assert (again.status_code == 404) is other


def test_what_a_visitor_writes_before_the_proxys_word_buys_no_further_look(kantor: Office) -> None:
    codes = [
        kantor.web.get(
            f"/asli/{new_code()}", headers={"X-Forwarded-For": f"192.0.2.{n}, 203.0.113.7"}
        ).status_code
        for n in range(31)
    ]
    assert codes[-1] == 429


def test_the_server_passes_the_proxys_header_on(kantor: Office) -> None:
    """Over real HTTP: waitress of itself would drop it, and all citizens would share one bucket."""
    server = serving.Server(
        kantor.web.application, kantor.settings.web.host, kantor.settings.web.port
    )
    server.start()
    http, url = urllib3.PoolManager(), f"http://127.0.0.1:{server.port}/asli"
    try:
        for _ in range(31):
            last = http.request(
                "GET", f"{url}/{new_code()}", headers={"X-Forwarded-For": "203.0.113.7"}
            )
        assert last.status == 429
        assert (
            http.request(
                "GET", f"{url}/{new_code()}", headers={"X-Forwarded-For": "203.0.113.8"}
            ).status
            == 404
        )
    finally:
        server.stop()
