"""`POST /start`, `/check` and `/resend`: a verification over HTTP, JSON in and JSON out.

They are for the person's own browser or app, and tell nobody whether a phone exists. They do not
know who asks: put what holds back robots in front of them. What `/check` answers, the browser alone
is told; an application that must know itself calls `verifier_of(request).check(…)` in its own page.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import UTC
from typing import Any, TypeAlias

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from alphasms_async.errors import AlphaSMSError
from alphasms_async.gateway.reading import as_object, read_json
from alphasms_async.verification.verifier import PhoneVerifier, Verification
from alphasms_async.verification.web.lifespan import verifier_of
from alphasms_async.verification.web.problems import NO_STORE, answer_problem

__all__ = ["PAGES", "Page", "check", "resend", "start", "verification_pages"]

Page: TypeAlias = Callable[[PhoneVerifier, Request], Awaitable[Response]]
"""Answers a request by what a verifier says, or raises."""

_MAX_BYTES = 4096
_BODY_SECONDS = 10.0
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def start(verifier: PhoneVerifier, request: Request) -> Response:
    """Begin to verify `phone`; answer 201 with `id`, `expires_at` and `hint`.

    The same for a phone that exists and for any other; the errors are those of
    `PhoneVerifier.start`, and `HTTPException` for a request that cannot be read.
    """
    fields = await _read_fields(request)
    return _shown(await verifier.start(_text(fields, "phone")), 201)


async def check(verifier: PhoneVerifier, request: Request) -> Response:
    """Check `code` against the verification `id`; answer 200 with `verified`.

    The errors are those of `PhoneVerifier.check`, and `HTTPException` for a request that cannot
    be read.
    """
    fields = await _read_fields(request)
    is_right = await verifier.check(_id(fields), _text(fields, "code"))
    return JSONResponse({"verified": is_right}, headers=NO_STORE)


async def resend(verifier: PhoneVerifier, request: Request) -> Response:
    """Send the verification `id` a new code; answer 200 with what `start` answered.

    The errors are those of `PhoneVerifier.resend`, and `HTTPException` for a request that cannot
    be read.
    """
    fields = await _read_fields(request)
    return _shown(await verifier.resend(_id(fields)), 200)


PAGES: Mapping[str, Page] = {"/start": start, "/check": check, "/resend": resend}
"""Each page by its address."""


async def _read_fields(request: Request) -> Mapping[str, Any]:
    # Any site may have a visitor's browser post a form or plain text here, and phones ring. For
    # JSON it must ask our leave first.
    content_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if content_type.lower() != "application/json":
        raise HTTPException(415, "the body is JSON: say content-type: application/json")
    told = read_json(await _read_body(request))
    if not isinstance(told, dict):
        raise HTTPException(400, "the body is no JSON object")
    return as_object(told)


async def _read_body(request: Request) -> bytes:
    try:
        # Not by `receive`: what a dependency has read before is not received again.
        with anyio.fail_after(_BODY_SECONDS):
            async with aclosing(request.stream()) as pieces:
                return await _joined(pieces)
    except TimeoutError:
        raise HTTPException(408, "the body came too slowly") from None
    except ClientDisconnect:
        raise HTTPException(400, "the body did not come to its end") from None


async def _joined(pieces: AsyncIterator[bytes]) -> bytes:
    body = bytearray()
    async for piece in pieces:
        body += piece
        if len(body) > _MAX_BYTES:
            raise HTTPException(413, f"the body is longer than {_MAX_BYTES} bytes")
    return bytes(body)


def _text(fields: Mapping[str, Any], name: str) -> str:
    text = fields.get(name)
    if not isinstance(text, str):
        raise HTTPException(422, f"{name} is missing, or is no text in quotes")
    return text


def _id(fields: Mapping[str, Any]) -> str:
    id = _text(fields, "id")
    if not _ID.fullmatch(id):
        raise HTTPException(422, "id is not as a verification has it")
    return id


def _shown(verification: Verification, status: int) -> Response:
    expires_at = verification.expires_at.astimezone(UTC).isoformat(timespec="seconds")
    content = {"id": verification.id, "expires_at": expires_at, "hint": verification.hint}
    return JSONResponse(content, status, NO_STORE)


def _route(path: str, page: Page) -> Route:
    async def endpoint(request: Request) -> Response:
        return await page(verifier_of(request), request)

    return Route(path, endpoint, methods=["POST"])


def _application() -> Starlette:
    app = Starlette(
        routes=[_route(path, page) for path, page in PAGES.items()],
        exception_handlers={AlphaSMSError: answer_problem, HTTPException: answer_problem},
    )
    # A slash too many is no page, and not worth a second request.
    app.router.redirect_slashes = False
    return app


verification_pages: Starlette = _application()
"""The three pages as an application, to be mounted in one that has `verification_lifespan`."""
