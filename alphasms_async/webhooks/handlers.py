"""Who takes events: refused at once when it cannot, and named when it has failed."""

from collections.abc import Awaitable, Callable
from functools import partial
from inspect import iscoroutinefunction
from traceback import extract_tb
from typing import Any, TypeAlias

from alphasms_async.errors import AlphaSMSError, ConfigurationError
from alphasms_async.webhooks.events import HookEvent

__all__ = ["Handler", "check_handler", "failure_of"]

Handler: TypeAlias = Callable[[HookEvent], Awaitable[None]]
"""Takes an event. It raises when the event is not safely kept, so that it is sent again."""


def check_handler(handler: Handler) -> Handler:
    """Return the handler, or raise `ConfigurationError` when it would fail at every event."""
    called: Any = _unwrapped(handler)
    if not (iscoroutinefunction(called) or iscoroutinefunction(type(called).__call__)):
        raise ConfigurationError(
            f"a handler is `async def handle(event)`, and {_name(handler)} is not async: "
            "nobody could wait until it has kept the event"
        )
    return handler


def failure_of(handler: Handler, error: Exception) -> str:
    """Return which handler failed, by what, and where: all but what an event may have put there.

    Only the text of an error of ours is known to hold nothing of that.
    """
    if isinstance(error, AlphaSMSError):
        return str(error)
    innermost = extract_tb(error.__traceback__)[-1]
    kind, place = type(error).__name__, f"{innermost.filename}:{innermost.lineno}"
    return f"the handler {_name(handler)} raised {kind} at {place}"


def _name(handler: Handler) -> str:
    called: object = _unwrapped(handler)
    # A function has a name of its own, an object that of its class.
    name: str = getattr(called, "__qualname__", called.__class__.__qualname__)
    return f"{called.__module__}.{name}"


def _unwrapped(handler: Handler) -> Handler:
    while isinstance(handler, partial):
        handler = handler.func
    return handler
