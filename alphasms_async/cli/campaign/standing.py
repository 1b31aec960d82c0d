"""Where a campaign stands, for people and for programs: every command tells the same."""

from datetime import datetime
from typing import Self

from attrs import field, frozen

from alphasms_async import JournalError
from alphasms_async.campaigns import (
    CampaignRecord,
    CampaignState,
    Hold,
    Journal,
    Money,
    RowState,
    SkipReason,
    Tally,
    Window,
)
from alphasms_async.campaigns.places import AtWork, at_work
from alphasms_async.cli.campaign.costs import sum_in_words

__all__ = ["NOT_ACCEPTED", "Standing", "spent_in_words", "standings", "stopped_in_words"]

NOT_ACCEPTED = (RowState.REFUSED, RowState.UNCERTAIN, RowState.DROPPED)
"""The states of those who were dialled and not accepted."""


@frozen
class Standing:
    """A campaign, its counts, its money, and who is at work on it."""

    record: CampaignRecord
    tally: Tally
    money: Money
    work: AtWork = field(factory=AtWork)
    """Who is at work on it."""

    @classmethod
    async def of(cls, journal: Journal, record: CampaignRecord) -> Self:
        """Return where a campaign stands, as far as a journal that is only read tells."""
        # First, for whoever has ended since has left nobody in flight.
        work = await at_work(journal, record)
        tally, spent = await journal.tally(record.id), await journal.money(record.id)
        return cls(record, tally, spent, work)

    @property
    def holder(self) -> str | None:
        """Who writes the journal's file just now, in words. `None`: nobody, or it is a database."""
        return self.work.holder

    @property
    def running(self) -> bool:
        """Whether anybody dials this campaign."""
        return self.work.dialers > 0

    @property
    def died_in_flight(self) -> int:
        """How many were in flight when the run died; the next one makes them uncertain."""
        return 0 if self.holder or self.running else self.tally.states[RowState.DIALING]

    @property
    def state(self) -> str:
        """Where it stands, in a word; a run that a person holds is paused all the same."""
        ready = self.record.state is CampaignState.READY
        return "running" if self.running and ready else self.record.state.value

    def waits(self, at: datetime) -> tuple[Hold, datetime | None] | None:
        """Return why a run dials nobody at this moment, and until when, as the journal tells.

        Returns:
            `None` when it tells nothing that keeps it.
        """
        if self.record.state is CampaignState.PAUSED:
            return Hold.PAUSED, None
        starts, hours = (self.record.definition.get(one) for one in ("starts_at", "window"))
        start = datetime.fromisoformat(starts) if starts else at
        if start > at:
            return Hold.STARTS_LATER, start
        window = Window.from_json(hours) if hours else None
        if window is None or window.is_open(at):
            return None
        return Hold.WINDOW, window.next_opening(at)

    def as_json(self) -> dict[str, object]:
        """Return the same as plain data."""
        record, tally = self.record, self.tally
        return {
            "name": record.name,
            "state": record.state.value,
            "running": self.running,
            "dialers": self.work.dialers,
            "finished": record.state.is_over,
            "recipients": tally.total,
            "states": {state.value: tally.states[state] for state in RowState},
            "skipped": {reason.value: tally.reasons[reason] for reason in SkipReason},
            "outcomes": {outcome.value: count for outcome, count in tally.outcomes.items()},
            "digits": dict(tally.digits),
            "opted_out": tally.pressed(record.opt_out) if record.opt_out else 0,
            "spent": f"{self.money.spent:f}",
            "held": f"{self.money.held:f}",
            "unpriced": self.money.unpriced,
            "unpriced_held": f"{self.money.unpriced_held:f}",
            "budget": record.definition.get("budget"),
            "per_second": record.per_second,
            "halted": record.halted,
            "died_in_flight": self.died_in_flight,
            "planned_at": record.created_at.isoformat(),
            "in_use_by": self.holder,
        }


async def standings(journal: Journal, name: str | None) -> list[Standing]:
    """Return where a campaign stands, or all of a journal when it is not named.

    Raises:
        JournalError: There is none.
    """
    records = await journal.campaigns() if name is None else [await journal.campaign(name)]
    if not records:
        raise JournalError("the journal has no campaign yet: plan one first")
    return [await Standing.of(journal, record) for record in records]


def spent_in_words(record: CampaignRecord, tally: Tally, spent: Money) -> str:
    """Return what the accepted calls cost, or may have cost: not every gateway tells it."""
    return sum_in_words(
        spent, is_priced=record.is_priced, is_known=spent.told(tally.accepted) is not None
    )


def stopped_in_words(halted: str) -> str:
    """Return why a run stopped itself; some reasons begin with that word."""
    return f"stopped: {halted.removeprefix('stopped ')}"
