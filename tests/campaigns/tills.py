"""A gateway by lot, which counts the money: what the tests of budgets dial."""

from random import Random

import httpx

from tests.campaigns.dialers import Gateway, lost, priced, unreachable
from tests.doubles import Answer, refused

PAID = priced("0.40")
OUTCOMES: tuple[Answer, ...] = (
    *[PAID] * 6,
    lost,
    refused("Operator not supported"),
    unreachable,
)


class Till(Gateway):
    """A gateway whose outcomes and delays are drawn by lot, and which counts what it may charge."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.random = random
        self.charged = 0
        """How many calls it has charged for, or may have: those without a readable answer."""
        self.most = 0
        """How many it would have charged for at most, had all in flight been accepted."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Draw an outcome and how long it takes."""
        self.then = self.random.choice(OUTCOMES)
        self.seconds = self.connect_seconds = self.random.choice((0, 0, 0.1, 1, 7))
        is_charged = self.then in {PAID, lost}
        # Whoever is in flight has been allowed to cost something.
        self.most = max(self.most, self.charged + self.in_flight + 1)
        try:
            return await super().handle_async_request(request)
        finally:
            self.charged += is_charged
