"""`alphasms campaign plan`: a list becomes a campaign, and a person sees what it comes to."""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio.to_thread
from attrs import evolve
from rich.table import Table
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
    Plan,
    PlayRecording,
    Quotes,
    RecipientList,
    SpeakSms,
    SpeakText,
    SqliteJournal,
    open_list,
    plan_campaign,
    quote,
)
from alphasms_async.campaigns.clock import utc_now
from alphasms_async.cli.campaign.options import Heard, Limits, make_campaign
from alphasms_async.cli.campaign.stored import JournalPath, book, command_line, is_there
from alphasms_async.cli.campaign.trial import Trial
from alphasms_async.cli.terminal import (
    ExitCode,
    Flag,
    answers,
    counted,
    lasting,
    megabytes,
    money,
    notes,
    print_json,
)

__all__ = ["plan", "show_plan", "show_warnings", "written_plan"]

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
    journal: JournalPath = DEFAULT_JOURNAL,
    yes: Flag = False,
    json: Flag = False,
) -> ExitCode:
    """Write a campaign with everybody of a list into the journal. Nobody is called.

    Shows how many phones it will call, what that may cost and how long it takes, and who cannot
    be called and why. `alphasms campaign run NAME` dials then.

    ```
    alphasms campaign plan clients.csv --name spring --audio promo.wav --per-second 20
    alphasms campaign plan clients.csv --name bills --say "Dear {name}, your bill is {sum} UAH"
    ```

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
        File that keeps all campaigns, and what became of each call.
    yes
        Answer every question with yes.
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
            print_json(_as_json(made, quotes))
        else:
            show_plan(listed, made, quotes)
        if phone is not None:
            trial = Trial(opened, campaign, listed, is_kept=not dry_run)
            if not await trial.call(phone, yes=yes):
                return ExitCode.INTERRUPTED
    if not json:
        kept = "nothing was kept: this was a dry run"
        next_ = f"next: {command_line('run', name, journal)}"
        notes.print(kept if dry_run else next_, markup=False)
    return ExitCode.ACCEPTED


async def written_plan(
    journal: SqliteJournal,
    campaign: Campaign,
    listed: RecipientList,
    *,
    recent_hours: float = 24,
    keep: bool = True,
) -> tuple[Plan, Quotes | str]:
    """Plan with live progress, and ask for prices; return the plan, and the prices or why not."""
    if campaign.expires_at is not None and campaign.expires_at <= utc_now():
        raise InvalidRequest("--expires-at is over already: nobody would be dialled")
    with notes.status(f"reading {listed.path}") as status:

        def show(count: int) -> None:
            status.update(f"reading {listed.path}: {counted(count, 'line')}")

        made = await plan_campaign(
            journal, campaign, listed, recent_hours=recent_hours, keep=keep, on_progress=show
        )
        status.update("asking for prices")
        quotes = await _quotes(made)
    if keep and isinstance(quotes, Quotes) and campaign.kind.tells_price:
        await journal.quote(campaign.name, quotes.high)
    return made, quotes


def show_plan(listed: RecipientList, plan: Plan, quotes: Quotes | str) -> None:
    """Print what a list comes to."""
    table = Table(show_header=False, show_edge=False, pad_edge=False, box=None)
    table.add_column(style="dim")
    table.add_column()
    table.add_row("list", f"{counted(plan.rows, 'line')}, {listed.described}")
    table.add_row("to dial", f"[bold]{counted(plan.to_dial, 'phone')}[/bold]")
    for count, what in (
        (plan.duplicates, "twice in the list"),
        (plan.do_not_call, "on the do-not-call list"),
        (plan.invalid, "no phone, or its text cannot be sent"),
    ):
        if count:
            table.add_row("", f"{count} {what}")
    kind = plan.campaign.kind
    if isinstance(kind, PlayRecording):
        table.add_row("recording", f"{kind.recording.seconds:.1f} s, {kind.recording.size} bytes")
    elif isinstance(kind, SpeakSms | SpeakText):
        table.add_row("text", Text(kind.template.text))
    table.add_row("upload", megabytes(plan.upload_bytes))
    table.add_row("cost", _cost(plan, quotes))
    table.add_row("time", _time(plan))
    answers.print(table)
    show_warnings(plan)


def show_warnings(plan: Plan) -> None:
    """Print who cannot be called and why, and what a person should think of."""
    for line in plan.invalid_lines:
        notes.print(f"  line {line.line}: {line.why}", markup=False, style="dim")
    if plan.invalid > len(plan.invalid_lines):
        notes.print(f"  and {plan.invalid - len(plan.invalid_lines)} more", style="dim")
    for warning in plan.warnings:
        notes.print(f"  - {warning}", markup=False, style="yellow")


@asynccontextmanager
async def _journal(path: Path, *, dry_run: bool) -> AsyncGenerator[SqliteJournal]:
    """Open the journal; one that a dry run would have to make lives and dies elsewhere."""
    with tempfile.TemporaryDirectory(prefix="alphasms-") as folder:
        place = path if not dry_run or is_there(path) else Path(folder, path.name)
        async with book(place, "campaign plan", must_exist=False) as opened:
            yield opened


async def _quotes(plan: Plan) -> Quotes | str:
    """Return prices, or in words why there are none."""
    try:
        async with AlphaSMS(timeout=_QUOTE_SECONDS, max_retries=0) as alphasms:
            return await quote(alphasms, plan.samples)
    except (AlphaSMSError, ConfigurationError) as error:
        return str(error)


def _cost(plan: Plan, quotes: Quotes | str) -> str:
    limits: list[str] = []
    if plan.campaign.budget is not None:
        limits.append(f"at most {money(plan.campaign.budget)}")
    if plan.campaign.max_price is not None:
        limits.append(f"at most {money(plan.campaign.max_price)} each")
    if isinstance(quotes, str):
        return ", ".join([f"not known ({quotes})", *limits])
    low, high = (money(price * plan.parts) for price in (quotes.low, quotes.high))
    range_ = low if low == high else f"{low} to {high}"
    return ", ".join([f"about {range_} {quotes.currency or ''}".rstrip(), *limits])


def _time(plan: Plan) -> str:
    campaign = plan.campaign
    told = f"{campaign.concurrency} at once"
    if plan.seconds is not None:
        told = f"about {lasting(plan.seconds)} at {campaign.per_second:g} a second, {told}"
    if campaign.window is not None:
        told += f", {campaign.window.describe()}"
    return told


def _as_json(plan: Plan, quotes: Quotes | str) -> dict[str, object]:
    prices = None if isinstance(quotes, str) else quotes
    return {
        "name": plan.campaign.name,
        "lines": plan.rows,
        "to_dial": plan.to_dial,
        "duplicates": plan.duplicates,
        "do_not_call": plan.do_not_call,
        "invalid": plan.invalid,
        "invalid_lines": [{"line": one.line, "why": one.why} for one in plan.invalid_lines],
        "recently_called": plan.recently_called,
        "upload_bytes": plan.upload_bytes,
        "cost_low": f"{prices.low * plan.parts:f}" if prices else None,
        "cost_high": f"{prices.high * plan.parts:f}" if prices else None,
        "currency": prices.currency if prices else None,
        "seconds": plan.seconds,
        "warnings": plan.warnings,
    }
