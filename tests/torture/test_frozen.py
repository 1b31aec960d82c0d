"""Frozen past the lease: whoever wakes up when another has taken over calls nobody more."""

import signal
from pathlib import Path
from random import Random

import anyio
import pytest

from alphasms_async.campaigns.records import Claimed
from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.campaigns.states import RowState
from alphasms_async.errors import JournalLocked
from tests.campaigns.dialers import planned
from tests.campaigns.paths import beside, remove
from tests.doubles import FakeGateway, phones
from tests.torture import LONG
from tests.torture.commands import JOURNAL, PROGRAM, RUN, Command, Desk, Switchboard, tell

SEEDS = range(50 if LONG else 2)
CONCURRENCY, MOST_CALLS, COUNT = 8, 40, 100
LEASE_SECONDS = 0.2

# What is frozen for longer than its lease, without a test that takes as long as a real one.
SHORT_LEASE = f"""
from alphasms_async.campaigns.dialer import Dialer
Dialer.__init__.__kwdefaults__["lease_seconds"] = {LEASE_SECONDS}
{PROGRAM}
"""


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_frozen_past_its_lease_rings_nobody_twice(seed: int, tmp_path: Path) -> None:
    """It wakes up when another run has finished, says that it lost the journal, and ends."""
    calls = Random(seed).randint(1, MOST_CALLS)  # noqa: S311 - chance that can be had again
    board = Switchboard()
    with Desk.at(tmp_path, board, phones(COUNT)) as desk:
        desk.plan("--concurrency", str(CONCURRENCY))
        with desk.start(*RUN, program=SHORT_LEASE) as frozen:
            freeze(desk, board, frozen, calls)
            (desk.folder / f"{JOURNAL}.lock").unlink()
            other, _ = desk.do(*RUN)
            before = desk.read().figures(board)
            frozen.send(signal.SIGCONT)
            code, said = frozen.end()
        book = desk.read()
    figures = book.figures(board)
    tell(f"seed {seed}: {before.uncertain} unknown while frozen, then {figures}")
    assert other == (3 if before.uncertain else 0)
    assert before.uncertain <= CONCURRENCY
    assert code == 2, said
    assert said.splitlines()[-1] == (
        f"another process has taken over the journal {JOURNAL}: this one dials nobody more"
    )
    assert figures.harm == (0, 0, 0)
    assert figures.accepted + figures.uncertain == COUNT
    assert not book.among(RowState.PLANNED, RowState.DIALING)


def freeze(desk: Desk, board: Switchboard, command: Command, calls: int) -> None:
    """Freeze a run after so many calls, but not in a write, which would keep everybody out."""
    assert board.wait(calls, command)
    command.freeze()
    while desk.is_locked():
        command.send(signal.SIGCONT)
        assert board.wait(1, command)
        command.freeze()


class Frozen(SqliteJournal):
    """A journal whose process is frozen between a durable claim and what is done with it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asleep = anyio.Event()
        self.awake = anyio.Event()

    async def claim(self, campaign: int, **facts: object) -> Claimed | None:
        """Take the next recipient, and sleep until somebody wakes it up."""
        claimed = await super().claim(campaign, **facts)  # type: ignore[arg-type]  # handed on as they come
        self.asleep.set()
        await self.awake.wait()
        return claimed


@pytest.mark.anyio
async def test_a_claim_older_than_half_its_lease_is_given_back(tmp_path: Path) -> None:
    """Whoever claimed, was frozen and lost the journal sends nothing for it, nor does the other."""
    path = tmp_path / "calls.journal"
    one, other = FakeGateway(), FakeGateway()
    async with Frozen(path) as frozen:
        ready = await planned(frozen, 20, one)

        async def dial() -> None:
            with pytest.raises(JournalLocked, match="taken over"):
                await ready.dial(lease_seconds=0.0)

        async with anyio.create_task_group() as group:
            group.start_soon(dial)
            await frozen.asleep.wait()
            remove(beside(path, "lock"))
            async with SqliteJournal(path) as journal:
                ready.journal = journal
                await ready.dial(other)
                frozen.awake.set()
        ready.journal = frozen
        counts = await ready.counts()
    assert one.asked == 0
    assert other.rings == dict.fromkeys(phones(20)[1:], 1)
    assert counts == {"accepted": 19, "uncertain": 1}
