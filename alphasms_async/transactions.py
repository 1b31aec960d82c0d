"""Transactions of SQLite, on a connection that begins none by itself."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

__all__ = ["transact"]

T = TypeVar("T")


def transact(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    """Do work in a transaction, once it is this connection's turn to write."""
    connection.execute("begin immediate")
    try:
        result = work(connection)
        connection.execute("commit")
    except BaseException:
        # A disk that fails has made SQLite roll back by itself.
        with suppress(sqlite3.Error):
            connection.execute("rollback")
        raise
    return result
