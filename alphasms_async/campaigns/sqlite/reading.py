"""Reads: what stands in the journal, as values."""

import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

from alphasms_async.campaigns.events import Ref
from alphasms_async.campaigns.records import (
    AttemptRecord,
    CampaignRecord,
    CampaignState,
    Money,
    RowRecord,
    Tally,
)
from alphasms_async.campaigns.sqlite.connection import Connection, Row
from alphasms_async.campaigns.sqlite.sql import QUERIES
from alphasms_async.campaigns.states import CallOutcome, RowState, SkipReason, Verdict

__all__ = [
    "moment",
    "read_attempt",
    "read_campaign",
    "read_money",
    "read_row",
    "read_tally",
]


def moment(seconds: float | None) -> datetime | None:
    """Return an aware time for the journal's number, `None` for none."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def read_campaign(row: Row) -> CampaignRecord:
    """Return a row of `campaigns` as a value."""
    id_, name, state, definition, per_second, quoted, parts, halted, created_at, finished_at = row
    return CampaignRecord(
        id=id_,
        name=name,
        state=CampaignState(state),
        definition=json.loads(definition),
        per_second=per_second,
        quoted=_money(quoted),
        parts=parts,
        halted=halted,
        created_at=datetime.fromtimestamp(created_at, UTC),
        finished_at=moment(finished_at),
    )


def read_row(row: Row) -> RowRecord:
    """Return a row of `rows` as a value."""
    return RowRecord(
        id=row[0],
        line=row[1],
        phone=row[2],
        given=row[3],
        state=RowState(row[4]),
        reason=None if row[5] is None else SkipReason(row[5]),
        attempts=row[6],
        gateway_id=row[7],
        client_id=row[8],
        price=_money(row[9]),
        outcome=None if row[10] is None else CallOutcome(row[10]),
        seconds=row[11],
        digits=row[12],
        error=row[13],
        claimed_at=moment(row[14]),
        told_at=moment(row[15]),
    )


def read_attempt(row: Row) -> AttemptRecord:
    """Return a row of `attempts` as a value."""
    recipient, number, claimed_at, settled_at, verdict, price, outcome, error = row
    return AttemptRecord(
        ref=Ref(recipient, number),
        claimed_at=datetime.fromtimestamp(claimed_at, UTC),
        settled_at=moment(settled_at),
        verdict=None if verdict is None else Verdict(verdict),
        price=_money(price),
        outcome=None if outcome is None else CallOutcome(outcome),
        error=error,
    )


def read_tally(connection: Connection, campaign: int) -> Tally:
    """Return how many recipients of a campaign stand where."""
    asked = {"campaign": campaign}
    states, reasons = Counter[RowState](), Counter[SkipReason]()
    for state, reason, count in connection.execute(QUERIES["count_states"], asked):
        states[RowState(state)] += count
        if reason is not None:
            reasons[SkipReason(reason)] += count
    outcomes, digits = Counter[CallOutcome](), Counter[str]()
    for outcome, pressed, count in connection.execute(QUERIES["count_outcomes"], asked):
        outcomes[CallOutcome(outcome)] += count
        if pressed:
            digits[pressed] += count
    return Tally(states, reasons, outcomes, digits)


def read_money(connection: Connection, campaign: int) -> Money:
    """Return what a campaign has cost, and what it may have cost."""
    spent = held = Decimal(0)
    highest: Decimal | None = None
    for verdict, price, reserved, count in connection.execute(
        QUERIES["sums"], {"campaign": campaign}
    ):
        if price is not None:
            spent += Decimal(price) * count
            highest = max(highest or Decimal(0), Decimal(price))
        elif reserved is not None and verdict in {None, Verdict.UNCERTAIN, Verdict.ACCEPTED}:
            # An event may prove a call whose answer was lost: it was paid, nobody knows how much.
            held += Decimal(reserved) * count
    return Money(spent, held, highest)


def _money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
