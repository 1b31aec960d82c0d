"""The first call of every run goes alone: it finds what would meet everybody."""

from decimal import Decimal
from typing import Any

import httpx
import pytest
from attrs import Factory, frozen

from alphasms_async.campaigns.halts import HaltReason
from tests.campaigns.dialers import Gateway, desk, limited, lost, priced, unreachable
from tests.campaigns.virtual import virtual
from tests.doubles import Answer, refused, saying

pytestmark = pytest.mark.anyio


@virtual
async def test_the_first_call_goes_alone() -> None:
    """Until it is answered nobody else is called; then as many as may be."""
    gateway = Gateway(seconds=1)
    async with desk(6, gateway) as ready:
        await ready.dial()
    assert gateway.gaps == [1, 0, 0, 0, 0]


@pytest.mark.parametrize("answer", [lost, saying(502), saying(200, "<html>")])
@virtual
async def test_an_unknown_first_answer_tells_nothing(answer: Answer) -> None:
    """Calls go one by one until one is answered."""
    gateway = Gateway(answer, answer, seconds=1)
    async with desk(6, gateway) as ready:
        await ready.dial()
    assert gateway.gaps == [1, 1, 1, 0, 0]


@virtual
async def test_a_first_call_that_never_left_tells_nothing() -> None:
    """The next one goes alone in its place."""
    gateway = Gateway(unreachable, seconds=1)
    async with desk(3, gateway) as ready:
        await ready.dial()
        assert await ready.counts() == {"accepted": 3}
    assert gateway.gaps == [0, 1, 0]


@virtual
async def test_a_first_call_that_was_asked_to_wait_tells_nothing() -> None:
    """The next one goes alone, when the gateway's pause is over."""
    gateway = Gateway(limited(3), seconds=9)
    async with desk(3, gateway) as ready:
        await ready.dial()
    assert gateway.gaps == [12, 9, 2]


@virtual
async def test_a_refused_first_recipient_is_an_answer() -> None:
    """What is about one recipient does not keep the others waiting."""
    gateway = Gateway(refused("Operator not supported"), seconds=1)
    async with desk(4, gateway) as ready:
        await ready.dial()
    assert gateway.gaps == [1, 0, 0]


@virtual
async def test_the_first_call_of_the_next_run_goes_alone_too() -> None:
    """What was right yesterday may be wrong today."""
    gateway = Gateway(refused("Banned"), seconds=1)
    async with desk(4, gateway) as ready:
        await ready.dial()
        gateway.at.clear()
        await ready.dial()
    assert gateway.gaps == [1, 0, 0]


@frozen
class Finding:
    """What a first call may find, and what becomes of the run."""

    answer: Answer
    reason: HaltReason
    says: str
    """What stands in the line that the run leaves."""
    state: str = "planned"
    """Where the first recipient is left."""
    limits: dict[str, Any] = Factory(dict[str, Any])
    """What else the campaign is."""


def redirect(status: int) -> Finding:
    headers = {"location": "https://new.example/api/voice.php?key=x"}
    return Finding(
        lambda _: httpx.Response(status, headers=headers),
        HaltReason.REDIRECT,
        "points to https://new.example/api/voice.php",
        "uncertain",
    )


FINDINGS = {
    "wrong key": Finding(refused("Wrong API key"), HaltReason.ACCOUNT, "Check the API key"),
    "forbidden": Finding(saying(403), HaltReason.ACCOUNT, "Check the API key"),
    "no such page": Finding(saying(404), HaltReason.ACCOUNT, "Check the base URL"),
    "banned": Finding(refused("Banned"), HaltReason.ACCOUNT, "Banned"),
    "no money": Finding(refused("Insufficient funds"), HaltReason.ACCOUNT, "Top up the account"),
    "bad recording": Finding(refused("Invalid file format"), HaltReason.MESSAGE, "WAV"),
    "big recording": Finding(saying(413), HaltReason.MESSAGE, "Shorten the recording"),
    "301": redirect(301),
    "302": redirect(302),
    "303": redirect(303),
    "above the maximum": Finding(
        priced("0.41"),
        HaltReason.PRICE,
        "0.41, more than was reckoned with (0.40)",
        "accepted",
        {"max_price": Decimal("0.40")},
    ),
    "above the whole budget": Finding(
        priced("9.00"), HaltReason.PRICE, "9.00", "accepted", {"budget": Decimal(5)}
    ),
}


@pytest.mark.parametrize("finding", FINDINGS.values(), ids=FINDINGS)
async def test_what_the_first_call_finds_stops_the_run(finding: Finding) -> None:
    """One call is made, the line says why, and everybody else is still planned."""
    gateway = Gateway(then=finding.answer)
    async with desk(20, gateway, **finding.limits) as ready:
        run = await ready.dial()
        assert gateway.asked == 1
        assert await ready.states() == [finding.state] + ["planned"] * 19
        assert run.halt is not None
        assert (run.halt.reason, finding.says in run.halt.text) == (finding.reason, True)
        assert (run.campaign.halted, run.is_finished) == (run.halt.text, False)
        assert "\n" not in run.halt.text


GOES_ON = {
    name: finding
    for name, finding in FINDINGS.items()
    # What costs more than the budget is not to be had again in the same campaign.
    if name != "above the whole budget"
}


@pytest.mark.parametrize("finding", GOES_ON.values(), ids=GOES_ON)
async def test_the_next_run_goes_on(finding: Finding) -> None:
    """Once all is well again the note is gone, and everybody planned is called."""
    async with desk(20, Gateway(then=finding.answer), **finding.limits) as ready:
        await ready.dial()
        gateway = Gateway()
        run = await ready.dial(gateway)
        assert (run.halt, run.campaign.halted, run.is_finished) == (None, None, True)
        settled = 0 if finding.state == "planned" else 1
        assert gateway.asked == 20 - settled
        assert (await ready.states())[1:] == ["accepted"] * 19


async def test_a_price_that_was_quoted_is_reckoned_with() -> None:
    """A first call that costs more than the plan was told stops the run, where there is a limit."""
    gateway = Gateway(then=priced("0.50"))
    async with desk(9, gateway, quoted=Decimal("0.40"), budget=Decimal(5)) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"accepted": 1, "planned": 8}
    assert run.halt is not None
    assert run.halt.reason is HaltReason.PRICE


async def test_without_a_limit_any_price_is_right() -> None:
    """Who sets neither budget nor maximum has nobody stopped for the price."""
    prices = [priced(price) for price in ("0.40", "0.90", "12.00")]
    async with desk(3, Gateway(*prices), quoted=Decimal("0.40"), concurrency=1) as ready:
        run = await ready.dial()
    assert (run.halt, run.money.spent) == (None, Decimal("13.30"))


async def test_a_redirect_that_keeps_the_request_is_followed() -> None:
    """A 308 to the same host is no finding: the call goes there."""
    there = "https://www.alphasms.ua/api/voice.php"
    gateway = Gateway(lambda _: httpx.Response(308, headers={"location": there}))
    async with desk(3, gateway, concurrency=1) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"accepted": 3}
    assert (run.halt, str(gateway.read[1].url)) == (None, there)
