import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from email.policy import HTTP

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_multipart.multipart import MultipartParser, parse_options_header

from alphasms_async.gateway import voice_php
from alphasms_async.gateway.multipart import encode, encode_with_recording
from alphasms_async.recording import Recording
from tests.gateway.answers import KEY, PHONE
from tests.sounds import chunk, fmt, riff, wav

HOOK = "https://app.example/hook?id=123456&t=a%20b"
RECORDING = Recording.from_bytes(wav(seconds=0.1))
JOINED_BYTES = 128 * 1024


def recording_of(size: int) -> Recording:
    """Return a recording whose file has so many bytes."""
    head = len(riff(fmt(), chunk(b"data", b"")))
    sound = bytes(number % 251 for number in range(size - head))
    return Recording.from_bytes(riff(fmt(), chunk(b"data", sound)))


def parts_by_email(content_type: str, body: bytes) -> Iterator[tuple[str, str | None, bytes]]:
    """Yield name, filename and content of each part, as the standard library reads them."""
    whole = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body, policy=HTTP)
    for part in whole.walk():
        if not part.is_multipart():
            name = part.get_param("name", header="content-disposition")
            yield str(name), part.get_filename(), content(part)


def content(part: Message) -> bytes:
    """Return a part's bytes."""
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


def parts_by_parser(content_type: str, body: bytes) -> list[tuple[dict[str, str], bytes]]:
    """Return headers and content of each part, as the parser of most Python servers reads them."""
    parts: list[tuple[dict[str, str], bytearray]] = []
    names: list[bytes] = [b""]
    parser = MultipartParser(
        parse_options_header(content_type)[1][b"boundary"],
        {
            "on_part_begin": lambda: parts.append(({}, bytearray())),
            "on_header_begin": lambda: names.append(b""),
            "on_header_field": lambda data, start, end: names.append(data[start:end]),
            "on_header_value": lambda data, start, end: parts[-1][0].update(
                {names[-1].decode(): data[start:end].decode()}
            ),
            "on_part_data": lambda data, start, end: parts[-1][1].extend(data[start:end]),
        },
    )
    parser.write(body)
    parser.finalize()
    return [(headers, bytes(data)) for headers, data in parts]


def test_a_voice_call_is_byte_for_byte_what_curl_sends() -> None:
    """The whole body of a call: recording, key, phone, hook and dtmf, in this order."""
    request = voice_php.call(KEY, PHONE, RECORDING, hook=HOOK, dtmf=True)
    boundary = f"alphasms-{RECORDING.sha256[:32]}"
    assert f"multipart/form-data; boundary={boundary}" == request.content_type
    assert b"\r\n".join(
        [
            f"--{boundary}".encode(),
            b'Content-Disposition: form-data; name="voice"; filename="audio.wav"',
            b"Content-Type: audio/wav",
            b"",
            RECORDING.data,
            f"--{boundary}".encode(),
            b'Content-Disposition: form-data; name="key"',
            b"",
            KEY.encode(),
            f"--{boundary}".encode(),
            b'Content-Disposition: form-data; name="phone"',
            b"",
            PHONE.encode(),
            f"--{boundary}".encode(),
            b'Content-Disposition: form-data; name="hook"',
            b"",
            HOOK.encode(),
            f"--{boundary}".encode(),
            b'Content-Disposition: form-data; name="dtmf"',
            b"",
            b"true",
            f"--{boundary}--".encode(),
            b"",
        ]
    ) == b"".join(request.pieces)


@pytest.mark.parametrize(
    ("hook", "dtmf", "names"),
    [
        (None, False, ["voice", "key", "phone"]),
        (HOOK, False, ["voice", "key", "phone", "hook"]),
        (None, True, ["voice", "key", "phone", "dtmf"]),
        (HOOK, True, ["voice", "key", "phone", "hook", "dtmf"]),
    ],
)
@pytest.mark.parametrize("size", [1644, JOINED_BYTES + 2])
def test_the_fields_stand_in_one_order(
    hook: str | None, names: list[str], *, dtmf: bool, size: int
) -> None:
    """Voice, key, phone, then hook and dtmf where they are given, for any recording."""
    request = voice_php.call(KEY, PHONE, recording_of(size), hook=hook, dtmf=dtmf)
    body = b"".join(request.pieces)
    assert names == [name.decode() for name in re.findall(rb'form-data; name="(\w+)"', body)]


@pytest.mark.parametrize("size", [46, 1644, JOINED_BYTES, JOINED_BYTES + 2, 600_000, 5 * 2**20])
def test_the_audio_arrives_byte_for_byte(size: int) -> None:
    """A recording of any size is read back whole, under the one name that leaves."""
    recording = recording_of(size)
    request = voice_php.call(KEY, PHONE, recording, hook=HOOK, dtmf=True)
    headers, data = parts_by_parser(request.content_type, b"".join(request.pieces))[0]
    assert headers == {
        "Content-Disposition": 'form-data; name="voice"; filename="audio.wav"',
        "Content-Type": "audio/wav",
    }
    assert recording.data == data


@pytest.mark.parametrize("size", [46, JOINED_BYTES, JOINED_BYTES + 2, 5 * 2**20])
def test_the_size_is_the_bodys_length(size: int) -> None:
    """`Request.size`, which becomes `Content-Length`, counts every byte."""
    request = voice_php.call(KEY, PHONE, recording_of(size), hook=HOOK)
    assert len(b"".join(request.pieces)) == request.size


@pytest.mark.parametrize("size", [46, JOINED_BYTES - 2, JOINED_BYTES])
def test_a_small_recording_travels_in_one_piece(size: int) -> None:
    """Up to 128 KB the body is one piece: one write."""
    assert len(voice_php.call(KEY, PHONE, recording_of(size)).pieces) == 1


@pytest.mark.parametrize("size", [JOINED_BYTES + 2, 600_000, 5 * 2**20])
def test_a_large_recording_is_shared_by_all_calls(size: int) -> None:
    """Above 128 KB each call's pieces are the recording's own objects, 256 KB at most."""
    recording = recording_of(size)
    for phone in (PHONE, "380671234567"):
        pieces = voice_php.call(KEY, phone, recording).pieces
        assert all(one is two for one, two in zip(recording.pieces, pieces[1:-1], strict=True))
        assert max(map(len, pieces)) <= 256 * 1024


def test_no_local_name_leaves(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The only filename in a body is `audio.wav`."""
    body = b"".join(voice_php.call(KEY, PHONE, RECORDING).pieces)
    assert re.findall(rb'filename="([^"]*)"', body) == [b"audio.wav"]


def test_two_forms_have_two_boundaries() -> None:
    """The boundary of a form of texts is new each time, so that no value can hold it."""
    first, second = encode([("key", KEY)]), encode([("key", KEY)])
    assert first[0] != second[0]


def test_a_recording_that_holds_another_boundary_arrives_whole() -> None:
    """Audio that looks like the end of a form is still audio."""
    other = f"\r\n--alphasms-{RECORDING.sha256[:32]}--\r\n".encode()
    recording = Recording.from_bytes(riff(fmt(), chunk(b"data", other * 3)))
    content_type, pieces = encode_with_recording(recording, [("key", KEY)])
    parts = parts_by_parser(content_type, b"".join(pieces))
    assert [recording.data, KEY.encode()] == [data for _, data in parts]


# What the checks let through: printable ASCII, as keys, phones and hooks are.
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=80)
NAMES = st.from_regex(r"[a-z]{1,12}", fullmatch=True)
FIELDS = st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=6)


@given(FIELDS)
def test_any_form_is_read_back(fields: list[tuple[str, str]]) -> None:
    """Two independent readers find every field, in order, with its value."""
    content_type, pieces = encode(fields)
    body = b"".join(pieces)
    assert [(name, None, value.encode()) for name, value in fields] == list(
        parts_by_email(content_type, body)
    )
    assert [value.encode() for _, value in fields] == [
        data for _, data in parts_by_parser(content_type, body)
    ]


@given(st.binary(min_size=2, max_size=2000), FIELDS)
def test_any_recording_is_read_back(sound: bytes, fields: list[tuple[str, str]]) -> None:
    """Whatever the sound's bytes, the file and the fields after it come out as they went in."""
    recording = Recording.from_bytes(riff(fmt(), chunk(b"data", sound)))
    content_type, pieces = encode_with_recording(recording, fields)
    parts = parts_by_parser(content_type, b"".join(pieces))
    assert [recording.data, *(value.encode() for _, value in fields)] == [data for _, data in parts]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_value_of_any_language_is_utf8(text: str) -> None:
    """Text outside ASCII is sent in UTF-8."""
    content_type, pieces = encode([("text", text)])
    assert [text.encode()] == [data for _, data in parts_by_parser(content_type, b"".join(pieces))]
