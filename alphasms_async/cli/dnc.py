"""`alphasms dnc`: the numbers that no campaign of a journal calls."""

from pathlib import Path

import anyio.to_thread

from alphasms_async import InvalidRequest, parse_phone
from alphasms_async.campaigns import (
    DEFAULT_JOURNAL,
    AddDoNotCall,
    RemoveDoNotCall,
    Told,
    open_list,
    tell,
)
from alphasms_async.campaigns.plan import InvalidLine
from alphasms_async.cli.journals import JournalPlace, book, look_into
from alphasms_async.cli.terminal import ExitCode, answers, counted, notes

__all__ = ["add", "listed", "remove"]


async def add(
    *phones: str,
    file: Path | None = None,
    column: str | None = None,
    journal: JournalPlace = DEFAULT_JOURNAL,
) -> ExitCode:
    """Call these phones no more, in no campaign of the journal; also while one is dialled.

    Lines of a list that are no phones are named, and the others are added.

    Exit codes: 0 all are added, 2 none is, 3 some lines of the list are no phones.

    Parameters
    ----------
    phones
        Numbers as people write them.
    file
        A list with more of them: CSV, JSON Lines or .xlsx.
    column
        Header or number of its phone column.
    journal
        Journal that keeps the campaigns: a file, made when it is not there, or
        postgresql://user@host/database.
    """
    digits, wrong = {parse_phone(phone): None for phone in phones}, list[InvalidLine]()
    if file is not None:
        found, wrong = await anyio.to_thread.run_sync(_read, file, column)
        digits |= found
    elif not digits:
        raise InvalidRequest("give phones, such as +380501234567, or a list with --file")
    if not isinstance(journal, Path):
        # A file is made by whoever tells it something; the tables of a database are not.
        async with book(journal, "dnc add", must_exist=False):
            pass
    done = await tell(journal, [AddDoNotCall(tuple(digits))])
    _say(done, f"{counted(len(digits), 'phone')} not to be called")
    for one in wrong:
        notes.print(f"line {one.line}: {one.why}")
    return ExitCode.SOME_NOT if wrong else ExitCode.ACCEPTED


async def remove(*phones: str, journal: JournalPlace = DEFAULT_JOURNAL) -> None:
    """Allow these phones again, from the next campaign on.

    Parameters
    ----------
    phones
        Numbers as people write them.
    journal
        Journal that keeps the campaigns: a file, or postgresql://user@host/database.
    """
    if not phones:
        raise InvalidRequest("give phones, such as +380501234567")
    digits = {parse_phone(phone) for phone in phones}
    async with look_into(journal) as opened:
        were = len(digits.intersection(await opened.do_not_call()))
    done = await tell(journal, [RemoveDoNotCall(tuple(digits))])
    told = f"{counted(were, 'phone')} allowed again"
    if done is Told.LEFT:
        told = f"{counted(len(digits), 'phone')} allowed again, as far as they are on the list"
    elif missing := len(digits) - were:
        told += f", {missing} {'was' if missing == 1 else 'were'} not on the list"
    _say(done, told)


async def listed(*, journal: JournalPlace = DEFAULT_JOURNAL) -> None:
    """Print the phones that are not called, a line each, as `dnc add --file` reads them.

    Parameters
    ----------
    journal
        Journal that keeps the campaigns: a file, or postgresql://user@host/database.
    """
    async with look_into(journal) as opened:
        for phone in await opened.do_not_call():
            answers.print(f"+{phone}")


def _read(file: Path, column: str | None) -> tuple[dict[str, None], list[InvalidLine]]:
    """Return the phones of a list, and its lines that are none.

    Raises:
        InvalidRequest: It cannot be read, or has no phone at all.
    """
    digits, wrong = dict[str, None](), list[InvalidLine]()
    for one in open_list(file, column):
        try:
            digits[parse_phone(one.text)] = None
        except InvalidRequest as error:
            wrong.append(InvalidLine(one.line, str(error)))
    if wrong and not digits:
        first = wrong[0]
        raise InvalidRequest(
            f"none of the {counted(len(wrong), 'line')} is a phone: line {first.line}: {first.why}"
        )
    return digits, wrong


def _say(done: Told, told: str) -> None:
    if done is Told.DONE:
        answers.print(told)
    else:
        notes.print(f"{told}: left for whoever writes the journal, and is busy")
