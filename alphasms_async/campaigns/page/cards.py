"""The cards of a report's page: where everybody stands, what came of the calls, how it went."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from alphasms_async.campaigns.keys import Pressed
from alphasms_async.campaigns.page.axes import count_axis, time_marks
from alphasms_async.campaigns.page.charts import Frame, Level, Series, area, stacks
from alphasms_async.campaigns.page.figures import amount, day, duration, number
from alphasms_async.campaigns.page.markup import Markup, element
from alphasms_async.campaigns.page.shares import Part, bars, legend, ring, swatch
from alphasms_async.campaigns.page.wording import spent
from alphasms_async.campaigns.report import Report
from alphasms_async.campaigns.report.timeline import Bucket
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.models import CallOutcome

__all__ = [
    "attempts_card",
    "call_cards",
    "card",
    "keys_card",
    "outcomes_card",
    "spend_card",
    "standing_card",
    "tells_outcomes",
]

_STATES = (
    (RowState.DONE, "ok", "outcome known"),
    (RowState.ACCEPTED, "brand", "no outcome known"),
    (RowState.DIALING, "ring", "on its way"),
    (RowState.PLANNED, "soft", "to be dialled"),
    (RowState.UNCERTAIN, "warn", "may have rung"),
    (RowState.REFUSED, "bad", "nothing rang"),
    (RowState.DROPPED, "drop", "let go by a person"),
)
_OUTCOMES = (
    (CallOutcome.ANSWERED, "ok"),
    (CallOutcome.NO_ANSWER, "soft"),
    (CallOutcome.BUSY, "mute"),
    (CallOutcome.FAILED, "bad"),
    (CallOutcome.UNKNOWN, "warn"),
)
_VERDICTS = (
    (Verdict.ACCEPTED, "brand"),
    (Verdict.REFUSED, "bad"),
    (Verdict.UNCERTAIN, "warn"),
    (Verdict.NOT_SENT, "mute"),
    (Verdict.PUT_BACK, "soft"),
)
_UNSETTLED = "not ended"
_NO_HOOK = "Outcomes come by hook, or are asked for: none is known of these calls."
_LONGEST_KEYS = 12
# One bar over the whole width would look like much.
_FEWEST_STEPS = 20
_ONE_DAY = timedelta(days=1)
_MINUTE_SECONDS = 60


def card(title: str, *children: Markup | str | None, note: str = "", wide: bool = False) -> Markup:
    """Return a part of the page with a heading and, on its right, a note."""
    head = element("h2", title, element("small", note) if note else None)
    return element("section", head, *children, class_="card wide" if wide else "card")


def standing_card(report: Report) -> Markup:
    """Return how many recipients stand where, and apart from them how many were skipped."""
    states = report.tally.states
    parts = [
        Part(state, tone, states[state], note) for state, tone, note in _STATES if states[state]
    ]
    skipped = ", ".join(
        f"{number(count)} {reason.replace('_', '-')}"
        for reason, count in report.tally.reasons.most_common()
    )
    return card(
        "Recipients",
        _standing(parts),
        element("p", f"Skipped: {skipped}.", class_="quiet") if skipped else None,
        None if tells_outcomes(report) else element("p", _NO_HOOK, class_="quiet"),
        note="by state" if parts else "",
        wide=not tells_outcomes(report),
    )


def _standing(parts: Sequence[Part]) -> Markup:
    if not parts:
        return _nothing("There is nobody in the list who can be called.")
    label = "recipient" if sum(part.count for part in parts) == 1 else "recipients"
    picture = ring("Recipients by state", parts, label)
    return element("div", picture, legend(parts, "Recipients by state"), class_="standing")


def tells_outcomes(report: Report) -> bool:
    """Whether outcomes of calls are known, or were asked for."""
    asked = report.campaign.definition.get("hook") is not None or _waits_for_keys(report)
    return asked or bool(report.tally.outcomes)


def call_cards(report: Report) -> Iterator[Markup]:
    """Yield what became of the calls; nothing where nobody would tell."""
    if tells_outcomes(report):
        yield outcomes_card(report)
    if report.tally.digits or _waits_for_keys(report):
        yield keys_card(report)


def _waits_for_keys(report: Report) -> bool:
    return bool(report.campaign.definition.get("kind", {}).get("dtmf"))


def outcomes_card(report: Report) -> Markup:
    """Return what became of the calls, as far as the gateway told."""
    outcomes = report.tally.outcomes
    if not outcomes.total():
        return card("Calls", _nothing("The gateway has told no outcome of a call yet."))
    parts = [
        Part(outcome.replace("_", " "), tone, outcomes[outcome]) for outcome, tone in _OUTCOMES
    ]
    return card("Calls", bars(parts, "Calls by outcome"), note="by outcome")


def keys_card(report: Report) -> Markup:
    """Return which keys were pressed, the most frequent first."""
    if not report.tally.digits:
        return card("Keys pressed", _nothing("Nobody has pressed a key."))
    pressed = Pressed.of(report.tally)
    parts = [Part(_shortened(keys), "brand", count) for keys, count in pressed.most]
    if pressed.others:
        parts.append(Part("others", "mute", pressed.others))
    # So that each share is one of those who answered.
    if pressed.silent:
        parts.append(Part("no key", "soft", pressed.silent))
    return card(
        "Keys pressed",
        bars(parts, "Calls by keys pressed"),
        _opted_out(report),
        note="of the answered calls",
    )


def _opted_out(report: Report) -> Markup | None:
    if report.opted_out is None:
        return None
    told = f"Opted out: {number(report.opted_out)}, with the key {report.campaign.opt_out}."
    return element("p", told, class_="quiet")


def attempts_card(report: Report) -> Markup:
    """Return how many attempts began when, and how they ended."""
    buckets, zone = report.timeline.buckets, ZoneInfo(report.zone)
    if not buckets:
        return card("Attempts", _nothing("Nobody has been dialled yet."), wide=True)
    layers = [
        (verdict.replace("_", " "), Series(tone, [bucket.verdicts[verdict] for bucket in buckets]))
        for verdict, tone in _VERDICTS
    ]
    layers.append((_UNSETTLED, Series("ring", [bucket.unsettled for bucket in buckets])))
    shown = [(name, layer) for name, layer in layers if any(layer.counts)]
    step = duration(report.timeline.width_seconds)
    frame = _frame(
        report,
        "Attempts over time",
        f"{number(report.attempts)} attempts, in steps of {step}.",
        max(bucket.attempts for bucket in buckets),
    )
    notes = [_attempts_note(report, bucket, zone) for bucket in buckets]
    key = element("p", *_key(shown), class_="key")
    picture = stacks(frame, [layer for _, layer in shown], notes)
    numbers = _numbers(report, [name for name, _ in shown], [one for _, one in shown], zone)
    return card("Attempts", key, picture, numbers, note=f"each bar is {step}", wide=True)


def spend_card(report: Report) -> Markup | None:
    """Return what had been spent when, beside the budget. `None` when no price was told."""
    if report.spent is None:
        return None
    buckets, budget, zone = report.timeline.buckets, report.budget, ZoneInfo(report.zone)
    known = buckets[-1].spent if buckets else Decimal(0)
    if not known:
        return card("Spend", _nothing("Nothing has been spent yet."), wide=True)
    limit = "no budget was set" if budget is None else f"of a budget of {amount(budget)}"
    frame = _frame(
        report,
        "Spend over time",
        f"Spent {spent(report)}, {limit}.",
        float(max(known, budget or Decimal(0))),
    )
    notes = [f"{_when(report, one, zone)}: {amount(one.spent)} spent so far" for one in buckets]
    level = None if budget is None else Level(float(budget), f"budget {amount(budget)}")
    picture = area(frame, "ok", [float(bucket.spent) for bucket in buckets], notes, level)
    return card("Spend", picture, note=f"{spent(report)}, {limit}", wide=True)


def _frame(report: Report, title: str, description: str, highest: float) -> Frame:
    buckets, width = report.timeline.buckets, timedelta(seconds=report.timeline.width_seconds)
    steps = max(len(buckets), _FEWEST_STEPS)
    since, until = buckets[0].since, buckets[0].since + steps * width
    return Frame(
        title=title,
        description=description,
        counts=count_axis(highest),
        times=time_marks(since, until, ZoneInfo(report.zone)),
        steps=steps,
    )


def _key(shown: list[tuple[str, Series]]) -> Iterator[Markup]:
    for name, layer in shown:
        count = element("b", number(sum(layer.counts)))
        yield element("span", swatch(layer.tone), name, " ", count)


def _attempts_note(report: Report, bucket: Bucket, zone: ZoneInfo) -> str:
    """Return what a bar says of itself, nothing for one that is not there."""
    if not bucket.attempts:
        return ""
    ends = [
        f"{number(bucket.verdicts[verdict])} {verdict.replace('_', ' ')}"
        for verdict, _ in _VERDICTS
        if bucket.verdicts[verdict]
    ]
    if bucket.unsettled:
        ends.append(f"{number(bucket.unsettled)} {_UNSETTLED}")
    return f"{_when(report, bucket, zone)}: {', '.join(ends)}"


def _numbers(report: Report, names: list[str], layers: list[Series], zone: ZoneInfo) -> Markup:
    """Return the same as a table, folded away, for whoever reads numbers or hears the page."""
    is_told = report.spent is not None
    heads = ("from", *names, *(["spent so far"] if is_told else []))
    head = element("tr", *(element("th", one, scope="col") for one in heads))
    rows = (
        element(
            "tr",
            element("th", _when(report, bucket, zone), scope="row"),
            *(element("td", number(layer.counts[step])) for layer in layers),
            element("td", amount(bucket.spent)) if is_told else None,
        )
        for step, bucket in enumerate(report.timeline.buckets)
        if bucket.attempts
    )
    table = element("table", element("thead", head), element("tbody", *rows), class_="numbers")
    scrolled = element("div", table, class_="scrolled")
    return element("details", element("summary", "The same in numbers"), scrolled)


def _when(report: Report, bucket: Bucket, zone: ZoneInfo) -> str:
    local = bucket.since.astimezone(zone)
    if report.timeline.width_seconds >= _ONE_DAY.total_seconds():
        return day(local)
    clock = f"{local:%H:%M}"
    if report.timeline.width_seconds < _MINUTE_SECONDS:
        clock = f"{local:%H:%M:%S}"
    return clock if _is_one_day(report, zone) else f"{day(local, with_year=False)}, {clock}"


def _is_one_day(report: Report, zone: ZoneInfo) -> bool:
    days = [bucket.since.astimezone(zone).date() for bucket in report.timeline.buckets]
    return days[0] == days[-1]


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_KEYS else f"{text[:_LONGEST_KEYS]}…"


def _nothing(text: str) -> Markup:
    return element("p", text, class_="nothing")
