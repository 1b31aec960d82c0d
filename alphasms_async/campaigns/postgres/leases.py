"""Leases: who is at work, and what becomes of the calls and the money of whoever is gone."""

from alphasms_async.campaigns.sql.connection import Connection
from alphasms_async.campaigns.sql.moves import sweep
from alphasms_async.errors import JournalLocked

__all__ = ["beat", "leave", "leave_share", "renew", "sweep_gone"]


def renew(connection: Connection, owner: int, name: str) -> None:
    """Prolong a lease, inside the transaction that it is needed in.

    Raises:
        JournalLocked: It was lost, and this owner begins nothing more.
    """
    if connection.execute("renew", {"owner": owner}).fetchone() is None:
        raise _lost(name)


def beat(connection: Connection, owner: int, name: str) -> float:
    """Prolong a lease beside the work; return the database's time, in seconds since 1970.

    Raises:
        JournalLocked: It was lost.
    """
    whose = {"owner": owner}
    connection.execute("beat", whose)
    lives, seconds = connection.execute("lives", whose).fetchone()
    if not lives:
        raise _lost(name)
    return float(seconds)


def _lost(name: str) -> JournalLocked:
    return JournalLocked(
        f"this process was away from the journal {name} for longer than its lease: whom it was "
        "calling is uncertain, and it dials nobody more before it begins anew"
    )


def sweep_gone(connection: Connection, now: float) -> int:
    """Take whoever lost his lease for gone; return how many calls are uncertain for that.

    First comes back what is left of their money, as long as it can be told what is open.
    """
    connection.execute("lapse")
    if not connection.execute("any_gone").fetchone()[0]:
        return 0
    _close_shares(connection, None, None)
    count = sweep(connection, now)
    connection.execute("swept")
    return count


def leave(connection: Connection, owner: int, now: float) -> None:
    """Give a lease back, and with it everything that it was for."""
    connection.execute("leave", {"owner": owner})
    sweep_gone(connection, now)


def leave_share(connection: Connection, campaign: int, owner: int) -> None:
    """Give back what is left of one campaign's money."""
    _close_shares(connection, campaign, owner)


def _close_shares(connection: Connection, campaign: int | None, owner: int | None) -> None:
    whose = {"campaign": campaign, "owner": owner}
    connection.execute("lock_shares", whose)
    connection.execute("close_shares", whose)
