"""What changes, sent to the page as it happens: server-sent events."""

from collections.abc import Awaitable, Callable
from threading import Lock
from typing import Final

import anyio
import attrs
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.bell import Bell
from alphasms_async.sandbox.changes import About, Change
from alphasms_async.sandbox.page.answers import Json, json_text, milliseconds
from alphasms_async.sandbox.page.rows import MOST_ROWS, row
from alphasms_async.sandbox.page.settings import settings
from alphasms_async.sandbox.stopping import stopped
from alphasms_async.serving import Peer

_HELLO: Final = "retry: 500\n\n"
_STILL_HERE: Final = ": still here\n\n"
_RELOAD: Final = "event: reload\ndata: {}\n\n"
_SECONDS_BETWEEN: Final = 0.05
# To fetch everything anew costs the page, and the server, more than a message does.
_SECONDS_AFTER_RELOAD: Final = 0.5
_SECONDS_OF_SILENCE: Final = 15.0
_SECONDS_BETWEEN_LOOKS: Final = 1.0


class LiveAnswer(Response):
    """A stream of what changes, until the page goes or the server stops.

    It holds no more than what was sent and not yet read, some 64 KiB, and the ids of as much as
    one message tells: a page that does not read is told less, and not later.

    Args:
        account: Whose changes.
    """

    def __init__(self, account: Account) -> None:
        super().__init__(media_type="text/event-stream", headers={"cache-control": "no-store"})
        # It has no end that could be told beforehand.
        del self.headers["content-length"]
        self._account = account

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream; to a HEAD no more than its headers."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        changed = _Changed()
        # From before the first byte: what changes once the page knows of its stream is told.
        with self._account.changes.listening(changed.add):
            await send(start)
            if scope["method"] != "HEAD":
                await self._send_until_over(changed, scope, receive, send)
        if not await _breaks_off(scope):
            await send({"type": "http.response.body", "body": b""})

    async def _send_until_over(
        self, changed: "_Changed", scope: Scope, receive: Receive, send: Send
    ) -> None:
        async with anyio.create_task_group() as group:

            async def end_after(wait: Callable[[], Awaitable[None]]) -> None:
                await wait()
                group.cancel_scope.cancel()

            group.start_soon(end_after, lambda: _gone(receive))
            group.start_soon(end_after, lambda: stopped(scope))
            await _Stream(self._account, changed, send).send_changes()


@attrs.define(eq=False)
class _Stream:
    """What one page is told."""

    account: Account
    changed: "_Changed"
    send: Send
    known: Json = attrs.field(default=None, init=False)
    """The settings as the page has them."""
    written_at: float = attrs.field(default=0.0, init=False)
    """When something was last written, by the clock of the event loop."""

    async def send_changes(self) -> None:
        """Tell what changes, for ever."""
        self.known = settings(self.account)
        await self.write(_HELLO)
        while True:
            self.changed.bell.hush()
            news = self.changed.take()
            if news is not None:
                await self.write(self.event(news))
                await anyio.sleep(news.seconds_after)
            elif not await self.changed.bell.heard(_SECONDS_BETWEEN_LOOKS):
                await self.look()

    async def look(self) -> None:
        """Tell what has changed without a word: a program sets what it likes, time passes."""
        self.account.lines.go_on()
        if settings(self.account) != self.known:
            await self.write(self.event(_News()))
        elif anyio.current_time() >= self.written_at + _SECONDS_OF_SILENCE:
            await self.write(_STILL_HERE)

    async def write(self, text: str) -> None:
        """Send some text, once the page has read what was sent before."""
        await self.send({"type": "http.response.body", "body": text.encode(), "more_body": True})
        self.written_at = anyio.current_time()

    def event(self, news: "_News") -> str:
        """Return the event that tells of `news` how things stand."""
        account, now = self.account, self.account.clock()
        self.known = settings(account)
        if news.is_too_much:
            return _RELOAD
        found = {one: account.ledger.find(one) for one in sorted(news.ids)}
        rows = [row(account, entry, now) for entry in found.values() if entry is not None]
        data: dict[str, Json] = {
            "rows": rows,
            "gone": [one for one, entry in found.items() if entry is None],
            "account": self.known,
            "now": milliseconds(now),
        }
        return f"event: rows\ndata: {json_text(data)}\n\n"


@attrs.frozen
class _News:
    """What has changed in one go."""

    ids: frozenset[int] = frozenset()
    is_too_much: bool = False
    """Whether so much has changed that all is to be fetched anew."""

    @property
    def seconds_after(self) -> float:
        """How long nothing more is sent, in which what changes is gathered."""
        return _SECONDS_AFTER_RELOAD if self.is_too_much else _SECONDS_BETWEEN


class _Changed:
    """What has changed and was not sent yet, no more of it than one message holds."""

    def __init__(self) -> None:
        self.bell: Final = Bell()
        """Rings when something has changed."""
        self._lock = Lock()
        self._ids = set[int]()
        self._is_too_much = False
        self._is_any = False

    def add(self, change: Change) -> None:
        """Keep that something has changed; called in any thread, and quick."""
        with self._lock:
            self._is_any = True
            if change is About.EVERYTHING:
                self._is_too_much = True
            elif isinstance(change, int) and not self._is_too_much:
                self._ids.add(change)
                self._is_too_much = len(self._ids) > MOST_ROWS
        self.bell.ring()

    def take(self) -> _News | None:
        """Return what has changed since this was last asked, None for nothing."""
        with self._lock:
            if not self._is_any:
                return None
            news = _News(frozenset(self._ids), self._is_too_much)
            self._ids.clear()
            self._is_any = self._is_too_much = False
            return news


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
