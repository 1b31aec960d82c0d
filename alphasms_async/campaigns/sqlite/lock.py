"""One writer for each journal: a lock that the kernel takes back from whoever dies."""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from alphasms_async.errors import JournalError, JournalLocked

__all__ = ["BRIEF", "FileLock", "dialled", "holder_of"]

BRIEF = "a command"
"""The purpose of those who hold a journal for a moment only."""

_TRIES, _TRY_SECONDS = 20, 0.025


class FileLock:
    """The lock of the file `<journal>.lock`, which also says who holds it."""

    def __init__(self, name: str, purpose: str) -> None:
        self._name = name
        self._purpose = purpose
        self._descriptor: int | None = None

    def acquire(self, journal: Path) -> None:
        """Take the lock, or say who has it.

        Args:
            journal: Where the journal really lies, so that all its names share one lock.

        Raises:
            JournalLocked: Another process, or another part of this one, has it.
            JournalError: The file beside the journal cannot be made.
        """
        path = _beside(journal)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise JournalError(
                f"the journal {self._name} cannot be used: {path}: {error.strerror}"
            ) from error
        try:
            _flock(descriptor)
        except BlockingIOError:
            holder = _read(descriptor)
            os.close(descriptor)
            raise JournalLocked(_refusal(self._name, holder)) from None
        except OSError as error:
            os.close(descriptor)
            raise JournalError(
                f"the journal {self._name} cannot be locked: {error.strerror}: "
                "keep it on a local disk"
            ) from error
        self._descriptor = descriptor
        try:
            self._write()
        except OSError as error:
            self.release()
            raise JournalError(
                f"the journal {self._name} cannot be used: {path}: {error.strerror}"
            ) from error

    def release(self) -> None:
        """Give the lock back. The file stays: taking it away would let two in at once."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
            os.close(descriptor)

    def tell_dialled(self, campaigns: Iterable[int]) -> None:
        """Say which campaigns are dialled just now, to whoever looks."""
        if self._descriptor is not None:
            with suppress(OSError):
                self._write(dialled=sorted(campaigns))

    def _write(self, **more: Any) -> None:
        assert self._descriptor is not None  # noqa: S101 - just acquired
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "purpose": self._purpose}
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps(holder | more).encode(), 0)


def holder_of(journal: Path) -> str | None:
    """Return who writes a journal just now, in words. `None` when nobody does."""
    holder = _holder(journal)
    return None if holder is None else _named(holder)


def dialled(journal: Path) -> frozenset[int]:
    """Return which campaigns of a journal are dialled just now, by their ids."""
    told = (_holder(journal) or {}).get("dialled")
    return frozenset(cast("list[int]", told) if isinstance(told, list) else ())


def _holder(journal: Path) -> dict[str, Any] | None:
    try:
        descriptor = os.open(_beside(Path(os.path.realpath(journal))), os.O_RDONLY)
    except (OSError, ValueError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _read(descriptor)
    finally:
        os.close(descriptor)
    return None


def _beside(journal: Path) -> Path:
    return journal.with_name(f"{journal.name}.lock")


def _flock(descriptor: int) -> None:
    """Take the lock, and wait for somebody who is as good as gone: a command, or one who looks."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read(descriptor)
            if holder.get("purpose", BRIEF) != BRIEF and not _has_died(holder):
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


def _has_died(holder: dict[str, Any]) -> bool:
    """Return whether a holder is a dead process of this machine, whose lock is about to go."""
    pid = holder.get("pid")
    if holder.get("host") != socket.gethostname() or not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
        # Killed, and its files are closed only when the last of its threads is through.
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1]
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return state == b"Z"


def _refusal(name: str, holder: dict[str, Any]) -> str:
    return (
        f"the journal {name} is in use by {_named(holder)}: "
        "wait for it, stop it, or name another file with --journal"
    )


def _named(holder: dict[str, Any]) -> str:
    purpose = holder.get("purpose") or "another program"
    where = f" (process {holder['pid']} on {holder.get('host')})" if "pid" in holder else ""
    return f"{purpose}{where}"
