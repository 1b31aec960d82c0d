"""What becomes of a transport's sockets when a handshake or an event loop ends too early."""

import gc
from typing import cast

import anyio
import httpx
import pytest
from anyio.abc import SocketAttribute, SocketListener

from alphasms_async import AlphaSMS
from alphasms_async.sandbox import Sandbox
from tests.carrying import carry
from tests.doubles import PHONE
from tests.ways import WAYS, Way, every_way

pytestmark = pytest.mark.anyio


@every_way
async def test_cancelled_in_the_handshake_closes_its_connection(way: Way) -> None:
    """A send that is cancelled before TLS is agreed on leaves no connection to the collector."""
    scope = anyio.CancelScope()

    async def send() -> None:
        with scope:
            await carry(transport, httpx.Request("POST", f"https://127.0.0.1:{port}", content=b"a"))

    gc.disable()
    try:
        async with way.open() as transport, anyio.create_task_group() as group:
            listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
            port = listener.extra(SocketAttribute.local_port)  # noqa: S610 - not Django's
            async with listener:
                group.start_soon(send)
                async with await cast("SocketListener", listener.listeners[0]).accept() as stream:
                    await stream.receive()
                    scope.cancel()
                    with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                        await stream.receive()
    finally:
        gc.enable()


# Whose client is not closed in its event loop has its sockets closed by the collector.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_next_event_loop_has_connections_of_its_own(way: Way) -> None:
    """What one event loop has kept, the next does not use: sends and reads are answered there."""
    sandbox = Sandbox()

    async def ask() -> None:
        await alphasms.otp.call(PHONE)
        await alphasms.account.balance()

    with sandbox.serve() as url:
        transport = way.open(reuse_seconds=60)
        alphasms = AlphaSMS(sandbox.api_key, base_url=url, transport=transport, max_retries=0)
        for work in (ask, ask, alphasms.aclose):
            anyio.run(work, backend=way.backend)
        gc.collect()
    assert len(sandbox.calls()) == 2
