"""Plan before dial: a list becomes a campaign, and a person sees first what it comes to."""

import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import time, timedelta
from decimal import Decimal
from typing import Self

from attrs import Factory, define, field, frozen
from phonenumbers import SUPPORTED_REGIONS

from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.journal import Journal, Planned
from alphasms_async.campaigns.kinds import PlayRecording
from alphasms_async.campaigns.lists import ListedRecipient, RecipientList
from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.states import RowState, SkipReason
from alphasms_async.clock import Clock, utc_now
from alphasms_async.errors import InvalidRequest
from alphasms_async.phone import DEFAULT_REGION, mask_digits, parse_phone

__all__ = ["InvalidLine", "Plan", "plan_campaign"]

_INVALID_SHOWN = 10
_OPERATOR_DIGITS = 5
_MOST_OPERATORS = 1000
_WARN_RECENT_HOURS = 24
_MOST_RECENT_HOURS = 87_600


@frozen
class InvalidLine:
    """A line of the list that cannot be dialled."""

    line: int
    """Where it stands, from 1."""
    why: str
    """One line, with the phone masked."""


@define
class _Seen:
    """What is learnt of the rows while they pass by."""

    rows: int = 0
    phones: int = 0
    """How many lines are phone numbers, whatever their text is."""
    valid: int = 0
    invalid: list[InvalidLine] = Factory(list[InvalidLine])
    upload_bytes: int = 0
    parts: int = 0
    operators: Counter[str] = Factory(Counter[str])
    samples: dict[str, str] = Factory(dict[str, str])

    def add(self, phone: str, upload_bytes: int, parts: int) -> None:
        """Count one that can be dialled, and remember a number of each operator."""
        self.valid += 1
        self.upload_bytes += upload_bytes
        self.parts += parts
        operator = phone[:_OPERATOR_DIGITS]
        if operator in self.samples or len(self.samples) < _MOST_OPERATORS:
            self.samples.setdefault(operator, f"+{phone}")
            self.operators[operator] += 1


@frozen(kw_only=True)
class Plan:
    """What a list comes to, before anybody is dialled."""

    campaign: Campaign
    rows: int
    """How many lines the list has, without empty ones."""
    to_dial: int
    """How many different phones will be dialled."""
    duplicates: int
    do_not_call: int
    """How many are on the journal's do-not-call list."""
    invalid: int
    invalid_lines: tuple[InvalidLine, ...]
    """The first of those."""
    recently_called: int
    """How many of the phones to dial another campaign called in the last `recent_hours`."""
    recent_hours: float
    upload_bytes: int
    """About how much is sent in all."""
    parts: int
    """About how many prices that will be; for a recording, 1 a call exactly."""
    samples: tuple[str, ...] = field(repr=False)
    """A phone of each operator in E.164, those with most recipients first, to ask prices for."""

    @property
    def seconds(self) -> float | None:
        """How long it takes at the planned pace. `None` when no pace is set."""
        pace = self.campaign.per_second
        return None if pace is None else self.to_dial / pace

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should think of before anybody is dialled, one line each."""
        return tuple(self._warnings())

    def _warnings(self) -> Iterator[str]:
        kind = self.campaign.kind
        if isinstance(kind, PlayRecording):
            yield from kind.recording.warnings
        window = self.campaign.window
        if window is None:
            yield "no window is set: phones may ring at night (--window 09:00-20:00)"
        elif window.start == window.end:
            yield "phones may ring at night: the window is the whole day (--window 09:00-20:00)"
        elif window.start > window.end > time(0):
            hours = f"from {window.start:%H:%M} to {window.end:%H:%M} of the next day"
            yield f"dials at night, {hours}"
        if self.campaign.redial is not None and self.campaign.hook is None:
            yield (
                "outcomes come by hook (run --hook-url URL) or by `campaign poll`: "
                "without either nobody is redialled"
            )
        if self.recently_called:
            were = "was" if self.recently_called == 1 else "were"
            yield (
                f"{self.recently_called} of these phones {were} called by another campaign "
                f"in the last {self.recent_hours:g} hours"
            )
        if self.campaign.budget is None:
            yield "no budget is set: it may cost what it costs (--budget 500)"

    @classmethod
    def of(cls, campaign: Campaign, planned: Planned, seen: _Seen, recent_hours: float) -> Self:
        """Put together what the journal counted and what was seen on the way."""
        to_dial = planned.tally.states[RowState.PLANNED]
        share = to_dial / seen.valid if seen.valid else 0
        reasons = planned.tally.reasons
        return cls(
            campaign=campaign,
            rows=seen.rows,
            to_dial=to_dial,
            duplicates=reasons[SkipReason.DUPLICATE],
            do_not_call=reasons[SkipReason.DO_NOT_CALL],
            invalid=reasons[SkipReason.INVALID],
            invalid_lines=tuple(seen.invalid),
            recently_called=planned.recently_called,
            recent_hours=recent_hours,
            upload_bytes=round(seen.upload_bytes * share),
            parts=round(seen.parts * share),
            samples=tuple(seen.samples[operator] for operator, _ in seen.operators.most_common()),
        )


async def plan_campaign(
    journal: Journal,
    campaign: Campaign,
    recipients: RecipientList | Iterable[str | ListedRecipient],
    *,
    region: str = DEFAULT_REGION,
    recent_hours: float = _WARN_RECENT_HOURS,
    keep: bool = True,
    quoted: Decimal | None = None,
    check: Callable[[Plan], None] | None = None,
    on_progress: Callable[[int], None] | None = None,
    clock: Clock = utc_now,
) -> Plan:
    """Write a campaign with all its recipients into the journal. Nobody is dialled.

    Whoever is cancelled meanwhile leaves nothing of it.

    Args:
        journal: The journal, entered.
        campaign: The definition; its name is new.
        recipients: A list opened by `open_list`, or any iterable of phones as people write them.
            It is read once, in a worker thread, in bounded memory.
        region: The ISO 3166 code of the country whose national numbers are meant.
        recent_hours: Warn of phones that another campaign called in so many hours, above 0 and at
            most 87600, ten years.
        keep: Whether the campaign stays in the journal. Without it, it is only counted.
        quoted: The highest price known, which the budget reckons with. `None`: not known.
        check: Called with what the list comes to, in a worker thread, before the campaign exists;
            what it raises comes out, and nothing is written. `None`: any list will do.
        on_progress: Told now and then, in the worker thread, how many lines were read.
        clock: Returns the time of day, aware.

    Returns:
        What the list comes to.

    Raises:
        InvalidRequest: The name is taken, the list cannot be read or has nobody to dial, a column
            that the text needs is missing, or an argument is out of range. Nothing is written then.
        JournalError: The journal cannot be written. Nothing is written then.
    """
    if not 0 < recent_hours <= _MOST_RECENT_HOURS:
        raise InvalidRequest(
            f"recent_hours is above 0 and at most {_MOST_RECENT_HOURS}, not {recent_hours:g}"
        )
    if region not in SUPPORTED_REGIONS:
        raise InvalidRequest(f"region is a country code, like 'UA', not {region!r}")
    _check_recipients(campaign, recipients)
    seen = _Seen()

    def check_whole(planned: Planned) -> None:
        _check_anybody(planned, seen)
        if check is not None:
            check(Plan.of(campaign, planned, seen, recent_hours))

    planned = await journal.plan(
        campaign.name,
        campaign.as_json(),
        _rows(campaign, recipients, region, seen),
        per_second=campaign.per_second,
        quoted=quoted,
        recent_since=clock() - timedelta(hours=recent_hours),
        keep=keep,
        check=check_whole,
        on_progress=on_progress,
    )
    return Plan.of(campaign, planned, seen, recent_hours)


def _rows(
    campaign: Campaign,
    recipients: Iterable[str | ListedRecipient],
    region: str,
    seen: _Seen,
) -> Iterator[PlannedRow]:
    """Turn what the list says into rows, each with what is wrong with it."""
    kind = campaign.kind
    for place, recipient in enumerate(_read(recipients), start=1):
        listed = _listed(recipient, place)
        seen.rows += 1
        try:
            phone = parse_phone(listed.text, region=region)
            seen.phones += 1
            kind.check(listed.values)
        except InvalidRequest as error:
            if len(seen.invalid) < _INVALID_SHOWN:
                seen.invalid.append(InvalidLine(listed.line, str(error)))
            yield PlannedRow(listed.line, None, _given(listed.text))
            continue
        parts = kind.parts(listed.values)
        seen.add(phone, kind.upload_bytes(listed.values), parts)
        columns = {name: listed.values[name] for name in kind.columns} if kind.columns else None
        yield PlannedRow(listed.line, phone, columns=columns, parts=parts)


def _read(recipients: Iterable[str | ListedRecipient]) -> Iterator[str | ListedRecipient]:
    try:
        yield from recipients
    except _failures() as error:
        # Of a database that the recipients come from. As it is, the journal would take it for one
        # of its own, and write nothing any more.
        said = mask_digits(str(error).partition("\n")[0])
        raise InvalidRequest(f"the recipients cannot be read: {said}") from error


def _failures() -> tuple[type[Exception], ...]:
    """Return what the libraries of databases raise, those that a journal may be in."""
    psycopg = sys.modules.get("psycopg")
    return (sqlite3.Error,) if psycopg is None else (sqlite3.Error, psycopg.Error)


def _given(text: object) -> str:
    """Return what the list says as text that can be kept, for a caller may give anything."""
    return str(text).encode("utf-8", "backslashreplace").decode()


def _check_anybody(planned: Planned, seen: _Seen) -> None:
    """Refuse a list of which nobody would be dialled."""
    if planned.tally.to_dial:
        return
    if not seen.rows:
        raise InvalidRequest("the list is empty: give one phone a line")
    if not seen.valid:
        first = seen.invalid[0]
        can = "can be dialled" if seen.phones else "is a phone number"
        raise InvalidRequest(
            f"none of the list's {seen.rows} lines {can}: line {first.line}: {first.why}"
        )
    raise InvalidRequest(
        f"everybody of the list is on the do-not-call list: {seen.valid} of its "
        f"{seen.rows} lines are phones, and none of them may be called"
    )


def _listed(recipient: str | ListedRecipient, place: int) -> ListedRecipient:
    if isinstance(recipient, ListedRecipient):
        return recipient
    return ListedRecipient(place, recipient, {})


def _check_recipients(
    campaign: Campaign, recipients: RecipientList | Iterable[str | ListedRecipient]
) -> None:
    """Refuse what is no list, or lacks a column, before one row of it is read."""
    if isinstance(recipients, str | bytes):
        raise InvalidRequest("recipients is a list of phone numbers, not one: write [number]")
    if not isinstance(recipients, Iterable):
        kind = type(recipients).__name__
        raise InvalidRequest(f"recipients is any iterable of phone numbers, not {kind}")
    columns = _columns_of(recipients)
    if columns is None:
        return
    missing = [name for name in campaign.kind.columns if name not in columns]
    if missing:
        has = ", ".join(columns) or "no header"
        raise InvalidRequest(f"the text needs the column {missing[0]!r}, the list has: {has}")


def _columns_of(
    recipients: RecipientList | Iterable[str | ListedRecipient],
) -> tuple[str, ...] | None:
    """Return the columns of a list. `None` when it is empty, or only reading it would tell."""
    if isinstance(recipients, RecipientList):
        return recipients.columns
    if not isinstance(recipients, list | tuple) or not recipients:
        return None
    first = recipients[0]
    return tuple(first.values) if isinstance(first, ListedRecipient) else ()
