"""A page of the gateway, and what goes wrong before, while and after it answers."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

import attrs
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alphasms_async.sandbox.chaos.answers import Captured, proxy_answer, wrong_json
from alphasms_async.sandbox.chaos.chaos import Chaos, Hit
from alphasms_async.sandbox.chaos.client import Client
from alphasms_async.sandbox.chaos.mishap import spoiling
from alphasms_async.sandbox.chaos.rules import CUT_BYTES, JITTER

_KILOBYTE: Final = 1024


class ChaosPage:
    """A page as an ASGI app, to which the rules that are on happen.

    Something may keep the request from being taken; else it is read, at its pace, and the page
    takes it; what the client sees of either comes late; something may spoil the answer; and it
    drips. Of all that ends a request otherwise than well, only one thing happens to it.

    It is the answer that is late, and not the request: a client that gives up meanwhile has rung
    a phone all the same, as with a gateway that is slow.

    Args:
        app: The page.
        chaos: What goes wrong.
    """

    def __init__(self, app: ASGIApp, chaos: Chaos) -> None:
        self._app = app
        self._chaos = chaos

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or not."""
        if not self._chaos.troubles_api:
            await self._app(scope, receive, send)
            return
        hits = self._hits()
        name = next((name for name in _ENDINGS if name in hits), None)
        self._chaos.count(*_LATE.intersection(hits).difference(_SPARED.get(name, ())))
        request = self._request(hits, scope, receive, send)
        if name is None:
            await self._app(scope, request.receive, request.send)
        elif name in _KEPT_OUT:
            self._note(name, scope, is_taken=False)
            await _KEPT_OUT[name](request, hits[name])
        else:
            with spoiling(name):
                answer = await request.taken()
            self._note(name, scope, is_taken=True)
            await _SPOILED[name](request, hits[name], answer)

    def _note(self, name: str, scope: Scope, *, is_taken: bool) -> None:
        page = scope["path"].removeprefix("/api").lstrip("/")
        self._chaos.note(name, page, is_taken=is_taken)

    def _request(
        self, hits: Mapping[str, Hit], scope: Scope, receive: Receive, send: Send
    ) -> "_Request":
        client = Client(scope, receive, _late_seconds(hits.get("latency")))
        if "slow_drip" in hits:
            send = _dripping(send, client, hits["slow_drip"].amount)
        if client.late_seconds:
            send = _late(send, client)
        if "slow_read" in hits:
            receive = _slowed(receive, client, hits["slow_read"].amount * _KILOBYTE)
            client = attrs.evolve(client, receive=receive)
        return _Request(self._app, scope, receive, send, client)

    def _hits(self) -> dict[str, Hit]:
        hits = self._chaos.draw("api")
        limit = self._chaos.rules["rate_limit"]
        if limit.on and self._chaos.rate.admits(limit.amount or 0.0):
            hits.pop("rate_limit", None)
        return hits


@attrs.frozen(eq=False)
class _Request:
    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send
    client: Client

    async def answered(self, answer: Response) -> None:
        """Answer so, when all of the request has come."""
        # A client that is answered while it still writes may see its connection break instead.
        await self.client.listen()
        await answer(self.scope, self.receive, self.send)

    async def taken(self) -> Captured:
        """Have the page take it, and keep its answer back."""
        captured = Captured()
        await self.app(self.scope, self.receive, captured.send)
        return captured


_KeepOut: TypeAlias = Callable[[_Request, Hit], Awaitable[None]]
_Spoil: TypeAlias = Callable[[_Request, Hit, Captured], Awaitable[None]]


async def _rate_limit(request: _Request, _: Hit) -> None:
    await request.answered(proxy_answer(429, retry_after=1))


async def _http_503(request: _Request, _: Hit) -> None:
    await request.answered(proxy_answer(503, retry_after=1))


async def _http_502(request: _Request, _: Hit) -> None:
    await request.answered(proxy_answer(502))


async def _reset_before(request: _Request, _: Hit) -> None:
    await request.client.reset()


async def _reset_during(request: _Request, _: Hit) -> None:
    length = dict(request.scope["headers"]).get(b"content-length", b"")
    # Of an upload that does not say how long it is, whatever comes first.
    await request.client.listen(int(length) / 2 if length.isdigit() else 0)
    await request.client.reset()


async def _reset_after(request: _Request, _: Hit) -> None:
    await request.client.listen()
    await request.client.reset()


async def _hang(request: _Request, hit: Hit) -> None:
    await request.client.hang(hit.amount)


async def _charged_no_reply(request: _Request, _: Hit, __: Captured) -> None:
    await request.client.close()


async def _half_answer(request: _Request, _: Hit, answer: Captured) -> None:
    # Of a shorter one half is left: an answer that is whole would be no trouble.
    answer.body = answer.body[: min(CUT_BYTES, len(answer.body) // 2)]
    await answer.answer(request.send)


async def _wrong_json(request: _Request, hit: Hit, _: Captured) -> None:
    await wrong_json(hit.chance)(request.scope, request.receive, request.send)


# In the order in which they would come: of several only the first does.
_KEPT_OUT: Final[Mapping[str, _KeepOut]] = {
    "rate_limit": _rate_limit,
    "reset_before": _reset_before,
    "http_503": _http_503,
    "http_502": _http_502,
    "reset_during": _reset_during,
    "reset_after": _reset_after,
    "hang": _hang,
}
_SPOILED: Final[Mapping[str, _Spoil]] = {
    "charged_no_reply": _charged_no_reply,
    "half_answer": _half_answer,
    "wrong_json": _wrong_json,
}
_ENDINGS: Final = (*_KEPT_OUT, *_SPOILED)
# What makes things late, and what of it does not happen to a request that ends so.
_LATE: Final = frozenset({"latency", "slow_read", "slow_drip"})
_SPARED: Final[Mapping[str | None, frozenset[str]]] = {
    "reset_before": frozenset({"slow_read", "slow_drip"}),
    "reset_during": frozenset({"slow_drip"}),
    "reset_after": frozenset({"slow_drip"}),
    "hang": frozenset({"latency", "slow_drip"}),
    "charged_no_reply": frozenset({"slow_drip"}),
}


def _late_seconds(latency: Hit | None) -> float:
    if latency is None:
        return 0.0
    return latency.amount * latency.chance.uniform(1 - JITTER, 1 + JITTER)


def _late(send: Send, client: Client) -> Send:
    async def late(message: Message) -> None:
        if message["type"] == "http.response.start":
            await client.wait(client.late_seconds)
        await send(message)

    return late


def _slowed(receive: Receive, client: Client, bytes_per_second: float) -> Receive:
    async def slowed() -> Message:
        message = await receive()
        # By bytes, and not by message: the server hands over whatever has come together.
        await client.wait(len(message.get("body", b"")) / bytes_per_second)
        return message

    return slowed


def _dripping(send: Send, client: Client, seconds: float) -> Send:
    async def dripping(message: Message) -> None:
        if message["type"] == "http.response.body":
            for byte in message.get("body", b""):
                await client.wait(seconds)
                await send({**message, "body": bytes([byte]), "more_body": True})
            message = {**message, "body": b""}
        await send(message)

    return dripping
