"""Whatever comes back, a reader ends in a result or in an error of ours."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async.errors import AlphaSMSError, GatewayError, UnexpectedAnswer
from alphasms_async.gateway import http_php, json_php, otp_php, voice_php, xml_php
from alphasms_async.gateway.wire import Answer
from tests.gateway.answers import KEY, PHONE, answer

READERS: dict[str, Callable[[Answer], Any]] = {
    "voice": lambda one: voice_php.read_call(one, PHONE),
    "otp": lambda one: otp_php.read_call(one, PHONE),
    "message": lambda one: json_php.read_message(one, json_php.read_single(one), 7, PHONE),
    "results": lambda one: json_php.read_results(one, [7, 8]),
    "statuses": lambda one: json_php.read_statuses(one, [7, 8]),
    "otp_tracked": lambda one: json_php.read_otp_call(one, 7, PHONE),
    "balance": json_php.read_balance,
    "lookup": lambda one: json_php.read_lookup(one, PHONE),
    "http_status": lambda one: http_php.read_status(one, 100500),
    "http_balance": http_php.read_balance,
    "http_price": http_php.read_price,
    "xml_statuses": lambda one: xml_php.read_statuses(one, [100500]),
}

STATUSES = st.sampled_from([200, 201, 204, 301, 307, 400, 403, 408, 413, 429, 500, 502])
# The names and values an answer is made of, in places where they do not belong.
WORDS = st.sampled_from(
    [
        *("id", "price", "code", "errors", "error", "success", "data", "msg_id", "amount"),
        *("status", "network", "ported", "updated", "parts", "currency", "Banned", "2024-11-11"),
        *(PHONE, KEY),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=12,
)
TEXTS = st.lists(
    st.sampled_from(
        [
            *("status:", "code:", "errors:", "balance:", "price:", "currency:", " ", "\n", "3"),
            *("<package>", "</package>", "<status>", "<msg sms_id='1'>", "<error>", "&amp;"),
            *("<!DOCTYPE a>", "<?xml version='1.0'?>", "]]>", "\x00", "é", "1e400", "102"),
            *("UAH", KEY, PHONE),
        ]
    ),
    max_size=12,
).map("".join)


def read(name: str, one: Answer) -> None:
    """Read an answer; an error that is not ours escapes, and one that is shows no secret."""
    try:
        READERS[name](one)
    except (GatewayError, UnexpectedAnswer) as error:
        assert_shown_safely(error)


def assert_shown_safely(error: AlphaSMSError) -> None:
    """Hold that an error is one line without key and phone."""
    text = str(error)
    assert [text] == text.splitlines()
    assert not any(secret in text + repr(error) for secret in (KEY, PHONE))


@pytest.mark.parametrize("name", READERS)
@given(body=st.binary(max_size=200), status=STATUSES)
def test_any_bytes_are_survived(name: str, body: bytes, status: int) -> None:
    """Random bytes are an error of ours on every page."""
    read(name, answer(body, status))


@pytest.mark.parametrize("name", READERS)
@given(body=TEXTS, status=STATUSES)
def test_any_mixture_of_fields_and_tags_is_survived(name: str, body: str, status: int) -> None:
    """The words of the text pages in any order end in a result or an error of ours."""
    read(name, answer(body, status))


@pytest.mark.parametrize("name", READERS)
@given(body=VALUES, status=STATUSES)
def test_any_json_is_survived(name: str, body: Any, status: int) -> None:
    """Any JSON, shuffled from the gateway's own words, ends in a result or an error of ours."""
    read(name, answer(json.dumps(body), status))


@pytest.mark.parametrize("name", ["message", "results", "statuses", "otp_tracked", "lookup"])
@given(items=st.lists(VALUES, max_size=3), data=st.lists(VALUES, max_size=3), status=STATUSES)
def test_any_list_of_results_is_survived(
    name: str, items: list[Any], data: list[Any], status: int
) -> None:
    """A list of results with anything in it ends in a result or an error of ours."""
    results = [*items, *({"success": True, "data": one} for one in data)]
    read(name, answer({"success": True, "data": results}, status))


@given(body=VALUES, status=STATUSES)
def test_a_call_is_accepted_only_with_id_price_and_no_errors(body: Any, status: int) -> None:
    """A success is a 2xx with an id and a price, and never one that speaks of errors."""
    try:
        call = voice_php.read_call(answer(json.dumps(body), status), PHONE)
    except AlphaSMSError:
        return
    assert status in {200, 201, 204}
    assert call.id > 0
    assert not body.get("errors")
    assert not body.get("error")
