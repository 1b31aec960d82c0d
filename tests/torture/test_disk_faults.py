"""Faults of the disk: what cannot be written down is not done, and nobody suffers from it."""

import logging
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import anyio
import apsw
import pytest
from attrs import frozen

from alphasms_async import AlphaSMS
from alphasms_async.campaigns.records import CampaignState, RowRecord
from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.campaigns.states import RowState
from alphasms_async.errors import JournalError
from alphasms_async.sandbox import Sandbox
from tests.doubles import KEY, FakeGateway, phone_of, phones
from tests.torture import LONG
from tests.torture.powercut import Disk, restore
from tests.torture.workloads import NAME, DiskJournal, Figures, campaign, dial, planned

pytestmark = pytest.mark.anyio

# The figures: pytest shows them with --log-cli-level=INFO.
_log = logging.getLogger(__name__)

COUNT = 12 if LONG else 5
WORKERS = 3

MESSAGES: dict[type[apsw.Error], str] = {
    apsw.IOError: "the journal calls.journal cannot be used: the disk failed: look at it before "
    "going on; nothing is lost",
    apsw.FullError: "the journal calls.journal cannot be used: the disk is full: free some space, "
    "then go on; nothing is lost",
}


@frozen
class Broken:
    """A run on a disk that breaks at one operation."""

    disk: Disk
    """The disk, whole again."""
    gateway: FakeGateway
    """What was called."""
    error: JournalError | None
    """What the run ended with. `None`: it forgave the fault."""
    is_reached: bool
    """Whether the disk broke at all."""


async def planned_files() -> dict[str, bytes]:
    """Return what is on a disk once a campaign is planned there."""
    disk = Disk()
    async with DiskJournal(disk) as journal:
        await planned(journal, COUNT, campaign(concurrency=WORKERS))
    return disk.crash(0)


async def broken(
    files: Mapping[str, bytes], number: int, kind: type[apsw.Error], *, fails_on: bool
) -> Broken:
    """Open a journal and dial on a disk whose n-th operation fails."""
    disk, gateway, error = restore(files), FakeGateway(), None
    disk.fail_at, disk.fail_with, disk.fails_on = number, kind, fails_on
    try:
        async with DiskJournal(disk, checkpoint_pages=20) as journal:
            await run(journal, gateway)
    except JournalError as raised:
        error = raised
    is_reached = disk.instant >= number
    disk.fail_at = None
    return Broken(disk, gateway, error, is_reached)


async def run(journal: DiskJournal, gateway: FakeGateway) -> None:
    """Dial to the end; a journal that fails on the way hands out nobody any more."""
    async with AlphaSMS(KEY, transport=gateway, max_retries=0) as alphasms:
        try:
            await dial(alphasms, journal, campaign(concurrency=WORKERS))
        except JournalError:
            with pytest.raises(JournalError):
                await journal.claim(1)
            raise


async def gone_on(disk: Disk, gateway: FakeGateway) -> list[RowRecord]:
    """Dial whoever is left on a disk that is whole again; return all recipients."""
    async with DiskJournal(disk) as journal:
        await run(journal, gateway)
        record = await journal.campaign(NAME)
        assert record.state is CampaignState.FINISHED
        return await journal.rows(record.id)


def judged(rows: list[RowRecord], gateway: FakeGateway) -> Figures:
    """Hold a journal against what the gateway got."""
    rang = [(phone_of(one.content), 100500) for one in gateway.read]
    return Figures.of(rows, rang, COUNT)


@pytest.mark.parametrize(
    ("kind", "fails_on", "cut"),
    [
        pytest.param(apsw.IOError, False, False, id="an error, once"),
        pytest.param(apsw.IOError, True, True, id="errors, then no power"),
        pytest.param(apsw.FullError, False, True, id="full, once, then no power"),
        pytest.param(apsw.FullError, True, False, id="full"),
    ],
)
async def test_fault_at_every_write_harms_nobody(
    kind: type[apsw.Error], *, fails_on: bool, cut: bool
) -> None:
    """Whichever write or sync fails: the run stops, and the next one calls exactly whom it may."""
    files, number, stopped = await planned_files(), 0, 0
    while (fault := await broken(files, number + 1, kind, fails_on=fails_on)).is_reached:
        number += 1
        if fault.error is not None:
            stopped += 1
            assert str(fault.error) == MESSAGES[kind]
        disk = restore(fault.disk.crash(number)) if cut else fault.disk
        figures = judged(await gone_on(disk, fault.gateway), fault.gateway)
        assert figures.harm == (0, 0, 0)
        assert figures.accepted + figures.uncertain == COUNT
        assert figures.uncertain <= WORKERS
    _log.info("faults: %s, of which %s stopped the run", number, stopped)
    assert stopped > number // 2


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
async def test_fault_while_planning_leaves_the_whole_list_or_nothing(
    kind: type[apsw.Error],
) -> None:
    """Whichever write fails while a journal is made and planned in: what is left can be used."""
    number, told, is_reached = 0, list[str](), True
    while is_reached:
        number += 1
        disk = Disk()
        disk.fail_at, disk.fail_with = number, kind
        try:
            async with DiskJournal(disk) as journal:
                await planned(journal, COUNT, campaign())
        except JournalError as error:
            told.append(str(error))
        is_reached = disk.instant >= number
        disk.fail_at = None
        async with DiskJournal(disk) as journal:
            tallies = [(await journal.tally(one.id)).to_dial for one in await journal.campaigns()]
            assert tallies in ([], [COUNT])
    assert len(told) > number // 2
    assert set(told) == {MESSAGES[kind]}


# What a machine does whose disk is full, with nothing of the disk's made up.
PROGRAM = """
import resource, sys
import anyio
from alphasms_async import AlphaSMS
from alphasms_async.campaigns.dialer import Dialer
from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.errors import AlphaSMSError
from tests.torture.workloads import campaign

async def main(path, url, key):
    async with SqliteJournal(path) as journal, AlphaSMS(key, base_url=url) as alphasms:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        await Dialer(alphasms, journal, campaign()).run()

try:
    anyio.run(main, *sys.argv[1:], backend={backend!r})
except AlphaSMSError as error:
    sys.exit(f"alphasms: {error}")
"""
MANY = 300


async def test_real_disk_that_takes_no_more_stops_the_run(
    tmp_path: Path, anyio_backend: str
) -> None:
    """A process whose file may not grow ends with one line; the next one dials whoever is left."""
    path, sandbox = tmp_path / "calls.journal", Sandbox()
    async with SqliteJournal(path) as journal:
        await planned(journal, MANY, campaign())
    with sandbox.serve() as url:
        command = [sys.executable, "-c", PROGRAM.replace("{backend!r}", repr(anyio_backend))]
        ended = await anyio.run_process(
            [*command, str(path), url, sandbox.api_key],
            check=False,
            cwd=Path(__file__).parents[2],
            stderr=subprocess.PIPE,
        )
        said = ended.stderr.decode()
        begun = len(sandbox.calls())
        async with (
            SqliteJournal(path) as journal,
            AlphaSMS(sandbox.api_key, base_url=url) as alphasms,
        ):
            left = (await journal.tally(1)).states[RowState.PLANNED]
            await dial(alphasms, journal, campaign())
            rows = await journal.rows(1)
    rang = [(call.phone, call.id) for call in sandbox.calls()]
    figures = Figures.of(rows, rang, MANY)
    assert ended.returncode == 1
    assert said.startswith(f"alphasms: the journal {path} cannot be used: the disk failed")
    assert said.count("\n") == 1
    assert 0 < begun < MANY
    assert MANY - begun - 16 <= left <= MANY - begun
    assert figures.harm == (0, 0, 0)
    assert len(rang) + figures.uncertain - figures.uncertain_rang == MANY
    assert {phone for phone, _ in rang} <= set(phones(MANY))
