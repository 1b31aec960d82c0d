"""What a campaign has everybody hear: how it is written down, what it needs and what it costs."""

import json
from typing import Any

import pytest

from alphasms_async import InvalidRequest, InvalidText
from alphasms_async.campaigns.kinds import (
    Kind,
    PlayRecording,
    SpeakSms,
    SpeakText,
    kind_from_json,
)
from alphasms_async.campaigns.templates import Template
from alphasms_async.messages import Voice
from tests.campaigns.dialers import OTHER_RECORDING, RECORDING

TEXT = Template("Вітаємо, {name}!")
KINDS: dict[str, Kind] = {
    "recording": PlayRecording(RECORDING, dtmf=True, source="promo.wav"),
    "sms": SpeakSms(TEXT),
    "text": SpeakText(TEXT, Voice("male", "en-US", "en-US-Standard-B"), dtmf=True),
}
SPOKEN = [KINDS["sms"], KINDS["text"]]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_is_written_down_is_read_again(kind: Kind) -> None:
    """By way of real JSON, with the recording put beside it."""
    told = json.loads(json.dumps(kind.as_json()))
    assert kind_from_json(told, RECORDING) == kind


def test_a_recording_is_known_by_its_bytes() -> None:
    """Its name and its place are not what makes it."""
    here, there = PlayRecording(RECORDING, source="a.wav"), PlayRecording(RECORDING, source="b.wav")
    assert here == there
    assert here != PlayRecording(OTHER_RECORDING, source="a.wav")
    assert here.as_json() == {
        "kind": "recording",
        "sha256": RECORDING.sha256,
        "bytes": RECORDING.size,
        "seconds": RECORDING.seconds,
        "dtmf": False,
        "source": "a.wav",
    }


@pytest.mark.parametrize("recording", [None, OTHER_RECORDING])
def test_another_recording_is_refused(recording: Any) -> None:
    """The line says what to do, whether there is another one or none."""
    told = KINDS["recording"].as_json()
    with pytest.raises(InvalidRequest, match="put that one back, or plan a new campaign"):
        kind_from_json(told, recording)


def test_a_kind_of_a_newer_version_is_refused() -> None:
    """Nobody guesses what it was."""
    with pytest.raises(InvalidRequest, match="kind 'hologram' are of a newer version: update"):
        kind_from_json({"kind": "hologram"})


def test_a_recording_needs_nothing_of_the_list() -> None:
    """It is the same for everybody."""
    kind = KINDS["recording"]
    kind.check({})
    assert (kind.columns, kind.parts({}), kind.carries_client_id) == ((), 1, False)
    assert kind.tells_price
    assert RECORDING.size < kind.upload_bytes({}) < RECORDING.size + 2000


@pytest.mark.parametrize("kind", SPOKEN)
def test_a_text_needs_its_columns(kind: Kind) -> None:
    """It can be asked for by an id of ours, and its answer tells no price."""
    assert (kind.columns, kind.carries_client_id, kind.tells_price) == (("name",), True, False)
    kind.check({"name": "Олена"})
    with pytest.raises(InvalidText, match="the column 'name' is empty"):
        kind.check({"name": ""})


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("ї", 1),
        ("ї" * 70, 1),
        ("ї" * 71, 2),
        ("ї" * 134, 2),
        ("ї" * 135, 3),
        ("a" * 69 + "ї", 1),
        ("a" * 70 + "ї", 2),
    ],
)
@pytest.mark.parametrize("kind", [SpeakSms, SpeakText])
def test_a_text_costs_as_many_prices_as_it_has_parts(
    kind: type[SpeakSms | SpeakText], text: str, parts: int
) -> None:
    """Latin letters fill parts of 160, then 153; any other letter makes them 70, then 67."""
    assert kind(Template("{text}")).parts({"text": text}) == parts


@pytest.mark.parametrize("kind", SPOKEN)
def test_the_bytes_of_a_text_are_its_own_and_an_envelope(kind: Kind) -> None:
    """Two for each Ukrainian letter."""
    short, long = kind.upload_bytes({"name": "ї"}), kind.upload_bytes({"name": "ї" * 101})
    assert long - short == 200


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_no_text_stands_in_a_repr(kind: Kind) -> None:
    """It may hold what is meant for one person."""
    assert "Вітаємо" not in repr(kind)
