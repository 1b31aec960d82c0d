"""What a list comes to, shown to a person before anybody is dialled, or to a program."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from alphasms_async.campaigns import (
    Campaign,
    Plan,
    PlayRecording,
    Quotes,
    RecipientList,
    SpeakSms,
    SpeakText,
)
from alphasms_async.campaigns.plan import InvalidLine
from alphasms_async.cli.terminal import answers, counted, lasting, megabytes, money, notes
from alphasms_async.phone import without_number

__all__ = ["plan_as_json", "show_plan"]

_KYIV = "Europe/Kyiv"


def show_plan(
    listed: RecipientList, plan: Plan, quotes: Quotes | str, *, aside: bool = False
) -> None:
    """Print what a list comes to, and what a person should think of.

    Args:
        listed: The list.
        plan: What it comes to.
        quotes: The prices, or why there are none.
        aside: Whether it is a note, and not what was asked for.
    """
    table = Table(show_header=False, show_edge=False, pad_edge=False, box=None)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    table.add_row("list", f"{counted(plan.rows, 'line')}, {listed.described}")
    table.add_row("to dial", Text(counted(plan.to_dial, "phone"), style="bold"))
    for count, what in (
        (plan.duplicates, "twice in the list"),
        (plan.do_not_call, "on the do-not-call list"),
        (plan.invalid, "no phone, or its text cannot be sent"),
    ):
        if count:
            table.add_row("", f"{count} {what}")
    for name, told in _heard(plan.campaign):
        table.add_row(name, told)
    table.add_row("upload", megabytes(plan.upload_bytes))
    table.add_row("cost", _cost(plan, quotes))
    table.add_row("time", _time(plan))
    for name, told in _moments_and_events(plan.campaign):
        table.add_row(name, told)
    (notes if aside else answers).print(table)
    _show_warnings(plan, quotes)


def _show_warnings(plan: Plan, quotes: Quotes | str) -> None:
    """Print who cannot be called and why, and what a person should think of."""
    for why, lines in _invalid(plan.invalid_lines).items():
        named = ", ".join(map(str, lines))
        which = f"line {named} cannot be called"
        if len(lines) > 1:
            which = f"{len(lines)} lines cannot be called ({named})"
        notes.print(f"  {which}: {why}", style="dim")
    if more := plan.invalid - len(plan.invalid_lines):
        notes.print(f"  and {more} more that cannot be called", style="dim")
    for warning in _warnings(plan, quotes):
        notes.print(f"  - {warning}", style="yellow")


def plan_as_json(plan: Plan, quotes: Quotes | str) -> dict[str, object]:
    """Return the same as plain data."""
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
        "warnings": [*_warnings(plan, quotes)],
    }


def _invalid(lines: Iterable[InvalidLine]) -> dict[str, list[int]]:
    """Return which lines have the same wrong with them, but for the phone."""
    found: dict[str, list[int]] = {}
    for one in lines:
        found.setdefault(without_number(one.why), []).append(one.line)
    return found


def _heard(campaign: Campaign) -> Iterator[tuple[str, str | Text]]:
    kind = campaign.kind
    if isinstance(kind, PlayRecording):
        recording = kind.recording
        yield "recording", f"{recording.seconds:.1f} s, {recording.size} bytes"
    elif isinstance(kind, SpeakSms | SpeakText):
        yield "text", Text(kind.template.text)
    if isinstance(kind, PlayRecording | SpeakText) and kind.dtmf:
        yield "key press", "is waited for; the hook's events tell which"
    if campaign.opt_out is not None:
        yield "opt out", f"who presses {campaign.opt_out} is called no more"


def _moments_and_events(campaign: Campaign) -> Iterator[tuple[str, str]]:
    zone = campaign.window.zone if campaign.window else _KYIV
    for name, moment in (("starts at", campaign.starts_at), ("expires at", campaign.expires_at)):
        if moment is not None:
            yield name, _local(moment, zone)
    if campaign.redial is not None:
        redial = campaign.redial
        on = " or ".join(sorted(one.replace("_", " ") for one in redial.on))
        after = lasting(redial.after_seconds)
        yield "redial", f"{counted(redial.times, 'more call')} at most, {after} after {on}"
    if campaign.hook is not None:
        # Its host alone: the query may be a secret.
        yield "hook", urlsplit(campaign.hook).hostname or ""


def _local(moment: datetime, zone: str) -> str:
    try:
        return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"
    except OverflowError:
        # In the last hours of the year 9999, or the first of the year 1.
        return f"{moment:%Y-%m-%d %H:%M} UTC"


def _warnings(plan: Plan, quotes: Quotes | str) -> Iterator[str]:
    yield from plan.warnings
    campaign, prices = plan.campaign, None if isinstance(quotes, str) else quotes
    limit = campaign.max_price
    if prices is not None and limit is not None and campaign.kind.tells_price:
        if limit < prices.low:
            yield "every call costs more than --max-price: the first would stop the run"
        elif limit < prices.high:
            yield "some calls cost more than --max-price: the first of them would stop the run"
    each = prices.high if prices is not None and campaign.kind.tells_price else limit
    enough = _affordable(plan, each)
    if enough is not None and enough < plan.to_dial:
        yield f"the budget is enough for about {enough} of {plan.to_dial} (--budget)"
    if prices is not None and prices.balance is not None:
        cost = prices.high * plan.parts
        needed = cost if campaign.budget is None else min(cost, campaign.budget)
        if prices.balance < needed:
            yield f"the account has {money(prices.balance)}, and this may cost {money(needed)}"


def _affordable(plan: Plan, each: Decimal | None) -> int | None:
    """Return how many calls the budget pays. `None`: there is none, or no price is known."""
    if plan.campaign.budget is None or not each or not plan.parts:
        return None
    return int(plan.campaign.budget * plan.to_dial / (each * plan.parts))


def _cost(plan: Plan, quotes: Quotes | str) -> str:
    currency = "" if isinstance(quotes, str) or not quotes.currency else f" {quotes.currency}"
    limits: list[str] = []
    if plan.campaign.budget is not None:
        limits.append(f"at most {money(plan.campaign.budget)}{currency}")
    if plan.campaign.max_price is not None:
        limits.append(f"at most {money(plan.campaign.max_price)}{currency} each")
    if isinstance(quotes, str):
        return ", ".join([f"not known ({quotes})", *limits])
    low, high = (money(price * plan.parts) for price in (quotes.low, quotes.high))
    range_ = low if low == high else f"{low} to {high}"
    return ", ".join([f"about {range_}{currency}", *limits])


def _time(plan: Plan) -> str:
    campaign = plan.campaign
    told = f"as fast as the gateway answers, {campaign.concurrency} at once"
    if plan.seconds is not None:
        pace = f"about {lasting(plan.seconds)} at {campaign.per_second:g} a second"
        told = f"{pace}, {campaign.concurrency} at once"
    if campaign.window is not None:
        told += f", {campaign.window.describe()}"
    return told
