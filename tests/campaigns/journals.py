"""The journals that keep one contract, and what the tests of that contract begin with."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import frozen

from alphasms_async.campaigns.commands import Command, Drop, Redial
from alphasms_async.campaigns.events import CallEvent, Recorded, Ref
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.records import (
    AttemptRecord,
    Claimed,
    PlannedRow,
    RowRecord,
    Settlement,
)
from alphasms_async.campaigns.redial import RedialPolicy
from alphasms_async.campaigns.sqlite import MemoryJournal, SqliteJournal
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.clock import Clock
from alphasms_async.models import CallOutcome
from tests.doubles import phones

NAME = "spring"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
PRICE = Decimal("0.40")
TEN_MINUTES = 600
HALF_AN_HOUR = 1800.0

OPENERS: Mapping[str, Callable[[Path, Clock], Journal]] = {
    "memory": lambda _folder, clock: MemoryJournal(clock=clock),
    "sqlite": lambda folder, clock: SqliteJournal(folder / "calls.journal", clock=clock),
}
"""How each kind of journal is made in a folder of its own; one that is new is put here."""


class Time:
    """A clock that stands still until somebody sets it forward."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        """Tell the time, as often as asked the same."""
        return self.now

    def forward(self, seconds: float) -> datetime:
        """Let so much time pass, and return what time it is then."""
        self.now += timedelta(seconds=seconds)
        return self.now


def listed(numbers: Iterable[str]) -> list[PlannedRow]:
    """Return recipients as a list without other columns gives them."""
    return [PlannedRow(line, phone) for line, phone in enumerate(numbers, start=1)]


def redialing(times: int = 1, after: float = HALF_AN_HOUR, on: str = "no_answer,busy") -> Any:
    """Return the definition of a campaign that calls those again who were not reached."""
    return {"redial": RedialPolicy(times, after, on.split(",")).as_json()}


def ended(ref: Ref, verdict: Verdict, **facts: Any) -> Settlement:
    """Return how an attempt ended."""
    return Settlement(ref=ref, verdict=verdict, **facts)


@frozen
class Stage:
    """One campaign in a journal, and short ways to say what happens to it."""

    journal: Journal
    time: Time
    campaign: int
    """Its `id`."""

    async def claim(self, **facts: Any) -> Claimed:
        """Take the next recipient, who must be there."""
        claimed = await self.journal.claim(self.campaign, **facts)
        assert claimed is not None
        return claimed

    async def settle(self, ref: Ref, verdict: Verdict, **facts: Any) -> RowState:
        """Tell how an attempt ended."""
        return await self.journal.settle(ended(ref, verdict, **facts))

    async def attempt(self, verdict: Verdict, **facts: Any) -> Ref:
        """Take the next recipient and tell how the attempt ended."""
        ref = (await self.claim()).ref
        await self.settle(ref, verdict, **facts)
        return ref

    async def event(self, outcome: CallOutcome, ref: Ref | None = None, **facts: Any) -> Recorded:
        """Tell what the gateway says of a call."""
        return await self.journal.record(CallEvent(outcome=outcome, ref=ref, **facts))

    async def apply(self, command: Command) -> int:
        """Have a command done."""
        return await self.journal.apply(command)

    async def redial(self, *refs: Ref, after_seconds: float = TEN_MINUTES) -> int:
        """Let some time pass, then decide as a person that these did not ring."""
        self.time.forward(after_seconds)
        return await self.apply(Redial(NAME, refs, "Olena"))

    async def drop(self, *refs: Ref) -> int:
        """Decide as a person to let these be."""
        return await self.apply(Drop(NAME, refs, "Olena"))

    async def rows(self) -> list[RowRecord]:
        """Return all recipients in the list's order."""
        return await self.journal.rows(self.campaign)

    async def row(self, ref: Ref) -> RowRecord:
        """Return the recipient of an attempt."""
        return next(row for row in await self.rows() if row.id == ref.recipient)

    async def states(self) -> list[str]:
        """Return where each recipient stands, in the list's order."""
        return [str(row.state) for row in await self.rows()]

    async def ledger(self) -> dict[Ref, AttemptRecord]:
        """Return all attempts there were."""
        return {one.ref: one for one in await self.journal.attempts(self.campaign)}

    async def bring(self, state: RowState) -> Ref:
        """Take the next recipient, bring it to a state, and return its latest attempt."""
        ref = (await self.claim(reserved=PRICE)).ref
        match state:
            case RowState.DIALING:
                pass
            case RowState.PLANNED:
                await self.settle(ref, Verdict.NOT_SENT)
            case RowState.DONE:
                await self.event(CallOutcome.ANSWERED, ref)
            case RowState.ACCEPTED | RowState.REFUSED | RowState.UNCERTAIN:
                await self.settle(ref, Verdict(state))
            case RowState.DROPPED:
                await self.settle(ref, Verdict.UNCERTAIN)
                await self.drop(ref)
            case RowState.SKIPPED:
                await self.settle(ref, Verdict.NOT_SENT)
                await self.journal.expire(self.campaign)
        assert (await self.row(ref)).state is state
        return ref


async def staged(
    journal: Journal, time: Time, count: int = 3, *, name: str = NAME, **definition: Any
) -> Stage:
    """Plan a campaign of so many recipients and return it."""
    await journal.plan(name, definition, listed(phones(count)))
    return Stage(journal, time, (await journal.campaign(name)).id)
