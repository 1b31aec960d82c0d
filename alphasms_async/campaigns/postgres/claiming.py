"""Claims: who is called next, for as many as ask at once, beside the other dialers."""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from time import monotonic

from attrs import define, field

from alphasms_async.campaigns.events import Ref
from alphasms_async.campaigns.records import Claimed
from alphasms_async.campaigns.sql.claiming import Claim
from alphasms_async.campaigns.sql.connection import Connection, Row
from alphasms_async.campaigns.sql.reading import read_columns, read_phone

__all__ = ["Front"]

_FIRST = (0.0, 0)
# Whom another dialer puts back is found no later than that.
_LOOK_BACK_SECONDS = 10.0


@define
class _Place:
    """Where the claims of one campaign have got to."""

    after: tuple[float, int] = _FIRST
    """When the last one that was claimed was due, and its id."""
    since: float = field(factory=monotonic)
    """When the claims last began at the beginning."""


@define
class Front:
    """Takes recipients in the order in which they are due, and knows how far it has got.

    The next ones stand behind the last one; nobody is passed over for good, for where fewer are
    found than are asked for, and now and then, it begins at the beginning again.
    """

    _places: dict[int, _Place] = field(factory=dict[int, _Place])

    def look_back(self) -> None:
        """Begin at the beginning the next time, for somebody was put back."""
        self._places.clear()

    def claim(self, connection: Connection, claims: Sequence[Claim]) -> list[Claimed | None]:
        """Take for each claim the next recipient that is due, `None` where nobody is left."""
        return [
            claimed
            for campaign, of_it in groupby(claims, attrgetter("campaign"))
            for claimed in self._claim(connection, campaign, [*of_it])
        ]

    def _claim(
        self, connection: Connection, campaign: int, claims: Sequence[Claim]
    ) -> Sequence[Claimed | None]:
        """Take who is due, past those that must not be called any more."""
        place = self._places.setdefault(campaign, _Place())
        if monotonic() - place.since > _LOOK_BACK_SECONDS:
            place = self._places[campaign] = _Place()
        claimed: list[Claimed] = []
        while left := claims[len(claimed) :]:
            rows = connection.execute("claim", _asked(left, place.after)).fetchall()
            taken = [row for row in rows if not row[5]]
            claimed += map(_claimed, taken, left)
            if len(rows) == len(left):
                place.after = (rows[-1][6], rows[-1][0])
            elif place.after == _FIRST:
                break
            else:
                place = self._places[campaign] = _Place()
        return [*claimed, *[None] * len(claims[len(claimed) :])]


def _asked(claims: Sequence[Claim], after: tuple[float, int]) -> dict[str, object]:
    return {
        "campaign": claims[0].campaign,
        "owner": claims[0].owner,
        "now": min(claim.now for claim in claims),
        "count": len(claims),
        "after_at": after[0],
        "after_id": after[1],
        "client_ids": [claim.client_id for claim in claims],
        "reserved": [claim.reserved for claim in claims],
    }


def _claimed(row: Row, claim: Claim) -> Claimed:
    recipient, attempt, line, phone, columns, *_ = row
    return Claimed(
        Ref(recipient, attempt), line, read_phone(phone), read_columns(columns), claim.client_id
    )
