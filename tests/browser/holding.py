"""An answer that is long on its way to the page."""

import anyio
from playwright.async_api import Route


class Held:
    """Holds what the sandbox has answered the page until a test lets it go; for `Page.route`."""

    def __init__(self) -> None:
        self.is_answered = anyio.Event()
        self._may_go = anyio.Event()

    async def __call__(self, route: Route) -> None:
        """Have one request answered, and hold the answer."""
        answer = await route.fetch()
        self.is_answered.set()
        await self._may_go.wait()
        await route.fulfill(response=answer)

    def let_go(self) -> None:
        """Let what is held go on to the page, and from now on everything."""
        self._may_go.set()
