"""A journal in memory, for tests and for runs whose loss nobody minds."""

import os
import sqlite3
from pathlib import Path

from alphasms_async.campaigns.sqlite.connection import SqliteConnection
from alphasms_async.campaigns.sqlite.one_writer import OneWriterJournal
from alphasms_async.campaigns.sqlite.opening import prepare
from alphasms_async.clock import Clock, utc_now

__all__ = ["MemoryJournal"]


class MemoryJournal(OneWriterJournal):
    """Everything a journal does, except that it survives nothing.

    Args:
        clock: Returns the time, aware. Tests set it.
    """

    # Nothing is waited for, and a test's clock does not run on while a thread is at work.
    _writes_in_thread = False

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__("in memory", clock)
        self._connection: SqliteConnection | None = None

    @property
    def place(self) -> str | Path:
        """Nowhere: it cannot be opened again."""
        return self._name

    def _take(self) -> SqliteConnection:
        opened = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._connection = SqliteConnection(opened)
        prepare(opened, self._name, in_memory=True)
        self._begin(self._connection, "memory", os.getpid())
        return self._connection

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
