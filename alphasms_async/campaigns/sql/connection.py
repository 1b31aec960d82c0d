"""What the journals use of a database's connection, whichever database that is."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from attrs import frozen

from alphasms_async.errors import AlphaSMSError, JournalError

__all__ = ["Connection", "Cursor", "Damaged", "Row", "undamaged"]

Row = tuple[Any, ...]
"""One row of an answer."""


class Damaged(Exception):
    """A row holds what nobody ever wrote there; the text says which, and shows nothing of it."""


# What reading a value comes to that is not of its kind. A database's own failures are others.
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
    """A connection that knows its database's statements by name, inside the caller's transactions.

    Each database words every statement for itself; the parameters and the columns of the answer
    are the same. What fails raises one of `failures`, or `Damaged`.
    """

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What a database that fails raises, `Damaged` included."""
        raise NotImplementedError

    def execute(self, statement: str, parameters: Mapping[str, Any] = ..., /) -> Cursor:
        """Run one statement."""
        raise NotImplementedError

    def begin(self) -> None:
        """Begin a transaction that writes."""

    def commit(self) -> None:
        """End the transaction; what it wrote is durable when this returns."""

    def rollback(self) -> None:
        """Take the transaction back, if one is open."""

    def error(self, failure: Exception, name: str) -> JournalError:
        """Return what a failure means for a person, in one line.

        Args:
            failure: One of `failures`.
            name: The journal's name.
        """
        raise NotImplementedError

    def passes(self, failure: Exception, /) -> bool:
        """Return whether the transaction may be tried once more: nothing of it has happened."""
        raise NotImplementedError

    def revive(self) -> bool:
        """Return whether it can be written through again, after it has failed and some waiting.

        Only what must be told at any cost is written then: how calls ended.
        """
        raise NotImplementedError
