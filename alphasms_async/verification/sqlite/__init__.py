"""Verifications in a SQLite file, which any number of processes of one machine may share."""

from alphasms_async.verification.sqlite.file import SqliteStore

__all__ = ["SqliteStore"]
