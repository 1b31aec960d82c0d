"""One pace and one budget for all dialers of a campaign, in the campaign's row."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from alphasms_async import JournalLocked
from alphasms_async.campaigns.allowance import Allowance
from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.commands import SetBudget, SetPace
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.kinds import PlayRecording
from alphasms_async.campaigns.postgres import PostgresJournal
from alphasms_async.campaigns.purse import Purse
from alphasms_async.campaigns.shares import Grant, Share
from alphasms_async.campaigns.states import Verdict
from alphasms_async.campaigns.throttle import Throttle
from alphasms_async.models import CallOutcome
from tests.campaigns.dialers import RECORDING
from tests.campaigns.journals import NAME, PRICE, Stage, Time, listed, staged
from tests.campaigns.postgres.databases import Database
from tests.doubles import phones

pytestmark = pytest.mark.anyio

NOTHING = Decimal(0)
LEAST = Decimal("0.40")
ALL, NONE, NOT_NOW = (
    Grant(Decimal(10), others_hold=False),
    Grant(NOTHING, others_hold=False),
    Grant(NOTHING, others_hold=True),
)
GRANTED = "select granted::text from alphasms.campaign"
AHEAD = "select extract(epoch from next_slot - clock_timestamp())::float8 from alphasms.campaign"


async def budgeted(journal: Journal, time: Time, budget: str = "10.00") -> Stage:
    """Plan a campaign of twenty that may cost so much."""
    return await staged(journal, time, 20, budget=budget)


@asynccontextmanager
async def at_work(*journals: Journal) -> AsyncGenerator[list[Share]]:
    """Have so many dialers at work on the campaign, and return what each of them has."""
    async with AsyncExitStack() as stack:
        shares = list[Share]()
        for journal in journals:
            campaign = (await journal.campaign(NAME)).id
            share = await stack.enter_async_context(journal.taken_up(campaign))
            assert share is not None
            shares.append(share)
        yield shares


async def paced(journal: Journal, per_second: float | None) -> None:
    """Plan a campaign with a pace."""
    await journal.plan(NAME, {}, listed(phones(3)), per_second=per_second)


async def test_without_a_pace_there_are_no_slots(first: PostgresJournal) -> None:
    """Whoever asks is told that he need not wait."""
    await paced(first, None)
    async with at_work(first) as [share]:
        assert await share.slots(5) is None


async def test_slots_stand_in_one_row(
    first: PostgresJournal, second: PostgresJournal, database: Database
) -> None:
    """What one dialer is given, the other comes behind, however near they ask."""
    await paced(first, 0.5)
    async with at_work(first, second) as [mine, yours]:
        one = await mine.slots(10)
        other = await yours.slots(10)
    assert one is not None
    assert other is not None
    assert (one.interval, one.count) == (2.0, 10)
    assert one.delay == pytest.approx(0, abs=1)
    assert other.delay == pytest.approx(20, abs=1)
    assert database.value(AHEAD) == pytest.approx(40, abs=1)


async def test_no_slot_is_early(first: PostgresJournal, database: Database) -> None:
    """Counted from the answer it is never before the one in the row."""
    await paced(first, 1)
    async with at_work(first) as [share]:
        for _ in range(5):
            slots = await share.slots(1)
            assert slots is not None
            # The row's first free slot is one interval after this one, and some time has passed.
            assert slots.delay >= database.value(AHEAD) - slots.interval


async def test_time_that_passed_is_not_saved_up(first: PostgresJournal, database: Database) -> None:
    """A campaign that rested for an hour does not begin with a burst."""
    await paced(first, 2)
    async with at_work(first) as [share]:
        database.change("update alphasms.campaign set next_slot = now() - interval '1 hour'")
        slots = await share.slots(3)
    assert slots is not None
    assert 0 <= slots.delay < 1
    assert database.value(AHEAD) > 0


@pytest.mark.parametrize("per_second", [3, 7, 0.3, 999])
async def test_steps_are_never_too_short(
    first: PostgresJournal, database: Database, per_second: float
) -> None:
    """A pace that is no whole number of microseconds is kept by the longer step."""
    await paced(first, per_second)
    async with at_work(first) as [share]:
        database.change("update alphasms.campaign set next_slot = '2100-01-01'")
        await share.slots(1000)
        took = database.value(
            "select extract(epoch from next_slot - '2100-01-01')::float8 from alphasms.campaign"
        )
    assert took >= 1000 / per_second
    assert took == pytest.approx(1000 / per_second, rel=1e-3)


async def test_a_new_pace_holds_for_the_next_slot(first: PostgresJournal) -> None:
    """Nobody waits behind the slots of a slower one."""
    await paced(first, 0.01)
    async with at_work(first) as [share]:
        await share.slots(1)
        await first.apply(SetPace(NAME, 10))
        slots = await share.slots(1)
        assert slots is not None
        assert slots.delay <= 0.1
        await first.apply(SetPace(NAME, None))
        assert await share.slots(1) is None


async def test_grants_are_never_above_the_budget(
    first: PostgresJournal, second: PostgresJournal, time: Time, database: Database
) -> None:
    """Whoever asks for more than half of what is left is given that half."""
    await budgeted(first, time)
    async with at_work(first, second) as [mine, yours]:
        asked = Decimal(100)
        granted = [
            (await share.take(asked, least=LEAST, used=NOTHING)).amount
            for share in [mine, yours] * 20
        ]
        assert granted[:3] == [Decimal("5.00"), Decimal("2.50"), Decimal("1.25")]
        assert Decimal("9.60") < sum(granted) <= Decimal(10)
        assert all(one == 0 or one >= LEAST for one in granted)
        assert Decimal(database.value(GRANTED)) == sum(granted)


async def test_all_that_is_left_may_be_taken(first: PostgresJournal, time: Time) -> None:
    """By whoever does not know yet what a call costs."""
    await budgeted(first, time)
    async with at_work(first) as [share]:
        assert await share.take(None, least=LEAST, used=NOTHING) == Grant(
            Decimal(10), others_hold=False
        )
        assert await share.take(None, least=LEAST, used=NOTHING) == Grant(
            NOTHING, others_hold=False
        )


async def test_what_is_given_back_is_there_for_the_other(
    first: PostgresJournal, second: PostgresJournal, time: Time
) -> None:
    """Who is told as long as there may be more that another one holds."""
    await budgeted(first, time)
    async with at_work(first, second) as [mine, yours]:
        await mine.take(None, least=LEAST, used=NOTHING)
        assert await yours.take(LEAST, least=LEAST, used=NOTHING) == Grant(
            NOTHING, others_hold=True
        )
        await mine.give_back(Decimal(9), used=Decimal(1))
        assert await yours.take(LEAST, least=LEAST, used=NOTHING) == Grant(LEAST, others_hold=False)


async def test_a_raised_budget_can_be_taken_at_once(first: PostgresJournal, time: Time) -> None:
    """While the run goes on; and one that was lowered gives nothing more."""
    await budgeted(first, time, "1.00")
    async with at_work(first) as [share]:
        await share.take(None, least=LEAST, used=NOTHING)
        await first.apply(SetBudget(NAME, "1.50"))
        assert (await share.take(None, least=LEAST, used=NOTHING)).amount == Decimal("0.50")
        await first.apply(SetBudget(NAME, "0.50"))
        assert (await share.take(None, least=LEAST, used=NOTHING)).amount == 0


async def test_what_an_event_has_told_before_its_answer_is_still_held(
    first: PostgresJournal, second: PostgresJournal, time: Time, database: Database
) -> None:
    """The call was paid, and its dialer died before it could say so: nobody is given that money."""
    here = await budgeted(first, time)
    async with at_work(first, second) as [mine, yours]:
        await mine.take(Decimal(1), least=LEAST, used=NOTHING)
        ref = (await here.claim(reserved=Decimal(1))).ref
        await Stage(second, time, here.campaign).event(CallOutcome.ANSWERED, ref, id=77)
        database.age(owner=vars(first)["_owner"])
        await second.drain()
        given = (await yours.take(None, least=LEAST, used=NOTHING)).amount
        await here.settle(ref, Verdict.ACCEPTED, price=Decimal(1), gateway_id=77)
    assert given == Decimal(9)
    assert (await here.ledger())[ref].verdict is Verdict.ACCEPTED


ENDS: dict[str, tuple[Callable[[Stage], Any], str]] = {
    "one in flight": (lambda stage: stage.claim(reserved=PRICE), "0.40"),
    "accepted at its price": (
        lambda stage: ended(stage, Verdict.ACCEPTED, price=Decimal("0.25")),
        "0.25",
    ),
    "accepted at no price": (lambda stage: ended(stage, Verdict.ACCEPTED), "0.40"),
    "uncertain": (lambda stage: ended(stage, Verdict.UNCERTAIN), "0.40"),
    "refused": (lambda stage: ended(stage, Verdict.REFUSED), "0"),
    "not sent": (lambda stage: ended(stage, Verdict.NOT_SENT), "0"),
    "given back": (lambda stage: ended(stage, Verdict.PUT_BACK), "0"),
}


async def ended(stage: Stage, verdict: Verdict, **facts: Any) -> None:
    """Place a call that ends so."""
    claimed = await stage.claim(reserved=PRICE)
    await stage.settle(claimed.ref, verdict, **facts)


@pytest.mark.parametrize("end", ENDS)
async def test_money_of_the_dead_comes_back(
    first: PostgresJournal, second: PostgresJournal, time: Time, database: Database, end: str
) -> None:
    """Less what their calls have cost, may have cost, or may yet cost."""
    stage = await budgeted(first, time)
    call, gone = ENDS[end]
    async with at_work(first) as [share]:
        await share.take(Decimal(4), least=LEAST, used=NOTHING)
        await call(stage)
        database.age()
        await second.drain()
        assert Decimal(database.value(GRANTED)) == Decimal(gone)


@pytest.mark.parametrize("end", ENDS)
async def test_money_of_whoever_leaves_comes_back(
    first: PostgresJournal, time: Time, database: Database, end: str
) -> None:
    """At once, and less the same."""
    stage = await budgeted(first, time)
    call, gone = ENDS[end]
    async with at_work(first) as [share]:
        await share.take(Decimal(4), least=LEAST, used=NOTHING)
        await call(stage)
    assert Decimal(database.value(GRANTED)) == Decimal(gone)


async def test_a_late_answer_settles_the_money_too(
    first: PostgresJournal, time: Time, database: Database
) -> None:
    """What was held for a doubt is what the call has cost, once that is known."""
    stage = await budgeted(first, time)
    async with at_work(first) as [share]:
        await share.take(Decimal(4), least=LEAST, used=NOTHING)
        ref = (await stage.claim(reserved=PRICE)).ref
        await stage.settle(ref, Verdict.UNCERTAIN)
        await stage.settle(ref, Verdict.ACCEPTED, price=Decimal("0.25"))
    assert Decimal(database.value(GRANTED)) == Decimal("0.25")


@pytest.mark.parametrize(("verdict", "gone"), [("accepted", "0.25"), ("refused", "0")])
async def test_a_late_answer_to_the_dead_settles_the_money_too(
    first: PostgresJournal,
    second: PostgresJournal,
    time: Time,
    database: Database,
    verdict: str,
    gone: str,
) -> None:
    """Their money came back less what the call might have cost; now it is known."""
    stage = await budgeted(first, time)
    async with at_work(first, second) as [mine, _]:
        await mine.take(Decimal(4), least=LEAST, used=NOTHING)
        ref = (await stage.claim(reserved=PRICE)).ref
        database.age(owner=vars(first)["_owner"])
        await second.drain()
        assert Decimal(database.value(GRANTED)) == PRICE
        price = Decimal("0.25") if verdict == "accepted" else None
        await stage.settle(ref, Verdict(verdict), price=price)
        assert Decimal(database.value(GRANTED)) == Decimal(gone)


async def test_whoever_is_first_counts_anew(
    first: PostgresJournal, time: Time, database: Database
) -> None:
    """What later news has freed can be spent again, and what was spent elsewhere cannot."""
    stage = await budgeted(first, time)
    ref = (await stage.claim(reserved=PRICE)).ref
    await stage.settle(ref, Verdict.UNCERTAIN)
    database.change("update alphasms.campaign set granted = 9")
    async with at_work(first):
        assert Decimal(database.value(GRANTED)) == PRICE
    await stage.settle(ref, Verdict.REFUSED)
    async with at_work(first):
        assert Decimal(database.value(GRANTED)) == 0


async def test_whoever_comes_later_counts_nothing_anew(
    first: PostgresJournal, second: PostgresJournal, time: Time, database: Database
) -> None:
    """What is in another one's hands is not to be given out twice."""
    await budgeted(first, time)
    async with at_work(first) as [share]:
        await share.take(Decimal(4), least=LEAST, used=NOTHING)
        async with at_work(second):
            assert Decimal(database.value(GRANTED)) == 4


async def test_the_highest_price_is_told(first: PostgresJournal, time: Time) -> None:
    """A lower one that comes later does not make the others reckon with less."""
    await budgeted(first, time)
    async with at_work(first) as [share]:
        for price in ("0.40", "0.45", "0.30"):
            await share.tell_price(Decimal(price))
        grant = await share.take(LEAST, least=LEAST, used=NOTHING)
        assert grant.quoted == Decimal("0.45")
    assert (await first.campaign(NAME)).quoted == Decimal("0.45")


ASKS: dict[str, Callable[[Share], Awaitable[object]]] = {
    "slots": lambda share: share.slots(1),
    "take": lambda share: share.take(LEAST, least=LEAST, used=NOTHING),
    "give_back": lambda share: share.give_back(NOTHING, used=NOTHING),
    "tell_price": lambda share: share.tell_price(LEAST),
}


@pytest.mark.parametrize("ask", ASKS)
async def test_whoever_lost_the_lease_is_given_nothing(
    first: PostgresJournal,
    second: PostgresJournal,
    time: Time,
    database: Database,
    ask: str,
) -> None:
    """Neither slots nor money, and the budget stays as it is."""
    await budgeted(first, time)
    async with at_work(first) as [share]:
        database.age()
        await second.drain()
        with pytest.raises(JournalLocked):
            await ASKS[ask](share)
        assert Decimal(database.value(GRANTED)) == 0


async def test_a_call_dearer_than_reserved_counts_for_the_others(
    first: PostgresJournal, second: PostgresJournal, time: Time
) -> None:
    """One is given 1 and is charged 5, and leaves: of 10 the other is given 5, and not 9."""
    here = await budgeted(first, time)
    async with at_work(second) as [yours]:
        async with at_work(first) as [mine]:
            await mine.take(Decimal(1), least=LEAST, used=NOTHING)
            await here.attempt(Verdict.ACCEPTED, price=Decimal(5))
        given = (await yours.take(None, least=LEAST, used=NOTHING)).amount
    assert given == Decimal(5)


async def test_whoever_began_without_a_budget_is_given_nobody_more(
    first: PostgresJournal, second: PostgresJournal, time: Time
) -> None:
    """Once there is one: what he spends would be in no account. Who begins then counts him in."""
    here = await staged(first, time, 20)
    async with at_work(second):
        async with at_work(first):
            in_flight = (await here.claim(reserved=PRICE)).ref
            await first.apply(SetBudget(NAME, "10.00"))
            assert await first.claim(here.campaign, reserved=PRICE) is None
            await here.settle(in_flight, Verdict.ACCEPTED, price=PRICE)
        async with at_work(first) as [mine]:
            given = (await mine.take(None, least=LEAST, used=NOTHING)).amount
            assert given == Decimal("9.60")
            assert await first.claim(here.campaign, reserved=PRICE) is not None


async def test_the_same_pace_again_gives_no_start_twice(
    first: PostgresJournal, second: PostgresJournal
) -> None:
    """Dialers keep what they have in hand, for nothing has changed."""
    await paced(first, 0.5)
    async with at_work(first, second) as [mine, yours]:
        await mine.slots(5)
        await first.apply(SetPace(NAME, 0.5))
        slots = await yours.slots(5)
    assert slots is not None
    assert slots.delay > 8


async def test_a_clock_that_was_set_back_keeps_nobody_waiting(
    first: PostgresJournal, second: PostgresJournal, database: Database
) -> None:
    """Not for as long as it was set back: five a second are five a second."""
    await paced(first, 5)
    async with at_work(first, second) as [mine, yours]:
        await mine.slots(1)
        # As the row looks once the clock is an hour back.
        database.change(
            "update alphasms.campaign set next_slot = next_slot + interval '1 hour', "
            "slots_at = slots_at + interval '1 hour'"
        )
        slots = await yours.slots(1)
    assert slots is not None
    assert slots.delay < 60


async def test_money_too_little_for_a_known_price_begins_no_call(
    first: PostgresJournal, second: PostgresJournal, time: Time
) -> None:
    """Of 0.41 a first call cost 0.40: who gets the rest has not looked since, and is told."""
    stage = await budgeted(first, time, "0.41")
    record, money = await second.campaign(NAME), await second.money(stage.campaign)
    campaign = Campaign(name=NAME, kind=PlayRecording(RECORDING), budget=Decimal("0.41"))
    purse = Purse.shared(campaign, record, money)
    async with at_work(first, second) as [mine, yours]:
        await mine.take(Decimal("0.40"), least=LEAST, used=NOTHING)
        await mine.tell_price(Decimal("0.40"))
        await Allowance(yours, purse, Throttle(None), 1).provide(1)
    assert not purse.fits
