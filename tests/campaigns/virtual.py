"""A loop whose clock jumps to the next timer whenever everybody waits, on asyncio and on trio.

A test that lasts an hour takes no time, and every second in it is exact. Threads are the one thing
that is not waited for, so nothing that is timed may be done in one.
"""

import asyncio
import inspect
import selectors
from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import Any

import anyio
import pytest
from trio.testing import MockClock

__all__ = ["LOOPS", "virtual"]


class _Jumping(selectors.SelectSelector):
    """Waits for what is ready at once; what it would wait longer for, it skips."""

    skipped = 0.0
    """How many seconds were skipped so far."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(0)
        if not ready:
            self.skipped += timeout
        return ready


class _JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.skipped


LOOPS: dict[str, Callable[[], dict[str, Any]]] = {
    "asyncio": lambda: {"loop_factory": _JumpingLoop},
    "trio": lambda: {"clock": MockClock(autojump_threshold=0)},
}
"""How each loop is told to jump."""


def virtual(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Have a test run on a clock that jumps, on each loop in turn."""

    @wraps(test)
    def run(loop: str, **fixtures: Any) -> None:
        anyio.run(partial(test, **fixtures), backend=loop, backend_options=LOOPS[loop]())

    # What pytest is to hand over: the loop's name, and what the test itself asks for.
    asked = inspect.signature(test).parameters
    loop = inspect.Parameter("loop", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    told: Any = run
    told.__signature__ = inspect.Signature([loop, *asked.values()])
    marked: Callable[..., None] = pytest.mark.parametrize("loop", LOOPS)(run)
    return marked
