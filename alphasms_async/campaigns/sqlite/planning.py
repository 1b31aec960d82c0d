"""The recipients of a campaign, one after the other: each statement costs a microsecond or two."""

import json
from collections.abc import Iterable

from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.sql.connection import Connection
from alphasms_async.campaigns.states import SkipReason

__all__ = ["Listing"]


class Listing:
    """The recipients of a campaign, read while they are written: nobody else writes meanwhile."""

    def __init__(self) -> None:
        self._rows: Iterable[PlannedRow] = ()

    def read(self, _: Connection, rows: Iterable[PlannedRow], /) -> None:
        """Take the rows."""
        self._rows = rows

    def write(self, connection: Connection, campaign: int, _: int, /) -> None:
        """Write a recipient for each row; SQLite itself counts their ids on."""
        for row in self._rows:
            _add(connection, campaign, row)


def _add(connection: Connection, campaign: int, row: PlannedRow) -> None:
    if row.phone is None:
        _skip(connection, campaign, row.line, row.given, SkipReason.INVALID)
        return
    fields = {
        "campaign": campaign,
        "line": row.line,
        "phone": row.phone,
        "columns": None if row.columns is None else json.dumps(dict(row.columns)),
    }
    if connection.execute("add_recipient", fields).fetchone() is None:
        _skip(connection, campaign, row.line, row.phone, SkipReason.DUPLICATE)


def _skip(
    connection: Connection, campaign: int, line: int, given: str | None, reason: SkipReason
) -> None:
    connection.execute(
        "add_skipped",
        {"campaign": campaign, "line": line, "given": given, "reason": reason},
    )
