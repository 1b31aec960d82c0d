"""What moves rows: answers, events, decisions. Plain functions inside one transaction."""

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from attrs import evolve, frozen

from alphasms_async.campaigns.commands import RecordEvent, command_from_json, command_to_json
from alphasms_async.campaigns.events import CallEvent, Recorded, Ref, contradiction
from alphasms_async.campaigns.records import CampaignState
from alphasms_async.campaigns.redial import RedialPolicy
from alphasms_async.campaigns.sql.connection import Connection, undamaged
from alphasms_async.campaigns.sql.reading import read_policy
from alphasms_async.campaigns.sql.settling import Settling
from alphasms_async.campaigns.states import Cause, RowState, SkipReason, Verdict, next_state
from alphasms_async.errors import JournalError
from alphasms_async.models import CallOutcome

__all__ = [
    "REDIAL_AFTER_SECONDS",
    "can_be_kept",
    "decide",
    "forget_old_early",
    "record",
    "settle_with_care",
    "sweep",
]

REDIAL_AFTER_SECONDS = 600
"""How old an uncertain attempt must be before a person may have it dialled again: until then its
answer, or the event that proves it rang, may still be on its way."""

_log = logging.getLogger("alphasms_async")

_LARGEST = 2**63 - 1
# Of the calls that are on their way to an answer there are never so many; whoever else is called
# from the same account must not fill the journal with events of calls that nobody here made.
_MOST_EARLY = 10_000
_EARLY_TO_GO = 1000
_EARLY_SECONDS = 7 * 24 * 3600
_GONE = "its dialer ended before the answer came"
# Which outcome of one call outdoes which, whatever the order they are told in.
_WEIGHTS: Mapping[CallOutcome, int] = {
    CallOutcome.UNKNOWN: 0,
    CallOutcome.NO_ANSWER: 1,
    CallOutcome.BUSY: 1,
    CallOutcome.FAILED: 1,
    CallOutcome.ANSWERED: 2,
}


@frozen
class _Row:
    """A recipient as far as a move must know it."""

    state: RowState
    attempts: int
    phone: str | None
    campaign: int


def sweep(
    connection: Connection, now: float, campaign: int | None = None, owner: int | None = None
) -> int:
    """Make uncertain what a dialer that is gone was dialling; return how many that were.

    Args:
        connection: The connection, in a transaction.
        now: When, in seconds since 1970.
        campaign: In which campaign. `None`: in all of them.
        owner: Whose dialer is gone from it, though he lives himself, where there may be many.
    """
    asked = {"campaign": campaign, "owner": owner}
    open_rows = connection.execute("open_rows", asked).fetchall()
    for recipient, attempt, is_dialing in open_rows:
        connection.execute(
            "sweep_attempt",
            {"recipient": recipient, "n": attempt, "now": now, "error": _GONE},
        )
        if is_dialing:
            _move(connection, recipient, RowState.DIALING, Cause.UNCERTAIN)
    return len(open_rows)


def settle_with_care(connection: Connection, settling: Settling) -> RowState:
    """Settle what is late, or goes back to planned, or of which an event was told before."""
    settlement, now = settling.settlement, settling.now
    ref = settlement.ref
    row = _row(connection, ref.recipient)
    assert row is not None  # noqa: S101 - a claim made it, and claims are never taken out
    moves = _speaks_for(connection, row, ref) and _tells_a_planned_row(connection, row, ref)
    connection.execute("settle_attempt", settling.facts)
    state = row.state
    if moves:
        rest = now + settlement.rest_seconds if settlement.rest_seconds else 0
        state = _move(connection, ref.recipient, state, settling.cause, rest)
        if state is RowState.PLANNED and row.state is RowState.DIALING:
            state = _skip_if_cancelled(connection, ref.recipient, row.campaign)
    if settlement.gateway_id is not None:
        early = _take_early(connection, settlement.gateway_id)
        if early is not None and record(connection, early, now) is Recorded.CHANGED:
            row = _row(connection, ref.recipient)
            state = state if row is None else row.state
    return state


def record(connection: Connection, event: CallEvent, now: float) -> Recorded:
    """Write what an event tells into the attempt it is about, and move the attempt's row."""
    recorded = _record(connection, event, now)
    if recorded is Recorded.CONTRADICTED:
        _log.warning("%s", contradiction(event))
    return recorded


def _record(connection: Connection, event: CallEvent, now: float) -> Recorded:
    if not can_be_kept(event):
        return Recorded.CONTRADICTED
    ref = event.ref or _ref_of(connection, event.id)
    if ref is None:
        return _keep_early(connection, event, now)
    row = _row(connection, ref.recipient)
    attempt = connection.execute(
        "attempt", {"recipient": ref.recipient, "n": ref.attempt}
    ).fetchone()
    if row is None or attempt is None:
        return Recorded.CONTRADICTED
    verdict, gateway_id, outcome, seconds, digits, _ = attempt
    if _contradicts(event, gateway_id, row.phone) or verdict in {
        Verdict.REFUSED,
        Verdict.NOT_SENT,
        Verdict.PUT_BACK,
    }:
        return Recorded.CONTRADICTED
    _opt_out(connection, event, row, now)
    told = _merged(event, outcome, seconds, digits)
    if told is None:
        return Recorded.DUPLICATE
    at = event.at.timestamp() if event.at else now
    connection.execute(
        "tell_attempt",
        {
            "recipient": ref.recipient,
            "n": ref.attempt,
            "gateway_id": event.id,
            "at": at,
            **told,
        },
    )
    if _speaks_for(connection, row, ref):
        _move_by_event(connection, ref.recipient, row, CallOutcome(told["outcome"]), at)
    return Recorded.CHANGED


def decide(
    connection: Connection, campaign: int, ref: Ref, cause: Cause, *, who: str, now: float
) -> bool:
    """Do what a person decided of an uncertain attempt; return whether that could be done.

    Not of one that is none any more, and a redial not while the attempt is young.
    """
    row = _row(connection, ref.recipient)
    if row is None or row.campaign != campaign or row.attempts != ref.attempt:
        return False
    if next_state(row.state, cause) is None:
        return False
    if cause is Cause.REDIAL and now - _claimed_at(connection, ref) < REDIAL_AFTER_SECONDS:
        return False
    _move(connection, ref.recipient, row.state, cause)
    connection.execute(
        "add_resolution",
        {
            "recipient": ref.recipient,
            "n": ref.attempt,
            "decided": cause,
            "who": who,
            "now": now,
        },
    )
    return True


def _row(connection: Connection, recipient: int) -> _Row | None:
    row = connection.execute("row", {"recipient": recipient}).fetchone()
    with undamaged("a recipient"):
        return None if row is None else _Row(RowState(row[0]), *row[1:])


def _speaks_for(connection: Connection, row: _Row, ref: Ref) -> bool:
    """Return whether what is told of an attempt says something of its row: the fence.

    An older attempt says nothing of what its row is doing now, unless the row waits to be dialled
    and nothing has left since: that the older one rang keeps it from being dialled once more.
    """
    if row.attempts == ref.attempt:
        return True
    if row.state is not RowState.PLANNED:
        return False
    later = {"recipient": ref.recipient, "n": ref.attempt}
    (sent,) = connection.execute("sent_later", later).fetchone()
    return bool(sent == 0)


def _tells_a_planned_row(connection: Connection, row: _Row, ref: Ref) -> bool:
    """Return whether an answer may move its row: one that waits, only where a doubt is settled.

    What is proven of an attempt stays so, and whoever is called again because an earlier call
    reached nobody is not moved by the answer to that call.
    """
    if row.state is not RowState.PLANNED:
        return True
    verdict, _, outcome, *_ = connection.execute(
        "attempt", {"recipient": ref.recipient, "n": ref.attempt}
    ).fetchone()
    return verdict in {None, Verdict.UNCERTAIN} and outcome is None


def _claimed_at(connection: Connection, ref: Ref) -> float:
    attempt = connection.execute(
        "attempt", {"recipient": ref.recipient, "n": ref.attempt}
    ).fetchone()
    claimed_at: float = attempt[-1]
    return claimed_at


def _move(
    connection: Connection,
    recipient: int,
    state: RowState,
    cause: Cause,
    not_before: float = 0,
) -> RowState:
    """Move a row where the table says, and return where it is then."""
    target = next_state(state, cause)
    if target is None:
        return state
    connection.execute("move", {"recipient": recipient, "state": target, "not_before": not_before})
    return target


def _move_by_event(
    connection: Connection, recipient: int, row: _Row, outcome: CallOutcome, at: float
) -> None:
    if outcome is CallOutcome.UNKNOWN:
        # Proof that there was a call, which is all that an uncertain one lacks, and all that one
        # whom a person has dialled again must not have.
        is_planned = row.state is RowState.PLANNED
        _move(connection, recipient, row.state, Cause.EVENT if is_planned else Cause.ACCEPTED)
        return
    state = _move(connection, recipient, row.state, Cause.EVENT)
    if state is not RowState.DONE or row.state is RowState.DONE:
        return
    policy = _policy(connection, row.campaign)
    if policy is None:
        return
    calls = connection.execute("outcomes_so_far", {"recipient": recipient}).fetchone()[0]
    due = policy.due(outcome, calls, datetime.fromtimestamp(at, UTC))
    if due is not None:
        _move(connection, recipient, state, Cause.REDIAL_POLICY, due.timestamp())
        connection.execute("reopen_campaign", {"campaign": row.campaign})


def _opt_out(connection: Connection, event: CallEvent, row: _Row, now: float) -> None:
    """Call nobody any more who has asked for that by a key, in whichever of the calls."""
    if event.digits:
        pressed = {"campaign": row.campaign, "phone": row.phone, "digits": event.digits}
        connection.execute("opt_out", {**pressed, "now": now})


def _skip_if_cancelled(connection: Connection, recipient: int, campaign: int) -> RowState:
    """Skip one that comes back into a cancelled campaign, like the rest of its list."""
    (state,) = connection.execute("campaign_state", {"campaign": campaign}).fetchone()
    if state != CampaignState.CANCELLED:
        return RowState.PLANNED
    skipped = {"recipient": recipient, "reason": SkipReason.CANCELLED}
    connection.execute("skip", skipped)
    return RowState.SKIPPED


def _policy(connection: Connection, campaign: int) -> RedialPolicy | None:
    """Return how the campaign redials; `None` when it does not, or is cancelled."""
    asked = {"campaign": campaign}
    (definition,) = connection.execute("campaign_definition", asked).fetchone()
    policy = read_policy(definition)
    if policy is None:
        return None
    (state,) = connection.execute("campaign_state", asked).fetchone()
    return None if state == CampaignState.CANCELLED else policy


def _merged(
    event: CallEvent, outcome: str | None, seconds: int | None, digits: str | None
) -> Mapping[str, Any] | None:
    """Return what is known with the event. `None` when it tells nothing new.

    What was told first holds, for events come out of order, with two exceptions. One that nobody
    could read gives way to one that says something. And "not reached" gives way to "answered": the
    one may be a status that was asked for, or an earlier try of the gateway's, the other is told
    of a call that took place, and whoever has answered is not called once more.
    """
    known = None if outcome is None else CallOutcome(outcome)
    holds = known is not None and _WEIGHTS[known] >= _WEIGHTS[event.outcome]
    told = {
        "outcome": known if holds else event.outcome,
        "seconds": event.seconds if seconds is None else seconds,
        "digits": digits or event.digits,
    }
    return None if told == {"outcome": outcome, "seconds": seconds, "digits": digits} else told


def can_be_kept(event: CallEvent) -> bool:
    """Return whether the database can hold what an event tells; none of ours is beyond that."""
    ref = event.ref or Ref(0, 0)
    numbers = (event.id or 0, event.seconds or 0, ref.recipient, ref.attempt)
    return all(abs(number) <= _LARGEST for number in numbers) and (event.digits or "").isascii()


def _contradicts(event: CallEvent, gateway_id: int | None, phone: str | None) -> bool:
    return (event.id is not None and gateway_id is not None and event.id != gateway_id) or (
        event.phone is not None and event.phone != phone
    )


def _ref_of(connection: Connection, gateway_id: int | None) -> Ref | None:
    row = connection.execute("attempt_of_gateway", {"gateway_id": gateway_id}).fetchone()
    return None if row is None else Ref(*row)


def _keep_early(connection: Connection, event: CallEvent, now: float) -> Recorded:
    """Keep an event until an attempt has its id; its call may still be on its way back to us."""
    if event.id is None:
        return Recorded.CONTRADICTED
    kept = _early(connection, event.id)
    event = evolve(event, at=event.at or datetime.fromtimestamp(now, UTC))
    if kept is not None:
        more = _merged(event, kept.outcome, kept.seconds, kept.digits) or {}
        # Nobody knows yet by which of the keys whoever is called asks to be called no more.
        event = evolve(kept, **{**more, "digits": _all_keys(kept.digits, event.digits)})
        if event == kept:
            return Recorded.DUPLICATE
    told = json.dumps(command_to_json(RecordEvent(event)))
    connection.execute("keep_early", {"gateway_id": event.id, "event": told, "now": now})
    if kept is None:
        _forget_oldest_early(connection)
    return Recorded.EARLY


def _all_keys(first: str | None, more: str | None) -> str | None:
    """Return the keys that were told first, and behind them those that are not among them."""
    if not first or not more:
        return first or more
    return first + "".join(key for key in more if key not in first)


def forget_old_early(connection: Connection, now: float) -> None:
    """Forget the events whose call nobody here has told of for a week."""
    connection.execute("forget_old_early", {"before": now - _EARLY_SECONDS})


def _forget_oldest_early(connection: Connection) -> None:
    (count,) = connection.execute("count_early").fetchone()
    if count > _MOST_EARLY:
        # Some at once, for looking for the oldest is dear.
        connection.execute("forget_oldest_early", {"count": _EARLY_TO_GO})


def _take_early(connection: Connection, gateway_id: int) -> CallEvent | None:
    event = _early(connection, gateway_id)
    if event is not None:
        connection.execute("forget_early", {"gateway_id": gateway_id})
    return event


def _early(connection: Connection, gateway_id: int) -> CallEvent | None:
    row = connection.execute("early", {"gateway_id": gateway_id}).fetchone()
    if row is None:
        return None
    # What cannot be read, whoever kept it, must not harm the call that it waits for.
    with suppress(JournalError, RecursionError, ValueError):
        command = command_from_json(json.loads(row[0]))
        if isinstance(command, RecordEvent) and can_be_kept(command.event):
            return command.event
    return None
