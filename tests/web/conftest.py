"""One furnished office for all tests of the pages that only look; each worker builds its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import servers
from tests.web.house import House, furnish, house


@pytest.fixture(scope="session")
def home() -> Iterator[House]:
    with servers.server_folder() as folder, house(folder) as one:
        yield furnish(one)
