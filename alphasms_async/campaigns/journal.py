"""`Journal`: the truth of every campaign, and the promise that all of it rests on."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from attrs import frozen

from alphasms_async.campaigns.commands import Command
from alphasms_async.campaigns.events import CallEvent, Recorded
from alphasms_async.campaigns.records import (
    AttemptRecord,
    Began,
    CampaignRecord,
    Claimed,
    Money,
    PlannedRow,
    RowRecord,
    Settlement,
    Span,
    Tally,
)
from alphasms_async.campaigns.shares import Share
from alphasms_async.campaigns.states import RowState

__all__ = ["Journal", "Planned"]


@frozen
class Planned:
    """What planning found, counted where the rows are."""

    tally: Tally
    recently_called: int
    """How many of the planned were called in the last hours by another campaign of the journal."""


class Journal(ABC):
    """Who is to be called, who was, and what became of each, kept so that it survives anything.

    The promise, which every journal keeps and one suite of tests holds them to:

    * **Journal first.** When `claim` returns a recipient, the intent to call it is durable. A
      request that leaves later than that can be repeated by nobody who does not know of it.
    * **Gone means uncertain.** A recipient that is being dialled by a dialer that is gone is
      uncertain, always. It never goes back to planned by itself.
    * **Fenced.** Whatever settles an attempt names its number, and moves the row only while that
      attempt is its latest.
    * **Nothing is forgotten.** An attempt is a row of a ledger that only grows.
    * **A journal that cannot be written stops the dialling.** After the first failed write every
      later one raises `JournalError`.

    Use it as an async context manager, on asyncio or trio. A method that writes returns when what
    it wrote is durable, and is not cut off by cancellation. Each raises `JournalError` when the
    journal cannot be read or written, `JournalLocked` when another process has taken it over.
    """

    @property
    def lease_seconds(self) -> float:
        """How long a claim of a dialer that says nothing more stays its own, in seconds.

        Past half of it the dialer gives the recipient back unsent, for its process may have been
        frozen.
        """
        return 30.0

    @property
    @abstractmethod
    def place(self) -> str | Path:
        """Where it can be opened again: a file, or the address of a database, password and all."""

    @property
    def is_read_only(self) -> bool:
        """Whether it is open for reading only, so that its writer must be told what to write."""
        return False

    @abstractmethod
    async def __aenter__(self) -> Self:
        """Take the journal, and make uncertain what an earlier dialer left behind.

        Raises:
            JournalLocked: Another process writes it.
            JournalError: It cannot be used; the text says why.
        """

    @abstractmethod
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Write what was asked for, and let go of the journal."""

    @abstractmethod
    async def plan(
        self,
        name: str,
        definition: Mapping[str, Any],
        rows: Iterable[PlannedRow],
        *,
        per_second: float | None = None,
        quoted: Decimal | None = None,
        recent_since: datetime | None = None,
        keep: bool = True,
        check: Callable[[Planned], None] | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> Planned:
        """Write a whole campaign, or nothing of it.

        Numbers that stand in the list twice are skipped as duplicates but for the first, those on
        the do-not-call list are skipped too. The campaign exists once its last row is durable.
        Unlike other writes it is broken off by cancellation, and nothing is written then.

        Args:
            name: Its name, which no other campaign of the journal has.
            definition: Plain JSON values, kept as they are.
            rows: The recipients; read once, in a worker thread, a few at a time.
            per_second: The pace to begin with. `None`: no limit.
            quoted: The highest price quoted. `None`: not known.
            recent_since: Count those whom another campaign called since then. `None`: do not.
            keep: Whether the campaign stays; without it, it is only counted.
            check: Called with the counts, in the worker thread, before the campaign exists; what
                it raises comes out, and nothing is written.
            on_progress: Told now and then, in the worker thread, how many rows were read.

        Raises:
            InvalidRequest: The name is taken, or reading or checking the rows failed with it.
        """

    @abstractmethod
    async def discard(self, name: str) -> bool:
        """Take out a campaign, unless somebody was dialled in it; return whether it is gone.

        Raises:
            InvalidRequest: There is none of that name.
        """

    @abstractmethod
    async def quote(self, name: str, price: Decimal, currency: str | None = None) -> None:
        """Note the highest price the gateway quotes for a call of a campaign.

        Args:
            name: Its name.
            price: The highest price.
            currency: What it is in. `None`: what is known stays.

        Raises:
            InvalidRequest: There is none of that name.
        """

    @abstractmethod
    async def campaigns(self) -> list[CampaignRecord]:
        """Return all campaigns, the oldest first."""

    @abstractmethod
    async def campaign(self, name: str) -> CampaignRecord:
        """Return one campaign.

        Raises:
            InvalidRequest: There is none of that name; the text names those there are.
        """

    @abstractmethod
    def taken_up(self, campaign: int) -> AbstractAsyncContextManager[Share | None]:
        """Be a dialer of a campaign, from entering what this returns to leaving it.

        Whom a dialer that is gone left in the middle of a call is uncertain then, and nobody rests
        longer than can be meant, though the clock was set back meanwhile.

        Args:
            campaign: Its `id`.

        Returns:
            A context manager that gives this dialer's part of the pace and the money that all
            dialers share. `None`: the journal has one dialer at a time, and all is its own.

        Raises:
            InvalidRequest: Another dialer is at work on it, in this journal as it is open here.
        """

    @abstractmethod
    async def claim(
        self, campaign: int, *, client_id: int | None = None, reserved: Decimal | None = None
    ) -> Claimed | None:
        """Take the next recipient that is due, and make the intent to call it durable.

        Numbers that came onto the do-not-call list meanwhile are skipped.

        Args:
            campaign: Its `id`.
            client_id: Our id for the request. `None` for kinds whose request carries none.
            reserved: What the budget holds for it, kept while its outcome is unknown.

        Returns:
            The recipient. `None` when none is due, or the campaign is paused or over.
        """

    @abstractmethod
    async def settle(self, settlement: Settlement) -> RowState:
        """Write how an attempt ended; return the state its row is in then.

        A late answer of a row's latest attempt may settle an uncertain row. What a fenced attempt
        tells goes into the ledger and moves nothing.
        """

    @abstractmethod
    async def record(self, event: CallEvent) -> Recorded:
        """Write what the gateway tells of a call: before its answer, twice, or out of order.

        Whoever has pressed the campaign's key to opt out is on the do-not-call list when this
        returns. An event that contradicts the call it names is logged, its phone masked. Events
        of calls that nobody here made are kept for a while, and not without bound.
        """

    @abstractmethod
    async def apply(self, command: Command) -> int:
        """Do what a command asks, at once; return how many rows or settings it changed.

        Raises:
            InvalidRequest: It names no campaign of the journal, or one that is over.
        """

    @abstractmethod
    async def drain(self) -> int:
        """Do what other processes have asked for; return how many commands that were.

        Of many it does some, and does the next when it is asked again.
        """

    async def catch_up(self) -> None:
        """Do all that other processes have asked for so far."""
        while await self.drain():
            pass

    @abstractmethod
    async def next_due(self, campaign: int) -> datetime | None:
        """Return when the next planned recipient may be dialled. `None` when there is none."""

    @abstractmethod
    async def expire(self, campaign: int) -> int:
        """Skip all planned recipients, their campaign's time being over; return how many."""

    @abstractmethod
    async def halt(self, campaign: int, reason: str | None) -> None:
        """Note why the run stopped itself. `None` takes an older note away."""

    @abstractmethod
    async def finish(self, campaign: int) -> bool:
        """Note that nobody is left to dial; return whether that is so."""

    @abstractmethod
    async def tally(self, campaign: int) -> Tally:
        """Return how many recipients stand where."""

    @abstractmethod
    async def money(self, campaign: int) -> Money:
        """Return what the campaign has cost and may have cost."""

    @abstractmethod
    async def span(self, campaign: int) -> Span | None:
        """Return when its attempts began. `None` before the first."""

    @abstractmethod
    async def began(self, campaign: int, *, since: datetime, seconds: int) -> list[Began]:
        """Return how many attempts began in each step of time, and what they came to.

        Args:
            campaign: Its `id`.
            since: When the first step begins; no attempt began before.
            seconds: How long a step is, 1 or more.
        """

    @abstractmethod
    async def rows(
        self,
        campaign: int,
        *,
        after: int = 0,
        limit: int = 1000,
        states: Sequence[RowState] | None = None,
    ) -> list[RowRecord]:
        """Return recipients in the list's order.

        Args:
            campaign: Its `id`.
            after: Only rows whose `id` is above this; the way to read on.
            limit: So many at most.
            states: Only those in these states. `None`: all.
        """

    @abstractmethod
    async def attempts(
        self, campaign: int, *, after: tuple[int, int] = (0, 0), limit: int = 1000
    ) -> list[AttemptRecord]:
        """Return the ledger of attempts, by recipient and number.

        Args:
            campaign: Its `id`.
            after: The recipient and number read last; the way to read on.
            limit: So many at most.
        """

    @abstractmethod
    async def do_not_call(self) -> list[str]:
        """Return the numbers that no campaign calls, digits, in order."""
