"""`alphasms campaign reconcile`: what is uncertain is asked for, and the rest is a person's."""

import getpass
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from rich.table import Table

from alphasms_async import (
    AlphaSMSError,
    InvalidRequest,
    JournalError,
    parse_phone,
)
from alphasms_async.campaigns import (
    DEFAULT_JOURNAL,
    Drop,
    Journal,
    Reconciled,
    Redial,
    Ref,
    RowRecord,
    uncertain_rows,
)
from alphasms_async.campaigns import reconcile as ask_gateway
from alphasms_async.campaigns.report.troubles import reason_of
from alphasms_async.campaigns.sql.moves import REDIAL_AFTER_SECONDS
from alphasms_async.cli.gateway import gateway
from alphasms_async.cli.journals import JournalPlace, book, command_line
from alphasms_async.cli.terminal import (
    ExitCode,
    Flag,
    agreed,
    answers,
    counted,
    hint,
    notes,
    print_json,
)
from alphasms_async.clock import utc_now

__all__ = ["reconcile"]

_KYIV = ZoneInfo("Europe/Kyiv")
_MOST_REASONS = 10


async def reconcile(
    name: str,
    /,
    *phones: str,
    redial: Flag = False,
    drop: Flag = False,
    journal: JournalPlace = DEFAULT_JOURNAL,
    yes: Flag = False,
    json: Flag = False,
) -> ExitCode:
    """Settle what is uncertain: ask the gateway where it can be asked, and list the rest.

    Uncertain is whoever was called and no answer came back that tells whether it rang. A text
    carries an id of ours, which the gateway can be asked for. A recording carries none: who is
    left, look up in the provider's panel, and decide with --redial or --drop.

    ```
    alphasms campaign reconcile spring
    alphasms campaign reconcile spring 0501234567 --redial
    alphasms campaign reconcile spring --drop
    ```

    Exit codes: 0 nothing is uncertain any more, 3 something is.

    Parameters
    ----------
    name
        The campaign; `alphasms campaign status` lists all.
    phones
        Only these phones are meant by --redial or --drop; all that are left when none is given.
    redial
        It did not ring: dial them again at the next run. Refused in the first ten minutes, for an
        answer may still be on its way.
    drop
        Let them be: they are dialled no more.
    journal
        Journal the campaign was planned in: a file, or postgresql://user@host/database.
    yes
        Answer every question with yes.
    json
        Print a JSON object for each that is left, a line each.
    """
    if redial and drop:
        raise InvalidRequest("choose one: --redial dials them again, --drop lets them be")
    if phones and not (redial or drop):
        raise InvalidRequest("say what to do with these phones: --redial or --drop")
    async with book(journal, f"campaign reconcile {name}") as opened:
        wanted = _meant(phones, await uncertain_rows(opened, name))
        asked = await _asked(opened, name)
        rows = await uncertain_rows(opened, name)
        _refuse_strangers(wanted, rows)
        if redial or drop:
            chosen = [row for row in rows if not wanted or row.phone in wanted]
            await _decide(opened, name, chosen, redial=redial, yes=yes)
            rows = await uncertain_rows(opened, name)
    if asked.asked and not json:
        notes.print(f"the gateway has {asked.settled} of {asked.asked} it was asked for")
    # Who has decided has seen the table before.
    _print(rows, json=json, briefly=redial or drop)
    return ExitCode.SOME_NOT if rows else ExitCode.ACCEPTED


def _meant(phones: Sequence[str], rows: Sequence[RowRecord]) -> set[str]:
    """Return the digits of phones, which may stand there as the table shows them."""
    shown = {row.phone for row in rows}
    return {phone if phone in shown else parse_phone(phone) for phone in phones}


async def _asked(journal: Journal, name: str) -> Reconciled:
    """Ask the gateway, where it can be asked; what a person decides does not need its answer."""
    rows = await uncertain_rows(journal, name)
    if any(row.client_id or row.gateway_id for row in rows):
        try:
            with notes.status("asking the gateway"):
                async with gateway() as alphasms:
                    return await ask_gateway(alphasms, journal, name)
        except JournalError:
            raise
        except AlphaSMSError as error:
            notes.print(f"the gateway could not be asked: {error}")
    return Reconciled(0, 0, len(rows))


def _refuse_strangers(wanted: set[str], rows: Sequence[RowRecord]) -> None:
    strangers = wanted - {row.phone for row in rows}
    if strangers:
        some = (
            "1 of these phones is"
            if len(strangers) == 1
            else f"{len(strangers)} of these phones are"
        )
        raise InvalidRequest(f"{some} not uncertain in this campaign")


async def _decide(
    journal: Journal, name: str, rows: Sequence[RowRecord], *, redial: bool, yes: bool
) -> None:
    ready = [row for row in rows if not redial or _is_old_enough(row)]
    if len(ready) < len(rows):
        young = counted(len(rows) - len(ready), "attempt")
        minutes = REDIAL_AFTER_SECONDS // 60
        notes.print(f"{young} not {minutes} minutes old, whose answer may still come: redial later")
    question = (
        f"Dial {counted(len(ready), 'phone')} again? Any that did ring will ring twice."
        if redial
        else f"Let {counted(len(ready), 'phone')} be?"
    )
    if not ready or not agreed(question, yes=yes):
        return
    refs = tuple(Ref(row.id, row.attempts) for row in ready)
    command = (Redial if redial else Drop)(name, refs, getpass.getuser())
    changed = await journal.apply(command)
    whom = counted(changed, "recipient")
    if redial:
        hint(f"{whom} to be dialled again", command_line("run", name, journal.place))
    else:
        notes.print(f"{whom} dropped")


def _is_old_enough(row: RowRecord) -> bool:
    age = timedelta(seconds=REDIAL_AFTER_SECONDS)
    return row.claimed_at is None or utc_now() - row.claimed_at >= age


def _print(rows: Sequence[RowRecord], *, json: bool, briefly: bool) -> None:
    if json:
        for row in rows:
            print_json(_as_json(row))
    elif not rows:
        answers.print("nothing is uncertain")
    else:
        if not briefly:
            _print_table(rows)
        notes.print(
            f"{counted(len(rows), 'recipient')} may have rung and may not: look in the provider's "
            "panel, then --redial those that did not, and --drop the rest"
        )


def _as_json(row: RowRecord) -> dict[str, object]:
    return {
        "phone": row.phone,
        "line": row.line,
        "attempts": row.attempts,
        "called_at": row.claimed_at and row.claimed_at.isoformat(),
        "client_id": row.client_id,
        "error": row.error,
    }


def _print_table(rows: Sequence[RowRecord]) -> None:
    """Print who is uncertain, and why: a line for each of the most frequent reasons."""
    columns = ("phone", "line", "attempt", "called (Kyiv)")
    table = Table(*columns, show_edge=False, pad_edge=False)
    for row in rows:
        called = row.claimed_at.astimezone(_KYIV) if row.claimed_at else None
        shown = f"{called:%Y-%m-%d %H:%M:%S}" if called else ""
        table.add_row(row.phone, str(row.line), str(row.attempts), shown)
    answers.print(table)
    reasons = Counter(reason_of(row) for row in rows).most_common()
    for reason, count in reasons[:_MOST_REASONS]:
        answers.print(f"{count} of them: {reason}")
    if others := sum(count for _, count in reasons[_MOST_REASONS:]):
        answers.print(f"{others} of them: other reasons")
