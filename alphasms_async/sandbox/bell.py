"""Wakes a task when something happens in another thread."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TypeAlias

import anyio

_CallSoon: TypeAlias = Callable[[Callable[[], None]], object]


class Bells:
    """What is called when something happens. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._bells: tuple[Callable[[], None], ...] = ()

    def ring(self) -> None:
        """Call each of them, in this thread."""
        for bell in self._bells:
            bell()

    @contextmanager
    def ringing(self, bell: Callable[[], None]) -> Generator[None]:
        """Have `bell` among them while the context is open; it must be quick."""
        with self._lock:
            self._bells = (*self._bells, bell)
        try:
            yield
        finally:
            with self._lock:
                self._bells = tuple(one for one in self._bells if one != bell)


class Bell:
    """Wakes one task on this event loop, asyncio's or trio's, from any thread."""

    def __init__(self) -> None:
        self._call_soon = _call_soon()
        self._rung = anyio.Event()
        self._is_ringing = False

    def ring(self) -> None:
        """Wake the task, now or when it next waits."""
        # Once is enough until it has woken: each call across threads is a write to a socket.
        if not self._is_ringing:
            self._is_ringing = True
            # Of an event loop that is over, a task left waiting is nobody any more.
            with suppress(RuntimeError):
                self._call_soon(self._wake)

    def hush(self) -> None:
        """Begin to listen anew; what happens from now on rings again."""
        self._rung = anyio.Event()
        self._is_ringing = False

    async def heard(self, seconds: float | None) -> bool:
        """Wait until it rings, `seconds` at most, and return whether it has.

        None waits for as long as it takes.
        """
        with anyio.move_on_after(seconds):
            await self._rung.wait()
        return self._rung.is_set()

    def _wake(self) -> None:
        self._rung.set()


def _call_soon() -> _CallSoon:
    """Return what has a function called on this event loop, from any thread."""
    try:
        return asyncio.get_running_loop().call_soon_threadsafe
    except RuntimeError:
        from trio.lowlevel import current_trio_token

        return current_trio_token().run_sync_soon
