"""A gateway that asks to wait, and one that cannot be reached: nobody is used up by either."""

from datetime import timedelta
from decimal import Decimal
from itertools import repeat

import anyio
import pytest

from alphasms_async.campaigns.halts import HaltReason
from alphasms_async.campaigns.progress import Hold
from alphasms_async.campaigns.states import SkipReason
from tests.campaigns.dialers import NOTHING, Gateway, Wall, desk, limited, unreachable
from tests.campaigns.journals import NOON
from tests.campaigns.virtual import virtual
from tests.doubles import Answer, accepted, phones, refused


def down(times: int) -> list[Answer]:
    return list(repeat(unreachable, times))


@virtual
async def test_everybody_waits_as_long_as_the_gateway_asks() -> None:
    """The recipient goes back, nobody is called meanwhile, and then all are, once."""
    script: list[Answer] = [accepted, accepted, limited(7)]
    gateway = Gateway(*script, seconds=1)
    async with desk(12, gateway, concurrency=4, per_second=10) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"accepted": 12}
        verdicts = [str(one.verdict) for one in await ready.ledger()]
    began, limited_at = gateway.at[0], gateway.at[2] + 1
    # Those that began before it asked are answered; after the pause it goes half as fast.
    assert [at - began for at in gateway.at[:6]] == pytest.approx([0, 1, 1.1, 1.2, 1.3, 2])
    assert gateway.at[6] == pytest.approx(limited_at + 7)
    assert gateway.gaps[6:9] == [0.2] * 3
    assert (run.halt, verdicts.count("put_back")) == (None, 1)
    assert sorted(gateway.rings.values()) == [1] * 11 + [2]


@virtual
async def test_the_pace_comes_back_by_itself() -> None:
    """Half as fast after the complaint, and as fast as before once the gateway is quiet."""
    gateway = Gateway(*[accepted] * 5, limited(5))
    async with desk(480, gateway, per_second=10) as ready:
        await ready.dial()
        progress = ready.dialers[-1].progress
    assert gateway.gaps[:9] == [0.1] * 5 + [5] + [0.2] * 3
    assert gateway.gaps[-5:] == [0.1] * 5
    assert (progress.per_second, progress.slowed) == (10, False)


@virtual
async def test_whoever_looks_sees_that_the_gateway_asked_for_it() -> None:
    """Progress tells why nobody is called, for how long, and how slow it has become."""
    gateway = Gateway(accepted, limited(50))
    async with desk(9, gateway, per_second=10) as ready, anyio.create_task_group() as group:
        group.start_soon(ready.dial)
        await anyio.sleep(10)
        progress = ready.dialers[-1].progress
        assert (progress.hold, progress.in_flight) == (Hold.RATE_LIMITED, 0)
        assert progress.hold_seconds == pytest.approx(40.1, abs=0.3)
        assert (progress.per_second, progress.slowed) == (5, True)


@virtual
async def test_a_gateway_that_always_asks_to_wait_uses_nobody_up() -> None:
    """However often it is asked, nobody is refused, and all are called in the end."""
    gateway = Gateway(*repeat(limited(2), 40))
    async with desk(3, gateway) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"accepted": 3}
        assert len(await ready.ledger()) == 43
    assert (run.halt, run.money.held) == (None, NOTHING)


@virtual
async def test_what_never_left_uses_nobody_up() -> None:
    """However often the gateway is not reached, everybody is called once in the end."""
    gateway = Gateway(*down(15))
    async with desk(4, gateway, budget=Decimal(2)) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"accepted": 4}
        verdicts = [str(one.verdict) for one in await ready.ledger()]
    assert (verdicts.count("not_sent"), verdicts.count("accepted")) == (15, 4)
    assert gateway.rings == dict.fromkeys(phones(4), 1)
    assert (run.money.spent, run.money.held) == (Decimal("1.6"), NOTHING)


@virtual
async def test_one_recipient_rests_longer_each_time() -> None:
    """Half a second, then twice as long each time: the same number is not hammered at."""
    gateway = Gateway(*down(4))
    async with desk(1, gateway) as ready:
        await ready.dial()
    assert gateway.gaps == [0.5, 1, 2, 4]


@virtual
async def test_after_five_in_a_row_it_is_only_tried_now_and_then() -> None:
    """One recipient after 1 s, 2 s, 4 s, and never more than a minute apart, until it is there."""
    gateway = Gateway(*down(13), seconds=1)
    async with desk(20, gateway) as ready:
        await ready.dial()
        assert await ready.counts() == {"accepted": 20}
    assert gateway.gaps[:13] == [0] * 4 + [1, 2, 4, 8, 16, 32, 60, 60, 60]
    # The one that got through is the first that is answered; then all are called.
    assert gateway.gaps[13:] == [1] + [0] * 18


@virtual
async def test_those_in_flight_together_fail_together() -> None:
    """Many that are not sent in the same moment do not make the first pause any longer."""
    gateway = Gateway(accepted, *down(20), seconds=1, connect_seconds=3)
    async with desk(40, gateway, concurrency=16) as ready:
        await ready.dial()
        assert await ready.counts() == {"accepted": 40}
    # Sixteen fail at once, then one after another: each pause begins when the failure is seen.
    assert gateway.gaps[:21] == [1, *[0] * 15, 3 + 1, 3 + 2, 3 + 4, 3 + 8, 3 + 16]


@virtual
async def test_an_answer_of_any_kind_ends_the_tries() -> None:
    """Also one that refuses shows that the gateway is there."""
    gateway = Gateway(accepted, *down(6), refused("Operator not supported"), seconds=1)
    async with desk(20, gateway, concurrency=1) as ready:
        await ready.dial()
    assert gateway.gaps[7:] == [1] * (len(gateway.gaps) - 7)


@virtual
async def test_a_try_goes_alone() -> None:
    """While it is tried, nobody else is called, however many may be in flight."""
    gateway = Gateway(accepted, *down(5), seconds=30, connect_seconds=3)
    async with desk(9, gateway, concurrency=5) as ready:
        await ready.dial()
    began = gateway.at[0]
    assert [at - began for at in gateway.at] == [0, *[30] * 5, 34, *[64] * 5, *[94] * 2]


@virtual
async def test_whoever_could_not_be_called_in_time_is_skipped() -> None:
    """It is tried until the campaign's time is over; then everybody left is skipped for that."""
    gateway = Gateway(then=unreachable)
    expires_at = NOON + timedelta(seconds=100)
    async with desk(20, gateway, expires_at=expires_at) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"skipped": 20}
    assert run.tally.reasons == {SkipReason.EXPIRED: 20}
    assert (run.halt, run.is_finished) == (None, True)
    assert gateway.at[-1] - gateway.at[0] == 63
    assert gateway.asked == 11


@virtual
async def test_a_run_that_does_not_wait_stops() -> None:
    """Told not to wait, it stops instead of trying again, and everybody is planned."""
    gateway = Gateway(accepted, then=unreachable)
    async with desk(20, gateway) as ready:
        run = await ready.dial(wait=False)
        assert await ready.counts() == {"accepted": 1, "planned": 19}
        assert run.halt is not None
        assert run.halt.reason is HaltReason.WAITING
        assert run.halt.text == "stopped instead of waiting: the gateway cannot be reached"
        wall = ready.clock
        assert isinstance(wall, Wall)
        wall.jump(minutes=1)
        run = await ready.dial(Gateway(), wait=False)
    assert (run.halt, run.is_finished) == (None, True)


@virtual
async def test_a_run_that_does_not_wait_keeps_the_gateways_pause() -> None:
    """That is part of its pace, and it goes on after it."""
    gateway = Gateway(accepted, limited(20))
    async with desk(3, gateway) as ready:
        run = await ready.dial(wait=False)
        assert (run.halt, await ready.counts()) == (None, {"accepted": 3})
