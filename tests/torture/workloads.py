"""What is tortured: campaigns in a journal on a disk that may break, and how they are judged."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from random import Random
from typing import Any

import anyio.lowlevel
from attrs import Factory, define, frozen

from alphasms_async import AlphaSMS, Recording
from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.dialer import Dialer
from alphasms_async.campaigns.events import CallEvent, Ref
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.kinds import PlayRecording
from alphasms_async.campaigns.records import AttemptRecord, PlannedRow, RowRecord, Settlement
from alphasms_async.campaigns.run import Run
from alphasms_async.campaigns.sqlite.connection import SqliteConnection
from alphasms_async.campaigns.sqlite.one_writer import OneWriterJournal
from alphasms_async.campaigns.sqlite.opening import prepare
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.models import CallOutcome
from tests.doubles import phones
from tests.sounds import wav
from tests.torture.powercut import Disk, connect

__all__ = [
    "NAME",
    "RECORDING",
    "UNSENT",
    "Calls",
    "DiskJournal",
    "Figures",
    "campaign",
    "dial",
    "forgotten",
    "planned",
    "repeatable",
]

NAME = "spring"
FILE = "calls.journal"
RECORDING = Recording.from_bytes(wav(seconds=0.05))
CONCURRENCY = 16

UNSENT = {Verdict.NOT_SENT, Verdict.PUT_BACK}
"""What proves that an attempt rang nobody, so that a recipient may be planned again."""

_RANG = {RowState.ACCEPTED, RowState.DONE}
_MAY_HAVE_RUNG = _RANG | {RowState.UNCERTAIN}
_KNOWN = _MAY_HAVE_RUNG | {RowState.PLANNED, RowState.REFUSED}
# The last two go back to planned, so most of a list is claimed more than once.
_CHANCES = (Verdict.ACCEPTED, Verdict.UNCERTAIN, Verdict.REFUSED, Verdict.NOT_SENT)


class DiskJournal(OneWriterJournal):
    """The journal as it is, on a disk that may lose its power or break.

    Args:
        disk: Where it lies.
        checkpoint_pages: After so many pages the log goes into the file; the journal's own number
            would take a longer campaign than these.
    """

    # Commits come in the same order each time, so an instant means the same in every run.
    _writes_in_thread = False

    def __init__(self, disk: Disk, *, checkpoint_pages: int = 60) -> None:
        super().__init__(FILE)
        self._disk = disk
        self._checkpoint_pages = checkpoint_pages
        self._open: SqliteConnection | None = None

    @property
    def place(self) -> str:
        """Return the name of its file on its disk."""
        return FILE

    def _take(self) -> SqliteConnection:
        opened = connect(self._disk, FILE)
        connection = SqliteConnection(opened)
        try:
            prepare(opened, self._name)
            opened.execute(f"pragma wal_autocheckpoint = {self._checkpoint_pages}")
            self._begin(connection, "here", 1)
        except BaseException:
            connection.close()
            raise
        self._open = connection
        return connection

    def _let_go(self) -> None:
        if self._open is not None:
            self._open.close()


def campaign(**limits: Any) -> Campaign:
    """Return a campaign that no number of unknown outcomes halts."""
    facts: dict[str, Any] = {"concurrency": CONCURRENCY, "most_uncertain": 1_000_000, **limits}
    return Campaign(name=NAME, kind=PlayRecording(RECORDING), **facts)


async def planned(journal: Journal, count: int, definition: Campaign) -> None:
    """Plan a campaign of so many recipients."""
    rows = [PlannedRow(line, phone) for line, phone in enumerate(phones(count), start=1)]
    await journal.plan(definition.name, definition.as_json(), rows)


async def dial(alphasms: AlphaSMS, journal: Journal, definition: Campaign) -> Run:
    """Dial a campaign to its end; whoever proved unsent is dialled again by the run itself."""
    return await Dialer(alphasms, journal, definition).run()


@define
class Calls:
    """A dialer reduced to what it tells the journal, with a note of what it was told back."""

    disk: Disk
    begun: list[tuple[int, Ref]] = Factory(list[tuple[int, Ref]])
    """Whose request left, and after how many operations of the disk."""
    ended: list[tuple[int, Ref, Verdict]] = Factory(list[tuple[int, Ref, Verdict]])
    """Which outcome was told to be durable, and after how many operations."""

    async def make(self, journal: Journal, workers: int, most: int, seed: int) -> None:
        """Claim and settle with so many workers at once.

        Args:
            journal: The journal on this disk, entered, with the campaign planned.
            workers: How many calls are in flight at once.
            most: How many calls each worker makes at most.
            seed: Decides how each call ends.
        """
        number = (await journal.campaign(NAME)).id
        async with anyio.create_task_group() as group:
            for worker in range(workers):
                rng = Random(f"{seed} {worker}")  # noqa: S311 - chance that can be had again
                group.start_soon(self._work, journal, number, most, rng)

    async def _work(self, journal: Journal, number: int, most: int, rng: Random) -> None:
        for _ in range(most):
            claimed = await journal.claim(number)
            if claimed is None:
                return
            self.begun.append((self.disk.instant, claimed.ref))
            for _ in range(rng.randrange(4)):
                await anyio.lowlevel.checkpoint()
            verdict = rng.choice(_CHANCES)
            await journal.settle(Settlement(ref=claimed.ref, verdict=verdict))
            self.ended.append((self.disk.instant, claimed.ref, verdict))
            if verdict is Verdict.ACCEPTED and rng.random() < 0.5:
                await journal.record(CallEvent(outcome=CallOutcome.ANSWERED, ref=claimed.ref))


def repeatable(
    rows: Iterable[RowRecord], ledger: Mapping[Ref, AttemptRecord], begun: Collection[Ref]
) -> list[Ref]:
    """Return the calls that left and would be made once more, though nothing proves them unsent.

    Args:
        rows: All recipients of the journal.
        ledger: All its attempts.
        begun: Whose request left.
    """
    row_of = {row.id: row for row in rows}
    return [ref for ref in begun if not _is_remembered(row_of[ref.recipient], ledger, ref)]


def forgotten(
    ledger: Mapping[Ref, AttemptRecord], ended: Iterable[tuple[Ref, Verdict]]
) -> list[Ref]:
    """Return the attempts whose outcome was told to be durable and is not there."""
    return [ref for ref, verdict in ended if ref not in ledger or ledger[ref].verdict != verdict]


def _is_remembered(row: RowRecord, ledger: Mapping[Ref, AttemptRecord], ref: Ref) -> bool:
    if ref not in ledger or row.attempts < ref.attempt:
        return False
    return row.state is not RowState.PLANNED or ledger[ref].verdict in UNSENT


@frozen
class Figures:
    """What became of a campaign, held against what really rang."""

    accepted: int
    uncertain: int
    uncertain_rang: int
    """How many of the uncertain had rung."""
    twice: int
    """How many phones rang more than once."""
    lost: int
    """How many recipients are gone, or rang and are not known to have rung."""
    false_accepted: int
    """How many are accepted and never rang."""
    misnamed: int
    """How many are accepted and rang under another id."""

    @classmethod
    def of(
        cls, rows: Collection[RowRecord], rang: Iterable[tuple[str, int]], count: int
    ) -> "Figures":
        """Compare a journal with what rang.

        Args:
            rows: All recipients of the journal.
            rang: The phone and the gateway's id of each ring.
            count: How many recipients were planned.
        """
        rings = list(rang)
        times = Counter(phone for phone, _ in rings)
        uncertain = [row for row in rows if row.state is RowState.UNCERTAIN]
        unknown = [row for row in rows if row.state not in _KNOWN]
        forgotten = set(times) - {row.phone for row in rows if row.state in _MAY_HAVE_RUNG}
        accepted = [row for row in rows if row.state in _RANG]
        true = set(rings)
        misnamed = [row for row in accepted if (row.phone, row.gateway_id) not in true]
        return cls(
            accepted=len(accepted),
            uncertain=len(uncertain),
            uncertain_rang=sum(row.phone in times for row in uncertain),
            twice=sum(one > 1 for one in times.values()),
            lost=count - len({row.phone for row in rows}) + len(unknown) + len(forgotten),
            false_accepted=sum(row.phone not in times for row in misnamed),
            misnamed=sum(row.phone in times for row in misnamed),
        )

    @property
    def harm(self) -> tuple[int, int, int]:
        """What must never happen: twice, lost, false accepted."""
        return self.twice, self.lost, self.false_accepted
