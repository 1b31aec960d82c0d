"""The clock on the wall jumps by days, forth and back: nobody rings twice, and nobody is lost."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import anyio
import httpx
import pytest

from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.campaigns.states import RowState
from alphasms_async.campaigns.window import Window
from tests.campaigns.dialers import Desk, Gateway, planned, unreachable
from tests.campaigns.journals import NOON
from tests.doubles import accepted, phones
from tests.torture import LONG

pytestmark = pytest.mark.anyio

SEEDS = range(100 if LONG else 2)
COUNT, CRASHES, CALLS, CLAIMED, CONCURRENCY = 120, 3, 20, 2, 4
MOST_DAYS = 400
LIMITS: dict[str, dict[str, Any]] = {
    "always": {},
    "in a window": {"window": Window.parse("04:00-23:00", None, "Europe/Kyiv")},
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dialer looks at the clock more often, for the clock often shows that nobody is due."""
    monkeypatch.setattr("alphasms_async.campaigns.dialer._LOOK_SECONDS", 0.01)


class Jumping:
    """A clock that shows another day each time it is asked."""

    def __init__(self, seed: int) -> None:
        self.earliest_days = -MOST_DAYS
        """The earliest day it shows, counted from noon of the first."""
        self._rng = Random(seed)  # noqa: S311 - chance that can be had again

    def __call__(self) -> datetime:
        """Tell some time."""
        return NOON + timedelta(days=self.earliest_days + self._rng.uniform(0, 2 * MOST_DAYS))


def gateway(scope: anyio.CancelScope) -> Gateway:
    """Return a gateway that is out of reach now and then, and at last the run's end."""

    def cut_off(request: httpx.Request) -> httpx.Response:
        scope.cancel()
        return accepted(request)

    script = [accepted, accepted, accepted, unreachable] * (CALLS // 4)
    return Gateway(*script, cut_off)


async def crash(ready: Desk) -> Counter[str]:
    """Dial until it is cut off, leave some claims behind, and return who rang."""
    scope = anyio.CancelScope()
    calls = gateway(scope)
    with scope:
        await ready.dial(calls)
    for _ in range(CLAIMED):
        while await ready.journal.claim(ready.id) is None:
            # Nobody was due at the time it was then.
            pass
    return calls.rings


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("seed", SEEDS)
async def test_jumps_of_the_clock_harm_nobody(seed: int, limits: str, tmp_path: Path) -> None:
    """Through crashes and a gateway out of reach each phone rings once, or may have rung once."""
    path, clock = tmp_path / "calls.journal", Jumping(seed)
    rings: Counter[str] = Counter()
    async with SqliteJournal(path, clock=clock) as journal:
        ready = await planned(
            journal, COUNT, clock=clock, concurrency=CONCURRENCY, **LIMITS[limits]
        )
        rings += await crash(ready)
    for _ in range(CRASHES - 1):
        async with SqliteJournal(path, clock=clock) as ready.journal:
            rings += await crash(ready)
    # Whoever rests until the latest of those days is due at last.
    clock.earliest_days = MOST_DAYS
    async with SqliteJournal(path, clock=clock) as ready.journal:
        last = Gateway()
        run = await ready.dial(last)
        rows = await ready.rows()
    rings += last.rings
    uncertain = {row.phone for row in rows if row.state is RowState.UNCERTAIN}
    known = {row.phone for row in rows if row.state is RowState.ACCEPTED}
    assert run.is_finished
    assert set(rings.values()) == {1}
    assert known <= set(rings) <= known | uncertain
    assert known | uncertain == set(phones(COUNT))
    assert CRASHES * CLAIMED < len(uncertain) <= CRASHES * (CLAIMED + CONCURRENCY)
