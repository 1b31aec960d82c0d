"""Reads: what stands in the journal, as values."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from attrs import astuple, frozen

from alphasms_async.campaigns.costs import Cost
from alphasms_async.campaigns.events import Ref
from alphasms_async.campaigns.exact import check_digits, exact
from alphasms_async.campaigns.keys import check_key
from alphasms_async.campaigns.records import (
    AttemptRecord,
    Began,
    CampaignRecord,
    CampaignState,
    Money,
    RowRecord,
    Span,
    Tally,
)
from alphasms_async.campaigns.redial import RedialPolicy
from alphasms_async.campaigns.sql.connection import Connection, Row, undamaged
from alphasms_async.campaigns.states import RowState, SkipReason, Verdict
from alphasms_async.campaigns.window import Window
from alphasms_async.checks import check_count, check_rate
from alphasms_async.models import CallOutcome

__all__ = [
    "read_attempt",
    "read_began",
    "read_campaign",
    "read_columns",
    "read_moment",
    "read_money",
    "read_phone",
    "read_policy",
    "read_row",
    "read_span",
    "read_tally",
]


def read_moment(row: Row) -> datetime | None:
    """Return a row of one moment as an aware time, `None` for none."""
    with undamaged("a moment"):
        return _moment(row[0])


def read_phone(text: str) -> str:
    """Return whom to dial; digits, or nobody is dialled any more."""
    with undamaged("a recipient"):
        if not (text.isascii() and text.isdigit()):
            raise ValueError
        return text


def read_columns(text: str | None) -> dict[str, str]:
    """Return what a template needs of a recipient; nothing without a template."""
    with undamaged("a recipient"):
        columns: dict[str, str] = json.loads(text) if text else {}
        # Only an object whose values are texts gets past this.
        "".join(columns.values())
        return columns


def read_policy(definition: str) -> RedialPolicy | None:
    """Return how a campaign redials. `None` when it does not."""
    with undamaged("a campaign"):
        told = json.loads(definition).get("redial")
        return None if told is None else RedialPolicy.from_json(told)


def read_campaign(row: Row) -> CampaignRecord:
    """Return a row of `campaigns` as a value."""
    id_, name, state, definition, per_second, quoted, parts, halted, created_at, finished_at = row
    with undamaged("a campaign"):
        return CampaignRecord(
            id=id_,
            name=name,
            state=CampaignState(state),
            definition=_definition(definition),
            per_second=check_rate("per_second", per_second),
            quoted=_money(quoted),
            parts=check_count("parts", parts),
            halted=halted,
            created_at=datetime.fromtimestamp(created_at, UTC),
            finished_at=_moment(finished_at),
        )


def read_row(row: Row) -> RowRecord:
    """Return a row of `rows` as a value."""
    with undamaged("a recipient"):
        return _row(row)


def _row(row: Row) -> RowRecord:
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
        claimed_at=_moment(row[14]),
        told_at=_moment(row[15]),
        columns=read_columns(row[16]) if row[16] else {},
    )


def read_attempt(row: Row) -> AttemptRecord:
    """Return a row of `attempts` as a value."""
    recipient, number, claimed_at, settled_at, verdict, price, outcome, error = row
    with undamaged("an attempt"):
        return AttemptRecord(
            ref=Ref(recipient, number),
            claimed_at=datetime.fromtimestamp(claimed_at, UTC),
            settled_at=_moment(settled_at),
            verdict=None if verdict is None else Verdict(verdict),
            price=_money(price),
            outcome=None if outcome is None else CallOutcome(outcome),
            error=error,
        )


def read_span(row: Row) -> Span | None:
    """Return the row of `span` as a value. `None` when there is no attempt."""
    first, last, busiest = row
    with undamaged("an attempt"):
        if first is None:
            return None
        return Span(datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC), busiest)


def read_began(row: Row) -> Began:
    """Return a row of `began` as a value."""
    step, verdict, price, count = row
    with undamaged("an attempt"):
        return Began(step, None if verdict is None else Verdict(verdict), _money(price), count)


def read_tally(connection: Connection, campaign: int) -> Tally:
    """Return how many recipients of a campaign stand where."""
    asked = {"campaign": campaign}
    states, reasons = Counter[RowState](), Counter[SkipReason]()
    with undamaged("a recipient"):
        for state, reason, count in connection.execute("count_states", asked):
            states[RowState(state)] += count
            if reason is not None:
                reasons[SkipReason(reason)] += count
    outcomes, digits = Counter[CallOutcome](), Counter[str]()
    with undamaged("an attempt"):
        for outcome, pressed, count in connection.execute("count_outcomes", asked):
            outcomes[CallOutcome(outcome)] += count
            if pressed:
                digits[pressed] += count
    return Tally(states, reasons, outcomes, digits)


@exact
def read_money(connection: Connection, campaign: int) -> Money:
    """Return what a campaign has cost, and what it may have cost."""
    with undamaged("a sum"):
        return _totals(connection, campaign)


def _totals(connection: Connection, campaign: int) -> Money:
    groups = [
        _Group(
            SkipReason(reason) if reason is not None else RowState(state),
            None if verdict is None else Verdict(verdict),
            bool(is_told),
            _money(price),
            _money(reserved),
            count,
        )
        for state, reason, verdict, is_told, price, reserved, count in connection.execute(
            "sums", {"campaign": campaign}
        )
    ]
    highest = max((one.price for one in groups if one.price is not None), default=None)
    dearest = _dearest(connection, campaign, highest)
    whole, shares = _NOTHING, dict[RowState | SkipReason, Cost]()
    for group in groups:
        cost = group.cost(dearest)
        shares[group.where] = _sum_of(shares.get(group.where, _NOTHING), cost)
        whole = _sum_of(whole, cost)
    return Money(*astuple(whole), highest=highest, shares=shares)


@frozen
class _Group:
    """Attempts that money is the same for."""

    where: RowState | SkipReason
    """Where their recipients stand."""
    verdict: Verdict | None
    is_told: bool
    """Whether an event has told of the call: it was paid, though its answer was lost."""
    price: Decimal | None
    reserved: Decimal | None
    count: int

    def cost(self, dearest: Decimal) -> Cost:
        """Return what they cost, when a call costs so much at most."""
        if self.price is not None:
            return Cost(self.price * self.count, Decimal(0))
        if self.verdict not in {None, Verdict.UNCERTAIN, Verdict.ACCEPTED}:
            return _NOTHING
        held = Decimal(0)
        if self.reserved is not None:
            held = _held(self.reserved, dearest) * self.count
        if self.is_told or self.verdict is Verdict.ACCEPTED:
            return Cost(Decimal(0), held, self.count, held)
        return Cost(Decimal(0), held)


_NOTHING = Cost(Decimal(0), Decimal(0))


def _sum_of(one: Cost, other: Cost) -> Cost:
    return Cost(
        one.spent + other.spent,
        one.held + other.held,
        one.unpriced + other.unpriced,
        one.unpriced_held + other.unpriced_held,
    )


def _held(reserved: Decimal, dearest: Decimal) -> Decimal:
    """Return what is held for a call that has reserved so much.

    One that was to find the price has reserved all there was, or nothing where there was no limit;
    it holds what a call may cost as soon as that is known.
    """
    return min(reserved, dearest) if reserved and dearest else reserved or dearest


def _dearest(connection: Connection, campaign: int, highest: Decimal | None) -> Decimal:
    """Return what one call may cost at most. 0: no price is known."""
    parts, *told = connection.execute("campaign_prices", {"campaign": campaign}).fetchone()
    return max(highest or Decimal(0), *(_money(one) or Decimal(0) for one in told)) * int(parts)


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _money(text: str | None) -> Decimal | None:
    return None if text is None else _sum(text)


def _sum(text: str) -> Decimal:
    amount = Decimal(text) if isinstance(text, str) else Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise ValueError
    return check_digits("a sum", amount)


def _definition(text: str) -> dict[str, Any]:
    """Return a definition whose parts, as far as they are there, are of their kinds."""
    told: dict[str, Any] = json.loads(text)
    for part, read in _PARTS.items():
        if told.get(part) is not None:
            read(told[part])
    return told


_PARTS: Mapping[str, Callable[[Any], object]] = {
    "kind": lambda told: told.keys(),
    "budget": _sum,
    "max_price": _sum,
    "window": Window.from_json,
    "redial": RedialPolicy.from_json,
    "starts_at": datetime.fromisoformat,
    "expires_at": datetime.fromisoformat,
    "opt_out": check_key,
}
