"""Commands, each done at once: what it changes, and which it refuses."""

from typing import Any

import pytest

from alphasms_async.campaigns.commands import (
    AddDoNotCall,
    Cancel,
    Command,
    Drop,
    Pause,
    RecordEvent,
    Redial,
    RemoveDoNotCall,
    Resume,
    SetBudget,
    SetPace,
)
from alphasms_async.campaigns.events import CallEvent
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.records import CampaignState
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.errors import InvalidRequest
from alphasms_async.models import CallOutcome
from tests.campaigns.journals import NAME, NOON, Stage, Time, staged
from tests.doubles import phones

pytestmark = pytest.mark.anyio

ANNA, BORYS, VIRA = phones(3)
OF_ONE: dict[str, Command] = {
    "pause": Pause(NAME),
    "resume": Resume(NAME),
    "cancel": Cancel(NAME),
    "pace": SetPace(NAME, 5),
    "budget": SetBudget(NAME, "500.00"),
    "redial": Redial(NAME, ()),
    "drop": Drop(NAME, ()),
}
"""The commands for one campaign."""


async def state(stage: Stage) -> CampaignState:
    return (await stage.journal.campaign(NAME)).state


async def test_pause_and_resume_turn_each_other_back(stage: Stage) -> None:
    """Each tells whether it changed anything."""
    changes = [await stage.apply(Resume(NAME))]
    changes += [await stage.apply(Pause(NAME)) for _ in range(2)]
    assert await state(stage) is CampaignState.PAUSED
    changes += [await stage.apply(Resume(NAME)) for _ in range(2)]
    assert await state(stage) is CampaignState.READY
    assert changes == [0, 1, 0, 1, 0]


@pytest.mark.parametrize("paused", [False, True])
async def test_cancel_skips_the_rest(stage: Stage, *, paused: bool) -> None:
    """It tells how many that were, and notes when the campaign ended."""
    await stage.claim()
    if paused:
        await stage.apply(Pause(NAME))
    assert await stage.apply(Cancel(NAME)) == 2
    campaign = await stage.journal.campaign(NAME)
    assert (campaign.state, campaign.finished_at) == (CampaignState.CANCELLED, NOON)


async def test_the_pace_is_changed(stage: Stage) -> None:
    """To another number, or to none."""
    for per_second in (0.5, 20, None):
        assert await stage.apply(SetPace(NAME, per_second)) == 1
        assert (await stage.journal.campaign(NAME)).per_second == per_second


@pytest.mark.parametrize("per_second", [0, -1, float("nan"), float("inf"), "5", True])
async def test_a_pace_that_is_none_is_refused(stage: Stage, per_second: Any) -> None:
    """It is a number above 0, and the journal takes nothing else."""
    with pytest.raises(InvalidRequest, match=r"^per_second is "):
        await stage.apply(SetPace(NAME, per_second))
    assert (await stage.journal.campaign(NAME)).per_second is None
    await stage.claim()


@pytest.mark.parametrize("budget", ["500.10", " 500,10 "])
async def test_the_budget_is_changed(journal: Journal, time: Time, budget: str) -> None:
    """To the last digit, as a run reads it; nothing else of the definition is."""
    await staged(journal, time, budget="1.00", kind={"text": "Вітаємо"})
    assert await journal.apply(SetBudget(NAME, budget)) == 1
    definition = (await journal.campaign(NAME)).definition
    assert definition == {"budget": "500.10", "kind": {"text": "Вітаємо"}}


async def test_the_highest_price_is_set_with_the_budget(stage: Stage) -> None:
    """Where it is told; a later budget leaves it, and none is above the budget."""
    await stage.apply(SetBudget(NAME, "500.10", "0,50"))
    await stage.apply(SetBudget(NAME, "400"))
    for wrong in (SetBudget(NAME, "400", "401"), SetBudget(NAME, "0.49")):
        with pytest.raises(InvalidRequest, match=r"^the maximum price .* above the whole budget"):
            await stage.apply(wrong)
    definition = (await stage.journal.campaign(NAME)).definition
    assert definition == {"budget": "400", "max_price": "0.50"}


@pytest.mark.parametrize("budget", ["", "much", "0", "-1", "NaN", "Infinity"])
async def test_a_budget_that_is_none_is_refused(stage: Stage, budget: str) -> None:
    """It is a sum above 0, and the journal takes nothing else."""
    with pytest.raises(InvalidRequest, match=r"^budget is "):
        await stage.apply(SetBudget(NAME, budget))
    assert (await stage.journal.campaign(NAME)).definition == {}


@pytest.mark.parametrize("command", OF_ONE.values(), ids=OF_ONE)
async def test_a_command_for_an_unknown_campaign_is_refused(
    journal: Journal, time: Time, command: Command
) -> None:
    """It names those there are, and the journal goes on."""
    await staged(journal, time, name="summer")
    with pytest.raises(InvalidRequest) as caught:
        await journal.apply(command)
    assert str(caught.value) == "no campaign 'spring' in this journal; there are: summer"
    assert await journal.apply(Pause("summer")) == 1


@pytest.mark.parametrize("word", ["pause", "resume", "cancel", "pace", "budget"])
@pytest.mark.parametrize("over", ["cancelled", "finished"])
async def test_a_campaign_that_is_over_is_not_changed(stage: Stage, word: str, over: str) -> None:
    """It says that it is over, and how."""
    if over == "cancelled":
        await stage.apply(Cancel(NAME))
    else:
        await stage.journal.expire(stage.campaign)
        await stage.journal.finish(stage.campaign)
    with pytest.raises(InvalidRequest) as caught:
        await stage.apply(OF_ONE[word])
    assert str(caught.value) == f"the campaign 'spring' is {over}: nothing to change"
    assert await state(stage) is CampaignState(over)


async def test_one_campaign_is_commanded_at_a_time(stage: Stage) -> None:
    """The others are as they were."""
    other = await staged(stage.journal, stage.time, name="summer")
    await stage.apply(Cancel(NAME))
    await other.claim()
    assert await other.states() == ["dialing", "planned", "planned"]


async def test_numbers_come_onto_the_do_not_call_list_once(stage: Stage) -> None:
    """It is kept in order, and each command tells how many numbers are new."""
    assert await stage.apply(AddDoNotCall((VIRA, ANNA, VIRA))) == 2
    assert await stage.apply(AddDoNotCall((ANNA, BORYS))) == 1
    assert await stage.journal.do_not_call() == [ANNA, BORYS, VIRA]
    assert await stage.apply(AddDoNotCall(())) == 0


async def test_numbers_come_off_the_do_not_call_list(stage: Stage) -> None:
    """Those that were not on it do not count."""
    await stage.apply(AddDoNotCall((ANNA, BORYS)))
    assert await stage.apply(RemoveDoNotCall((BORYS, VIRA, BORYS))) == 1
    assert await stage.journal.do_not_call() == [ANNA]


async def test_a_number_that_was_skipped_stays_skipped(stage: Stage) -> None:
    """Taking it off the list later does not plan it again."""
    await stage.apply(AddDoNotCall((ANNA,)))
    await stage.claim()
    await stage.apply(RemoveDoNotCall((ANNA,)))
    assert await stage.states() == ["skipped", "dialing", "planned"]


async def test_the_do_not_call_list_is_for_every_campaign(stage: Stage) -> None:
    """One that is planned later keeps to it as well."""
    await stage.apply(AddDoNotCall((ANNA,)))
    other = await staged(stage.journal, stage.time, name="summer")
    assert await other.states() == ["skipped", "planned", "planned"]


async def test_an_event_may_be_a_command(stage: Stage) -> None:
    """It does what `record` does, and tells whether it changed anything."""
    ref = await stage.attempt(Verdict.ACCEPTED)
    command = RecordEvent(CallEvent(outcome=CallOutcome.BUSY, ref=ref))
    assert [await stage.apply(command) for _ in range(2)] == [1, 0]
    assert (await stage.row(ref)).state is RowState.DONE


async def test_a_journal_without_an_inbox_has_nothing_to_drain(stage: Stage) -> None:
    """Nobody left a command."""
    assert await stage.journal.drain() == 0
