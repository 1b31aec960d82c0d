"""Settlements, one after the other: a database in this process is asked twice at no cost."""

from collections.abc import Sequence

from alphasms_async.campaigns.sql.connection import Connection
from alphasms_async.campaigns.sql.moves import settle_with_care
from alphasms_async.campaigns.sql.settling import Settling
from alphasms_async.campaigns.states import RowState

__all__ = ["settle"]


def settle(connection: Connection, settlings: Sequence[Settling]) -> list[RowState]:
    """Write how attempts ended, and move the rows whose latest they are."""
    return [_settle(connection, one) for one in settlings]


def _settle(connection: Connection, settling: Settling) -> RowState:
    if settling.end is not None and _ends(connection, settling):
        connection.execute("settle_attempt", settling.facts)
        return settling.end
    return settle_with_care(connection, settling)


def _ends(connection: Connection, settling: Settling) -> bool:
    """End the dialling of a row of which nothing else is known; return whether it was one."""
    return connection.execute("end_dialing", settling.facts).rowcount == 1
