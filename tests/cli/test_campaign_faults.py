"""Journals that cannot be used and disks that fail: one line, nothing dialled, nothing lost."""

import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from alphasms_async.sandbox import Sandbox
from tests.cli.campaigns import AUDIO, JOURNAL, LIST, NAME, listed, names, only_line, plan, states
from tests.cli.conftest import Alphasms
from tests.doubles import phones

PLAN = ("campaign", "plan", LIST, "--audio", AUDIO, "--name", "summer")
DIAL = ("dial", LIST, "--audio", AUDIO, "--yes")
RUN = ("campaign", "run", NAME, "--yes")
WRITING = [
    PLAN,
    DIAL,
    RUN,
    ("campaign", "reconcile", NAME),
    ("dnc", "add", "0501234567"),
    ("dnc", "remove", "0501234567"),
]
READING = [
    ("campaign", "status"),
    ("campaign", "status", NAME, "--json"),
    ("campaign", "pause", NAME),
    ("campaign", "resume", NAME),
    ("campaign", "cancel", NAME, "--yes"),
    ("campaign", "pace", NAME, "--per-second", "1"),
    ("campaign", "budget", NAME, "1"),
    ("campaign", "report", NAME),
    ("campaign", "export", NAME),
    ("dnc", "list"),
]
MAKING = [PLAN, DIAL, ("dnc", "add", "0501234567")]
NEEDING = [one for one in (*WRITING, *READING) if one not in MAKING]
ANY = pytest.mark.parametrize("words", [*WRITING, *READING], ids=" ".join)
DISK_FULL = "the disk is full: free some space, then go on; nothing is lost"


@contextmanager
def room_for(pages: int) -> Generator[None]:
    """Let every journal opened meanwhile grow by so many pages and no more."""
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def connect_to_small_disk(place: object, **options: Any) -> sqlite3.Connection:
        connection = connect(place, **options)
        if str(place).endswith("mode=rw"):
            (there,) = connection.execute("pragma page_count").fetchone()
            connection.execute(f"pragma max_page_count = {there + pages}")
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", connect_to_small_disk)
        yield


@contextmanager
def locked() -> Generator[None]:
    """Have another program hold on to the journal, such as one to look into databases with."""
    with closing(sqlite3.connect(JOURNAL, isolation_level=None)) as tool:
        tool.execute("begin immediate")
        yield


def newer() -> None:
    """Make the journal one that a later version of the package has written."""
    with closing(sqlite3.connect(JOURNAL)) as connection:
        connection.execute("pragma user_version = 99")


@ANY
def test_newer_journal_is_refused(folder: Path, alphasms: Alphasms, words: tuple[str, ...]) -> None:
    """What a newer version wrote is not touched; the line says to update."""
    plan(alphasms)
    newer()
    before = Path(JOURNAL).read_bytes()
    said = only_line(alphasms(*words))
    assert said.startswith(f"{JOURNAL} is a journal of a newer version (99, this is ")
    assert said.endswith("): update alphasms-async")
    assert Path(JOURNAL).read_bytes() == before


@ANY
def test_file_that_is_no_journal_is_refused(
    folder: Path, alphasms: Alphasms, words: tuple[str, ...]
) -> None:
    """Whatever somebody has under this name is left as it is."""
    listed(phones(3))
    Path(JOURNAL).write_text("dear diary", "utf-8")
    said = only_line(alphasms(*words))
    assert "it is not a journal: name another file with --journal" in said
    assert Path(JOURNAL).read_text("utf-8") == "dear diary"


@ANY
def test_folder_is_no_journal(folder: Path, alphasms: Alphasms, words: tuple[str, ...]) -> None:
    """A folder in the journal's place is named."""
    listed(phones(3))
    Path(JOURNAL).mkdir()
    assert f"{JOURNAL} is a folder" in only_line(alphasms(*words))


@ANY
def test_network_file_system_is_refused(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """Where locks and flushes may lie nobody is dialled; the line says why."""
    listed(phones(3))
    Path(JOURNAL).touch()
    Path("mountinfo").write_text(f"1 0 0:40 / {folder} rw - nfs4 server:/share rw\n", "utf-8")
    mounts = "alphasms_async.campaigns.sqlite.filesystem._MOUNTS"
    monkeypatch.setattr(mounts, folder / "mountinfo")
    assert "lies on a network file system (nfs4)" in only_line(alphasms(*words))
    assert not Path(JOURNAL).stat().st_size


@pytest.mark.parametrize("words", NEEDING, ids=" ".join)
def test_missing_journal_is_not_made(
    folder: Path, alphasms: Alphasms, words: tuple[str, ...]
) -> None:
    """Whoever looks for a campaign where there is no journal is told, and none is made."""
    said = only_line(alphasms(*words))
    assert said.startswith(f"there is no journal {JOURNAL}")
    assert not [*folder.glob("*.journal*")]


@pytest.mark.parametrize("words", MAKING, ids=" ".join)
def test_folder_that_is_missing_is_named(
    folder: Path, alphasms: Alphasms, words: tuple[str, ...]
) -> None:
    """A journal is made where it is asked for, a folder is not."""
    listed(phones(3))
    said = only_line(alphasms(*words, "--journal", "nowhere/calls.journal"))
    assert said == "there is no folder nowhere for the journal"


@pytest.mark.parametrize("words", [PLAN, DIAL, RUN, ("campaign", "reconcile", NAME)], ids=" ".join)
def test_locked_journal_is_refused(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """While another program holds on to the file nobody is dialled, and afterwards all is there."""
    monkeypatch.setattr("alphasms_async.campaigns.sqlite.opening._BUSY_SECONDS", 0)
    plan(alphasms)
    with locked():
        said = only_line(alphasms(*words))
    assert said == f"the journal {JOURNAL} is locked by another program: close that first"
    assert (sandbox.calls(), states(alphasms), names(alphasms)) == ([], {"planned": 3}, [NAME])


def test_command_for_a_locked_journal_is_not_lost(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits beside the journal, and whoever opens that next does it."""
    monkeypatch.setattr("alphasms_async.campaigns.sqlite.opening._BUSY_SECONDS", 0)
    monkeypatch.setattr("alphasms_async.campaigns.sqlite.file._TELL_SECONDS", 0.1)
    plan(alphasms)
    with locked():
        ran = alphasms("campaign", "pause", NAME)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "spring: paused, as soon as it is read by whoever writes the journal next\n"
    assert alphasms(*RUN, "--no-wait").code == 4
    assert states(alphasms) == {"planned": 3}


@pytest.mark.parametrize("words", [PLAN, DIAL], ids=" ".join)
def test_disk_that_is_full_while_planning_leaves_no_campaign(
    sandbox: Sandbox, alphasms: Alphasms, words: tuple[str, ...]
) -> None:
    """A list that does not fit is not there by half, nobody is dialled; with room it goes well."""
    plan(alphasms)
    listed(phones(3000))
    with room_for(5):
        assert only_line(alphasms(*words)).endswith(DISK_FULL)
    assert (sandbox.calls(), names(alphasms)) == ([], [NAME])
    assert not Path("list.results.csv").exists()
    assert alphasms(*PLAN).code == 0


def test_disk_that_is_full_while_dialling_loses_nobody(
    sandbox: Sandbox, alphasms: Alphasms
) -> None:
    """The run ends with one line, and with room it goes on: nobody rings twice, none is lost."""
    plan(alphasms, "--concurrency", "4", count=300)
    with room_for(1):
        said = only_line(alphasms(*RUN))
    rang = len(sandbox.calls())
    assert said.endswith(DISK_FULL)
    assert 0 < rang < 300
    assert alphasms(*RUN).code in {0, 3}
    assert not sandbox.rang_more_than_once()
    ended = states(alphasms)
    assert ended["accepted"] + ended.get("uncertain", 0) == 300
    assert len(sandbox.calls()) <= 300
    assert ended.get("uncertain", 0) <= 4


def test_disk_that_has_no_room_for_the_lock_is_one_line(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that cannot even say who it is says so in one line."""

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    plan(alphasms)
    monkeypatch.setattr("alphasms_async.campaigns.sqlite.lock.os.pwrite", full)
    said = only_line(alphasms("campaign", "pause", NAME))
    assert said.endswith(f"{JOURNAL}.lock: No space left on device")
    assert states(alphasms) == {"planned": 3}
