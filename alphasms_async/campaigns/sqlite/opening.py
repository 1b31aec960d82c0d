"""A journal's file: made so that it survives a power cut, refused when it is not one of ours."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from alphasms_async.campaigns.sqlite.connection import Opened, journal_error
from alphasms_async.campaigns.sqlite.filesystem import network_filesystem
from alphasms_async.campaigns.sqlite.sql import QUERIES, SCHEMA
from alphasms_async.errors import JournalError

__all__ = [
    "VERSION",
    "check_place",
    "check_whole",
    "connect_file",
    "connect_read_only",
    "count_attempts",
    "prepare",
    "show_owner",
]

VERSION = 1
"""The version of the schema that this package writes."""

_APPLICATION_ID = 0x416C_534A  # "AlSJ"
# NORMAL would forget intents in a power cut, and their phones would ring a second time.
_SYNCHRONOUS = ("full", 2)
_BUSY_SECONDS = 5.0
_CACHE_KIBIBYTES = 32 * 1024
_JOURNAL_SIZE_LIMIT = 64 * 1024 * 1024


def check_place(path: Path, *, must_exist: bool = False) -> Path:
    """Return where a journal really lies, whatever links lead there.

    Raises:
        JournalError: None can be at this place.
    """
    try:
        place = Path(os.path.realpath(path))
        if path.is_dir():
            raise JournalError(f"{path} is a folder: name a file with --journal")
        if path.exists() and not path.is_file():
            raise JournalError(f"{path} is not a regular file: name another with --journal")
        if must_exist and not path.exists():
            raise JournalError(_absent(str(path)))
        if not path.parent.is_dir():
            raise JournalError(f"there is no folder {path.parent} for the journal")
        if place.exists() and place.stat().st_nlink > 1:
            # Each name would have a lock, an inbox and a -wal of its own.
            raise JournalError(
                f"the journal {path} has another name (a hard link), and nobody can tell who "
                "writes it under that: remove one of them, or make a copy instead"
            )
        # Nothing here opens the file: closing it again would take away the locks that SQLite
        # holds on it for this process, and another one would delete its -wal underneath it.
        kind = network_filesystem(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise JournalError(f"the journal {path} cannot be used: {reason}") from error
    if kind is not None:
        raise JournalError(
            f"the journal {path} lies on a network file system ({kind}), whose locks and "
            "flushes cannot be relied on: keep it on a local disk"
        )
    return place


def check_whole(path: Path, name: str) -> None:
    """Insist that a journal has its `-wal` beside it, or needs none.

    Whoever dialled without the last calls would make them a second time.

    Args:
        path: Where it really lies; nobody is about to open it.
        name: What it was called, for errors.

    Raises:
        JournalError: Journal and `-wal` were parted while they were in use.
    """
    wal, lock = (path.with_name(f"{path.name}{end}") for end in ("-wal", ".lock"))
    # Whoever only reads may have left an empty one, for it has nothing else to leave.
    has_wal = wal.exists() and wal.stat().st_size > 0
    if not path.exists():
        if has_wal:
            raise JournalError(
                f"there is no journal {name}, but {wal} of one that was in use: put that "
                "journal back, or move this file away"
            )
    # Where its lock lies it was not moved: another program has brought it to an end.
    elif not has_wal and not lock.exists() and _is_in_use(path):
        raise JournalError(
            f"the journal {name} was moved or copied while in use, and its last calls are in the "
            f"-wal that lay beside it, or in the journal itself: put the -wal here as {wal}; only "
            f"if there is none any more, make an empty {lock}, and whoever was called since may "
            "be called again"
        )


def connect_file(path: Path, name: str) -> sqlite3.Connection:
    """Open the file for writing, made new and for its owner alone when it is not there.

    Args:
        path: Where it really lies.
        name: What it was called, for errors.

    Raises:
        JournalError: It cannot be opened or made.
    """
    try:
        if not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            _flush_folder(path.parent)
        return _connect(path, "rw")
    except OSError as error:
        raise JournalError(f"the journal {name} cannot be made: {error.strerror}") from error
    except sqlite3.Error as error:
        raise journal_error(error, name) from error


def connect_read_only(path: Path, name: str) -> sqlite3.Connection:
    """Open the file for reading, beside a process that writes it.

    Args:
        path: Where it really lies.
        name: What it was called, for errors.

    Raises:
        JournalError: It cannot be opened, or is not a journal of this version.
    """
    try:
        connection = _connect(path, "ro")
        try:
            is_journal = _is_journal(connection, name)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise journal_error(error, name) from error
    if not is_journal:
        connection.close()
        raise JournalError(_absent(name))
    return connection


def prepare(connection: Opened, name: str, *, in_memory: bool = False) -> None:
    """Set a connection up so that a commit that returns is durable, and make the tables.

    Raises:
        JournalError: It is not a journal, one of a newer version, or the disk refuses.
    """
    try:
        _is_journal(connection, name)
        if not in_memory:
            _make_durable(connection, name)
        connection.execute("pragma foreign_keys = on")
        connection.execute(f"pragma cache_size = -{_CACHE_KIBIBYTES}")
        if _one(connection, "pragma user_version") == 0:
            _make_tables(connection)
    except sqlite3.Error as error:
        raise journal_error(error, name) from error


def count_attempts(connection: Opened, name: str) -> int:
    """Return how many calls a journal knows.

    Raises:
        JournalError: It cannot be read.
    """
    try:
        return int(_one(connection, QUERIES["count_attempts"]))
    except sqlite3.Error as error:
        raise journal_error(error, name) from error


def show_owner(connection: Opened, name: str) -> None:
    """Bring into the file itself who writes it now, as `check_whole` looks for that there.

    Raises:
        JournalError: The disk refuses.
    """
    try:
        connection.execute("pragma wal_checkpoint(passive)")
    except sqlite3.Error as error:
        raise journal_error(error, name) from error


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    # Autocommit, for the writer begins and ends each transaction itself; used by one thread at a
    # time, though not always by the same.
    return sqlite3.connect(
        f"file://{quote(os.fsencode(path))}?mode={mode}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def _is_in_use(path: Path) -> bool:
    """Return whether its last writer has not closed it, as far as the file alone tells."""
    try:
        with closing(_connect(path, "ro&immutable=1")) as connection:
            return bool(_one(connection, QUERIES["newest_process"]))
    except (sqlite3.Error, TypeError):
        # What it is instead, whoever opens it will tell.
        return False


def _absent(name: str) -> str:
    return f"there is no journal {name}: plan a campaign first, or name one with --journal"


def _is_journal(connection: Opened, name: str) -> bool:
    """Return whether a database is one of ours. `False`: there is nothing in it yet.

    Raises:
        JournalError: It is something else, or a journal of a newer version.
    """
    version = _one(connection, "pragma user_version")
    if _one(connection, "pragma application_id") == _APPLICATION_ID:
        if version > VERSION:
            raise JournalError(
                f"{name} is a journal of a newer version ({version}, this is {VERSION}): "
                "update alphasms-async"
            )
        return True
    if version or _one(connection, "select count(*) from sqlite_master"):
        raise JournalError(f"{name} is a database of something else: name another with --journal")
    return False


def _make_durable(connection: Opened, name: str) -> None:
    level, number = _SYNCHRONOUS
    mode = _one(connection, "pragma journal_mode = wal")
    for pragma in (
        f"synchronous = {level}",
        # What macOS calls a flush leaves the data in the drive's own memory; these do not.
        "fullfsync = on",
        "checkpoint_fullfsync = on",
        # The writer brings the log into the file itself, so that nobody else's writes go unseen.
        "wal_autocheckpoint = 0",
        f"journal_size_limit = {_JOURNAL_SIZE_LIMIT}",
    ):
        connection.execute(f"pragma {pragma}")
    if mode != "wal" or _one(connection, "pragma synchronous") != number:
        raise JournalError(f"the journal {name} cannot be made durable on this disk: move it")


def _make_tables(connection: Opened) -> None:
    connection.execute("begin immediate")
    try:
        for statement in SCHEMA.split(";\n"):
            if statement.strip():
                connection.execute(statement)
        connection.execute(f"pragma application_id = {_APPLICATION_ID}")
        connection.execute(f"pragma user_version = {VERSION}")
        connection.execute("commit")
    except BaseException:
        # A disk that fails has made SQLite roll back by itself.
        with suppress(sqlite3.Error):
            connection.execute("rollback")
        raise


def _one(connection: Opened, sql: str) -> Any:
    return connection.execute(sql).fetchone()[0]


def _flush_folder(folder: Path) -> None:
    """Make a new file's name durable, not its content alone."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
