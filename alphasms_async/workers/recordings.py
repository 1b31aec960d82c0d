"""`Recordings`: the recordings of campaigns, as far as this machine has them."""

import hashlib
import socket
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from attrs import define, field

from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.kinds import kind_from_json
from alphasms_async.campaigns.records import CampaignRecord
from alphasms_async.errors import InvalidRequest
from alphasms_async.recording import MAX_BYTES, Recording

__all__ = ["Recordings"]

_MOST_KEPT = 8


@define
class Recordings:
    """Finds the recording that a campaign was planned with, whatever it is called here.

    The journal has its path and its digest. It may lie at the same path on this machine, or under
    any name in the folder given here: the digest decides, so it is never another one.
    """

    folder: Path | None = None
    """Where else to look. `None`: at the path alone."""
    _kept: dict[str, Recording] = field(factory=dict[str, Recording], init=False)

    async def campaign_of(self, record: CampaignRecord) -> Campaign:
        """Return the campaign that a journal has, with its recording.

        Args:
            record: What the journal has of it.

        Raises:
            InvalidRequest: This machine has not the recording, or the campaign is of a newer
                version; the line says what is to be done.
            InvalidRecording: It cannot be played.
        """
        told: Mapping[str, Any] = record.definition.get("kind") or {}
        digest = told.get("sha256")
        recording = None
        if digest is not None:
            recording = await self._recording(record.name, digest, told.get("source"))
        try:
            kind = kind_from_json(told, recording)
            return Campaign.from_json(record.name, record.definition, kind)
        except (KeyError, TypeError) as error:
            raise InvalidRequest(
                f"the journal does not tell what {record.name!r} plays: put back a copy of it"
            ) from error

    async def _recording(self, name: str, digest: str, source: str | None) -> Recording:
        kept = self._kept.get(digest)
        if kept is not None:
            return kept
        find = partial(_find, digest, source, self.folder)
        data = await anyio.to_thread.run_sync(find, abandon_on_cancel=True)
        if data is None:
            raise InvalidRequest(_missing(name, source, self.folder))
        recording = await Recording.load(data)
        while len(self._kept) >= _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[digest] = recording
        return recording


def _find(digest: str, source: str | None, folder: Path | None) -> bytes | None:
    """Return the file with this digest. `None`: there is none where it may lie."""
    for path in _places(source, folder):
        data = _read(path)
        if data is not None and hashlib.sha256(data).hexdigest() == digest:
            return data
    return None


def _places(source: str | None, folder: Path | None) -> Iterator[Path]:
    """Yield the files that may be it, the likeliest first."""
    if source is not None:
        yield Path(source)
    if folder is None:
        return
    named = None if source is None else folder / Path(source).name
    if named is not None:
        yield named
    try:
        others = sorted(folder.iterdir())
    except OSError:
        return
    yield from (path for path in others if path != named)


def _read(path: Path) -> bytes | None:
    """Return a file's bytes. `None` when there is no file that could be a recording."""
    try:
        # Not of a pipe, which might never end.
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return None
        return path.read_bytes()
    except (OSError, ValueError):
        return None


def _missing(name: str, source: str | None, folder: Path | None) -> str:
    at = [] if source is None else [repr(source)]
    if folder is not None:
        at.append(f"the folder {str(folder)!r}")
    where = f"neither at {' nor in '.join(at)}" if len(at) > 1 else f"not at {at[0]}" if at else ""
    there = f"the recording of {name!r} is not on {socket.gethostname()}"
    to_do = "put it there" if at else "put it into a folder"
    return (
        f"{there}{f', {where}' if where else ''}: {to_do}, or start the worker with "
        "--audio-dir FOLDER, then run the campaign again"
    )
