"""What chaos did to a request, for whoever watches, and for what was accepted by it."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Final

import attrs

_SPOILED: Final[Mapping[str, str]] = {
    "charged_no_reply": "reply lost",
    "half_answer": "reply cut off",
    "wrong_json": "reply of another shape",
}
# By the task, for many requests are answered at once.
_spoiler: Final = ContextVar[str | None]("alphasms sandbox spoiler", default=None)


@attrs.frozen(kw_only=True)
class Mishap:
    """A request that chaos kept out, or whose answer it spoiled."""

    at: datetime
    """When, UTC."""
    rule: str
    """The name of the rule: `http_503`."""
    page: str
    """What was asked: `voice.php`."""
    is_taken: bool
    """Whether the page had the request all the same, and did what was asked."""

    @property
    def outcome(self) -> str:
        """What came of it, in words: `not taken`, `reply lost`."""
        return spoiled(self.rule) if self.is_taken else "not taken"


def spoiled(rule: str) -> str:
    """Return what a rule does to an answer, in words: `reply lost`."""
    return _SPOILED.get(rule, "reply spoiled")


@contextmanager
def spoiling(rule: str) -> Generator[None]:
    """Have whatever is accepted inside of the context know which rule spoils its answer."""
    token = _spoiler.set(rule)
    try:
        yield
    finally:
        _spoiler.reset(token)


def spoiler() -> str | None:
    """Return which rule spoils the answer to what is being accepted, None for none."""
    return _spoiler.get()
