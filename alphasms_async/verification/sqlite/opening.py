"""A store's file: made so that it survives a power cut, refused when it is not one of ours."""

import os
import sqlite3
import time
from pathlib import Path

from alphasms_async.transactions import make_tables, only_value, transact
from alphasms_async.verification.sqlite.sql import SCHEMA

__all__ = ["LOCKED", "meaning_of", "open_file"]

_APPLICATION_ID = 0x416C_5376  # "AlSv"
_VERSION = 1
_BUSY_SECONDS = 5.0
_AGAIN_SECONDS = 0.02

LOCKED: str = "another program has locked it: close that first"
"""What it means that SQLite has waited for another program in vain."""

_SETTINGS = (
    # NORMAL would forget in a power cut what was sent, and it would be sent again.
    "synchronous = full",
    # What macOS calls a flush leaves the data in the drive's own memory; these do not.
    "fullfsync = on",
    "checkpoint_fullfsync = on",
    "foreign_keys = on",
    # What is deleted is overwritten: it was a phone.
    "secure_delete = on",
)

# By what SQLite says, for its error codes are not to be had in every Python this runs on.
_MEANINGS = (
    ("locked", LOCKED),
    ("full", "the disk is full: free some space"),
    ("disk i/o", "the disk failed: look at it"),
    ("readonly", "it cannot be written: look at its permissions and those of its folder"),
    ("unable to open", "it cannot be opened: look at its permissions and those of its folder"),
    ("not a database", "it is no store of verifications: name another file"),
    ("malformed", "it is damaged: end what uses it, put it away, and a new one is made"),
    ("no such", "it is damaged: end what uses it, put it away, and a new one is made"),
    # SQLite would show the text, which may be a phone.
    ("could not decode", "it is damaged: end what uses it, put it away, and a new one is made"),
)


def open_file(path: Path) -> sqlite3.Connection:
    """Open a store's file, made new and for its owner alone when it is not there.

    Raises:
        OSError: It cannot be made.
        sqlite3.Error: It cannot be opened, or is something else.
    """
    if not path.exists():
        # Made here and not by SQLite, so that it is nobody else's from the first moment.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    # Autocommit, for each transaction is begun and ended here; used by one thread at a time.
    connection = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def meaning_of(error: sqlite3.Error | OSError | OverflowError) -> str:
    """Return what a failure means for a store, and what would help."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    said = str(error)
    return next((meaning for word, meaning in _MEANINGS if word in said.casefold()), said)


def _prepare(connection: sqlite3.Connection) -> None:
    _begin_log(connection)
    for setting in _SETTINGS:
        connection.execute(f"pragma {setting}")
    if only_value(connection, "pragma user_version") == 0:
        transact(connection, _make_tables)
    found = (
        only_value(connection, "pragma application_id"),
        only_value(connection, "pragma user_version"),
    )
    if found != (_APPLICATION_ID, _VERSION):
        raise sqlite3.DatabaseError("file is not a database of this version")


def _begin_log(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log, for which SQLite does not wait by itself."""
    give_up_at = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up_at:
                raise
            time.sleep(_AGAIN_SECONDS)
        else:
            return


def _make_tables(connection: sqlite3.Connection) -> None:
    # Another process may have made them while this one waited for its turn; or it is no store.
    if only_value(connection, "select count(*) from sqlite_master"):
        return
    make_tables(connection, SCHEMA, application_id=_APPLICATION_ID, version=_VERSION)
