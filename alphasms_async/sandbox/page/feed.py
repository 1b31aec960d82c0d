"""What changes, gathered and written once for all the pages that listen."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import Final

import anyio
import attrs
from anyio.lowlevel import RunVar

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.bell import Bell
from alphasms_async.sandbox.changes import About, Change
from alphasms_async.sandbox.page.answers import Json, json_text, milliseconds
from alphasms_async.sandbox.page.rows import MOST_ROWS, row
from alphasms_async.sandbox.page.settings import settings

RELOAD: Final = b"event: reload\ndata: {}\n\n"
"""The event that has a page fetch everything anew."""
SECONDS_AFTER_RELOAD: Final = 0.5
"""How long nothing more is told after it: to fetch everything costs more than a message does."""

_SECONDS_BETWEEN: Final = 0.05
# An event tells the time: to a page that is behind, not one that is past.
_SECONDS_FRESH: Final = 0.05
_SECONDS_BETWEEN_LOOKS: Final = 1.0


class Feeds:
    """The feed of an account, one on each event loop on which pages listen.

    Args:
        account: Whose changes.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._feed = RunVar["Feed | None"]("feed", None)

    @contextmanager
    def reading(self) -> Generator["Reader"]:
        """Have a page told of what changes while the context is open."""
        feed = self._feed.get()
        if feed is None:
            feed = Feed(self._account)
            self._feed.set(feed)
        with feed.reading() as reader:
            try:
                yield reader
            finally:
                if feed.is_read_by(reader):
                    self._feed.set(None)


@attrs.frozen
class News:
    """What has changed in one go."""

    ids: frozenset[int] = frozenset()
    is_too_much: bool = False
    """Whether so much has changed that all is to be fetched anew."""

    def and_then(self, later: "News") -> "News":
        """Return both as one."""
        ids = self.ids | later.ids
        is_too_much = self.is_too_much or later.is_too_much or len(ids) > MOST_ROWS
        return News(frozenset() if is_too_much else ids, is_too_much)


class Feed:
    """Gathers what changes, and has each message written once, however many pages it goes to.

    Args:
        account: Whose changes.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._changed = _Changed()
        self._listening = ExitStack()
        self._readers = set[Reader]()
        self._running = anyio.Lock()
        self._known: Json = settings(account)
        self._written: tuple[News, float, bytes] | None = None

    @contextmanager
    def reading(self) -> Generator["Reader"]:
        """Have a page told of what changes while the context is open."""
        if not self._readers:
            self._listening.enter_context(self._account.changes.listening(self._changed.add))
        reader = Reader(self)
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.remove(reader)
            if not self._readers:
                self._listening.close()

    def is_read_by(self, reader: "Reader") -> bool:
        """Return whether that page is the only one."""
        return self._readers == {reader}

    async def run(self) -> None:
        """Tell the pages what changes, for ever. Each page runs it; of them all one does it."""
        async with self._running:
            while True:
                self._changed.bell.hush()
                news = self._changed.take()
                if news is not None:
                    self._tell(news)
                    seconds = SECONDS_AFTER_RELOAD if news.is_too_much else _SECONDS_BETWEEN
                    await anyio.sleep(seconds)
                elif not await self._changed.bell.heard(_SECONDS_BETWEEN_LOOKS):
                    self._look()

    def event(self, news: News) -> bytes:
        """Return the event that tells of `news` how things stand."""
        if news.is_too_much:
            return RELOAD
        now = anyio.current_time()
        if self._written is not None:
            written, at, event = self._written
            if written == news and now < at + _SECONDS_FRESH:
                return event
        event = self._write(news)
        self._written = news, now, event
        return event

    def _tell(self, news: News) -> None:
        self._written = None
        for reader in self._readers:
            reader.tell(news)

    def _look(self) -> None:
        """Tell what has changed without a word: a program sets what it likes, time passes."""
        self._account.lines.go_on()
        if settings(self._account) != self._known:
            self._tell(News())

    def _write(self, news: News) -> bytes:
        account, now = self._account, self._account.clock()
        self._known = settings(account)
        found = {one: account.ledger.find(one) for one in sorted(news.ids)}
        rows = [row(account, entry, now) for entry in found.values() if entry is not None]
        data: dict[str, Json] = {
            "rows": rows,
            "gone": [one for one, entry in found.items() if entry is None],
            "account": self._known,
            "now": milliseconds(now),
        }
        return f"event: rows\ndata: {json_text(data)}\n\n".encode()


class Reader:
    """One page's end of a feed: what it was not sent yet, no more of it than one message holds.

    Args:
        feed: What tells it.
    """

    def __init__(self, feed: Feed) -> None:
        self.feed: Final = feed
        """What tells it."""
        self._news: News | None = None
        self._told = anyio.Event()

    def tell(self, news: News) -> None:
        """Keep what has changed until it is sent."""
        self._news = news if self._news is None else self._news.and_then(news)
        self._told.set()

    async def event(self, seconds: float) -> bytes | None:
        """Return the next event, None if nothing changes in `seconds`."""
        with anyio.move_on_after(seconds):
            await self._told.wait()
        if self._news is None:
            return None
        news, self._news, self._told = self._news, None, anyio.Event()
        return self.feed.event(news)


class _Changed:
    """What has changed and was not told yet, no more of it than one message holds."""

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

    def take(self) -> News | None:
        """Return what has changed since this was last asked, None for nothing."""
        with self._lock:
            if not self._is_any:
                return None
            news = News(frozenset(self._ids), self._is_too_much)
            self._ids.clear()
            self._is_any = self._is_too_much = False
            return news
