"""Claims: who is called next, for as many as ask at once."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from alphasms_async.campaigns.events import Ref
from alphasms_async.campaigns.records import Claimed
from alphasms_async.campaigns.sql.claiming import Claim
from alphasms_async.campaigns.sql.connection import Connection, Damaged, Row
from alphasms_async.campaigns.sql.reading import read_columns, read_phone
from alphasms_async.campaigns.sqlite.connection import SqliteConnection
from alphasms_async.campaigns.states import SkipReason

__all__ = ["claim"]


def claim(connection: Connection, claims: Sequence[Claim]) -> list[Claimed | None]:
    """Take for each claim the next recipient that is due, `None` where nobody is left."""
    assert isinstance(connection, SqliteConnection)  # noqa: S101 - no other takes rows one by one
    return [
        claimed
        for campaign, of_it in groupby(claims, attrgetter("campaign"))
        for claimed in _claim(connection, campaign, [*of_it])
    ]


def _claim(
    connection: SqliteConnection, campaign: int, claims: Sequence[Claim]
) -> Sequence[Claimed | None]:
    """Take who is due, past those that must not be called any more."""
    claimed: list[Claimed] = []
    due = {"campaign": campaign, "now": min(claim.now for claim in claims)}
    while left := claims[len(claimed) :]:
        rows = connection.execute("next_planned", {**due, "count": len(left)}).fetchall()
        if not rows:
            break
        forbidden = [
            {"recipient": row[0], "reason": SkipReason.DO_NOT_CALL} for row in rows if row[-1]
        ]
        _change(connection, "skip", forbidden)
        claimed += _take(connection, [row for row in rows if not row[-1]], left)
    return [*claimed, *[None] * len(left)]


def _take(
    connection: SqliteConnection, rows: Sequence[Row], claims: Sequence[Claim]
) -> list[Claimed]:
    """Write an attempt for each row, the intent to call it."""
    attempts = [
        {
            "recipient": recipient,
            "n": attempts + 1,
            "campaign": claim.campaign,
            "owner": claim.owner,
            "now": claim.now,
            "client_id": claim.client_id,
            "reserved": None if claim.reserved is None else f"{claim.reserved:f}",
        }
        for (recipient, _, _, attempts, *_), claim in zip(rows, claims, strict=False)
    ]
    _change(connection, "claim", attempts)
    connection.executemany("add_attempt", attempts)
    return [
        Claimed(
            Ref(recipient, attempts + 1),
            line,
            read_phone(phone),
            read_columns(columns),
            claim.client_id,
        )
        for (recipient, line, phone, attempts, columns, _), claim in zip(rows, claims, strict=False)
    ]


def _change(connection: SqliteConnection, query: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Change the rows that an index has named, each of which must be what the index says."""
    if rows and connection.executemany(query, rows).rowcount != len(rows):
        raise Damaged("a recipient is not what the index says")
