"""A whole campaign, row by row, inside one transaction."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import frozen

from alphasms_async.campaigns.journal import Planned
from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.sql.connection import Connection
from alphasms_async.campaigns.sql.reading import read_tally
from alphasms_async.campaigns.states import SkipReason
from alphasms_async.errors import InvalidRequest

__all__ = ["NewCampaign", "add_campaign"]

_ROWS_A_REPORT = 2000


@frozen
class NewCampaign:
    """A campaign on its way into the journal."""

    name: str
    definition: Mapping[str, Any]
    rows: Iterable[PlannedRow]
    per_second: float | None
    quoted: str | None
    recent_since: float | None
    check: Callable[[Planned], None] | None
    on_progress: Callable[[int], None] | None


def add_campaign(connection: Connection, new: NewCampaign, now: float) -> Planned:
    """Write the campaign with all its rows.

    Raises:
        InvalidRequest: Its name is taken, or what checks the counts refuses them.
    """
    if connection.execute("campaign_named", {"name": new.name}).fetchone():
        raise InvalidRequest(
            f"there is a campaign {new.name!r} already: choose another name, or go on with that one"
        )
    (campaign,) = connection.execute(
        "add_campaign",
        {
            "name": new.name,
            "definition": json.dumps(new.definition),
            "per_second": new.per_second,
            "quoted": new.quoted,
            "now": now,
        },
    ).fetchone()
    (before,) = connection.execute("last_recipient").fetchone()
    count, parts = 0, 1
    for count, row in enumerate(new.rows, start=1):
        _add(connection, campaign, row)
        parts = max(parts, row.parts)
        if new.on_progress is not None and count % _ROWS_A_REPORT == 0:
            new.on_progress(count)
    if new.on_progress is not None:
        new.on_progress(count)
    (last,) = connection.execute("last_recipient").fetchone()
    span = {"campaign": campaign, "first": before + 1, "last": last, "parts": parts}
    connection.execute("set_campaign_rows", span)
    recent = 0
    if new.recent_since is not None:
        asked = {"campaign": campaign, "since": new.recent_since}
        recent = connection.execute("count_recent", asked).fetchone()[0]
    planned = Planned(read_tally(connection, campaign), recent)
    if new.check is not None:
        new.check(planned)
    return planned


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
