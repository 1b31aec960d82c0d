"""`page_of`: a report as one HTML file that needs no network, no script and no other file."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import PurePath
from zoneinfo import ZoneInfo

from alphasms_async.campaigns.page.cards import (
    attempts_card,
    call_cards,
    spend_card,
    standing_card,
    tells_outcomes,
)
from alphasms_async.campaigns.page.figures import (
    amount,
    counted,
    duration,
    moment,
    number,
    share,
    span,
)
from alphasms_async.campaigns.page.markup import Markup, bdi, element, joined, plain
from alphasms_async.campaigns.page.trouble_cards import trouble_cards
from alphasms_async.campaigns.page.wording import Advice, advice, held, spent, verdict
from alphasms_async.campaigns.records import CampaignState
from alphasms_async.campaigns.report import Report
from alphasms_async.models import CallOutcome

__all__ = ["page_of"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE = Markup(files("alphasms_async.campaigns.page").joinpath("page.css").read_text("utf-8"))
_TONES = {
    CampaignState.READY: "brand",
    CampaignState.PAUSED: "warn",
    CampaignState.CANCELLED: "mute",
    CampaignState.FINISHED: "ok",
}
_LONGEST_TEXT = 160


def page_of(report: Report) -> str:
    """Return a report as a web page that can be mailed, printed and opened without a network.

    It holds phone numbers whole, for it is made for whom the list belongs to.

    Args:
        report: What `report_of` returned.
    """
    return "<!doctype html>\n" + element("html", _head(report), _body(report), lang="en")


def _head(report: Report) -> Markup:
    title = f"{plain(report.campaign.name)} – campaign report"
    return element(
        "head",
        element("meta", charset="utf-8"),
        # Whatever got into the page in spite of all escaping still reaches nothing.
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        # A browser asks for an icon that is not named here.
        element("link", rel="icon", href="data:,"),
        element("style", _STYLE),
    )


def _body(report: Report) -> Markup:
    return element(
        "body",
        element(
            "main",
            _header(report),
            *map(_callout, advice(report)),
            element("dl", *_tiles(report), class_="tiles"),
            element("div", *_cards(report), class_="cards"),
        ),
        _footer(report),
    )


def _header(report: Report) -> Markup:
    state = report.campaign.state
    facts = [_kind(report), _dates(report)]
    return element(
        "header",
        element("p", "Campaign report", class_="eyebrow"),
        element(
            "h1",
            bdi(report.campaign.name),
            " ",
            element("span", state, class_=f"chip {_TONES[state]}"),
        ),
        element("p", *(element("span", bdi(fact)) for fact in facts if fact), class_="facts"),
        element("p", verdict(report), class_="verdict"),
    )


def _kind(report: Report) -> str | None:
    told = report.campaign.definition.get("kind")
    match told:
        case {"kind": "recording", "seconds": seconds, "source": source}:
            # Only its name: the page may be mailed to whom the folders are no concern.
            named = f"Recording {PurePath(source).name}" if source else "Recording"
            return f"{named}, {seconds:.1f} s"
        case {"kind": "voice_sms" | "voice_text", "text": str(text)}:
            clipped = f"{text[:_LONGEST_TEXT]}…" if len(text) > _LONGEST_TEXT else text
            return f"“{clipped}”"
        case _:
            return None


def _dates(report: Report) -> str:
    zone = ZoneInfo(report.zone)
    first, last = report.timeline.first_at, report.timeline.last_at
    if first is None or last is None:
        return f"planned {moment(report.campaign.created_at, zone)}, not dialled yet"
    return f"{span(first, last, zone)} ({report.zone})"


def _callout(told: Advice) -> Markup:
    command = element("code", bdi(told.command)) if told.command else None
    return element(
        "p",
        element("span", bdi(told.text)),
        command,
        class_="callout urgent" if told.is_urgent else "callout",
    )


def _tiles(report: Report) -> Iterator[Markup]:
    yield _tile(
        "Accepted",
        number(report.accepted),
        f"{share(report.accepted, report.dialable)} of {counted(report.dialable, 'recipient')}"
        if report.dialable
        else "nobody to call",
    )
    if tells_outcomes(report):
        yield _answered(report)
    yield _spent(report)
    busiest = f"{number(report.timeline.busiest_minute)} in the busiest minute"
    yield _tile("Attempts", number(report.attempts), busiest if report.attempts else "none yet")
    yield _tile("Took", duration(report.took_seconds), "first to latest attempt")


def _answered(report: Report) -> Markup:
    outcomes = report.tally.outcomes
    answered, ended = outcomes[CallOutcome.ANSWERED], outcomes.total()
    told = f"{share(answered, ended)} of {counted(ended, 'outcome')}" if ended else "no outcome yet"
    return _tile("Answered", number(answered), told)


def _spent(report: Report) -> Markup:
    limit = "no budget" if report.budget is None else f"of {amount(report.budget)}"
    return _tile("Spent", spent(report), ", ".join(filter(None, (limit, held(report)))))


def _tile(name: str, value: str, note: str) -> Markup:
    return element(
        "div",
        element("dt", name),
        element("dd", element("b", value), element("small", note)),
        class_="tile",
    )


def _cards(report: Report) -> Iterator[Markup | None]:
    yield standing_card(report)
    if calls := list(call_cards(report)):
        yield element("div", *calls, class_="column")
    yield attempts_card(report)
    yield spend_card(report)
    yield from trouble_cards(report)


def _footer(report: Report) -> Markup:
    made = moment(report.made_at, ZoneInfo(report.zone))
    currency = report.currency or "the account's currency"
    return element(
        "footer",
        joined(
            f"Made {made}. Times are of {report.zone}, sums in {currency}. ",
            "This page holds whole phone numbers: pass it on with care.",
        ),
    )
