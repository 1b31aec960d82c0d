"""A connection of apsw in the manner of the standard library's `sqlite3`.

What a journal does with a `sqlite3.Connection` it can do with this one, which alone can be opened
on a disk that loses its power. The caller begins and ends transactions, as with
`isolation_level=None`.
"""

import re
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Self

import apsw

__all__ = ["Connection", "Cursor", "Parameters"]

Value = None | int | float | str | bytes
Parameters = Sequence[Value] | Mapping[str, Value]
"""The values for one statement: in their order for `?`, by name for `:name`."""

_Row = tuple[Any, ...]

# The standard library's own table, in its order; what is not in it is a `DatabaseError`.
_KINDS: dict[type[sqlite3.Error], tuple[int, ...]] = {
    sqlite3.InternalError: (apsw.SQLITE_INTERNAL, apsw.SQLITE_NOTFOUND),
    sqlite3.OperationalError: (
        *(apsw.SQLITE_ERROR, apsw.SQLITE_PERM, apsw.SQLITE_ABORT, apsw.SQLITE_BUSY),
        *(apsw.SQLITE_LOCKED, apsw.SQLITE_READONLY, apsw.SQLITE_INTERRUPT, apsw.SQLITE_IOERR),
        *(apsw.SQLITE_FULL, apsw.SQLITE_CANTOPEN, apsw.SQLITE_PROTOCOL, apsw.SQLITE_EMPTY),
        apsw.SQLITE_SCHEMA,
    ),
    sqlite3.DataError: (apsw.SQLITE_TOOBIG,),
    sqlite3.IntegrityError: (apsw.SQLITE_CONSTRAINT, apsw.SQLITE_MISMATCH),
    sqlite3.InterfaceError: (apsw.SQLITE_MISUSE, apsw.SQLITE_RANGE),
}
_KIND_OF = {code: kind for kind, codes in _KINDS.items() for code in codes}

# What SQLite says of a failure that this disk, not SQLite, was the first to know of.
_MESSAGES = {
    apsw.SQLITE_BUSY: "database is locked",
    apsw.SQLITE_CANTOPEN: "unable to open database file",
    apsw.SQLITE_FULL: "database or disk is full",
    apsw.SQLITE_IOERR: "disk I/O error",
}

_NAMES = apsw.mapping_result_codes | apsw.mapping_extended_result_codes

_WRITES = re.compile(r"(\s|--.*\n|/\*(.|\n)*?\*/)*(insert|update|delete|replace)\b", re.IGNORECASE)
_AUTOCHECKPOINT = re.compile(r"\s*pragma\s+wal_autocheckpoint\b\s*(?:[=(]\s*(\d+))?", re.IGNORECASE)

_USUAL_CHECKPOINT_PAGES = 1000


class Cursor:
    """The rows of one statement.

    Args:
        rows: The statement, begun.
        count: Returns how many rows the statement has changed, once it has ended.
    """

    def __init__(self, rows: Iterator[_Row], count: Callable[[], int]) -> None:
        self.rowcount = -1
        """How many rows an insert, update or delete has changed; -1 for any other statement."""
        self._rows = rows
        self._count = count
        self._next: _Row | None = None
        self._step()

    def fetchone(self) -> Any:
        """Return the next row. `None`: there is none."""
        return next(self, None)

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        return list(self)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> _Row:
        if self._next is None:
            raise StopIteration
        row = self._next
        self._step()
        return row

    def _step(self) -> None:
        # One row ahead, as `sqlite3` is: a statement whose last row has been read has ended, and
        # does not stand in the way of a commit.
        self._next = None
        with _translated():
            self._next = next(self._rows, None)
        if self._next is None:
            self.rowcount = self._count()


class Connection:
    """A database that is open. Any thread may use it, one at a time.

    Args:
        vfs: The disk that it is on; it is kept as long as the connection.
        vfs_name: What SQLite knows the disk by.
        name: The name of the file there.
        shares: Whether other connections may use the file meanwhile, which WAL does not allow.

    Raises:
        sqlite3.Error: It cannot be opened.
    """

    def __init__(self, vfs: apsw.VFS, vfs_name: str, name: str, *, shares: bool = False) -> None:
        self._vfs = vfs
        self._checkpoint_pages = _USUAL_CHECKPOINT_PAGES
        # apsw's own types name a `Buffer` that Python 3.11 does not have.
        self._database: Any = None
        with _translated():
            self._database = apsw.Connection(name, vfs=vfs_name)
            if not shares:
                # Only so does WAL need no shared memory, which a VFS in Python cannot offer.
                self._database.execute("pragma locking_mode = exclusive").fetchall()
            self._database.set_wal_hook(self._checkpoint)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction has begun and not ended."""
        with _translated():
            return bool(self._database.in_transaction)

    def execute(self, sql: str, parameters: Parameters = (), /) -> Cursor:
        """Begin a statement, and end it where it has no rows to give.

        Args:
            sql: One statement.
            parameters: Its values.

        Raises:
            sqlite3.Error: As `sqlite3` would, with the message that SQLite gave it.
        """
        if setting := _AUTOCHECKPOINT.match(sql):
            # SQLite would put its own hook in the place of ours.
            self._checkpoint_pages = int(setting[1] or self._checkpoint_pages)
            sql, parameters = "select ?", (self._checkpoint_pages,)
        with _translated():
            rows = self._database.execute(sql, parameters)
        return Cursor(rows, self._database.changes if _WRITES.match(sql) else _uncounted)

    def executemany(self, sql: str, rows: Iterable[Parameters], /) -> Cursor:
        """Execute a statement once for each row of values; what it returns is dropped.

        Args:
            sql: One statement.
            rows: Its values, each time.

        Raises:
            sqlite3.Error: As `sqlite3` would; the rows before the bad one have been written.
        """
        before = self._database.total_changes()
        with _translated():
            done = self._database.executemany(sql, rows)
            done.fetchall()
        changed = self._database.total_changes() - before
        return Cursor(done, lambda: changed if _WRITES.match(sql) else -1)

    def interrupt(self) -> None:
        """Make the statement that runs end with an error; to be called from another thread."""
        with _translated():
            self._database.interrupt()

    def close(self) -> None:
        """Close it; a second time does nothing."""
        # SQLite closes although the last checkpoint failed: the log is still there.
        with suppress(apsw.IOError, apsw.FullError):
            self._database.close()

    def __del__(self) -> None:
        # One that was left open on a broken disk would else be closed loudly by apsw, in the midst
        # of whichever test runs when it is collected.
        if self._database is not None:
            self.close()

    def _checkpoint(self, database: apsw.Connection, schema: str, pages: int) -> int:
        # What SQLite does by itself; but there a checkpoint may fail without harm to the commit
        # that it came after, whereas apsw raises whatever a disk raised.
        if 0 < self._checkpoint_pages <= pages:
            with suppress(apsw.Error):
                database.wal_checkpoint(schema)
        return apsw.SQLITE_OK


def _uncounted() -> int:
    return -1


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except apsw.ConnectionClosedError as error:
        raise sqlite3.ProgrammingError("Cannot operate on a closed database.") from error
    except (apsw.BindingsError, KeyError, TypeError) as error:
        raise sqlite3.ProgrammingError(str(error)) from error
    except apsw.Error as error:
        raise _as_sqlite3(error) from error


def _as_sqlite3(error: apsw.Error) -> sqlite3.Error:
    """Return the error that `sqlite3` raises in place of one of apsw."""
    code: int = getattr(error, "result", apsw.SQLITE_OK)  # apsw's misuse has no code
    translated = _KIND_OF.get(code, sqlite3.DatabaseError)(str(error) or _MESSAGES.get(code, ""))
    extended: int = getattr(error, "extendedresult", code)
    translated.sqlite_errorcode = extended
    translated.sqlite_errorname = str(_NAMES.get(extended, "SQLITE_UNKNOWN"))
    return translated
