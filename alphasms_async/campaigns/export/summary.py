"""What the rows of an export come to together: by state, by outcome, by the keys pressed."""

from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction

from attrs import define, field

from alphasms_async.campaigns.records import RowRecord
from alphasms_async.campaigns.states import RowState
from alphasms_async.models import CallOutcome

__all__ = ["HEADER", "Line", "Summary"]

HEADER: tuple[str, ...] = ("what", "which", "recipients", "of the answered")
"""What stands above the lines."""

Line = tuple[str, str, int, Fraction | None]
"""What is counted, which of it, how many recipients, and how many of those who answered that is;
`None` where it is no part of them."""

# Whoever presses whatever they like could fill a sheet.
_MOST_KEYS = 1000


@define
class Summary:
    """Counts recipients by what became of them; memory does not grow with them."""

    opt_out: str | None = None
    """The key by which people ask to be called no more. `None`: there is none."""
    is_priced: bool = True
    """Whether the gateway tells what such calls cost."""
    _unpriced: int = field(default=0, init=False)
    _states: Counter[str] = field(factory=Counter[str], init=False)
    _reasons: Counter[str] = field(factory=Counter[str], init=False)
    _outcomes: Counter[str] = field(factory=Counter[str], init=False)
    _keys: Counter[str] = field(factory=Counter[str], init=False)
    _opted_out: int = field(default=0, init=False)

    def add(self, rows: Iterable[RowRecord]) -> None:
        """Count some recipients more."""
        for row in rows:
            self._states[row.state] += 1
            if row.reason is not None:
                self._reasons[row.reason] += 1
            if row.outcome is not None:
                self._outcomes[row.outcome] += 1
            if row.digits:
                is_counted = row.digits in self._keys or len(self._keys) < _MOST_KEYS
                self._keys[row.digits if is_counted else "others"] += 1
                self._opted_out += self.opt_out is not None and self.opt_out in row.digits
            is_charged = row.state is RowState.ACCEPTED or row.outcome is not None
            self._unpriced += is_charged and row.price is None

    def lines(self) -> Iterator[Line]:
        """Yield what was counted, the most frequent of each first."""
        yield "recipients", "", self._states.total(), None
        for what, counts in (
            ("state", self._states),
            ("reason", self._reasons),
            ("outcome", self._outcomes),
        ):
            yield from ((what, which, count, None) for which, count in counts.most_common())
        if self._unpriced and self.is_priced:
            yield "price", "not told", self._unpriced, None
        yield from (("keys", keys, n, self._share(n)) for keys, n in self._keys.most_common())
        if self.opt_out is not None:
            yield "opted out", self.opt_out, self._opted_out, self._share(self._opted_out)

    def _share(self, count: int) -> Fraction | None:
        answered = self._outcomes[CallOutcome.ANSWERED]
        return Fraction(count, answered) if answered else None
