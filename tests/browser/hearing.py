"""The webhook receiver of the program that is developed, which a test can wait at."""

import json
from collections.abc import Callable
from threading import Condition
from typing import Any, Final

from anyio import to_thread
from starlette.types import Receive, Scope, Send

from tests.sandbox.receiver import Receiver

_SECONDS: Final = 10.0


class Hearing(Receiver):
    """An ASGI app that keeps every hook, and answers with `statuses` in turn, then with 200."""

    def __init__(self, *statuses: int) -> None:
        super().__init__(*statuses)
        self._came = Condition()

    @property
    def hooks(self) -> list[dict[str, Any]]:
        """What was told, in order."""
        return [json.loads(body) for body in self.bodies]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Keep the hook, answer it, and tell who waits."""
        await super().__call__(scope, receive, send)
        with self._came:
            self._came.notify_all()

    async def heard(self, count: int = 1) -> list[dict[str, Any]]:
        """Wait until `count` hooks have come, and return what they told."""
        return await self._waited(lambda: len(self.requests) >= count)

    async def _waited(self, is_enough: Callable[[], bool]) -> list[dict[str, Any]]:
        def wait() -> bool:
            with self._came:
                return self._came.wait_for(is_enough, _SECONDS)

        assert await to_thread.run_sync(wait), f"only these hooks came: {self.hooks}"
        return self.hooks
