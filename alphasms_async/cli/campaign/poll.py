"""`alphasms campaign poll`: outcomes where no hook reaches anybody, asked for by id."""

from rich.table import Table

from alphasms_async.campaigns import DEFAULT_JOURNAL, Polled
from alphasms_async.campaigns import poll as ask_gateway
from alphasms_async.cli.gateway import gateway
from alphasms_async.cli.journals import JournalPlace, command_line, look_into
from alphasms_async.cli.terminal import ExitCode, Flag, answers, counted, hint, notes, print_json

__all__ = ["poll"]


async def poll(
    name: str, /, *, journal: JournalPlace = DEFAULT_JOURNAL, json: Flag = False
) -> ExitCode:
    """Ask the gateway what became of the accepted calls, and write it down.

    For those who have no public URL that events could come to. A status tells less than an event:
    whether the phone was reached, not for how long nor which keys were pressed. An event that
    comes later adds those. Asking costs nothing and may be repeated, also while it is dialled.

    ```
    alphasms campaign poll spring
    ```

    Exit codes: 0 every accepted call has an outcome, 1 the gateway cannot be reached, 2 bad
    input, 3 some have none yet: ask again later.

    Parameters
    ----------
    name
        The campaign; `alphasms campaign status` lists all.
    journal
        Journal the campaign was planned in: a file, or postgresql://user@host/database.
    json
        Print the counts as JSON.
    """
    async with look_into(journal) as opened:
        with notes.status("asking the gateway"):
            async with gateway() as alphasms:
                polled = await ask_gateway(alphasms, opened, name)
    if json:
        print_json(
            {
                "name": name,
                "asked": polled.asked,
                "reached": polled.reached,
                "not_reached": polled.not_reached,
                "not_known_yet": polled.left,
            }
        )
    else:
        _print(polled)
    if polled.left:
        which = f"{counted(polled.left, 'call')} without an outcome; ask again later"
        hint(which, command_line("poll", name, journal))
    return ExitCode.SOME_NOT if polled.left else ExitCode.ACCEPTED


def _print(polled: Polled) -> None:
    if not polled.asked and not polled.left:
        answers.print("nothing to ask for: every accepted call has an outcome")
        return
    table = Table("outcome", show_edge=False, pad_edge=False)
    table.add_column("calls", justify="right")
    table.add_row("reached", str(polled.reached), style="green")
    table.add_row("not reached", str(polled.not_reached), style="yellow")
    table.add_row("not known yet", str(polled.left))
    answers.print(table)
