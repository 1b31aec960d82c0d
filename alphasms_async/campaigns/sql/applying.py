"""What a command does to the journal, inside one transaction."""

from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal

from alphasms_async.campaigns.commands import (
    AddDoNotCall,
    Cancel,
    Command,
    Drop,
    Pause,
    RecordEvent,
    Redial,
    RemoveDoNotCall,
    Resume,
    SetBudget,
    SetPace,
)
from alphasms_async.campaigns.events import Recorded
from alphasms_async.campaigns.records import CampaignRecord, CampaignState
from alphasms_async.campaigns.sql.connection import Connection
from alphasms_async.campaigns.sql.definitions import definition_facts
from alphasms_async.campaigns.sql.moves import decide, record
from alphasms_async.campaigns.sql.reading import read_campaign
from alphasms_async.campaigns.states import Cause, SkipReason
from alphasms_async.checks import check_max_price, check_rate, check_sum
from alphasms_async.errors import InvalidRequest

__all__ = ["apply", "named", "quote"]


def named(connection: Connection, name: str) -> CampaignRecord:
    """Return a campaign by its name.

    Raises:
        InvalidRequest: There is none of that name; the text names those there are.
    """
    row = None
    # Bytes of a command line that are no text; nothing is called so, for nothing could be stored.
    with suppress(UnicodeEncodeError):
        if b"\0" not in name.encode():
            row = connection.execute("campaign_named", {"name": name}).fetchone()
    if row is not None:
        return read_campaign(row)
    names = [other[1] for other in connection.execute("campaigns").fetchall()]
    there_are = f"there are: {', '.join(names)}" if names else "there is none yet"
    raise InvalidRequest(f"no campaign {name!r} in this journal; {there_are}")


def apply(connection: Connection, command: Command, now: float) -> int:
    """Do what a command asks; return how many rows or settings it changed.

    Raises:
        InvalidRequest: It names no campaign of the journal, or one that is over.
    """
    match command:
        case Pause() | Resume() | Cancel():
            return _set_state(connection, command, now)
        case SetPace() | SetBudget():
            return _set_limit(connection, command)
        case AddDoNotCall():
            return _for_each(connection, "add_do_not_call", command.phones, now)
        case RemoveDoNotCall():
            return _for_each(connection, "remove_do_not_call", command.phones, now)
        case Redial() | Drop():
            return _decide(connection, command, now)
        case RecordEvent():
            return record(connection, command.event, now) is Recorded.CHANGED


def _going_on(connection: Connection, name: str) -> CampaignRecord:
    campaign = named(connection, name)
    campaign.check_going_on()
    return campaign


def _set_state(connection: Connection, command: Pause | Resume | Cancel, now: float) -> int:
    campaign = _going_on(connection, command.campaign)
    match command:
        case Pause():
            state = CampaignState.PAUSED
        case Resume():
            state = CampaignState.READY
        case Cancel():
            state = CampaignState.CANCELLED
    if state is campaign.state:
        return 0
    is_over = state is CampaignState.CANCELLED
    fields = {
        "campaign": campaign.id,
        "state": state,
        "finished_at": now if is_over else None,
    }
    connection.execute("set_campaign_state", fields)
    if is_over:
        skipped = {"campaign": campaign.id, "reason": SkipReason.CANCELLED}
        return len(connection.execute("skip_planned", skipped).fetchall())
    return 1


def _set_limit(connection: Connection, command: SetPace | SetBudget) -> int:
    campaign = _going_on(connection, command.campaign)
    if isinstance(command, SetPace):
        # Also what the inbox brings, which anybody may have written.
        checked = check_rate("per_second", command.per_second)
        pace = {"campaign": campaign.id, "per_second": checked}
        connection.execute("set_campaign_pace", pace)
    else:
        _define(connection, campaign, _sums(campaign, command))
    return 1


def quote(connection: Connection, name: str, price: Decimal, currency: str | None) -> None:
    """Note what is quoted for a call of a campaign.

    Raises:
        InvalidRequest: There is none of that name.
    """
    campaign = named(connection, name)
    quoted = {"campaign": campaign.id, "quoted": f"{price:f}"}
    connection.execute("set_campaign_quoted", quoted)
    if currency is not None:
        _define(connection, campaign, {"currency": currency})


def _define(connection: Connection, campaign: CampaignRecord, news: Mapping[str, str]) -> None:
    """Have a campaign's definition say something else."""
    facts = definition_facts({**campaign.definition, **news})
    connection.execute("set_campaign_definition", {"campaign": campaign.id, **facts})


def _sums(campaign: CampaignRecord, command: SetBudget) -> dict[str, str]:
    """Return what the definition is to say of money."""
    budget, told = check_sum("budget", command.budget), command.max_price
    if told is None:
        told = campaign.definition.get("max_price")
    if told is None:
        return {"budget": f"{budget:f}"}
    max_price = check_sum("max_price", told)
    check_max_price(max_price, budget)
    return {"budget": f"{budget:f}", "max_price": f"{max_price:f}"}


def _for_each(connection: Connection, query: str, phones: tuple[str, ...], now: float) -> int:
    changed = 0
    for phone in phones:
        row = connection.execute(query, {"phone": phone, "now": now}).fetchone()
        changed += row is not None
    return changed


def _decide(connection: Connection, command: Redial | Drop, now: float) -> int:
    campaign = named(connection, command.campaign)
    cause = Cause.REDIAL if isinstance(command, Redial) else Cause.DROP
    if cause is Cause.REDIAL and campaign.state is CampaignState.CANCELLED:
        raise InvalidRequest(f"the campaign {campaign.name!r} is cancelled: it dials nobody again")
    changed = sum(
        decide(connection, campaign.id, ref, cause, who=command.who, now=now)
        for ref in command.refs
    )
    if changed and cause is Cause.REDIAL:
        connection.execute("reopen_campaign", {"campaign": campaign.id})
    return changed
