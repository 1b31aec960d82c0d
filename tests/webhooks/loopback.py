"""An ASGI app on a real loopback socket, in the event loop of the test itself; asyncio only."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from alphasms_async.serving import address_of, listening_socket, served


@asynccontextmanager
async def on_loopback(app: Any) -> AsyncGenerator[str]:
    """Serve an app while the context is open, and yield its address."""
    with listening_socket("The test", "127.0.0.1", 0) as listener:
        async with served(app, listener):
            yield address_of(listener)
