"""The slots of one kind of request in one event loop; the one used last is used first."""

from collections import deque

import httpx
from anyio import current_time

from alphasms_async.transports.httpx.slot import Slot, Way
from alphasms_async.transports.options import CLOSED, Misused
from alphasms_async.transports.room import Room

__all__ = ["Slots"]


class Slots:
    """Slots, each of which one request has at a time.

    Args:
        way: How each gets to where it leads.
        reuse_seconds: How long its connection is kept. `None`: not at all.
        most: How many requests may have one at a time; the others wait. `None`: any number.
    """

    def __init__(self, way: Way, reuse_seconds: float | None, most: int | None = None) -> None:
        self._way = way
        self._reuse_seconds = reuse_seconds
        self._limits = httpx.Limits(
            max_connections=1,
            max_keepalive_connections=0 if reuse_seconds is None else 1,
            keepalive_expiry=reuse_seconds,
        )
        self._room = None if most is None else Room(most)
        self._idle: dict[bool, deque[Slot]] = {False: deque(), True: deque()}
        self._busy: set[Slot] = set()
        self._closed = False
        self._refuses = False

    async def take(self, url: httpx.URL) -> Slot:
        """Return a slot that nobody else has, to be given back or discarded.

        Raises:
            Misused: It was closed while the request waited for room.
        """
        if self._room is not None:
            await self._room.enter()
        try:
            is_secure = url.scheme == "https"
            idle = self._idle[is_secure]
            slot = idle.pop() if idle else self._way.open(self._limits, is_secure=is_secure)
        except BaseException:
            self._make_room()
            raise
        self._busy.add(slot)
        if self._refuses:
            await self.discard(slot)
            raise Misused(CLOSED)
        return slot

    async def give_back(self, slot: Slot) -> None:
        """Keep a slot for the next request, and close those that nobody has needed for long."""
        if self._closed or (self._reuse_seconds is not None and not slot.is_clean()):
            await self.discard(slot)
            return
        self._busy.remove(slot)
        idle = self._idle[slot.is_secure]
        idle.append(slot)
        self._make_room()
        if self._reuse_seconds is not None:
            now = current_time()
            slot.kept_until = now + self._reuse_seconds
            while idle and idle[0].kept_until < now:
                await idle.popleft().aclose()

    async def discard(self, slot: Slot) -> None:
        """Close a slot, once."""
        if slot in self._busy:
            self._busy.remove(slot)
            self._make_room()
            await slot.aclose()

    async def close(self, *, cut: bool) -> None:
        """Close what is idle, and what is busy as soon as it is given back.

        Args:
            cut: Whether what is busy is closed at once, and nobody gets a slot any more.
        """
        self._closed = True
        self._refuses = cut
        for idle in self._idle.values():
            while idle:
                await idle.pop().aclose()
        for slot in list(self._busy) if cut else ():
            await self.discard(slot)

    def forget(self) -> None:
        """Leave what is idle to an event loop that has ended: here it can only be let go."""
        self._closed = True
        for idle in self._idle.values():
            idle.clear()

    def _make_room(self) -> None:
        if self._room is not None:
            self._room.leave()
