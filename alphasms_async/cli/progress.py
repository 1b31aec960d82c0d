"""A run on the terminal: live progress, Ctrl-C, and each result passed on as it comes."""

import signal
from collections.abc import Callable
from types import TracebackType
from typing import Self

import anyio
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from alphasms_async.cli.terminal import ExitCode, money, notes
from alphasms_async.dialing import Dialing
from alphasms_async.outcomes import DialOutcome, DialResult, Summary

__all__ = ["dial_with_progress"]

_BAD = (
    DialOutcome.REFUSED,
    DialOutcome.NOT_SENT,
    DialOutcome.UNCERTAIN,
    DialOutcome.INVALID,
)


# A terminal that is closed says SIGHUP; calls would ring and their results be lost.
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Bar:
    """The progress bar of a run."""

    def __init__(self, total: int, summary: Summary) -> None:
        self._summary = summary
        self._progress = Progress(
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[tally]}"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=notes,
            expand=True,
        )
        self._task = self._progress.add_task("dialling", total=total, tally="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def advance(self) -> None:
        counts = self._summary.counts
        tally = f"[green]{counts[DialOutcome.ACCEPTED]} accepted[/green]"
        for outcome in _BAD:
            if counts[outcome]:
                tally += f", {counts[outcome]} {outcome.replace('_', ' ')}"
        tally += f", {money(self._summary.price)} spent"
        self._progress.update(self._task, advance=1, tally=tally)


async def dial_with_progress(
    dialing: Dialing, total: int, keep: Callable[[DialResult], None]
) -> ExitCode:
    """Run a dial to its end, hand each result to `keep`, and return how it went.

    The first Ctrl-C, or end of the terminal, takes no more recipients and waits for what is in
    flight; a second one cuts that off, and what had begun to leave is uncertain. Either way every
    result is kept.
    """
    interrupted = False

    async def listen() -> None:
        nonlocal interrupted
        with anyio.open_signal_receiver(*_ENDINGS) as signals:
            async for _ in signals:
                if interrupted:
                    notes.print("cut off: what was in flight is uncertain")
                    group.cancel_scope.cancel()
                    return
                interrupted = True
                dialing.stop()
                notes.print("stopping: waiting for the calls in flight; once more cuts them off")

    with _Bar(total, dialing.summary) as bar:
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(listen)
                async with dialing as results:
                    async for result in results:
                        keep(result)
                        bar.advance()
                group.cancel_scope.cancel()
        finally:
            for result in dialing.summary.unread:
                keep(result)
    return ExitCode.INTERRUPTED if interrupted else _exit_code(dialing.summary)


def _exit_code(summary: Summary) -> ExitCode:
    if summary.stopped is not None:
        return ExitCode.STOPPED
    return ExitCode.SOME_NOT if any(summary.counts[one] for one in _BAD) else ExitCode.ACCEPTED
