"""A campaign out of its journal, with the recording it was planned with."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from alphasms_async import InvalidRecording, InvalidRequest, JournalError, Recording
from alphasms_async.campaigns import (
    DEFAULT_JOURNAL,
    Campaign,
    CampaignRecord,
    SqliteJournal,
    kind_from_json,
)
from alphasms_async.campaigns.sqlite.opening import check_place

__all__ = ["JournalPath", "book", "campaign_of", "command_line", "is_there", "load", "look_into"]

JournalPath = Annotated[Path, Parameter(name="--journal")]
"""The journal of the campaigns; `alphasms.journal` in this folder when it is not named."""


def book(path: Path, purpose: str, *, must_exist: bool = True) -> SqliteJournal:
    """Return a journal to be entered and written.

    Raises:
        JournalError: There is none at this place.
    """
    check_place(path, must_exist=must_exist)
    return SqliteJournal(path, purpose=f"alphasms {purpose}")


def is_there(path: Path) -> bool:
    """Return whether there is a file at this place."""
    return path.exists()


def look_into(path: Path = DEFAULT_JOURNAL) -> SqliteJournal:
    """Return a journal to be entered and read, beside whoever writes it."""
    return SqliteJournal(path, read_only=True)


def command_line(word: str, name: str, journal: Path, *more: str) -> str:
    """Return the command that does something with a campaign, or plans one of a list.

    It is to be copied as it stands.
    """
    place = "" if journal == DEFAULT_JOURNAL else f" --journal {shlex.quote(str(journal))}"
    return " ".join(("alphasms campaign", word, shlex.quote(name), *more)) + place


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
