"""The life of a recipient: one table, and nothing else decides where a row may go.

    planned ─claim→ dialing ─┬─accepted→ accepted ─event→ done
                             ├─refused→ refused
                             ├─not sent, put back→ planned
                             └─no readable answer, or its dialer died→ uncertain

An uncertain row leaves by the truth (a late answer of the same attempt, an event, the gateway's
own word) or by a person (redial, drop), never by itself. A final state never goes back, but for
the redial of somebody who was not reached.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

__all__ = ["MOVES", "Cause", "RowState", "SkipReason", "Verdict", "next_state"]


class RowState(StrEnum):
    """Where a recipient stands."""

    PLANNED = "planned"
    """To be dialled: every earlier attempt is proven unsent, or a redial was decided."""
    DIALING = "dialing"
    """The intent is durable; the request may leave at any moment."""
    ACCEPTED = "accepted"
    """The gateway has queued the call."""
    DONE = "done"
    """The call took place and its outcome is known."""
    REFUSED = "refused"
    """The gateway said no to this recipient: nothing rang."""
    UNCERTAIN = "uncertain"
    """It may have rung and may not; nothing is sent until that is settled."""
    SKIPPED = "skipped"
    """Never to be dialled; the reason stands beside it."""
    DROPPED = "dropped"
    """An uncertain one that a person has let go."""


class SkipReason(StrEnum):
    """Why a recipient is skipped."""

    INVALID = "invalid"
    """Not a phone number, or its text cannot be sent."""
    DUPLICATE = "duplicate"
    """The number stood in the list before."""
    DO_NOT_CALL = "do_not_call"
    """The number is on the journal's do-not-call list."""
    EXPIRED = "expired"
    """The campaign's time ended before its turn."""
    CANCELLED = "cancelled"
    """The campaign was cancelled before its turn."""


class Verdict(StrEnum):
    """How one attempt ended, as far as its own request tells."""

    ACCEPTED = "accepted"
    """Answered: queued."""
    REFUSED = "refused"
    """Answered: no, and it is about this recipient."""
    NOT_SENT = "not_sent"
    """Proven not to have left."""
    PUT_BACK = "put_back"
    """Nothing rang: rate limited, an account or message refused, or given back before it left."""
    UNCERTAIN = "uncertain"
    """It left, and no readable answer came."""


class Cause(StrEnum):
    """What moves a row."""

    CLAIM = "claim"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    PUT_BACK = "put_back"
    UNCERTAIN = "uncertain"
    EVENT = "event"
    """A proven event of the row's latest attempt."""
    REDIAL_POLICY = "redial_policy"
    """The campaign calls those again who were not reached."""
    REDIAL = "redial"
    """A person decides that it did not ring."""
    DROP = "drop"
    """A person lets it go."""
    SKIP = "skip"


_P, _D, _A = RowState.PLANNED, RowState.DIALING, RowState.ACCEPTED
_U = RowState.UNCERTAIN

MOVES: Mapping[tuple[RowState, Cause], RowState] = MappingProxyType(
    {
        (_P, Cause.CLAIM): _D,
        (_P, Cause.SKIP): RowState.SKIPPED,
        # A person had an uncertain one dialled again, and then it turns out that it rang, or that
        # the gateway has it.
        (_P, Cause.EVENT): RowState.DONE,
        (_P, Cause.ACCEPTED): _A,
        (_D, Cause.ACCEPTED): _A,
        (_D, Cause.REFUSED): RowState.REFUSED,
        (_D, Cause.NOT_SENT): _P,
        (_D, Cause.PUT_BACK): _P,
        (_D, Cause.UNCERTAIN): _U,
        (_D, Cause.EVENT): RowState.DONE,
        (_A, Cause.EVENT): RowState.DONE,
        # A late answer. One that says "not sent" is left to a person: it speaks for a dialer
        # that lost its row, and nobody can say what else that dialer did.
        (_U, Cause.ACCEPTED): _A,
        (_U, Cause.REFUSED): RowState.REFUSED,
        (_U, Cause.EVENT): RowState.DONE,
        (_U, Cause.REDIAL): _P,
        (_U, Cause.DROP): RowState.DROPPED,
        (RowState.DONE, Cause.REDIAL_POLICY): _P,
    }
)
"""Every move there is; whatever is not here does not happen."""


def next_state(state: RowState, cause: Cause) -> RowState | None:
    """Return the state a cause leads to. `None`: it leaves the row as it is."""
    return MOVES.get((state, cause))
