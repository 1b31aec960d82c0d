"""The recipients of a campaign, all in one stream: a statement for each would wait for each."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from alphasms_async.campaigns.postgres.connection import PostgresConnection
from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.sql.connection import Connection

__all__ = ["Listing"]


class Listing:
    """The recipients of a campaign: streamed into a temporary table, and then taken over.

    Whoever plans is alone with the second step, and not while a list comes through a pipe.
    """

    def read(self, connection: Connection, rows: Iterable[PlannedRow]) -> None:
        """Take the rows."""
        assert isinstance(connection, PostgresConnection)  # noqa: S101 - no other knows how to copy
        connection.execute("make_listed")
        connection.copy("copy_listed", _values(rows))
        connection.execute("one_plans")

    def write(self, connection: Connection, campaign: int, before: int) -> None:
        """Write a recipient for each row."""
        connection.execute("add_listed", {"campaign": campaign, "before": before})


def _values(rows: Iterable[PlannedRow]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        columns = None if row.columns is None else json.dumps(dict(row.columns))
        yield row.line, row.phone, row.given, columns
