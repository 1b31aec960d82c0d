"""How many calls a second the sandbox accepts, and how quick its page is.

The calls are voice.php's, each with a recording of 40 KB, on kept connections; the server has one
core and the client the other. Rivals in the same run, under the same server: an app that takes its
form apart with Starlette's own `request.form()`, and one that only reads the body. The page is
measured in Chromium, where there is one: CHROMIUM names another than Debian's.
"""

from typing import Final

import anyio
from attrs import frozen

from benchmarks.asking import Asked
from benchmarks.desks import RIVALS, desk
from benchmarks.options import Options, read_options
from benchmarks.pages import measured_pages
from benchmarks.rounds import Spread, interleaved, latencies, ratios
from benchmarks.tables import RESULTS, Table, publish
from benchmarks.uploading import upload_all

__all__ = ["main"]

_USUAL_CALLS = 4_000
_QUICK_CALLS = 400
_CONNECTIONS = (1, 16)
_OURS: Final = next(iter(RIVALS))


@frozen
class _Desk:
    """A rival, and what uploading to it came to, round by round."""

    rival: str
    calls: int
    connections: int
    rounds: list[Asked]

    async def __call__(self) -> float:
        """Take all calls once; return how many that were a second."""
        async with desk(self.rival) as port:
            # Its first calls pay for what is imported and made once.
            await upload_all(port, 50, self.connections)
            self.rounds.append(await upload_all(port, self.calls, self.connections))
        return self.calls / self.rounds[-1].seconds


async def _accepted(connections: int, options: Options) -> Table:
    calls = options.rows_or(_USUAL_CALLS, _QUICK_CALLS)
    desks = {name: _Desk(name, calls, connections, []) for name in RIVALS}
    figures = await interleaved(1 if options.is_quick else 5, desks)
    return Table(
        f"40 KB calls a second on one core, {connections} at once, {calls:,} calls",
        [
            {
                "server": name,
                "calls a second": Spread.of(figures[name]),
                **latencies([asked.waits for asked in one.rounds]),
                "the sandbox's is": ratios(figures[_OURS], figures[name]),
            }
            for name, one in desks.items()
        ],
    )


async def main(options: Options) -> None:
    """Measure, print and keep."""
    RESULTS.mkdir(exist_ok=True)
    accepted = [await _accepted(connections, options) for connections in _CONNECTIONS]
    publish("sandbox", [*accepted, *await measured_pages(options)])


if __name__ == "__main__":
    anyio.run(main, read_options(__doc__))
