"""The floor: the journal's own statements, in one thread, without a loop, a queue or a rival.

What a journal that takes one recipient after the other cannot be faster than: one transaction for
a group's claims, one for its outcomes, with only the statements that move a row.
"""

import sqlite3
import time
from contextlib import closing
from itertools import count
from pathlib import Path

from alphasms_async.campaigns.sqlite.sql import QUERIES
from alphasms_async.campaigns.states import RowState, Verdict

__all__ = ["dial_bare"]

_PRICE = "0.40"


def dial_bare(path: Path, campaign: int, group: int, synchronous: str) -> float:
    """Claim and settle everybody of a campaign; return the seconds it took.

    Args:
        path: The journal's file, which nobody has open.
        campaign: The campaign's id.
        group: How many recipients share a transaction, 1 or more.
        synchronous: What SQLite's pragma of that name is set to.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("pragma foreign_keys = on")
        connection.execute(f"pragma synchronous = {synchronous}")
        ids = count(1)
        began = time.perf_counter()
        while claimed := _claim(connection, campaign, group):
            _settle(connection, claimed, ids)
        return time.perf_counter() - began


def _claim(connection: sqlite3.Connection, campaign: int, group: int) -> list[int]:
    claimed: list[int] = []
    connection.execute("begin immediate")
    for _ in range(group):
        now = time.time()
        due = {"campaign": campaign, "now": now, "count": 1}
        row = connection.execute(QUERIES["next_planned"], due).fetchone()
        if row is None:
            break
        attempt = {"recipient": row[0], "n": 1}
        connection.execute(QUERIES["claim"], attempt)
        facts = {"campaign": campaign, "owner": 1, "now": now, "client_id": None}
        connection.execute(QUERIES["add_attempt"], {**attempt, **facts, "reserved": _PRICE})
        claimed.append(row[0])
    connection.execute("commit")
    return claimed


def _settle(connection: sqlite3.Connection, claimed: list[int], ids: "count[int]") -> None:
    connection.execute("begin immediate")
    for recipient in claimed:
        facts = {"verdict": Verdict.ACCEPTED, "now": time.time(), "price": _PRICE, "error": None}
        attempt = {"recipient": recipient, "n": 1, "gateway_id": next(ids)}
        connection.execute(QUERIES["settle_attempt"], {**attempt, **facts})
        moved = {"recipient": recipient, "state": RowState.ACCEPTED, "not_before": 0}
        connection.execute(QUERIES["move"], moved)
    connection.execute("commit")
