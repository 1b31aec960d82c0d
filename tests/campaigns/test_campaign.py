"""The definition of a campaign: what is refused, and what is written down of it."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async import InvalidRequest
from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.kinds import (
    Kind,
    PlayRecording,
    SpeakSms,
    SpeakText,
    kind_from_json,
)
from alphasms_async.campaigns.redial import RedialPolicy
from alphasms_async.campaigns.templates import Template
from alphasms_async.campaigns.window import Window
from tests.campaigns.dialers import HOOK, OTHER_RECORDING, RECORDING, defined
from tests.campaigns.journals import NAME, NOON

BEGINNING = datetime.min.replace(tzinfo=timezone(timedelta(hours=2)))
FULL: dict[str, Any] = {
    "kind": PlayRecording(RECORDING, dtmf=True),
    "concurrency": 8,
    "per_second": 2.5,
    "budget": Decimal("100.00"),
    "max_price": Decimal("0.405"),
    "window": Window.parse("09:00-20:00", "mon-fri"),
    "starts_at": NOON,
    "expires_at": NOON + timedelta(days=2),
    "redial": RedialPolicy(2, 1800.0),
    "hook": HOOK,
    "most_uncertain": 7,
    "opt_out": "9",
    "list_sha256": "9f86d081884c7d65" * 4,
}


def read_again(campaign: Campaign) -> Campaign:
    """Write a campaign down as JSON, and read it."""
    told = json.loads(json.dumps(campaign.as_json()))
    return Campaign.from_json(campaign.name, told, kind_from_json(told["kind"], RECORDING))


@pytest.mark.parametrize("limits", [{}, FULL], ids=["bare", "full"])
def test_what_is_written_down_is_read_again(limits: dict[str, Any]) -> None:
    """To the last digit of its money and the last second of its times."""
    campaign = defined(**limits)
    assert read_again(campaign) == campaign
    assert set(campaign.as_json()) == set(FULL)


@given(
    budget=st.decimals("0.01", "1000000", places=6),
    per_second=st.floats(0.001, 1000),
    starts_at=st.datetimes(timezones=st.just(UTC)),
)
def test_any_limits_come_back_as_they_were(
    budget: Decimal, per_second: float, starts_at: datetime
) -> None:
    """No rounding, no other time zone."""
    campaign = defined(budget=budget, per_second=per_second, starts_at=starts_at)
    again = read_again(campaign)
    assert (again.budget, again.per_second, again.starts_at) == (budget, per_second, starts_at)
    campaign.check_unchanged(again.as_json())


def test_moments_are_kept_in_utc() -> None:
    """The same moment in another zone is no other campaign."""
    kyiv = NOON.astimezone(timezone(timedelta(hours=3)))
    assert defined(starts_at=kyiv) == defined(starts_at=NOON)
    assert defined(starts_at=kyiv).as_json()["starts_at"] == "2026-06-01T12:00:00+00:00"


@pytest.mark.parametrize("name", ["a", "весна-1", "a b", "x" * 100, "🙂"])
def test_a_name_is_a_line_of_a_hundred_characters(name: str) -> None:
    """Anything a person can read on one line."""
    assert Campaign(name=name, kind=PlayRecording(RECORDING)).name == name


@pytest.mark.parametrize(
    "name", ["", " ", " a", "a ", "x" * 101, "a\nb", "a\x00", "a\u202eb", "a\u2028b", "-a", None, 7]
)
def test_other_names_are_refused(name: Any) -> None:
    """In one line that shows what is right."""
    with pytest.raises(InvalidRequest, match="a campaign's name is"):
        Campaign(name=name, kind=PlayRecording(RECORDING))


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"kind": RECORDING}, "kind is a PlayRecording, a SpeakSms or a SpeakText"),
        ({"concurrency": 0}, "concurrency is a whole number above 0"),
        ({"concurrency": 2.0}, "concurrency is int, not float"),
        ({"per_second": 0}, "per_second is a number above 0"),
        ({"per_second": float("nan")}, "per_second is a number above 0"),
        ({"budget": Decimal(0)}, "money is a Decimal above 0"),
        ({"budget": Decimal(-1)}, "money is a Decimal above 0"),
        ({"budget": Decimal("NaN")}, "money is a Decimal above 0"),
        ({"budget": Decimal("Infinity")}, "money is a Decimal above 0"),
        ({"max_price": Decimal("1e-999999999")}, "money is a Decimal above 0"),
        ({"starts_at": BEGINNING}, "a moment is in the years 1 to 9999, in UTC too"),
        ({"budget": 100.0}, "money is a Decimal above 0"),
        ({"budget": "100"}, "money is a Decimal above 0"),
        ({"max_price": Decimal(0)}, "money is a Decimal above 0"),
        ({"starts_at": datetime(2026, 6, 1)}, "a moment has a time zone"),  # noqa: DTZ001 - refused
        ({"expires_at": datetime(2026, 6, 1)}, "a moment has a time zone"),  # noqa: DTZ001 - refused
        ({"starts_at": NOON, "expires_at": NOON}, "swap the two moments"),
        ({"starts_at": NOON, "expires_at": NOON - timedelta(1)}, "swap the two moments"),
        ({"hook": "app.example/hook"}, "the hook is a whole URL"),
        ({"most_uncertain": 0}, "most_uncertain is a whole number above 0"),
        ({"opt_out": "10"}, "the key to opt out with is one of 0-9 * #, not '10'"),
        ({"opt_out": ""}, "the key to opt out with is one of 0-9 * #"),
        ({"opt_out": 9}, "the key to opt out with is one of 0-9 * #, not 9"),
        (
            {"budget": Decimal(1), "max_price": Decimal("1.01")},
            "the maximum price 1.01 is above the whole budget 1",
        ),
        (
            {"kind": SpeakSms(Template("Добрий день")), "budget": Decimal(1)},
            "a budget needs a maximum price too",
        ),
    ],
)
def test_a_limit_that_cannot_be_is_refused(limits: dict[str, Any], says: str) -> None:
    """In one line that says what would be right."""
    with pytest.raises(InvalidRequest) as caught:
        defined(**limits)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_maximum_may_be_the_whole_budget() -> None:
    """Then one call is made."""
    assert defined(budget=Decimal(1), max_price=Decimal(1)).max_price == Decimal(1)


def test_a_text_with_a_budget_has_a_maximum() -> None:
    """What each part may cost is told, for the gateway does not."""
    kind = SpeakSms(Template("Добрий день"))
    assert defined(kind=kind, budget=Decimal(5), max_price=Decimal(1)).kind is kind
    assert defined(kind=kind).budget is None


@pytest.mark.parametrize("key", [*"0123456789*#"])
def test_any_key_of_a_phone_may_opt_out(key: str) -> None:
    """Where the call waits for one, a recording's or a text's."""
    texts = SpeakText(Template("Вітаємо!"), dtmf=True)
    for kind in (PlayRecording(RECORDING, dtmf=True), texts):
        assert defined(kind=kind, opt_out=key).opt_out == key


@pytest.mark.parametrize("kind", [PlayRecording(RECORDING), SpeakSms(Template("Вітаємо!"))])
def test_nobody_opts_out_of_a_call_that_waits_for_no_key(kind: Kind) -> None:
    """What would never be heard is refused before anybody is told of it."""
    with pytest.raises(InvalidRequest, match="waits for none"):
        defined(kind=kind, opt_out="9")


def test_a_definition_from_before_there_was_a_key_to_opt_out_is_read() -> None:
    """It has none, and is the one that was planned."""
    campaign = defined(**FULL | {"opt_out": None})
    told = json.loads(json.dumps(campaign.as_json()))
    del told["opt_out"]
    again = Campaign.from_json(NAME, told, kind_from_json(told["kind"], RECORDING))
    assert again == campaign
    again.check_unchanged(told)


def test_the_hook_is_not_in_the_repr() -> None:
    """Its query proves what is posted to it."""
    assert "token" not in repr(defined(**FULL))


def test_what_is_unchanged_passes() -> None:
    """A definition is the one that was planned, wherever its recording lies by now."""
    campaign = defined(**FULL)
    campaign.check_unchanged(json.loads(json.dumps(campaign.as_json())))
    moved = evolve(campaign, kind=PlayRecording(RECORDING, dtmf=True, source="elsewhere.wav"))
    moved.check_unchanged(campaign.as_json())


@pytest.mark.parametrize(
    ("limits", "fields"),
    [
        ({"budget": Decimal(101)}, "budget"),
        ({"budget": None}, "budget"),
        ({"kind": PlayRecording(OTHER_RECORDING, dtmf=True)}, "kind"),
        ({"kind": PlayRecording(RECORDING), "opt_out": None}, "kind, opt_out"),
        ({"window": None, "per_second": 3.0}, "per_second, window"),
        ({"redial": RedialPolicy(2, 1800.0, ["busy"])}, "redial"),
        ({"opt_out": "8"}, "opt_out"),
    ],
)
def test_what_is_changed_is_named(limits: dict[str, Any], fields: str) -> None:
    """All of it, in one line that says what to do."""
    planned = defined(**FULL).as_json()
    with pytest.raises(InvalidRequest) as caught:
        defined(**FULL | limits).check_unchanged(planned)
    assert str(caught.value) == (
        f"the campaign '{NAME}' was planned otherwise ({fields}): "
        "run it as it was planned, or plan a new one"
    )


def test_a_field_of_another_version_is_a_change() -> None:
    """What this version does not know of was decided for a reason."""
    campaign = defined()
    with pytest.raises(InvalidRequest, match=r"planned otherwise \(whisper\)"):
        campaign.check_unchanged(campaign.as_json() | {"whisper": True})
