"""A sandbox whose clock a test sets, and a client that asks what the page asks."""

from collections.abc import AsyncGenerator

import httpx
import pytest

from alphasms_async.sandbox import Sandbox
from tests.sandbox.receiver import SetClock


@pytest.fixture
def clock() -> SetClock:
    """Give a time of day that stands still."""
    return SetClock()


@pytest.fixture
def sandbox(clock: SetClock) -> Sandbox:
    """Give a sandbox with the settings it has by default, at a time the test sets."""
    return Sandbox(seed=1, clock=clock)


@pytest.fixture
async def page(sandbox: Sandbox) -> AsyncGenerator[httpx.AsyncClient]:
    """Give a client that asks as the page in the browser does."""
    transport = httpx.ASGITransport(sandbox.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8025") as client:
        yield client
