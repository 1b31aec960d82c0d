"""A send ends in the right one of three answers, whatever the server does to it."""

import anyio
import anyio.to_thread
import httpx
import pytest

from alphasms_async import (
    AlphaSMS,
    ConfigurationError,
    GatewayError,
    NotSent,
    OutcomeUnknown,
    SlotTransport,
)
from tests.hostile import SITUATIONS, HostileServer, Outcome, Situation, trusting_context
from tests.sounds import wav

pytestmark = pytest.mark.anyio

PHONE = "380501234567"
ENDLESS_SECONDS = 0.3


def test_the_table_is_whole() -> None:
    """There are at least forty situations, each with a name of its own."""
    assert len(SITUATIONS) >= 40
    assert len(SITUATIONS) == len({situation.name for situation in SITUATIONS})


@pytest.mark.parametrize("situation", SITUATIONS, ids=[one.name for one in SITUATIONS])
async def test_send_ends_in_the_right_answer(situation: Situation) -> None:
    """Never "not sent" when a byte of the body arrived, never twice, always within the deadline."""
    timeout = ENDLESS_SECONDS if situation.endless else httpx.Timeout(**situation.timeouts)
    deadline = ENDLESS_SECONDS if situation.endless else sum(situation.timeouts.values()) + 10
    with HostileServer(situation) as server:
        with anyio.fail_after(deadline + 5):
            outcome = await send(server, situation, timeout)
        await anyio.to_thread.run_sync(server.drain)
        body_bytes, deliveries = server.body_bytes, server.deliveries
    assert outcome in situation.expect
    assert deliveries <= situation.hops
    assert not (outcome == "not_sent" and body_bytes)


async def send(
    server: HostileServer, situation: Situation, timeout: float | httpx.Timeout
) -> Outcome:
    """Place one call, with two repeats allowed, and say how it ended."""
    context = trusting_context() if situation.needs_trust else None
    transport = SlotTransport(proxy=server.proxy, ssl_context=context)
    try:
        async with AlphaSMS(
            "key", base_url=server.url, transport=transport, timeout=timeout, max_retries=2
        ) as alphasms:
            await alphasms.voice.call(PHONE, wav(seconds=situation.audio_bytes / 16_000))
    except (NotSent, ConfigurationError):
        return "not_sent"
    except OutcomeUnknown:
        return "unknown"
    except GatewayError:
        return "answered"
    return "answered"
