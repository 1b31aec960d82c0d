"""What it costs to connect for each call instead of keeping connections, plainly and over TLS.

Calls of 40 KB, 50 in flight, over both transports. On loopback nobody waits for the round trips
of a handshake, so that what is seen is the CPU alone.
"""

import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import anyio
import trustme
from attrs import asdict, frozen

from benchmarks.calling import Measured, measured
from benchmarks.draining import draining
from benchmarks.loads import Load
from benchmarks.options import Options, read_options
from benchmarks.rounds import Spread, interleaved, ratios
from benchmarks.tables import Table, publish

__all__ = ["main"]

_SOUND_BYTES = 40_000
_IN_FLIGHT = 50
# Each without reuse, and with it.
_TRANSPORTS: Final = {
    "AlphaSMS": "AlphaSMS, reuse",
    "AlphaSMS, aiohttp": "AlphaSMS, aiohttp, reuse",
}


@frozen
class _Gateway:
    name: str
    url: str
    authority: str | None


@contextmanager
def _gateways() -> Generator[Sequence[_Gateway]]:
    """Run a gateway that is spoken to plainly and one that is spoken to over TLS."""
    authority = trustme.CA()
    with tempfile.TemporaryDirectory() as name:
        trusted, certificate = Path(name, "authority.pem"), Path(name, "gateway.pem")
        authority.cert_pem.write_to_path(trusted)
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
        with draining() as plain, draining(certificate=certificate) as secure:
            yield _Gateway("plain", plain, None), _Gateway("TLS", secure, str(trusted))


def _load(gateway: _Gateway, calls: int) -> Load:
    return Load(
        url=gateway.url,
        sound_bytes=_SOUND_BYTES,
        in_flight=_IN_FLIGHT,
        calls=calls,
        warm_up=_IN_FLIGHT,
        authority=gateway.authority,
    )


def _row(
    name: str, gateway: str, fresh: Sequence[Measured], kept: Sequence[Measured]
) -> dict[str, str | Spread]:
    fresh_cpu = [one.cpu_milliseconds for one in fresh]
    kept_cpu = [one.cpu_milliseconds for one in kept]
    more = [cost - other for cost, other in zip(fresh_cpu, kept_cpu, strict=True)]
    return {
        "transport": f"{name}, {gateway}",
        "reuse, ms": Spread.of(kept_cpu),
        "no reuse, ms": Spread.of(fresh_cpu),
        "ms more": Spread.of(more),
        "times": ratios(fresh_cpu, kept_cpu),
        "reuse, calls a second": Spread.of([one.calls_a_second for one in kept]),
        "no reuse, calls a second": Spread.of([one.calls_a_second for one in fresh]),
    }


async def main(options: Options) -> None:
    """Measure, print and keep."""
    calls = options.rows_or(2_000, 100)
    with _gateways() as gateways:
        found = await interleaved(
            1 if options.is_quick else 5,
            {
                (gateway.name, rival): partial(measured, rival, _load(gateway, calls))
                for gateway in gateways
                for pair in _TRANSPORTS.items()
                for rival in pair
            },
        )
    rows = [
        _row(fresh, gateway.name, found[gateway.name, fresh], found[gateway.name, kept])
        for fresh, kept in _TRANSPORTS.items()
        for gateway in gateways
    ]
    title = f"CPU of a call, 40 KB, {_IN_FLIGHT} in flight, {calls:,} calls"
    kept_whole = [
        {"gateway": gateway, "rival": rival, "rounds": [asdict(one) for one in rounds]}
        for (gateway, rival), rounds in found.items()
    ]
    publish("reuse", [Table(title, rows)], measured=kept_whole)


if __name__ == "__main__":
    anyio.run(main, read_options(__doc__))
