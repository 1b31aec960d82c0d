"""What stops a run in its midst: everybody not dialled stays planned, and a line says why."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from alphasms_async import AlphaSMS
from alphasms_async.campaigns.dialer import Dialer
from alphasms_async.campaigns.halts import HaltReason
from alphasms_async.campaigns.run import Run
from tests.campaigns.dialers import Desk, Gateway, desk, lost, priced, unreachable
from tests.campaigns.virtual import virtual
from tests.doubles import KEY, Answer, accepted, phones, refused, saying

pytestmark = pytest.mark.anyio


def halted(run: Run, reason: HaltReason, says: str) -> None:
    """Check that a run stopped itself for this reason, and left this in its line."""
    assert run.halt is not None
    assert (run.halt.reason, run.campaign.halted) == (reason, run.halt.text)
    assert says in run.halt.text
    assert not run.is_finished
    assert not run.stopped


async def goes_on(ready: Desk, left: int) -> None:
    """Check that the next run takes the line away and calls so many, who are all that are left."""
    gateway = Gateway()
    run = await ready.dial(gateway)
    assert (run.halt, run.campaign.halted, run.is_finished) == (None, None, True)
    assert gateway.asked == left


@pytest.mark.parametrize(
    ("answer", "reason", "says"),
    [
        (refused("Wrong API key"), HaltReason.ACCOUNT, "Wrong API key"),
        (refused("Insufficient funds"), HaltReason.ACCOUNT, "Top up the account"),
        (saying(401), HaltReason.ACCOUNT, "Check the API key"),
        (refused("Error uploading file"), HaltReason.MESSAGE, "Try again"),
        (refused("Unsupported audio format"), HaltReason.MESSAGE, "8000 Hz"),
    ],
)
async def test_a_refusal_of_all_stops_the_run(
    answer: Answer, reason: HaltReason, says: str
) -> None:
    """Whom it happened to is planned as well: nothing rang."""
    gateway = Gateway(accepted, accepted, answer)
    async with desk(10, gateway, concurrency=1) as ready:
        run = await ready.dial()
        assert await ready.states() == ["accepted"] * 2 + ["planned"] * 8
        halted(run, reason, says)
        last = (await ready.ledger())[-1]
        assert (last.verdict, last.error) == ("put_back", run.campaign.halted)
        await goes_on(ready, 8)


@virtual
async def test_calls_in_flight_end_when_a_run_stops() -> None:
    """They end as they end, and nobody else is called."""
    script: list[Answer] = [accepted] * 4
    gateway = Gateway(*script, refused("Banned"), seconds=1.1)
    async with desk(50, gateway, concurrency=4, per_second=3) as ready:
        run = await ready.dial()
        halted(run, HaltReason.ACCOUNT, "Banned")
        assert await ready.counts() == {"accepted": 7, "planned": 43}
    assert (gateway.asked, gateway.in_flight) == (8, 0)


@virtual
async def test_the_first_reason_to_stop_is_told() -> None:
    """Of several that come from what is in flight, the first counts."""
    gateway = Gateway(accepted, refused("Banned"), then=refused("IP denied"), seconds=1)
    async with desk(50, gateway, concurrency=4, per_second=4) as ready:
        run = await ready.dial()
        halted(run, HaltReason.ACCOUNT, "Banned")
        assert await ready.counts() == {"accepted": 1, "planned": 49}


async def test_many_unknown_outcomes_in_a_row_stop_the_run() -> None:
    """So many are uncertain, and the line says where to look."""
    async with desk(10, Gateway(accepted, then=lost), concurrency=1, most_uncertain=3) as ready:
        run = await ready.dial()
        assert await ready.states() == ["accepted"] + ["uncertain"] * 3 + ["planned"] * 6
        halted(run, HaltReason.UNCERTAIN, "3 outcomes in a row are unknown")
        assert "reconcile" in str(run.halt)
        await goes_on(ready, 6)


@pytest.mark.parametrize("answer", [accepted, refused("Operator not supported")])
async def test_an_answer_ends_the_row_of_unknown_outcomes(answer: Answer) -> None:
    """Only so many one after another say that something is wrong."""
    script = [lost, lost, answer] * 3
    async with desk(9, Gateway(*script), concurrency=1, most_uncertain=3) as ready:
        run = await ready.dial()
    assert (run.halt, run.is_finished) == (None, True)


async def test_what_never_left_does_not_end_the_row_of_unknown_outcomes() -> None:
    """It says nothing of how the gateway answers."""
    gateway = Gateway(lost, unreachable, lost, unreachable, lost)
    async with desk(9, gateway, concurrency=1, most_uncertain=3) as ready:
        run = await ready.dial()
        halted(run, HaltReason.UNCERTAIN, "3 outcomes")
        assert await ready.counts() == {"uncertain": 3, "planned": 6}


async def test_ten_unknown_outcomes_are_the_limit_where_none_is_set() -> None:
    """The tenth in a row stops the run."""
    async with desk(30, Gateway(then=lost), concurrency=1) as ready:
        halted(await ready.dial(), HaltReason.UNCERTAIN, "10 outcomes")
        assert await ready.counts() == {"uncertain": 10, "planned": 20}


async def test_five_times_the_same_unknown_words_stop_the_run() -> None:
    """What nobody documented and everybody gets is not about the recipients."""
    gateway = Gateway(accepted, then=refused("Tariff closed"))
    async with desk(10, gateway, concurrency=1) as ready:
        run = await ready.dial()
        assert await ready.states() == ["accepted"] + ["refused"] * 5 + ["planned"] * 4
        halted(run, HaltReason.SAME_TEXT, "5 recipients in a row were refused")
        assert "Tariff closed" in str(run.halt)
        await goes_on(ready, 4)


def varied(place: int) -> Answer:
    return refused(f"Reason {'abcdefghijkl'[place]}")


def interrupted(place: int) -> Answer:
    return accepted if place % 5 == 4 else refused("Tariff closed")


def documented(place: int) -> Answer:
    return refused("Operator not supported")


@pytest.mark.parametrize("answer_at", [varied, interrupted, documented])
async def test_other_refusals_stop_nobody(answer_at: Callable[[int], Answer]) -> None:
    """Different words, words with an acceptance between them, and documented ones do not."""
    async with desk(12, Gateway(*map(answer_at, range(12))), concurrency=1) as ready:
        run = await ready.dial()
    assert (run.halt, run.is_finished) == (None, True)


async def test_a_spent_budget_stops_the_run() -> None:
    """The line tells what was spent and what the next call may cost."""
    async with desk(9, Gateway(then=priced("0.40")), budget=Decimal("1.00")) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"accepted": 2, "planned": 7}
        halted(run, HaltReason.BUDGET, "the budget of 1.00 is used up: 0.80 spent, and the next")
        assert "0.40" in str(run.halt)
        again = Gateway()
        halted(await ready.dial(again), HaltReason.BUDGET, "0.80 spent")
    assert again.asked == 0


async def test_a_price_above_the_one_reckoned_with_stops_the_run() -> None:
    """It is paid, and nobody else is called before a person has looked at it."""
    gateway = Gateway(priced("0.40"), priced("0.40"), priced("0.55"))
    async with desk(9, gateway, budget=Decimal(9), concurrency=1) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"accepted": 3, "planned": 6}
        halted(run, HaltReason.PRICE, "a call cost 0.55, more than was reckoned with (0.40)")
        assert run.money.spent == Decimal("1.35")
        # The higher price is known now, and right for whoever runs it again.
        run = await ready.dial(Gateway(then=priced("0.55")))
    assert (run.halt, run.money.spent) == (None, Decimal("4.65"))


async def test_a_client_that_was_closed_stops_the_run() -> None:
    """Nothing was sent, so everybody is planned."""
    async with desk(9, Gateway()) as ready:
        async with AlphaSMS(KEY, transport=ready.gateway) as alphasms:
            pass
        run = await Dialer(alphasms, ready.journal, ready.campaign).run()
        assert await ready.counts() == {"planned": 9}
        halted(run, HaltReason.CLIENT, "closed")
        await goes_on(ready, 9)


async def test_no_line_names_a_whole_phone() -> None:
    """What a run leaves in the journal of its end is masked."""
    for answer in (refused(f"Banned {phones(1)[0]}"), lost):
        async with desk(9, Gateway(then=answer), concurrency=1, most_uncertain=1) as ready:
            run = await ready.dial()
        assert "380*****" in str(run.campaign.halted) or "***" in str(run.campaign.halted)
        assert phones(1)[0][3:] not in str(run.campaign.halted)
