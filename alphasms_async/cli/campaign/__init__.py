"""`alphasms campaign …`: plan, run and steer durable campaigns."""

from collections.abc import Callable, Mapping
from typing import Any

from cyclopts import App

from alphasms_async.cli.campaign.control import budget, cancel, pace, pause, resume
from alphasms_async.cli.campaign.next_list import next_list
from alphasms_async.cli.campaign.plan import plan
from alphasms_async.cli.campaign.poll import poll
from alphasms_async.cli.campaign.results import export, report
from alphasms_async.cli.campaign.run import run
from alphasms_async.cli.campaign.settle import reconcile
from alphasms_async.cli.campaign.status import status

__all__ = ["campaign"]

campaign: App = App(
    name="campaign",
    help="""Plan, run and steer campaigns that survive anything.

    `plan` writes everybody of a list into a journal, a file beside you, and calls nobody. `run`
    dials, and after Ctrl-C, a crash or a power cut it goes on: nobody is called twice, nobody is
    forgotten, and what nobody can prove is shown by `reconcile`.

    ```
    alphasms campaign plan clients.csv --audio promo.wav --name spring --window 09:00-20:00
    alphasms campaign run spring
    alphasms campaign report spring --html
    alphasms campaign next spring --where outcome=no_answer --output again.csv
    ```

    The other commands work while `run` dials in another terminal.

    Many machines dial one campaign where its journal is in PostgreSQL (the extra `postgres`):
    `--journal postgresql://user@host/database`, or ALPHASMS_JOURNAL, which no list of processes
    shows. A password is better off in PGPASSWORD or ~/.pgpass.
    """,
    help_format="markdown",
)
_COMMANDS: Mapping[str, Callable[..., Any]] = {
    "plan": plan,
    "run": run,
    "status": status,
    "pause": pause,
    "resume": resume,
    "pace": pace,
    "budget": budget,
    "cancel": cancel,
    "reconcile": reconcile,
    "poll": poll,
    "report": report,
    "export": export,
    "next": next_list,
}
for _place, (_name, _command) in enumerate(_COMMANDS.items()):
    # In the order they are used in, not in that of the alphabet.
    campaign.command(_command, name=_name, sort_key=_place)
