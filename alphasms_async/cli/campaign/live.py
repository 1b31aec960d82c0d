"""A run on the terminal: live progress, and Ctrl-C once and twice."""

import logging

import anyio
from attrs import define

from alphasms_async.campaigns import Dialer, Hold, RowState, Run, SkipReason
from alphasms_async.cli.campaign.screen import Screen
from alphasms_async.cli.campaign.standing import NOT_ACCEPTED
from alphasms_async.cli.terminal import ExitCode, counted, endings, notes

__all__ = ["exit_code_of_run", "run_with_progress"]

_SHOW_SECONDS = 0.25


@define
class _Attended:
    """A dialer at work, and the person in front of it."""

    dialer: Dialer
    screen: Screen
    run: Run | None = None
    failure: Exception | None = None
    interrupted: bool = False

    async def dial(self, scope: anyio.CancelScope) -> None:
        """Dial to the end, and end all that goes on beside it."""
        try:
            self.run = await self.dialer.run()
        except Exception as error:  # noqa: BLE001 - raised again, outside the group of tasks
            self.failure = error
        scope.cancel()

    async def listen(self, scope: anyio.CancelScope) -> None:
        """Stop at the first signal, cut off at the second."""
        with anyio.open_signal_receiver(*endings()) as signals:
            async for _ in signals:
                if self.interrupted:
                    # What is cut off stands in the journal and in the tally; a warning of each
                    # would bury both.
                    logging.getLogger("alphasms_async").setLevel(logging.ERROR)
                    notes.print("cut off: what was in flight is uncertain")
                    scope.cancel()
                    return
                self.interrupted = True
                self.dialer.stop()
                notes.print(self._stopping())

    def _stopping(self) -> str:
        progress = self.dialer.progress
        if progress.hold is Hold.OUTCOMES and not progress.in_flight:
            return f"stopping: {counted(progress.awaited, 'outcome')} not waited for"
        return "stopping: waiting for the calls in flight; once more cuts them off"

    async def show(self) -> None:
        """Show how far it is, a few times a second."""
        while True:
            self.screen.show()
            await anyio.sleep(_SHOW_SECONDS)


async def run_with_progress(name: str, dialer: Dialer) -> tuple[Run | None, bool]:
    """Run a dialer to its end and show how far it is.

    The first Ctrl-C, or end of the terminal, dials nobody more and waits for what is in flight; a
    second one cuts that off, and what had begun to leave is uncertain.

    Args:
        name: The campaign's.
        dialer: What dials it.

    Returns:
        How it ended, `None` when it was cut off, and whether a person ended it.

    Raises:
        InvalidRequest: The journal has no such campaign, or it was planned otherwise.
        JournalError: The journal could not be written. Nothing was dialled after that.
    """
    with Screen(name, dialer.progress) as screen:
        attended = _Attended(dialer, screen)
        async with anyio.create_task_group() as group:
            group.start_soon(attended.listen, group.cancel_scope)
            group.start_soon(attended.show)
            group.start_soon(attended.dial, group.cancel_scope)
    if attended.failure is not None:
        raise attended.failure
    return attended.run, attended.interrupted


def exit_code_of_run(run: Run | None, *, interrupted: bool) -> ExitCode:
    """Return what a run tells the shell."""
    if run is None or (interrupted and not run.is_finished):
        return ExitCode.INTERRUPTED
    if run.halt is not None:
        return ExitCode.STOPPED
    states, reasons = run.tally.states, run.tally.reasons
    # Twice in the list, or on the do-not-call list: that nobody was called is as it should be.
    fine = reasons[SkipReason.DUPLICATE] + reasons[SkipReason.DO_NOT_CALL]
    if any(states[one] for one in NOT_ACCEPTED) or states[RowState.SKIPPED] > fine:
        return ExitCode.SOME_NOT
    return ExitCode.ACCEPTED
