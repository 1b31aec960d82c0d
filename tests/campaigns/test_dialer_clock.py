"""A clock that is set back while somebody rests: nobody rests longer than was meant."""

import anyio
import pytest

from alphasms_async.campaigns.commands import RecordEvent
from alphasms_async.campaigns.events import CallEvent, Ref
from alphasms_async.campaigns.redial import RedialPolicy
from alphasms_async.models import CallOutcome
from tests.campaigns.dialers import Gateway, Wall, desk, unreachable
from tests.campaigns.virtual import virtual
from tests.doubles import accepted

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("back", [{"seconds": 20}, {"minutes": 2}, {"days": 1}, {"days": 3650}])
@virtual
async def test_nobody_rests_for_a_clock_that_was_set_back(back: dict[str, float]) -> None:
    """Whoever never left is tried again within half a minute, whatever the clock does."""
    wall, gateway = Wall(), Gateway(accepted, *[unreachable] * 3)
    began = anyio.current_time()
    async with desk(3, gateway, wall) as ready, anyio.create_task_group() as group:
        group.start_soon(ready.dial)
        await anyio.sleep(0.1)
        assert await ready.counts() == {"accepted": 1, "planned": 2}
        wall.jump(**{unit: -by for unit, by in back.items()})
        await anyio.sleep(62)
        assert await ready.counts() == {"accepted": 3}
    assert gateway.at[-1] - began < 62


@virtual
async def test_a_clock_set_back_between_two_runs_keeps_nobody_either() -> None:
    """The next run does not even wait for half a minute longer than that."""
    wall = Wall()
    async with desk(1, Gateway(then=unreachable), wall) as ready:
        with anyio.move_on_after(100):
            await ready.dial()
        wall.jump(days=-1)
        began, gateway = anyio.current_time(), Gateway()
        await ready.dial(gateway)
        assert await ready.counts() == {"accepted": 1}
    assert gateway.at[0] - began <= 31


@pytest.mark.parametrize(("times", "waited"), [(0, 1800), (1, 1800 + 1200)])
@virtual
async def test_a_redial_is_kept_waiting_as_long_as_was_meant(times: int, waited: int) -> None:
    """Half an hour after a call that reached nobody, or after a clock that was set back."""
    wall, gateway = Wall(), Gateway()
    async with desk(1, gateway, wall, redial=RedialPolicy(1)) as ready:
        await ready.dial()
        await ready.tell(RecordEvent(CallEvent(outcome=CallOutcome.NO_ANSWER, ref=Ref(1, 1))))
        async with anyio.create_task_group() as group:
            group.start_soon(ready.dial)
            await anyio.sleep(1200)
            for _ in range(times):
                wall.jump(days=-1)
    assert gateway.gaps == pytest.approx([waited], abs=1)


@virtual
async def test_a_small_step_back_is_no_reason_to_dial_sooner() -> None:
    """Clocks are put right by moments all the time; a rest is as long as it was."""
    wall, gateway = Wall(), Gateway(*[unreachable] * 4)
    async with desk(1, gateway, wall) as ready, anyio.create_task_group() as group:
        group.start_soon(ready.dial)
        await anyio.sleep(3.6)
        wall.jump(seconds=-0.5)
    assert gateway.gaps == pytest.approx([0.5, 1, 2, 4.5])
