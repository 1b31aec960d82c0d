"""The calls that have come and that no test has taken in hand yet."""

import asyncio
import sys
from threading import Condition

import anyio

from alphasms_async.sandbox.bell import Bell, Bells
from alphasms_async.sandbox.entries import SandboxCall


class Arrivals:
    """Gives each call that has come to one who waits for it. Safe to use from several threads."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._calls: dict[int, SandboxCall] = {}
        self._bells = Bells()

    def add(self, call: SandboxCall) -> None:
        """Let `call` have come."""
        with self._changed:
            self._calls[call.id] = call
            self._changed.notify_all()
            self._bells.ring()

    def forget(self, entry_id: int) -> None:
        """Let the call with that id not have come, if it is one and nobody has it."""
        with self._changed:
            self._calls.pop(entry_id, None)

    def reset(self) -> None:
        """Let no call have come."""
        with self._changed:
            self._calls.clear()

    def take(self, to: str | None) -> SandboxCall | None:
        """Return the first call to a phone that nobody has, None for none.

        Args:
            to: The phone, international digits; None for any.
        """
        __tracebackhide__ = True
        with self._changed:
            for call in self._calls.values():
                if to is None or call.phone == to:
                    return self._calls.pop(call.id)
        return None

    def wait(self, to: str | None, seconds: float) -> SandboxCall | None:
        """Return what `take` does, once there is something, within `seconds`."""
        __tracebackhide__ = True
        with self._changed:
            return self._changed.wait_for(lambda: self.take(to), seconds)

    async def wait_async(self, to: str | None, seconds: float) -> SandboxCall | None:
        """Return what `wait` does, on asyncio and trio, with the event loop going on."""
        __tracebackhide__ = True
        bell = Bell()
        with self._bells.ringing(bell.ring), anyio.move_on_after(seconds):
            while (call := self.take(to)) is None:
                await bell.heard(None)
                bell.hush()
            return call
        return None


def runs_on_an_event_loop() -> bool:
    """Say whether this is called by a task of an event loop, which waits meanwhile."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _runs_on_trio()
    return True


def _runs_on_trio() -> bool:
    if "trio" not in sys.modules:
        return False
    from trio.lowlevel import current_trio_token

    # Asked itself, for a thread may have been given the context of the task that began it.
    try:
        current_trio_token()
    except RuntimeError:
        return False
    return True
