"""`httpx.AsyncHTTPTransport` called directly: httpx without its client, as fast as it goes.

Each worker has a transport of its own, and each call a connection, as the package has them.
"""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from benchmarks.loads import Load
from benchmarks.rivals import Caller
from benchmarks.rivals.forms import AFTER_AUDIO, CONTENT_TYPE, before_audio
from benchmarks.sounds import wav

__all__ = ["one_transport_each"]

_LIMITS = httpx.Limits(max_connections=1, max_keepalive_connections=0)


@asynccontextmanager
async def one_transport_each(load: Load) -> AsyncGenerator[Sequence[Caller]]:
    """Place calls with a transport for each worker; all share one SSL context."""
    url, audio = httpx.URL(f"{load.url}/api/voice.php"), wav(load.sound_bytes)
    context = httpx.create_ssl_context()
    async with AsyncExitStack() as stack:
        transports = [
            await stack.enter_async_context(
                httpx.AsyncHTTPTransport(verify=context, limits=_LIMITS)
            )
            for _ in range(load.in_flight)
        ]
        yield [_caller(transport, url, audio) for transport in transports]


def _caller(transport: httpx.AsyncHTTPTransport, url: httpx.URL, audio: bytes) -> Caller:
    headers = {"Content-Type": CONTENT_TYPE, "Host": url.netloc.decode()}

    async def call(phone: str) -> int:
        body = b"".join((before_audio(phone), audio, AFTER_AUDIO))
        request = httpx.Request("POST", url, headers=headers, content=body)
        response = await transport.handle_async_request(request)
        content = await response.aread()
        if response.status_code != 200:
            raise RuntimeError(f"a call was not taken: {response.status_code}")
        placed: int = json.loads(content)["id"]
        return placed

    return call
