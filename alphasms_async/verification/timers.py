"""What is sent by itself: the next channel, once it is due, by one of all processes there are."""

import logging
import secrets
from collections.abc import Awaitable, Callable
from math import inf

import anyio
from anyio.abc import TaskGroup

from alphasms_async.errors import StoreError
from alphasms_async.verification.records import VerificationRecord
from alphasms_async.verification.register import Register

__all__ = ["Begin", "Sending", "Timers"]

_log = logging.getLogger("alphasms_async")

# Other processes write too, and nobody wakes this one when they do.
_LOOK_SECONDS = 3.0
# What is due and stays so is another process's at the moment.
_LEAST_SECONDS = 0.1
_FORGET_SECONDS = 60.0
_MOST_AT_ONCE = 32

Sending = Callable[[], Awaitable[None]]
"""Sends what is durably begun, and writes down what became of it."""

Begin = Callable[[VerificationRecord], Awaitable[Sending | None]]
"""Begins the next send of a verification durably. `None`: there is none, or another was faster."""


class Timers:
    """Looks for what is due, and has it sent.

    Args:
        register: Where the moments stand.
        begin: What is done with a verification that is due.
        now: Returns the time, in seconds since 1970.
    """

    def __init__(self, register: Register, begin: Begin, now: Callable[[], float]) -> None:
        self._register = register
        self._begin = begin
        self._now = now
        self._news = anyio.Event()
        self._until = -inf
        self._forget_at = -inf
        self._busy = 0
        self._idle = anyio.Event()
        self._group: TaskGroup | None = None
        self._looking: anyio.CancelScope | None = None
        self._is_stopped = False

    @property
    def is_running(self) -> bool:
        """Whether it has started and was not stopped."""
        return self._group is not None and not self._is_stopped

    def start(self, group: TaskGroup) -> None:
        """Send what is due, from now on until `stop`, each in a task of the group."""
        self._group, self._looking = group, anyio.CancelScope()
        group.start_soon(self._run, self._looking)

    def stop(self) -> None:
        """Begin nothing more. What is in flight goes on in its group."""
        self._is_stopped = True
        if self._looking is not None:
            self._looking.cancel()

    def expect(self, due_at: float | None) -> None:
        """Be awake when something is due. `None`: nothing is."""
        if due_at is not None and due_at < self._until:
            self._news.set()

    async def send_due(self) -> None:
        """Send all that is due at this moment, and return once nothing is in flight."""
        while self.is_running:
            await self._round()
            await self.settled()
            due_at = await self._register.store.next_due()
            if due_at is None or due_at > self._now():
                return

    async def _run(self, looking: anyio.CancelScope) -> None:
        with looking:
            while True:
                pause = await self._look()
                with anyio.move_on_after(pause):
                    await self._news.wait()

    async def _look(self) -> float:
        """Have a look; return for how many seconds none is needed."""
        # From here on whatever becomes due is news.
        self._news, self._until = anyio.Event(), inf
        try:
            await self._round()
            await self._forget()
            due_at = await self._register.store.next_due()
        except Exception as error:  # noqa: BLE001 - whatever a store does, nothing above ends by it
            _log.error("verification: %s", _told(error))
            return _LOOK_SECONDS
        now = self._now()
        wait = _LOOK_SECONDS if due_at is None else due_at - now
        pause = min(max(wait, _LEAST_SECONDS), _LOOK_SECONDS)
        self._until = now + pause
        return pause

    async def _round(self) -> None:
        """Begin what is due, as much of it as may be in flight at once."""
        most = _MOST_AT_ONCE - self._busy
        if most <= 0:
            return
        self._take_up()
        try:
            for record in await self._register.due(self._now(), most):
                if self.is_running:
                    await self._begin_one(record)
        finally:
            self._lay_down()

    async def _begin_one(self, record: VerificationRecord) -> None:
        # Shielded: what was begun must be sent, for nobody else does it any more.
        with anyio.CancelScope(shield=True):
            sending = await self._begin(record)
            if sending is not None and self._group is not None:
                self._take_up()
                self._group.start_soon(self._send, sending)

    async def _send(self, sending: Sending) -> None:
        try:
            await sending()
        except Exception as error:  # noqa: BLE001 - one send's failure must not end the others
            # Whatever it was, the send is begun in the store, and is not repeated.
            _log.error("verification: a send could not be written down: %s", _told(error))
        finally:
            self._lay_down()
            self._news.set()

    async def _forget(self) -> None:
        now = self._now()
        if now >= self._forget_at:
            await self._register.store.forget(now)
            # Not all processes at the same moment.
            self._forget_at = now + _FORGET_SECONDS + secrets.randbelow(10)

    async def settled(self) -> None:
        """Wait until nothing that was begun is in flight."""
        while self._busy:
            await self._idle.wait()

    def _take_up(self) -> None:
        if not self._busy:
            self._idle = anyio.Event()
        self._busy += 1

    def _lay_down(self) -> None:
        self._busy -= 1
        if not self._busy:
            self._idle.set()


def _told(error: Exception) -> str:
    """Return an error's text when it is ours; another's may hold anything."""
    return str(error) if isinstance(error, StoreError) else type(error).__name__
