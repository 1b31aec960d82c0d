"""The commands, gathered."""

import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from cyclopts import App

from alphasms_async.cli import dnc
from alphasms_async.cli.campaign import campaign
from alphasms_async.cli.demo import demo
from alphasms_async.cli.dial import dial
from alphasms_async.cli.gateway import address_in_words
from alphasms_async.cli.listen import hook_url, listen
from alphasms_async.cli.reads import balance, check, status
from alphasms_async.cli.sandbox import sandbox
from alphasms_async.cli.sends import call, otp, say, sms
from alphasms_async.cli.terminal import ExitCode, exit_code_of, notes
from alphasms_async.cli.trigger import trigger
from alphasms_async.cli.worker import worker
from alphasms_async.errors import AlphaSMSError, GatewayUnavailable, NotSent, OutcomeUnknown

__all__ = ["app", "run"]

app: App = App(
    name="alphasms",
    help="""Voice calls, flash-call codes, voice SMS and mass dialling over the AlphaSMS gateway.

    Try `alphasms demo` first: it dials 200 made-up numbers on a gateway of its own, offline.
    `alphasms sandbox` is such a gateway, to try the other commands and your own program on.

    The other commands take the API key from ALPHASMS_API_KEY and the gateway's address from
    ALPHASMS_BASE_URL (default https://alphasms.ua); hooks are signed by ALPHASMS_WEBHOOK_SECRET.
    ALPHASMS_JOURNAL names the journal where --journal does not: a file, or a PostgreSQL database.
    ALPHASMS_TRANSPORT=aiohttp needs the extra `aiohttp` and less CPU.

    A text that begins with a dash goes behind `--`: `alphasms say -- PHONE "-5 degrees"`.

    Exit codes: 0 all accepted, 1 fault, 2 bad input, 3 some were not accepted, 4 the run stopped
    itself, 130 interrupted, or a question was answered with no.
    """,
    help_format="markdown",
    error_console=notes,
    error_formatter=str,
    suppress_keyboard_interrupt=False,
    version=lambda: version("alphasms-async"),
)
_audio: App = App(name="audio", help="Look at recordings before they are sent.")
_audio.command(check)
_dnc: App = App(
    name="dnc",
    help="""The phones that no campaign of a journal calls.

    ```
    alphasms dnc add 0501234567
    alphasms dnc add --file stop.csv
    ```

    A run that goes on heeds them too, from the next call on.
    """,
    help_format="markdown",
)
_dnc.command(dnc.add)
_dnc.command(dnc.remove)
_dnc.command(dnc.listed, name="list")
_COMMANDS: tuple[App | Callable[..., Any], ...] = (
    *(demo, sandbox, dial, campaign, worker, _dnc, listen, hook_url, trigger),
    *(call, otp, say, sms, status, balance, _audio),
)
for _place, _command in enumerate(_COMMANDS):
    # Campaigns first, then what goes to one phone; not in the order of the alphabet.
    if isinstance(_command, App):
        _command.sort_key = _place
        app.command(_command)
    else:
        app.command(_command, sort_key=_place)


def run(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    # A name that the terminal cannot show must not end a run that went well.
    if (reconfigure := getattr(sys.stdout, "reconfigure", None)) is not None:
        reconfigure(errors="backslashreplace")
    try:
        app(arguments, result_action="sys_exit_if_non_zero_else_return")
    except AlphaSMSError as error:
        is_away = isinstance(error, GatewayUnavailable | NotSent)
        notes.print(f"{str(error).rstrip('.')}. {address_in_words()}" if is_away else str(error))
        if isinstance(error, OutcomeUnknown) and error.client_id is not None:
            notes.print(f"ask with: alphasms status --by-client-id {error.client_id}")
        sys.exit(exit_code_of(error))
    except ImportError as error:
        # Of an extra: its text says which, and how to install it.
        notes.print(str(error))
        sys.exit(ExitCode.FAULT)
    except OSError as error:
        notes.print(f"failed: {error}")
        sys.exit(ExitCode.FAULT)
    except KeyboardInterrupt:
        notes.print("interrupted")
        sys.exit(ExitCode.INTERRUPTED)
