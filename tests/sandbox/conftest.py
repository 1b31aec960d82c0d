"""A fresh sandbox for each test, and a client that speaks to it without a socket."""

import threading
from collections.abc import AsyncGenerator

import httpx
import pytest

from alphasms_async.sandbox import Sandbox


@pytest.fixture
def sandbox() -> Sandbox:
    """Give a sandbox with the settings it has by default, its codes repeatable."""
    return Sandbox(seed=1)


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncGenerator[httpx.AsyncClient]:
    """Give a raw HTTP client of the sandbox's pages."""
    transport = httpx.ASGITransport(sandbox.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        yield client


@pytest.fixture
def raised(monkeypatch: pytest.MonkeyPatch) -> list[BaseException | None]:
    """Give what threads have raised with nobody to catch it."""
    raised = list[BaseException | None]()

    def note(told: threading.ExceptHookArgs) -> None:
        raised.append(told.exc_value)

    monkeypatch.setattr(threading, "excepthook", note)
    return raised
