"""Writes what has changed in a sandbox into its file, in a thread of its own."""

import sqlite3
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, Final

import attrs

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.changes import About, Change
from alphasms_async.sandbox.database.file import unusable
from alphasms_async.sandbox.database.reading import CLASSES
from alphasms_async.sandbox.database.settings import Settings
from alphasms_async.sandbox.database.sql import QUERIES
from alphasms_async.sandbox.database.standing import Stand
from alphasms_async.sandbox.database.values import as_json
from alphasms_async.sandbox.entries import SandboxCall
from alphasms_async.transactions import transact

# The first change is written at once; those of so long after it together.
_PAUSE_SECONDS: Final = 0.05
_AGAIN_SECONDS: Final = 1.0
# As many as the ledger looks among for the same recording.
_DIGESTS: Final = 16
_NAMES: Final = {kind: name for name, kind in CLASSES.items()}


@attrs.frozen
class _Written:
    """What the file has, as far as one looks there before writing."""

    next_id: int = 0
    """The first id that it does not know."""
    settings: str = ""


@attrs.frozen
class _Changes:
    """What is to be written at a time."""

    recordings: dict[str, bytes] = attrs.field(factory=dict[str, bytes])
    """By their digests."""
    rows: dict[str, list[Any]] = attrs.field(
        factory=lambda: {"add": [], "change": [], "remove": []}, repr=False
    )
    """By the name of the statement that takes them."""


class Writer:
    """Writes what has changed. It is told only what, and reads how that stands when it writes.

    Args:
        account: The sandbox.
        connection: Its file, which has what it has.
        path: What the file is called.
        tell: Is told in one line when nothing can be written any more, and when it can again; in
            the writer's thread.
    """

    def __init__(
        self,
        account: Account,
        connection: sqlite3.Connection,
        path: Path,
        tell: Callable[[str], None],
    ) -> None:
        self._account = account
        self._connection = connection
        self._path = path
        self._tell = tell
        self._digest = lru_cache(_DIGESTS)(_digest)
        self._lock = Lock()
        self._changed = set[Change]()
        self._woken, self._closed = Event(), Event()
        self._written = _Written(account.ledger.tally.next_id)
        self._fails = False

    def note(self, change: Change) -> None:
        """Take note that something has changed; from any thread, which waits for nothing."""
        with self._lock:
            self._changed.add(change)
        self._woken.set()

    @contextmanager
    def writing(self, changes: Iterable[Change]) -> Generator[None]:
        """Write `changes` at once, and others while the context is open, in the end all."""
        self._changed.update(changes)
        # Before anything is accepted: from here on the file says that it is in use.
        self._write_changes()
        thread = Thread(target=self._run, name="sandbox database", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._closed.set()
            self._woken.set()
            thread.join()

    def _run(self) -> None:
        while not self._closed.is_set():
            self._woken.wait()
            self._woken.clear()
            is_written = self._write_changes()
            self._closed.wait(_PAUSE_SECONDS if is_written else _AGAIN_SECONDS)
        if not self._write_changes(is_last=True):
            self._tell(f"the database {self._path} lacks what happened last")

    def _write_changes(self, *, is_last: bool = False) -> bool:
        """Write all that has changed by now, or put it off; return whether it is written."""
        with self._lock:
            changed, self._changed = self._changed, set[Change]()
        try:
            written = transact(self._connection, lambda _: self._write(changed, is_last=is_last))
        except sqlite3.Error as error:
            with self._lock:
                self._changed |= changed
            self._woken.set()
            if not self._fails:
                self._fails = True
                self._tell(f"{unusable(self._path, error)}; the sandbox goes on without it")
            return False
        self._written = written
        if self._fails:
            self._fails = False
            self._tell(f"the database {self._path} is written again, and has everything")
        return True

    def _write(self, changed: set[Change], *, is_last: bool) -> _Written:
        execute, written = self._connection.execute, self._written
        # Before the entries are looked at: all that the money was taken for is among them.
        tally = self._account.ledger.tally
        ids = {change for change in changed if isinstance(change, int)}
        if About.EVERYTHING in changed:
            execute(QUERIES["remove_all"])
            written = _Written()
            ids = {entry.id for entry in self._account.ledger.entries()}
        else:
            ids.update(range(written.next_id, tally.next_id))
        changes = _Changes()
        for entry_id in sorted(ids):
            if entry_id < tally.next_id:
                self._look(entry_id, changes, is_known=entry_id < written.next_id)
        for digest, sound in changes.recordings.items():
            execute(QUERIES["add_recording"], {"digest": digest, "sound": sound})
        for query, rows in changes.rows.items():
            if rows:
                execute(QUERIES[query], {"rows": as_json(rows)})
        settings = as_json(Settings.of(self._account, tally, is_last=is_last))
        if settings != written.settings:
            execute(QUERIES["set_settings"], {"settings": settings})
        return _Written(tally.next_id, settings)

    def _look(self, entry_id: int, changes: _Changes, *, is_known: bool) -> None:
        """Look how an entry stands, and put that among the changes to be written."""
        entry = self._account.ledger.find(entry_id)
        if entry is None:
            changes.rows["remove"].append(entry_id)
            return
        stand = Stand.of(self._account, entry)
        if is_known:
            changes.rows["change"].append((entry_id, stand))
            return
        digest = None
        if isinstance(entry, SandboxCall) and entry.audio is not None:
            digest = self._digest(entry.audio)
            changes.recordings[digest] = entry.audio
        changes.rows["add"].append((entry_id, _NAMES[type(entry)], entry, stand, digest))


def _digest(sound: bytes) -> str:
    return sha256(sound).hexdigest()
