"""What the journal uses of a SQLite connection, and what its failures mean for a person."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from attrs import frozen

from alphasms_async.errors import AlphaSMSError, JournalError, JournalLocked

__all__ = [
    "Connection",
    "Cursor",
    "Damaged",
    "Row",
    "is_locked",
    "journal_error",
    "meaning_of",
    "undamaged",
]

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
    ("no such", "it is damaged: put back a copy of it"),
    # SQLite would show the text, which may be a phone.
    ("could not decode", "it is damaged: put back a copy of it"),
)


class Damaged(sqlite3.DatabaseError):
    """A row holds what nobody ever wrote there; the text says which, and shows nothing of it."""


# What reading a value comes to that is not of its kind. SQLite's own failures are others.
_UNREADABLE = (
    *(AlphaSMSError, ArithmeticError, AttributeError, LookupError),
    *(OSError, RecursionError, TypeError, ValueError),
)


@frozen
class _Undamaged:
    """A block that is entered and left for each row, at next to no cost."""

    what: str

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, _UNREADABLE):
            raise Damaged(f"{self.what} cannot be read") from error


def undamaged(what: str) -> AbstractContextManager[None]:
    """Have what cannot be read inside a `with` told as damage of the journal, wherever that is.

    Args:
        what: What is read there, such as `a recipient`.
    """
    return _Undamaged(what)


class Cursor(Protocol):
    """The answer to one statement."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""
        raise NotImplementedError

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

    def executemany(self, sql: str, rows: Iterable[Mapping[str, Any]], /) -> Cursor:
        """Run one statement for each row of parameters."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connection."""


def journal_error(error: sqlite3.Error, name: str) -> JournalError:
    """Return what a failure of SQLite means, in one line."""
    if isinstance(error, Damaged):
        return JournalError(f"the journal {name} is damaged: {error}: put back a copy of it")
    if is_locked(error):
        return JournalLocked(f"the journal {name} is locked by another program: close that first")
    return JournalError(f"the journal {name} cannot be used: {meaning_of(error)}")


def is_locked(error: sqlite3.Error) -> bool:
    """Return whether another program is at the file."""
    return "locked" in str(error) or "busy" in str(error)


def meaning_of(error: sqlite3.Error) -> str:
    """Return what a failure of SQLite means for a journal, and what would help."""
    said = str(error)
    return next((meaning for word, meaning in _MEANINGS if word in said.casefold()), said)
