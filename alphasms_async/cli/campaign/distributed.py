"""`alphasms campaign run --distributed`: workers elsewhere dial, and this command looks on."""

from pathlib import Path

from attrs import define
from cyclopts import Parameter

from alphasms_async import InvalidRequest
from alphasms_async.campaigns import RowState
from alphasms_async.checks import check_count
from alphasms_async.cli.campaign.ended import is_fresh, print_end
from alphasms_async.cli.campaign.live import exit_code_of_run
from alphasms_async.cli.campaign.onlooker import look_on
from alphasms_async.cli.journals import book, command_line
from alphasms_async.cli.machines import check_shared, start
from alphasms_async.cli.terminal import ExitCode, Flag, agreed, counted, hint, notes

__all__ = ["Spread", "run_distributed"]


@Parameter(name="*")
@define
class Spread:
    """By how many workers a campaign is dialled."""

    distributed: Flag = False
    """Have workers dial it, `alphasms worker` on any machine, and show how far they are."""
    workers: int | None = None
    """How many workers are to be at it; as many as run just now when it is not given."""

    @property
    def is_asked_for(self) -> bool:
        """Whether workers are to dial.

        Raises:
            InvalidRequest: It is not, though their number is given; or that is none.
        """
        if self.workers is not None:
            check_count("--workers", self.workers)
            if not self.distributed:
                raise InvalidRequest(
                    "--workers says how many workers are to dial: add --distributed"
                )
        return self.distributed


async def run_distributed(
    name: str, spread: Spread, journal: Path | str, *, yes: bool, json: bool
) -> ExitCode:
    """Have workers dial a campaign, and show how far they are until it ends or Ctrl-C.

    Args:
        name: The campaign.
        spread: By how many.
        journal: Where it is planned.
        yes: Do not ask before the first call.
        json: Print how it ended as JSON.

    Raises:
        InvalidRequest: There is no such campaign, or the journal is a file.
        ConfigurationError: The extra `postgres` is not installed.
        JournalError: The journal cannot be used.
    """
    dsn = check_shared("--distributed", journal)
    async with book(journal, f"campaign run {name}") as opened:
        record = await opened.campaign(name)
        tally = await opened.tally(record.id)
        question = f"Dial {counted(tally.states[RowState.PLANNED], 'phone')}?"
        if is_fresh(tally) and not agreed(question, yes=yes):
            notes.print("nothing was dialled")
            return ExitCode.INTERRUPTED
        if record.state.is_over:
            notes.print(f"the campaign {name!r} is {record.state}: nobody is left to dial")
        else:
            wanted = await start(dsn, name, spread.workers)
            notes.print(f"{counted(wanted, 'worker')} asked for; Ctrl-C stops looking, not them")
        run = await look_on(opened, record)
        if run is None:
            notes.print("not watched any more; the workers go on")
            hint("have them pause", command_line("pause", name, journal))
        # Who does not watch any more has nothing to go on with.
        is_kept = run is not None
        await print_end(opened, record, run, is_kept=is_kept, how=("--distributed",), json=json)
    return exit_code_of_run(run, interrupted=run is None)
