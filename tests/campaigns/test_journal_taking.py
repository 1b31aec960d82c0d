"""Taking a campaign up: by one dialer at a time, who finds nobody left in the middle of a call."""

import anyio
import pytest

from alphasms_async.campaigns.events import Ref
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.errors import InvalidRequest
from tests.campaigns.journals import PRICE, Stage, Time, redialing, staged

pytestmark = pytest.mark.anyio


async def test_a_campaign_is_taken_up_once_at_a_time(stage: Stage, time: Time) -> None:
    """Another campaign may be beside it, and the same one again after it."""
    journal, other = stage.journal, await staged(stage.journal, time, name="summer")
    async with journal.taken_up(stage.campaign), journal.taken_up(other.campaign):
        for campaign in (stage.campaign, other.campaign):
            with pytest.raises(InvalidRequest, match="another dialer is at work on this campaign"):
                await journal.taken_up(campaign).__aenter__()
    async with journal.taken_up(stage.campaign):
        pass


async def test_a_campaign_is_put_down_whatever_ends_its_dialer(stage: Stage) -> None:
    """An error, or being cancelled."""
    with pytest.raises(ZeroDivisionError, match="told"):
        async with stage.journal.taken_up(stage.campaign):
            raise ZeroDivisionError("told")
    with anyio.CancelScope() as scope:
        scope.cancel()
        async with stage.journal.taken_up(stage.campaign):
            await anyio.sleep_forever()
    async with stage.journal.taken_up(stage.campaign):
        pass


async def test_who_was_left_dialing_is_uncertain(stage: Stage, time: Time) -> None:
    """What was held for the call stays held, and a late answer still settles it."""
    other = await staged(stage.journal, time, name="summer")
    left, elsewhere = await stage.bring(RowState.DIALING), await other.bring(RowState.DIALING)
    async with stage.journal.taken_up(stage.campaign):
        assert await stage.states() == ["uncertain", "planned", "planned"]
        assert (await stage.ledger())[left].error == "its dialer ended before the answer came"
        assert (await stage.journal.money(stage.campaign)).held == PRICE
        # Of another campaign, whose dialer may be at work.
        assert (await other.row(elsewhere)).state is RowState.DIALING
        await stage.settle(left, Verdict.ACCEPTED, price=PRICE)
    assert await stage.states() == ["accepted", "planned", "planned"]


@pytest.mark.parametrize(
    "state", [one for one in RowState if one not in {RowState.DIALING, RowState.SKIPPED}]
)
async def test_nobody_else_is_touched(stage: Stage, state: RowState) -> None:
    """Only who is in the middle of a call is judged."""
    await stage.bring(state)
    before = await stage.rows(), await stage.ledger()
    async with stage.journal.taken_up(stage.campaign):
        assert (await stage.rows(), await stage.ledger()) == before


async def test_who_rests_for_a_clock_that_was_set_back_rests_no_longer(
    journal: Journal, time: Time
) -> None:
    """Half a minute after what never left, as long as was meant before a redial."""
    stage = await staged(journal, time, 2, **redialing())
    await stage.attempt(Verdict.NOT_SENT, rest_seconds=20)
    await stage.bring(RowState.DIALING)
    await stage.settle(Ref(2, 1), Verdict.NOT_SENT, rest_seconds=86_400)
    for seconds, rests in ((0, 20), (-5, 25), (-3600, 30)):
        time.forward(seconds)
        async with journal.taken_up(stage.campaign):
            due = await journal.next_due(stage.campaign)
        assert due is not None
        assert (due - time.now).total_seconds() == rests
    time.forward(30)
    assert (await stage.claim()).ref == Ref(1, 2)
    assert (await stage.claim()).ref == Ref(2, 2)
