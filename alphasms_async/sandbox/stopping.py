"""Tells what is served without an end that the server is about to stop."""

import anyio
from starlette.types import ASGIApp, Receive, Scope, Send

_NAME = "sandbox.stopping"


class Stopping:
    """An app that tells each request when its server stops.

    Args:
        app: What answers the requests.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._begun = anyio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        extensions = {**scope.get("extensions", {}), _NAME: self._begun}
        await self._app({**scope, "extensions": extensions}, receive, send)

    def begin(self) -> None:
        """Tell them; called on the event loop that serves."""
        self._begun.set()


async def stopped(scope: Scope) -> None:
    """Wait until the server of a request stops; one that says nothing of it never does."""
    begun = scope.get("extensions", {}).get(_NAME)
    if isinstance(begun, anyio.Event):
        await begun.wait()
    else:
        await anyio.sleep_forever()
