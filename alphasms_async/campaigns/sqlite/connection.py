"""What the journal uses of a SQLite connection, and what its failures mean for a person."""

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from alphasms_async.errors import JournalError, JournalLocked

__all__ = ["Connection", "Cursor", "Row", "journal_error"]

Row = tuple[Any, ...]
"""One row of an answer."""

# By what SQLite says, for its error codes are not to be had in every Python this runs on.
_MEANINGS = (
    ("full", "the disk is full: free some space, then go on; nothing is lost"),
    ("disk i/o", "the disk failed: look at it before going on; nothing is lost"),
    ("readonly", "it cannot be written: look at its permissions and those of its folder"),
    ("unable to open", "it cannot be opened: look at its permissions and those of its folder"),
    ("not a database", "it is not a journal: name another file with --journal"),
    ("malformed", "it is damaged: put back a copy of it"),
)


class Cursor(Protocol):
    """The answer to one statement."""

    def fetchone(self) -> Any:
        """Return the next row, `None` when there is none."""

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """A connection whose transactions the caller begins and ends itself."""

    def execute(self, sql: str, parameters: Mapping[str, Any] = ..., /) -> Cursor:
        """Run one statement."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connection."""


def journal_error(error: sqlite3.Error, name: str) -> JournalError:
    """Return what a failure of SQLite means, in one line."""
    said = str(error)
    if "locked" in said or "busy" in said:
        return JournalLocked(f"the journal {name} is locked by another program: close that first")
    for word, meaning in _MEANINGS:
        if word in said.casefold():
            return JournalError(f"the journal {name} cannot be used: {meaning}")
    return JournalError(f"the journal {name} cannot be used: {said}")
