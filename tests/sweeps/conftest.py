"""What the tests of the sweeps share."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

Until = Callable[[Callable[[], object]], None]


@pytest.fixture(scope="session")
def until() -> Until:
    """Wait for a condition, as long as a busy machine may need."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.005)

    return wait
