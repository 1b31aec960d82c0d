"""The cards of a report's page that tell what went wrong, and for whom."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from alphasms_async.campaigns.page.cards import card
from alphasms_async.campaigns.page.figures import counted, moment, number
from alphasms_async.campaigns.page.markup import Markup, bdi, element
from alphasms_async.campaigns.page.wording import as_argument
from alphasms_async.campaigns.records import RowRecord
from alphasms_async.campaigns.report import Report
from alphasms_async.campaigns.report.troubles import Trouble
from alphasms_async.campaigns.states import RowState

__all__ = ["trouble_cards"]

_TONES = {RowState.UNCERTAIN: "warn", RowState.REFUSED: "bad", RowState.DROPPED: "drop"}
_MOST_REASONS = 12
_MOST_UNFOLDED = 5
_LONGEST = 300
_HEADS = ("Phone", "Attempts", "Last attempt")


def trouble_cards(report: Report) -> Iterator[Markup]:
    """Yield what went wrong and whom it happened to; nothing when nothing did."""
    troubles, zone = report.troubles, ZoneInfo(report.zone)
    if not troubles.total:
        return
    shown = [
        trouble
        for place, trouble in enumerate(troubles.groups)
        if place < _MOST_REASONS or trouble.rows
    ]
    left = counted(len(troubles.groups) - len(shown), "reason")
    yield card(
        "What went wrong",
        *(_trouble(trouble, zone) for trouble in shown),
        element("p", f"and {left} more", class_="quiet") if troubles.groups[len(shown) :] else None,
        _rest(report),
        note=counted(troubles.total, "recipient"),
        wide=True,
    )


def _trouble(trouble: Trouble, zone: ZoneInfo) -> Markup:
    """Return a reason with those below it whom it befell."""
    head = element(
        "h3",
        element("span", trouble.state, class_=f"chip {_TONES[trouble.state]}"),
        element("span", bdi(_clipped(trouble.reason)), class_="reason"),
        element("small", counted(trouble.count, "recipient")),
    )
    return element("div", head, _people(trouble, zone), class_="trouble")


def _people(trouble: Trouble, zone: ZoneInfo) -> Markup | None:
    """Return them as a table, which is folded away when it is long."""
    rows = trouble.rows
    if not rows:
        return None
    head = element("tr", *(element("th", one, scope="col") for one in _HEADS))
    body = element("tbody", *(_person(row, zone) for row in rows))
    table = element("table", element("thead", head), body, class_="people")
    # Reached by keyboard too, for it scrolls where there is little room.
    scrolled = element(
        "div", table, class_="scrolled", tabindex=0, role="region", aria_label=", ".join(_HEADS)
    )
    if len(rows) <= _MOST_UNFOLDED:
        return scrolled
    first = "" if len(rows) == trouble.count else f", the first {number(len(rows))}"
    return element(
        "details", element("summary", f"Who they are{first}"), scrolled, class_="printed"
    )


def _person(row: RowRecord, zone: ZoneInfo) -> Markup:
    phone = row.given or "–" if row.phone is None else f"+{row.phone}"
    at = "–" if row.claimed_at is None else moment(row.claimed_at, zone)
    return element(
        "tr",
        element("th", bdi(_clipped(phone)), scope="row"),
        element("td", number(row.attempts)),
        element("td", at, class_="time"),
    )


def _rest(report: Report) -> Markup | None:
    if not report.troubles.rest:
        return None
    command = f"alphasms campaign export {as_argument(report.campaign.name)} --format csv"
    told = f"and {counted(report.troubles.rest, 'recipient')} more; everybody is in "
    return element("p", told, element("code", bdi(command)), class_="quiet")


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
