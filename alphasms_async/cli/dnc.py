"""`alphasms dnc`: the numbers that no campaign of a journal calls."""

from pathlib import Path

import anyio.to_thread

from alphasms_async import InvalidRequest, parse_phone
from alphasms_async.campaigns import (
    DEFAULT_JOURNAL,
    AddDoNotCall,
    Command,
    RemoveDoNotCall,
    Told,
    open_list,
    tell,
)
from alphasms_async.campaigns.sqlite.opening import check_place
from alphasms_async.cli.campaign.stored import JournalPath, look_into
from alphasms_async.cli.terminal import answers, counted, notes

__all__ = ["add", "listed", "remove"]


async def add(
    *phones: str,
    file: Path | None = None,
    column: str | None = None,
    journal: JournalPath = DEFAULT_JOURNAL,
) -> None:
    """Call these phones no more, in no campaign of the journal; also while one is dialled.

    Parameters
    ----------
    phones
        Numbers as people write them.
    file
        A list with more of them: CSV, JSON Lines or .xlsx.
    column
        Header or number of its phone column.
    journal
        File that keeps the campaigns, made when it is not there.
    """
    digits = await _digits(phones, file, column)
    check_place(journal)
    await _say(journal, AddDoNotCall(digits), f"{counted(len(digits), 'phone')} not to be called")


async def remove(*phones: str, journal: JournalPath = DEFAULT_JOURNAL) -> None:
    """Allow these phones again, from the next campaign on.

    Parameters
    ----------
    phones
        Numbers as people write them.
    journal
        File that keeps the campaigns.
    """
    digits = await _digits(phones, None, None)
    check_place(journal, must_exist=True)
    await _say(journal, RemoveDoNotCall(digits), f"{counted(len(digits), 'phone')} allowed again")


async def listed(*, journal: JournalPath = DEFAULT_JOURNAL) -> None:
    """Print the phones that are not called, digits, a line each.

    Parameters
    ----------
    journal
        File that keeps the campaigns.
    """
    async with look_into(journal) as opened:
        for phone in await opened.do_not_call():
            answers.print(phone)


async def _digits(
    phones: tuple[str, ...], file: Path | None, column: str | None
) -> tuple[str, ...]:
    """Return all numbers given, or refuse them all for one that is none."""
    texts = [*phones]
    if file is not None:
        found = await anyio.to_thread.run_sync(open_list, file, column)
        texts += [one.text for one in await anyio.to_thread.run_sync(lambda: [*found])]
    if not texts:
        raise InvalidRequest("give phones, such as +380501234567, or a list with --file")
    return tuple(dict.fromkeys(parse_phone(text) for text in texts))


async def _say(journal: Path, command: Command, told: str) -> None:
    if await tell(journal, [command]) is Told.DONE:
        answers.print(told)
    else:
        notes.print(f"{told}: left for whoever writes the journal, and is busy")
