"""Single requests, as a transport is given them, and many of them at once."""

from collections.abc import AsyncIterator, Awaitable, Callable

import anyio
import httpx
import pytest

from alphasms_async.transports import REPEATABLE
from tests.loopback import Loopback

__all__ = ["a_read", "a_send", "at_once", "carry", "ends_of_fifteen_reads"]


async def _body() -> AsyncIterator[bytes]:
    yield b'name="phone"\r\n\r\n380501234567'


def a_send(server: Loopback) -> httpx.Request:
    """Return what rings somebody, its body sent once only."""
    return httpx.Request("POST", f"{server.url}/api/otp.php", content=_body())


def a_read(server: Loopback) -> httpx.Request:
    """Return what only asks."""
    url = f"{server.url}/api/http.php"
    return httpx.Request("POST", url, content=b"command=receive", extensions={REPEATABLE: True})


async def carry(transport: httpx.AsyncBaseTransport, request: httpx.Request) -> None:
    """Send one request and read its answer."""
    response = await transport.handle_async_request(request)
    try:
        await response.aread()
    finally:
        with anyio.CancelScope(shield=True):
            await response.aclose()


async def at_once(count: int, work: Callable[[], Awaitable[object]], server: Loopback) -> None:
    """Do the work so many times at once, each of them waiting for its answer together."""
    server.gate = anyio.Event()

    async def run() -> None:
        await work()

    async with anyio.create_task_group() as group:
        for _ in range(count):
            group.start_soon(run)
        await server.until(lambda: len(server.taken) >= count)
        server.gate.set()


async def ends_of_fifteen_reads(
    transport: httpx.AsyncBaseTransport, server: Loopback
) -> list[BaseException]:
    """Close a transport with ten reads at work and five in line, and return how each ended."""
    ended: list[BaseException] = []

    async def ask() -> None:
        with pytest.raises((RuntimeError, httpx.TransportError)) as caught:
            await carry(transport, a_read(server))
        ended.append(caught.value)

    server.gate = anyio.Event()
    async with anyio.create_task_group() as group:
        for _ in range(15):
            group.start_soon(ask)
        await server.until(lambda: len(server.taken) == 10)
        await transport.aclose()
    return ended
