"""The recipients of a campaign, all in one stream: a statement for each would wait for each."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from alphasms_async.campaigns.postgres.connection import PostgresConnection
from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.sql.connection import Connection

__all__ = ["add_rows"]


def add_rows(connection: Connection, campaign: int, rows: Iterable[PlannedRow]) -> None:
    """Write the recipients of a campaign; whoever plans is alone with that."""
    assert isinstance(connection, PostgresConnection)  # noqa: S101 - no other knows how to copy
    (before,) = connection.execute("last_recipient").fetchone()
    connection.execute("make_listed")
    connection.copy("copy_listed", _values(rows))
    connection.execute("add_listed", {"campaign": campaign, "before": before})


def _values(rows: Iterable[PlannedRow]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        columns = None if row.columns is None else json.dumps(dict(row.columns))
        yield row.line, row.phone, row.given, columns
