"""A campaign out of its journal, with the recording it was planned with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alphasms_async import InvalidRecording, InvalidRequest, JournalError, Recording
from alphasms_async.campaigns import Campaign, CampaignRecord, kind_from_json

__all__ = ["campaign_of", "load"]


async def load(path: Path | str) -> Recording:
    """Read a recording.

    Raises:
        InvalidRecording: It cannot be read or played; the line names the file.
    """
    try:
        return await Recording.load(path)
    except InvalidRecording as error:
        said = str(error)
        if str(path) in said:
            raise
        raise InvalidRecording(f"{path}: {said}") from error


async def campaign_of(record: CampaignRecord, audio: Path | None = None) -> Campaign:
    """Return the campaign a journal has, its recording read again.

    Args:
        record: What the journal has of it.
        audio: Where the recording lies now. `None`: where it was.

    Raises:
        InvalidRequest: The recording is gone, or is not the one it was planned with.
        JournalError: What is to be heard cannot be read out of the journal.
    """
    try:
        told = record.definition["kind"]
        is_recording = told["kind"] == "recording"
        recording = await _recording(record.name, told, audio) if is_recording else None
        kind = kind_from_json(told, recording)
    except (KeyError, TypeError) as error:
        raise JournalError(
            f"the journal does not tell what {record.name!r} plays: put back a copy of it"
        ) from error
    return Campaign.from_json(record.name, record.definition, kind)


async def _recording(name: str, told: Mapping[str, Any], audio: Path | None) -> Recording:
    place = audio or told["source"]
    if place is None:
        raise InvalidRequest(f"name the recording of {name!r} with --audio FILE")
    recording = await load(place)
    if recording.sha256 != told["sha256"]:
        raise InvalidRequest(
            f"the recording {str(place)!r} is not the one {name!r} was planned with: put that one "
            "back, name it with --audio, or plan a new campaign"
        )
    return recording
