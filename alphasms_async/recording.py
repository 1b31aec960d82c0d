"""A recording: a WAV read once, checked once, and shared by every call that plays it."""

import hashlib
import inspect
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

from attrs import field, frozen

from alphasms_async.errors import InvalidRecording
from alphasms_async.riff import Wav, read_wav

__all__ = ["JOINED_BYTES", "MAX_BYTES", "Audio", "Recording"]

MAX_BYTES = 5 * 1024 * 1024
"""The gateway's upload limit: 5 MB [AlphaSMS API, voice call]."""

JOINED_BYTES = 128 * 1024
"""Up to this size a recording and a body that carries it are one piece."""
_PIECE_BYTES = 256 * 1024
_LINE_SECONDS = 60
_LONGEST_NAME = 200


@frozen
class Recording:
    """A checked, immutable WAV. Make one with `Recording.load` or `Recording.from_bytes`."""

    pieces: tuple[bytes, ...] = field(repr=False)
    """The file, byte for byte: one piece up to 128 KB, above that pieces of 256 KB.

    They are cut once and shared by all calls: handed a large file as one piece, an event loop
    keeps a copy of what the socket has not taken yet, for every call in flight."""
    wav: Wav
    """Codec, channels, sample rate, bits and length."""
    sha256: str
    """The hex digest of the file."""

    @classmethod
    async def load(cls, audio: "Audio", *, max_bytes: int = MAX_BYTES) -> "Recording":
        """Read and check a recording off the event loop.

        Args:
            audio: A path, the file's bytes, a binary file open for reading (read from where it
                stands, left open), or a `Recording`, which is returned as it is.
            max_bytes: The largest file accepted, in bytes.

        Raises:
            InvalidRecording: It cannot be read, is not a WAV, is cut short, has no sound in it,
                is over `max_bytes`, or its header tells sizes that are not so.
        """
        if isinstance(audio, Recording):
            return audio
        from anyio import to_thread

        return await to_thread.run_sync(_load, audio, max_bytes, abandon_on_cancel=True)

    @classmethod
    def from_bytes(cls, data: bytes, *, max_bytes: int = MAX_BYTES) -> Self:
        """Check the bytes of a WAV file.

        Args:
            data: The whole file.
            max_bytes: The largest file accepted, in bytes.

        Raises:
            InvalidRecording: As for `load`.
        """
        if len(data) > max_bytes:
            raise InvalidRecording(_too_big(f"{len(data)} bytes", max_bytes))
        data = bytes(data)  # its own copy, were it a buffer that can change
        return cls(
            pieces=tuple(_cut(data)), wav=read_wav(data), sha256=hashlib.sha256(data).hexdigest()
        )

    @property
    def data(self) -> bytes:
        """The whole file; above 128 KB it is joined anew each time."""
        return self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)

    @property
    def size(self) -> int:
        """The file's size in bytes."""
        return sum(map(len, self.pieces))

    @property
    def seconds(self) -> float:
        """The length of the sound in seconds, more than 0."""
        return self.wav.seconds

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the phone line will make worse, one line each; empty for a recording made for it.

        The gateway documents no formats beyond WAV, so these are the common ground of telephone
        gateways: 8000 Hz, mono, 16-bit PCM, at most a minute.
        """
        return tuple(_warnings(self.wav))


Audio = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Recording
"""What can be played: a path, the file's bytes, a binary file, or a `Recording`."""


def _load(audio: Audio, max_bytes: int) -> Recording:
    if isinstance(audio, bytes | bytearray | memoryview):
        return Recording.from_bytes(bytes(audio), max_bytes=max_bytes)
    if isinstance(audio, str | os.PathLike):
        return Recording.from_bytes(_read_path(Path(audio), max_bytes), max_bytes=max_bytes)
    read = getattr(audio, "read", None)
    if not callable(read):
        kind = type(audio).__name__
        raise InvalidRecording(f"audio is a path, bytes or a binary file, not {kind}")
    if isinstance(audio, io.TextIOBase):
        raise InvalidRecording('the audio file gives text: open it with "rb"')
    try:
        # One byte over the limit is enough to know, whatever the file's length.
        data = read(max_bytes + 1)
    except (OSError, ValueError) as error:
        raise InvalidRecording(f"cannot read the audio file: {_reason(error)}") from error
    if inspect.iscoroutine(data):
        data.close()
        raise InvalidRecording("the audio file is asynchronous: pass await file.read() instead")
    if not isinstance(data, bytes):
        kind = type(data).__name__
        raise InvalidRecording(f'the audio file gives {kind}, not bytes: open it with "rb"')
    if len(data) > max_bytes:
        raise InvalidRecording(_too_big(f"over {max_bytes} bytes", max_bytes))
    return Recording.from_bytes(data, max_bytes=max_bytes)


def _read_path(path: Path, max_bytes: int) -> bytes:
    # Cut, for a file's content that is taken for its name would fill the screen.
    name = repr(str(path)[:_LONGEST_NAME])
    try:
        if path.is_dir():
            raise InvalidRecording(f"{name} is a folder: name a WAV file")
        if path.exists() and not path.is_file():
            # A pipe would keep the call waiting for as long as nobody writes to it.
            raise InvalidRecording(f"{name} is not a regular file: name a WAV file")
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
            size = os.fstat(file.fileno()).st_size
    except (OSError, ValueError) as error:
        raise InvalidRecording(f"cannot read the recording {name}: {_reason(error)}") from error
    if len(data) > max_bytes:
        # Files that the kernel makes up, as below /proc, tell no size of their own.
        raise InvalidRecording(_too_big(f"{max(size, len(data))} bytes", max_bytes))
    return data


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)


def _too_big(size: str, max_bytes: int) -> str:
    return (
        f"the recording is too big: {size}, at most {max_bytes} are taken: "
        "shorten it or save it as 8000 Hz, mono, 16-bit PCM"
    )


def _cut(data: bytes) -> Iterator[bytes]:
    if len(data) <= JOINED_BYTES:
        yield data
    else:
        for start in range(0, len(data), _PIECE_BYTES):
            yield data[start : start + _PIECE_BYTES]


def _warnings(wav: Wav) -> Iterator[str]:
    if wav.codec != "PCM":
        yield f"{wav.codec} may not be played by every operator: PCM is the safe codec"
    elif wav.bits != 16:
        yield f"{wav.bits} bits a sample: 16 is what telephone gateways expect"
    if wav.channels > 1:
        yield f"{wav.channels} channels: a phone line is mono"
    if wav.sample_rate != 8000:
        yield f"{wav.sample_rate} Hz: a phone line carries 8000 Hz, the rest is lost or resampled"
    if wav.seconds > _LINE_SECONDS:
        yield f"{wav.seconds:.0f} s long: few people listen longer than {_LINE_SECONDS} s"
