"""A PostgreSQL that flushes the disk at each commit, and what it does while it is looked at."""

import re
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

from attrs import define, field, frozen

from alphasms_async.campaigns.postgres.sql import QUERIES
from tests.postgresql import Server, connected

__all__ = ["Asked", "Database", "Databases", "Done", "databases"]

# Whatever differs between a statement as it is written and as the server keeps it.
_VALUE: Final = re.compile(r"%\(\w+\)s|\$\d+|'[^']*'|\bepoch\b|\b\d[\w.]*|\s+")
_COMMENT: Final = re.compile(r"^--.*\n", re.MULTILINE)
_STATEMENTS: Final = """
select s.query, s.calls, s.total_exec_time
from pg_stat_statements s join pg_database d on d.oid = s.dbid
where d.datname = current_database() and s.calls > 0
  and s.query not like '%pg\\_stat%' and s.query !~ '^(begin|commit)'"""
_LEAVING_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.02
_COUNTERS: Final = """
select d.xact_commit, w.wal_sync, (pg_current_wal_lsn() - '0/0')::bigint
from pg_stat_database d, pg_stat_wal w where d.datname = current_database()"""
_OTHERS: Final = """
select count(*) from pg_stat_activity where datname = current_database()
and pid <> pg_backend_pid() and backend_type = 'client backend'"""
_SIZES: Final = """
select sum(pg_total_relation_size(c.oid))::bigint from pg_class c
where c.oid in ('alphasms.recipient'::regclass, 'alphasms.attempt'::regclass)"""


@frozen
class Asked:
    """One statement, and what it came to."""

    calls: int
    milliseconds: float
    """What all of them took in the server; the commit behind them is not in it."""

    @property
    def each(self) -> float:
        """What one of them took, in milliseconds."""
        return self.milliseconds / self.calls


@define
class Done:
    """What a database did."""

    statements: Mapping[str, Asked] = field(factory=dict[str, Asked])
    """By name, those of no file by what they say. What begins and ends transactions is not seen:
    the server counts only the first few."""
    transactions: int = 0
    """How many were committed, those that only read included."""
    flushes: int = 0
    """How often the log was flushed to the disk: whoever commits at once shares one."""
    wal_bytes: int = 0
    """How much log was written, whole pages included."""

    @property
    def calls(self) -> int:
        """How many statements that were."""
        return sum(one.calls for one in self.statements.values())

    def of(self, *names: str) -> int:
        """Return how often some of the statements were asked."""
        return sum(self.statements[name].calls for name in names if name in self.statements)


@frozen
class Database:
    """One of them, which one campaign lies in."""

    dsn: str

    def execute(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement in a connection of its own; return its rows, if it has any."""
        with connected(self.dsn) as connection:
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def bytes_on_disk(self) -> int:
        """Return how large the recipients and their attempts are, with their indexes."""
        ((size,),) = self.execute(_SIZES)
        return int(size)

    def wait_until_left(self) -> None:
        """Wait until nobody else is connected: what somebody did is counted when he leaves.

        Raises:
            RuntimeError: Somebody stays.
        """
        until = time.monotonic() + _LEAVING_SECONDS
        while self.execute(_OTHERS)[0][0]:
            if time.monotonic() > until:
                raise RuntimeError("somebody is still connected to the database")
            time.sleep(_LOOK_SECONDS)

    @contextmanager
    def watched(self) -> Generator[Done]:
        """Yield what is to be filled in, at the end, with what was done meanwhile."""
        done = Done()
        # Every page is written whole the first time that it changes after this.
        self.execute("checkpoint")
        self.execute("select pg_stat_statements_reset()")
        before = self._counters()
        yield done
        done.transactions, done.flushes, done.wal_bytes = (
            now - then for now, then in zip(self._counters(), before, strict=True)
        )
        done.statements = self._statements()

    def _counters(self) -> tuple[int, ...]:
        (counters,) = self.execute(_COUNTERS)
        return counters

    def _statements(self) -> Mapping[str, Asked]:
        asked: dict[str, Asked] = {}
        for row in self.execute(_STATEMENTS):
            query, new = str(row[0]), Asked(*row[1:])
            name = _NAMES.get(_kind(query), query)
            before = asked.get(name, Asked(0, 0.0))
            asked[name] = Asked(before.calls + new.calls, before.milliseconds + new.milliseconds)
        return dict(sorted(asked.items(), key=lambda one: -one[1].calls))


@define
class Databases:
    """A server of one's own, and one database after another in it."""

    server: Server
    _numbers: "count[int]" = field(factory=lambda: count(1), init=False)

    @contextmanager
    def new(self) -> Generator[Database]:
        """Yield an empty one, which is gone afterwards."""
        name = f"bench{next(self._numbers)}"
        database = Database(self.server.create_database(name))
        database.execute("create extension pg_stat_statements")
        yield database
        Database(self.server.dsn()).execute(f"drop database {name} with (force)")

    @property
    def pid(self) -> int:
        """The server's first process, which all its others come from."""
        return int(Path(self.server.folder, "data", "postmaster.pid").read_text().split()[0])


@contextmanager
def databases() -> Generator[Databases]:
    """Run a server that flushes the disk at each commit, and counts statements."""
    with Server(durable=True) as server:
        with connected(server.dsn()) as connection:
            counting = "alter system set shared_preload_libraries = 'pg_stat_statements'"
            connection.execute(counting)
        server.restart()
        yield Databases(server)


def _kind(statement: str) -> str:
    return _VALUE.sub("", _COMMENT.sub("", statement))


_NAMES: Final = {_kind(text.decode()): name for name, text in QUERIES.items()}
