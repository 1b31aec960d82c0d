"""The package, over each of its transports, with the connections of sends reused and without."""

import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx

from alphasms_async import AlphaSMS, Recording
from alphasms_async.transports import AiohttpTransport, SlotTransport
from benchmarks.loads import KEY, Load
from benchmarks.rivals import Caller
from benchmarks.sounds import wav

__all__ = ["over_aiohttp", "over_aiohttp_reused", "over_slots", "over_slots_reused"]

_REUSE_SECONDS = 1.0

_Callers = AbstractAsyncContextManager[Sequence[Caller]]


def over_slots(load: Load) -> _Callers:
    """Place calls over the default transport."""
    return _over(SlotTransport(ssl_context=_trusting(load)), load)


def over_slots_reused(load: Load) -> _Callers:
    """Place calls over the default transport, which keeps connections for the next call."""
    transport = SlotTransport(ssl_context=_trusting(load), reuse_seconds=_REUSE_SECONDS)
    return _over(transport, load)


def over_aiohttp(load: Load) -> _Callers:
    """Place calls over the transport of aiohttp."""
    return _over(AiohttpTransport(ssl_context=_trusting(load)), load)


def over_aiohttp_reused(load: Load) -> _Callers:
    """Place calls over the transport of aiohttp, which keeps connections for the next call."""
    transport = AiohttpTransport(ssl_context=_trusting(load), reuse_seconds=_REUSE_SECONDS)
    return _over(transport, load)


def _trusting(load: Load) -> ssl.SSLContext | None:
    return None if load.authority is None else ssl.create_default_context(cafile=load.authority)


@asynccontextmanager
async def _over(
    transport: httpx.AsyncBaseTransport, load: Load
) -> AsyncGenerator[Sequence[Caller]]:
    recording = Recording.from_bytes(wav(load.sound_bytes))
    async with AlphaSMS(KEY, base_url=load.url, transport=transport) as alphasms:

        async def call(phone: str) -> int:
            return (await alphasms.voice.call(phone, recording)).id

        yield [call] * load.in_flight
