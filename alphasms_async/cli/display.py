"""What a sandbox does, on the terminal: a line for each thing, as it happens."""

import asyncio

import anyio
from attrs import define, field

from alphasms_async.cli.terminal import answers, counted, money
from alphasms_async.clock import utc_now
from alphasms_async.sandbox import (
    Ending,
    Happening,
    HookDelivery,
    Sandbox,
    SandboxCall,
    SandboxEntry,
    Turn,
)

__all__ = ["Display", "counts_of"]

_NOT_SHOWN = "\N{REPLACEMENT CHARACTER}"
_REFUSED = "refused: "


@define
class Display:
    """A sandbox's watcher. It prints in the event loop that it is made in; asyncio only.

    It is the display of the phones that are rung, so phones, codes and texts stand there whole.
    """

    watching: anyio.CancelScope = field(factory=anyio.CancelScope, init=False)
    """Cancelled when nobody can be shown anything any more."""
    failure: OSError | None = field(default=None, init=False)
    """Why that is. `None` while it is not so, or when the reader has left."""
    _loop: asyncio.AbstractEventLoop = field(factory=asyncio.get_running_loop, init=False)

    def tell(self, happened: Happening) -> None:
        """Have it printed soon; from any thread, which waits for nothing."""
        self._loop.call_soon_threadsafe(self._show, happened)

    def _show(self, happened: Happening) -> None:
        line = _line(happened)
        if line is None or self.failure is not None:
            return
        try:
            answers.print(f"{utc_now().astimezone():%H:%M:%S}  {line}", soft_wrap=True)
        except OSError as error:
            self.failure = error
        if answers.quiet or self.failure is not None:
            self.watching.cancel()


def counts_of(sandbox: Sandbox) -> str:
    """Return how much a sandbox accepted and posted, in words."""
    calls, messages, deliveries = sandbox.calls(), sandbox.messages(), sandbox.deliveries()
    cost = sum((entry.price for entry in (*calls, *messages)), sandbox.price * 0)
    taken = sum(delivery.is_taken for delivery in deliveries)
    told = (
        counted(len(calls), "call"),
        counted(len(messages), "message"),
        f"{money(cost)} {sandbox.currency}",
        f"{counted(taken, 'hook')} taken",
    )
    failed = len(deliveries) - taken
    return ", ".join(told) + (f", {counted(failed, 'attempt')} in vain" if failed else "")


def _line(happened: Happening) -> str | None:
    """Return what is shown of it. `None` for a hook that was taken, whose receiver tells more."""
    match happened:
        case SandboxEntry():
            told = (f"{money(happened.price)}", _heard(happened), f"id {happened.id}")
            return f"{_whose(happened)}  " + "  ".join(filter(None, told))
        case Ending():
            return f"{_whose(happened.entry)}  {_end(happened)}"
        case HookDelivery():
            return None if happened.is_taken else _failed(happened)
        case Turn():
            # On the page; here it would be three lines more for each call.
            return None


def _whose(entry: SandboxEntry) -> str:
    return f"{entry.kind:<9}  {entry.phone:<12}"


def _heard(entry: SandboxEntry) -> str:
    """Return what the person sees or hears."""
    what = "a recording" if entry.text is None else f'"{_one_line(entry.text)}"'
    if not isinstance(entry, SandboxCall):
        return what
    if entry.code is not None:
        return f"code {entry.code}"
    return f"{what}, waits for a key" if entry.dtmf else what


def _end(ending: Ending) -> str:
    fate = ending.fate
    told = (
        f"ended: {fate.word}",
        f"{fate.talk_seconds} s" if fate.talk_seconds else "",
        "" if fate.digits is None else f"keys {fate.digits}",
    )
    return ", ".join(filter(None, told))


def _failed(delivery: HookDelivery) -> str:
    error, which = delivery.error, f"id {delivery.entry_id}"
    if error is not None and error.startswith(_REFUSED):
        # Behind the reason stands what a program may do about it.
        return f"hook {error.partition(', ')[0]}  {which}"
    reason = error or f"answered {delivery.status}"
    return f"hook not taken: {reason}, attempt {delivery.attempt}  {which}"


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return "".join(character if character.isprintable() else _NOT_SHOWN for character in line)
