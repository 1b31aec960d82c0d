"""What changes, sent to the page as it happens: server-sent events."""

from collections.abc import Awaitable, Callable
from typing import Final

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from alphasms_async.sandbox.page.feed import RELOAD, SECONDS_AFTER_RELOAD, Feeds, Reader
from alphasms_async.sandbox.stopping import stopped
from alphasms_async.serving import Peer

_HELLO: Final = b"retry: 500\n\n"
_STILL_HERE: Final = b": still here\n\n"
_SECONDS_OF_SILENCE: Final = 15.0


class LiveAnswer(Response):
    """A stream of what changes, until the page goes or the server stops.

    It holds no more than what was sent and not yet read, some 64 KiB, and the ids of as much as
    one message tells: a page that does not read is told less, and not later.

    Args:
        feeds: What tells the changes.
    """

    def __init__(self, feeds: Feeds) -> None:
        super().__init__(media_type="text/event-stream", headers={"cache-control": "no-store"})
        # It has no end that could be told beforehand.
        del self.headers["content-length"]
        self._feeds = feeds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream; to a HEAD no more than its headers."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        # From before the first byte: what changes once the page knows of its stream is told.
        with self._feeds.reading() as reader:
            await send(start)
            if scope["method"] != "HEAD":
                await _send_until_over(reader, scope, receive, send)
        if not await _breaks_off(scope):
            await send({"type": "http.response.body", "body": b""})


async def _send_until_over(reader: Reader, scope: Scope, receive: Receive, send: Send) -> None:
    async with anyio.create_task_group() as group:

        async def end_after(wait: Callable[[], Awaitable[None]]) -> None:
            await wait()
            group.cancel_scope.cancel()

        group.start_soon(end_after, lambda: _gone(receive))
        group.start_soon(end_after, lambda: stopped(scope))
        group.start_soon(reader.feed.run)
        await _send_events(reader, send)


async def _send_events(reader: Reader, send: Send) -> None:
    """Send what changes, for ever, each event once the page has read what was sent before."""
    text = _HELLO
    while True:
        await send({"type": "http.response.body", "body": text, "more_body": True})
        if text == RELOAD:
            await anyio.sleep(SECONDS_AFTER_RELOAD)
        text = await reader.event(_SECONDS_OF_SILENCE) or _STILL_HERE


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _breaks_off(scope: Scope) -> bool:
    """Break the connection if what was sent is not read, and return whether it was broken."""
    peer = scope.get("state", {}).get("peer")
    if not isinstance(peer, Peer) or not peer.transport.get_write_buffer_size():
        return False
    # Nobody knows how long a page takes that does not read; the server does not wait for it.
    peer.transport.abort()
    await peer.gone.wait()
    return True
