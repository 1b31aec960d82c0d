"""What is still to become of what was accepted, by the moment it is due."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Final, TypeAlias
from weakref import ref

import attrs

from alphasms_async.sandbox.entries import SandboxEntry
from alphasms_async.sandbox.fate import Fate

# Fewer steps than these are not worth looking through.
_FEW: Final = 64


@attrs.frozen(eq=False)
class Plan:
    """What is still to become of one accepted thing."""

    entry: SandboxEntry
    fate: Fate
    since: datetime
    """What the fate's seconds count from, UTC."""
    hook: str | None = attrs.field(repr=False)
    """Where it is told, None for nowhere."""

    @property
    def ends_at(self) -> datetime:
        """When it is over, UTC."""
        return self.since + timedelta(seconds=self.fate.after_seconds)


Act: TypeAlias = Callable[[Plan, datetime], None]
"""Does one step of a plan, whose moment has come."""


class Plans:
    """One plan for each thing at most, the last one made; and the steps of all, in their order.

    Not safe in several threads by itself. What was dropped takes no room until it were due: its
    steps hold on to nothing, and are thrown away when most are of that kind.
    """

    def __init__(self) -> None:
        self._plans: dict[int, Plan] = {}
        self._order = count()
        self._steps: list[tuple[datetime, int, ref[Plan], Act]] = []
        self._full = _FEW

    def __len__(self) -> int:
        return len(self._plans)

    def of(self, entry_id: int) -> Plan | None:
        """Return what is planned for the thing with that id, None for nothing."""
        return self._plans.get(entry_id)

    def begin(self, plan: Plan, steps: Iterable[tuple[datetime, Act]]) -> None:
        """Follow `plan` from now on, in place of the one there was for the same thing.

        Args:
            plan: What is to come.
            steps: What is to happen, and when; of what happens at one moment, in its order.
        """
        self._plans[plan.entry.id] = plan
        for at, act in steps:
            heappush(self._steps, (at, next(self._order), ref(plan), act))
        if len(self._steps) > self._full:
            self._steps = [step for step in self._steps if self._is_followed(step[2]())]
            heapify(self._steps)
            self._full = max(_FEW, 2 * len(self._steps))

    def drop(self, entry_id: int) -> None:
        """Follow no plan for the thing with that id any more."""
        self._plans.pop(entry_id, None)

    def reset(self) -> None:
        """Follow none at all."""
        self._plans.clear()
        self._steps.clear()

    def next_due(self) -> datetime | None:
        """Return when the next step is due, None when there is none."""
        while self._steps and not self._is_followed(self._steps[0][2]()):
            heappop(self._steps)
        return self._steps[0][0] if self._steps else None

    def due(self, now: datetime) -> Iterator[tuple[Plan, datetime, Act]]:
        """Return the steps due by `now`, each only if its plan is followed when its turn comes."""
        while self._steps and self._steps[0][0] <= now:
            at, _, maybe, act = heappop(self._steps)
            plan = maybe()
            if plan is not None and self._is_followed(plan):
                yield plan, at, act

    def _is_followed(self, plan: Plan | None) -> bool:
        return plan is not None and self._plans.get(plan.entry.id) is plan
