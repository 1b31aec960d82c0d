"""The door for events: an ASGI app that needs no framework, and fits into each."""

import hashlib
import logging
from contextlib import suppress

import anyio

from alphasms_async.checks import check_count, is_number
from alphasms_async.errors import (
    ConfigurationError,
    HookNotProven,
    InvalidRequest,
    WebhookError,
)
from alphasms_async.phone import mask_digits
from alphasms_async.webhooks.asgi import (
    Answer,
    BodyTooLarge,
    ClientLeft,
    Receive,
    Scope,
    Send,
    live,
    read_body,
    refuse_socket,
)
from alphasms_async.webhooks.events import HookEvent, Proof
from alphasms_async.webhooks.handled import Handled
from alphasms_async.webhooks.handlers import Handler, check_handler, failure_of
from alphasms_async.webhooks.parsing import parse_event, source_of
from alphasms_async.webhooks.tokens import HookTokens

__all__ = ["WebhookReceiver"]

_log = logging.getLogger("alphasms_async")

_REMEMBERED = 10_000
_LONGEST_PATH = 200

_TAKEN = Answer(200, "taken")
_UNREADABLE = Answer(400, "no event can be read in this")
_NOT_PROVEN = Answer(403, "this hook is not proven")
_WRONG_METHOD = Answer(405, "an event comes by GET or POST", ((b"allow", b"GET, POST"),))
_TOO_SLOW = Answer(408, "the body came too slowly")
_TOO_LARGE = Answer(413, "the body is too large")
_NOT_KEPT = Answer(503, "not now: send it again", ((b"retry-after", b"30"),))


class WebhookReceiver:
    """Takes the gateway's events, proves them, and hands each to the handlers once.

    It is an ASGI app, on asyncio and trio: run it under uvicorn, or mount it in Starlette or
    FastAPI. A mount takes what is below its path, so the hook `…/hooks/alphasms` wants the mount
    `/hooks`; a mount at the hook's own path would answer with a redirect.

    Its answers tell the gateway what to do: 200, the event is kept, or was before; 503, a handler
    failed, so send it again; 4xx, this is no event of ours, and changed nothing.

    Handlers are called in their order, and all of them again when one has failed: each must bear
    an event that it has seen before. Repeats are known by this process alone, the last 10,000.

    Args:
        tokens: Proves the requests.
        handlers: One or more, each an `async def` or an object whose call is one.
        max_bytes: The longest body that is read, above 0.
        body_seconds: How long a body may take to come, above 0.

    Raises:
        ConfigurationError: There is no handler, or one is not async; every event would be lost.
        InvalidRequest: A limit is not above 0.
    """

    def __init__(
        self,
        tokens: HookTokens,
        *handlers: Handler,
        max_bytes: int = 65_536,
        body_seconds: float = 10.0,
    ) -> None:
        if not handlers:
            raise ConfigurationError("a receiver needs a handler: WebhookReceiver(tokens, handle)")
        self._tokens = tokens
        self._handlers = tuple(map(check_handler, handlers))
        self._max_bytes = check_count("max_bytes", max_bytes)
        self._body_seconds = _checked_seconds(body_seconds)
        self._handled = Handled(_REMEMBERED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI has it."""
        match scope["type"]:
            case "http":
                await self._serve(scope, receive, send)
            case "lifespan":
                await live(receive, send)
            case "websocket":
                await refuse_socket(receive, send)
            case _:
                raise ValueError("a webhook receiver speaks HTTP only")

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive)
        except ClientLeft:
            return
        # Who leaves before the answer asks again, and is told that the event is kept.
        with suppress(OSError):
            await answer.send(send)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] not in {"GET", "POST"}:
            return _WRONG_METHOD
        try:
            event, digest = await self._read(scope, receive)
        except WebhookError as error:
            _log.info("hook %s: refused: %s", _shown(scope), error)
            return _NOT_PROVEN if isinstance(error, HookNotProven) else _UNREADABLE
        except BodyTooLarge:
            _log.info("hook %s: refused: more than %d bytes", _shown(scope), self._max_bytes)
            return _TOO_LARGE
        except TimeoutError:
            _log.info("hook %s: refused: no body in time", _shown(scope))
            return _TOO_SLOW
        return _TAKEN if await self._take(event, digest, scope) else _NOT_KEPT

    async def _read(self, scope: Scope, receive: Receive) -> tuple[HookEvent, bytes]:
        query = scope.get("query_string", b"")
        # First of all, so that nothing of a stranger's body is taken in.
        proof = self._tokens.prove(query)
        with anyio.fail_after(self._body_seconds):
            body = await read_body(scope, receive, self._max_bytes)
        event = parse_event(scope["method"], query, scope["headers"], body, proof=proof)
        return event, _digest(proof, source_of(query, body))

    async def _take(self, event: HookEvent, digest: bytes, scope: Scope) -> bool:
        """Hand it on, unless it was before; return whether it is kept."""
        handler = self._handlers[0]
        try:
            async with self._handled.once(digest) as is_new:
                if is_new:
                    for handler in self._handlers:
                        await handler(event)
        except Exception as error:  # noqa: BLE001 - whatever it is, the event must come again
            _log.error(
                "hook %s: the event is not kept: %s", _shown(scope), failure_of(handler, error)
            )
            return False
        return True


def _checked_seconds(seconds: float) -> float:
    if not is_number(seconds) or seconds <= 0:
        raise InvalidRequest(f"body_seconds is a number of seconds above 0, not {seconds}")
    return float(seconds)


def _digest(proof: Proof, source: bytes) -> bytes:
    """Return what an event is known by when it comes again: what it is for, and all it tells."""
    return hashlib.sha256(f"{proof.kind} {proof.ref}\n".encode() + source).digest()


def _shown(scope: Scope) -> str:
    """Return the path as it may be logged: a question mark that was encoded begins no query."""
    path = ascii(scope["path"].partition("?")[0])
    return mask_digits(path)[:_LONGEST_PATH]
