"""Whoever presses the campaign's key is called no more, and strangers' events have a bound."""

from typing import Any

import pytest

from alphasms_async.campaigns.commands import RemoveDoNotCall
from alphasms_async.campaigns.events import Recorded
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.sqlite import MemoryJournal
from alphasms_async.campaigns.states import RowState, SkipReason, Verdict
from alphasms_async.models import CallOutcome
from tests.campaigns.journals import Stage, Time, redialing, staged
from tests.doubles import phones

pytestmark = pytest.mark.anyio

ANNA, BORYS, _ = phones(3)
ID = 100500
ANSWERED = CallOutcome.ANSWERED


@pytest.fixture
async def opting(journal: Journal, time: Time) -> Stage:
    """A campaign of three in which the 9 opts out, and a redial a minute after no answer."""
    return await staged(journal, time, opt_out="9", **redialing(after=60))


async def forbidden(stage: Stage) -> list[str]:
    return await stage.journal.do_not_call()


@pytest.mark.parametrize("digits", ["9", "19", "9#", "*9"])
async def test_the_key_opts_out(opting: Stage, digits: str) -> None:
    """Alone or among others; the number is on the list when the event is recorded."""
    ref = await opting.attempt(Verdict.ACCEPTED, gateway_id=ID)
    await opting.event(ANSWERED, ref, digits=digits)
    assert await forbidden(opting) == [ANNA]


@pytest.mark.parametrize("digits", [None, "", "1", "8#", "*"])
async def test_no_other_key_does(opting: Stage, digits: str | None) -> None:
    """Nor does an answered call without any."""
    ref = await opting.attempt(Verdict.ACCEPTED)
    await opting.event(ANSWERED, ref, digits=digits)
    assert await forbidden(opting) == []


@pytest.mark.parametrize("definition", [{}, {"opt_out": None}])
async def test_without_a_key_nobody_opts_out(
    journal: Journal, time: Time, definition: dict[str, Any]
) -> None:
    """Whatever is pressed, as in campaigns that were planned before there was such a key."""
    stage = await staged(journal, time, **definition)
    await stage.event(ANSWERED, await stage.attempt(Verdict.ACCEPTED), digits="0123456789*#")
    assert await forbidden(stage) == []


async def test_an_early_event_opts_out_when_its_call_is_known(opting: Stage) -> None:
    """As long as nobody knows whose key it was, nobody is on the list."""
    await opting.event(ANSWERED, id=ID, digits="9")
    assert await forbidden(opting) == []
    await opting.attempt(Verdict.ACCEPTED, gateway_id=ID)
    assert await forbidden(opting) == [ANNA]


async def test_keys_of_several_early_events_are_all_kept(opting: Stage) -> None:
    """Whichever of them comes first, for any of them may opt out once the call is known."""
    for digits in ("1", "9", "19"):
        await opting.event(ANSWERED, id=ID, digits=digits)
    assert await opting.event(ANSWERED, id=ID, digits="91") is Recorded.DUPLICATE
    ref = await opting.attempt(Verdict.ACCEPTED, gateway_id=ID)
    assert await forbidden(opting) == [ANNA]
    assert (await opting.row(ref)).digits == "19"


@pytest.mark.parametrize("state", [RowState.DIALING, RowState.UNCERTAIN])
async def test_an_event_that_overtakes_the_answer_opts_out(opting: Stage, state: RowState) -> None:
    """The answer may come later, or be lost."""
    await opting.event(ANSWERED, await opting.bring(state), digits="9")
    assert await forbidden(opting) == [ANNA]


async def test_keys_that_come_late_opt_out(opting: Stage) -> None:
    """Also after the outcome, and after another key was told."""
    ref = await opting.attempt(Verdict.ACCEPTED)
    await opting.event(ANSWERED, ref)
    await opting.event(ANSWERED, ref, digits="1")
    assert await opting.event(ANSWERED, ref, digits="9") is Recorded.DUPLICATE
    assert await forbidden(opting) == [ANNA]


async def test_to_be_told_twice_changes_nothing(opting: Stage) -> None:
    """The number is on the list once."""
    ref = await opting.attempt(Verdict.ACCEPTED)
    for _ in range(2):
        await opting.event(ANSWERED, ref, digits="9")
    assert await forbidden(opting) == [ANNA]


async def test_whoever_has_opted_out_is_not_called_again(opting: Stage) -> None:
    """Neither by a redial that was decided before, nor by another campaign of the journal."""
    first = await opting.attempt(Verdict.ACCEPTED)
    await opting.event(CallOutcome.NO_ANSWER, first)
    assert (await opting.row(first)).state is RowState.PLANNED
    await opting.event(CallOutcome.NO_ANSWER, first, digits="9")
    opting.time.forward(61)
    claims = [await opting.journal.claim(opting.campaign) for _ in range(3)]
    assert [claim and claim.phone for claim in claims] == [BORYS, phones(3)[2], None]
    other = await staged(opting.journal, opting.time, name="autumn")
    assert (await other.rows())[0].reason is SkipReason.DO_NOT_CALL


@pytest.mark.parametrize("wrong", [{"phone": BORYS}, {"id": ID + 1}], ids=str)
async def test_a_contradiction_opts_nobody_out(opting: Stage, wrong: dict[str, Any]) -> None:
    """It is about somebody else, nobody knows whom."""
    ref = await opting.attempt(Verdict.ACCEPTED, gateway_id=ID)
    assert await opting.event(ANSWERED, ref, digits="9", **wrong) is Recorded.CONTRADICTED
    assert await forbidden(opting) == []


async def test_an_older_attempts_key_opts_out(opting: Stage) -> None:
    """Whichever of the calls it was pressed in."""
    first = await opting.attempt(Verdict.UNCERTAIN)
    await opting.redial(first)
    second = (await opting.claim()).ref
    assert second.recipient == first.recipient
    await opting.event(ANSWERED, first, digits="9")
    assert await forbidden(opting) == [ANNA]


async def test_a_person_may_allow_the_number_again(opting: Stage) -> None:
    """The list is a person's to change, as it was before."""
    ref = await opting.attempt(Verdict.ACCEPTED)
    await opting.event(ANSWERED, ref, digits="9")
    await opting.apply(RemoveDoNotCall((ANNA,)))
    assert await forbidden(opting) == []


async def test_the_tally_tells_how_many_pressed_the_key(opting: Stage) -> None:
    """Alone or among others."""
    for digits in ("9", "19", "1"):
        await opting.event(ANSWERED, await opting.attempt(Verdict.ACCEPTED), digits=digits)
    tally = await opting.journal.tally(opting.campaign)
    assert (tally.pressed("9"), tally.pressed("1"), tally.pressed("5")) == (2, 2, 0)
    assert tally.digits == {"9": 1, "19": 1, "1": 1}


async def test_strangers_events_are_kept_up_to_a_bound(
    time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account that calls others too fills no journal: the oldest events are let go."""
    monkeypatch.setattr("alphasms_async.campaigns.sql.moves._MOST_EARLY", 20)
    monkeypatch.setattr("alphasms_async.campaigns.sql.moves._EARLY_TO_GO", 5)
    async with MemoryJournal(clock=time) as journal:
        stage = await staged(journal, time)
        for number in range(50):
            time.forward(1)
            await stage.event(ANSWERED, id=number + 1)
        connection: Any = vars(journal)["_connection"].opened
        kept = connection.execute("select gateway_id from early_event order by 1").fetchall()
        assert 15 <= len(kept) <= 20
        assert [one for (one,) in kept] == list(range(51 - len(kept), 51))
        ref = await stage.attempt(Verdict.ACCEPTED, gateway_id=50)
        assert (await stage.row(ref)).state is RowState.DONE
