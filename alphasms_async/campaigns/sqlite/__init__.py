"""The journal in SQLite: a file that survives anything, or memory that survives nothing."""

from alphasms_async.campaigns.sqlite.file import DEFAULT_JOURNAL, SqliteJournal, Told, tell
from alphasms_async.campaigns.sqlite.memory import MemoryJournal

__all__ = ["DEFAULT_JOURNAL", "MemoryJournal", "SqliteJournal", "Told", "tell"]
