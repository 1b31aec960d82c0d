"""A disk in memory that can lose its power at any moment, break, or be full.

SQLite writes to it through a VFS of apsw. Every write, truncation, sync and deletion has a number,
the instant, and all are remembered, so one run is enough to cut the power at each moment of it:

    disk = Disk()
    journal = connect(disk, "journal")
    ...
    for instant in range(disk.instant + 1):
        left = connect(restore(disk.crash(seed, instant)), "journal")

Two things are beyond it: a disk that says it has flushed and has not, and a new file whose name is
lost with the power.
"""
# ruff: noqa: N802 - the methods of a VFS have the names that SQLite gave them

from collections.abc import Mapping
from itertools import count
from random import Random
from types import TracebackType
from typing import cast

import apsw

from tests.torture.connection import Connection
from tests.torture.stored import Stored

__all__ = ["Disk", "connect", "restore"]

_NUMBERS = count(1)
_JOURNALS = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL | apsw.SQLITE_OPEN_WAL
# Each kind of lock, and the least that another connection must not hold meanwhile.
_EXCLUDED = {
    apsw.SQLITE_LOCK_SHARED: apsw.SQLITE_LOCK_PENDING,
    apsw.SQLITE_LOCK_RESERVED: apsw.SQLITE_LOCK_RESERVED,
    apsw.SQLITE_LOCK_EXCLUSIVE: apsw.SQLITE_LOCK_SHARED,
}


class Disk(apsw.VFS):
    """A disk in memory; `connect` opens a database on it.

    Args:
        files: What is on it, durably, by name. `None`: nothing.
    """

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self.name = f"power cut {next(_NUMBERS)}"
        """What SQLite knows this disk by."""
        self.instant = 0
        """How many operations there were: writes, truncations, syncs, deletions, failed ones."""
        self.writes = 0
        """How many writes succeeded."""
        self.syncs = 0
        """How many syncs succeeded."""
        self.fail_at: int | None = None
        """Which operation fails and does nothing; the first is 1. `None`: none."""
        self.fail_with: type[apsw.Error] = apsw.IOError
        """How it fails: `apsw.IOError`, or `apsw.FullError` for a full disk."""
        self.fails_on = False
        """Whether all that come after it fail too."""
        self._all = [Stored(name, -1, bytes(content)) for name, content in (files or {}).items()]
        self._files = {stored.name: stored for stored in self._all}
        self._folder_syncs = list[int]()
        super().__init__(self.name, base="")

    def crash(self, seed: int, instant: int | None = None) -> dict[str, bytes]:
        """Return the files that a power cut may leave, by name; this disk itself goes on.

        What was synced is there. Of what was not, each write is there, torn or lost, each
        truncation made or not, and a deleted file may be back. Cuts cost least in the order of
        their instants.

        Args:
            seed: Decides what is left, for each file by itself.
            instant: The last operation before the cut, 0 for none. `None`: the latest.
        """
        at = self.instant if instant is None else instant
        latest = {stored.name: stored for stored in self._all if stored.born < at}
        left = dict[str, bytes]()
        for name, stored in latest.items():
            rng = Random(f"{seed} {at} {name}")  # noqa: S311 - chance that can be had again
            if self._is_left(stored, at, rng):
                left[name] = stored.left(at, rng)
        return left

    def begin(self, code: int) -> int:
        """Return the number of the operation that begins.

        Args:
            code: SQLite's code for an I/O error in such an operation.

        Raises:
            apsw.Error: It is to fail; of the kind `fail_with`.
        """
        self.instant += 1
        if self._fails():
            is_full = self.fail_with is apsw.FullError
            raise apsw.exception_for(apsw.SQLITE_FULL if is_full else code)
        return self.instant

    def sync_folder(self) -> None:
        """Make durable which files there are."""
        self._folder_syncs.append(self.instant)

    def excepthook(
        self,
        etype: type[BaseException] | None,
        evalue: BaseException | None,
        etraceback: TracebackType | None,
    ) -> bool:
        """Say nothing of a failure that SQLite itself has no use for."""
        return etype is not None and issubclass(etype, apsw.Error)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        """Open a file, and create it where SQLite wants that."""
        path = name.filename() if isinstance(name, apsw.URIFilename) else name or ""
        stored = self._files.get(path)
        if stored is None:
            if not flags[0] & apsw.SQLITE_OPEN_CREATE:
                raise apsw.exception_for(apsw.SQLITE_CANTOPEN)
            stored = self._create(path)
        flags[1] = flags[0]
        names_itself = bool(flags[0] & _JOURNALS)
        # A file needs the methods only; to inherit them would be to inherit a real file too.
        return cast("apsw.VFSFile", _Handle(self, stored, names_itself=names_itself))

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: FBT001 - SQLite's order
        """Delete a file; without `syncdir` a power cut may bring it back."""
        if filename not in self._files:
            raise apsw.exception_for(apsw.SQLITE_IOERR_DELETE_NOENT)
        instant = self.begin(apsw.SQLITE_IOERR_DELETE)
        self._files.pop(filename).died = instant
        if syncdir:
            self.sync_folder()

    def xAccess(self, pathname: str, flags: int) -> bool:
        """Return whether there is such a file; all may be read and written."""
        return pathname in self._files

    def xFullPathname(self, name: str) -> str:
        """Return the name: there are no folders."""
        return name

    def _create(self, path: str) -> Stored:
        stored = Stored(path, self.instant)
        if path:
            self._all.append(stored)
            self._files[path] = stored
        return stored

    def _fails(self) -> bool:
        if self.fail_at is None:
            return False
        return self.instant == self.fail_at or (self.fails_on and self.instant > self.fail_at)

    def _is_left(self, stored: Stored, at: int, rng: Random) -> bool:
        died = stored.died
        if died is None or died > at:
            return True
        return rng.random() < 0.5 and not any(died <= one <= at for one in self._folder_syncs)


class _Handle:
    """A file that is open: what SQLite may ask of it."""

    def __init__(self, disk: Disk, stored: Stored, *, names_itself: bool) -> None:
        self._disk = disk
        self._stored = stored
        # SQLite's own VFS syncs the folder of a journal together with its first content.
        self._names_itself = names_itself

    def excepthook(self, *error: object) -> bool:
        """Say nothing of a failure that SQLite itself has no use for."""
        kind = error[0]
        return isinstance(kind, type) and issubclass(kind, apsw.Error)

    def xRead(self, amount: int, offset: int) -> bytes:
        """Return what is there; SQLite knows what to do with less than it asked for."""
        return bytes(self._stored.content[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        """Write, undurably."""
        instant = self._disk.begin(apsw.SQLITE_IOERR_WRITE)
        self._stored.change(instant, offset, bytes(data))
        self._disk.writes += 1

    def xTruncate(self, newsize: int) -> None:
        """Cut off, undurably."""
        self._stored.change(self._disk.begin(apsw.SQLITE_IOERR_TRUNCATE), newsize, None)

    def xSync(self, flags: int) -> None:
        """Make durable all that was written to this file."""
        self._stored.sync(self._disk.begin(apsw.SQLITE_IOERR_FSYNC))
        self._disk.syncs += 1
        if self._names_itself:
            self._disk.sync_folder()
            self._names_itself = False

    def xFileSize(self) -> int:
        """Return the length in bytes."""
        return len(self._stored.content)

    def xClose(self) -> None:
        """Let go of the locks."""
        self._stored.locks.pop(id(self), None)

    def xLock(self, level: int) -> None:
        """Raise the lock, unless another connection's is in the way."""
        others = [held for one, held in self._stored.locks.items() if one != id(self)]
        if max(others, default=0) >= _EXCLUDED[level]:
            raise apsw.exception_for(apsw.SQLITE_BUSY)
        self._stored.locks[id(self)] = max(level, self._stored.locks.get(id(self), 0))

    def xUnlock(self, level: int) -> None:
        """Lower the lock."""
        self._stored.locks[id(self)] = min(level, self._stored.locks.get(id(self), 0))

    def xCheckReservedLock(self) -> bool:
        """Return whether anybody is about to write."""
        return max(self._stored.locks.values(), default=0) >= apsw.SQLITE_LOCK_RESERVED

    def xFileControl(self, op: int, ptr: int) -> bool:
        """Understand nothing beyond the methods here."""
        return False

    def xDeviceCharacteristics(self) -> int:
        """Return what SQLite takes for granted of every disk.

        A write that is torn harms no byte outside of it.
        """
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE

    def xSectorSize(self) -> int:
        """Return the size that SQLite takes for granted, in bytes."""
        return 4096


def restore(files: Mapping[str, bytes]) -> Disk:
    """Return a disk that begins with these files."""
    return Disk(files)


def connect(disk: Disk, name: str, *, shares: bool = False) -> Connection:
    """Open a database on a disk, and create it if there is none.

    Args:
        disk: Where it is.
        name: Its name there.
        shares: Whether other connections may use it meanwhile. That rules out WAL, and lets a
            rollback journal be deleted after each transaction, as it is when processes share one.

    Raises:
        sqlite3.Error: It cannot be opened.
    """
    return Connection(disk, disk.name, name, shares=shares)
