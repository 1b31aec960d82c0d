"""WAV files of every make, for the tests of what the page says of them."""

import struct


def sound(
    samples: bytes = bytes(16_000),
    *,
    codec: int = 1,
    rate: int = 8_000,
    channels: int = 1,
    bits: int = 16,
) -> bytes:
    """Return `samples` in a WAV file."""
    frame_bytes = channels * bits // 8
    shape = struct.pack("<HHIIHH", codec, channels, rate, rate * frame_bytes, frame_bytes, bits)
    chunks = b"WAVEfmt " + struct.pack("<I", len(shape)) + shape
    chunks += b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks
