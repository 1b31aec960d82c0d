"""Many SMS: fifty in a request, one outcome for each, whatever becomes of a request."""

import json
from typing import Any

import httpx
import pytest

from alphasms_async import (
    AccessDenied,
    AlphaSMS,
    ClientClosed,
    ConfigurationError,
    InvalidPhoneNumber,
    InvalidRequest,
    Message,
    NotSent,
    OutcomeUnknown,
    Sms,
    UnexpectedAnswer,
)
from tests.doubles import KEY, Answer, Carrying, FakeGateway, accepted, phones, saying

pytestmark = pytest.mark.anyio

DENIED = saying(200, '{"success": false, "error": "Access denied"}')


def texts(count: int) -> list[Sms]:
    return [Sms(phone, "Привіт", "MyShop", 1000 + n) for n, phone in enumerate(phones(count))]


async def sent(transport: httpx.AsyncBaseTransport, messages: list[Sms]) -> list[Any]:
    async with AlphaSMS(KEY, transport=transport) as api:
        return await api.sms.send_many(messages)


def in_turn(*answers: Answer) -> FakeGateway:
    """A gateway that answers one request after another in these ways."""
    left = iter(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        return next(left)(request)

    return FakeGateway(answer)


def kinds(outcomes: list[Any]) -> list[type[object]]:
    return [type(one) for one in outcomes]


def breaking(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("told")


async def test_fifty_go_in_one_request() -> None:
    """A hundred and twenty messages are three requests, of fifty, fifty and twenty."""
    gateway = FakeGateway()
    outcomes = await sent(gateway, texts(120))
    assert [len(json.loads(one.content)["data"]) for one in gateway.read] == [50, 50, 20]
    assert [one.client_id for one in outcomes] == list(range(1000, 1120))


async def test_lost_answer_is_unknown_for_its_messages_alone() -> None:
    """A request whose answer is lost leaves fifty unknowns with their ids, and is not repeated."""
    gateway = in_turn(accepted, breaking, accepted)
    outcomes = await sent(gateway, texts(120))
    assert kinds(outcomes) == [Message] * 50 + [OutcomeUnknown] * 50 + [Message] * 20
    assert [one.client_id for one in outcomes] == list(range(1000, 1120))
    assert gateway.asked == 3


async def test_unreadable_answer_is_unexpected_for_its_messages() -> None:
    """An HTML page leaves fifty unexpected answers, each with its id and the status."""
    outcomes = await sent(in_turn(saying(502), accepted), texts(60))
    assert kinds(outcomes) == [UnexpectedAnswer] * 50 + [Message] * 10
    assert {one.status_code for one in outcomes[:50]} == {502}
    assert [one.client_id for one in outcomes] == list(range(1000, 1060))


async def test_request_that_did_not_leave_is_not_sent() -> None:
    """A request that never left is `NotSent` for its messages, and the next is tried."""
    gateway = FakeGateway()
    failures = iter(range(3))

    async def carry(request: httpx.Request) -> httpx.Response:
        for _ in failures:
            raise httpx.ConnectError("told")
        return await gateway.handle_async_request(request)

    outcomes = await sent(Carrying(carry), texts(60))
    assert kinds(outcomes) == [NotSent] * 50 + [Message] * 10


async def test_refused_account_ends_the_requests() -> None:
    """After a refusal of the account no further request is made; its messages are `NotSent`."""
    gateway = in_turn(accepted, DENIED)
    outcomes = await sent(gateway, texts(160))
    assert kinds(outcomes) == [Message] * 50 + [AccessDenied] * 50 + [NotSent] * 60
    assert gateway.asked == 2


async def test_each_error_tells_its_own_number() -> None:
    """A refusal of the whole request is told of each message, with its number masked."""
    first, second = await sent(in_turn(DENIED), texts(2))
    assert str(first).startswith("SMS to 380*****0000: the gateway answered")
    assert str(second).startswith("SMS to 380*****0001: the gateway answered")


async def test_message_left_out_of_the_answer_is_unknown() -> None:
    """An answer that is silent on a message leaves it unknown; the others are what they are."""

    def answer(request: httpx.Request) -> httpx.Response:
        told = accepted(request).json()
        del told["data"][1]
        return httpx.Response(200, json=told)

    outcomes = await sent(FakeGateway(answer), texts(3))
    assert kinds(outcomes) == [Message, UnexpectedAnswer, Message]
    assert outcomes[1].client_id == 1001


async def test_results_in_another_order_find_their_messages() -> None:
    """Results are matched by id, not by place."""

    def answer(request: httpx.Request) -> httpx.Response:
        told = accepted(request).json()
        return httpx.Response(200, json=told | {"data": told["data"][::-1]})

    outcomes = await sent(FakeGateway(answer), texts(7))
    assert [(one.client_id, one.phone) for one in outcomes] == [
        (message.client_id, message.phone) for message in texts(7)
    ]


async def test_bad_message_is_not_sent_and_holds_up_no_other() -> None:
    """A bad number, or an id that stands twice, is an outcome in its place."""
    good = texts(2)
    messages = [
        good[0],
        Sms("nobody", "a", "MyShop"),
        good[0],
        good[1],
        Sms(good[0].phone, "a", "MyShop", -1),
    ]
    gateway = FakeGateway()
    outcomes = await sent(gateway, messages)
    expected = [Message, InvalidPhoneNumber, InvalidRequest, Message, InvalidRequest]
    assert kinds(outcomes) == expected
    assert [len(json.loads(one.content)["data"]) for one in gateway.read] == [2]


async def test_nothing_good_is_no_request() -> None:
    """A list without a good message, or without any, asks for nothing."""
    gateway = FakeGateway()
    assert kinds(await sent(gateway, [Sms("1", "a", "MyShop")])) == [InvalidPhoneNumber]
    assert await sent(gateway, []) == []
    assert gateway.asked == 0


async def test_client_closed_between_requests_sends_no_more() -> None:
    """A client that is closed while a request is out tells the rest so."""
    api: AlphaSMS

    async def carry(request: httpx.Request) -> httpx.Response:
        await api.aclose()
        await request.aread()
        return accepted(request)

    api = AlphaSMS(KEY, transport=Carrying(carry))
    outcomes = await api.sms.send_many(texts(60))
    assert kinds(outcomes) == [Message] * 50 + [ClientClosed] * 10


@pytest.mark.parametrize("bad", [0, "5"])
async def test_bad_timeout_is_raised(bad: Any) -> None:
    """A timeout that is none is the caller's mistake, not an outcome of the messages."""
    gateway = FakeGateway()
    async with AlphaSMS(KEY, transport=gateway) as api:
        with pytest.raises(ConfigurationError):
            await api.sms.send_many(texts(2), timeout=bad)
    assert gateway.asked == 0
