import hashlib
import io
import os
import pickle
import threading
from pathlib import Path
from typing import IO, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async.errors import InvalidRecording
from alphasms_async.recording import MAX_BYTES, Audio, Recording
from tests.sounds import chunk, fmt, riff, wav

DATA = wav(seconds=0.5)
KB = 1024


def of_size(size: int) -> bytes:
    """Return a WAV file of so many bytes, an even number."""
    return riff(fmt(), chunk(b"data", bytes(size - len(riff(fmt(), chunk(b"data", b""))))))


async def refusal(audio: Any, **options: Any) -> str:
    """Return the text of the refusal of what cannot be played."""
    with pytest.raises(InvalidRecording) as caught:
        await Recording.load(audio, **options)
    text = str(caught.value)
    assert [text] == text.splitlines()
    return text


class Watched(io.BytesIO):
    """A file that notes which thread reads it, and how much is asked for."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.readers: set[int] = set()
        self.asked: list[int | None] = []

    def read(self, size: int | None = -1, /) -> bytes:
        """Note who asks for how much."""
        self.readers.add(threading.get_ident())
        self.asked.append(size)
        return super().read(size)


class Unnamed(os.PathLike[str]):
    """A path that notes which thread asks for it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.readers: set[int] = set()

    def __fspath__(self) -> str:
        self.readers.add(threading.get_ident())
        return str(self.path)


def test_a_recording_knows_its_facts() -> None:
    """Bytes, size, length, digest and format are those of the file."""
    recording = Recording.from_bytes(DATA)
    assert (DATA, len(DATA), 0.5) == (recording.data, recording.size, recording.seconds)
    assert hashlib.sha256(DATA).hexdigest() == recording.sha256
    assert (
        recording.wav.codec,
        recording.wav.channels,
        recording.wav.sample_rate,
        recording.wav.bits,
    ) == ("PCM", 1, 8000, 16)


def test_a_recording_is_immutable() -> None:
    """No fact of a recording can be changed while calls share it."""
    recording = Recording.from_bytes(DATA)
    with pytest.raises(AttributeError):
        recording.sha256 = "0" * 64  # type: ignore[misc]  # the very thing that is refused


def test_equal_files_are_equal_recordings() -> None:
    """A recording is its bytes: equal ones are equal and hash alike."""
    one, two = Recording.from_bytes(DATA), Recording.from_bytes(bytes(DATA))
    assert one == two
    assert len({one, two}) == 1


def test_a_recording_shows_its_facts_not_its_bytes() -> None:
    """The repr is short whatever the file's size."""
    assert len(repr(Recording.from_bytes(of_size(2_000_000)))) < 300


def test_a_recording_pickles() -> None:
    """A recording crosses a process whole."""
    recording = Recording.from_bytes(DATA)
    assert recording == pickle.loads(pickle.dumps(recording))  # noqa: S301 - our own bytes


@pytest.mark.parametrize(
    ("size", "pieces"),
    [
        (46, 1),
        (128 * KB, 1),
        (128 * KB + 2, 1),
        (256 * KB, 1),
        (256 * KB + 2, 2),
        (1024 * KB, 4),
        (MAX_BYTES, 20),
    ],
)
def test_a_large_file_is_cut_into_pieces_of_256_kb(size: int, pieces: int) -> None:
    """The pieces are at most 256 KB, and together they are the file."""
    recording = Recording.from_bytes(of_size(size))
    assert (pieces, size) == (len(recording.pieces), recording.size)
    assert of_size(size) == recording.data
    assert max(map(len, recording.pieces)) <= 256 * KB


@pytest.mark.parametrize(
    ("data", "warnings"),
    [
        (wav(), []),
        (wav(bits=8), ["8 bits a sample"]),
        (wav(bits=24), ["24 bits a sample"]),
        (wav(bits=8, codec=7), ["µ-law may not be played"]),
        (wav(bits=32, codec=3), ["float may not be played"]),
        (wav(channels=2), ["2 channels"]),
        (wav(rate=44100), ["44100 Hz"]),
        (wav(seconds=60), []),
        (wav(seconds=61), ["61 s long"]),
        (wav(rate=16000, channels=2, bits=24), ["24 bits", "2 channels", "16000 Hz"]),
    ],
)
def test_what_the_line_makes_worse_is_a_warning(data: bytes, warnings: list[str]) -> None:
    """What a phone line does not carry well is told, one line each, and accepted."""
    told = Recording.from_bytes(data).warnings
    assert len(warnings) == len(told)
    assert all(words in line for words, line in zip(warnings, told, strict=True))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_recording_or_refused(data: bytes) -> None:
    """Random bytes are refused in our words, never by another error."""
    with pytest.raises(InvalidRecording):
        Recording.from_bytes(data)


def test_the_limit_of_the_gateway_is_the_default() -> None:
    """A file of 5 MB is taken, one byte more is refused with both sizes and a way out."""
    assert Recording.from_bytes(of_size(MAX_BYTES)).size == MAX_BYTES
    with pytest.raises(InvalidRecording, match="5242882 bytes, at most 5242880 are taken: shorten"):
        Recording.from_bytes(of_size(MAX_BYTES + 2))


@pytest.mark.anyio
@pytest.mark.parametrize(
    "make",
    [bytes, bytearray, memoryview, io.BytesIO, Recording.from_bytes],
    ids=["bytes", "bytearray", "memoryview", "file", "recording"],
)
async def test_audio_in_memory_is_loaded(make: Any) -> None:
    """Bytes in any form, a binary file and a recording give the same recording."""
    assert Recording.from_bytes(DATA) == await Recording.load(make(DATA))


@pytest.mark.anyio
@pytest.mark.parametrize("make", [str, Path, Unnamed])
async def test_a_path_is_loaded(tmp_path: Path, make: Any) -> None:
    """A path as text, as `Path` and as anything that has `__fspath__` is read."""
    path = tmp_path / "промо.wav"
    path.write_bytes(DATA)
    recording = await Recording.load(make(path))
    assert recording.data == DATA


@pytest.mark.anyio
async def test_a_recording_is_returned_as_it_is() -> None:
    """Loading a recording again does no work."""
    recording = Recording.from_bytes(DATA)
    assert recording is await Recording.load(recording)


@pytest.mark.anyio
async def test_a_file_is_read_from_where_it_stands_and_left_open() -> None:
    """The caller's file is neither rewound nor closed."""
    file = io.BytesIO(b"before" + DATA)
    file.seek(len(b"before"))
    recording = await Recording.load(file)
    assert recording.data == DATA
    assert not file.closed


@pytest.mark.anyio
async def test_a_file_is_read_off_the_event_loop() -> None:
    """Another thread than the event loop's reads the file."""
    file = Watched(DATA)
    await Recording.load(file)
    assert len(file.readers) == 1
    assert threading.get_ident() not in file.readers


@pytest.mark.anyio
async def test_a_path_is_opened_off_the_event_loop(tmp_path: Path) -> None:
    """Another thread than the event loop's looks at the path."""
    path = Unnamed(tmp_path / "audio.wav")
    path.path.write_bytes(DATA)
    await Recording.load(path)
    assert threading.get_ident() not in path.readers


@pytest.mark.anyio
async def test_no_more_is_read_than_tells_that_a_file_is_too_big() -> None:
    """A huge file is given up after one byte over the limit."""
    file = Watched(of_size(100_000))
    assert "over 1000 bytes, at most 1000 are taken" in await refusal(file, max_bytes=1000)
    assert file.asked == [1001]


@pytest.mark.anyio
async def test_a_file_over_the_limit_tells_its_size(tmp_path: Path) -> None:
    """A path's refusal has the size of the whole file in it."""
    path = tmp_path / "long.wav"
    path.write_bytes(of_size(100_000))
    assert "100000 bytes, at most 1000 are taken" in await refusal(path, max_bytes=1000)


@pytest.mark.anyio
@pytest.mark.parametrize("make", [bytes, io.BytesIO])
async def test_the_limit_itself_is_accepted(make: Any) -> None:
    """A file of exactly `max_bytes` is taken."""
    recording = await Recording.load(make(DATA), max_bytes=len(DATA))
    assert len(DATA) == recording.size


@pytest.mark.anyio
async def test_a_device_is_refused() -> None:
    """What is no regular file might never end, or never begin, and is not opened."""
    assert "'/dev/zero' is not a regular file" in await refusal("/dev/zero")


@pytest.mark.anyio
async def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A path to nothing is refused with its name and the system's reason."""
    told = await refusal(tmp_path / "missing.wav")
    assert "missing.wav': No such file or directory" in told


@pytest.mark.anyio
async def test_a_folder_is_named(tmp_path: Path) -> None:
    """A folder is told apart from a file."""
    assert "is a folder: name a WAV file" in await refusal(tmp_path)


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["", "a\nb.wav", "a\0b.wav", "\udcff.wav", "x" * 5000])
async def test_a_strange_path_is_told_in_one_short_line(path: str) -> None:
    """Names with line ends, zeros, broken characters or without end are shown safely."""
    told = await refusal(path)
    assert len(told) < 400
    assert told.encode()


@pytest.mark.anyio
async def test_an_empty_file_is_named(tmp_path: Path) -> None:
    """A file of no bytes is told to be empty."""
    (tmp_path / "empty.wav").touch()
    assert "the file is empty" in await refusal(tmp_path / "empty.wav")


@pytest.mark.anyio
async def test_a_file_opened_as_text_is_told_how_to_open(tmp_path: Path) -> None:
    """A text file object is refused before its decoder meets the bytes."""
    path = tmp_path / "audio.wav"
    path.write_bytes(b"\xff\xfe" + DATA)
    with path.open(encoding="utf-8") as file:
        assert 'gives text: open it with "rb"' in await refusal(file)


@pytest.mark.anyio
async def test_a_reader_of_text_is_told_how_to_open() -> None:
    """An object whose `read` gives text is refused by what it gave."""

    class Talks:
        def read(self, _size: int) -> str:
            return "RIFF"

    assert 'gives str, not bytes: open it with "rb"' in await refusal(Talks())


@pytest.mark.anyio
async def test_an_asynchronous_file_is_told_how_to_read() -> None:
    """An upload whose `read` must be awaited is refused with what to pass instead."""

    class Upload:
        async def read(self, _size: int) -> bytes:
            return wav()

    assert "pass await file.read() instead" in await refusal(Upload())


@pytest.mark.anyio
async def test_a_closed_file_is_refused() -> None:
    """A file that cannot be read is a recording that cannot be read."""
    file = io.BytesIO(DATA)
    file.close()
    assert "cannot read the audio file: I/O operation on closed file" in await refusal(file)


@pytest.mark.anyio
async def test_a_file_opened_for_writing_is_refused(tmp_path: Path) -> None:
    """A file that is open the wrong way is refused with the system's reason."""
    with (tmp_path / "audio.wav").open("wb") as file:
        assert "cannot read the audio file" in await refusal(cast("IO[bytes]", file))


@pytest.mark.anyio
@pytest.mark.parametrize("audio", [None, 7, ["promo.wav"], object()])
async def test_what_is_no_audio_is_refused_by_its_type(audio: Any) -> None:
    """Anything else is named by its type."""
    told = await refusal(cast("Audio", audio))
    assert f"audio is a path, bytes or a binary file, not {type(audio).__name__}" == told
