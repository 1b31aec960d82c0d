"""What goes into a journal and what comes out of it, as frozen values."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from alphasms_async.campaigns.costs import Cost
from alphasms_async.campaigns.events import Ref
from alphasms_async.campaigns.exact import exact
from alphasms_async.campaigns.states import RowState, SkipReason, Verdict
from alphasms_async.errors import InvalidRequest
from alphasms_async.models import CallOutcome
from alphasms_async.phone import mask_known_phone, mask_phone

__all__ = [
    "LONGEST_REST_SECONDS",
    "AttemptRecord",
    "Began",
    "CampaignRecord",
    "CampaignState",
    "Claimed",
    "Money",
    "PlannedRow",
    "RowRecord",
    "Settlement",
    "Span",
    "Tally",
]

_RECORDING = "recording"

LONGEST_REST_SECONDS = 30.0
"""How long a recipient whose request never left rests at most before it is tried again."""


class CampaignState(StrEnum):
    """Where a campaign stands."""

    READY = "ready"
    """Planned; a run dials it, and goes on where an earlier one ended."""
    PAUSED = "paused"
    """A person holds it."""
    CANCELLED = "cancelled"
    """A person ended it."""
    FINISHED = "finished"
    """Nobody is left to dial."""

    @property
    def is_over(self) -> bool:
        """Whether nobody is dialled any more."""
        return self in {CampaignState.CANCELLED, CampaignState.FINISHED}


def _nothing() -> Mapping[str, str]:
    return {}


@frozen
class PlannedRow:
    """One recipient on the way into the journal."""

    line: int
    """Where it stands in the list, from 1."""
    phone: str | None = field(repr=mask_known_phone)
    """The digits to dial. `None` when it cannot be dialled."""
    given: str | None = field(default=None, repr=False)
    """What the list says, for one that cannot be dialled."""
    columns: Mapping[str, str] | None = field(default=None, repr=False)
    """The list's values that a template needs. `None` without a template."""
    parts: int = 1
    """How many prices its call costs, as far as that can be told before, 1 or more."""


@frozen
class CampaignRecord:
    """A campaign as the journal has it."""

    id: int
    name: str
    state: CampaignState
    definition: Mapping[str, Any] = field(repr=False)
    """What was planned, as `Campaign.as_json` gave it, and the `currency` that was quoted in."""
    per_second: float | None
    """The pace as it was last set, in calls a second. `None`: no limit."""
    quoted: Decimal | None
    """The highest price the gateway quoted when it was planned. `None`: not known."""
    parts: int
    """The most prices that one of its calls costs, 1 or more."""
    halted: str | None
    """Why the last run stopped itself, in one line. `None` when it did not."""
    created_at: datetime
    finished_at: datetime | None

    @property
    def budget(self) -> Decimal | None:
        """What it may spend. `None`: no limit."""
        budget = self.definition.get("budget")
        return None if budget is None else Decimal(budget)

    @property
    def is_priced(self) -> bool:
        """Whether the gateway tells what its calls cost: of a recording, and of no text.

        Else what stands as spent is the most that they may have cost.
        """
        kind: Mapping[str, object] = self.definition.get("kind") or {}
        return kind.get("kind", _RECORDING) == _RECORDING

    @property
    def opt_out(self) -> str | None:
        """The key by which people ask to be called no more. `None`: there is none."""
        return self.definition.get("opt_out")

    def check_going_on(self) -> None:
        """Raise `InvalidRequest` when it is over."""
        if self.state.is_over:
            raise InvalidRequest(f"the campaign {self.name!r} is {self.state}: nothing to change")


@frozen
class Claimed:
    """A recipient that is this dialer's to call: the intent is durable."""

    ref: Ref
    line: int
    phone: str = field(repr=mask_phone)
    columns: Mapping[str, str] = field(repr=False)
    client_id: int | None
    """Our id for this attempt. `None` for kinds whose request carries none."""

    @property
    def e164(self) -> str:
        """The phone with its plus, without which a number of another country is not read as one."""
        return f"+{self.phone}"


@frozen(kw_only=True)
class Settlement:
    """How an attempt ended, on its way into the journal."""

    ref: Ref
    verdict: Verdict
    gateway_id: int | None = None
    price: Decimal | None = None
    error: str | None = None
    """One line, phones masked. `None` when it was accepted."""
    rest_seconds: float = 0
    """How long a row that goes back to planned rests, 0 or more."""


@frozen(kw_only=True)
class RowRecord:
    """A recipient with what its latest attempt came to."""

    id: int
    line: int
    phone: str | None = field(repr=mask_known_phone)
    """The digits. `None` when the list's text is no number."""
    given: str | None = field(repr=False)
    """What the list says, for one that cannot be dialled."""
    state: RowState
    reason: SkipReason | None
    """Why it is skipped. `None` for every other."""
    attempts: int
    gateway_id: int | None
    client_id: int | None
    price: Decimal | None
    """What its latest attempt cost. `None` when that is not known."""
    outcome: CallOutcome | None
    seconds: int | None
    digits: str | None
    error: str | None
    """Why its latest attempt was not accepted, in one line. `None` where it was, and where an
    event has proven since that it was."""
    claimed_at: datetime | None
    """When its latest attempt began. `None` before the first."""
    told_at: datetime | None
    """When its outcome became known. `None` while it is not."""
    columns: Mapping[str, str] = field(factory=_nothing, repr=False)
    """The list's values that a template needs; nothing without a template."""


@frozen(kw_only=True)
class AttemptRecord:
    """One line of the ledger of attempts."""

    ref: Ref
    claimed_at: datetime
    settled_at: datetime | None
    """`None` while nobody knows how it ended."""
    verdict: Verdict | None
    """`None` while nobody knows how it ended."""
    price: Decimal | None
    outcome: CallOutcome | None
    error: str | None


@frozen
class Span:
    """When a campaign's attempts began."""

    first: datetime
    last: datetime
    busiest_minute: int
    """The most of them that began in one minute of the clock, 1 or more."""


@frozen
class Began:
    """Attempts that began in one step of time and came to the same."""

    step: int
    """Which one, from 0."""
    verdict: Verdict | None
    """`None` while nobody knows how they ended."""
    price: Decimal | None
    """What each of them cost. `None`: nothing, or that is not known."""
    count: int
    """How many they are, 1 or more."""


@frozen
class Tally:
    """How many recipients stand where."""

    states: Counter[RowState]
    reasons: Counter[SkipReason]
    """The skipped ones, by why."""
    outcomes: Counter[CallOutcome]
    """The outcomes of all calls that have one."""
    digits: Counter[str]
    """The keys pressed in all calls, those of one call as a whole."""

    @property
    def total(self) -> int:
        """How many recipients the list had, duplicates and invalid ones included."""
        return self.states.total()

    @property
    def accepted(self) -> int:
        """How many the gateway has a call for, or had."""
        return self.states[RowState.ACCEPTED] + self.states[RowState.DONE]

    def pressed(self, key: str) -> int:
        """Return in how many calls a key was pressed, alone or among others."""
        return sum(count for keys, count in self.digits.items() if key in keys)

    @property
    def to_dial(self) -> int:
        """How many are planned or being dialled."""
        return self.states[RowState.PLANNED] + self.states[RowState.DIALING]


def _no_shares() -> Mapping[RowState | SkipReason, Cost]:
    return {}


@frozen
class Money(Cost):
    """What a campaign has cost and may have cost."""

    highest: Decimal | None = field(kw_only=True)
    """The highest price seen. `None` before the first."""
    shares: Mapping[RowState | SkipReason, Cost] = field(factory=_no_shares, kw_only=True)
    """The same by where the recipients stand now, of the skipped by why: all their attempts, so
    that together it is the whole. Who was never dialled has none."""

    @property
    @exact
    def settled(self) -> Cost:
        """The same without what is held for the calls in flight."""
        dialing = self.shares.get(RowState.DIALING)
        held = self.held - (Decimal(0) if dialing is None else dialing.doubtful)
        return Cost(self.spent, held, self.unpriced, self.unpriced_held)

    def told(self, accepted: int) -> Decimal | None:
        """Return what so many accepted calls cost, as far as their prices are told.

        Returns:
            `None`: there are some, and no price is known. Not every gateway, and for no text, tells
            what a call costs.
        """
        return None if accepted and self.highest is None else self.spent
