"""Several dialers and one budget: it is shared out in blocks, and none of it is left lying."""

from decimal import Decimal
from typing import Any

import anyio
import pytest

from alphasms_async.campaigns.commands import SetBudget
from alphasms_async.campaigns.halts import HaltReason
from alphasms_async.campaigns.kinds import SpeakText
from alphasms_async.campaigns.progress import Hold
from alphasms_async.campaigns.templates import Template
from tests.campaigns.dialers import (
    NOTHING,
    PRICE,
    Gateway,
    limited,
    lost,
    priced,
    spoken,
    unreachable,
)
from tests.campaigns.journals import NAME
from tests.campaigns.pools import LEASE_SECONDS, Door, crew
from tests.campaigns.virtual import virtual
from tests.doubles import refused

pytestmark = pytest.mark.anyio

PAID = priced("0.40")


def till(**facts: Any) -> Gateway:
    """Return a gateway that accepts every call at one price."""
    return Gateway(then=PAID, **facts)


def together(count: int, gateway: Gateway, **options: Any) -> list[dict[str, Any]]:
    """Return what each of so many dialers is given."""
    return [{"gateway": gateway, **options} for _ in range(count)]


@pytest.mark.parametrize("calls", [1, 2, 7, 40])
@pytest.mark.parametrize("quoted", [None, PRICE])
@virtual
async def test_a_budget_of_so_many_calls_pays_for_so_many(
    calls: int, quoted: Decimal | None
) -> None:
    """To the last kopiyka, however many dialers there are, and all of them say that it is spent."""
    gateway = till(seconds=1)
    async with crew(200, gateway, quoted, budget=calls * PRICE) as ready:
        runs = await ready.dial_together(*together(4, gateway, concurrency=5))
        assert await ready.desk.counts() == {"accepted": calls, "planned": 200 - calls}
    text = f"the budget of {calls * PRICE} is used up: {calls * PRICE} spent, and the next call"
    for run in runs:
        assert (run.money.spent, run.money.held) == (calls * PRICE, NOTHING)
        assert run.halt is not None
        assert run.halt.reason in {HaltReason.BUDGET, HaltReason.ELSEWHERE}
        assert run.halt.text.startswith(text)
        assert run.campaign.halted == run.halt.text


@virtual
async def test_a_budget_that_is_enough_stops_nobody() -> None:
    """The last call is paid with the last of it, wherever that lay."""
    gateway = till(seconds=1)
    async with crew(50, budget=50 * PRICE) as ready:
        runs = await ready.dial_together(*together(3, gateway, concurrency=7))
    assert [(run.halt, run.is_finished) for run in runs] == [(None, True)] * 3


@virtual
async def test_whoever_finds_the_price_holds_all_and_tells_it() -> None:
    """The others wait for it, and go on at the price that was found, in parallel at once."""
    first, others = till(seconds=5), till(seconds=1)
    async with crew(60, budget=Decimal(90)) as ready, anyio.create_task_group() as group:
        group.start_soon(lambda: ready.dial(first, concurrency=2))
        await anyio.sleep(0.1)
        group.start_soon(lambda: ready.dial(others, concurrency=4))
        await anyio.sleep(4)
        assert ready.desk.dialers[-1].progress.hold is Hold.BUDGET
        assert others.asked == 0
        await anyio.sleep(2)
        # Its own first call is as much alone as any.
        assert others.asked == 1
        assert (await ready.desk.record()).quoted == PRICE
        # What it has is a few calls' worth.
        assert ready.pool.members[1].granted <= 4 * PRICE
    assert others.most_in_flight == 4


@virtual
async def test_money_is_taken_in_blocks() -> None:
    """A dialer asks for as many calls as it places at once, not for each."""
    async with crew(400, quoted=PRICE, budget=Decimal(1000)) as ready:
        door = ready.door()
        await ready.dial(till(seconds=0.1), door, concurrency=20)
        assert ready.pool.takes <= 400 / 20 + 5


@virtual
async def test_no_dialer_holds_more_than_it_will_use_soon() -> None:
    """A pace of ten a second is ten calls' money, whatever the concurrency."""
    limits: dict[str, Any] = {"budget": Decimal(1000), "per_second": 10}
    async with crew(200, quoted=PRICE, **limits) as ready, anyio.create_task_group() as group:
        group.start_soon(lambda: ready.dial(till(), concurrency=500))
        await anyio.sleep(5)
        (member,) = ready.pool.members
        assert member.granted - member.used <= 23 * PRICE
        ready.desk.dialers[0].stop()


@virtual
async def test_what_a_dead_dialer_held_comes_back_but_for_its_calls() -> None:
    """The others wait for as long as its lease lasts, and then spend what it did not."""
    async with crew(50, quoted=PRICE, budget=10 * PRICE) as ready:
        async with anyio.create_task_group() as group:

            async def die() -> None:
                door = ready.door()
                with anyio.CancelScope() as scope:
                    group.start_soon(kill, door, scope)
                    await ready.dial(till(seconds=2), door, concurrency=3)

            async def kill(door: Door, scope: anyio.CancelScope) -> None:
                await anyio.sleep(3)
                door.kill()
                scope.cancel()

            group.start_soon(die)
            await anyio.sleep(0.1)
            await ready.dial(till(seconds=60), concurrency=1)
            assert anyio.current_time() >= LEASE_SECONDS
        counts = await ready.desk.counts()
        assert counts == {"accepted": 7, "uncertain": 3, "planned": 40}
        money = await ready.pool.money(1)
        assert (money.spent, money.held) == (7 * PRICE, 3 * PRICE)


@virtual
async def test_a_dialer_that_must_wait_keeps_nobodys_money() -> None:
    """While the gateway has one wait for minutes, the others spend all there is."""
    waiting = Gateway(PAID, PAID, limited(500), then=PAID)
    busy = till(seconds=1)
    limits: dict[str, Any] = {"budget": 20 * PRICE}
    async with crew(90, quoted=PRICE, **limits) as ready, anyio.create_task_group() as group:
        group.start_soon(lambda: ready.dial(waiting, concurrency=4))
        await anyio.sleep(0.1)
        group.start_soon(lambda: ready.dial(busy, concurrency=2))
        await anyio.sleep(60)
        assert (await ready.pool.money(1)).spent == 20 * PRICE
    assert [run.campaign.halted is not None for run in ready.runs] == [True, True]


@virtual
async def test_leftovers_of_two_make_one_call() -> None:
    """What is too little for a call with each of them is put together, and stuck with none."""
    prices = [priced(price) for price in ("0.30", "0.10", "0.30", "0.10")]
    async with crew(30, quoted=PRICE, budget=Decimal("2.80")) as ready:
        several = [Gateway(*prices, then=PAID, seconds=1), Gateway(*prices, then=PAID, seconds=1)]
        runs = await ready.dial_together(*({"gateway": one, "concurrency": 2} for one in several))
        left = await ready.pool.left()
    assert left < PRICE
    assert runs[0].money.spent == Decimal("2.80") - left


@virtual
async def test_a_price_that_one_was_charged_is_reckoned_with_by_all() -> None:
    """The dearer one halts whoever reckoned with less, as it does one dialer alone."""
    dear, other = Gateway(PAID, priced("0.90"), seconds=1), till(seconds=1)
    async with crew(200, quoted=PRICE, budget=Decimal(60)) as ready:
        first, second = await ready.dial_together(
            {"gateway": dear, "concurrency": 1}, {"gateway": other, "concurrency": 2}
        )
        assert (await ready.desk.record()).quoted == Decimal("0.90")
    assert first.halt is not None
    assert second.halt is not None
    assert (first.halt.reason, second.halt.reason) == (HaltReason.PRICE, HaltReason.ELSEWHERE)


@virtual
async def test_a_lost_first_call_holds_all_for_everybody() -> None:
    """While no price is known, it may have cost all there is, and each of them says so."""
    gateway = Gateway(lost, then=PAID)
    async with crew(9, gateway, budget=Decimal(1)) as ready:
        runs = await ready.dial_together({}, {})
    reasons = {run.halt.reason for run in runs if run.halt is not None}
    assert HaltReason.UNPRICED in reasons
    text = (
        "no price is known, so a call whose outcome is unknown holds all of the budget that is "
        "left (1): tell what a call may cost at most, with --max-price, to go on"
    )
    assert {run.campaign.halted for run in runs} == {text}
    assert gateway.asked == 1


@virtual
async def test_a_call_that_cost_nothing_is_there_for_others() -> None:
    """What was refused to one, or never left it, pays for the calls of another."""
    free = Gateway(PAID, then=refused("Operator not supported"), seconds=1)
    async with crew(12, quoted=PRICE, budget=5 * PRICE) as ready:
        await ready.dial_together(
            {"gateway": free, "concurrency": 1}, {"gateway": till(seconds=3), "concurrency": 1}
        )
        assert (await ready.pool.money(1)).spent in {5 * PRICE, 4 * PRICE, 3 * PRICE}
        counts = await ready.desk.counts()
    assert counts.get("planned", 0) == 0 or counts["accepted"] == 5


@virtual
async def test_no_budget_is_too_small_for_nobody() -> None:
    """Once everybody is called it does not matter that nothing is left."""
    async with crew(8, quoted=PRICE, budget=8 * PRICE) as ready:
        runs = await ready.dial_together(*together(3, till(seconds=1), concurrency=8))
    assert [run.halt for run in runs] == [None] * 3


@virtual
async def test_texts_are_reckoned_in_parts() -> None:
    """A text of which no price is told costs each of its parts at the most."""
    limits: dict[str, Any] = {
        "kind": SpeakText(Template("Добрий день")),
        "budget": Decimal(9),
        "max_price": Decimal("1.50"),
    }
    gateway = Gateway(then=spoken(1))
    async with crew(20, gateway, **limits) as ready:
        await ready.dial_together({}, {})
        assert await ready.desk.counts() == {"accepted": 6, "planned": 14}
        assert (await ready.desk.record()).quoted is None


@virtual
async def test_what_all_have_spent_is_shown() -> None:
    """Not only what this dialer has."""
    async with crew(100, quoted=PRICE, budget=Decimal(90), per_second=4) as ready:
        async with anyio.create_task_group() as group:
            looks = list[None]()
            options = {"on_change": lambda: looks.append(None)}
            group.start_soon(ready.dial_together, *together(2, till(), **options))
            await anyio.sleep(13.1)
            spent = [dialer.progress.spent for dialer in ready.desk.dialers]
            whole = (await ready.pool.money(1)).spent
            assert min(spent) >= whole - 24 * PRICE
            assert sum(spent) > whole
            for dialer in ready.desk.dialers:
                dialer.stop()
        run = ready.runs[-1]
        assert ready.desk.dialers[-1].progress.spent == run.money.spent


@virtual
async def test_a_budget_that_is_raised_meanwhile_holds_at_once() -> None:
    """The money is there for whoever asks next, and the line at the end tells the new sum."""
    gateway = till(seconds=1)
    async with crew(90, quoted=PRICE, budget=9 * PRICE) as ready:
        async with anyio.create_task_group() as group:
            group.start_soon(ready.dial_together, *together(2, gateway, concurrency=1))
            await anyio.sleep(2.5)
            await ready.desk.tell(SetBudget(NAME, f"{11 * PRICE:f}"))
            await anyio.sleep(0.5)
            assert ready.desk.dialers[0].progress.budget == 11 * PRICE
        assert await ready.desk.counts() == {"accepted": 11, "planned": 79}
    assert str(ready.runs[-1].halt).startswith("the budget of 4.40 is used up: 4.40 spent")


@virtual
async def test_a_budget_that_is_lowered_meanwhile_holds_within_a_look() -> None:
    """What a dialer has in hand goes back: whoever may spend nothing more begins nothing more."""
    gateway = till(seconds=1)
    async with crew(900, quoted=PRICE, budget=Decimal(300)) as ready:

        async def lower() -> None:
            await anyio.sleep(2.4)
            await ready.desk.tell(SetBudget(NAME, "1"))

        began = anyio.current_time()
        async with anyio.create_task_group() as group:
            group.start_soon(lower)
            await ready.dial_together(*together(3, gateway, concurrency=16))
        begun = gateway.asked
        assert gateway.at[-1] - began <= 2.9
        assert await ready.desk.counts() == {"accepted": begun, "planned": 900 - begun}
    assert str(ready.runs[-1].halt).startswith("the budget of 1 is used up")


@virtual
async def test_a_budget_where_there_was_none_ends_whoever_had_no_limit() -> None:
    """A dialer that begins after that keeps to it."""
    async with crew(900) as ready, anyio.create_task_group() as group:
        group.start_soon(ready.dial_together, *together(2, till(seconds=1), concurrency=1))
        await anyio.sleep(3.3)
        await ready.desk.tell(SetBudget(NAME, "100"))
    reasons = {run.halt.reason for run in ready.runs if run.halt is not None}
    assert (reasons, len(ready.runs)) == ({HaltReason.ELSEWHERE}, 2)
    assert ready.runs[-1].campaign.halted is None


@virtual
async def test_one_that_cannot_reach_the_gateway_holds_no_money() -> None:
    """It tries now and then; the others spend what there is."""
    stuck = Gateway(PAID, then=unreachable)
    limits: dict[str, Any] = {"budget": 12 * PRICE}
    async with crew(40, quoted=PRICE, **limits) as ready, anyio.create_task_group() as group:
        group.start_soon(lambda: ready.dial(stuck, concurrency=6))
        await anyio.sleep(5)
        await ready.dial(till(seconds=1), concurrency=3)
        assert (await ready.pool.money(1)).spent == 12 * PRICE
