"""When accepted things end: fates in turn, planned ends, and the hooks they make."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count

import attrs

from alphasms_async.clock import Clock
from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry
from alphasms_async.sandbox.fates import Fate, Fates
from alphasms_async.sandbox.hooks.queue import HookQueue, Post
from alphasms_async.sandbox.ledger import Ledger
from alphasms_async.sandbox.states import Standing


@attrs.frozen(eq=False)
class Ending:
    """How one accepted thing ends. Its repr shows no hook, and the phone masked."""

    at: datetime
    """When, UTC."""
    entry: SandboxEntry
    """What it was."""
    fate: Fate
    """How."""
    hook: str | None = attrs.field(repr=False)
    """Where it is told, None for nowhere."""


class Endings:
    """The ends still to come. Safe to use from several threads.

    Nothing happens by itself: whoever wants to know how things stand calls `end_due` first.

    Args:
        ledger: Where the states stand.
        hooks: What posts of the ends.
        clock: What time it is.
        watch: Called with each end, at once when it has come.
    """

    def __init__(
        self, ledger: Ledger, hooks: HookQueue, clock: Clock, watch: Callable[[Ending], None]
    ) -> None:
        self._ledger = ledger
        self._hooks = hooks
        self._clock = clock
        self._watch = watch
        self._order = count()
        self._scripts: dict[str, deque[Fate | None]] = {}
        self._planned: dict[int, Ending] = {}
        self._by_due: list[tuple[datetime, int, Ending]] = []

    @property
    def left(self) -> int:
        """How many ends are still to come."""
        with self._hooks.changed:
            return len(self._planned)

    def reset(self) -> None:
        """Forget the scripts and what is still to come."""
        with self._hooks.changed:
            self._scripts.clear()
            self._planned.clear()
            self._by_due.clear()
            self._hooks.tell()

    def script(self, phone: str, fates: tuple[Fate | None, ...]) -> None:
        """Put `fates` behind those that calls to `phone` are to take already."""
        with self._hooks.changed:
            self._scripts.setdefault(phone, deque()).extend(fates)

    def fate_of(self, call: SandboxCall, fates: Fates | None) -> Fate | None:
        """Take the next fate of the script of the call's phone, or ask `fates` for one."""
        if self._scripts:
            with self._hooks.changed:
                script = self._scripts.get(call.phone)
                if script:
                    return script.popleft()
        return fates(call) if fates else None

    def plan(self, entry: SandboxEntry, fate: Fate, hook: str | None) -> None:
        """Have `entry` end as `fate` says, in place of what was planned for it before.

        Args:
            entry: What is to end.
            fate: How, and how long from now.
            hook: Where to tell it, None for nowhere.
        """
        with self._hooks.changed:
            # It may have been forgotten since it was accepted.
            if self._ledger.find(entry.id) is not entry:
                return
            due = self._clock() + timedelta(seconds=fate.after_seconds)
            ending = Ending(due, entry, fate, hook)
            self._planned[entry.id] = ending
            heappush(self._by_due, (due, next(self._order), ending))
            self.end_due()
            self._hooks.tell()

    def next_due(self) -> datetime | None:
        """Return when the next thing ends, None when nothing is to."""
        with self._hooks.changed:
            return self._by_due[0][0] if self._by_due else None

    def end_due(self) -> None:
        """End everything whose time has come."""
        if not self._by_due:
            return
        with self._hooks.changed:
            now = self._clock()
            while self._by_due and self._by_due[0][0] <= now:
                _, _, ending = heappop(self._by_due)
                # Of several plans for one thing the last counts.
                if self._planned.get(ending.entry.id) is ending:
                    del self._planned[ending.entry.id]
                    self._end(ending)

    def _end(self, ending: Ending) -> None:
        standing = Standing(ending.fate.state, ending.at)
        self._ledger.set_standing(ending.entry.id, standing)
        self._watch(ending)
        if ending.hook:
            self._hooks.add(Post(ending.entry, ending.fate, ending.hook), ending.at)
