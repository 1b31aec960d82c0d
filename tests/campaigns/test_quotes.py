"""What a list may cost: a few prices are asked for, and nothing rings."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from alphasms_async import (
    AlphaSMS,
    GatewayError,
    GatewayUnavailable,
    InvalidPhoneNumber,
    InvalidRequest,
    WrongApiKey,
)
from alphasms_async.campaigns import MemoryJournal, Quotes, quote
from alphasms_async.sandbox import Sandbox
from tests.campaigns.dialers import Gateway, unreachable
from tests.campaigns.planning import planned
from tests.doubles import KEY, Answer, FakeGateway, accepted, phones, saying

pytestmark = pytest.mark.anyio

KYIVSTAR, VODAFONE, LIFECELL = "380671234567", "380501234567", "380631234567"
ABROAD = "+48512345678"


def fields(request: httpx.Request) -> dict[str, str]:
    """Return what a request asks http.php for."""
    return {name: value for name, (value,) in parse_qs(request.content.decode()).items()}


def pricing(prices: Mapping[str, str]) -> Answer:
    """Return an answer of http.php that knows a price for some phones."""
    return lambda request: httpx.Response(200, text=prices[fields(request)["to"]])


async def quoted(gateway: httpx.AsyncBaseTransport, recipients: Any) -> Quotes:
    """Ask a gateway for prices."""
    async with AlphaSMS(KEY, transport=gateway, max_retries=0) as alphasms:
        return await quote(alphasms, recipients)


async def test_lowest_and_highest_price_are_told() -> None:
    """Exactly as the gateway tells them, wherever in the list they stand."""
    gateway = FakeGateway(
        pricing(
            {
                KYIVSTAR: "price:0.40 currency:UAH",
                VODAFONE: "price:1.205 currency:UAH",
                LIFECELL: "price:0.35 currency:UAH",
            }
        )
    )
    told = await quoted(gateway, [KYIVSTAR, VODAFONE, LIFECELL])
    assert told == Quotes(Decimal("0.35"), Decimal("1.205"), "UAH")
    assert [fields(one)["to"] for one in gateway.read] == [KYIVSTAR, VODAFONE, LIFECELL]


async def test_one_phone_of_each_operator_is_asked_for() -> None:
    """However long the list is, as many questions are asked as it has operators."""
    gateway = FakeGateway()
    async with MemoryJournal() as journal:
        plan = await planned(journal, [*phones(20), KYIVSTAR, ABROAD, "0679999999"])
    await quoted(gateway, plan.samples)
    assert [fields(one)["to"] for one in gateway.read] == [phones(1)[0], KYIVSTAR, ABROAD[1:]]


@pytest.mark.parametrize(("count", "asked"), [(1, 1), (8, 8), (9, 8), (20, 8)])
async def test_eight_are_asked_for_at_most(count: int, asked: int) -> None:
    """The first ones, which stand for most recipients, each once."""
    gateway = FakeGateway()
    await quoted(gateway, phones(count))
    assert [fields(one)["to"] for one in gateway.read] == phones(count)[:asked]


async def test_no_more_phones_are_read_than_asked_for() -> None:
    """A list without an end has an answer too."""
    taken: list[str] = []

    def endless() -> Iterator[str]:
        for number in phones(1000):
            taken.append(number)
            yield number

    await quoted(FakeGateway(), endless())
    assert len(taken) == 8


async def test_nothing_but_prices_is_asked_for() -> None:
    """Each request is a question of http.php for a price."""
    gateway = FakeGateway()
    await quoted(gateway, phones(3))
    assert {one.url.path for one in gateway.read} == {"/api/http.php"}
    assert [fields(one)["command"] for one in gateway.read] == ["price"] * 3


async def test_nothing_rings_in_the_sandbox() -> None:
    """It tells its price, has accepted nothing, and no money is gone."""
    sandbox = Sandbox(price=Decimal("0.45"))
    before = sandbox.balance
    transport = httpx.ASGITransport(sandbox.app)
    async with AlphaSMS(sandbox.api_key, transport=transport) as alphasms:
        told = await quote(alphasms, phones(3))
    assert told == Quotes(Decimal("0.45"), Decimal("0.45"), "UAH")
    assert (sandbox.calls(), sandbox.messages(), sandbox.balance) == ([], [], before)


@pytest.mark.parametrize(
    ("first", "second", "currency"),
    [
        ("price:1", "price:1 currency:UAH", "UAH"),
        ("price:1 currency:UAH", "price:1", "UAH"),
        ("price:1", "price:1", None),
    ],
)
async def test_currency_is_told_if_the_gateway_tells_it(
    first: str, second: str, currency: str | None
) -> None:
    """Once is enough, for an account has one currency."""
    gateway = FakeGateway(pricing({KYIVSTAR: first, VODAFONE: second}))
    assert (await quoted(gateway, [KYIVSTAR, VODAFONE])).currency == currency


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (saying(200, "errors:Wrong API key"), WrongApiKey),
        (saying(200, "errors:Operator not supported"), GatewayError),
        (unreachable, GatewayUnavailable),
        (saying(503), GatewayUnavailable),
        (saying(200, "<html>"), GatewayUnavailable),
    ],
)
async def test_a_price_that_cannot_be_had_passes_on(answer: Answer, error: type[Exception]) -> None:
    """The first one that fails is told, and no further one is asked for."""
    gateway = Gateway(accepted, answer)
    with pytest.raises(error):
        await quoted(gateway, phones(3))
    assert gateway.asked == 2


async def test_nobody_to_ask_for_is_refused() -> None:
    """One line says so, and nothing is asked."""
    gateway = FakeGateway()
    with pytest.raises(InvalidRequest, match="there is no phone to ask a price for"):
        await quoted(gateway, [])
    assert not gateway.asked


async def test_what_is_no_phone_is_refused() -> None:
    """Nothing is asked, and the line shows no number whole."""
    gateway = FakeGateway()
    with pytest.raises(InvalidPhoneNumber) as caught:
        await quoted(gateway, ["3805012345678"])
    assert "12345" not in str(caught.value)
    assert not gateway.asked
