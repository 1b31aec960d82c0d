"""A report in words: what came of the campaign, and what is to be done now."""

import shlex
from collections.abc import Iterator

from attrs import frozen

from alphasms_async.campaigns.page.figures import amount, counted, number
from alphasms_async.campaigns.records import CampaignState
from alphasms_async.campaigns.report import Report
from alphasms_async.campaigns.states import RowState

__all__ = ["Advice", "advice", "as_argument", "held", "spent", "verdict"]


@frozen
class Advice:
    """Something that a person should know or do."""

    text: str
    """One sentence or two."""
    command: str | None = None
    """What does it, for a terminal. `None`: nothing is to be run."""
    is_urgent: bool = False
    """Whether something is lost or stands still until it is done."""


def spent(report: Report) -> str:
    """Return what the calls cost, as far as that is told."""
    bound, cost = report.money.bounded(is_priced=report.campaign.is_priced)
    if report.spent is None and not cost.spent:
        return "not told"
    return f"{bound} {amount(cost.spent, report.currency)}".lstrip()


def held(report: Report) -> str:
    """Return what is kept of the budget for what is not known; empty when nothing is."""
    _, cost = report.money.bounded(is_priced=report.campaign.is_priced)
    told = f"{amount(cost.held)} held" if cost.held else ""
    if not cost.unpriced:
        return told
    calls = f"{counted(cost.unpriced, 'call')} without a told price"
    if cost.unpriced_held:
        return f"{told}, up to {amount(cost.unpriced_held)} of it for {calls}"
    return f"{told}, {calls}".removeprefix(", ")


def verdict(report: Report) -> str:
    """Return in a sentence or two what became of everybody."""
    if not report.tally.total:
        return "The list is empty: there was nobody to call."
    if not report.dialable:
        return "Everybody in the list was skipped: nobody was called."
    skipped = report.tally.states[RowState.SKIPPED]
    lines = f"{number(skipped)} of the list's {number(report.tally.total)} lines {_were(skipped)}"
    return f"{', '.join(_counts(report))}.{f' {lines} skipped.' if skipped else ''}"


def advice(report: Report) -> tuple[Advice, ...]:
    """Return what a person should do now, the most pressing first; nothing when all is well."""
    return tuple(_advice(report))


def as_argument(name: str) -> str:
    """Return a campaign's name as a shell takes it."""
    # One that begins with a hyphen would be read as an option.
    return f"-- {shlex.quote(name)}" if name.startswith("-") else shlex.quote(name)


def _counts(report: Report) -> Iterator[str]:
    yield f"{number(report.accepted)} of {number(report.dialable)} accepted"
    states = report.tally.states
    for state in (RowState.REFUSED, RowState.UNCERTAIN, RowState.DROPPED):
        if states[state]:
            yield f"{number(states[state])} {state}"
    if report.tally.to_dial:
        yield f"{number(report.tally.to_dial)} still to dial"


def _advice(report: Report) -> Iterator[Advice]:
    name = as_argument(report.campaign.name)
    uncertain, to_dial = report.tally.states[RowState.UNCERTAIN], report.tally.to_dial
    if report.campaign.halted:
        yield Advice(f"The last run stopped itself: {report.campaign.halted}", is_urgent=True)
    if uncertain:
        yield Advice(
            f"{_people(uncertain)} may or may not have been called: a request left, and no "
            "readable answer came. Nobody is called a second time until you decide.",
            f"alphasms campaign reconcile {name}",
            is_urgent=True,
        )
    if to_dial and report.campaign.state is CampaignState.PAUSED:
        yield Advice(
            f"The campaign is paused with {number(to_dial)} still to dial.",
            f"alphasms campaign resume {name}",
        )
    elif to_dial and report.campaign.state is CampaignState.READY:
        yield Advice(
            f"{_people(to_dial)} {_are(to_dial)} still to be dialled: "
            "a run goes on where the last one ended.",
            f"alphasms campaign run {name}",
        )


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{number(count)} people"
