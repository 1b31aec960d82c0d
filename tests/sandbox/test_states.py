from datetime import UTC, datetime

import httpx
import pytest

from alphasms_async.sandbox import Sandbox, State

from .wire import KEY, ask_json

pytestmark = pytest.mark.anyio

HTTP_CODES = {0, 1, 2, 3, 5, 10, 50, 96, 99, 116}
JSON_WORDS = {
    *("ACCEPTED", "DELETED", "DELIVERED", "EXPIRED", "FILTERED", "INVALID DESTINATION ADDRESS"),
    *("INVALID SOURCE ADDRESS", "NO ROUTE", "PARTIALLY DELIVERED", "QUEUED", "READ", "REJECTED"),
    *("REPLIED", "ROUTING", "SIM FULL", "UNDELIVERABLE", "UNKNOWN"),
}
NOON_IN_KYIV = datetime(2024, 7, 11, 9, tzinfo=UTC)


def test_table_speaks_every_documented_http_code_and_json_word() -> None:
    """No code of http.php and no word of json.php is missing, and none is invented."""
    assert {state.http_code for state in State} == HTTP_CODES
    assert {state.json_word for state in State} == JSON_WORDS


@pytest.mark.parametrize("state", State)
async def test_three_interfaces_tell_one_story(
    client: httpx.AsyncClient, sandbox: Sandbox, state: State
) -> None:
    """A state that is set is told by http.php, xml.php and json.php, each in its own words."""
    sms = {"type": "sms", "id": 7, "phone": 380501234567, "sms_signature": "Voice"}
    await ask_json(client, {**sms, "sms_message": "a"})
    sandbox.set_status(100500, state, since=NOON_IN_KYIV)

    asked = {"version": "http", "key": KEY, "command": "receive", "id": "100500"}
    http = (await client.post("/api/http.php", data=asked)).text
    document = f'<package key="{KEY}"><status><msg sms_id="100500"/></status></package>'
    xml = (await client.post("/api/xml.php", content=document)).text
    json = await ask_json(client, {"type": "status", "id": 7})

    assert f"status:{state.http_word} code:{state.http_code} status_time:2024/07/11" == http
    assert f">{state.xml_code}</msg>" in xml
    moment = {"updated": "2024-07-11T12:00:00"} if state.is_final else {}
    told = {"id": 7, "type": "sms", "status": state.json_word, **moment}
    assert [{"success": True, "data": told}] == json["data"]
    assert state.is_final == ('date_completed="2024-07-11T12:00:00"' in xml)


async def test_accepted_is_the_state_of_the_beginning(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """What was just accepted is pending, until it is set otherwise."""
    sms = {"type": "sms", "id": 7, "phone": 380501234567, "sms_signature": "Voice"}
    await ask_json(client, {**sms, "sms_message": "a"})
    assert sandbox.state_of(100500) == State.ACCEPTED
    sandbox.set_status(100500, State.DELIVERED)
    assert sandbox.state_of(100500) == State.DELIVERED


def test_unknown_id_has_no_state(sandbox: Sandbox) -> None:
    """Neither asking nor setting works for what was never accepted."""
    with pytest.raises(LookupError, match="the id 5"):
        sandbox.state_of(5)
    with pytest.raises(LookupError, match="the id 5"):
        sandbox.set_status(5, State.READ)


def test_time_without_a_zone_is_refused(sandbox: Sandbox) -> None:
    """A moment nobody could place is not taken."""
    with pytest.raises(ValueError, match="time zone"):
        sandbox.set_status(5, State.READ, since=datetime(2024, 7, 11))  # noqa: DTZ001 the point
