"""`multipart/form-data` bodies, byte by byte as the gateway's own curl examples send them."""

import secrets
from collections.abc import Iterable

from alphasms_async.recording import JOINED_BYTES, Recording

__all__ = ["encode", "encode_with_recording"]

_CONTENT_TYPE = "multipart/form-data; boundary="

Fields = Iterable[tuple[str, str]]


def encode(fields: Fields) -> tuple[str, tuple[bytes, ...]]:
    """Return the content type and the body of a form of text fields."""
    boundary = f"alphasms-{secrets.token_hex(16)}"
    return _CONTENT_TYPE + boundary, (_texts(fields, boundary) + _end(boundary),)


def encode_with_recording(recording: Recording, fields: Fields) -> tuple[str, tuple[bytes, ...]]:
    """Return the content type and the body of a form: the recording first, then text fields.

    The recording comes first because its pieces and all before them are the same for every
    call. It is always called `audio.wav`: the name a file has at home does not leave.
    """
    # No file contains its own digest, so no recording can contain its own boundary.
    boundary = f"alphasms-{recording.sha256[:32]}"
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="voice"; filename="audio.wav"\r\n'
        "Content-Type: audio/wav\r\n\r\n"
    ).encode()
    tail = b"\r\n" + _texts(fields, boundary) + _end(boundary)
    pieces = (head, *recording.pieces, tail)
    if recording.size <= JOINED_BYTES:
        # One write is cheaper than three; above this size, joining costs more than it saves.
        pieces = (b"".join(pieces),)
    return _CONTENT_TYPE + boundary, pieces


def _texts(fields: Fields, boundary: str) -> bytes:
    return "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields
    ).encode()


def _end(boundary: str) -> bytes:
    return f"--{boundary}--\r\n".encode()
