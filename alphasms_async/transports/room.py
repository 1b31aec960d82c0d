"""Room for so many at a time; the others wait in line."""

from collections import deque

import anyio

__all__ = ["Room"]


class Room:
    """Counts who is in. It belongs to no event loop as long as nobody waits.

    Args:
        most: How many may be in at a time, 1 or more.
    """

    def __init__(self, most: int) -> None:
        self._free = most
        self._line: deque[anyio.Event] = deque()

    async def enter(self) -> None:
        """Wait until there is room; whoever comes in calls `leave` in the end."""
        if self._free:
            self._free -= 1
            return
        turn = anyio.Event()
        self._line.append(turn)
        try:
            await turn.wait()
        except BaseException:
            if turn.is_set():
                # Called in and cancelled at once: the next one's turn.
                self.leave()
            else:
                self._line.remove(turn)
            raise

    def leave(self) -> None:
        """Make room for the next one."""
        if self._line:
            self._line.popleft().set()
        else:
            self._free += 1
