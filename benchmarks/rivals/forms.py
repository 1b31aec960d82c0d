"""The form of a call, for those who write its bytes themselves."""

from benchmarks.loads import KEY

__all__ = ["AFTER_AUDIO", "CONTENT_TYPE", "before_audio"]

_BOUNDARY = "------------------------a1b2c3d4e5f6"

CONTENT_TYPE = f"multipart/form-data; boundary={_BOUNDARY}"
"""What the form is, as its header says it."""

AFTER_AUDIO: bytes = f"\r\n--{_BOUNDARY}--\r\n".encode()
"""What follows the recording, to the form's end."""


def before_audio(phone: str) -> bytes:
    """Return what stands before the recording, for a call to a phone."""
    return (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="key"\r\n\r\n{KEY}\r\n'
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="phone"\r\n\r\n{phone}\r\n'
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="voice"; filename="audio.wav"\r\n'
        "Content-Type: audio/wav\r\n\r\n"
    ).encode()
