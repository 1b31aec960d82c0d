from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from time import process_time

import pytest

from alphasms_async import errors
from alphasms_async.errors import UnexpectedAnswer
from alphasms_async.gateway import http_php
from alphasms_async.gateway.wire import Request
from alphasms_async.models import Balance, Price, State, Status
from tests.gateway.answers import KEY, PHONE, answer, fields


@pytest.mark.parametrize(
    ("request_", "asked", "own"),
    [
        (http_php.receive(KEY, 100500), "status of 100500", {"command": "receive", "id": "100500"}),
        (http_php.balance(KEY), "balance", {"command": "balance"}),
        (
            http_php.price(KEY, PHONE),
            "price for 380*****4567",
            {"command": "price", "to": PHONE},
        ),
    ],
)
def test_a_request_is_a_form_in_the_body(
    request_: Request, asked: str, own: dict[str, str]
) -> None:
    """Every command is a POST with a form body: key and phone stand in no URL."""
    assert {"version": "http", "key": KEY, **own} == fields(b"".join(request_.pieces))
    assert ("/api/http.php", "application/x-www-form-urlencoded", asked) == (
        request_.page,
        request_.content_type,
        request_.asked,
    )


def test_a_key_with_reserved_characters_arrives_whole() -> None:
    """A key that holds `&`, `=`, `+` and `%` is encoded."""
    key = "a&b=c+d%20#;\"'<>"
    assert key == fields(b"".join(http_php.balance(key).pieces))["key"]


def test_the_documented_status_is_read() -> None:
    """The example of the API pages gives state, word and Kyiv's day in UTC."""
    status = http_php.read_status(
        answer("status:Delivered code:3 status_time:2024/10/12"), message_id=100500
    )
    at = datetime(2024, 10, 11, 21, tzinfo=UTC)
    assert Status(100500, State.DELIVERED, "Delivered", at) == status


@pytest.mark.parametrize(
    ("body", "state", "raw"),
    [
        ("status:Delivered code:3", State.DELIVERED, "Delivered"),
        ("code:3", State.DELIVERED, "3"),
        ("code:3 status:Delivered", State.DELIVERED, "Delivered"),
        ("status:Delivered", State.DELIVERED, "Delivered"),
        ("status:Out of touch code:5", State.UNREACHABLE, "Out of touch"),
        ("status:Wrong number or number not in service code:99", State.REJECTED, None),
        ("status:Network\nfailure\r\ncode:96\n", State.UNDELIVERABLE, None),
        ("status:code code:3", State.DELIVERED, "code"),
        ("status:\tDelivered \t code: 3 ", State.DELIVERED, "Delivered"),
        ("status:Parked code:77", State.UNKNOWN, "Parked"),
        ("status:Parked code:x", State.UNKNOWN, "Parked"),
        ("status: code:0", State.QUEUED, "0"),
        ("id:100500 status:Delivered code:3", State.DELIVERED, "Delivered"),
        ("\ufeffstatus:Delivered code:3", State.DELIVERED, "Delivered"),
    ],
)
def test_a_status_is_read_however_its_fields_stand(
    body: str, state: State, raw: str | None
) -> None:
    """Order, spaces, line ends and missing fields do not hide the state; the code wins."""
    status = http_php.read_status(answer(body), 100500)
    assert state == status.state
    assert raw in {None, status.raw}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "OK",
        "code:",
        "status:",
        "status: code:",
        "code:x",
        "balance:5",
        "<html><title>Error code:3 </title></html>",
        "upstream gave up with code:3",
        "The status:Delivered page is gone",
        '{"status": "Delivered", "code": 3}',
        "postcode:3",
        "\x00\xff",
    ],
)
def test_what_is_no_status_is_unexpected(body: str) -> None:
    """A page that mentions a status somewhere is not one."""
    with pytest.raises(UnexpectedAnswer):
        http_php.read_status(answer(body), 100500)


@pytest.mark.parametrize(
    ("told", "at"),
    [
        ("2024/10/12", datetime(2024, 10, 11, 21, tzinfo=UTC)),
        ("2024/10/12 10:30:00", datetime(2024, 10, 12, 7, 30, tzinfo=UTC)),
        ("2024-10-12T10:30:00", datetime(2024, 10, 12, 7, 30, tzinfo=UTC)),
        ("0000/00/00", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_status_time_may_be_of_any_kind(told: str, at: datetime | None) -> None:
    """A day, a moment and an unreadable time are all survived."""
    body = f"status:Delivered code:3 status_time:{told}"
    assert at == http_php.read_status(answer(body), 100500).at


def test_the_documented_balance_is_exact() -> None:
    """The example of the API pages keeps all of its digits."""
    balance = http_php.read_balance(answer("balance:31.168300000000002"))
    assert Balance(Decimal("31.168300000000002"), None) == balance


def test_the_documented_price_has_its_currency() -> None:
    """The example of the API pages gives sum and currency."""
    assert Price(Decimal("1.2"), "UAH") == http_php.read_price(answer("price:1.2 currency:UAH"))


@pytest.mark.parametrize("body", ["", "price:", "price:free", "balance:5", "price:NaN", "1.2"])
def test_what_is_no_price_is_unexpected(body: str) -> None:
    """An answer without a readable price is no price."""
    with pytest.raises(UnexpectedAnswer):
        http_php.read_price(answer(body))


@pytest.mark.parametrize("body", ["", "balance:", "balance:none", "price:5", "balance:1e99", "31"])
def test_what_is_no_balance_is_unexpected(body: str) -> None:
    """An answer without a readable sum is no balance."""
    with pytest.raises(UnexpectedAnswer):
        http_php.read_balance(answer(body))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("errors:Unknown command", errors.RequestRejected),
        ("errors:Wrong API key", errors.WrongApiKey),
        ("errors: banned. ", errors.AccountBanned),
        ("errors:Message not found code:0", errors.UnknownGatewayError),
    ],
)
def test_errors_are_a_refusal_for_every_command(body: str, kind: type[errors.GatewayError]) -> None:
    """A text after `errors:` is raised as its class by each of the readers."""
    page = answer(body)
    for read in (
        lambda: http_php.read_status(page, 100500),
        lambda: http_php.read_balance(page),
        lambda: http_php.read_price(page),
    ):
        with pytest.raises(errors.GatewayError) as caught:
            read()
        assert kind is type(caught.value)


@pytest.mark.parametrize("more", [" ", "x ", "status: ", "\n\n\nstatus", "code:"])
def test_an_answer_of_megabytes_takes_a_moment(more: str) -> None:
    """Only the beginning of an answer is looked at, whatever follows."""
    began = process_time()
    with suppress(UnexpectedAnswer):
        http_php.read_status(answer("status:" + more * 500_000), 100500)
    assert process_time() - began < 2
