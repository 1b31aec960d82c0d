"""Power cuts: whatever is left of the disk, nobody who may have been rung is dialled again."""

import logging
from collections.abc import Iterator, Mapping
from random import Random

import pytest
from attrs import define, evolve, frozen

from alphasms_async.campaigns.events import Ref
from alphasms_async.campaigns.records import AttemptRecord, RowRecord
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.errors import InvalidRequest
from tests.torture import LONG
from tests.torture.powercut import Disk, restore
from tests.torture.workloads import (
    NAME,
    Calls,
    DiskJournal,
    campaign,
    forgotten,
    planned,
    repeatable,
)

pytestmark = pytest.mark.anyio

# The figures: pytest shows them with --log-cli-level=INFO.
_log = logging.getLogger(__name__)

COUNT = 72
WORKERS = 5
RUNS = 3
CUTS = 501
SEEDS = range(50 if LONG else 1)
OPENING = "alphasms_async.campaigns.sqlite.opening"


@frozen
class Left:
    """What a journal knows when it is opened again."""

    rows: list[RowRecord]
    """All recipients. Empty when the campaign is not there."""
    ledger: Mapping[Ref, AttemptRecord]
    """All attempts."""


@define
class Found:
    """What the cuts came to."""

    cuts: int = 0
    doubles: int = 0
    """People who would be called twice, summed over the cuts."""
    outcomes: int = 0
    """Outcomes that were told to be durable and are forgotten."""
    miscounts: int = 0
    """Cuts with other recipients than were planned, or one in a state that recovery ends."""


@define
class Story:
    """Runs of one campaign, one after another, each on what the power left of the one before."""

    seed: int
    disk: Disk
    calls: Calls
    is_planned: int | None = None
    """After how many operations of the disk planning had ended. `None`: it has not."""

    @classmethod
    async def begin(cls, seed: int) -> "Story":
        """Plan the campaign and make the first calls."""
        disk = Disk()
        story = cls(seed, disk, Calls(disk))
        async with DiskJournal(disk) as journal:
            await planned(journal, COUNT, campaign())
            story.is_planned = disk.instant
            await story.calls.make(journal, WORKERS, 6, seed)
        return story

    async def after_cut(self, instant: int) -> "Story":
        """Cut the power, and go on with what is left."""
        disk = restore(self.disk.crash(self.seed, instant))
        calls = Calls(disk, [(0, ref) for ref in self._begun(instant)])
        calls.ended = [(0, *one) for one in self._ended(instant)]
        story = evolve(self, seed=self.seed + 1, disk=disk, calls=calls, is_planned=0)
        async with DiskJournal(disk) as journal:
            await calls.make(journal, WORKERS, 6, story.seed)
        return story

    async def cut(self, found: Found, instant: int, seed: int) -> None:
        """Cut the power at one instant, and see what the journal still knows."""
        left = await look(restore(self.disk.crash(seed, instant)))
        found.cuts += 1
        if not left.rows:
            found.miscounts += self.is_planned is not None and instant >= self.is_planned
            return
        found.doubles += len(repeatable(left.rows, left.ledger, self._begun(instant)))
        found.outcomes += len(forgotten(left.ledger, self._ended(instant)))
        is_dialing = any(row.state is RowState.DIALING for row in left.rows)
        found.miscounts += is_dialing or len({row.phone for row in left.rows}) != COUNT

    def _begun(self, instant: int) -> list[Ref]:
        return [ref for at, ref in self.calls.begun if at <= instant]

    def _ended(self, instant: int) -> list[tuple[Ref, Verdict]]:
        return [(ref, verdict) for at, ref, verdict in self.calls.ended if at <= instant]


async def look(disk: Disk) -> Left:
    """Open a journal again, which sweeps up after the dialer that is gone."""
    async with DiskJournal(disk) as journal:
        try:
            record = await journal.campaign(NAME)
        except InvalidRequest:
            return Left([], {})
        rows = await journal.rows(record.id)
        return Left(rows, {one.ref: one for one in await journal.attempts(record.id)})


def instants(last: int, count: int) -> Iterator[int]:
    """Yield so many instants from the first to the last, evenly spread."""
    return (round(number * last / max(1, count - 1)) for number in range(count))


async def torture(seed: int, cuts: int) -> Found:
    """Cut the power so often in the runs of one campaign."""
    found = Found()
    story = await Story.begin(seed)
    for _ in range(RUNS):
        for number, instant in enumerate(instants(story.disk.instant, cuts // RUNS)):
            await story.cut(found, instant, number)
        rng = Random(seed)  # noqa: S311 - chance that can be had again
        middle = story.disk.instant // 2
        story = await story.after_cut(rng.randint(max(middle, story.is_planned or 0), middle * 2))
    return found


@pytest.mark.parametrize("seed", SEEDS)
async def test_power_cut_forgets_no_intent(seed: int) -> None:
    """At no instant does a cut leave somebody planned whose call may have left, nor lose a row."""
    found = await torture(seed, CUTS)
    _log.info("power cuts: %s", found)
    assert found == Found(cuts=CUTS)


async def test_laxer_disk_would_forget_intents(monkeypatch: pytest.MonkeyPatch) -> None:
    """With NORMAL in place of FULL the same cuts find people who would be called twice."""
    monkeypatch.setattr(f"{OPENING}._SYNCHRONOUS", ("normal", 1))
    found = await torture(0, 60)
    assert found.doubles > 0
    assert found.outcomes > 0


@pytest.mark.parametrize("seed", SEEDS)
async def test_power_cut_while_recovering_forgets_nothing(seed: int) -> None:
    """A second cut, while what the first left is being swept up, changes nothing."""
    story = await Story.begin(seed)
    for number, instant in enumerate(instants(story.disk.instant, 10)):
        disk = restore(story.disk.crash(number, instant))
        before = await look(disk)
        for second in range(disk.instant + 1):
            after = await look(restore(disk.crash(number, second)))
            assert after.rows == before.rows
            assert set(after.ledger) == set(before.ledger)


async def test_story_has_everything_that_may_go_wrong() -> None:
    """The runs leave calls of every kind open, repeat some, and move the log into the file."""
    story = await Story.begin(1)
    verdicts = {verdict for _, _, verdict in story.calls.ended}
    left = await look(restore(story.disk.crash(1)))
    assert verdicts == {Verdict(one) for one in ("accepted", "refused", "uncertain", "not_sent")}
    assert max(row.attempts for row in left.rows) > 1
    assert {RowState.PLANNED, RowState.ACCEPTED, RowState.DONE} <= {row.state for row in left.rows}
    begun = {ref: at for at, ref in story.calls.begun}
    assert any(at > begun[ref] for at, ref, _ in story.calls.ended)
