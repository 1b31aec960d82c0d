"""What each kind of campaign sends: a recording, a spoken SMS, a text in a chosen voice."""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from alphasms_async import Recording
from alphasms_async.campaigns.halts import HaltReason
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.kinds import Kind, PlayRecording, SpeakSms, SpeakText
from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.states import RowState
from alphasms_async.campaigns.templates import Template
from alphasms_async.messages import Voice
from tests.campaigns.dialers import (
    HOOK,
    NOTHING,
    RECORDING,
    Gateway,
    desk,
    limited,
    lost,
    planned,
    spoken,
    unreachable,
)
from tests.campaigns.virtual import virtual
from tests.doubles import Answer, Carrying, FakeGateway, phones
from tests.sounds import wav

pytestmark = pytest.mark.anyio

GREETING = Template("Вітаємо, {name}! Код {code}.")
SMS = SpeakSms(GREETING)
TEXT = SpeakText(GREETING, Voice("male", "uk-UA", "uk-UA-Standard-B"), dtmf=True)
SPOKEN = pytest.mark.parametrize("kind", [SMS, TEXT], ids=["sms", "text"])
NAMES = ("Олена", "Іван", "Ганна")


def named(*names: str | None) -> list[PlannedRow]:
    """Return recipients with these names and codes of their own."""
    return [
        PlannedRow(line, phone, columns={"name": name or "", "code": f"10{line}"})
        for line, (phone, name) in enumerate(zip(phones(len(names)), names, strict=True), start=1)
    ]


def objects(gateway: FakeGateway) -> list[Mapping[str, Any]]:
    """Return the one object of json.php that each request carried."""
    return [json.loads(one.content)["data"][0] for one in gateway.read]


def refused_object(text: str) -> Answer:
    """Return an answer of json.php that refuses its one object."""
    told = {"success": True, "data": [{"success": False, "error": text}]}
    return lambda _: httpx.Response(200, json=told)


async def test_everybody_hears_the_recording_that_was_planned(tmp_path: Path) -> None:
    """Its file may change while it is dialled: what was loaded is what is sent."""
    path = tmp_path / "promo.wav"
    path.write_bytes(wav(seconds=0.05))
    recording = await Recording.load(path)

    async def change() -> None:
        path.write_bytes(b"another")

    gateway = FakeGateway(pause=change)
    async with desk(3, gateway, kind=PlayRecording(recording, source=str(path))) as ready:
        await ready.dial()
    assert [wav(seconds=0.05) in one.content for one in gateway.read] == [True] * 3


@SPOKEN
async def test_everybody_hears_a_text_of_his_own(kind: Kind, journal: Journal) -> None:
    """The blanks are filled from the recipient's own columns."""
    gateway = FakeGateway()
    ready = await planned(journal, named(*NAMES), gateway, kind=kind)
    run = await ready.dial()
    word = "sms_message" if kind is SMS else "message"
    assert {str(one["phone"]): one[word] for one in objects(gateway)} == {
        phone: f"Вітаємо, {name}! Код 10{line}."
        for line, (phone, name) in enumerate(zip(phones(3), NAMES, strict=True), start=1)
    }
    assert run.is_finished


@pytest.mark.parametrize("kind", [PlayRecording(RECORDING), SMS, TEXT], ids=["call", "sms", "text"])
@pytest.mark.parametrize("phone", ["48512345678", "4915112345678", "37360012345", "12025550123"])
async def test_a_number_of_another_country_is_called(kind: Kind, phone: str) -> None:
    """Whose digits stand in the journal is dialled, wherever his home is."""
    gateway = FakeGateway()
    row = PlannedRow(1, phone, columns={"name": "Anna", "code": "7"})
    async with desk([row], gateway, kind=kind) as ready:
        await ready.dial()
        assert await ready.states() == [RowState.ACCEPTED]
    assert phone.encode() in gateway.read[0].content


async def test_a_spoken_sms_goes_out_as_voice() -> None:
    """Its sender is the one that speaks, and the campaign's hook goes with it."""
    gateway = FakeGateway()
    async with desk(named("Олена"), gateway, kind=SMS, hook=HOOK) as ready:
        await ready.dial()
    (sent,) = objects(gateway)
    assert (sent["type"], sent["sms_signature"], sent["hook"]) == ("sms", "Voice", HOOK)


async def test_a_text_goes_out_in_the_chosen_voice() -> None:
    """With the wish for a key press and the hook."""
    gateway = FakeGateway()
    async with desk(named("Олена"), gateway, kind=TEXT, hook=HOOK) as ready:
        await ready.dial()
    (sent,) = objects(gateway)
    voice = {"gender": "male", "language": "uk-UA", "name": "uk-UA-Standard-B"}
    assert (sent["type"], sent["voice"], sent["dtmf"], sent["hook"]) == ("voice", voice, True, HOOK)


async def test_a_recording_waits_for_a_key_where_it_should() -> None:
    """The wish goes with every call."""
    gateway = FakeGateway()
    async with desk(2, gateway, kind=PlayRecording(RECORDING, dtmf=True)) as ready:
        await ready.dial()
        rows = await ready.rows()
    assert all(b'name="dtmf"\r\n\r\ntrue\r\n' in one.content for one in gateway.read)
    # A recording carries no id of ours: nobody could be asked for it.
    assert [row.client_id for row in rows] == [None, None]


@SPOKEN
async def test_our_id_is_in_the_journal_before_it_leaves(kind: Kind) -> None:
    """Whoever finds the row later can ask the gateway for the very request."""
    seen: list[int | None] = []
    gateway = FakeGateway()

    async def carry(request: httpx.Request) -> httpx.Response:
        (row,) = await ready.journal.rows(ready.id, states=[RowState.DIALING])
        seen.append(row.client_id)
        return await gateway.handle_async_request(request)

    async with desk(named(*NAMES), Carrying(carry), kind=kind, concurrency=1) as ready:
        await ready.dial()
        kept = [row.client_id for row in await ready.rows()]
    assert seen == kept == [one["id"] for one in objects(gateway)]
    assert len(set(seen) - {None}) == 3


@SPOKEN
@virtual
async def test_each_attempt_has_an_id_of_its_own(kind: Kind) -> None:
    """An id that may have been accepted is never used for another request."""
    sent: list[int] = []
    gateway = Gateway(limited(1), limited(1), unreachable, then=spoken())

    async def carry(request: httpx.Request) -> httpx.Response:
        response = await gateway.handle_async_request(request)
        sent.append(objects(gateway)[-1]["id"])
        return response

    async with desk(named("Олена"), Carrying(carry), kind=kind) as ready:
        await ready.dial()
        assert await ready.counts() == {"accepted": 1}
        (row,) = await ready.rows()
    assert (len(set(sent)), row.client_id, row.attempts) == (3, sent[-1], 4)


@SPOKEN
async def test_an_id_that_was_used_before_is_uncertain(kind: Kind) -> None:
    """Something with it was accepted once, so nobody says that this one was not."""
    gateway = Gateway(spoken(), refused_object("ERR_DUPLICATE"), then=spoken())
    async with desk(named(*NAMES), gateway, kind=kind, concurrency=1) as ready:
        run = await ready.dial()
        assert await ready.states() == ["accepted", "uncertain", "accepted"]
        row = (await ready.rows())[1]
    assert (run.halt, row.client_id is None) == (None, False)


@SPOKEN
async def test_a_lost_answer_keeps_our_id(kind: Kind) -> None:
    """The uncertain row tells what to ask the gateway for."""
    gateway = Gateway(lost)
    async with desk(named("Олена"), gateway, kind=kind) as ready:
        await ready.dial()
        (row,) = await ready.rows()
    (sent,) = objects(gateway)
    assert (str(row.state), row.client_id) == ("uncertain", sent["id"])
    assert f"ask for the status of client_id {sent['id']}" in str(row.error)


@SPOKEN
async def test_a_text_that_cannot_be_sent_is_refused_and_touches_no_other(kind: Kind) -> None:
    """Nothing of it leaves, the row says why, and everybody else is called."""
    rows = named("Олена", None, "Іван\x07", "Ганна")
    gateway = FakeGateway()
    limits: dict[str, Any] = {"kind": kind, "budget": Decimal(9), "max_price": Decimal(1)}
    async with desk(rows, gateway, concurrency=1, **limits) as ready:
        run = await ready.dial()
        assert await ready.states() == ["accepted", "refused", "refused", "accepted"]
        errors = [row.error for row in await ready.rows()]
    assert errors == [
        None,
        "the column 'name' is empty",
        "the text holds U+0007, which cannot be sent",
        None,
    ]
    assert (len(gateway.read), run.halt) == (2, None)
    assert (run.money.spent, run.money.held) == (Decimal(2), NOTHING)


@SPOKEN
@pytest.mark.parametrize(
    ("text", "reason"),
    [("Access denied", HaltReason.ACCOUNT), ("Error in Alpha-name", HaltReason.MESSAGE)],
)
async def test_what_json_php_refuses_for_all_stops_the_run(
    kind: Kind, text: str, reason: HaltReason
) -> None:
    """One call is made, and everybody is still planned."""
    gateway = Gateway(then=refused_object(text))
    async with desk(named(*NAMES), gateway, kind=kind) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"planned": 3}
    assert run.halt is not None
    assert (run.halt.reason, gateway.asked) == (reason, 1)


async def test_a_recipient_the_operator_does_not_take_is_refused() -> None:
    """It is about this one alone."""
    gateway = Gateway(refused_object("Operator not supported"), then=spoken())
    async with desk(named(*NAMES), gateway, kind=TEXT) as ready:
        await ready.dial()
        assert await ready.states() == ["refused", "accepted", "accepted"]
