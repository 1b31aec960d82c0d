"""Nobody rests longer than is meant, though a clock was set back."""

import json
from collections.abc import Iterable, Iterator

from alphasms_async.campaigns.records import LONGEST_REST_SECONDS
from alphasms_async.campaigns.sql.connection import Connection

__all__ = ["shorten_rests"]


def shorten_rests(connection: Connection, campaigns: Iterable[int], now: float) -> None:
    """Let nobody rest longer from now than is meant, as one does whose clock was set back."""
    for campaign in campaigns:
        for query, seconds in _longest_rests(connection, campaign):
            connection.execute(query, {"campaign": campaign, "latest": now + seconds})


def _longest_rests(connection: Connection, campaign: int) -> Iterator[tuple[str, float]]:
    yield "shorten_unsent", LONGEST_REST_SECONDS
    (definition,) = connection.execute("campaign_definition", {"campaign": campaign}).fetchone()
    redial = json.loads(definition).get("redial")
    if redial is not None:
        yield "shorten_all", redial["after_seconds"]
