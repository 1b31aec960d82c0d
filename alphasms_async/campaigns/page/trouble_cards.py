"""The cards of a report's page that tell what went wrong, and for whom."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from alphasms_async.campaigns.page.cards import card
from alphasms_async.campaigns.page.figures import counted, moment, number
from alphasms_async.campaigns.page.markup import Markup, bdi, element
from alphasms_async.campaigns.page.wording import as_argument
from alphasms_async.campaigns.records import RowRecord
from alphasms_async.campaigns.report import Report
from alphasms_async.campaigns.report.troubles import Trouble, reason_of
from alphasms_async.campaigns.states import RowState

__all__ = ["trouble_cards"]

_TONES = {RowState.UNCERTAIN: "warn", RowState.REFUSED: "bad", RowState.DROPPED: "drop"}
_MOST_REASONS = 12
_LONGEST = 300


def trouble_cards(report: Report) -> Iterator[Markup]:
    """Yield what went wrong and whom it happened to; nothing when nothing did."""
    troubles = report.troubles
    if not troubles.total:
        return
    shown, others = troubles.groups[:_MOST_REASONS], troubles.groups[_MOST_REASONS:]
    left = f"and {number(len(others))} reasons more" if others else ""
    yield card(
        "What went wrong",
        _table(("State", "Reason", "Recipients"), map(_reason, shown), "reasons"),
        element("p", left, class_="quiet") if left else None,
        note=counted(troubles.total, "recipient"),
        wide=True,
    )
    if troubles.rows:
        yield card(
            "Whom it happened to", _people(report), _rest(report), note=_shown(report), wide=True
        )


def _people(report: Report) -> Markup:
    zone = ZoneInfo(report.zone)
    heads = ("Phone", "State", "Reason", "Attempts", "Last attempt")
    return _table(heads, (_person(row, zone) for row in report.troubles.rows), "people")


def _table(heads: tuple[str, ...], rows: Iterator[Markup], kind: str) -> Markup:
    head = element("tr", *(element("th", one, scope="col") for one in heads))
    table = element("table", element("thead", head), element("tbody", *rows), class_=kind)
    # Reached by keyboard too, for it scrolls where there is little room.
    return element(
        "div", table, class_="scrolled", tabindex=0, role="region", aria_label=", ".join(heads)
    )


def _reason(trouble: Trouble) -> Markup:
    return element(
        "tr",
        element("td", _chip(trouble.state)),
        element("td", bdi(_clipped(trouble.reason)), class_="reason"),
        element("td", number(trouble.count), class_="number"),
    )


def _person(row: RowRecord, zone: ZoneInfo) -> Markup:
    phone = row.given or "–" if row.phone is None else f"+{row.phone}"
    at = "–" if row.claimed_at is None else moment(row.claimed_at, zone)
    return element(
        "tr",
        element("th", bdi(_clipped(phone)), scope="row"),
        element("td", _chip(row.state)),
        element("td", bdi(_clipped(reason_of(row))), class_="reason"),
        element("td", number(row.attempts), class_="number"),
        element("td", at, class_="time"),
    )


def _rest(report: Report) -> Markup | None:
    if not report.troubles.rest:
        return None
    command = f"alphasms campaign export {as_argument(report.campaign.name)} --format csv"
    told = f"and {number(report.troubles.rest)} more; everybody is in "
    return element("p", told, element("code", bdi(command)), class_="quiet")


def _shown(report: Report) -> str:
    troubles = report.troubles
    shown = number(len(troubles.rows))
    return f"{shown} of {number(troubles.total)}" if troubles.rest else shown


def _chip(state: RowState) -> Markup:
    return element("span", state, class_=f"chip {_TONES[state]}")


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
