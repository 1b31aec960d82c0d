"""Applications that the pages of a verification live in, asked without a socket."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx
from attrs import frozen
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

from alphasms_async import AlphaSMS
from alphasms_async.sandbox import Sandbox
from alphasms_async.verification import Limits, MemoryStore, PhoneVerifier, VerificationStore
from alphasms_async.verification.fastapi import verification_router
from alphasms_async.verification.web import (
    verification_hooks,
    verification_lifespan,
    verification_pages,
)
from alphasms_async.verification.web.lifespan import Lifespan
from alphasms_async.webhooks import HookKind
from tests.verification.stage import PHONE, SECRET, Line, Time

House = Callable[[Lifespan], Starlette]


def in_starlette(lifespan: Lifespan) -> Starlette:
    """Return a Starlette application with the pages mounted."""
    routes = [Mount("/phone", verification_pages), Mount("/hooks", verification_hooks)]
    return Starlette(routes=routes, lifespan=lifespan)


def in_fastapi(lifespan: Lifespan) -> Starlette:
    """Return a FastAPI application with the pages mounted."""
    app = FastAPI(lifespan=lifespan)
    app.mount("/phone", verification_pages)
    app.mount("/hooks", verification_hooks)
    return app


def in_fastapi_router(lifespan: Lifespan) -> Starlette:
    """Return a FastAPI application with the pages among its own."""
    app = FastAPI(lifespan=lifespan)
    app.include_router(verification_router, prefix="/phone")
    app.mount("/hooks", verification_hooks)
    return app


HOUSES = [in_starlette, in_fastapi, in_fastapi_router]


@frozen
class Tenant:
    """An application that runs, whoever asks it, and what stands behind it."""

    sandbox: Sandbox
    line: Line
    time: Time
    verifier: PhoneVerifier
    transport: httpx.ASGITransport
    http: httpx.AsyncClient

    async def post(self, page: str, **fields: Any) -> httpx.Response:
        """Return what a page answers to these fields."""
        # Escaped, so that also half a surrogate pair can be sent.
        return await self.send(page, json.dumps(fields).encode())

    async def send(
        self, page: str, body: bytes, content_type: str = "application/json"
    ) -> httpx.Response:
        """Return what a page answers to a body."""
        headers = {"content-type": content_type}
        return await self.http.post(f"/phone/{page}", content=body, headers=headers)

    async def started(self, phone: str = PHONE) -> str:
        """Begin to verify a phone, and return the verification's id."""
        id: str = (await self.post("start", phone=phone)).json()["id"]
        return id

    async def by_hand(self, page: str, *messages: dict[str, Any]) -> list[Any]:
        """Return what a page sends to a request that comes in these messages, and no more."""
        waiting, sent = list(messages), list[Any]()

        async def receive() -> dict[str, Any]:
            if not waiting:
                await anyio.sleep_forever()
            return waiting.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": f"/phone/{page}",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
        }
        await self.transport.app(scope, receive, send)
        return sent

    def code(self) -> str:
        """Return the code of the first call."""
        return self.sandbox.calls()[0].code or ""


@asynccontextmanager
async def asked(app: Starlette) -> AsyncGenerator[httpx.ASGITransport]:
    """Start an application as a server does, and give the way to it."""
    async with app.router.lifespan_context(app) as state:

        async def with_state(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, "state": dict(state or {})}, receive, send)

        yield httpx.ASGITransport(with_state)


@asynccontextmanager
async def living(
    house: House = in_starlette, store: VerificationStore | None = None, **options: Any
) -> AsyncGenerator[Tenant]:
    """Run an application in a house over a sandbox whose account hook leads to it."""
    sandbox, time = Sandbox(seed=1), Time()
    line = Line(sandbox)
    made: list[PhoneVerifier] = []

    def make_client() -> AlphaSMS:
        return AlphaSMS(sandbox.api_key, base_url="http://127.0.0.1", transport=line, max_retries=0)

    def make_verifier(client: AlphaSMS) -> PhoneVerifier:
        usual: dict[str, Any] = {"limits": Limits(starts=None), "clock": time}
        chosen = {**usual, **options}
        made.append(PhoneVerifier(client, store or MemoryStore(), SECRET, **chosen))
        return made[0]

    app = house(verification_lifespan(make_verifier, make_client=make_client))
    async with asked(app) as transport:
        (verifier,) = made
        sandbox.hook = verifier.tokens.url("https://app.example/hooks/alphasms", HookKind.ACCOUNT)
        async with httpx.AsyncClient(transport=transport, base_url="https://app.example") as http:
            yield Tenant(sandbox, line, time, verifier, transport, http)


def problem(response: httpx.Response) -> int:
    """Return the status of problem details, which must be as RFC 9457 has them."""
    told = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    assert {"type", "title", "status", "detail"} == set(told)
    assert told["status"] == response.status_code
    return response.status_code
