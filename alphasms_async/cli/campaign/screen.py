"""What is shown of a run while it goes on: a live block on a terminal, a line now and then else."""

import time
from typing import Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from alphasms_async.campaigns import Hold, Progress
from alphasms_async.cli.campaign.costs import sum_in_words, unsure_in_words
from alphasms_async.cli.campaign.speed import Speed
from alphasms_async.cli.campaign.standing import NOT_ACCEPTED
from alphasms_async.cli.terminal import counted, lasting, money, notes

__all__ = ["Screen"]

_LINE_SECONDS = 30.0
# The terminal echoes `^C` behind the block: without room for it the line would break, and the
# block could not be taken back whole.
_MARGIN = 4
_WIDEST = 100
_STYLES = {"accepted": "green", "refused": "red", "uncertain": "yellow", "dropped": "yellow"}


class Screen:
    """The progress of one run, shown on standard error while the block is open."""

    def __init__(self, name: str, progress: Progress) -> None:
        self._name = name
        self._progress = progress
        self._speed = Speed()
        self._line_at = time.monotonic() + _LINE_SECONDS
        self._told: Hold | None = None
        self._live = Live(console=notes, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        if notes.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if notes.is_terminal:
            self._live.stop()

    def show(self) -> None:
        """Show where the run stands now."""
        now = time.monotonic()
        self._measure(now)
        if notes.is_terminal:
            self._live.update(self._block(), refresh=True)
        elif now >= self._line_at or self._waits_anew():
            self._line_at = now + _LINE_SECONDS
            notes.print(self._line())
        self._told = self._hold

    @property
    def _hold(self) -> Hold | None:
        """What a person should know the run waits for. `None`: it goes on, or ends in a moment."""
        progress = self._progress
        if progress.hold is Hold.RESTING and progress.hold_seconds is None:
            return None
        return None if progress.hold is Hold.PACE else progress.hold

    def _waits_anew(self) -> bool:
        return self._hold is not None and self._hold is not self._told

    def _measure(self, now: float) -> None:
        if self._hold is not None:
            self._speed.forget()
        self._speed.look(now, self._progress.begun, self._progress.per_second)

    def _block(self) -> RenderableType:
        progress, width = self._progress, min(notes.width - _MARGIN, _WIDEST)
        bar = Table.grid(padding=(0, 2, 0, 0))
        of = f"{progress.done} of {progress.total}"
        shown = ProgressBar(
            total=max(progress.total, 1), completed=progress.done, width=max(width - len(of) - 2, 1)
        )
        bar.add_row(shown, of)
        facts = Table.grid(padding=(0, 2, 0, 0))
        facts.add_column(style="dim")
        facts.add_column(max_width=max(width - 7, 1))
        facts.add_row("done", self._done())
        facts.add_row("now", self._now())
        facts.add_row("spent", self._spent())
        if progress.told or self._hold is Hold.OUTCOMES:
            facts.add_row("told", f"{progress.told} of {counted(progress.accepted, 'outcome')}")
        name = Text(self._name, style="bold", no_wrap=True, overflow="ellipsis")
        name.truncate(width, overflow="ellipsis")
        return Group(name, bar, facts)

    def _line(self) -> str:
        progress = self._progress
        return (
            f"{progress.done} of {progress.total}: {self._done()}; {self._now()}; "
            f"spent {self._spent()}"
        )

    def _done(self) -> Text:
        states = self._progress.states
        counts = {"accepted": self._progress.accepted}
        counts |= {one.value: states[one] for one in NOT_ACCEPTED if states[one]}
        parts = [Text(f"{count} {word}", style=_STYLES[word]) for word, count in counts.items()]
        return Text(", ").join(parts)

    def _now(self) -> Text:
        progress = self._progress
        told = [f"{progress.in_flight} in flight"]
        if self._hold is None:
            left = progress.total - progress.done
            told += self._speed.told(left, slowed=progress.slowed)
            return Text(", ".join(told))
        waits = f"waiting: {self._hold}"
        if self._hold is Hold.OUTCOMES:
            waits = f"waiting for {counted(progress.awaited, 'outcome')}"
        if self._hold is Hold.PAUSED:
            waits += ", `alphasms campaign resume` goes on"
        if progress.hold_seconds is not None:
            more = lasting(progress.hold_seconds)
            # Each outcome that comes begins the wait for the next one anew.
            is_renewed = self._hold is Hold.OUTCOMES
            waits += f", until {more} pass without one" if is_renewed else f", {more} more"
        return Text.assemble(f"{told[0]}, " if progress.in_flight else "", (waits, "yellow"))

    def _spent(self) -> str:
        progress = self._progress
        # Not every gateway, and for no text, tells what a call costs.
        cost = progress.cost
        told = sum_in_words(cost, is_priced=progress.tells_price, is_known=not progress.accepted)
        if progress.budget is not None:
            told += f" of {money(progress.budget)}"
        unsure = unsure_in_words(cost, is_priced=progress.tells_price)
        return ", ".join(filter(None, (told, unsure)))
