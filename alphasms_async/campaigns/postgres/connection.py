"""A PostgreSQL connection that knows the statements by name, and insists on durable commits."""

import os
import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from time import monotonic, sleep
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.string import StrDumperUnknown

from alphasms_async.campaigns.postgres.failures import FAILURES, journal_error, passes
from alphasms_async.campaigns.postgres.sql import QUERIES
from alphasms_async.campaigns.sql.connection import Cursor
from alphasms_async.errors import JournalError

__all__ = ["PostgresConnection", "connect", "connection_limits"]

_CONNECT_SECONDS = 10
_LOOK_SECONDS = 0.25
# What a commit that returns has survived. `local` knows of no standby, and does without.
_DURABLE = frozenset({"on", "local", "remote_write", "remote_apply"})
# What is meant for people's queries would end a dialer: a claim waits, a long list takes its time.
_SESSION = {
    "array_nulls": "on",
    "idle_session_timeout": "0",
    "lock_timeout": "0",
    "statement_timeout": "0",
}
_SET_UP = b"select " + b", ".join(
    f"set_config('{setting}', %({setting})s, false)".encode()
    for setting in (*_SESSION, "idle_in_transaction_session_timeout")
)
_NOTHING: Mapping[str, Any] = {}


class _Text(StrDumperUnknown):
    """Text as PostgreSQL can keep it: it has no NUL, nor half a surrogate pair."""

    def dump(self, obj: str) -> bytes:
        return obj.replace("\0", "\ufffd").encode("utf-8", "replace")


class PostgresConnection:
    """A connection of a journal in PostgreSQL.

    Args:
        open_one: Opens one in autocommit, for the caller begins and ends transactions.
        patience_seconds: How long to wait for a database that has gone away, once and for all.
    """

    def __init__(
        self, open_one: Callable[[], psycopg.Connection], *, patience_seconds: float = 0.0
    ) -> None:
        self.opened: psycopg.Connection = open_one()
        """The connection itself."""
        self.statements: int = 0
        """How many statements went through it, those that begin and end transactions included."""
        self._open_one = open_one
        self._patience_seconds = patience_seconds
        self._patient_until: float | None = None

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What a database that fails raises."""
        return FAILURES

    def execute(self, statement: str, parameters: Mapping[str, Any] = _NOTHING, /) -> Cursor:
        """Run one statement."""
        self.statements += 1
        return self.opened.execute(QUERIES[statement], parameters)

    def copy(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Bring rows into a table, which is many times quicker than a statement for each."""
        self.statements += 1
        with self.opened.cursor() as cursor, cursor.copy(QUERIES[statement]) as copy:
            for row in rows:
                copy.write_row(row)

    def begin(self) -> None:
        """Begin a transaction each of whose statements sees what others have committed by then.

        Whatever the server is set to: what is decided under a lock must be seen as it is there.
        """
        self.statements += 1
        self.opened.execute(b"begin isolation level read committed")

    def commit(self) -> None:
        """End the transaction; what it wrote is durable when this returns."""
        self.statements += 1
        self.opened.execute(b"commit")

    def rollback(self) -> None:
        """Take the transaction back, if the server has not done so by itself."""
        with suppress(psycopg.Error):
            self.opened.execute(b"rollback")

    def close(self) -> None:
        """Close the connection."""
        self.opened.close()

    def revive(self) -> bool:
        """Open it anew if it broke; return whether it can be used."""
        if self._patient_until is None:
            self._patient_until = monotonic() + self._patience_seconds
        while self.is_broken:
            with suppress(psycopg.Error, JournalError):
                self.opened = self._open_one()
                break
            if monotonic() > self._patient_until:
                return False
            sleep(_LOOK_SECONDS)
        return True

    def break_off(self) -> None:
        """Have whoever waits for an answer of the server, in whichever thread, wait no more."""
        with (
            suppress(OSError, psycopg.Error),
            socket.socket(fileno=os.dup(self.opened.fileno())) as way,
        ):
            way.shutdown(socket.SHUT_RDWR)

    @property
    def is_broken(self) -> bool:
        """Whether it cannot be used any more."""
        return self.opened.closed

    def error(self, failure: Exception, name: str) -> JournalError:
        """Return what a failure means for a person."""
        return journal_error(failure, name)

    def passes(self, failure: Exception) -> bool:
        """Return whether to try again, for another transaction was in the way of this one."""
        return passes(failure)


def connect(
    dsn: str,
    name: str,
    *,
    away_seconds: float | None = None,
    patience_seconds: float = 0.0,
) -> PostgresConnection:
    """Open a connection whose commits are durable when they return.

    Args:
        dsn: Where to, password and all.
        name: What to call it in errors.
        away_seconds: How long it may rest in the middle of a transaction before the server takes
            that back, for it may be frozen, and others wait for what it holds. `None`: for ever.
        patience_seconds: How long `revive` waits for a database that has gone away.

    Raises:
        JournalError: It cannot be opened, or does not make commits durable.
    """

    def open_one() -> psycopg.Connection:
        try:
            opened = psycopg.connect(
                dsn, autocommit=True, client_encoding="UTF8", **connection_limits(dsn)
            )
        except psycopg.Error as error:
            raise journal_error(error, name) from None
        try:
            _set_up(opened, name, away_seconds)
        except psycopg.Error as error:
            opened.close()
            raise journal_error(error, name) from None
        except BaseException:
            opened.close()
            raise
        return opened

    return PostgresConnection(open_one, patience_seconds=patience_seconds)


def connection_limits(dsn: str) -> dict[str, Any]:
    """Return what a connection waits for at most, as far as its DSN does not say."""
    told = conninfo_to_dict(dsn)
    defaults: dict[str, Any] = {
        "connect_timeout": _CONNECT_SECONDS,
        "fallback_application_name": "alphasms",
        # A machine that is gone says nothing; without these a write waits for it for hours.
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
    }
    return {word: value for word, value in defaults.items() if word not in told}


def _set_up(opened: psycopg.Connection, name: str, away_seconds: float | None) -> None:
    opened.adapters.register_dumper(str, _Text)
    encoding = opened.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise JournalError(
            f"the journal {name} cannot keep every text in {encoding}: make a database with "
            "encoding UTF8, or name another with --journal"
        )
    _make_durable(opened, name)
    away = 0 if away_seconds is None else max(1, int(away_seconds * 1000))
    opened.execute(_SET_UP, {**_SESSION, "idle_in_transaction_session_timeout": str(away)})


def _make_durable(opened: psycopg.Connection, name: str) -> None:
    """Insist on commits that survive a crash, whatever the server, database or user is set to."""
    level = _synchronous_commit(opened)
    if level not in _DURABLE:
        opened.execute("set synchronous_commit = on")
        level = _synchronous_commit(opened)
    if level not in _DURABLE:
        raise JournalError(
            f"the journal {name} cannot be made durable: synchronous_commit stays {level}"
        )


def _synchronous_commit(opened: psycopg.Connection) -> str:
    (level,) = opened.execute("show synchronous_commit").fetchone() or ("",)
    return str(level)
