"""Which rules of chaos are on, and what they do to each request and each hook in turn."""

from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from threading import Lock
from types import MappingProxyType
from typing import Final

import attrs

from alphasms_async.checks import is_whole
from alphasms_async.clock import Clock, utc_now
from alphasms_async.sandbox.allowed import LARGEST_SEED
from alphasms_async.sandbox.chaos.mishap import Mishap
from alphasms_async.sandbox.chaos.rate import Rate
from alphasms_async.sandbox.chaos.rules import RULES, Rule, Side, setting_names
from alphasms_async.sandbox.chaos.texts import check_text, parse


def _nobody(*_: object) -> None:
    pass


_BEGINNING: Final[Mapping[str, Rule]] = MappingProxyType({rule.name: rule for rule in RULES})


@attrs.frozen(eq=False)
class Hit:
    """A rule that happens to a request, or to a hook."""

    amount: float
    """How much of it, in the rule's unit; 0 for what has no more or less."""
    chance: Random
    """What else about it is left to chance, repeatable by the seed."""


class Chaos:
    """What goes wrong, and how often; all off at the start. Safe to use from several threads.

    What happens to the n-th request, or hook, is decided for each rule by the seed, the rule and
    n alone: so a run repeats, and a rule that is switched on or off leaves all others as they
    were. Only those that come while some rule of their side is on are counted.

    Args:
        seed: Makes it repeatable; None leaves it to chance.
        clock: What time it is, for what is limited by the second.
        tell: Called after each change, and each hit, in whatever thread it is made.
        watch: Called with each request that is kept out, or whose answer is spoiled.
    """

    def __init__(
        self,
        seed: int | None = None,
        *,
        clock: Clock = utc_now,
        tell: Callable[[], None] = _nobody,
        watch: Callable[[Mishap], None] = _nobody,
    ) -> None:
        self.troubles_api: bool = False
        """Whether any rule for requests is on."""
        self.troubles_hooks: bool = False
        """Whether any rule for hooks is on."""
        self.rate: Final[Rate] = Rate(clock)
        """How many requests of the last second were let through by `rate_limit`."""
        self._lock = Lock()
        self._clock, self._tell, self._watch = clock, tell, watch
        self._first_seed = seed
        self._rules = _BEGINNING
        self._hits = Counter[str]()
        self._begin(seed)

    @staticmethod
    def parse(text: str) -> dict[str, object]:
        """Return what `change` takes for rules written as on a command line.

        Args:
            text: One rule, or several with commas between: `http_503`, `http_503=20%`,
                `latency=100%@300ms`. Without a share it happens always.

        Raises:
            ValueError: It is not written so, or out of range.
        """
        return parse(text)

    @property
    def seed(self) -> int | None:
        """What makes it repeatable, None when it is left to chance; set, counting begins anew."""
        return self._seed

    @seed.setter
    def seed(self, seed: int | None) -> None:
        self.change({"seed": seed})

    @property
    def rules(self) -> Mapping[str, Rule]:
        """The rules as they are now, by name."""
        return self._rules

    @property
    def on_count(self) -> int:
        """How many rules are on."""
        return sum(rule.on for rule in self._rules.values())

    @property
    def hits(self) -> Mapping[str, int]:
        """How many requests, or hooks, each rule has happened to since the beginning, by name."""
        with self._lock:
            return MappingProxyType({name: self._hits[name] for name in self._rules})

    def as_json(self) -> dict[str, object]:
        """Return the seed, and every rule with its hits, as a JSON object."""
        rules, hits = self._rules.values(), self.hits
        return {
            "seed": self._seed,
            "on": sum(rule.on for rule in rules),
            "rules": [{**rule.as_json(), "hits": hits[rule.name]} for rule in rules],
        }

    def on(self, *texts: str) -> None:
        """Switch rules on, each as `parse` reads it: `chaos.on("latency=@2s", "http_503=20%")`.

        One without a share happens always.

        Raises:
            ValueError: One is not written so; then nothing is changed.
        """
        for text in texts:
            check_text(text)
        self.change(parse(",".join(texts)))

    def off(self) -> None:
        """Switch every rule off; shares and amounts stay."""
        with self._lock:
            self._put({name: attrs.evolve(rule, on=False) for name, rule in self._rules.items()})
        self._tell()

    def change(self, wanted: object) -> None:
        """Change what `wanted` names and leave the rest.

        Args:
            wanted: A JSON object: `{"seed": 42, "rules": {"latency": {"on": true, "share": 1.0,
                "amount": 0.3}}}`, each part of which may be left out. A seed, the same one too,
                begins the counting anew.

        Raises:
            ValueError: Something in it is wrong; then nothing is changed.
        """
        settings = setting_names("chaos", wanted, ("seed", "rules"))
        seed = _checked_seed(settings.get("seed"))
        with self._lock:
            names = tuple(self._rules)
            asked = setting_names("chaos rules", settings.get("rules", {}), names)
            changed = {name: self._rules[name].changed(each) for name, each in asked.items()}
            self._put({**self._rules, **changed})
            if "seed" in settings:
                self._begin(seed)
        self._tell()

    def reset(self) -> None:
        """Let all be as at the beginning: rules, their shares and amounts, the seed, no hits."""
        with self._lock:
            self._put(_BEGINNING)
            self._hits.clear()
            self._begin(self._first_seed)
        self._tell()

    def draw(self, side: Side) -> dict[str, Hit]:
        """Return which rules happen to the next request, or hook, by name."""
        with self._lock:
            self._counts[side] += 1
            number, root, rules = self._counts[side], self._root, self._rules
        hits: dict[str, Hit] = {}
        for rule in rules.values():
            if rule.on and rule.side == side:
                chance = Random(f"{root} {rule.name} {number}")  # noqa: S311 it guards nothing
                if chance.random() < rule.share:
                    hits[rule.name] = Hit(rule.amount or 0.0, chance)
        return hits

    def count(self, *names: str) -> None:
        """Count one more hit of each of these rules."""
        if names:
            with self._lock:
                self._hits.update(names)
            self._tell()

    def note(self, name: str, page: str, *, is_taken: bool) -> None:
        """Count a request that a rule kept out, or whose answer it spoils, and tell of it."""
        self.count(name)
        self._watch(Mishap(at=self._clock(), rule=name, page=page, is_taken=is_taken))

    def _begin(self, seed: int | None) -> None:
        self._seed = seed
        self._root = Random().getrandbits(64) if seed is None else seed  # noqa: S311 as above
        self._counts: dict[Side, int] = {"api": 0, "hooks": 0}
        self.rate.forget()

    def _put(self, rules: Mapping[str, Rule]) -> None:
        self._rules = MappingProxyType(dict(rules))
        sides = {rule.side for rule in rules.values() if rule.on}
        self.troubles_api = "api" in sides
        self.troubles_hooks = "hooks" in sides


def _checked_seed(seed: object) -> int | None:
    if seed is None or (is_whole(seed) and abs(seed) <= LARGEST_SEED):
        return seed
    raise ValueError("chaos: seed is a whole number, like 42, or null for chance.")
