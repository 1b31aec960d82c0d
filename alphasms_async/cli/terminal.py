"""The terminal: one console for answers, one for everything around them, and the exit codes."""

import errno
import json
import os
import signal
import sys
from decimal import Decimal
from enum import IntEnum
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console
from rich.text import Text

from alphasms_async.campaigns.spans import seconds_of
from alphasms_async.errors import (
    AlphaSMSError,
    ConfigurationError,
    GatewayError,
    InvalidRequest,
    JournalError,
    OutcomeUnknown,
)

__all__ = [
    "ExitCode",
    "Flag",
    "Span",
    "Sum",
    "Url",
    "agreed",
    "answers",
    "asks",
    "confirm",
    "counted",
    "endings",
    "exit_code_of",
    "hint",
    "lasting",
    "megabytes",
    "money",
    "notes",
    "print_json",
    "span",
]


_LONGEST_SHOWN = 40


class _Output(Console):
    """A console whose reader may leave, as `head` does: that is its right, and no fault of ours.

    It shows every text as it is, for names and answers may look like styles.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)

    def print(self, *objects: Any, soft_wrap: bool | None = None, **how: Any) -> None:
        # Left to itself, a terminal breaks lines inside of words; a file wants them whole.
        super().print(
            *objects, soft_wrap=not self.is_terminal if soft_wrap is None else soft_wrap, **how
        )

    def __exit__(self, *left: object) -> None:
        try:
            super().__exit__(*left)
        except OSError as error:
            if error.errno == errno.EIO:
                # It was a terminal, which is closed.
                self.on_broken_pipe()
            elif not self.stderr:
                raise
            # Else a run must still end well, though nobody can be told how it goes.

    def on_broken_pipe(self) -> None:
        self.quiet = True
        # Python's own flush at the end would meet the closed pipe once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


answers: Console = _Output()
"""Standard output: what was asked for, and nothing else."""
notes: Console = _Output(stderr=True)
"""Standard error: progress, questions, warnings and errors."""


Flag = Annotated[bool, Parameter(negative="", show_default=False)]
"""An option that is there or not."""


class Sum(str):
    """An exact sum of money as a person writes it; the helps call it SUM."""

    __slots__ = ()


class Span(str):
    """A span of time as a person writes it; the helps call it SPAN."""

    __slots__ = ()


class Url(str):
    """A whole URL; the helps call it URL."""

    __slots__ = ()


class ExitCode(IntEnum):
    """What the command tells the shell."""

    ACCEPTED = 0
    """All were accepted; duplicates do not count."""
    FAULT = 1
    """Something failed that is not the input's fault."""
    BAD_INPUT = 2
    """An argument, a file or a setting is wrong; nothing was sent."""
    SOME_NOT = 3
    """Some were invalid, refused, not sent or uncertain."""
    STOPPED = 4
    """The run stopped itself: a refusal of the account or the message, the budget, the window."""
    INTERRUPTED = 130
    """A person ended it, or answered a question with no."""


def exit_code_of(error: AlphaSMSError) -> ExitCode:
    """Return the exit code an error stands for."""
    if isinstance(error, InvalidRequest | ConfigurationError | JournalError):
        return ExitCode.BAD_INPUT
    if isinstance(error, GatewayError | OutcomeUnknown):
        return ExitCode.SOME_NOT
    return ExitCode.FAULT


def money(amount: Decimal) -> str:
    """Return a sum with at least two decimals, and as many more as it really has."""
    plain = f"{amount.normalize():f}"
    whole, _, decimals = plain.partition(".")
    return f"{whole}.{decimals.ljust(2, '0')}"


def counted(number: int, thing: str) -> str:
    """Return `1 phone` or `2 phones`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def lasting(seconds: float) -> str:
    """Return a span as people say it: `40 s`, `12 min`, `3 h 05 min`, `2 d 4 h`."""
    whole = max(0, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02} min"
    return f"{hours // 24} d {hours % 24} h"


def megabytes(count: int) -> str:
    """Return a size as people say it: `40 KB`, `1.2 MB`, `3.4 GB`."""
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{max(1, round(count / 1024))} KB"


def span(option: str, text: str) -> int:
    """Return the seconds of an option that is a span.

    Raises:
        InvalidRequest: It is none, or has no time in it.
    """
    seconds = seconds_of(text.strip())
    if not seconds:
        shown = repr(text[:_LONGEST_SHOWN])
        raise InvalidRequest(f"{option} is a span such as 30s, 5m, 1h30m or 7d, not {shown}")
    return seconds


def print_json(value: Any) -> None:
    """Print one JSON value on a line of its own; sums stay exact, as strings."""
    answers.print(json.dumps(value, ensure_ascii=False, default=str), soft_wrap=True)


def hint(what: str, command: str) -> None:
    """Say what can be done next, the command in one piece so that it can be copied."""
    notes.print(f"{what}: {command}", soft_wrap=True)


def endings() -> list[signal.Signals]:
    """Return the signals that end a command: a terminal that is closed says SIGHUP.

    Who does not mind that it is closed started us with `nohup`, which has that signal ignored.
    """
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return [signal.SIGINT, signal.SIGTERM]
    return [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def asks() -> bool:
    """Return whether a person is there to answer a question."""
    return sys.stdin is not None and sys.stdin.isatty()


def agreed(question: str, *, yes: bool) -> bool:
    """Ask a person who is there; with `--yes`, or where nobody is, the command itself says yes."""
    return yes or not asks() or confirm(question)


def confirm(question: str) -> bool:
    """Ask a question that is "no" unless it is answered "yes"; Ctrl-C leaves at once."""
    notes.print(question, Text("[y/N] ", style="bold"), end="")
    # An event loop would note the signal and let the question stand.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return input().strip().casefold() in {"y", "yes", "т", "так", "д", "да"}
    except (EOFError, UnicodeDecodeError):
        # The latter is an answer in another charset than the terminal says it has.
        return False
    finally:
        signal.signal(signal.SIGINT, handler)
