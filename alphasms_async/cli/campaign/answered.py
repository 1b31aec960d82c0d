"""What the people called have done, as bars on a terminal: outcomes, and the keys they pressed."""

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen
from rich.bar import Bar
from rich.table import Table
from rich.text import Text

from alphasms_async import CallOutcome
from alphasms_async.campaigns import Tally
from alphasms_async.campaigns.keys import Pressed
from alphasms_async.cli.terminal import answers, counted

__all__ = ["outcomes_in_words", "print_outcomes"]

_COLORS = {
    CallOutcome.ANSWERED: "green",
    CallOutcome.NO_ANSWER: "yellow",
    CallOutcome.BUSY: "yellow",
    CallOutcome.FAILED: "red",
    CallOutcome.UNKNOWN: "bright_black",
}
_BAR_CELLS = 30
_LABEL_CELLS = 16
_LONGEST_KEYS = 12


@frozen
class _Part:
    """One bar."""

    label: str
    count: int
    color: str


def print_outcomes(
    tally: Tally, opt_out: str | None = None, meanings: Mapping[str, str] | None = None
) -> None:
    """Print what became of the calls and which keys were pressed, as far as events have told.

    Args:
        tally: The campaign's counts.
        opt_out: The key by which people ask to be called no more. `None`: there is none.
        meanings: What the keys stand for. `None`: nobody knows.
    """
    told = tally.outcomes
    if told:
        parts = [_Part(one.replace("_", " "), told[one], _COLORS[one]) for one in _COLORS]
        _print_bars("outcomes", [part for part in parts if part.count])
    if tally.digits:
        _print_bars("keys pressed", [*_keys(tally, opt_out, meanings or {})])
    if opt_out is not None and (out := tally.pressed(opt_out)):
        answers.print(f"opted out with {opt_out}: {counted(out, 'phone')}, not to be called again")


def outcomes_in_words(tally: Tally) -> str:
    """Return the same on one line; nothing where no event has told anything."""
    known = [one for one in _COLORS if tally.outcomes[one]]
    words = ", ".join(f"{tally.outcomes[one]} {one.replace('_', ' ')}" for one in known)
    if not tally.digits:
        return words
    keys = ", ".join(f"{_shown(one)} ×{count}" for one, count in Pressed.of(tally).most)
    return f"{words}; keys {keys}"


def _keys(tally: Tally, opt_out: str | None, meanings: Mapping[str, str]) -> Iterator[_Part]:
    pressed = Pressed.of(tally)
    for keys, count in pressed.most:
        meaning = meanings.get(keys, "opt out" if keys == opt_out else "")
        color = "magenta" if keys == opt_out else "cyan"
        yield _Part(f"{_shown(keys)} {meaning}".rstrip(), count, color)
    if pressed.others:
        yield _Part("others", pressed.others, "bright_black")
    # So that each share is one of those who answered.
    if pressed.silent:
        yield _Part("no key", pressed.silent, "bright_black")


def _shown(keys: str) -> str:
    return keys if len(keys) <= _LONGEST_KEYS else f"{keys[: _LONGEST_KEYS - 1]}…"


def _print_bars(title: str, parts: Sequence[_Part]) -> None:
    total = sum(part.count for part in parts)
    largest = max(part.count for part in parts)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(min_width=_LABEL_CELLS, no_wrap=True)
    if answers.is_terminal:
        table.add_column(width=_BAR_CELLS)
    table.add_column(justify="right")
    table.add_column(justify="right", style="dim")
    for part in parts:
        bar = Bar(largest, 0, part.count, width=_BAR_CELLS, color=part.color)
        share = f"{part.count / total:.0%}"
        cells = (part.label, bar, str(part.count), share)
        table.add_row(*(cells if answers.is_terminal else (cells[0], *cells[2:])))
    answers.print(Text(f"\n{title}", style="bold"))
    answers.print(table)
