import json
from decimal import Decimal
from typing import Any

import pytest

from alphasms_async import errors
from alphasms_async.errors import GatewayError, UnexpectedAnswer
from alphasms_async.gateway import json_php
from alphasms_async.models import Balance, Message
from tests.gateway.answers import KEY, PHONE, answer


def accepted(**data: Any) -> dict[str, Any]:
    """Return a result that accepts one object."""
    return {"success": True, "data": data}


def refused(error: Any, **data: Any) -> dict[str, Any]:
    """Return a result that refuses one object."""
    return {"success": False, "error": error, "data": data}


def results(*items: Any) -> dict[str, Any]:
    """Return an answer with these results."""
    return {"success": True, "data": list(items)}


def test_the_request_is_one_json_object_with_key_and_objects() -> None:
    """The body is what the API pages show, in UTF-8, and no line of it is wasted."""
    request = json_php.ask(KEY, [{"type": "sms", "sms_message": "Вітаю ✓"}], "SMS", client_id=7)
    assert f'{{"auth":"{KEY}","data":[{{"type":"sms","sms_message":"Вітаю ✓"}}]}}'.encode() == (
        b"".join(request.pieces)
    )
    assert (
        request.page,
        request.content_type,
        request.client_id,
    ) == ("/api/json.php", "application/json", 7)


def test_the_request_shows_no_secret() -> None:
    """The repr of a request holds neither the key nor what is sent."""
    request = json_php.ask(KEY, [{"phone": int(PHONE), "sms_message": "code 8642"}], "SMS")
    assert not any(secret in repr(request) for secret in (KEY, PHONE, "8642"))


def test_results_are_matched_by_id_in_whatever_order() -> None:
    """The answer's order means nothing: each result goes to the id it tells."""
    body = results(accepted(id="9", msg_id=109), accepted(id=7, msg_id=107))
    found = json_php.read_results(answer(body), [7, 9])
    assert found == {7: {"id": 7, "msg_id": 107}, 9: {"id": "9", "msg_id": 109}}


def test_one_refused_object_touches_no_other() -> None:
    """A refusal stands at its own id, with its class and text, beside an accepted one."""
    body = results(refused("Error in Alpha-name", id=7), accepted(id=9, msg_id=109))
    found = json_php.read_results(answer(body), [7, 9])
    assert errors.SenderError is type(found[7])
    assert found[9] == {"id": 9, "msg_id": 109}


@pytest.mark.parametrize(
    "items",
    [
        [],
        [accepted(id=8, msg_id=108)],
        [accepted(msg_id=107)],
        [accepted(id=True, msg_id=107)],
        [accepted(id="seven", msg_id=107)],
        [None, 7, "x", [], {}],
        [{"success": True, "id": 7, "msg_id": 107}],
        [{"success": True, "data": [{"id": 7, "msg_id": 107}]}],
    ],
)
def test_an_id_the_answer_says_nothing_of_is_unexpected(items: list[Any]) -> None:
    """A message that is missing from the answer may have been accepted: it is an unknown."""
    found = json_php.read_results(answer(results(*items)), [7])[7]
    assert isinstance(found, UnexpectedAnswer)
    assert found.client_id == 7


@pytest.mark.parametrize(
    "second",
    [
        accepted(id=7, msg_id=108),
        refused("Banned", id=7),
        {"success": None, "data": {"id": 7}},
    ],
)
def test_two_different_results_for_one_id_settle_nothing(second: dict[str, Any]) -> None:
    """Two results that contradict each other are unexpected, whichever came first."""
    for items in ([accepted(id=7, msg_id=107), second], [second, accepted(id=7, msg_id=107)]):
        found = json_php.read_results(answer(results(*items)), [7])[7]
        assert isinstance(found, UnexpectedAnswer)


def test_a_third_result_does_not_settle_a_contradiction() -> None:
    """A contradiction stays one however often one side of it is repeated."""
    one, other = accepted(id=7, msg_id=107), accepted(id=7, msg_id=108)
    found = json_php.read_results(answer(results(one, other, other)), [7])[7]
    assert isinstance(found, UnexpectedAnswer)


def test_the_same_result_twice_is_one_result() -> None:
    """An id that was asked for twice is told of twice, which contradicts nothing."""
    body = results(*[accepted(id=7, msg_id=107)] * 2)
    assert json_php.read_results(answer(body), [7, 7]) == {7: {"id": 7, "msg_id": 107}}


@pytest.mark.parametrize(
    "item",
    [
        {"success": False, "data": {"id": 7}},
        {"success": None, "data": {"id": 7}},
        {"data": {"id": 7, "msg_id": 107}},
        {"success": "true", "data": {"id": 7, "msg_id": 107}},
        {"success": 1, "data": {"id": 7, "msg_id": 107}},
        {"success": True, "error": "Banned", "data": {"id": 7}},
        {"success": True, "error": 7, "data": {"id": 7}},
        {"success": False, "error": "Banned", "data": {"id": 7, "msg_id": 107}},
        {"success": False, "error": {"code": 1}, "data": {"id": 7}},
    ],
)
def test_a_result_that_neither_accepts_nor_refuses_is_unexpected(item: dict[str, Any]) -> None:
    """Only `success: true` without errors accepts, only a text without a `msg_id` refuses."""
    found = json_php.read_results(answer(results(item)), [7])[7]
    assert isinstance(found, UnexpectedAnswer)


def test_a_result_that_accepts_and_refuses_keeps_its_id() -> None:
    """The gateway's id of a contradictory result can be asked for."""
    found = json_php.read_results(answer(results(refused("Banned", id=7, msg_id=107))), [7])[7]
    assert isinstance(found, UnexpectedAnswer)
    assert (found.id, found.client_id) == (107, 7)


@pytest.mark.parametrize(
    "body", [{"success": False, "error": "Access denied"}, {"error": "Banned"}]
)
@pytest.mark.parametrize("data", [{}, {"data": []}, {"data": None}])
def test_a_refusal_of_the_whole_request_is_raised(body: dict[str, Any], data: Any) -> None:
    """A refusal without results concerns every object of the request."""
    with pytest.raises(GatewayError) as caught:
        json_php.read_results(answer({**body, **data}), [7])
    assert caught.value.scope == "account"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"success": True},
        {"success": True, "data": {}},
        {"success": True, "data": {"0": accepted(id=7, msg_id=107)}},
        {"success": True, "data": "queued"},
        {"success": False, "data": [accepted(id=7, msg_id=107)]},
        {"success": "true", "data": [accepted(id=7, msg_id=107)]},
        {"data": [accepted(id=7, msg_id=107)]},
        {"success": True, "error": "Banned", "data": [accepted(id=7, msg_id=107)]},
        {"success": False, "error": "Banned", "data": [accepted(id=7, msg_id=107)]},
        {"success": True, "error": 7, "data": [accepted(id=7, msg_id=107)]},
        {"request_id": "5f3a", "success": True},
    ],
)
def test_an_answer_without_a_plain_list_of_results_is_unexpected(body: dict[str, Any]) -> None:
    """What is neither a list of results nor a refusal may have been accepted."""
    with pytest.raises(UnexpectedAnswer):
        json_php.read_results(answer(body), [7])


@pytest.mark.parametrize("status", [400, 403, 429, 500, 503])
def test_results_with_another_status_than_2xx_settle_nothing(status: int) -> None:
    """A status that refuses and a body with results are unexpected."""
    with pytest.raises(UnexpectedAnswer):
        json_php.read_results(answer(results(accepted(id=7, msg_id=107)), status), [7])


@pytest.mark.parametrize("items", [[], [accepted(id=7), accepted(id=7)], [accepted(id=8)]])
def test_a_single_result_is_one_and_ones_own(items: list[Any]) -> None:
    """One object asks for one result, and it must not be another's."""
    with pytest.raises(UnexpectedAnswer) as caught:
        json_php.read_single(answer(results(*items), client_id=7))
    assert caught.value.client_id == 7


@pytest.mark.parametrize("data", [{}, {"id": None}, {"id": 7}, {"id": "7"}])
def test_a_single_result_may_leave_its_id_out(data: dict[str, Any]) -> None:
    """The only result of an only object needs no id to be matched."""
    assert data == json_php.read_single(answer(results(accepted(**data)), client_id=7))


def test_a_message_is_read_with_both_ids() -> None:
    """`id` is the gateway's `msg_id`, `client_id` ours, `parts` the number billed."""
    data = {"id": 7, "msg_id": "107", "data": 1, "parts": 2}
    message = json_php.read_message(answer(), data, 7, PHONE)
    assert Message(107, 7, PHONE, 2, data) == message


@pytest.mark.parametrize("parts", [None, "two", -1, True, [], Decimal("1.5")])
def test_unreadable_parts_are_none(parts: Any) -> None:
    """How many parts are billed is told where it is readable, and never fails a message."""
    message = json_php.read_message(answer(), {"msg_id": 107, "parts": parts}, 7, PHONE)
    assert message.parts is None


@pytest.mark.parametrize("told", [None, 0, "", "x", True, -107, [107]])
def test_a_message_without_the_gateways_id_is_unexpected(told: Any) -> None:
    """Nobody can say that a message without `msg_id` was accepted."""
    with pytest.raises(UnexpectedAnswer) as caught:
        json_php.read_message(answer(), {"id": 7, "msg_id": told}, 7, PHONE)
    assert caught.value.client_id == 7


def test_a_balance_has_its_currency() -> None:
    """The account's sum comes with the currency, exactly."""
    body = json.dumps(results(accepted(amount="?", currency="UAH"))).replace('"?"', "31.10")
    assert Balance(Decimal("31.10"), "UAH") == json_php.read_balance(answer(body))


@pytest.mark.parametrize("told", [None, "much", True, []])
def test_a_balance_without_a_sum_is_unexpected(told: Any) -> None:
    """An answer whose amount cannot be read is no balance."""
    with pytest.raises(UnexpectedAnswer):
        json_php.read_balance(answer(results(accepted(amount=told, currency="UAH"))))


@pytest.mark.parametrize("told", [None, "", True, []])
def test_a_balance_may_lack_its_currency(told: Any) -> None:
    """A currency that cannot be read is `None`."""
    body = results(accepted(amount=5, currency=told))
    assert json_php.read_balance(answer(body)).currency is None


@pytest.mark.parametrize(("told", "price"), [("0.40", Decimal("0.40")), (None, None), ("?", None)])
def test_a_tracked_call_may_lack_its_price(told: Any, price: Decimal | None) -> None:
    """A flash call is known by its code; a price that cannot be read is `None`."""
    body = results(accepted(id=7, code="0471", price=told))
    call = json_php.read_otp_call(answer(body, client_id=7), 7, PHONE)
    assert ("0471", price) == (call.code, call.price)
