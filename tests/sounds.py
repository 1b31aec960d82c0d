"""WAV files for tests, right ones and every kind of wrong one."""

import struct


def wav(
    *, seconds: float = 1, rate: int = 8000, channels: int = 1, bits: int = 16, codec: int = 1
) -> bytes:
    """Return a WAV whose header tells the truth."""
    block = channels * bits // 8
    sound = bytes(range(256)) * (int(seconds * rate) * block // 256 + 1)
    return riff(
        fmt(rate, channels, bits, codec), chunk(b"data", sound[: int(seconds * rate) * block])
    )


def fmt(rate: int = 8000, channels: int = 1, bits: int = 16, codec: int = 1) -> bytes:
    """Return a format chunk."""
    block = channels * bits // 8
    body = struct.pack("<HHIIHH", codec, channels, rate, rate * block, block, bits)
    return chunk(b"fmt ", body)


def chunk(name: bytes, body: bytes, *, size: int | None = None) -> bytes:
    """Return a chunk, padded, that tells its own size or the one given."""
    told = len(body) if size is None else size
    return name + struct.pack("<I", told) + body + b"\0" * (len(body) % 2)


def riff(*chunks: bytes, size: int | None = None) -> bytes:
    """Return a RIFF file of the chunks, that tells its own size or the one given."""
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body
