"""`Dialer`: works on one campaign until everybody planned is called, or something stops it."""

from collections.abc import Callable
from decimal import Decimal
from math import inf

import anyio
import anyio.lowlevel

from alphasms_async.bodies import Delivery
from alphasms_async.campaigns.allowance import Allowance
from alphasms_async.campaigns.attempts import End, cut_off, given_back, place, settlement_of
from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.counting import Counting
from alphasms_async.campaigns.course import Course
from alphasms_async.campaigns.gate import Gate, Holding
from alphasms_async.campaigns.halts import Halt, HaltReason, Halts
from alphasms_async.campaigns.hooks import CallHooks
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.patience import Patience
from alphasms_async.campaigns.progress import Hold, Progress
from alphasms_async.campaigns.purse import Purse
from alphasms_async.campaigns.records import CampaignRecord, CampaignState, Claimed
from alphasms_async.campaigns.remainder import Remainder
from alphasms_async.campaigns.run import Run
from alphasms_async.campaigns.shares import Share
from alphasms_async.campaigns.states import RowState
from alphasms_async.campaigns.throttle import Throttle
from alphasms_async.checks import check_count, mint_client_id
from alphasms_async.client import AlphaSMS
from alphasms_async.clock import Clock, utc_now
from alphasms_async.errors import InvalidRequest, RateLimited

__all__ = ["Dialer"]

_LOOK_SECONDS = 0.25
_SOON_SECONDS = 60.0


class Dialer:
    """Dials one campaign of a journal, once, each recipient at most once for each claim.

    The promise: before a request leaves, the intent to call is durable; what is proven not to
    have left goes back to planned; whatever cannot be proven is uncertain, and is not dialled
    again by itself. So a run may be killed at any moment, and another one goes on. Where the
    journal lets several dialers be at a campaign, all of them together keep its pace and its
    budget, and what stops one for a reason that holds for all stops the others too.

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
        joins: Whether others are at the campaign already. Without it the run begins the campaign
            anew: a note of why an earlier one stopped itself is taken away. With it the note holds
            for this run too, that it would not wait is noted nowhere, and it does wait for what
            is over in a minute. Where the journal lets several dialers be at a campaign, a run that
            joins and has no `on_change` counts nothing: only at its end, if the campaign is over.
        concurrency: How many calls this dialer places at once, 1 or more. `None`: as many as the
            campaign says.
        lease_seconds: How old a claim may get before its request leaves: past half of that the
            recipient is given back unsent, for this process may have been frozen. `None`: as long
            as the journal says.
        clock: Returns the time of day, aware. Tests set it.
        on_change: Called after each attempt and a few times a second, to show `progress`.

    Raises:
        InvalidRequest: There are two hooks, the campaign's and those given here, or
            `outcomes_seconds` or `concurrency` is no such number.
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
        joins: bool = False,
        concurrency: int | None = None,
        lease_seconds: float | None = None,
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
        patience = Patience(outcomes_seconds)
        self._wait = wait
        wanted = campaign.concurrency if concurrency is None else concurrency
        self._concurrency = check_count("concurrency", wanted)
        # To count for nobody, as often as there are dialers, is what a database is not for.
        self._is_counted = on_change is not None or not joins
        self._lease_seconds = journal.lease_seconds if lease_seconds is None else lease_seconds
        self._clock = clock
        self._gate = Gate(campaign, Throttle(campaign.per_second))
        self._halts = Halts(campaign.most_uncertain)
        self._purse = Purse.unused(campaign)
        self._turnstile = anyio.Lock(fast_acquire=True)
        self._course = Course(joins)
        self._counting = Counting(
            journal,
            self.progress,
            self._purse,
            self._gate.throttle,
            patience,
            on_change,
        )
        self._left = Remainder(journal, self._course, self._counting, clock, wait)
        self._allowance: Allowance | None = None
        self._id = 0
        self._per_second = campaign.per_second

    def stop(self) -> None:
        """Dial nobody more, and wait for no outcome.

        What is in flight goes on, and how it ends is still written.
        """
        self._course.stop()

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
        async with self._journal.taken_up(record.id) as share:
            self._id = self._counting.id = record.id
            await self._begin(record, share)
            await self._dial()
            return await self._end()

    async def _dial(self) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._watch)
            async with anyio.create_task_group() as workers:
                total = self.progress.states.total()
                most = total if self._counting.is_counted else self._concurrency
                for _ in range(min(self._concurrency, most)):
                    workers.start_soon(self._work)
            group.cancel_scope.cancel()
        if self._course.failure is not None:
            raise self._course.failure

    async def _begin(self, record: CampaignRecord, share: Share | None) -> None:
        counts = share is None or self._is_counted
        money = await self._journal.money(self._id) if counts else None
        if share is not None:
            self._purse = Purse.shared(self._campaign, record, money)
            self._left.is_shared = True
            throttle = self._gate.throttle
            self._allowance = Allowance(share, self._purse, throttle, self._concurrency)
        elif money is not None:
            self._purse = Purse.of(self._campaign, record, money)
        self._counting.purse = self._purse
        self._follow(record)
        if self._course.joins:
            self._course.heed(record.halted)
        elif not self._course.is_over:
            await self._journal.halt(self._id, None)
        if money is not None:
            await self._counting.recount(money)

    async def _end(self) -> Run:
        if self._gate.has_expired(self._clock()):
            # Also those who were in flight when it expired, and never left.
            await self._journal.expire(self._id)
        await self._course.note(self._journal, self._id)
        await self._journal.finish(self._id)
        record = await self._journal.campaign(self._campaign.name)
        money = tally = None
        if self._is_counted or record.state.is_over:
            money = await self._journal.money(self._id)
            tally = await self._counting.recount(money)
        return Run(record, tally, money, self._course.halt, self._course.is_stopped)

    async def _watch(self) -> None:
        """Do what other processes ask for, and show how far the run has got."""
        is_told = self._is_told()
        has_news = False
        try:
            while True:
                await anyio.sleep(_LOOK_SECONDS)
                if await self._journal.drain():
                    self._left.renew()
                    has_news = True
                is_news = has_news or is_told or self.progress.hold is Hold.OUTCOMES
                if is_news and self._counting.is_due():
                    has_news = False
                    await self._counting.recount()
                record = await self._journal.campaign(self._campaign.name)
                self._follow(record)
                if self._allowance is not None:
                    await self._share(self._allowance, record)
                self._counting.refresh()
                self._course.tell()
        except Exception as error:  # noqa: BLE001 - whatever it is, the run ends with it
            self._course.fail(error)

    def _is_told(self) -> bool:
        """Return whether more than what is asked for is news: events, and what others do."""
        if self._counting.patience.seconds > 0:
            return True
        if self._allowance is not None:
            return self._counting.on_change is not None
        return (self._hooks or self._campaign.hook) is not None

    async def _share(self, allowance: Allowance, record: CampaignRecord) -> None:
        """Let the other dialers of the campaign know what is theirs to know, and heed them."""
        self._course.heed(record.halted)
        if (record.budget is None) is not (self._campaign.budget is None):
            # Whoever spent without a limit cannot say how much of it is its own.
            self._course.heed("the campaign has a budget now, or has none any more: run it again")
        await self._course.note(self._journal, self._id)
        await allowance.look(self.progress.hold)

    def _follow(self, record: CampaignRecord) -> None:
        """Do as the campaign's row says, which anybody may change while the run goes on."""
        self._gate.is_paused = record.state is CampaignState.PAUSED
        # A finished one may have calls whose outcomes are yet to come.
        is_awaited = record.state is CampaignState.FINISHED and self._counting.patience.seconds > 0
        if record.state.is_over and not is_awaited:
            self._course.end()
        if record.per_second != self._per_second:
            self._per_second = record.per_second
            self._gate.throttle.set(record.per_second)
        if self._allowance is not None:
            self._allowance.follow(record)

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
            self._course.fail(error)

    async def _admission(self) -> Decimal | None:
        """Wait until the next recipient may be dialled; return what is reserved for it.

        Returns:
            `None` when the run is over.
        """
        while not self._course.has_ended:
            changed = self._course.changed
            holding = await self._holding()
            if self._course.has_ended:
                break
            if holding is None:
                reserved = self._reserve()
                if reserved is not None:
                    return reserved
                holding = await self._lacking()
                if holding is None:
                    continue
            self._give_up_on(holding)
            if self._course.has_ended:
                break
            self.progress.hold, self.progress.hold_seconds = holding.hold, holding.seconds
            with anyio.move_on_after(holding.seconds):
                await changed.wait()
        return None

    async def _lacking(self) -> Holding | None:
        """Return what to wait for when the next call has no money, or no start, of its own.

        Returns:
            `None` when there may be no next call, or it has what it lacked.
        """
        if self._allowance is not None:
            free = 1 if self._gate.is_single else self._concurrency - self.progress.in_flight
            holding = await self._allowance.provide(free)
            if holding is None:
                # What it was given is not to be given back as what it does not need.
                self.progress.hold = self.progress.hold_seconds = None
            if not self._allowance.is_used_up:
                return holding
            # The line that says so tells what all have spent.
            self._purse.count(await self._journal.money(self._id))
        used_up = self._purse.used_up()
        # The counts may be behind: no budget is too small for nobody.
        if used_up is not None and await self._left.none_left():
            return None
        self._course.stop_for(used_up)
        return Holding(Hold.BUDGET)

    async def _holding(self) -> Holding | None:
        if self._gate.has_expired(self._clock()):
            return await self._left.expire()
        # Asked also when nobody seems to be left: else the last start would be waited for in vain.
        if self._left.may_be_none:
            holding = await self._left.holding()
            if self._course.is_over or (holding is not None and not self._is_paused_for(holding)):
                return holding
        return self._gate.holding(anyio.current_time(), self._clock())

    def _is_paused_for(self, holding: Holding) -> bool:
        """Return whether whoever rests is due before the gateway's pause is over."""
        throttle = self._gate.throttle
        seconds = None if holding.hold is not Hold.RESTING else holding.seconds
        return seconds is not None and throttle.is_paused(anyio.current_time() + seconds)

    def _reserve(self) -> Decimal | None:
        now = anyio.current_time()
        if self._allowance is not None and not self._allowance.is_due(now):
            return None
        reserved = self._purse.reserve()
        if reserved is not None:
            if self._allowance is not None:
                self._allowance.start()
            self._gate.throttle.start(now)
            self.progress.hold = self.progress.hold_seconds = None
            self.progress.in_flight += 1
        return reserved

    def _give_up_on(self, holding: Holding) -> None:
        """Stop a run that does not wait for more than its own calls and its pace."""
        short = {Hold.PACE, Hold.RATE_LIMITED, Hold.BUDGET, Hold.OTHERS, Hold.OUTCOMES}
        seconds = inf if holding.seconds is None else holding.seconds
        is_soon = self._course.joins and seconds <= _SOON_SECONDS
        if not (self._wait or self.progress.in_flight or holding.hold in short or is_soon):
            self._course.stop_for(
                Halt(HaltReason.WAITING, f"stopped instead of waiting: {holding.hold}")
            )

    async def _attempt(self, reserved: Decimal) -> None:
        """Claim a recipient, place its call, and write how that ended."""
        began = anyio.current_time()
        try:
            client_id = mint_client_id() if self._campaign.kind.carries_client_id else None
            claimed = await self._journal.claim(self._id, client_id=client_id, reserved=reserved)
            if claimed is None:
                self._purse.budget.give_back(reserved)
                self._left.missed()
                # Nobody is claimed while the campaign is paused or over, either.
                self._follow(await self._journal.campaign(self._campaign.name))
                return
            self._left.found()
            self.progress.begun += 1
            self.progress.move(RowState.PLANNED, RowState.DIALING)
            delivery = Delivery()
            try:
                if anyio.current_time() - began > self._lease_seconds / 2:
                    end = given_back(claimed, "it was claimed too long ago")
                elif self._course.has_ended or self._gate.is_shut(self._clock()):
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
            self._course.tell()

    async def _settle(self, claimed: Claimed, end: End, reserved: Decimal, began: float) -> None:
        """Learn from how an attempt ended, at once, and then write it down."""
        try:
            self._learn(end, reserved, began)
        except Exception as error:  # noqa: BLE001 - it is written down all the same
            self._course.fail(error)
        state = await self._journal.settle(settlement_of(claimed, end, self._purse.price_of(end)))
        self.progress.move(RowState.DIALING, state)
        self._counting.patience.renew(anyio.current_time())
        # Counts and money are shown together.
        self._counting.refresh()
        if state is RowState.PLANNED:
            self._left.renew()
        if self._allowance is not None:
            await self._allowance.trim()

    def _learn(self, end: End, reserved: Decimal, began: float) -> None:
        now = anyio.current_time()
        self._gate.note(end.verdict, now)
        if isinstance(end.error, RateLimited):
            self._gate.throttle.rate_limited(now, end.error.retry_after, began=began)
        if end.fault is not None:
            self._course.fail(end.fault)
        self._course.stop_for(self._halts.judge(end.verdict, end.error))
        self._course.stop_for(self._purse.settle(end, reserved))
