"""What a sandbox does, on the terminal: a line for each thing, as it happens."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from threading import Lock

import anyio
from attrs import define, field

from alphasms_async.cli.terminal import answers, counted, money, notes, print_json
from alphasms_async.clock import utc_now
from alphasms_async.sandbox import (
    Ending,
    Happening,
    HookDelivery,
    Mishap,
    Phase,
    Sandbox,
    SandboxCall,
    SandboxEntry,
    Turn,
)

__all__ = ["Display", "introduce"]

_NOT_SHOWN = "\N{REPLACEMENT CHARACTER}"
_REFUSED = "refused: "


def introduce(sandbox: Sandbox, url: str) -> None:
    """Say where a sandbox is, how to point a program there, and what is not as usual."""
    notes.print(f"a gateway and its page are at {url}; nobody's phone rings; Ctrl-C ends it")
    notes.print("in another terminal:")
    notes.print(f"export ALPHASMS_BASE_URL={url}", soft_wrap=True)
    notes.print(f"export ALPHASMS_API_KEY={sandbox.api_key}", soft_wrap=True)
    calls, messages = len(sandbox.calls()), len(sandbox.messages())
    if calls or messages:
        notes.print(
            f"kept from before: {counted(calls, 'call')}, {counted(messages, 'message')}, "
            f"{money(sandbox.balance)} {sandbox.currency}"
        )
    for rule in sandbox.chaos.rules.values():
        if rule.on:
            notes.print(f"chaos {rule.name}, {rule.share * 100:g} %: {rule.says}")


@define
class _Counts:
    """How much there was. Safe to use from several threads."""

    calls: int = 0
    messages: int = 0
    cost: Decimal = Decimal(0)
    taken: int = 0
    in_vain: int = 0
    lock: Lock = field(factory=Lock)

    def add(self, happened: Happening) -> None:
        with self.lock:
            match happened:
                case SandboxEntry():
                    is_call = isinstance(happened, SandboxCall)
                    self.calls += is_call
                    self.messages += not is_call
                    self.cost += happened.price
                case HookDelivery():
                    self.taken += happened.is_taken
                    self.in_vain += not happened.is_taken
                case _:
                    pass

    def in_words(self, sandbox: Sandbox) -> str:
        told = (
            counted(self.calls, "call"),
            counted(self.messages, "message"),
            f"{money(self.cost)} {sandbox.currency}",
            f"{counted(self.taken, 'hook')} taken",
            f"{counted(self.in_vain, 'attempt')} in vain" if self.in_vain else "",
        )
        hits = [f"{times} {rule}" for rule, times in sandbox.chaos.hits.items() if times]
        chaos = f"; chaos: {', '.join(hits)}" if hits else ""
        return ", ".join(filter(None, told)) + chaos


@define
class Display:
    """A sandbox's watcher. It prints in the event loop that it is made in; asyncio only.

    It is the display of the phones that are rung, so phones, codes and texts stand there whole.
    """

    as_json: bool = field(default=False, kw_only=True)
    watching: anyio.CancelScope = field(factory=anyio.CancelScope, init=False)
    """Cancelled when nobody can be shown anything any more."""
    failure: OSError | None = field(default=None, init=False)
    """Why that is. `None` while it is not so, or when the reader has left."""
    _loop: asyncio.AbstractEventLoop = field(factory=asyncio.get_running_loop, init=False)
    _counts: _Counts = field(factory=_Counts, init=False)

    def tell(self, happened: Happening) -> None:
        """Have it printed soon; from any thread, which waits for nothing."""
        self._counts.add(happened)
        self._loop.call_soon_threadsafe(self._show, happened)

    def counts_in_words(self, sandbox: Sandbox) -> str:
        """Return how much was accepted and posted, and how often which chaos has happened."""
        return self._counts.in_words(sandbox)

    def _show(self, happened: Happening) -> None:
        if self.failure is not None:
            return
        try:
            self._print(happened)
        except OSError as error:
            self.failure = error
        if answers.quiet or self.failure is not None:
            self.watching.cancel()

    def _print(self, happened: Happening) -> None:
        if self.as_json:
            print_json(_as_json(happened))
        elif (line := _line(happened)) is not None:
            answers.print(f"{utc_now().astimezone():%H:%M:%S}  {line}", soft_wrap=True)


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
        case Mishap():
            return f"chaos {happened.rule}: {happened.page} {happened.outcome}"
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
    return f"{what}, waits for a key" if entry.listens else what


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
        return f"hook {error}  {which}"
    reason = error or f"answered {delivery.status}"
    return f"hook not taken: {reason}, attempt {delivery.attempt}  {which}"


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return "".join(character if character.isprintable() else _NOT_SHOWN for character in line)


def _as_json(happened: Happening) -> Mapping[str, object]:
    match happened:
        case SandboxEntry():
            return _about("accepted", happened.at, happened) | _asked(happened)
        case Turn():
            keys = {"digits": happened.line.digits}
            return _about(_turn(happened), happened.at, happened.entry) | keys
        case Ending():
            fate = happened.fate
            told = {"status": fate.word, "seconds": fate.talk_seconds, "digits": fate.digits}
            return _about("ended", happened.at, happened.entry) | told
        case HookDelivery():
            return {
                "at": happened.at.isoformat(),
                "event": "hook",
                "id": happened.entry_id,
                "attempt": happened.attempt,
                "status": happened.status,
                "error": happened.error,
            }
        case Mishap():
            return {
                "at": happened.at.isoformat(),
                "event": "chaos",
                "rule": happened.rule,
                "page": happened.page,
                "taken": happened.is_taken,
            }


def _about(event: str, at: datetime, entry: SandboxEntry) -> dict[str, object]:
    return {
        "at": at.isoformat(),
        "event": event,
        "id": entry.id,
        "kind": entry.kind,
        "phone": entry.phone,
    }


def _asked(entry: SandboxEntry) -> dict[str, object]:
    call = entry if isinstance(entry, SandboxCall) else None
    return {
        "price": money(entry.price),
        "text": entry.text,
        "code": None if call is None else call.code,
        "dtmf": call is not None and call.dtmf,
        "chaos": entry.chaos,
    }


def _turn(turn: Turn) -> str:
    keys = turn.line.keys
    if keys and keys[-1].at == turn.at:
        return "key"
    return "ringing" if turn.line.phase is Phase.RINGING else "answered"
