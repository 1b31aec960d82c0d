"""A SQLite connection that knows the statements by name, and what its failures mean."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from alphasms_async.campaigns.sql.connection import Cursor, Damaged
from alphasms_async.campaigns.sqlite.sql import QUERIES
from alphasms_async.errors import JournalError, JournalLocked

__all__ = ["FAILURES", "Opened", "SqliteConnection", "is_locked", "journal_error", "meaning_of"]

FAILURES: tuple[type[Exception], ...] = (sqlite3.Error, Damaged)
"""What a journal in SQLite that cannot be used raises inside."""

# By what SQLite says, for its error codes are not to be had in every Python this runs on.
_MEANINGS = (
    ("full", "the disk is full: free some space, then go on; nothing is lost"),
    ("disk i/o", "the disk failed: look at it before going on; nothing is lost"),
    ("readonly", "it cannot be written: look at its permissions and those of its folder"),
    ("unable to open", "it cannot be opened: look at its permissions and those of its folder"),
    ("not a database", "it is not a journal: name another file with --journal"),
    ("malformed", "it is damaged: put back a copy of it"),
    ("no such", "it is damaged: put back a copy of it"),
    # SQLite would show the text, which may be a phone.
    ("could not decode", "it is damaged: put back a copy of it"),
)
_NOTHING: Mapping[str, Any] = {}


class Opened(Protocol):
    """What a `SqliteConnection` needs of the standard library's, and of what stands in for it."""

    def execute(self, sql: str, parameters: Mapping[str, Any] = ..., /) -> Cursor:
        """Run one statement."""
        raise NotImplementedError

    def executemany(self, sql: str, rows: Iterable[Mapping[str, Any]], /) -> Cursor:
        """Run one statement for each row of parameters."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connection."""


class SqliteConnection:
    """A connection of a journal in SQLite.

    Args:
        opened: The connection, which begins no transaction by itself.
    """

    def __init__(self, opened: Opened) -> None:
        self.opened: Opened = opened
        """The connection itself."""

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What a database that fails raises."""
        return FAILURES

    def execute(self, statement: str, parameters: Mapping[str, Any] = _NOTHING, /) -> Cursor:
        """Run one statement."""
        return self.opened.execute(QUERIES[statement], parameters)

    def executemany(self, statement: str, rows: Iterable[Mapping[str, Any]], /) -> Cursor:
        """Run one statement for each row of parameters."""
        return self.opened.executemany(QUERIES[statement], rows)

    def begin(self) -> None:
        """Begin a transaction, once it is this connection's turn to write."""
        self.opened.execute("begin immediate")

    def commit(self) -> None:
        """End the transaction; what it wrote is durable when this returns."""
        self.opened.execute("commit")

    def rollback(self) -> None:
        """Take the transaction back, if SQLite has not done so by itself."""
        with suppress(sqlite3.Error):
            self.opened.execute("rollback")

    def bring_home(self) -> None:
        """Bring what was committed from the log into the file itself, as far as nobody reads it."""
        self.opened.execute("pragma wal_checkpoint(passive)")

    def close(self) -> None:
        """Close the connection."""
        self.opened.close()

    def error(self, failure: Exception, name: str) -> JournalError:
        """Return what a failure means for a person."""
        return journal_error(failure, name)

    def passes(self, _: Exception, /) -> bool:
        """Return whether to try again: never, for a disk that failed once is not trusted."""
        return False

    def revive(self) -> bool:
        """Return whether to write on after a failure: never, likewise."""
        return False


def journal_error(error: Exception, name: str) -> JournalError:
    """Return what a failure of SQLite means, in one line."""
    if isinstance(error, Damaged):
        return JournalError(f"the journal {name} is damaged: {error}: put back a copy of it")
    if is_locked(error):
        return JournalLocked(f"the journal {name} is locked by another program: close that first")
    return JournalError(f"the journal {name} cannot be used: {meaning_of(error)}")


def is_locked(error: Exception) -> bool:
    """Return whether another program is at the file."""
    return "locked" in str(error) or "busy" in str(error)


def meaning_of(error: Exception) -> str:
    """Return what a failure of SQLite means for a journal, and what would help."""
    said = str(error)
    return next((meaning for word, meaning in _MEANINGS if word in said.casefold()), said)
