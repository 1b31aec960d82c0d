"""The disk that loses its power: what it keeps, what it loses, and that it can tell them apart."""

import gc
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.torture.connection import Connection
from tests.torture.powercut import Disk, connect, restore
from tests.torture.stored import SECTOR_BYTES, Stored

# ruff: noqa: S311 - chance that can be had again is what is wanted here
PAIRS = 25
NAME = "journal"


def open_database(disk: Disk, synchronous: str, mode: str = "wal") -> Connection:
    """Return a connection to a new database, set up like a journal's."""
    connection = connect(disk, NAME, shares=mode == "delete")
    connection.execute(f"pragma journal_mode = {mode}")
    connection.execute(f"pragma synchronous = {synchronous}")
    connection.execute("pragma wal_autocheckpoint = 20")
    connection.execute("create table pair(a integer, b integer, filling text)")
    return connection


def add_pair(connection: Connection, number: int) -> None:
    """Commit two rows that belong together and need more than a page."""
    connection.execute("begin immediate")
    connection.executemany(
        "insert into pair values(?, ?, ?)", [(number, half, "x" * 2500) for half in (1, 2)]
    )
    connection.execute("commit")


def pairs(connection: Connection | sqlite3.Connection) -> set[int]:
    """Return the pairs that are there, after a look at the whole database.

    Raises:
        sqlite3.DatabaseError: It cannot be read, or something in it is broken.
    """
    if connection.execute("pragma quick_check").fetchone() != ("ok",):
        raise sqlite3.DatabaseError("the check found a fault")
    counts: dict[int, int] = dict(connection.execute("select a, count(*) from pair group by a"))
    if set(counts.values()) - {2}:
        raise sqlite3.DatabaseError("half a pair is there")
    return set(counts)


class Run:
    """A program that committed pairs, and how many were durable in its eyes at which instant."""

    def __init__(self, synchronous: str, mode: str = "wal") -> None:
        self.disk = Disk()
        connection = open_database(self.disk, synchronous, mode)
        # From the next operation on, or the loss of the table itself would be among the verdicts.
        self.begin = self.disk.instant + 1
        self.commits: list[int] = []
        for number in range(PAIRS):
            add_pair(connection, number)
            self.commits.append(self.disk.instant)

    def verdicts(self, seeds: int = 2) -> Iterator[str]:
        """Cut the power at each instant; tell whether what was committed then is there."""
        for instant in range(self.begin, self.disk.instant + 1):
            committed = {n for n, commit in enumerate(self.commits) if commit <= instant}
            for seed in range(seeds):
                left = connect(restore(self.disk.crash(seed, instant)), NAME)
                try:
                    yield "kept" if committed <= pairs(left) else "lost"
                except sqlite3.DatabaseError:
                    yield "unreadable"
                finally:
                    left.close()


def test_full_keeps_what_was_committed() -> None:
    """With WAL and FULL no cut, at whatever instant, loses a commit or half of one."""
    assert set(Run("full").verdicts()) == {"kept"}


def test_normal_loses_commits() -> None:
    """With WAL and NORMAL some cuts lose a commit."""
    assert "lost" in set(Run("normal").verdicts())


def test_off_breaks_the_file() -> None:
    """With OFF some cuts leave a database that cannot be read."""
    assert "unreadable" in set(Run("off").verdicts())


def test_rollback_journal_comes_back() -> None:
    """Only EXTRA keeps a deleted rollback journal from undoing its commit after all."""
    assert set(Run("full", "delete").verdicts()) == {"kept", "lost"}
    assert set(Run("extra", "delete").verdicts()) == {"kept"}


def test_cut_files_are_the_same_to_sqlite3(tmp_path: Path) -> None:
    """What a cut leaves means the same to the standard library, on a real disk."""
    disk = Run("normal").disk
    for seed in range(8):
        files = disk.crash(seed)
        folder = tmp_path / str(seed)
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        real = sqlite3.connect(folder / NAME)
        left = connect(restore(files), NAME)
        assert pairs(left) == pairs(real)
        left.close()
        real.close()


def test_cuts_can_be_had_again_in_any_order() -> None:
    """Seed and instant say what is left, whatever was cut before."""
    disk = Run("normal").disk
    instants = range(0, disk.instant + 1, 7)
    forth = [disk.crash(1, instant) for instant in instants]
    back = [disk.crash(1, instant) for instant in reversed(instants)]
    assert forth == back[::-1]
    assert forth != [disk.crash(2, instant) for instant in instants]


def test_cut_is_now_unless_told_otherwise() -> None:
    """Without an instant the power goes after the latest operation."""
    disk = Run("normal").disk
    assert disk.crash(5) == disk.crash(5, disk.instant)


def test_restored_disk_loses_nothing_of_what_it_began_with() -> None:
    """What a disk begins with is durable."""
    files = {NAME: b"once", "other": b"more"}
    assert restore(files).crash(1) == files
    assert restore({}).crash(1) == {}


def test_cut_before_a_file_was_is_without_it() -> None:
    """At the first instant there is nothing yet."""
    assert Run("full").disk.crash(1, 0) == {}


@pytest.mark.parametrize(("synchronous", "syncs"), [("full", 1), ("normal", 0)])
def test_syncs_are_counted(synchronous: str, syncs: int) -> None:
    """A commit in WAL is one sync with FULL, none with NORMAL, and writes with both."""
    disk = Disk()
    connection = open_database(disk, synchronous)
    writes, before, instant = disk.writes, disk.syncs, disk.instant
    add_pair(connection, 1)
    assert disk.syncs - before == syncs
    assert disk.writes > writes
    assert disk.instant - instant == disk.writes - writes + syncs


FAILURES: dict[type[apsw.Error], str] = {
    apsw.IOError: "disk I/O error",
    apsw.FullError: "database or disk is full",
}


@pytest.mark.parametrize("fails_on", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("kind", FAILURES, ids=lambda kind: kind.__name__)
def test_failure_is_an_error_and_harms_nothing(kind: type[apsw.Error], *, fails_on: bool) -> None:
    """Whichever operation fails: the commit is no commit, and what was committed before is kept."""
    told = list[str]()
    for number in range(1, 40):
        disk = Disk()
        connection = open_database(disk, "full")
        disk.fail_at, disk.fail_with, disk.fails_on = disk.instant + number, kind, fails_on
        committed = set[int]()
        for pair in range(8):
            try:
                add_pair(connection, pair)
                committed.add(pair)
            except sqlite3.OperationalError as error:
                told.append(str(error))
        assert pairs(connection) == committed
        assert committed <= pairs(connect(restore(disk.crash(number)), NAME))
        connection.close()
    assert len(told) > 20
    assert set(told) == {FAILURES[kind]}


@pytest.mark.parametrize(("fails_on", "errors"), [(False, 1), (True, 5)], ids=["once", "for good"])
def test_failure_comes_once_or_stays(*, fails_on: bool, errors: int) -> None:
    """One commit fails, or every one from then on."""
    disk = Disk()
    connection = open_database(disk, "full")
    disk.fail_at, disk.fails_on = disk.instant + 1, fails_on
    failed = 0
    for number in range(5):
        with suppress(sqlite3.OperationalError):
            failed += 1
            add_pair(connection, number)
            failed -= 1
    assert failed == errors


def test_failure_is_told_by_its_code() -> None:
    """A failing write has the code that SQLite gives it."""
    disk = Disk()
    connection = open_database(disk, "full")
    disk.fail_at = disk.instant + 1
    with pytest.raises(sqlite3.OperationalError) as caught:
        add_pair(connection, 1)
    assert caught.value.sqlite_errorname == "SQLITE_IOERR_WRITE"


def test_failed_checkpoint_is_no_failed_commit() -> None:
    """What SQLite forgives, a checkpoint after the commit, is not taken for a lost commit."""
    disk = Disk()
    connection = open_database(disk, "full")
    connection.execute("pragma wal_autocheckpoint = 1")
    before = disk.instant
    add_pair(connection, 1)
    # Now the log is begun anew, so the same operations lead to the same checkpoint.
    disk.fail_at = disk.instant + (disk.instant - before)
    add_pair(connection, 2)
    assert disk.instant >= disk.fail_at
    assert pairs(connection) == {1, 2}


def test_closing_on_a_broken_disk_is_quiet() -> None:
    """Closing drops a last checkpoint that fails, as SQLite does; the log is still there."""
    disk = Disk()
    connection = open_database(disk, "full")
    add_pair(connection, 1)
    disk.fail_at, disk.fails_on = disk.instant + 1, True
    connection.close()
    assert disk.instant >= disk.fail_at
    assert pairs(connect(restore(disk.crash(1)), NAME)) == {1}


def test_connection_left_open_on_a_broken_disk_is_quiet() -> None:
    """A connection that nobody closed lets go of its file, without a word."""
    disk = Disk()
    connection = open_database(disk, "full")
    add_pair(connection, 1)
    disk.fail_at, disk.fails_on = disk.instant + 1, True
    del connection
    gc.collect()
    disk.fail_at = None
    assert pairs(connect(disk, NAME)) == {1}


def test_file_belongs_to_one_connection() -> None:
    """A second connection is told that the database is locked."""
    disk = Disk()
    open_database(disk, "full")
    with pytest.raises(sqlite3.OperationalError, match="database is locked"):
        connect(disk, NAME).execute("select * from pair")


def test_shared_file_has_one_writer() -> None:
    """Connections that share a file take turns: a second writer is refused until the first ends."""
    disk = Disk()
    first = open_database(disk, "full", "delete")
    second = connect(disk, NAME, shares=True)
    first.execute("begin immediate")
    assert pairs(second) == set()
    with pytest.raises(sqlite3.OperationalError, match="database is locked"):
        second.execute("begin immediate")
    first.execute("rollback")
    add_pair(second, 1)
    assert pairs(first) == {1}


def test_missing_file_cannot_be_opened_without_creating_it() -> None:
    """Who would only read is told that there is no such file."""
    disk = Disk()
    with pytest.raises(apsw.CantOpenError):
        apsw.Connection(NAME, flags=apsw.SQLITE_OPEN_READONLY, vfs=disk.name)
    assert disk.crash(1) == {}


WRITES = st.lists(
    st.tuples(st.integers(0, 2000), st.none() | st.binary(min_size=1, max_size=1500)), max_size=6
)


@given(durable=WRITES, fleeting=WRITES, seed=st.integers())
def test_what_was_synced_is_left(
    durable: list[tuple[int, bytes | None]], fleeting: list[tuple[int, bytes | None]], seed: int
) -> None:
    """A cut right after a sync leaves all; a later one leaves what nobody wrote to since."""
    stored = Stored(NAME, 0)
    for instant, change in enumerate(durable, 1):
        stored.change(instant, *change)
    synced = bytes(stored.content)
    stored.sync(10)
    for instant, change in enumerate(fleeting, 11):
        stored.change(instant, *change)
    left = stored.left(20, Random(seed))
    untouched = synced[: min((offset for offset, _ in fleeting), default=len(synced))]
    assert stored.left(10, Random(seed)) == synced
    assert left[: len(untouched)] == untouched


@given(offset=st.integers(0, 1500), size=st.integers(1, 3000), seed=st.integers())
def test_sectors_are_whole(offset: int, size: int, seed: int) -> None:
    """Of a write that was not synced each sector is as before or as written, never in between."""
    stored = Stored(NAME, 0, b"a" * 5000)
    stored.change(1, offset, b"b" * size)
    left = stored.left(1, Random(seed))
    assert len(left) == 5000
    for start in range(0, 5000, SECTOR_BYTES):
        sector = slice(start, start + SECTOR_BYTES)
        assert left[sector] in (stored.first[sector], stored.content[sector])


def test_write_is_lost_or_kept_or_torn() -> None:
    """Each of the three happens to a write, and each of the two to a truncation."""
    stored = Stored(NAME, 0, b"a" * 2048)
    stored.change(1, 0, b"b" * 2048)
    left = {stored.left(1, Random(seed)) for seed in range(40)}
    stored = Stored(NAME, 0, b"a" * 2048)
    stored.change(1, 100, None)
    assert left > {b"a" * 2048, b"b" * 2048}
    assert {len(stored.left(1, Random(seed))) for seed in range(40)} == {100, 2048}


def test_many_writes_may_be_lost_or_kept_together() -> None:
    """However many writes are in flight, some cut spares all of them and some cut none."""
    stored = Stored(NAME, 0, b"a" * 300)
    for number in range(300):
        stored.change(number + 1, number, b"b")
    left = {stored.left(300, Random(seed)) for seed in range(60)}
    assert left >= {b"a" * 300, b"b" * 300}
