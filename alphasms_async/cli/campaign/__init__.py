"""`alphasms campaign …`: plan, run and steer durable campaigns."""

from collections.abc import Callable
from typing import Any

from cyclopts import App

from alphasms_async.cli.campaign.control import budget, cancel, pace, pause, resume
from alphasms_async.cli.campaign.plan import plan
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
    ```

    The other commands work while `run` dials in another terminal.
    """,
    help_format="markdown",
)
_COMMANDS: tuple[Callable[..., Any], ...] = (
    *(plan, run, status, pause, resume, pace, budget, cancel, reconcile, report, export),
)
for _place, _command in enumerate(_COMMANDS):
    # In the order they are used in, not in that of the alphabet.
    campaign.command(_command, sort_key=_place)
