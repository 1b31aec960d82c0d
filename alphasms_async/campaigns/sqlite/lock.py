"""One writer for each journal: a lock that the kernel takes back from whoever dies."""

import fcntl
import json
import os
import socket
import time
from pathlib import Path
from typing import Any, cast

from alphasms_async.errors import JournalError, JournalLocked

__all__ = ["BRIEF", "FileLock", "holder_of"]

BRIEF = "a command"
"""The purpose of those who hold a journal for a moment only."""

_TRIES, _TRY_SECONDS = 20, 0.025


class FileLock:
    """The lock of the file `<journal>.lock`, which also says who holds it."""

    def __init__(self, journal: Path, purpose: str) -> None:
        self._journal = journal
        self._path = journal.with_name(f"{journal.name}.lock")
        self._purpose = purpose
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, or say who has it.

        Raises:
            JournalLocked: Another process, or another part of this one, has it.
            JournalError: The file beside the journal cannot be made.
        """
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise JournalError(
                f"the journal {self._journal} cannot be used: {self._path}: {error.strerror}"
            ) from error
        try:
            _flock(descriptor)
        except BlockingIOError:
            holder = _read(descriptor)
            os.close(descriptor)
            raise JournalLocked(_refusal(self._journal, holder)) from None
        except OSError as error:
            os.close(descriptor)
            raise JournalError(
                f"the journal {self._journal} cannot be locked: {error.strerror}: "
                "keep it on a local disk"
            ) from error
        self._descriptor = descriptor
        try:
            self._write(
                {"pid": os.getpid(), "host": socket.gethostname(), "purpose": self._purpose}
            )
        except OSError as error:
            self.release()
            raise JournalError(
                f"the journal {self._journal} cannot be used: {self._path}: {error.strerror}"
            ) from error

    def release(self) -> None:
        """Give the lock back. The file stays: taking it away would let two in at once."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def _write(self, holder: dict[str, Any]) -> None:
        assert self._descriptor is not None  # noqa: S101 - just acquired
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps(holder).encode(), 0)


def holder_of(journal: Path) -> str | None:
    """Return who writes a journal just now, in words. `None` when nobody does."""
    try:
        descriptor = os.open(journal.with_name(f"{journal.name}.lock"), os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _named(_read(descriptor))
    finally:
        os.close(descriptor)
    return None


def _flock(descriptor: int) -> None:
    """Take the lock, and wait for somebody who is as good as gone: a command, or one who looks."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if _read(descriptor).get("purpose", BRIEF) != BRIEF:
                raise
            time.sleep(_TRY_SECONDS)
        else:
            return
    raise BlockingIOError


def _read(descriptor: int) -> dict[str, Any]:
    try:
        told = json.loads(os.pread(descriptor, 4096, 0))
    except ValueError:
        # It has the lock and has not said yet who it is.
        return {}
    return cast("dict[str, Any]", told) if isinstance(told, dict) else {}


def _refusal(journal: Path, holder: dict[str, Any]) -> str:
    return (
        f"the journal {journal} is in use by {_named(holder)}: "
        "wait for it, stop it, or name another file with --journal"
    )


def _named(holder: dict[str, Any]) -> str:
    purpose = holder.get("purpose") or "another program"
    where = f" (process {holder['pid']} on {holder.get('host')})" if "pid" in holder else ""
    return f"{purpose}{where}"
