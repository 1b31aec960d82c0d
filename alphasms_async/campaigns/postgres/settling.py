"""Settlements, all of them at once: each question to a database costs a way there and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from alphasms_async.campaigns.sql.connection import Connection
from alphasms_async.campaigns.sql.moves import settle_with_care
from alphasms_async.campaigns.sql.settling import Settling
from alphasms_async.campaigns.states import RowState

__all__ = ["settle"]


def settle(connection: Connection, settlings: Sequence[Settling]) -> list[RowState]:
    """Write how attempts ended, and move the rows whose latest they are."""
    told = [one.settlement.gateway_id for one in settlings]
    ids = [gateway_id for gateway_id in told if gateway_id is not None]
    if ids:
        connection.execute("one_tells", {"gateway_ids": ids})
    # Of two that tell of one recipient, the second is to see what the first has done.
    plain = {
        one.settlement.ref.recipient: one for one in reversed(settlings) if one.end is not None
    }
    ended = _end(connection, [*plain.values()]) if plain else frozenset[int]()
    states: list[RowState] = []
    for one in settlings:
        recipient = one.settlement.ref.recipient
        is_ended = plain.get(recipient) is one and recipient in ended
        state = one.end if is_ended else None
        states.append(settle_with_care(connection, one) if state is None else state)
    return states


def _end(connection: Connection, settlings: Sequence[Settling]) -> frozenset[int]:
    """End the dialling of rows of which nothing else is known; return which those were."""
    facts = [one.facts for one in settlings]
    asked: Mapping[str, Any] = {
        "now": max(one.now for one in settlings),
        "recipients": [one["recipient"] for one in facts],
        "ns": [one["n"] for one in facts],
        "states": [one["state"] for one in facts],
        "verdicts": [one["verdict"] for one in facts],
        "prices": [one.settlement.price for one in settlings],
        "gateway_ids": [one["gateway_id"] for one in facts],
        "errors": [one["error"] for one in facts],
    }
    return frozenset(row[0] for row in connection.execute("settle", asked))
