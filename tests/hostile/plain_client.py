"""Plain httpx as the client of the double, without any of our own code in between."""

import ssl

import anyio
import httpx

from .answers import SUCCESS
from .server import HostileServer
from .tls import trusting_context

# Made once: loading the system's certificates costs more than most tests here.
_WARY = ssl.create_default_context()


def open_client(server: HostileServer) -> httpx.AsyncClient:
    """Return a plain client that has what the situation asks for."""
    situation = server.situation
    return httpx.AsyncClient(
        verify=trusting_context() if situation.needs_trust else _WARY,
        proxy=server.proxy,
        timeout=httpx.Timeout(**situation.timeouts),
        trust_env=False,
    )


async def post(client: httpx.AsyncClient, server: HostileServer) -> httpx.Response:
    """Post a call as the SDK would."""
    return await client.post(
        f"{server.url}/api/voice.php",
        data={"key": "k", "phone": "380501234567"},
        files={"voice": ("audio.wav", b"\0" * server.situation.audio_bytes, "audio/wav")},
    )


async def observe(server: HostileServer) -> str:
    """Return what plain httpx makes of one call, in the words of `Situation.shows`."""
    try:
        with anyio.fail_after(0.3 if server.situation.endless else 10):
            async with open_client(server) as client:
                response = await post(client, server)
    except Exception as error:  # noqa: BLE001 - which one it is, is the very question
        return type(error).__name__
    is_success = response.status_code == 200 and response.content.strip() == SUCCESS
    return "success" if is_success else str(response.status_code)
