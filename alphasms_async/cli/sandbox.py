"""`alphasms sandbox`: a gateway on this machine, and the display of the phones it rings."""

import os
import sys
import webbrowser
from collections.abc import Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, Literal

import anyio
import anyio.to_thread
from cyclopts import Parameter

from alphasms_async import InvalidRequest
from alphasms_async.checks import check_count
from alphasms_async.cli.receiving import check_port, quiet_server
from alphasms_async.cli.terminal import ExitCode, Flag, Url, endings, hint, notes
from alphasms_async.clock import utc_now

__all__ = ["sandbox"]

_PORT: Final = 8025
_KEEP: Final = 10_000
_KEEP_BYTES: Final = 256 * 1024 * 1024
_BALANCE: Final = Decimal(100_000)
_AUTOPILOT: Final = "mixed"
# How long a call waits before it rings, and how long a message is on its way.
_QUEUE_SECONDS = 0.3
_DELIVERY_SECONDS = 2.0
_IDS_SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC)
_EACH_ID: Final = timedelta(milliseconds=10)

_Rules = Annotated[tuple[str, ...], Parameter(negative="", show_default=False)]


async def sandbox(
    *,
    port: int = _PORT,
    db: Path | None = None,
    autopilot: str | None = None,
    chaos: _Rules = (),
    chaos_seed: int | None = None,
    hook: Url | None = None,
    hook_timing: Literal["hang-up", "key"] | None = None,
    keep: int = _KEEP,
    seed: int | None = None,
    open_page: Annotated[Flag, Parameter(name="--open")] = False,
    json: Flag = False,
) -> ExitCode:
    """Serve a gateway on this machine, and show what its phones show. Nobody's phone rings.

    It speaks as the real one does, so that a program, or these commands in another terminal, can
    be tried before they cost anything: it prints the two lines that point them here. At the same
    address is its page, where you answer the phones that ring, press keys and hang up, look at
    each hook, and have things go wrong. Whoever waits for it asks GET /ready until that answers.

    ```
    alphasms sandbox --open --db sandbox.db
    alphasms sandbox --hook "$(alphasms hook-url http://127.0.0.1:8080/hooks/alphasms)"
    alphasms sandbox --autopilot "answer 2s, press 7, hangup 12s"
    alphasms sandbox --chaos http_503=20% --chaos latency=100%@300ms
    ```

    A line for each call or message tells the phone, the price, and the code or the text; another
    how it ended, and the keys pressed; another each hook that was not taken, each request that
    chaos kept out, and each whose answer it spoiled. Phones are shown whole: give it made-up ones.
    Ctrl-C ends it, and without --db nothing is kept.

    Exit codes: 0 ended by Ctrl-C, or left by its reader, 2 bad input, the port is taken, or the
    file cannot be used.

    Parameters
    ----------
    port
        Port to listen on, 0 for a free one; this machine alone reaches it.
    db
        File that keeps everything, made when it is not there: calls and recordings, hooks that
        wait, the balance, the settings. A call that rings goes on when it is started again.
    autopilot
        What becomes of calls that nobody answers on the page: mixed, as in life; off; "answer 2s,
        press 7, hangup 12s"; "busy 2s"; "no answer 30s"; "fail 1s". Whichever it is, a phone that
        ends in 0001 is busy, one in 0002 does not answer, one in 0003 fails. By default mixed, or
        what --db has.
    chaos
        What goes wrong on the wire, how often and how much: latency=100%@300ms, http_503=20%,
        charged_no_reply=2%, hook_duplicate, ...; without a share it happens always, and a wrong
        one lists them all. May be given several times; off for nothing of what --db has.
    chaos_seed
        Number that makes the chaos repeatable.
    hook
        URL on this machine that is told the outcome of what came without a hook of its own, as
        the one set in the provider's panel; hooks are posted nowhere else.
    hook_timing
        When a call's hook is told: at its end, or of each key too, as it is pressed. By default
        at the end, or what --db has.
    keep
        How many calls and messages are kept; of more, or when their recordings take more than 256
        MB, the oldest are forgotten.
    seed
        Number that makes codes, and what becomes of calls, repeatable.
    open_page
        Open the page in the browser.
    json
        Print a JSON object for each event, a line each.
    """
    # Late, for the other commands do without the extra that the sandbox needs.
    from alphasms_async.cli.display import Display, introduce
    from alphasms_async.cli.wishes import Wishes, kept_in, refused_in_one_line
    from alphasms_async.sandbox import Autopilot, Fate, Sandbox

    display = Display(as_json=json)
    wishes = Wishes.read(
        autopilot=autopilot,
        seed=seed,
        chaos=chaos,
        chaos_seed=chaos_seed,
        hook=hook,
        hook_timing=hook_timing,
    )
    # With what is asked for, which is what a reset comes back to; and again once the file has been
    # read, before which it goes.
    with refused_in_one_line():
        gateway = Sandbox(
            balance=_BALANCE,
            fates=wishes.autopilot or Autopilot(_AUTOPILOT, seed=seed),
            message_fate=Fate("DELIVERED", after_seconds=_DELIVERY_SECONDS),
            hook=wishes.hook,
            hook_timing=wishes.hook_timing or "hang-up",
            queue_seconds=_QUEUE_SECONDS,
            keep=check_count("keep", keep),
            keep_bytes=_KEEP_BYTES,
            seed=seed,
            first_id=_first_id(),
            watcher=display.tell,
        )
    serving = gateway.serve(port=check_port(port))
    with (
        anyio.open_signal_receiver(*endings()) as signals,
        quiet_server(),
        kept_in(gateway, db),
    ):
        wishes.fulfil(gateway)
        with _opened(serving) as url:
            introduce(gateway, url)
            async with anyio.create_task_group() as group:
                if open_page:
                    group.start_soon(_open, url)
                with display.watching:
                    async for _ in signals:
                        break
                group.cancel_scope.cancel()
    if display.failure is not None:
        raise display.failure
    notes.print(display.counts_in_words(gateway))
    return ExitCode.ACCEPTED


def _first_id() -> int:
    """Return an id above those of earlier sandboxes: a journal may know theirs."""
    return max(1, (utc_now() - _IDS_SINCE) // _EACH_ID)


@contextmanager
def _opened(serving: AbstractContextManager[str]) -> Generator[str]:
    with ExitStack() as stack:
        try:
            url = stack.enter_context(serving)
        except OSError as error:
            raise InvalidRequest(f"{error.strerror}; choose another --port") from error
        yield url


async def _open(url: str) -> None:
    """Open the page in the browser, or say that there is none."""
    # It may wait for its browser, and need not be waited for in the end.
    if not await anyio.to_thread.run_sync(_open_browser, url, abandon_on_cancel=True):
        hint("no browser can be opened here; the page", url)


def _open_browser(url: str) -> bool:
    has_screen = any(map(os.environ.get, ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")))
    # Without a screen Python finds browsers for the terminal, which is in use.
    return (has_screen or sys.platform == "darwin") and webbrowser.open(url)
