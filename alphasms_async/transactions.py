"""Transactions of SQLite, on a connection that begins none by itself; and what they begin with."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

__all__ = ["make_tables", "only_value", "transact"]

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


def make_tables(
    connection: sqlite3.Connection, schema: str, *, application_id: int, version: int
) -> None:
    """Make the tables of a file, and write down whose it is, and of which version."""
    for statement in schema.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"pragma application_id = {application_id}")
    connection.execute(f"pragma user_version = {version}")


def only_value(connection: sqlite3.Connection, sql: str) -> Any:
    """Return the first value of the first row that `sql` gives."""
    return connection.execute(sql).fetchone()[0]
