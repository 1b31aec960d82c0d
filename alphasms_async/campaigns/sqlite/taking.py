"""What is set right when a dialer takes a campaign up: nobody else is at work on it then."""

import json
from collections.abc import Iterable, Iterator

from alphasms_async.campaigns.records import LONGEST_REST_SECONDS
from alphasms_async.campaigns.sqlite.connection import Connection
from alphasms_async.campaigns.sqlite.moves import sweep
from alphasms_async.campaigns.sqlite.sql import QUERIES

__all__ = ["shorten_rests", "take_up"]


def take_up(connection: Connection, campaign: int, now: float) -> None:
    """Make uncertain whom an earlier dialer left, and let nobody rest too long."""
    sweep(connection, now, campaign)
    shorten_rests(connection, [campaign], now)


def shorten_rests(connection: Connection, campaigns: Iterable[int], now: float) -> None:
    """Let nobody rest longer from now than is meant, as one does whose clock was set back."""
    for campaign in campaigns:
        for query, seconds in _longest_rests(connection, campaign):
            connection.execute(QUERIES[query], {"campaign": campaign, "latest": now + seconds})


def _longest_rests(connection: Connection, campaign: int) -> Iterator[tuple[str, float]]:
    yield "shorten_unsent", LONGEST_REST_SECONDS
    definition, _ = connection.execute(
        QUERIES["campaign_definition"], {"campaign": campaign}
    ).fetchone()
    redial = json.loads(definition).get("redial")
    if redial is not None:
        yield "shorten_all", redial["after_seconds"]
