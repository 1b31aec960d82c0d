import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    command_from_json,
    command_to_json,
)
from alphasms_async.campaigns.events import CallEvent, Ref
from alphasms_async.campaigns.records import Claimed, PlannedRow
from alphasms_async.errors import InvalidRequest, JournalError
from alphasms_async.models import CallOutcome
from tests.doubles import PHONE

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
NUMBERS = st.integers(1, 2**53)
REFS = st.lists(st.builds(Ref, NUMBERS, NUMBERS), max_size=4).map(tuple)
DIGITS = st.text("0123456789", min_size=7, max_size=15)
PHONES = st.lists(DIGITS, max_size=4).map(tuple)
EVENTS = st.builds(
    CallEvent,
    outcome=st.sampled_from(CallOutcome),
    ref=st.none() | st.builds(Ref, NUMBERS, NUMBERS),
    id=st.none() | NUMBERS,
    phone=st.none() | DIGITS,
    seconds=st.none() | st.integers(0, 10_000),
    digits=st.none() | st.text("0123456789*#", max_size=5),
    raw=NAMES,
    at=st.none() | st.datetimes(datetime(1970, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
)
KINDS: dict[str, st.SearchStrategy[Command]] = {
    "pause": st.builds(Pause, NAMES),
    "resume": st.builds(Resume, NAMES),
    "cancel": st.builds(Cancel, NAMES),
    "set_pace": st.builds(SetPace, NAMES, st.none() | st.floats(0.001, 1000)),
    "set_budget": st.builds(SetBudget, NAMES, NAMES, st.none() | NAMES),
    "add_do_not_call": st.builds(AddDoNotCall, PHONES),
    "remove_do_not_call": st.builds(RemoveDoNotCall, PHONES),
    "redial": st.builds(Redial, NAMES, REFS, NAMES),
    "drop": st.builds(Drop, NAMES, REFS, NAMES),
    "record_event": st.builds(RecordEvent, EVENTS),
}
COMMANDS: st.SearchStrategy[Command] = st.one_of(*KINDS.values())
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda some: st.lists(some) | st.dictionaries(st.text(), some),
    max_leaves=8,
)
NEWER = "^a command in the inbox is of a newer version: update$"
EVENT = CallEvent(outcome=CallOutcome.BUSY, ref=Ref(7, 2), id=100500, phone=PHONE)


def through_json(command: Command) -> Command:
    return command_from_json(json.loads(json.dumps(command_to_json(command))))


@given(COMMANDS)
def test_a_command_comes_out_of_json_as_it_went_in(command: Command) -> None:
    """Whatever it says, whoever reads it is told the same."""
    assert through_json(command) == command


def test_every_command_has_a_word_of_its_own() -> None:
    """No kind of command is missing here, and two never share a word."""
    assert {kind.__name__ for kind in get_args(Command)} == {
        *("Pause", "Resume", "Cancel", "SetPace", "SetBudget", "AddDoNotCall"),
        *("RemoveDoNotCall", "Redial", "Drop", "RecordEvent"),
    }
    assert len(KINDS) == len(get_args(Command))


@pytest.mark.parametrize("word", KINDS)
@given(data=st.data())
def test_the_word_of_a_command_does_not_change(word: str, data: st.DataObject) -> None:
    """An inbox may be read by a later version than wrote it."""
    assert command_to_json(data.draw(KINDS[word]))["do"] == word


def test_an_event_keeps_its_moment_from_any_zone() -> None:
    """The same instant is told, in UTC."""
    kyiv = timezone(timedelta(hours=3))
    event = CallEvent(outcome=CallOutcome.BUSY, at=datetime(2026, 6, 1, 15, tzinfo=kyiv))
    told = command_to_json(RecordEvent(event))
    assert told["event"]["at"] == "2026-06-01T12:00:00+00:00"
    assert through_json(RecordEvent(event)) == RecordEvent(event)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"campaign": NAMES},
        {"do": "sing"},
        {"do": ["pause"]},
        {"do": None, "campaign": "spring"},
        {"do": "pause"},
        {"do": "pause", "campaign": "spring", "softly": True},
        {"do": "redial", "campaign": "spring", "refs": [7]},
        {"do": "redial", "campaign": "spring", "refs": [{"recipient": 7}]},
        {"do": "redial", "campaign": "spring", "refs": None},
        {"do": "add_do_not_call", "phones": 380501234567},
        {"do": "record_event"},
        {"do": "record_event", "event": None},
        {"do": "record_event", "event": {"outcome": "answered"}},
        {"do": "record_event", "event": {"outcome": "sang", "ref": None, "at": None}},
        {"do": "record_event", "event": {"outcome": "busy", "ref": None, "at": "noon"}},
        {"do": "record_event", "event": {"outcome": "busy", "ref": [1], "at": None}},
        {"do": "pause", "campaign": 5},
        {"do": "pause", "campaign": ["spring"]},
        {"do": "set_pace", "campaign": "spring", "per_second": "5"},
        {"do": "set_pace", "campaign": "spring", "per_second": True},
        {"do": "set_budget", "campaign": "spring", "budget": 500},
        {"do": "add_do_not_call", "phones": "380501234567"},
        {"do": "add_do_not_call", "phones": {"380501234567": 1}},
        {"do": "add_do_not_call", "phones": [380501234567]},
        {"do": "drop", "campaign": "spring", "refs": [{"recipient": "7", "attempt": 1}]},
        {"do": "drop", "campaign": "spring", "refs": [{"recipient": 7, "attempt": 1.0}]},
        {"do": "drop", "campaign": "spring", "refs": [{"recipient": 7, "attempt": 1}], "who": None},
        {"do": "record_event", "event": {"outcome": "busy", "ref": None, "at": "2026-06-01"}},
        {"do": "record_event", "event": {"outcome": "busy", "ref": None, "at": None, "id": "7"}},
    ],
    ids=str,
)
def test_what_is_no_command_is_refused(told: dict[str, Any]) -> None:
    """A word or a field that this version does not know is one clear error."""
    with pytest.raises(JournalError, match=NEWER):
        command_from_json(told)


@pytest.mark.parametrize("told", [None, 5, "pause", [], [1, 2]], ids=str)
def test_json_that_is_no_object_is_refused(told: Any) -> None:
    """A letter may hold any JSON; one that holds no command at all is the same clear error."""
    with pytest.raises(JournalError, match=NEWER):
        command_from_json(told)


@given(JSON)
def test_any_json_is_a_command_or_one_clear_error(told: Any) -> None:
    """Whoever reads letters meets no other error."""
    with suppress(JournalError):
        command_from_json(told)


def places(told: Any) -> Iterator[tuple[Any, Any]]:
    """Give each place inside a JSON value: what it is in, and where there."""
    length: int = len(told)
    for where in range(length) if isinstance(told, list) else tuple[Any, ...](told):
        yield told, where
        if isinstance(told[where], dict | list):
            yield from places(told[where])


@given(command=COMMANDS, other=JSON, data=st.data())
def test_a_command_with_one_wrong_value_is_another_or_one_clear_error(
    command: Command, other: Any, data: st.DataObject
) -> None:
    """What is still read goes into JSON again as it came: nothing was taken for what it is not."""
    told = json.loads(json.dumps(command_to_json(command)))
    inside, where = data.draw(st.sampled_from(list(places(told))))
    inside[where] = other
    with suppress(JournalError):
        read = command_from_json(told)
        assert repr(through_json(read)) == repr(read)


@pytest.mark.parametrize(
    "wrong",
    [
        {"seconds": 1.5},
        {"seconds": "12"},
        {"seconds": True},
        {"digits": b"7"},
        {"digits": 7},
        {"id": "100500"},
        {"phone": 380501234567},
        {"raw": None},
        {"outcome": "busy"},
        {"outcome": None},
        {"ref": (7, 2)},
        {"ref": Ref("7", 2)},  # type: ignore[arg-type]  # that is what is wrong
        {"at": "2026-06-01"},
        {"at": date(2026, 6, 1)},
        {"at": datetime(2026, 6, 1)},  # noqa: DTZ001 - that is what is wrong
        {"at": datetime.max.replace(tzinfo=UTC)},
        {"at": datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))},
    ],
    ids=str,
)
def test_an_event_of_wrong_values_is_refused(wrong: dict[str, Any]) -> None:
    """One clear line names the field, before anything is recorded or kept."""
    facts: dict[str, Any] = {"outcome": CallOutcome.BUSY, **wrong}
    with pytest.raises(InvalidRequest) as caught:
        CallEvent(**facts)
    (field,) = wrong
    assert str(caught.value).startswith(f"{field} of an event is ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        AddDoNotCall((PHONE,)),
        RemoveDoNotCall((PHONE,)),
        EVENT,
        RecordEvent(EVENT),
        PlannedRow(1, PHONE, PHONE, {"phone": PHONE}),
        Claimed(Ref(7, 1), 1, PHONE, {"phone": PHONE}, None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_repr_shows_a_phone(value: object) -> None:
    """What a log may show of a command, an event or a recipient is masked."""
    assert PHONE not in repr(value)
    assert type(value).__name__ in repr(value)
