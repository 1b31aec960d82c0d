import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async.errors import UnexpectedAnswer
from alphasms_async.gateway import http_php, json_php, voice_php
from alphasms_async.gateway.reading import parse_json, read_money
from tests.gateway.answers import PHONE, answer

SUMS = st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=17)


def price_of(told: str) -> Decimal:
    """Return the price of voice.php's answer that tells `told`, a piece of JSON."""
    return voice_php.read_call(answer(f'{{"id": 1, "price": {told}}}'), PHONE).price


def balance_of(told: str) -> Decimal:
    """Return the balance of http.php's answer that tells `told`."""
    return http_php.read_balance(answer(f"balance:{told}")).amount


def listed_balance_of(told: str) -> Decimal:
    """Return the balance of json.php's answer that tells `told`, a piece of JSON."""
    body = f'{{"success": true, "data": [{{"success": true, "data": {{"amount": {told}}}}}]}}'
    return json_php.read_balance(answer(body)).amount


@pytest.mark.parametrize(
    "told",
    [
        "0.40",
        "0.1",
        "31.168300000000002",
        "0.30000000000000004",
        "9007199254740993",
        "0.1234567890123456789",
        "123456789012.99",
        "0",
        "0.00",
        "1e2",
        "4E-1",
    ],
)
def test_a_sum_is_exact_to_its_last_digit(told: str) -> None:
    """A sum is the very decimal that was written, its trailing zeros included."""
    written = Decimal(told).as_tuple()
    assert written == price_of(told).as_tuple() == price_of(f'"{told}"').as_tuple()
    assert written == balance_of(told).as_tuple() == listed_balance_of(told).as_tuple()


@given(SUMS)
def test_no_sum_passes_through_a_float(amount: Decimal) -> None:
    """Any sum of up to 17 places comes out as it went in, as a number and as a string."""
    told = f"{amount:f}"
    assert amount == listed_balance_of(told) == listed_balance_of(f'"{told}"') == balance_of(told)


@given(SUMS.map(abs))
def test_no_price_passes_through_a_float(amount: Decimal) -> None:
    """Any price comes out of voice.php and http.php as it went in."""
    told = f"{amount:f}"
    assert amount == price_of(told)
    assert amount == http_php.read_price(answer(f"price:{told} currency:UAH")).amount


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_json_numbers_never_become_floats(number: float) -> None:
    """No number of an answer is a float, nested ones in `raw` included."""
    told: Any = parse_json(answer(json.dumps({"raw": [{"n": number}]})))
    assert not isinstance(told["raw"][0]["n"], float)
    assert Decimal(repr(number)) == told["raw"][0]["n"]


@pytest.mark.parametrize(
    "told",
    [
        "NaN",
        "-NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
        "inf",
        "1e16",
        "1e400",
        "1e999999999",
        "1e99999999999999999999",
        "1e-21",
        "0." + "4" * 21,
        "0.4" + "0" * 21,
        "0e999999",
        "9" * 17,
        "",
        " ",
        "free",
        "0,40",
        "0.40 UAH",
        "1 000",
        "1.2.3",
        "--1",
        "\ud800",
    ],
)
def test_what_is_no_sum_is_refused(told: str) -> None:
    """Not-a-numbers, infinities, huge exponents and words are no money, written in any way."""
    assert read_money(told) is None


@pytest.mark.parametrize("told", [True, False, None, 0.4, [], {}, b"1", 10**16, -(10**16)])
def test_what_json_can_hold_besides_is_no_sum(told: Any) -> None:
    """A boolean, a float, a container and a number beyond all money are no sums."""
    assert read_money(told) is None


@pytest.mark.parametrize(
    "told", ["NaN", "Infinity", "1e400", "1E+999999999", '"1_000"', '"NaN"', '"1e99"']
)
def test_a_call_at_no_sum_is_unexpected(told: str) -> None:
    """A call at a price that is no sum is never a success."""
    with pytest.raises(UnexpectedAnswer):
        price_of(told)


@given(st.text() | st.integers() | st.decimals() | st.from_regex(r"-?\d{1,20}(\.\d+)?(e[+-]?\d+)?"))
def test_money_is_finite_or_nothing(told: Any) -> None:
    """Whatever is read as money, the result is a finite `Decimal` below 10**16, or `None`."""
    amount = read_money(told)
    assert amount is None or (amount.is_finite() and abs(amount) < 10**16)


def test_a_balance_may_be_negative() -> None:
    """An account in debt has a balance below zero."""
    assert Decimal("-12.50") == balance_of("-12.50")


@pytest.mark.parametrize("told", ["-0.01", "-5"])
def test_a_price_is_never_negative(told: str) -> None:
    """No page's price below zero is believed."""
    with pytest.raises(UnexpectedAnswer):
        price_of(told)
    with pytest.raises(UnexpectedAnswer):
        http_php.read_price(answer(f"price:{told}"))
