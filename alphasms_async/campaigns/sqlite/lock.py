"""One writer for each journal: a lock that the kernel takes back from whoever dies."""

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any, cast

from alphasms_async.errors import JournalError, JournalLocked

__all__ = ["BRIEF", "FileLock", "dialled", "holder_of"]

BRIEF = "a command"
"""The purpose of those who hold a journal for a moment only."""

_TRY_SECONDS = 0.025
# Whoever comes for long waits for a command as long as a full inbox takes it; one that comes for a
# moment has other ways, and nobody is long in dying or in saying who he is.
_TRIES, _BRIEF_TRIES = 400, 20
_SIZE, _LONGEST_PURPOSE = 4096, 400


class FileLock:
    """The lock of the file `<journal>.lock`, which also says who holds it."""

    def __init__(self, name: str, purpose: str) -> None:
        self._name = name
        self._purpose = purpose[:_LONGEST_PURPOSE]
        self._path = Path()
        self._descriptor: int | None = None
        self._pid = 0
        self._attempts = 0
        self._dialled: tuple[int, ...] = ()
        self._writing = Lock()

    def acquire(self, journal: Path) -> None:
        """Take the lock, or say who has it.

        Args:
            journal: Where the journal really lies, so that all its names share one lock.

        Raises:
            JournalLocked: Another process, or another part of this one, has it.
            JournalError: The file beside the journal cannot be made.
        """
        self._path = path = _beside(journal)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise JournalError(
                f"the journal {self._name} cannot be used: {path}: {error.strerror}"
            ) from error
        try:
            _flock(descriptor, _BRIEF_TRIES if self._purpose == BRIEF else _TRIES)
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
        self._descriptor, self._pid = descriptor, os.getpid()
        self._attempts, self._dialled = _attempts(_read(descriptor)), ()
        try:
            _write(descriptor, self._holder())
        except OSError as error:
            self.release()
            raise JournalError(
                f"the journal {self._name} cannot be used: {path}: {error.strerror}"
            ) from error

    def release(self) -> None:
        """Give the lock back. The file stays: taking it away would let two in at once."""
        with self._writing:
            descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        # A child that was forked has the lock in common, and must not take it from its parent.
        if self._pid == os.getpid():
            with suppress(OSError):
                _write(descriptor, {"attempts": self._attempts})
                fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)

    def check_seen(self, attempts: int) -> None:
        """Insist that a journal knows all calls that were made from its place.

        Raises:
            JournalError: It knows fewer than the one that was open here before.
        """
        if attempts < self._attempts:
            raise JournalError(
                f"the journal {self._name} knows {attempts} calls, and {self._attempts} were made "
                "from here: it is an older copy or another file, with which those that it does "
                f"not know would be called again. Put the right one back; to begin anew with this "
                f"one, delete {self._path}"
            )

    def tell(self, *, attempts: int | None = None, dialled: Iterable[int] | None = None) -> None:
        """Keep what is known of the journal where the next one to open it finds it.

        Args:
            attempts: How many it has. `None`: as many as told before.
            dialled: Which campaigns are dialled just now. `None`: those told before.
        """
        with self._writing:
            before = self._attempts, self._dialled
            self._attempts = max(self._attempts, attempts or 0)
            self._dialled = self._dialled if dialled is None else tuple(sorted(dialled))
            if self._descriptor is not None and before != (self._attempts, self._dialled):
                with suppress(OSError):
                    _write(self._descriptor, self._holder())

    def _holder(self) -> dict[str, Any]:
        return {
            "pid": self._pid,
            "host": socket.gethostname(),
            "purpose": self._purpose,
            "dialled": self._dialled,
            "attempts": self._attempts,
        }


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


def _flock(descriptor: int, tries: int) -> None:
    """Take the lock, and wait for somebody who is as good as gone.

    Args:
        descriptor: The lock's file.
        tries: How often a command is tried to be followed.

    Raises:
        BlockingIOError: Somebody keeps it.
    """
    for made in count(1):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read(descriptor)
            if made >= _most_tries(holder, tries):
                raise
            time.sleep(_TRY_SECONDS)
        else:
            return


def _most_tries(holder: dict[str, Any], after_command: int) -> int:
    if holder.get("purpose") == BRIEF:
        return after_command
    return _BRIEF_TRIES if "purpose" not in holder or _has_died(holder) else 1


def _write(descriptor: int, told: dict[str, Any]) -> None:
    # In one step, over all that was there: a kill in between would lose the number of calls.
    os.pwrite(descriptor, json.dumps(told).encode().ljust(_SIZE), 0)


def _read(descriptor: int) -> dict[str, Any]:
    try:
        told = json.loads(os.pread(descriptor, _SIZE, 0))
    except ValueError:
        # It has the lock and has not said yet who it is.
        return {}
    return cast("dict[str, Any]", told) if isinstance(told, dict) else {}


def _attempts(told: dict[str, Any]) -> int:
    attempts = told.get("attempts")
    return attempts if isinstance(attempts, int) else 0


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
