"""`alphasms campaign plan`: a list becomes a campaign, and a person sees what it comes to."""

import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import anyio
import anyio.to_thread
from attrs import evolve
from rich.text import Text

from alphasms_async import (
    AlphaSMS,
    AlphaSMSError,
    ConfigurationError,
    InvalidRequest,
    parse_phone,
)
from alphasms_async.campaigns import (
    DEFAULT_JOURNAL,
    Campaign,
    Journal,
    Plan,
    Quotes,
    RecipientList,
    open_list,
    plan_campaign,
    quote,
)
from alphasms_async.cli.campaign.options import Heard, Limits, make_campaign
from alphasms_async.cli.campaign.overview import plan_as_json, show_plan
from alphasms_async.cli.campaign.trial import Trial
from alphasms_async.cli.gateway import gateway
from alphasms_async.cli.journals import JournalPlace, book, command_line, is_there
from alphasms_async.cli.terminal import (
    ExitCode,
    Flag,
    counted,
    hint,
    notes,
    print_json,
)
from alphasms_async.clock import utc_now

__all__ = ["plan", "written_plan"]

_QUOTE_SECONDS = 10


async def plan(
    list: Path,  # noqa: A002 - the word on the command line
    /,
    *,
    name: str,
    heard: Heard | None = None,
    limits: Limits | None = None,
    column: str | None = None,
    recent_hours: float = 24,
    test_to: str | None = None,
    dry_run: Flag = False,
    journal: JournalPlace = DEFAULT_JOURNAL,
    yes: Flag = False,
    json: Flag = False,
) -> ExitCode:
    """Write a campaign with everybody of a list into the journal. None of them is called.

    Shows how many phones it will call, what that may cost and how long it takes, and who cannot
    be called and why. `alphasms campaign run NAME` dials then.

    ```
    alphasms campaign plan clients.csv --name spring --audio promo.wav
    alphasms campaign plan clients.csv --name bills --say "{name}, your bill: {sum}"
    ```

    Exit codes: 0 planned, 2 bad input, 3 the call of --test-to was not accepted, 130 interrupted,
    or it did not sound right. Nothing is kept but with 0.

    Parameters
    ----------
    list
        CSV, JSON Lines or .xlsx file with the phones, with or without a header.
    name
        What the campaign is called, such as spring.
    column
        Header or number of the phone column, when it is not called phone, number, mobile,
        телефон or номер.
    recent_hours
        Warn of phones that another campaign called in the last so many hours.
    test_to
        Call this phone first, such as your own, and ask whether it sounds right.
    dry_run
        Show the plan and keep nothing.
    journal
        Journal that keeps all campaigns, and what became of each call: a file, or
        postgresql://user@host/database.
    yes
        Do not ask after --test-to whether it sounds right.
    json
        Print the plan as JSON.
    """
    phone = None if test_to is None else parse_phone(test_to)
    listed = await anyio.to_thread.run_sync(open_list, list, column)
    campaign = evolve(await make_campaign(name, heard, limits), list_sha256=listed.sha256)
    async with _journal(journal, dry_run=dry_run) as opened:
        made, quotes = await written_plan(
            opened, campaign, listed, recent_hours=recent_hours, keep=not dry_run
        )
        if json:
            print_json(plan_as_json(made, quotes))
        else:
            show_plan(listed, made, quotes)
        if phone is not None:
            trial = Trial(opened, campaign, listed, is_kept=not dry_run)
            if not await trial.call(phone, yes=yes):
                return ExitCode.INTERRUPTED
    if not json:
        if dry_run:
            notes.print("nothing was kept: this was a dry run")
        else:
            hint("next", command_line("run", name, journal))
    return ExitCode.ACCEPTED


async def written_plan(
    journal: Journal,
    campaign: Campaign,
    listed: RecipientList,
    *,
    recent_hours: float = 24,
    keep: bool = True,
    check: Callable[[Plan], None] | None = None,
) -> tuple[Plan, Quotes | str]:
    """Plan with live progress, and ask for prices; return the plan, and the prices or why not."""
    if campaign.expires_at is not None and campaign.expires_at <= utc_now():
        raise InvalidRequest("--expires-at is over already: nobody would be dialled")
    with notes.status(Text(f"reading {listed.path}")) as status:

        def show(count: int) -> None:
            status.update(Text(f"reading {listed.path}: {counted(count, 'line')}"))

        made = await plan_campaign(
            journal,
            campaign,
            listed,
            recent_hours=recent_hours,
            keep=keep,
            check=check,
            on_progress=show,
        )
        status.update("asking for prices")
        try:
            quotes = await _quotes(made)
        except BaseException:
            if keep:
                with anyio.CancelScope(shield=True):
                    await journal.discard(campaign.name)
            raise
    if keep and isinstance(quotes, Quotes) and campaign.kind.tells_price:
        await journal.quote(campaign.name, quotes.high, quotes.currency)
    return made, quotes


@asynccontextmanager
async def _journal(place: Path | str, *, dry_run: bool) -> AsyncGenerator[Journal]:
    """Open the journal; a file that a dry run would have to make lives and dies elsewhere."""
    with tempfile.TemporaryDirectory(prefix="alphasms-") as folder:
        if dry_run and not is_there(place):
            place = Path(folder, "dry.journal")
        async with book(place, "campaign plan", must_exist=False) as opened:
            yield opened


async def _quotes(plan: Plan) -> Quotes | str:
    """Return prices, or in words why there are none."""
    try:
        async with gateway(timeout=_QUOTE_SECONDS, max_retries=0) as alphasms:
            quotes = await quote(alphasms, plan.samples)
            return evolve(quotes, balance=await _balance(alphasms, quotes.currency))
    except (AlphaSMSError, ConfigurationError) as error:
        return str(error)


async def _balance(alphasms: AlphaSMS, currency: str | None) -> Decimal | None:
    """Return the money on the account; `None` where that cannot be had, or compared."""
    try:
        told = await alphasms.account.balance()
    except AlphaSMSError:
        return None
    return told.amount if currency is None or told.currency in {None, currency} else None
