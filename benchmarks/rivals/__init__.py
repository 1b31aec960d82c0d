"""Who places calls: the package over each of its transports, and what people write by hand.

What is written by hand is what somebody would write who has read the library's manual and wants
it to be fast. Each is imported only where it is measured: what one needs, no other has to carry.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pkgutil import resolve_name
from typing import Final, TypeAlias

from benchmarks.loads import Load

__all__ = ["RIVALS", "Caller", "Rival", "rival"]

Caller: TypeAlias = Callable[[str], Awaitable[int]]
"""Places one call to a phone, and returns the id that the gateway has given it.

It raises something unless the answer is a good one, with an id in it: failing is fast."""

Rival: TypeAlias = Callable[[Load], AbstractAsyncContextManager[Sequence[Caller]]]
"""Opens what a load needs, and gives one caller for each worker."""

RIVALS: Final[Mapping[str, str]] = {
    "AlphaSMS": "ours:over_slots",
    "AlphaSMS, reuse": "ours:over_slots_reused",
    "AlphaSMS, aiohttp": "ours:over_aiohttp",
    "AlphaSMS, aiohttp, reuse": "ours:over_aiohttp_reused",
    "httpx by hand": "httpx_by_hand:one_client",
    "httpx, pool per worker": "httpx_by_hand:one_client_each",
    "httpx's bare transport": "httpx_bare:one_transport_each",
    "aiohttp by hand": "aiohttp_by_hand:one_session",
    "bare aiohttp": "aiohttp_bare:reused",
    "bare aiohttp, no reuse": "aiohttp_bare:not_reused",
    "bare streams": "streams:one_connection_each",
}
"""Where each is, by its name: the module, and the function in it."""


def rival(name: str) -> Rival:
    """Import one of the `RIVALS`."""
    found: Rival = resolve_name(f"{__name__}.{RIVALS[name]}")
    return found
