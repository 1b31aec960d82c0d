"""What has been handled already, so that an event that comes twice is handled once."""

from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
from attrs import define, field

__all__ = ["Handled"]


@define
class _Turn:
    """Those who are at the same event at the same time."""

    # Nearly always there is one alone, who need not let all others go first.
    lock: anyio.Lock = field(factory=lambda: anyio.Lock(fast_acquire=True))
    present: int = 0


class Handled:
    """Remembers, in memory, the last events that were handled to the end.

    Args:
        room: How many are remembered; the one met longest ago is forgotten first.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._done: OrderedDict[bytes, None] = OrderedDict()
        self._turns: dict[bytes, _Turn] = {}

    @asynccontextmanager
    async def once(self, event: bytes) -> AsyncGenerator[bool]:
        """Wait until nobody else is at this event; yield whether it is still to be handled.

        It counts as handled when the context is left without an error: after one, or a
        cancellation, the next in line tries itself.
        """
        turn = self._turns.setdefault(event, _Turn())
        turn.present += 1
        try:
            async with turn.lock:
                yield event not in self._done
                self._remember(event)
        finally:
            turn.present -= 1
            if not turn.present:
                del self._turns[event]

    def _remember(self, event: bytes) -> None:
        self._done[event] = None
        self._done.move_to_end(event)
        if len(self._done) > self._room:
            self._done.popitem(last=False)
