"""What a page says on its console, which should be nothing."""

import re

from attrs import define, field
from playwright.async_api import ConsoleMessage, Error, Page


@define(slots=False)
class Watch:
    """Listens to pages, and keeps their errors and warnings.

    Playwright keeps things of its own on whoever listens, hence no slots.
    """

    complaints: list[str] = field(factory=list[str])
    """What was said, in order."""
    forgiven: list[str] = field(factory=list[str])
    """Patterns of what a test brings about itself, such as a server that is gone."""

    def over(self, page: Page) -> None:
        """Listen to `page`."""
        page.on("console", self._hear)
        page.on("pageerror", self._see)

    def left(self) -> list[str]:
        """Return what was said and is not forgiven."""
        return [
            said
            for said in self.complaints
            if not any(re.search(one, said) for one in self.forgiven)
        ]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text} {message.location}")

    def _see(self, error: Error) -> None:
        self.complaints.append(f"page error: {error}")
