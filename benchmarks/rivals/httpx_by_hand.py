"""`httpx.AsyncClient.post(data=…, files=…)`, with one client for all, or one for each worker."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from benchmarks.loads import KEY, Load
from benchmarks.rivals import Caller
from benchmarks.sounds import wav

__all__ = ["one_client", "one_client_each"]

_TIMEOUT_SECONDS = 60.0


@asynccontextmanager
async def one_client(load: Load) -> AsyncGenerator[Sequence[Caller]]:
    """Place calls with one client, whose pool is as large as what is in flight."""
    limits = httpx.Limits(max_connections=load.in_flight, max_keepalive_connections=load.in_flight)
    async with httpx.AsyncClient(
        base_url=load.url, limits=limits, timeout=_TIMEOUT_SECONDS
    ) as client:
        yield [_caller(client, wav(load.sound_bytes))] * load.in_flight


@asynccontextmanager
async def one_client_each(load: Load) -> AsyncGenerator[Sequence[Caller]]:
    """Place calls with a client for each worker; all share one SSL context."""
    audio, context = wav(load.sound_bytes), httpx.create_ssl_context()
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=load.url, verify=context, timeout=_TIMEOUT_SECONDS)
            )
            for _ in range(load.in_flight)
        ]
        yield [_caller(client, audio) for client in clients]


def _caller(client: httpx.AsyncClient, audio: bytes) -> Caller:
    async def call(phone: str) -> int:
        response = await client.post(
            "/api/voice.php",
            data={"key": KEY, "phone": phone},
            files={"voice": ("audio.wav", audio, "audio/wav")},
        )
        response.raise_for_status()
        placed: int = response.json()["id"]
        return placed

    return call
