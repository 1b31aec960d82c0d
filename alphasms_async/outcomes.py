"""How each recipient of a dial ended, and what they come to together."""

from collections import Counter
from decimal import Decimal
from enum import StrEnum

from attrs import define, field, frozen

from alphasms_async.errors import (
    AlphaSMSError,
    DuplicateId,
    GatewayError,
    InvalidRequest,
    OutcomeUnknown,
)
from alphasms_async.models import VoiceCall
from alphasms_async.phone import mask_known_phone, mask_phone

__all__ = ["DialOutcome", "DialResult", "Summary", "outcome_of"]


class DialOutcome(StrEnum):
    """How one recipient ended."""

    ACCEPTED = "accepted"
    """The gateway has queued the call."""
    REFUSED = "refused"
    """The gateway answered "no": nothing rings."""
    NOT_SENT = "not_sent"
    """Proven not to have left: dialling it again is safe."""
    UNCERTAIN = "uncertain"
    """It left and no readable answer came: the phone may ring. Look before dialling it again."""
    INVALID = "invalid"
    """Not a phone number: refused here."""
    DUPLICATE = "duplicate"
    """A number seen before in this run: not dialled again."""


def _masked(recipient: object) -> str:
    return repr(mask_phone(str(recipient)))


@frozen
class DialResult:
    """How one recipient ended."""

    recipient: str = field(repr=_masked)
    """The recipient as it was given."""
    phone: str | None = field(repr=mask_known_phone)
    """The digits that were dialled. `None` when the recipient is no phone number."""
    outcome: DialOutcome
    call: VoiceCall | None = None
    """The queued call. `None` unless accepted."""
    error: AlphaSMSError | None = None
    """Why it was not accepted. `None` for an accepted one and a duplicate."""


def _counted(results: list[DialResult]) -> str:
    return f"{len(results)} results"


@define
class Summary:
    """The tally of a run; it grows while the run goes on."""

    counts: Counter[DialOutcome] = field(factory=Counter)
    """How many recipients ended in each outcome, read or not."""
    price: Decimal = Decimal(0)
    """What the accepted calls cost together, in the account's currency."""
    stopped: AlphaSMSError | None = None
    """The refusal of the account or of the recording that ended the run, with recipients left
    over. `None` when nothing did."""
    unread: list[DialResult] = field(factory=list, repr=_counted)
    """The results that were not handed over because the block was left before."""

    @property
    def total(self) -> int:
        """How many recipients were taken."""
        return self.counts.total()

    def add(self, result: DialResult) -> None:
        """Count one more recipient."""
        self.counts[result.outcome] += 1
        if result.call is not None:
            self.price += result.call.price


def outcome_of(error: AlphaSMSError) -> DialOutcome:
    """Return the outcome an error stands for."""
    if isinstance(error, InvalidRequest):
        return DialOutcome.INVALID
    if isinstance(error, OutcomeUnknown | DuplicateId):
        # A duplicate id means that something with it was accepted before.
        return DialOutcome.UNCERTAIN
    return DialOutcome.REFUSED if isinstance(error, GatewayError) else DialOutcome.NOT_SENT
