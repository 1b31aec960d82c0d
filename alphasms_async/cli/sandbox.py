"""`alphasms sandbox`: a gateway on this machine, and the display of the phones it rings."""

from collections.abc import Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit

import anyio

from alphasms_async import InvalidRequest
from alphasms_async.checks import check_hook
from alphasms_async.cli.receiving import check_port
from alphasms_async.cli.terminal import ExitCode, Url, endings, notes
from alphasms_async.clock import utc_now
from alphasms_async.settings import is_loopback

__all__ = ["sandbox"]

_PORT: Final = 8025
_BALANCE = Decimal(100_000)
# How long after it was accepted a call has its outcome, the soonest and the latest.
_RINGING_SECONDS = (2.0, 9.0)
_DELIVERY_SECONDS = 2.0
_IDS_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
_EACH_ID = timedelta(milliseconds=10)


async def sandbox(*, port: int = _PORT, hook: Url | None = None) -> ExitCode:
    """Serve a gateway on this machine, and show what its phones show. Nobody's phone rings.

    It speaks as the real one does, so that a program, or these commands in another terminal, can
    be tried before they cost anything: it prints the two lines that point them here. Calls ring
    for some seconds, then most are answered, some by a key, and others are not.

    ```
    alphasms sandbox
    alphasms sandbox --hook "$(alphasms hook-url http://127.0.0.1:8080/hooks/alphasms)"
    ```

    A line for each call or message tells the phone, the price, and the code or the text; another
    how it ended, and the keys pressed; another each hook that was not taken. Phones are shown
    whole: give it made-up ones. Nothing is kept. Ctrl-C ends it.

    Exit codes: 0 ended by Ctrl-C, or left by its reader, 2 bad input, or the port is taken.

    Parameters
    ----------
    port
        Port to listen on, 0 for a free one; this machine alone reaches it.
    hook
        URL on this machine that is told the outcome of what came without a hook of its own, as
        the one set in the provider's panel; hooks are posted nowhere else.
    """
    # Late, for the other commands do without the extra that the sandbox needs.
    from alphasms_async.cli.display import Display, counts_of
    from alphasms_async.sandbox import Fate, Sandbox, mixed

    display = Display()
    gateway = Sandbox(
        balance=_BALANCE,
        fates=mixed(after_seconds=_RINGING_SECONDS),
        message_fate=Fate("DELIVERED", after_seconds=_DELIVERY_SECONDS),
        hook=_checked_hook(hook),
        first_id=_first_id(),
        watcher=display.tell,
    )
    serving = gateway.serve(port=check_port(port))
    with anyio.open_signal_receiver(*endings()) as signals, _opened(serving) as url:
        notes.print(f"a gateway answers at {url}; nobody's phone rings; Ctrl-C ends it")
        notes.print("in another terminal:")
        notes.print(f"export ALPHASMS_BASE_URL={url}", soft_wrap=True)
        notes.print(f"export ALPHASMS_API_KEY={gateway.api_key}", soft_wrap=True)
        with display.watching:
            async for _ in signals:
                break
    if display.failure is not None:
        raise display.failure
    notes.print(counts_of(gateway))
    return ExitCode.ACCEPTED


def _checked_hook(hook: str | None) -> str | None:
    checked = check_hook(hook)
    if checked is not None and not is_loopback(urlsplit(checked).hostname or ""):
        raise InvalidRequest(
            "--hook is on this machine, like http://127.0.0.1:8080/hooks/alphasms: "
            "the sandbox posts nowhere else"
        )
    return checked


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
