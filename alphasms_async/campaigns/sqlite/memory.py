"""A journal in memory, for tests and for runs whose loss nobody minds."""

import os
import sqlite3

from alphasms_async.campaigns.sqlite.connection import Connection
from alphasms_async.campaigns.sqlite.journal import SqlJournal
from alphasms_async.campaigns.sqlite.opening import prepare
from alphasms_async.clock import Clock, utc_now

__all__ = ["MemoryJournal"]


class MemoryJournal(SqlJournal):
    """Everything a journal does, except that it survives nothing.

    Args:
        clock: Returns the time, aware. Tests set it.
    """

    # Nothing is waited for, and a test's clock does not run on while a thread is at work.
    _writes_in_thread = False

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__("in memory", clock)
        self._connection: sqlite3.Connection | None = None

    def _take(self) -> Connection:
        self._connection = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False
        )
        prepare(self._connection, self._name, in_memory=True)
        self._begin(self._connection, "memory", os.getpid())
        return self._connection

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
