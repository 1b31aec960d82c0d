"""The rules of chaos: what each does, how often, and how much of it."""

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias, cast

import attrs

from alphasms_async.checks import is_number

Side: TypeAlias = Literal["api", "hooks"]
"""What a rule troubles: requests to the gateway's pages, or the hooks it posts."""
Unit: TypeAlias = Literal["s", "KB/s", "/s"]
"""Seconds, kilobytes of 1,024 bytes a second, requests a second."""

JITTER: Final = 0.4
"""How far a latency strays from its amount, either way, as a share of it."""
CUT_BYTES: Final = 10
"""How much of an answer is left by `half_answer`."""


@attrs.frozen(kw_only=True)
class Rule:
    """One way for things to go wrong. It is changed by putting another in its place."""

    name: str
    """What it is called in settings, `http_503`."""
    side: Side
    """What it troubles."""
    title: str
    """What it is called for people."""
    on: bool = False
    """Whether it happens at all."""
    share: float
    """How many of those it could happen to it does happen to, from 0 to 1."""
    amount: float | None = None
    """How much of it, in `unit`; None for what has no more or less."""
    unit: Unit | None = None
    """What `amount` counts, None when there is none."""
    least: float | None = None
    """The smallest `amount`, None when there is none."""
    most: float | None = None
    """The largest `amount`, None when there is none."""
    _words: str | Callable[[float], str] = attrs.field(alias="words", repr=False)

    @property
    def says(self) -> str:
        """What it does, the amount included."""
        words = self._words
        return words if isinstance(words, str) else words(self.amount or 0.0)

    def as_json(self) -> dict[str, object]:
        """Return all of it as a JSON object."""
        return {
            "name": self.name,
            "side": self.side,
            "title": self.title,
            "says": self.says,
            "on": self.on,
            "share": self.share,
            "amount": self.amount,
            "unit": self.unit,
            "least": self.least,
            "most": self.most,
        }

    def changed(self, wanted: object) -> "Rule":
        """Return the rule with what `wanted`, a JSON object of on, share and amount, says anew.

        Raises:
            ValueError: Something in it is no such setting, or out of its range.
        """
        settings = setting_names(f"chaos {self.name}", wanted, ("on", "share", "amount"))
        on, share = settings.get("on", self.on), settings.get("share", self.share)
        if not isinstance(on, bool):
            raise ValueError(f"chaos {self.name}: on is true or false.")  # noqa: TRY004 - as promised
        if not is_number(share) or not 0 <= share <= 1:
            raise ValueError(f"chaos {self.name}: share is a number from 0 to 1, like 0.2.")
        amount = self._checked(settings.get("amount", self.amount))
        return attrs.evolve(self, on=on, share=float(share), amount=amount)

    def _checked(self, amount: object) -> float | None:
        if self.unit is None or self.least is None or self.most is None:
            if amount is None:
                return None
            raise ValueError(f"chaos {self.name}: it has no amount.")
        if not is_number(amount) or not self.least <= amount <= self.most:
            raise ValueError(
                f"chaos {self.name}: amount is a number from {self.least:g} to {self.most:g} "
                f"({self.unit})."
            )
        return float(amount)


def setting_names(where: str, value: object, known: tuple[str, ...]) -> Mapping[str, object]:
    """Return `value`, a JSON object with no other names than those that are `known`.

    Raises:
        ValueError: It is not one.
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"{where}: give an object with {_listed(known)}.")  # noqa: TRY004 - as promised
    items = cast("Mapping[object, object]", value).items()
    found = {str(name): each for name, each in items}
    strange = next((name for name in found if name not in known), None)
    if strange is not None:
        raise ValueError(f"{where}: there is no {strange[:40]!r}; there is {_listed(known)}.")
    return found


def _listed(names: tuple[str, ...]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}"


def _time(seconds: float) -> str:
    return f"{seconds * 1000:g} ms" if 0 < seconds < 1 else f"{seconds:g} s"


def _strayed(seconds: float) -> str:
    factor, unit = (1000, "ms") if 0 < seconds < 1 else (1, "s")
    return f"adds {seconds * factor:g} ± {seconds * JITTER * factor:g} {unit}"


RULES: Final = (
    Rule(
        name="latency",
        side="api",
        title="Latency",
        words=_strayed,
        share=1.0,
        amount=0.3,
        unit="s",
        least=0,
        most=600,
    ),
    Rule(
        name="http_503",
        side="api",
        title="HTTP 503",
        words="HTML error page, Retry-After 1",
        share=0.2,
    ),
    Rule(
        name="reset_during",
        side="api",
        title="Reset",
        words="TCP RST half-way through",
        share=0.05,
    ),
    Rule(
        name="half_answer",
        side="api",
        title="Truncated JSON",
        words=f"200 OK, body cut after {CUT_BYTES} bytes",
        share=0.05,
    ),
    Rule(
        name="slow_read",
        side="api",
        title="Slow read",
        words=lambda amount: f"reads the upload at {amount:g} KB/s",
        share=1.0,
        amount=64.0,
        unit="KB/s",
        least=1,
        most=100_000,
    ),
    Rule(
        name="charged_no_reply",
        side="api",
        title="Charged, no reply",
        words="call is made, the answer is lost",
        share=0.02,
    ),
    Rule(
        name="http_502",
        side="api",
        title="HTTP 502",
        words="HTML error page of a proxy",
        share=0.05,
    ),
    Rule(
        name="reset_before",
        side="api",
        title="Reset before",
        words="TCP RST before the upload",
        share=0.05,
    ),
    Rule(
        name="reset_after",
        side="api",
        title="Reset after",
        words="TCP RST after it, nothing accepted",
        share=0.05,
    ),
    Rule(
        name="wrong_json",
        side="api",
        title="Wrong JSON",
        words="200 OK, call is made, JSON is odd",
        share=0.05,
    ),
    Rule(
        name="slow_drip",
        side="api",
        title="Slow answer",
        words=lambda amount: f"a byte every {_time(amount)}",
        share=1.0,
        amount=0.05,
        unit="s",
        least=0,
        most=60,
    ),
    Rule(
        name="hang",
        side="api",
        title="Hang",
        words=lambda amount: f"no answer, for {_time(amount)} at most",
        share=0.02,
        amount=120.0,
        unit="s",
        least=0,
        most=3600,
    ),
    Rule(
        name="rate_limit",
        side="api",
        title="Rate limit",
        words=lambda amount: f"429 beyond {amount:g} a second",
        share=1.0,
        amount=5.0,
        unit="/s",
        least=1,
        most=10_000,
    ),
    Rule(
        name="hook_delay",
        side="hooks",
        title="Delay",
        words=lambda amount: f"posted {_time(amount)} late",
        share=1.0,
        amount=5.0,
        unit="s",
        least=0,
        most=86_400,
    ),
    Rule(name="hook_duplicate", side="hooks", title="Duplicate", words="posted twice", share=0.2),
    Rule(
        name="hook_reorder",
        side="hooks",
        title="Reorder",
        words=lambda amount: f"waits up to {_time(amount)}, others overtake",
        share=1.0,
        amount=5.0,
        unit="s",
        least=0,
        most=86_400,
    ),
    Rule(
        name="hook_drop",
        side="hooks",
        title="Drop",
        words="never posted, the log says so",
        share=0.05,
    ),
)
"""Every rule as it is at the start: off, with the share and amount that a switch turns on."""
