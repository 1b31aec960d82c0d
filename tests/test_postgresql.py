"""The server that stands for everybody's PostgreSQL: it comes, crashes, comes back, and goes."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest

from tests.postgresql import Server, connected, empty

_OPEN = """
import sys
from tests.postgresql import Server

with Server() as server:
    print(server.dsn(), server.folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(params=[False, True], ids=["installed", "wheel"])
def server(request: pytest.FixtureRequest) -> Generator[Server]:
    """A server of the machine's own programs, where it has them, and of the wheel's."""
    with Server(of_wheel=request.param) as server:
        yield server


def test_crash_keeps_what_was_committed(server: Server) -> None:
    """Whoever is connected is cut off; after the next start the row is there, at the same place."""
    dsn = server.create_database("calls")
    with connected(dsn) as connection:
        connection.execute("create table call as select 1 as number")
        server.crash()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)
    server.start()
    with connected(dsn) as connection:
        assert connection.execute("select number from call").fetchall() == [(1,)]


def test_is_gone_with_its_data(server: Server) -> None:
    """Once the context is left there is no server, and no file of it."""
    assert server.folder.exists()
    server.__exit__(None, None, None)
    assert not server.folder.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.dsn())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_is_gone_with_whoever_opened_it(number: signal.Signals) -> None:
    """A process of tests that is killed leaves no server behind, and no file of it."""
    with subprocess.Popen(  # noqa: S603 - a program of this file's
        [sys.executable, "-c", _OPEN],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        dsn, folder = process.stdout.readline().split()
        psycopg.connect(dsn).close()
        process.send_signal(number)
        # What clears up behind it has the same output, and closes it when it is through.
        assert not process.stdout.read()
    assert not Path(folder).exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)


def test_emptied_schema_keeps_its_version(fresh_postgres_dsn: str) -> None:
    """Rows are forgotten and numbers begin anew, in one schema only; which version it has stays."""
    with connected(fresh_postgres_dsn) as connection:
        connection.execute(
            """
            create schema alphasms;
            create table alphasms.migration as select 1 as version;
            create table alphasms.call (id integer generated always as identity primary key);
            create table alphasms.event (call integer references alphasms.call);
            create table other as select 1 as number;
            insert into alphasms.call default values;
            insert into alphasms.event values (1)
            """
        )
        empty(fresh_postgres_dsn)
        assert not connection.execute("select from alphasms.event").fetchall()
        inserted = connection.execute("insert into alphasms.call default values returning id")
        assert inserted.fetchall() == [(1,)]
        left = connection.execute("select version, number from alphasms.migration, other")
        assert left.fetchall() == [(1, 1)]
