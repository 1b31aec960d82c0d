"""What is said of requests that a receiver refuses, seldom enough to be read."""

from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import Final

from attrs import Factory, define, field

__all__ = ["Refusals"]

_PAUSE_SECONDS: Final = 10.0
_NOT_KEPT: Final = 503
_REASONS: Final = {
    400: "no event in it",
    403: "no token, an expired one, or one signed by another ALPHASMS_WEBHOOK_SECRET",
    405: "neither GET nor POST",
    408: "its body came too slowly",
    413: "its body is too large",
}


@define
class Refusals:
    """Says why requests are refused: of each reason one at once, and then one in ten seconds."""

    path: str
    """The path that hooks come to."""
    tell: Callable[[str], None]
    """Is given each line."""
    clock: Callable[[], float] = monotonic
    """Returns seconds, from wherever."""
    _silent_until: dict[int, float] = field(factory=dict[int, float], init=False)
    _unsaid: Counter[int] = field(default=Factory(Counter[int]), init=False)

    def note(self, status: int) -> None:
        """Say that a request was answered so, if it is a refusal and was not said just now."""
        # What could not be kept the receiver tells itself.
        if status < 400 or status == _NOT_KEPT:
            return
        now = self.clock()
        if now < self._silent_until.get(status, now):
            self._unsaid[status] += 1
            return
        self._silent_until[status] = now + _PAUSE_SECONDS
        unsaid = self._unsaid.pop(status, 0)
        more = f"; and {unsaid} more before it" if unsaid else ""
        self.tell(f"refused: {self._reason(status)}{more}")

    def _reason(self, status: int) -> str:
        if status == 404:
            return f"to another path than {self.path}"
        return _REASONS.get(status, f"answered {status}")
