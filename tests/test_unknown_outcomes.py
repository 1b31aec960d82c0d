"""What a person is told of an outcome that nobody knows: that it may ring, and where to look."""

from collections.abc import Callable

import httpx
import pytest

from alphasms_async import AlphaSMS, GatewayUnavailable, OutcomeUnknown, UnexpectedAnswer
from tests.doubles import KEY, PHONE, Carrying, FakeGateway, saying
from tests.methods import AUDIO, READS, SENDS

pytestmark = pytest.mark.anyio

ADVICE = ". It is not repeated. Before sending again, "
OURS = frozenset(
    {"voice.say", "otp.call_tracked", "voice_sms.send", "sms.send", "pipeline.send"},
)
"""The methods whose messages carry an id of ours."""


async def lost(request: httpx.Request) -> httpx.Response:
    """Read a request whole, and lose the answer."""
    await request.aread()
    raise httpx.ReadError("told")


ENDS: dict[str, Callable[[], httpx.AsyncBaseTransport]] = {
    "no answer": lambda: Carrying(lost),
    "an unreadable answer": lambda: FakeGateway(saying(503, "<p>later")),
}


@pytest.mark.parametrize("name", SENDS)
@pytest.mark.parametrize("end", ENDS)
async def test_no_answer_and_an_unreadable_one_are_told_alike(name: str, end: str) -> None:
    """Both say that it may have arrived, that it is not repeated, and where to look."""
    async with AlphaSMS(KEY, transport=ENDS[end]()) as api:
        with pytest.raises(OutcomeUnknown) as caught:
            await SENDS[name](api)
    told, error = str(caught.value), caught.value
    asked, _, rest = told.partition(": outcome unknown, it may have arrived: ")
    assert asked.endswith("380*****4567")
    reason, _, advice = rest.partition(ADVICE)
    if isinstance(error, UnexpectedAnswer):
        assert reason.startswith("the answer (HTTP 503, 8 bytes, ")
        assert reason.endswith(" cannot be relied on: its status settles nothing")
    assert (error.client_id is not None) == (name in OURS)
    ours = f"ask for the status of client_id {error.client_id}."
    assert advice == (ours if name in OURS else "look in the provider's panel.")


async def test_an_id_that_was_read_is_what_to_ask_for() -> None:
    """An answer that nobody can rely on may tell the gateway's id all the same."""
    gateway = FakeGateway(saying(502, '{"id": 100500, "price": 0.4}'))
    async with AlphaSMS(KEY, transport=gateway) as api:
        with pytest.raises(UnexpectedAnswer) as caught:
            await api.voice.call(PHONE, AUDIO)
    assert str(caught.value).endswith(f"{ADVICE}ask for the status of id 100500.")


@pytest.mark.parametrize("name", READS)
async def test_what_only_asks_is_not_warned_of(name: str) -> None:
    """Nothing rings by it, and asking again is always safe."""
    gateway = FakeGateway(saying(503))
    async with AlphaSMS(KEY, transport=gateway, max_retries=0) as api:
        with pytest.raises(GatewayUnavailable) as caught:
            await READS[name](api)
    told = str(caught.value)
    assert told.endswith("cannot be relied on: its status settles nothing")
    assert "may have arrived" not in told
    assert "sending again" not in told
