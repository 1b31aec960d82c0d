"""The inbox of a journal: a file beside it in which any process leaves commands for its dialer."""

import json
import os
import secrets
import sqlite3
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Self

from attrs import frozen

from alphasms_async.campaigns.commands import Command, command_to_json
from alphasms_async.campaigns.sqlite.connection import is_locked, meaning_of
from alphasms_async.errors import JournalError
from alphasms_async.files import identity_of

__all__ = ["Inbox", "InboxError", "Letters"]

_BUSY_SECONDS = 5.0
_AT_ONCE = 500
_SCHEMA = (
    "create table if not exists epoch(value text not null)",
    # Never used twice, so that what was read is told from what is new, whatever was taken out.
    "create table if not exists letter(id integer primary key autoincrement, body text not null)",
)
# Other columns than ours are not what they should be, in number or kind.
_FAILURES = (sqlite3.Error, OSError, TypeError, ValueError)
_NO_INBOX = ("not a database", "malformed", "no such")


class InboxError(JournalError):
    """The inbox cannot be used; the journal itself is as good as it was."""


@frozen
class Letters:
    """Commands that wait in the inbox, as JSON, with their numbers."""

    epoch: str
    """Which inbox they are from: a file made anew counts from 1 again."""
    bodies: tuple[tuple[int, str | bytes], ...]


class Inbox:
    """`<journal>.inbox`; each of its methods blocks and belongs in a worker thread.

    Written with a rollback journal, which any number of processes may share, and made only when
    somebody has something to say.
    """

    def __init__(self, journal: Path) -> None:
        self._path = journal.with_name(f"{journal.name}.inbox")
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def put(self, commands: Iterable[Command]) -> int:
        """Leave commands, durably and all together; return the number of the last.

        Raises:
            InboxError: The inbox cannot be written.
        """
        bodies = [(json.dumps(command_to_json(command)),) for command in commands]
        try:
            connection = self._open()
            connection.execute("begin immediate")
            connection.executemany("insert into letter(body) values(?)", bodies)
            (last,) = connection.execute(
                "select coalesce(max(seq), 0) from sqlite_sequence"
            ).fetchone()
            connection.execute("commit")
        except _FAILURES as error:
            raise self._failed(error) from error
        return int(last)

    def waiting(self) -> Letters | None:
        """Return what waits, some hundreds at a time. `None` when nothing does.

        Raises:
            InboxError: The inbox cannot be read.
        """
        try:
            if identity_of(self._path) is None:
                return None
            connection = self._open()
            rows = connection.execute(
                "select id, body from letter order by id limit ?", (_AT_ONCE,)
            ).fetchall()
            (epoch,) = connection.execute("select value from epoch").fetchone()
            letters = Letters(str(epoch), tuple((int(number), body) for number, body in rows))
        except _FAILURES as error:
            raise self._failed(error) from error
        return letters if rows else None

    def has(self, number: int) -> bool:
        """Return whether a command still waits.

        Raises:
            InboxError: The inbox cannot be read.
        """
        try:
            # The file it was left in, even if there is another one by now.
            connection = self._connection or self._open()
            row = connection.execute("select 1 from letter where id = ?", (number,)).fetchone()
        except _FAILURES as error:
            raise self._failed(error) from error
        return row is not None

    def forget(self, last: int) -> None:
        """Take out all up to a number, now that the journal has them.

        Raises:
            InboxError: The inbox cannot be written.
        """
        try:
            self._open().execute("delete from letter where id <= ?", (last,))
        except _FAILURES as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._opened != identity_of(self._path):
            # Somebody has deleted the file, and others have made a new one.
            self.close()
        if self._connection is None:
            if not self._path.exists():
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            connection = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                # A power cut right after a commit could bring the rollback journal back, and undo
                # it; with EXTRA its end is durable too.
                connection.execute("pragma synchronous = extra")
                # A letter that is no text is a bad letter, and no trouble of the others'.
                connection.text_factory = partial(str, encoding="utf-8", errors="replace")
                _make_tables(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
            self._opened = identity_of(self._path)
        return self._connection

    def _failed(self, error: Exception) -> InboxError:
        self.close()
        said = str(error).casefold()
        if isinstance(error, OSError):
            meaning = str(error.strerror)
        elif not isinstance(error, sqlite3.Error) or any(word in said for word in _NO_INBOX):
            meaning = "it is no inbox: move it away, and ask again for what was left in it"
        elif is_locked(error):
            meaning = "another program has locked it: close that first"
        else:
            meaning = meaning_of(error)
        return InboxError(f"the inbox {self._path} cannot be used: {meaning}")


def _make_tables(connection: sqlite3.Connection) -> None:
    # Read first: an inbox that is there already needs no lock to be looked into.
    if connection.execute("select count(*) from sqlite_master").fetchone()[0] >= len(_SCHEMA):
        return
    connection.execute("begin immediate")
    for statement in _SCHEMA:
        connection.execute(statement)
    if connection.execute("select count(*) from epoch").fetchone()[0] == 0:
        connection.execute("insert into epoch(value) values(?)", (secrets.token_hex(8),))
    connection.execute("commit")
