"""The journal that a command is about: `--journal` or `ALPHASMS_JOURNAL`, a file or a database."""

import os
import shlex
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, Token

from alphasms_async import ConfigurationError
from alphasms_async.campaigns import DEFAULT_JOURNAL, Journal, open_journal
from alphasms_async.campaigns.dsn import check_kind, is_dsn, shown
from alphasms_async.cli.terminal import notes

__all__ = [
    "Dsn",
    "JournalPlace",
    "OptionalPlace",
    "book",
    "command_line",
    "is_there",
    "look_into",
    "tell_of_password",
]

_VARIABLE = "ALPHASMS_JOURNAL"


class Dsn(str):
    """The address of a PostgreSQL database; the helps call it DSN."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(shown(str(self)))


def _place_of(text: str) -> "Path | Dsn":
    return Dsn(text) if is_dsn(text) else Path(text)


def _option(default: Path | None) -> Parameter:
    def read(_: object, tokens: Sequence[Token]) -> Path | Dsn | None:
        (token,) = tokens
        # As of any other variable, nothing in it is as good as none.
        if token.source == "env" and not token.value:
            return default
        # As it was written: a path would have lost a slash of `mysql://`.
        check_kind(token.value)
        return _place_of(token.value)

    return Parameter(name="--journal", env_var=_VARIABLE, converter=read)


JournalPlace = Annotated[Path | Dsn, _option(DEFAULT_JOURNAL)]
"""The journal of the campaigns, a file or a DSN; `alphasms.journal` in this folder when neither
the option nor the variable names it."""
OptionalPlace = Annotated[Path | Dsn | None, _option(None)]
"""A journal that a command may do without; none when neither names it."""


def book(place: Path | str, purpose: str, *, must_exist: bool = True) -> Journal:
    """Return a journal to be entered and written.

    Raises:
        JournalError: None can be at this place, or there is none and one must be.
        ConfigurationError: It is a DSN, and the extra that reads one is not installed.
    """
    return _opened(place, must_exist=must_exist, purpose=f"alphasms {purpose}")


def is_there(place: Path | str) -> bool:
    """Return whether there is a file at this place; a database is taken to be there."""
    return not isinstance(place, Path) or place.exists()


def look_into(place: Path | str = DEFAULT_JOURNAL) -> Journal:
    """Return a journal to be entered and read, beside whoever writes it.

    Raises:
        JournalError: There is none at this place.
        ConfigurationError: It is a DSN, and the extra that reads one is not installed.
    """
    return _opened(place, read_only=True)


def command_line(word: str, name: str, journal: Path | str, *more: str) -> str:
    """Return the command that does something with a campaign, or plans one of a list.

    It is to be copied as it stands; a password is left out of it, and that is told once.
    """
    words = ["alphasms campaign", word, shlex.quote(name), *more]
    if journal != _usual():
        words += ["--journal", shlex.quote(shown(journal))]
        if shown(journal) != str(journal):
            tell_of_password()
    return " ".join(words)


def _usual() -> Path | str:
    named = os.environ.get(_VARIABLE)
    return _place_of(named) if named else DEFAULT_JOURNAL


@cache
def tell_of_password() -> None:
    """Say, the first time only, that a password is left out, and what gives it to a command."""
    notes.print(
        "the password is left out of commands shown here: PGPASSWORD or ~/.pgpass gives it to "
        f"them, or {_VARIABLE} with all of the DSN, which no list of processes shows",
        style="dim",
    )


def _opened(place: Path | str, **how: Any) -> Journal:
    try:
        return open_journal(place, **how)
    except ImportError as error:
        # The option asked for what is not installed, and nothing is begun.
        raise ConfigurationError(" ".join(str(error).split())) from error
