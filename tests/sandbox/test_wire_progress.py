from collections.abc import Mapping

import httpx
import pytest

from alphasms_async.sandbox import Fate, Sandbox

from .receiver import SetClock
from .wire import KEY, PHONE, ask_json, voice_form

pytestmark = pytest.mark.anyio

SAY: Mapping[str, object] = {"type": "voice", "id": 7, "phone": int(PHONE), "message": "Привіт"}


@pytest.fixture
def clock() -> SetClock:
    """Give a time of day that a test moves."""
    return SetClock()


@pytest.fixture
def sandbox(clock: SetClock) -> Sandbox:
    """Give a sandbox whose calls wait 2 s, ring 3 s and are talked in for 5 s."""
    fate = Fate(after_seconds=8, talk_seconds=5)
    return Sandbox(fates=lambda _: fate, queue_seconds=2, clock=clock)


async def told_by_all_three(client: httpx.AsyncClient) -> tuple[str, str, object]:
    """Return what http.php, xml.php and json.php say of what was accepted first."""
    asked = {"version": "http", "key": KEY, "command": "receive", "id": "100500"}
    http = (await client.post("/api/http.php", data=asked)).text
    document = f'<package key="{KEY}"><status><msg sms_id="100500"/></status></package>'
    xml = (await client.post("/api/xml.php", content=document)).text
    json = await ask_json(client, {"type": "status", "id": 7})
    return (
        http.partition(" status_time")[0],
        xml.partition("</msg>")[0].rpartition(">")[2],
        json["data"][0]["data"]["status"],  # type: ignore[index]  # as documented
    )


async def test_states_go_on_as_a_call_does(client: httpx.AsyncClient, clock: SetClock) -> None:
    """All three interfaces tell of each step of a call, at the moment it is taken."""
    await ask_json(client, SAY)
    told = [await told_by_all_three(client)]
    for seconds in (1.9, 0.1, 3, 5):
        clock.advance(seconds)
        told.append(await told_by_all_three(client))
    assert told == [
        ("status:Pending code:0", "106", "ACCEPTED"),
        ("status:Pending code:0", "106", "ACCEPTED"),
        ("status:Sending code:1", "110", "ROUTING"),
        ("status:Sent code:2", "101", "ROUTING"),
        ("status:Delivered code:3", "102", "DELIVERED"),
    ]


async def test_end_is_dated_and_the_way_there_is_not(
    client: httpx.AsyncClient, clock: SetClock
) -> None:
    """Only what is final has a time of completion, and it is that of the end, in Kyiv."""
    await client.post("/api/voice.php", files=voice_form())
    document = f'<package key="{KEY}"><status><msg sms_id="100500"/></status></package>'
    clock.advance(9)
    assert "date_completed" not in (await client.post("/api/xml.php", content=document)).text
    clock.advance(60)
    ended = 'date_completed="2024-07-11T12:00:10"'
    assert ended in (await client.post("/api/xml.php", content=document)).text


@pytest.mark.parametrize(
    ("word", "http", "xml", "json"),
    [
        ("ANSWERED", "status:Delivered code:3", "102", "DELIVERED"),
        ("NO ANSWER", "status:Out of touch code:5", "103", "EXPIRED"),
        ("BUSY", "status:Network failure code:96", "105", "UNDELIVERABLE"),
        ("FAILED", "status:Network failure code:96", "105", "UNDELIVERABLE"),
        ("CANCEL", "status:Deleted code:10", "104", "DELETED"),
    ],
)
async def test_each_end_is_told_alike(
    client: httpx.AsyncClient, sandbox: Sandbox, word: str, http: str, xml: str, json: str
) -> None:
    """However a call ends, the three interfaces tell the same, in their own words."""
    await ask_json(client, SAY)
    sandbox.end_call(100500, Fate(word))
    assert (http, xml, json) == await told_by_all_three(client)
