"""Some dialers at one campaign, in whatever order and whoever dies: one budget, one pace."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from random import Random
from typing import Any

import anyio
import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st

from alphasms_async.campaigns.halts import HaltReason
from alphasms_async.campaigns.run import Run
from alphasms_async.errors import JournalError
from tests.campaigns.dialers import NOTHING, PRICE
from tests.campaigns.pools import LEASE_SECONDS, Crew, crew
from tests.campaigns.tills import Till
from tests.campaigns.virtual import LOOPS
from tests.doubles import phones

ROWS = 60
LAGS = (0.0, 0.0, 0.0, 0.01, 0.3)


@define
class Fate:
    """How long each step of a dialer to the journal takes, and at which it is killed."""

    random: Random
    kills_at: int | None
    """The step, from 1. `None`: it lives."""
    kill: Callable[[], None] = field(default=lambda: None, init=False)
    _steps: int = field(default=0, init=False)

    def __call__(self) -> float:
        """Take one step."""
        self._steps += 1
        if self._steps == self.kills_at:
            self.kill()
        return self.random.choice(LAGS)


@define
class Lot:
    """What is drawn for one dialer."""

    concurrency: int
    begins_at: float
    """In seconds from the beginning."""
    kills_at: int | None
    joins: bool


LOTS = st.builds(
    Lot,
    st.integers(1, 12),
    st.sampled_from([0.0, 0.0, 0.5, 3.0]),
    st.none() | st.integers(1, 150),
    st.booleans(),
)


async def live(crew: Crew, lot: Lot, random: Random) -> Run | None:
    """Dial until the end, or until one is killed: then nothing is written any more."""
    await anyio.sleep(lot.begins_at)
    fate = Fate(random, lot.kills_at)
    options: dict[str, Any] = {"concurrency": lot.concurrency, "joins": lot.joins}
    with anyio.CancelScope() as scope:
        door = crew.door(fate)

        def kill() -> None:
            door.kill()
            scope.cancel()

        fate.kill = kill
        try:
            return await crew.dial(door=door, **options)
        except JournalError:
            assert door.is_dead
    return None


async def spend_together(prices: int, lots: list[Lot], seed: int, *, is_quoted: bool) -> None:
    random, cap = Random(seed), prices * PRICE  # noqa: S311 - a lot, no secret
    till, quoted = Till(random), PRICE if is_quoted else None
    async with crew(ROWS, till, quoted, budget=cap) as several:
        async with anyio.create_task_group() as group:
            for lot in lots:
                group.start_soon(live, several, lot, random)
        await anyio.sleep(LEASE_SECONDS + 1)
        await several.pool.drain()
        await check(several, till, prices)
        # Whoever comes last finds all that was left, and nobody is forgotten.
        run = await several.dial()
        await check(several, till, prices)
        assert run.is_finished or run.halt is not None


async def check(several: Crew, till: Till, prices: int) -> None:
    """The money was enough for all calls, and whoever stopped for it was right."""
    money = await several.pool.money(1)
    counts = await several.desk.counts()
    assert till.most <= prices
    assert money.spent + money.held <= prices * PRICE
    assert money.spent + money.held >= till.charged * PRICE
    assert counts.get("dialing", 0) == 0
    assert counts.get("accepted", 0) + counts.get("uncertain", 0) >= till.charged
    assert set(till.rings) <= set(phones(ROWS))
    assert set(till.rings.values()) <= {1}
    assert sum(counts.values()) == ROWS
    left = await several.pool.left()
    assert NOTHING <= left <= prices * PRICE - money.spent - money.held
    for run in several.runs:
        if run.halt is not None and run.halt.reason is HaltReason.BUDGET:
            assert left < PRICE
        if run.halt is not None and run.halt.reason is HaltReason.UNPRICED:
            assert (left, money.spent) == (NOTHING, NOTHING)


@pytest.mark.parametrize("loop", LOOPS)
@settings(max_examples=25)
@given(
    prices=st.integers(1, 40),
    lots=st.lists(LOTS, min_size=2, max_size=4),
    seed=st.integers(0, 2**32),
    is_quoted=st.booleans(),
)
def test_one_budget_holds_for_all(
    loop: str,
    prices: int,
    lots: list[Lot],
    seed: int,
    is_quoted: bool,  # noqa: FBT001 - drawn, as the others are
) -> None:
    """Nobody spends what another may, nobody waits for ever, and nobody stops too soon for it."""
    work = partial(spend_together, prices, lots, seed, is_quoted=is_quoted)
    anyio.run(work, backend=loop, backend_options=LOOPS[loop]())


async def dial_together(per_second: float, lots: list[Lot], seed: int) -> None:
    random = Random(seed)  # noqa: S311 - a lot, no secret
    till = Till(random)
    async with crew(ROWS, till, per_second=per_second) as several:
        async with anyio.create_task_group() as group:
            for lot in lots:
                group.start_soon(live, several, lot, random)
        await anyio.sleep(LEASE_SECONDS + 1)
        await several.dial()
        slots = sorted(several.pool.slots)
        counts = await several.desk.counts()
    assert all(later - earlier >= 1 / per_second - 1e-6 for earlier, later in pairwise(slots))
    # Of the first so many calls each has a slot, and none is before it.
    assert len(slots) >= len(till.at)
    assert all(at >= slot - 1e-6 for at, slot in zip(till.at, slots, strict=False))
    assert set(till.rings.values()) <= {1}
    assert not counts.keys() & {"dialing", "planned"} or several.runs[-1].halt is not None


@pytest.mark.parametrize("loop", LOOPS)
@settings(max_examples=8)
@given(
    per_second=st.sampled_from([0.3, 2.0, 10.0, 100.0]),
    lots=st.lists(LOTS, min_size=2, max_size=4),
    seed=st.integers(0, 2**32),
)
def test_one_pace_holds_for_all(loop: str, per_second: float, lots: list[Lot], seed: int) -> None:
    """No two slots are nearer than the pace, and each call has its own, and is not before it."""
    work = partial(dial_together, per_second, lots, seed)
    anyio.run(work, backend=loop, backend_options=LOOPS[loop]())
