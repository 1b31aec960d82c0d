"""What json.php says of messages and of numbers."""

from datetime import UTC, datetime
from typing import Any

import pytest

from alphasms_async import errors
from alphasms_async.errors import GatewayError, UnexpectedAnswer
from alphasms_async.gateway import json_php
from alphasms_async.models import Lookup, State, Status
from tests.gateway.answers import PHONE, answer


def listed(*items: Any) -> dict[str, Any]:
    """Return an answer with these results."""
    return {"success": True, "data": list(items)}


def told(**data: Any) -> dict[str, Any]:
    """Return a result that answers."""
    return {"success": True, "data": data}


def test_a_status_has_state_word_time_and_both_ids() -> None:
    """The documented fields of a status are read, the time as Kyiv's."""
    item = told(id=7, msg_id=107, type="sms", status="DELIVERED", updated="2024-07-01 12:00:00")
    assert [
        Status(107, State.DELIVERED, "DELIVERED", datetime(2024, 7, 1, 9, tzinfo=UTC), 7)
    ] == json_php.read_statuses(answer(listed(item)), [7])


def test_statuses_come_in_the_order_they_were_asked_for() -> None:
    """Each of our ids has its status, in our order, and twice when it was asked for twice."""
    items = [told(id=one, status="READ") for one in (9, 8, 7, 7)]
    statuses = json_php.read_statuses(answer(listed(*items)), [7, 8, 7, 9])
    assert [(status.client_id, status.state) for status in statuses] == [
        (7, State.READ),
        (8, State.READ),
        (7, State.READ),
        (9, State.READ),
    ]


def test_an_id_the_gateway_says_nothing_of_is_unknown() -> None:
    """Silence does not say that the gateway lacks the id."""
    statuses = json_php.read_statuses(answer(listed(told(id=8, status="READ"))), [7])
    assert [Status(None, State.UNKNOWN, "", client_id=7)] == statuses


@pytest.mark.parametrize(
    "items",
    [
        [told(id=7, status="DELIVERED"), told(id=7, status="REJECTED")],
        [{"success": False, "data": {"id": 7}}],
        [{"success": True, "error": "Banned", "data": {"id": 7}}],
    ],
)
def test_an_id_the_gateway_speaks_of_unreadably_is_unknown(items: list[Any]) -> None:
    """Contradictions and half refusals do not say that the gateway lacks the id."""
    statuses = json_php.read_statuses(answer(listed(*items)), [7])
    assert statuses == [Status(None, State.UNKNOWN, "", client_id=7)]


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("ERR_ID", State.NOT_FOUND),
        ("Message not found", State.UNKNOWN),
        ("Temporary failure", State.UNKNOWN),
    ],
)
def test_a_refusal_of_one_id_is_its_state_in_the_gateways_words(text: str, state: State) -> None:
    """Only the documented word says that the gateway lacks the id; any text is kept."""
    item = {"success": False, "error": text, "data": {"id": 7}}
    statuses = json_php.read_statuses(answer(listed(item)), [7])
    assert [Status(None, state, text, client_id=7)] == statuses


@pytest.mark.parametrize("text", ["Access denied", "Banned", "IP denied", "ERR_THROTTLE"])
def test_a_refusal_of_the_account_is_raised_for_statuses(text: str) -> None:
    """An account that may not ask has no statuses at all, told of one id or of all."""
    item = {"success": False, "error": text, "data": {"id": 7}}
    for body in (listed(item), {"success": False, "error": text}):
        with pytest.raises(GatewayError) as caught:
            json_php.read_statuses(answer(body), [7])
        assert caught.value.scope == "account"


@pytest.mark.parametrize("word", [None, "", True, []])
def test_a_status_without_a_word_is_unknown(word: Any) -> None:
    """An id the gateway knows and says nothing of is `UNKNOWN`, not `NOT_FOUND`."""
    (status,) = json_php.read_statuses(answer(listed(told(id=7, status=word))), [7])
    assert (status.state, status.raw) == (State.UNKNOWN, "")


def test_a_word_nobody_documented_is_kept() -> None:
    """An undocumented word is `UNKNOWN` and stands in `raw`."""
    (status,) = json_php.read_statuses(answer(listed(told(id=7, status="PARKED"))), [7])
    assert (status.state, status.raw) == (State.UNKNOWN, "PARKED")


NETWORK = {
    "origin": {"name": "Kyivstar", "prefix": "38067", "country": {"name": "Ukraine"}},
    "ported": {"name": "lifecell", "prefix": "38063", "country": {"name": "Ukraine"}},
}


def lookup(**data: Any) -> Lookup:
    """Return what a lookup with these fields is read as."""
    return json_php.read_lookup(answer(listed(told(**data)), client_id=7), PHONE)


def test_a_lookup_has_the_documented_fields() -> None:
    """Each documented field of an HLR answer is read, and all are kept in `raw`."""
    data: dict[str, Any] = {
        "id": 7,
        "phone": int(PHONE),
        "status": "ACTIVE",
        "imsi": "255010123456789",
        "mccmnc": 25501,
        "ported": True,
        "network": NETWORK,
    }
    assert Lookup(
        PHONE, "ACTIVE", "255010123456789", "25501", ported=True, network="lifecell", raw=data
    ) == (lookup(**data))


def test_an_empty_lookup_says_nothing() -> None:
    """An answer without fields is a lookup that knows nothing."""
    assert Lookup(PHONE, None) == lookup()


@pytest.mark.parametrize(
    ("value", "ported"),
    [
        *((True, True), (1, True), ("1", True), ("true", True)),
        *((False, False), (0, False), ("0", False), ("false", False)),
        (None, None),
    ],
)
def test_ported_is_read_in_every_spelling_of_a_truth(value: Any, ported: object) -> None:
    """PHP writes booleans in many ways."""
    assert ported is lookup(ported=value).ported


@pytest.mark.parametrize(
    ("network", "name"),
    [
        (NETWORK, "lifecell"),
        ({"origin": NETWORK["origin"]}, "Kyivstar"),
        ({"origin": NETWORK["origin"], "ported": None}, "Kyivstar"),
        ({"origin": NETWORK["origin"], "ported": {"name": ""}}, "Kyivstar"),
        ("Vodafone", "Vodafone"),
        ("", None),
        ({}, None),
        ([], None),
        (7, None),
        ({"ported": "lifecell"}, None),
    ],
)
def test_the_network_is_the_one_that_serves_the_number_now(network: Any, name: str | None) -> None:
    """A ported number's network is the one it was ported to, else the one it began with."""
    assert name == lookup(network=network).network


def test_a_lookup_shows_neither_phone_nor_imsi() -> None:
    """The repr of a lookup holds no whole number of a person."""
    shown = repr(lookup(imsi="255010123456789", phone=PHONE))
    assert not any(secret in shown for secret in (PHONE, "255010123456789"))


def test_a_refused_lookup_is_a_refusal_of_the_recipient() -> None:
    """An operator that cannot be asked concerns one number only."""
    item = {"success": False, "error": "Operator not supported", "data": {"id": 7}}
    with pytest.raises(errors.OperatorNotSupported):
        json_php.read_lookup(answer(listed(item), client_id=7), PHONE)


def test_another_numbers_lookup_is_unexpected() -> None:
    """A result that carries another id is not ours."""
    with pytest.raises(UnexpectedAnswer):
        lookup(id=8, status="ACTIVE")
