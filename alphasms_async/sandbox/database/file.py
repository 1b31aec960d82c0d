"""A sandbox's file: made for its owner alone, held by one sandbox, refused when it is no such."""

import os
import sqlite3
import stat
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

from alphasms_async.files import identity_of
from alphasms_async.sandbox.database.sql import SCHEMA
from alphasms_async.transactions import make_tables, only_value, transact

_VERSION: Final = 1
_APPLICATION_ID: Final = 0x416C_5362  # "AlSb"
_MAGIC: Final = b"SQLite format 3\0"
_HEADER_BYTES: Final = 100
# Where a SQLite file says what it is, and in which version.
_APPLICATION_ID_AT: Final = slice(68, 72)
_VERSION_AT: Final = slice(60, 64)
# As long as one that is just ending may take.
_BUSY_SECONDS: Final = 0.5

_IN_USE: Final = "it is in use by another sandbox: end that, or name another file"
_DAMAGED: Final = "it is damaged: put it away, and a new one is made"
# By what SQLite says, for its error codes are not to be had in every Python this runs on.
_MEANINGS: Final = (
    ("locked", _IN_USE),
    ("full", "the disk is full: free some space"),
    ("disk i/o", "the disk failed: look at it"),
    ("readonly", "it cannot be written: look at its permissions and those of its folder"),
    ("unable to open", "it cannot be opened: look at its permissions and those of its folder"),
    ("not a database", _DAMAGED),
    ("malformed", _DAMAGED),
    ("no such", _DAMAGED),
    # SQLite would show the text, which may be a phone.
    ("could not decode", _DAMAGED),
)

_held: Final = set[tuple[int, int]]()
_holding: Final = Lock()


class DatabaseUnusable(Exception):
    """A sandbox cannot be kept in a file: it is something else, in use, or the disk refuses.

    Its text is one line for a person.
    """


@contextmanager
def opened(path: Path) -> Generator[sqlite3.Connection]:
    """Open a sandbox's file while the context is open, made new when it is not there.

    Nobody else can open it meanwhile, in no process. Each statement is a transaction of its own,
    unless one is begun. One thread at a time may use it.

    Raises:
        DatabaseUnusable: It cannot be used, or is in use.
    """
    with ExitStack() as stack:
        try:
            _check_place(path)
            stack.enter_context(_held_alone(path))
            _check_content(path)
            connection = stack.enter_context(closing(_connected(path)))
            _prepare(connection)
        except (sqlite3.Error, OSError) as error:
            raise DatabaseUnusable(unusable(path, error)) from error
        yield connection


def unusable(path: Path, error: Exception) -> str:
    """Return what a failure means for a person, in one line.

    Args:
        path: The file.
        error: Of the system or of SQLite; any other is of reading what stands in the file.
    """
    if isinstance(error, OSError):
        meaning = error.strerror or type(error).__name__
    elif isinstance(error, sqlite3.Error):
        said = str(error)
        meaning = next((meaning for word, meaning in _MEANINGS if word in said.casefold()), said)
    else:
        meaning = _DAMAGED
    return f"the database {path} cannot be used: {meaning}"


def _check_place(path: Path) -> None:
    if path.is_dir():
        raise DatabaseUnusable(f"{path} is a folder: name a file for the database")
    if not path.parent.is_dir():
        raise DatabaseUnusable(f"there is no folder {path.parent} for the database")
    if path.exists() and not path.is_file():
        raise DatabaseUnusable(f"{path} is no regular file: name another for the database")


@contextmanager
def _held_alone(path: Path) -> Generator[None]:
    """Hold a file in this process.

    SQLite's own lock is the process's: to open the file once more, and be it to look at its first
    bytes, would give it back.
    """
    with _holding:
        identity = identity_of(path)
        if identity in _held:
            raise DatabaseUnusable(f"the database {path} cannot be used: {_IN_USE}")
        if identity is None:
            # Made here and not by SQLite, so that it is nobody else's from the first moment.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            identity = identity_of(path)
            assert identity is not None  # noqa: S101 - it was just made
        _held.add(identity)
    try:
        yield
    finally:
        with _holding:
            _held.discard(identity)


def _check_content(path: Path) -> None:
    """Insist that it is a sandbox's file, or empty; before SQLite may touch it, for it would."""
    with path.open("rb") as content:
        header = content.read(_HEADER_BYTES)
        if not header:
            # It is to hold phones, and the secrets of hooks.
            os.fchmod(content.fileno(), stat.S_IRUSR | stat.S_IWUSR)
            return
    if not header.startswith(_MAGIC):
        raise DatabaseUnusable(f"{path} is no database of a sandbox: name another file")
    if int.from_bytes(header[_APPLICATION_ID_AT]) != _APPLICATION_ID:
        raise DatabaseUnusable(f"{path} is a database of something else: name another file")
    version = int.from_bytes(header[_VERSION_AT])
    if version > _VERSION:
        raise DatabaseUnusable(
            f"{path} is the database of a newer sandbox (version {version}, this is {_VERSION}): "
            "update alphasms-async"
        )


def _connected(path: Path) -> sqlite3.Connection:
    # Autocommit, for each transaction is begun and ended by whoever writes.
    return sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )


def _prepare(connection: sqlite3.Connection) -> None:
    # From the first statement on, and until it is closed, nobody else can use the file.
    connection.execute("pragma locking_mode = exclusive")
    transact(connection, _make_tables)
    connection.execute("pragma journal_mode = wal")
    # A power cut may take the last moments, and never the file.
    connection.execute("pragma synchronous = normal")


def _make_tables(connection: sqlite3.Connection) -> None:
    if only_value(connection, "pragma user_version"):
        return
    # Both in the file itself, and not in its log only: they are looked for there.
    make_tables(connection, SCHEMA, application_id=_APPLICATION_ID, version=_VERSION)
