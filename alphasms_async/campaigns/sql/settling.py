"""How an attempt ended, as the statements of every database take it."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from attrs import define

from alphasms_async.campaigns.records import Settlement
from alphasms_async.campaigns.states import Cause, RowState, Verdict, next_state

__all__ = ["Settling"]

_CAUSES = {
    Verdict.ACCEPTED: Cause.ACCEPTED,
    Verdict.REFUSED: Cause.REFUSED,
    Verdict.NOT_SENT: Cause.NOT_SENT,
    Verdict.PUT_BACK: Cause.PUT_BACK,
    Verdict.UNCERTAIN: Cause.UNCERTAIN,
}
# How a row stands once an attempt has ended so, unless it waits to be dialled again.
_ENDS: Mapping[Verdict, RowState | None] = {
    verdict: next_state(RowState.DIALING, cause)
    for verdict, cause in _CAUSES.items()
    if next_state(RowState.DIALING, cause) is not RowState.PLANNED
}


@define(eq=False, slots=False)
class Settling:
    """Somebody tells how an attempt ended."""

    settlement: Settlement
    now: float
    """When, in seconds since 1970."""

    @property
    def cause(self) -> Cause:
        """Why its row moves."""
        return _CAUSES[self.settlement.verdict]

    @property
    def end(self) -> RowState | None:
        """Where it leaves a row of which nothing else is known. `None`: that is to be looked at."""
        return _ENDS.get(self.settlement.verdict)

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """What the statements are told."""
        told = self.settlement
        return {
            "recipient": told.ref.recipient,
            "n": told.ref.attempt,
            "verdict": told.verdict,
            "now": self.now,
            "price": None if told.price is None else f"{told.price:f}",
            "gateway_id": told.gateway_id,
            "error": told.error,
            "state": self.end,
        }
