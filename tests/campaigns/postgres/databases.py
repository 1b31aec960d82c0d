"""A database as whoever administers it sees it, and makes things happen in it."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import anyio
import anyio.to_thread
import psycopg
from attrs import frozen

from tests.postgresql import connected

__all__ = ["Database"]

_LOOK_SECONDS = 0.01


@frozen
class Database:
    """A database, by its DSN."""

    dsn: str

    def value(self, sql: str, *values: Any) -> Any:
        """Return the first value of the first row of an answer; `None` without a row."""
        with connected(self.dsn) as connection:
            row = connection.execute(sql.encode(), values).fetchone()
        return None if row is None else row[0]

    def change(self, sql: str, *values: Any) -> None:
        """Do something."""
        with connected(self.dsn) as connection:
            connection.execute(sql.encode(), values)

    def age(self, seconds: float = 3600, *, owner: int | None = None) -> None:
        """Have everybody's last sign of life be so long ago, or that of one."""
        older = "update alphasms.owner set beat = beat - make_interval(secs => %s) "
        self.change(older + "where %s::bigint is null or id = %s", seconds, owner, owner)

    @contextmanager
    def transaction(self) -> Generator["psycopg.Connection[Any]"]:
        """Return a connection with a transaction of somebody else's, committed at the end."""
        with connected(self.dsn) as connection, connection.transaction():
            yield connection

    async def wait_until(self, sql: str, *values: Any) -> None:
        """Return when an answer's first value is true."""
        # What changes it is another process's, and has no event of ours.
        while not await anyio.to_thread.run_sync(self.value, sql, *values):  # noqa: ASYNC110
            await anyio.sleep(_LOOK_SECONDS)

    async def wait_for_a_wait(self) -> None:
        """Return when somebody waits for a lock that another one holds."""
        await self.wait_until(
            "select count(*) > 0 from pg_stat_activity "
            "where datname = current_database() and wait_event_type = 'Lock'"
        )
