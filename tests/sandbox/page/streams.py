"""A page that listens to what changes, without a socket, reading as fast as a test lets it."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import attrs
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from starlette.types import ASGIApp, Message

HOST = b"127.0.0.1:8025"


@attrs.frozen(eq=False)
class Listener:
    """The page's end of a stream."""

    start: Message
    """The status and the headers."""
    messages: MemoryObjectReceiveStream[Message]
    """What was sent, as it was sent; it is not sent before it is read."""

    gone: anyio.Event
    """Set when the page has gone."""

    async def leave(self) -> None:
        """Go, and wait until the stream is over."""
        self.gone.set()
        with suppress(anyio.EndOfStream):
            while True:
                await self.messages.receive()

    async def text(self) -> str:
        """Return what is sent next, as text."""
        body: bytes = (await self.messages.receive())["body"]
        return body.decode()

    async def event(self) -> tuple[str, dict[str, Any]]:
        """Return the next event, its name and its data."""
        text = await self.text()
        assert text.endswith("\n\n")
        name, data = text.removesuffix("\n\n").split("\n")
        decoded: dict[str, Any] = json.loads(data.removeprefix("data: "))
        return name.removeprefix("event: "), decoded

    async def rows(self) -> list[Any]:
        """Return the rows of the next event, which is to be one of rows."""
        name, data = await self.event()
        assert name == "rows", name
        rows: list[Any] = data["rows"]
        return rows


@asynccontextmanager
async def listening(app: ASGIApp, method: str = "GET") -> AsyncGenerator[Listener]:
    """Open the stream, and leave it, as a page does, at the end of the context."""
    gone = anyio.Event()
    sending, receiving = anyio.create_memory_object_stream[Message]()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async with receiving, anyio.create_task_group() as group:
        group.start_soon(_answer, app, method, receive, sending)
        yield Listener(await receiving.receive(), receiving, gone)
        gone.set()
        receiving.close()


async def _answer(
    app: ASGIApp, method: str, receive: Any, sending: MemoryObjectSendStream[Message]
) -> None:
    scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": "/sandbox/events",
        "query_string": b"",
        "headers": [(b"host", HOST)],
    }

    async def send(message: Message) -> None:
        try:
            await sending.send(message)
        except anyio.BrokenResourceError:
            # As servers do: what is sent to a page that has gone is dropped.
            await anyio.lowlevel.checkpoint()

    async with sending:
        await app(scope, receive, send)
