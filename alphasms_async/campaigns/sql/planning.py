"""A whole campaign, row by row, inside one transaction."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from attrs import define, frozen

from alphasms_async.campaigns.journal import Planned
from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.sql.applying import named
from alphasms_async.campaigns.sql.connection import Connection
from alphasms_async.campaigns.sql.definitions import definition_facts
from alphasms_async.campaigns.sql.reading import read_tally
from alphasms_async.errors import InvalidRequest

__all__ = ["Listing", "NewCampaign", "add_campaign", "discard"]

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


class Listing(Protocol):
    """How a database takes the recipients of a campaign: read first, and then written."""

    def read(self, connection: Connection, rows: Iterable[PlannedRow], /) -> None:
        """Take the rows, which may come slowly; whatever keeps others waiting comes after this."""

    def write(self, connection: Connection, campaign: int, before: int, /) -> None:
        """Write a recipient for each row, with the ids behind `before`.

        A number that stands in the list twice is skipped but for the first, one on the
        do-not-call list too.
        """


def add_campaign(connection: Connection, new: NewCampaign, now: float, listing: Listing) -> Planned:
    """Write the campaign with all its rows.

    Raises:
        InvalidRequest: Its name is taken, or what checks the counts refuses them.
    """
    _check_name(connection, new.name)
    told = _Told(new.on_progress)
    listing.read(connection, told.each(new.rows))
    # While the list was read somebody else may have taken it.
    _check_name(connection, new.name)
    facts = {
        "name": new.name,
        **definition_facts(new.definition),
        "per_second": new.per_second,
        "quoted": new.quoted,
        "now": now,
    }
    (campaign,) = connection.execute("add_campaign", facts).fetchone()
    (before,) = connection.execute("last_recipient").fetchone()
    listing.write(connection, campaign, before)
    last = before + told.rows
    span = {"campaign": campaign, "first": before + 1, "last": last, "parts": told.parts}
    connection.execute("set_campaign_rows", span)
    recent = 0
    if new.recent_since is not None:
        asked = {"campaign": campaign, "since": new.recent_since}
        recent = connection.execute("count_recent", asked).fetchone()[0]
    planned = Planned(read_tally(connection, campaign), recent)
    if new.check is not None:
        new.check(planned)
    return planned


def _check_name(connection: Connection, name: str) -> None:
    if connection.execute("campaign_named", {"name": name}).fetchone():
        raise InvalidRequest(
            f"there is a campaign {name!r} already: choose another name, or go on with that one"
        )


def discard(connection: Connection, name: str) -> bool:
    """Take a campaign out, unless somebody was dialled in it; return whether it is gone.

    Raises:
        InvalidRequest: There is none of that name.
    """
    campaign = {"campaign": named(connection, name).id}
    if connection.execute("any_attempt", campaign).fetchone():
        return False
    connection.execute("delete_recipients", campaign)
    connection.execute("delete_campaign", campaign)
    return True


@define
class _Told:
    """What is seen of rows while they are read."""

    on_progress: Callable[[int], None] | None
    rows: int = 0
    parts: int = 1
    """The most prices that one of them costs."""

    def each(self, rows: Iterable[PlannedRow]) -> Iterator[PlannedRow]:
        for row in rows:
            self.rows += 1
            self.parts = max(self.parts, row.parts)
            yield row
            if self.rows % _ROWS_A_REPORT == 0:
                self._report()
        self._report()

    def _report(self) -> None:
        if self.on_progress is not None:
            self.on_progress(self.rows)
