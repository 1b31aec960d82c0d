"""`Dialer`: works on one campaign until everybody planned is called, or something stops it."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import anyio
import anyio.lowlevel

from alphasms_async.bodies import Delivery
from alphasms_async.campaigns.attempts import End, cut_off, given_back, place, settlement_of
from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.gate import Gate, Holding
from alphasms_async.campaigns.halts import Halt, HaltReason, Halts
from alphasms_async.campaigns.hooks import CallHooks
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.patience import Patience, Recount
from alphasms_async.campaigns.progress import Hold, Progress
from alphasms_async.campaigns.purse import Purse
from alphasms_async.campaigns.records import CampaignRecord, CampaignState, Claimed
from alphasms_async.campaigns.run import Run
from alphasms_async.campaigns.states import RowState
from alphasms_async.campaigns.throttle import Throttle
from alphasms_async.checks import mint_client_id
from alphasms_async.client import AlphaSMS
from alphasms_async.clock import Clock, utc_now
from alphasms_async.errors import InvalidRequest, RateLimited

__all__ = ["Dialer"]

_LOOK_SECONDS = 0.25


class Dialer:
    """Dials one campaign of a journal, once, each recipient at most once for each claim.

    The promise: before a request leaves, the intent to call is durable; what is proven not to
    have left goes back to planned; whatever cannot be proven is uncertain, and is not dialled
    again by itself. So a run may be killed at any moment, and another one goes on.

    Args:
        alphasms: The client, open while it runs.
        journal: The journal, entered; the campaign is planned in it.
        campaign: The definition, which must be the one that was planned.
        hooks: What gives each call its own signed hook. `None`: the campaign's hook, if it has
            one, or the account's.
        outcomes_seconds: How long the run waits for the outcomes of accepted calls, and of
            uncertain ones, which may have been placed: in seconds after the last call or the last
            event, 0 or more. Whoever is to be called again meanwhile is called by the same run. 0:
            it ends with its last call.
        wait: Whether to wait while the campaign is paused, its window closed or the gateway out of
            reach. Without it the run stops then.
        lease_seconds: How old a claim may get before its request leaves: past half of that the
            recipient is given back unsent, for this process may have been frozen.
        clock: Returns the time of day, aware. Tests set it.
        on_change: Called after each attempt and a few times a second, to show `progress`.

    Raises:
        InvalidRequest: There are two hooks, the campaign's and those given here, or
            `outcomes_seconds` is no such number.
    """

    def __init__(
        self,
        alphasms: AlphaSMS,
        journal: Journal,
        campaign: Campaign,
        *,
        hooks: CallHooks | None = None,
        outcomes_seconds: float = 0.0,
        wait: bool = True,
        lease_seconds: float = 30.0,
        clock: Clock = utc_now,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        if hooks is not None and campaign.hook is not None:
            raise InvalidRequest(
                "the campaign has a hook of its own: plan it without one to have each call signed"
            )
        self.progress: Progress = Progress(
            budget=campaign.budget, tells_price=campaign.kind.tells_price
        )
        """Where the run stands."""
        self._alphasms = alphasms
        self._journal = journal
        self._campaign = campaign
        self._hooks = hooks
        self._patience = Patience(outcomes_seconds)
        self._recounting = Recount()
        self._wait = wait
        self._lease_seconds = lease_seconds
        self._clock = clock
        self._on_change = on_change or (lambda: None)
        self._gate = Gate(campaign, Throttle(campaign.per_second))
        self._halts = Halts(campaign.most_uncertain)
        self._purse = Purse.unused(campaign)
        self._turnstile = anyio.Lock(fast_acquire=True)
        self._counting = anyio.Lock()
        self._changed = anyio.Event()
        self._stopped = False
        self._halt: Halt | None = None
        self._failure: Exception | None = None
        self._is_dry = False
        self._is_over = False
        self._id = 0
        self._per_second = campaign.per_second

    def stop(self) -> None:
        """Dial nobody more, and wait for no outcome.

        What is in flight goes on, and how it ends is still written.
        """
        self._stopped = True
        self._tell()

    async def run(self) -> Run:
        """Dial until nobody is left, something stops it, or `stop` is called.

        With `outcomes_seconds` it goes on until no outcome is awaited any more, or none has come
        for so long.

        Cancelling it cuts off what is in flight: what had begun to leave is uncertain then.

        Returns:
            Where the campaign stands.

        Raises:
            InvalidRequest: The journal has no such campaign, it was planned otherwise, or another
                dialer is at work on it.
            JournalError: The journal could not be written. Nothing was dialled after that.
            RuntimeError: This dialer has run already: make a new one.
            Exception: A transport failed in a way nobody foresaw; it is passed on as it is, once
                everybody's attempt is written.
        """
        if self._id:
            raise RuntimeError("a dialer runs once: make a new one to go on")
        # What was asked for before a run holds for it.
        await self._journal.catch_up()
        record = await self._journal.campaign(self._campaign.name)
        self._campaign.check_unchanged(record.definition)
        async with self._journal.taken_up(record.id):
            self._id = record.id
            await self._begin(record)
            await self._dial()
            return await self._end()

    async def _dial(self) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._watch)
            async with anyio.create_task_group() as workers:
                for _ in range(min(self._campaign.concurrency, self.progress.states.total())):
                    workers.start_soon(self._work)
            group.cancel_scope.cancel()
        if self._failure is not None:
            raise self._failure

    async def _begin(self, record: CampaignRecord) -> None:
        self._purse = Purse.of(self._campaign, record, await self._journal.money(self._id))
        self._follow(record)
        if not self._is_over:
            await self._journal.halt(self._id, None)
        await self._recount()

    async def _end(self) -> Run:
        if self._gate.has_expired(self._clock()):
            # Also those who were in flight when it expired, and never left.
            await self._journal.expire(self._id)
        if self._halt is not None:
            await self._journal.halt(self._id, str(self._halt))
        await self._journal.finish(self._id)
        await self._recount()
        return Run(
            await self._journal.campaign(self._campaign.name),
            await self._journal.tally(self._id),
            await self._journal.money(self._id),
            self._halt,
            self._stopped,
        )

    async def _watch(self) -> None:
        """Do what other processes ask for, and show how far the run has got."""
        # Else nothing but what is asked for is news.
        hook = self._hooks or self._campaign.hook
        is_told = hook is not None or self._patience.seconds > 0
        has_news = False
        try:
            while True:
                await anyio.sleep(_LOOK_SECONDS)
                if await self._journal.drain():
                    self._is_dry, has_news = False, True
                is_awaited = self.progress.hold is Hold.OUTCOMES
                is_due = self._recounting.is_due(anyio.current_time(), is_awaited=is_awaited)
                if is_due and (has_news or is_awaited or is_told):
                    has_news = False
                    await self._recount()
                self._follow(await self._journal.campaign(self._campaign.name))
                self._refresh()
                self._tell()
        except Exception as error:  # noqa: BLE001 - whatever it is, the run ends with it
            self._fail(error)

    def _follow(self, record: CampaignRecord) -> None:
        """Do as the campaign's row says, which anybody may change while the run goes on."""
        self._gate.is_paused = record.state is CampaignState.PAUSED
        # A finished one may have calls whose outcomes are yet to come.
        is_awaited = record.state is CampaignState.FINISHED and self._patience.seconds > 0
        self._is_over = self._is_over or (record.state.is_over and not is_awaited)
        if record.per_second != self._per_second:
            self._per_second = record.per_second
            self._gate.throttle.set(record.per_second)

    async def _work(self) -> None:
        """Dial one recipient after another, each when it is admitted."""
        try:
            while True:
                # One at a time asks whether it may dial; the claims themselves go in groups.
                async with self._turnstile:
                    reserved = await self._admission()
                    if reserved is None:
                        return
                    if self._gate.is_single:
                        await self._attempt(reserved)
                        continue
                await self._attempt(reserved)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run ends with it
            self._fail(error)

    async def _admission(self) -> Decimal | None:
        """Wait until the next recipient may be dialled; return what is reserved for it.

        Returns:
            `None` when the run is over.
        """
        while not self._must_end():
            changed = self._changed
            holding = await self._holding()
            if self._must_end():
                break
            if holding is None:
                reserved = self._reserve()
                if reserved is not None:
                    return reserved
                holding = await self._unpaid()
                if holding is None:
                    continue
            self._give_up_on(holding)
            if self._must_end():
                break
            self.progress.hold, self.progress.hold_seconds = holding.hold, holding.seconds
            with anyio.move_on_after(holding.seconds):
                await changed.wait()
        return None

    async def _unpaid(self) -> Holding | None:
        """Return what to wait for when the next call cannot be paid. `None`: there may be none."""
        used_up = self._purse.used_up()
        # The counts may be behind: no budget is too small for nobody.
        if used_up is not None and await self._journal.next_due(self._id) is None:
            self._is_dry = True
            return None
        self._stop_for(used_up)
        return Holding(Hold.BUDGET)

    async def _holding(self) -> Holding | None:
        if self._gate.has_expired(self._clock()):
            await self._journal.expire(self._id)
            holding = await self._ending()
            self._is_over = self._is_over or holding is None
            return holding
        # Asked also when nobody seems to be left: else the last start would be waited for in vain.
        if self._is_dry or self.progress.states[RowState.PLANNED] <= 0:
            holding = await self._resting()
            if holding is not None or self._is_over:
                return holding
        return self._gate.holding(anyio.current_time(), self._clock())

    async def _resting(self) -> Holding | None:
        """Return how long to wait for a recipient to be due; nobody was when one was last asked."""
        due = await self._next_due()
        if due is None:
            holding = await self._ending()
            if holding is not None:
                return holding
            # Whose outcome was awaited may have come back since. Now nobody is who could.
            due = await self._next_due()
        if due is None:
            self._is_over = True
            return None
        seconds = (due - self._clock()).total_seconds()
        if seconds <= 0:
            self._is_dry = False
            return None
        # Also a run that waits for nothing else waits for outcomes.
        left = 0.0 if self._wait else await self._awaiting_seconds()
        if left:
            return Holding(Hold.OUTCOMES, min(left, seconds))
        return Holding(Hold.RESTING, seconds)

    async def _next_due(self) -> datetime | None:
        """Return when the next recipient is due, with all in it who were in flight and are not."""
        while True:
            was_dialling = self.progress.in_flight > 0
            due = await self._journal.next_due(self._id)
            if self.progress.in_flight or not was_dialling:
                return due

    async def _ending(self) -> Holding | None:
        """Return what the run still waits for when nobody is left to dial. `None`: nothing."""
        if self.progress.in_flight:
            # Who may yet come back to planned, or be accepted.
            return Holding(Hold.RESTING)
        left = await self._awaiting_seconds()
        return Holding(Hold.OUTCOMES, left) if left else None

    async def _awaiting_seconds(self) -> float:
        """Return for how long outcomes are still waited for, 0 or more."""
        if not self._patience.seconds:
            return 0.0
        left = self._patience.left(anyio.current_time())
        if not (left and self.progress.awaited):
            # What came since the last count may change it.
            await self._recount()
            left = self._patience.left(anyio.current_time())
        return left if self.progress.awaited else 0.0

    def _reserve(self) -> Decimal | None:
        reserved = self._purse.reserve()
        if reserved is not None:
            self._gate.throttle.start(anyio.current_time())
            self.progress.hold = self.progress.hold_seconds = None
            self.progress.in_flight += 1
        return reserved

    def _give_up_on(self, holding: Holding) -> None:
        """Stop a run that does not wait for more than its own calls and its pace."""
        short = {Hold.PACE, Hold.RATE_LIMITED, Hold.BUDGET, Hold.OUTCOMES}
        if not self._wait and not self.progress.in_flight and holding.hold not in short:
            self._stop_for(Halt(HaltReason.WAITING, f"stopped instead of waiting: {holding.hold}"))

    async def _attempt(self, reserved: Decimal) -> None:
        """Claim a recipient, place its call, and write how that ended."""
        began = anyio.current_time()
        try:
            client_id = mint_client_id() if self._campaign.kind.carries_client_id else None
            claimed = await self._journal.claim(self._id, client_id=client_id, reserved=reserved)
            if claimed is None:
                self._purse.budget.give_back(reserved)
                self._is_dry = True
                # Nobody is claimed while the campaign is paused or over, either.
                self._follow(await self._journal.campaign(self._campaign.name))
                return
            self.progress.begun += 1
            self.progress.move(RowState.PLANNED, RowState.DIALING)
            delivery = Delivery()
            try:
                if anyio.current_time() - began > self._lease_seconds / 2:
                    end = given_back(claimed, "it was claimed too long ago")
                elif self._must_end() or self._gate.is_shut(self._clock()):
                    end = given_back(claimed, "nobody may be dialled any more")
                else:
                    end = await place(
                        self._alphasms, self._campaign, claimed, self._hooks, delivery
                    )
            except anyio.get_cancelled_exc_class():
                await self._settle(claimed, cut_off(claimed, delivery), reserved, began)
                # Not passed on: a transport that raises it by itself must not end the whole run.
                await anyio.lowlevel.checkpoint_if_cancelled()
                return
            await self._settle(claimed, end, reserved, began)
        finally:
            self.progress.in_flight -= 1
            self._tell()

    async def _settle(self, claimed: Claimed, end: End, reserved: Decimal, began: float) -> None:
        """Learn from how an attempt ended, at once, and then write it down."""
        try:
            self._learn(end, reserved, began)
        except Exception as error:  # noqa: BLE001 - it is written down all the same
            self._fail(error)
        state = await self._journal.settle(settlement_of(claimed, end, self._purse.price_of(end)))
        self.progress.move(RowState.DIALING, state)
        self._patience.renew(anyio.current_time())
        # Counts and money are shown together.
        self._refresh()
        if state is RowState.PLANNED:
            self._is_dry = False

    def _learn(self, end: End, reserved: Decimal, began: float) -> None:
        now = anyio.current_time()
        self._gate.note(end.verdict, now)
        if isinstance(end.error, RateLimited):
            self._gate.throttle.rate_limited(now, end.error.retry_after, began=began)
        if end.fault is not None:
            self._fail(end.fault)
        self._stop_for(self._halts.judge(end.verdict, end.error))
        self._stop_for(self._purse.settle(end, reserved))

    def _stop_for(self, halt: Halt | None) -> None:
        if halt is not None:
            self._halt = self._halt or halt
            self._tell()

    def _fail(self, error: Exception) -> None:
        self._failure = self._failure or error
        self._tell()

    def _must_end(self) -> bool:
        return self._stopped or self._is_over or bool(self._halt or self._failure)

    async def _recount(self) -> None:
        # One at a time: what moves meanwhile is added to a count, and another count is no move.
        async with self._counting:
            began, before = anyio.current_time(), Counter(self.progress.states)
            tally = await self._journal.tally(self._id)
            if self._purse.is_unsure:
                # Dearer than counting, and events that prove a lost call are all there is to learn.
                self.progress.count_unpriced(await self._journal.money(self._id))
            now = anyio.current_time()
            self._recounting.counted(began, now)
            self._patience.look(tally, now)
            self.progress.take(tally, before)
        self._refresh()

    def _refresh(self) -> None:
        self.progress.spent = self._purse.budget.spent
        self.progress.held = self._purse.budget.held
        self.progress.kept = self._purse.budget.kept
        self.progress.per_second = self._gate.throttle.rate
        self.progress.slowed = self._gate.throttle.slowed
        self._on_change()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()
