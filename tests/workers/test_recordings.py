from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from alphasms_async import InvalidRecording, InvalidRequest, Recording
from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.kinds import Kind, PlayRecording, SpeakSms
from alphasms_async.campaigns.records import CampaignRecord, CampaignState
from alphasms_async.campaigns.templates import Template
from alphasms_async.workers import Recordings
from tests.campaigns.dialers import OTHER_RECORDING, RECORDING
from tests.campaigns.journals import NOON

pytestmark = pytest.mark.anyio

NAME = "spring"


def record(kind: Kind) -> CampaignRecord:
    """Return a campaign as a journal has it."""
    return CampaignRecord(
        id=1,
        name=NAME,
        state=CampaignState.READY,
        definition=Campaign(name=NAME, kind=kind).as_json(),
        per_second=None,
        quoted=None,
        parts=1,
        halted=None,
        created_at=NOON,
        finished_at=None,
    )


def recorded(source: Path | None) -> CampaignRecord:
    """Return a campaign with a recording that was read from this path."""
    return record(PlayRecording(RECORDING, source=None if source is None else str(source)))


def played(campaign: Campaign) -> Recording:
    """Return the recording of a campaign."""
    assert isinstance(campaign.kind, PlayRecording)
    return campaign.kind.recording


async def test_it_lies_where_it_was_planned_from(tmp_path: Path) -> None:
    """At the same path on this machine it is found without a folder."""
    path = tmp_path / "promo.wav"
    path.write_bytes(RECORDING.data)
    campaign = await Recordings().campaign_of(recorded(path))
    assert played(campaign) == RECORDING
    assert not campaign.changed(recorded(path).definition)


@pytest.mark.parametrize("name", ["promo.wav", "another name", "ЯКНАЙКРАЩЕ.WAV"])
async def test_it_lies_in_the_folder_under_any_name(tmp_path: Path, name: str) -> None:
    """The digest tells it from all others that lie there."""
    for other in ("a.wav", "z.wav", "promo.wav"):
        (tmp_path / other).write_bytes(OTHER_RECORDING.data)
    (tmp_path / "folder").mkdir()
    (tmp_path / name).write_bytes(RECORDING.data)
    campaign = await Recordings(tmp_path).campaign_of(recorded(Path("/nowhere/promo.wav")))
    assert played(campaign) == RECORDING


async def test_a_recording_without_a_path_is_found_too(tmp_path: Path) -> None:
    """A campaign that a program planned from bytes has a digest all the same."""
    (tmp_path / "promo.wav").write_bytes(RECORDING.data)
    assert played(await Recordings(tmp_path).campaign_of(recorded(None))) == RECORDING


@pytest.mark.parametrize("has_folder", [False, True])
async def test_another_recording_at_its_path_is_not_played(
    tmp_path: Path, *, has_folder: bool
) -> None:
    """Whoever was planned to hear one recording never hears another."""
    path = tmp_path / "promo.wav"
    path.write_bytes(OTHER_RECORDING.data)
    with pytest.raises(InvalidRequest, match="the recording of 'spring' is not on"):
        await Recordings(tmp_path if has_folder else None).campaign_of(recorded(path))


@pytest.mark.parametrize(
    ("source", "folder", "words"),
    [
        (Path("/nowhere/promo.wav"), None, "not at '/nowhere/promo.wav': put it there"),
        (
            Path("/nowhere/promo.wav"),
            Path("/neither"),
            "neither at '/nowhere/promo.wav' nor in the folder '/neither': put it there",
        ),
        (None, None, "put it into a folder"),
    ],
)
async def test_where_it_was_looked_for_is_told(
    monkeypatch: pytest.MonkeyPatch, source: Path | None, folder: Path | None, words: str
) -> None:
    """One line says which machine lacks it, where it was looked for, and what to do."""
    monkeypatch.setattr("socket.gethostname", lambda: "dialer-3")
    with pytest.raises(InvalidRequest) as told:
        await Recordings(folder).campaign_of(recorded(source))
    assert "is not on dialer-3" in str(told.value)
    assert words in str(told.value)
    assert "start the worker with --audio-dir FOLDER" in str(told.value)
    assert "\n" not in str(told.value)


async def test_it_is_read_once(tmp_path: Path) -> None:
    """A worker that takes a campaign up again has its recording still."""
    path = tmp_path / "promo.wav"
    path.write_bytes(RECORDING.data)
    recordings = Recordings()
    first = played(await recordings.campaign_of(recorded(path)))
    path.unlink()
    assert played(await recordings.campaign_of(recorded(path))) is first


async def test_those_used_first_are_forgotten_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that runs for years does not keep all it ever played."""
    monkeypatch.setattr("alphasms_async.workers.recordings._MOST_KEPT", 1)
    recordings = Recordings(tmp_path)
    for one in (RECORDING, OTHER_RECORDING):
        (tmp_path / "promo.wav").write_bytes(one.data)
        await recordings.campaign_of(record(PlayRecording(one)))
    with pytest.raises(InvalidRequest):
        await recordings.campaign_of(record(PlayRecording(RECORDING)))


async def test_a_text_needs_none() -> None:
    """A campaign that speaks has nothing to look for."""
    campaign = await Recordings().campaign_of(record(SpeakSms(Template("Ready"))))
    assert campaign.kind == SpeakSms(Template("Ready"))


@pytest.mark.parametrize(
    "kind", [None, {}, {"kind": "smell"}, {"sha256": "0", "kind": "recording"}]
)
async def test_a_definition_that_tells_nothing_is_refused(kind: Any) -> None:
    """What another version, or nobody, wrote is told in one line."""
    told = evolve(recorded(None), definition={"kind": kind})
    with pytest.raises(InvalidRequest):
        await Recordings().campaign_of(told)


async def test_what_cannot_be_played_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file with the right digest that this version cannot read is no recording."""

    async def unplayable(data: object) -> Recording:
        raise InvalidRecording("no sound in it")

    (tmp_path / "promo.wav").write_bytes(RECORDING.data)
    monkeypatch.setattr(Recording, "load", unplayable)
    with pytest.raises(InvalidRecording, match="no sound"):
        await Recordings(tmp_path).campaign_of(recorded(None))
