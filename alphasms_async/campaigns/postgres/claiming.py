"""Claims: who is called next, for as many as ask at once, beside the other dialers."""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

from alphasms_async.campaigns.events import Ref
from alphasms_async.campaigns.records import Claimed
from alphasms_async.campaigns.sql.claiming import Claim
from alphasms_async.campaigns.sql.connection import Connection
from alphasms_async.campaigns.sql.reading import read_columns, read_phone

__all__ = ["claim"]


def claim(connection: Connection, claims: Sequence[Claim]) -> list[Claimed | None]:
    """Take for each claim the next recipient that is due, `None` where nobody is left."""
    return [
        claimed
        for _, of_it in groupby(claims, attrgetter("campaign"))
        for claimed in _claim(connection, [*of_it])
    ]


def _claim(connection: Connection, claims: Sequence[Claim]) -> Sequence[Claimed | None]:
    """Take who is due, past those that must not be called any more."""
    claimed: list[Claimed] = []
    while left := claims[len(claimed) :]:
        rows = connection.execute("claim", _asked(left)).fetchall()
        taken = [row for row in rows if not row[-1]]
        claimed += [
            Claimed(
                Ref(recipient, attempt),
                line,
                read_phone(phone),
                read_columns(columns),
                claim.client_id,
            )
            for (recipient, attempt, line, phone, columns, _), claim in zip(
                taken, left, strict=False
            )
        ]
        if len(rows) < len(left):
            break
    return [*claimed, *[None] * len(claims[len(claimed) :])]


def _asked(claims: Sequence[Claim]) -> dict[str, object]:
    return {
        "campaign": claims[0].campaign,
        "owner": claims[0].owner,
        "now": min(claim.now for claim in claims),
        "count": len(claims),
        "client_ids": [claim.client_id for claim in claims],
        "reserved": [claim.reserved for claim in claims],
    }
