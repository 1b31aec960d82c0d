from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from alphasms_async.webhooks import HookKind
from tests.webhooks.hooks import DOCUMENTED, REF, Kept, hook_tokens, receiver_of
from tests.webhooks.loopback import on_loopback

# What belongs to one connection, and is not passed on.
OF_THE_CONNECTION = {"host", "content-length", "transfer-encoding", "connection"}


class Proxy:
    """A reverse proxy: passes requests on to another address, and answers back.

    Args:
        client: Sends what is passed on.
        target: Scheme, host, port and path prefix of where it goes.
        prefix: What is taken off the front of the path first.
        headers: What is added to each request.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        target: str,
        prefix: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._client = client
        self._target = target
        self._prefix = prefix
        self._headers = headers or {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass one request on, whole."""
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        path = scope["path"].removeprefix(self._prefix)
        answer = await self._client.request(
            scope["method"],
            f"{self._target}{path}?{scope['query_string'].decode()}",
            content=body,
            headers=self._passed_on(scope["headers"]),
        )
        await send({"type": "http.response.start", "status": answer.status_code, "headers": []})
        await send({"type": "http.response.body", "body": answer.content})

    def _passed_on(self, headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
        told = {name.decode(): value.decode() for name, value in headers}
        kept = {name: value for name, value in told.items() if name not in OF_THE_CONNECTION}
        return {**kept, **self._headers}


PUBLIC = "https://app.example/hooks/alphasms"
FORWARDED = {
    "x-forwarded-for": "203.0.113.7",
    "x-forwarded-host": "app.example",
    "x-forwarded-port": "443",
    "x-forwarded-proto": "https",
    "x-forwarded-prefix": "/hooks",
    "forwarded": "for=203.0.113.7;host=app.example;proto=https",
}
WRONG = {name: "evil.example" for name in FORWARDED}  # noqa: C420 - as the table above reads

REWRITTEN: dict[str, tuple[str, str, Mapping[str, str]]] = {
    "nothing": ("https://app.example", "", {}),
    "the host": ("https://inside.example", "", {}),
    "the port": ("https://app.example:8443", "", {}),
    "the scheme": ("http://app.example", "", {}),
    "a prefix taken off": ("https://app.example", "/hooks", {}),
    "a prefix put on": ("https://app.example/api/v1", "", {}),
    "everything": ("http://10.0.0.7:8000/inside", "/hooks", {}),
    "everything, told in headers": ("http://10.0.0.7:8000/inside", "/hooks", FORWARDED),
    "everything, told wrong": ("http://10.0.0.7:8000/inside", "/hooks", WRONG),
}


@pytest.mark.anyio
@pytest.mark.parametrize(("target", "prefix", "headers"), REWRITTEN.values(), ids=REWRITTEN)
async def test_hook_is_proven_behind_a_proxy(
    target: str, prefix: str, headers: Mapping[str, str]
) -> None:
    """Whatever a proxy makes of scheme, host, port and path, the proof holds."""
    kept = Kept()
    hook = hook_tokens().url(f"{PUBLIC}?id=123456", HookKind.VOICE, REF)
    inside = httpx.ASGITransport(receiver_of(kept))
    async with httpx.AsyncClient(transport=inside) as inner:
        proxy = httpx.ASGITransport(Proxy(inner, target, prefix, headers))
        async with httpx.AsyncClient(transport=proxy) as gateway:
            answer = await gateway.post(hook, content=DOCUMENTED)
    assert answer.status_code == 200
    assert [event.ref for event in kept.events] == [REF]


@pytest.mark.anyio
async def test_forged_hook_is_refused_behind_a_proxy() -> None:
    """No header of a proxy stands in for the proof."""
    kept = Kept()
    inside = httpx.ASGITransport(receiver_of(kept))
    async with httpx.AsyncClient(transport=inside) as inner:
        proxy = httpx.ASGITransport(Proxy(inner, "http://127.0.0.1:8000", "", FORWARDED))
        async with httpx.AsyncClient(transport=proxy) as gateway:
            answer = await gateway.post(f"{PUBLIC}?token=forged", content=DOCUMENTED)
    assert (answer.status_code, kept.events) == (403, [])


@pytest.mark.asyncio
@pytest.mark.parametrize("headers", [{}, FORWARDED], ids=["silent", "telling"])
async def test_hook_is_proven_behind_a_real_proxy(headers: Mapping[str, str]) -> None:
    """Over two real sockets, with another port and path inside, the event arrives once."""
    kept = Kept()
    async with (
        httpx.AsyncClient(trust_env=False) as client,
        on_loopback(receiver_of(kept)) as inside,
        on_loopback(Proxy(client, f"{inside}/inside", "/hooks", headers)) as public,
        httpx.AsyncClient(trust_env=False) as gateway,
    ):
        hook = hook_tokens().url(f"{public}/hooks/alphasms?id=123456", HookKind.VOICE, REF)
        answers = [await gateway.post(hook, content=DOCUMENTED) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [event.ref for event in kept.events] == [REF]
