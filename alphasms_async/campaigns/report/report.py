"""`report_of`: what a campaign came to, for a table, a page, or a program."""

import re
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from attrs import frozen

from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.records import CampaignRecord, Money, Tally
from alphasms_async.campaigns.report.timeline import Timeline, timeline_of
from alphasms_async.campaigns.report.troubles import Troubles, troubles_of
from alphasms_async.campaigns.states import RowState
from alphasms_async.campaigns.window import Window
from alphasms_async.checks import is_whole
from alphasms_async.clock import Clock, utc_now
from alphasms_async.errors import InvalidRequest

__all__ = ["Report", "report_of"]

_DEFAULT_ZONE = "Europe/Kyiv"
_CURRENCY = re.compile(r"[A-Z]{3}")


@frozen(kw_only=True)
class Report:
    """What a campaign has come to at one moment."""

    campaign: CampaignRecord
    tally: Tally
    money: Money
    budget: Decimal | None
    """What it may spend. `None`: no limit."""
    currency: str | None
    """The ISO 4217 code of its sums. `None`: no price was quoted with one."""
    zone: str
    """The time zone its times are shown in: its window's, or Europe/Kyiv."""
    timeline: Timeline
    """Its attempts and its spend over time."""
    troubles: Troubles
    """Who was not reached, and why."""
    made_at: datetime
    """When it was made."""

    @property
    def accepted(self) -> int:
        """How many recipients the gateway has a call for, or had."""
        return self.tally.accepted

    @property
    def spent(self) -> Decimal | None:
        """What all calls cost whose price is known. `None`: there are calls, and no price is."""
        return self.money.told(self.accepted)

    @property
    def opted_out(self) -> int | None:
        """In how many calls the key to opt out was pressed. `None`: the campaign has none."""
        key = self.campaign.opt_out
        return None if key is None else self.tally.pressed(key)

    @property
    def dialable(self) -> int:
        """How many recipients there are, without the skipped."""
        return self.tally.total - self.tally.states[RowState.SKIPPED]

    @property
    def attempts(self) -> int:
        """How many times somebody was dialled, those included that came to nothing."""
        return sum(bucket.attempts for bucket in self.timeline.buckets)

    @property
    def took_seconds(self) -> float:
        """How long it was from the first attempt to the latest one, 0 or more."""
        first, last = self.timeline.first_at, self.timeline.last_at
        return (last - first).total_seconds() if first is not None and last is not None else 0.0


async def report_of(
    journal: Journal, name: str, *, failures: int = 50, clock: Clock = utc_now
) -> Report:
    """Have the journal count what a campaign came to.

    Memory does not grow with the campaign. While a run goes on its parts are of slightly
    different moments.

    Args:
        journal: The journal, entered.
        name: The campaign's name.
        failures: How many of those not reached are in it one by one, 0 or more; the others are
            counted.
        clock: Returns the time, aware. Tests set it.

    Raises:
        InvalidRequest: There is no such campaign, or `failures` is below 0.
        JournalError: The journal cannot be read.
    """
    _check_failures(failures)
    campaign = await journal.campaign(name)
    zone = _zone_of(campaign)
    return Report(
        campaign=campaign,
        tally=await journal.tally(campaign.id),
        money=await journal.money(campaign.id),
        budget=campaign.budget,
        currency=_currency_of(campaign),
        zone=zone,
        timeline=await timeline_of(journal, campaign.id, ZoneInfo(zone)),
        troubles=await troubles_of(journal, campaign.id, failures),
        made_at=clock(),
    )


def _check_failures(failures: int) -> None:
    if not is_whole(failures) or failures < 0:
        raise InvalidRequest(f"failures is a whole number, 0 or more, not {failures!r}")


def _zone_of(campaign: CampaignRecord) -> str:
    window = campaign.definition.get("window")
    return Window.from_json(window).zone if window else _DEFAULT_ZONE


def _currency_of(campaign: CampaignRecord) -> str | None:
    told = campaign.definition.get("currency")
    return told if isinstance(told, str) and _CURRENCY.fullmatch(told) else None
