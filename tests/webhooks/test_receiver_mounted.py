from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Mount, Route

from alphasms_async.webhooks import WebhookReceiver
from tests.webhooks.hooks import DOCUMENTED, REF, Kept, ask, query_of, receiver_of
from tests.webhooks.loopback import on_loopback


def alone(receiver: WebhookReceiver) -> Any:
    return receiver


def in_starlette(receiver: WebhookReceiver) -> Any:
    return Starlette(routes=[Mount("/hooks", receiver)])


def in_fastapi(receiver: WebhookReceiver) -> Any:
    app = FastAPI()
    app.mount("/hooks", receiver)
    return app


def in_an_app_in_an_app(receiver: WebhookReceiver) -> Any:
    inner = FastAPI()
    inner.mount("/hooks", receiver)
    return Starlette(routes=[Mount("/", inner)])


def under_a_route(receiver: WebhookReceiver) -> Any:
    return Starlette(routes=[Route("/hooks/alphasms", receiver)])


def under_a_route_of_fastapi(receiver: WebhookReceiver) -> Any:
    app = FastAPI()
    endpoint: Any = receiver
    app.add_route("/hooks/alphasms", endpoint)
    return app


async def pass_on(request: Any, call_next: Any) -> Any:
    return await call_next(request)


def behind_a_middleware(receiver: WebhookReceiver) -> Any:
    middleware = Middleware(BaseHTTPMiddleware, dispatch=pass_on)
    return Starlette(routes=[Mount("/hooks", receiver)], middleware=[middleware])


HOUSES = [
    *(alone, in_starlette, in_fastapi, in_an_app_in_an_app),
    *(under_a_route, under_a_route_of_fastapi, behind_a_middleware),
]


@pytest.mark.anyio
@pytest.mark.parametrize("house", HOUSES)
async def test_mounted_receiver_takes_events(house: Any) -> None:
    """Under any framework's mount an event is proven and handed on."""
    kept = Kept()
    answer = await ask(house(receiver_of(kept)), path="/hooks/alphasms")
    assert answer.status_code == 200
    assert [event.ref for event in kept.events] == [REF]


@pytest.mark.anyio
@pytest.mark.parametrize("house", HOUSES)
async def test_mounted_receiver_refuses_what_is_forged(house: Any) -> None:
    """Under any framework's mount a forged request is refused."""
    kept = Kept()
    answer = await ask(house(receiver_of(kept)), "token=forged", path="/hooks/alphasms")
    assert (answer.status_code, kept.events) == (403, [])


@pytest.mark.anyio
@pytest.mark.parametrize("house", HOUSES)
async def test_mounted_receiver_asks_for_a_failed_event_again(house: Any) -> None:
    """Under any framework's mount a handler's error is an answer, not a crash."""
    answer = await ask(house(receiver_of(Kept(OSError("disk full")))), path="/hooks/alphasms")
    assert answer.status_code == 503


@pytest.mark.anyio
async def test_mount_takes_what_is_below_its_path() -> None:
    """A mount at the hook's whole path would send the gateway on to the path with a slash."""
    kept = Kept()
    app = FastAPI()
    app.mount("/hooks/alphasms", receiver_of(kept))
    answers = [await ask(app, path=path) for path in ("/hooks/alphasms", "/hooks/alphasms/")]
    assert [answer.status_code for answer in answers] == [307, 200]


@asynccontextmanager
async def asked_over_a_socket(app: Any) -> AsyncGenerator[httpx.AsyncClient]:
    """Serve an app on a real socket, and yield a client of it."""
    async with (
        on_loopback(app) as address,
        httpx.AsyncClient(base_url=address, trust_env=False) as client,
    ):
        yield client


async def in_parts(body: bytes) -> AsyncIterator[bytes]:
    step = len(body) // 5
    for start in range(0, len(body), step):
        yield body[start : start + step]


@pytest.mark.asyncio
@pytest.mark.parametrize("house", HOUSES)
async def test_real_server_brings_events(house: Any) -> None:
    """Over a socket, with a length and without one, events are taken."""
    kept = Kept()
    url = f"/hooks/alphasms?{query_of()}"
    async with asked_over_a_socket(house(receiver_of(kept))) as gateway:
        answers = [
            await gateway.post(url, content=DOCUMENTED),
            await gateway.post(url, content=in_parts(DOCUMENTED + b" ")),
            await gateway.get(f"{url}?id=100500&status=BUSY"),
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len(kept.events) == 3


@pytest.mark.asyncio
async def test_real_server_brings_refusals() -> None:
    """Over a socket every refusal is a whole answer."""
    kept = Kept()
    url = f"/hooks/alphasms?{query_of()}"
    async with asked_over_a_socket(receiver_of(kept)) as gateway:
        answers = [
            await gateway.post("/hooks/alphasms", content=DOCUMENTED),
            await gateway.post(url, content=b"?"),
            await gateway.head(url),
            await gateway.post(url, content=b" " * 65_537),
            await gateway.post(url, content=in_parts(b" " * 65_537)),
        ]
    assert [answer.status_code for answer in answers] == [403, 400, 405, 413, 413]
    assert kept.events == []
