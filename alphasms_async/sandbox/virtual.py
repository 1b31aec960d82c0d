"""Time that passes when a test says so, and everything due in it at its own moment."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import RLock
from time import monotonic
from typing import Self

import attrs

from alphasms_async.checks import is_number
from alphasms_async.clock import Clock, utc_now
from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.allowed import is_span, shown
from alphasms_async.sandbox.arrivals import runs_on_an_event_loop
from alphasms_async.sandbox.bell import Bells


class VirtualClock:
    """A time of day that stands still until `advance`; given to `Sandbox(clock=...)`.

    May be used from any thread.

    Args:
        start: The time it shows first, aware, and shown in UTC; None for the time at which it is
            made.

    Raises:
        ValueError: `start` has no time zone.
    """

    def __init__(self, start: datetime | None = None) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError("start must carry a time zone, e.g. datetime.now(UTC).")
        self.moving: RLock = RLock()
        """Held by whoever moves it on step by step."""
        self._lock = RLock()
        # In UTC: in the time of a place, an hour is added or lost where its clocks are changed.
        self._now = utc_now() if start is None else start.astimezone(UTC)
        self.bells: Bells = Bells()
        """Rung each time it is moved, in whatever thread."""

    def __call__(self) -> datetime:
        """Return the time, in UTC."""
        return self._now

    def __repr__(self) -> str:
        return f"VirtualClock({self._now.isoformat()})"

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass in one; `Sandbox.advance` stops at all that is due on the way.

        Raises:
            ValueError: It is no number from 0 up to ten years.
        """
        with self._lock:
            self.move_to(self._now + _duration(seconds))

    def move_to(self, moment: datetime) -> None:
        """Show `moment` from now on, unless it is past already."""
        with self._lock:
            self._now = max(self._now, moment)
            self.bells.ring()


@attrs.frozen
class Course:
    """Moves the virtual time of an account on, from one moment to the next that has something due.

    At each, all that is due is over before time goes on.
    """

    account: Account
    clock: VirtualClock
    timeout: float
    """Seconds of real time that all of it may take."""
    is_posting: Callable[[], bool]
    """Whether hooks are posted by themselves; else they wait, and time goes on without them."""
    _begun: float = attrs.field(factory=monotonic, init=False)

    @classmethod
    def of(cls, account: Account, timeout: float, is_posting: Callable[[], bool]) -> Self:
        """Return that of an account.

        Raises:
            TypeError: Its clock goes by itself.
        """
        if not isinstance(account.clock, VirtualClock):
            raise TypeError(
                "This sandbox's time goes by itself: only Sandbox(clock=VirtualClock()) can be "
                "moved on."
            )
        return cls(account, account.clock, timeout, is_posting)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass.

        Raises:
            RuntimeError: A watcher has called this while another thread lets time pass.
            TimeoutError: What was due is not over yet.
        """
        with self._alone():
            until = self.clock() + _duration(seconds)
            self._settle()
            while (moment := self._next()) is not None and moment <= until:
                self._move_to(moment)
            self._move_to(until)

    def run_out(self, left: Callable[[], int]) -> bool:
        """Let time pass until nothing is left; say whether nothing is.

        Args:
            left: Returns how much still is; for what comes without time it is waited.

        Raises:
            RuntimeError: A watcher has called this while another thread lets time pass.
        """
        with self._alone():
            try:
                self._settle()
                while left() and (moment := self._next()) is not None:
                    self._move_to(moment)
            except TimeoutError:
                return False
        changed = self.account.hook_queue.changed
        with changed:
            return changed.wait_for(lambda: not left(), self._seconds_left())

    @contextmanager
    def _alone(self) -> Generator[None]:
        """Have nobody else let time pass meanwhile; wait for those who do."""
        # They wait for whoever holds the sandbox, as a watcher and `fates` do while they are asked.
        waits = not self.account.hook_queue.is_held()
        if not self.clock.moving.acquire(blocking=waits):
            raise RuntimeError(
                "Another thread lets time pass and waits for this watcher, or for these fates: "
                "they cannot let it pass too."
            )
        try:
            yield
        finally:
            self.clock.moving.release()

    def _move_to(self, moment: datetime) -> None:
        self.clock.move_to(moment)
        self._settle()

    def _settle(self) -> None:
        """Wait until all that is due by now is over."""
        self.account.lines.go_on()
        hooks = self.account.hook_queue
        with hooks.changed:
            if not hooks.changed.wait_for(self._is_settled, self._seconds_left()):
                raise TimeoutError(
                    f"After {self.timeout:g} s of real time the hooks that are due are not over: "
                    f"{hooks.left} are left.{_advice()}"
                )

    def _is_settled(self) -> bool:
        return not (self.is_posting() and self.account.hook_queue.is_busy())

    def _next(self) -> datetime | None:
        return self.account.next_due(with_hooks=self.is_posting())

    def _seconds_left(self) -> float:
        return max(0.0, self._begun + self.timeout - monotonic())


def wait_out(account: Account, timeout: float, left: Callable[[], int]) -> bool:
    """Wait, on a clock that goes by itself, until nothing is left, and say whether nothing is.

    What is planned happens meanwhile, whether anybody serves or not.

    Args:
        account: Whose plans.
        timeout: Seconds of real time to wait at most.
        left: Returns how much still is.
    """
    until = monotonic() + timeout
    changed = account.hook_queue.changed
    with changed:
        while True:
            account.lines.go_on()
            seconds = until - monotonic()
            if not left():
                return True
            if seconds <= 0:
                return False
            due = account.lines.next_due()
            asleep = None if due is None else seconds_until(due, account.clock)
            changed.wait(seconds if asleep is None else min(seconds, asleep))


@contextmanager
def ringing(clock: Clock, bell: Callable[[], None]) -> Generator[None]:
    """Have `bell` called each time a clock is moved, if it is one that stands still."""
    if isinstance(clock, VirtualClock):
        with clock.bells.ringing(bell):
            yield
    else:
        yield


def seconds_until(moment: datetime, clock: Clock) -> float | None:
    """Return how long it takes by itself until a clock shows `moment`; None for ever."""
    seconds = max(0.0, (moment - clock()).total_seconds())
    return None if seconds and isinstance(clock, VirtualClock) else seconds


def _duration(seconds: float) -> timedelta:
    if not (is_number(seconds) and is_span(seconds)):
        raise ValueError(
            f"Time goes on by a number of seconds from 0 up to ten years, not by {shown(seconds)}."
        )
    return timedelta(seconds=seconds)


def _advice() -> str:
    if not runs_on_an_event_loop():
        return ""
    return (
        " A receiver on this event loop cannot answer while it is blocked: "
        "await anyio.to_thread.run_sync(sandbox.advance, seconds)."
    )
