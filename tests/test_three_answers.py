"""A send ends in the right one of three answers, whatever the server does to it."""

import gc
import traceback
from collections.abc import Generator

import anyio
import anyio.to_thread
import httpx
import pytest

from alphasms_async import (
    AlphaSMS,
    AlphaSMSError,
    ConfigurationError,
    GatewayError,
    NotSent,
    OutcomeUnknown,
)
from tests.doubles import KEY, PHONE
from tests.hostile import SITUATIONS, HostileServer, Outcome, Situation, trusting_context
from tests.leftovers import nothing_left_behind
from tests.sounds import wav
from tests.ways import Way, every_way

pytestmark = pytest.mark.anyio

# Long enough for a busy machine to begin in.
ENDLESS_SECONDS = 1.5


@pytest.fixture(scope="module", autouse=True)
def nothing_unclosed() -> Generator[None]:
    """Have whoever warns of what was never closed do so here, where a warning is an error."""
    yield
    gc.collect()


def test_the_table_is_whole() -> None:
    """There are at least forty situations, each with a name of its own."""
    assert len(SITUATIONS) >= 40
    assert len(SITUATIONS) == len({situation.name for situation in SITUATIONS})


@every_way
@pytest.mark.parametrize("situation", SITUATIONS, ids=[one.name for one in SITUATIONS])
async def test_send_ends_in_the_right_answer(
    situation: Situation, way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    """Never "not sent" when a byte of the body arrived, never twice, always within the deadline."""
    timeout = ENDLESS_SECONDS if situation.endless else httpx.Timeout(**situation.timeouts)
    deadline = ENDLESS_SECONDS if situation.endless else sum(situation.timeouts.values()) + 10
    with nothing_left_behind(), HostileServer(situation) as server:
        with anyio.fail_after(deadline + 5):
            outcome = await send(server, situation, way, timeout)
        await anyio.to_thread.run_sync(server.drain)
        body_bytes, deliveries = server.body_bytes, server.deliveries
    assert outcome in situation.expect
    assert deliveries <= situation.hops
    assert not (outcome == "not_sent" and body_bytes)
    # Of sockets that were written to too late, and tasks whose errors nobody took.
    assert caplog.record_tuples == []


async def send(
    server: HostileServer, situation: Situation, way: Way, timeout: float | httpx.Timeout
) -> Outcome:
    """Place one call, with two repeats allowed, and say how it ended."""
    context = trusting_context() if situation.needs_trust else None
    transport = way.open(proxy=server.proxy, ssl_context=context)
    try:
        async with AlphaSMS(
            KEY, base_url=server.url, transport=transport, timeout=timeout, max_retries=2
        ) as alphasms:
            await alphasms.voice.call(PHONE, wav(seconds=situation.audio_bytes / 16_000))
    except AlphaSMSError as error:
        told = "".join(traceback.format_exception(error))
        assert KEY not in told
        assert PHONE not in told
        return _outcome_of(error)
    return "answered"


def _outcome_of(error: AlphaSMSError) -> Outcome:
    match error:
        case NotSent() | ConfigurationError():
            return "not_sent"
        case OutcomeUnknown():
            return "unknown"
        case GatewayError():
            return "answered"
        case _:
            raise error
