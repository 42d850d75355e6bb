"""The server of the pages starts and stops as often as it is asked, and what it is answering is finished."""

from __future__ import annotations

import threading
import time

import pytest
import urllib3
from flask import Flask

from pipeline.web import serving

HTTP = urllib3.PoolManager(retries=False)


@pytest.fixture
def site() -> Flask:
    site = Flask("uji")

    @site.get("/lama")
    def slow() -> str:
        time.sleep(1)
        return "selesai"

    return site


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_stopping_closes_no_socket_under_the_loop(site: Flask) -> None:
    """The thread of the loop ended with `Bad file descriptor` and its traceback where the closing came in between."""
    for _ in range(50):
        server = serving.Server(site, "127.0.0.1", 0)
        server.start()
        server.stop()


def test_a_page_under_way_is_answered_before_the_stop(site: Flask) -> None:
    server = serving.Server(site, "127.0.0.1", 0)
    server.start()
    answers: list[bytes] = []
    ask = threading.Thread(
        target=lambda: answers.append(
            HTTP.request("GET", f"http://127.0.0.1:{server.port}/lama").data
        )
    )
    ask.start()
    time.sleep(0.3)
    server.stop()
    ask.join(10)
    assert answers == [b"selesai"]


def test_a_name_of_two_addresses_is_served(site: Flask) -> None:
    server = serving.Server(site, "localhost", 0)
    server.start()
    try:
        assert HTTP.request("GET", f"http://127.0.0.1:{server.port}/lama").status == 200
    finally:
        server.stop()


def test_the_port_is_free_again_after_the_stop(site: Flask) -> None:
    server = serving.Server(site, "127.0.0.1", 0)
    port = server.port
    server.start()
    server.stop()
    again = serving.Server(site, "127.0.0.1", port)
    again.start()
    again.stop()
