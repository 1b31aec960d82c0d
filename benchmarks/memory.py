"""How much memory a campaign needs, while it is planned and while it is dialled.

Each step is a process of its own, and done for a tenth of the rows as well: what is flat needs no
more for ten times as many. Dialling answers itself in the process, for over a network a million
calls would take an hour.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.options import Options, read_options
from benchmarks.rounds import Spread
from benchmarks.steps import STEPS, write_list
from benchmarks.tables import RESULTS, Table, publish

__all__ = ["main"]


def _measured(step: str, folder: Path, rows: int) -> dict[str, Any]:
    said = subprocess.run(  # noqa: S603 - a module beside this one
        [sys.executable, "-m", "benchmarks.steps", step, folder],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    ).stdout
    measured: dict[str, Any] = json.loads(said)
    if measured["rows"] != rows:
        raise RuntimeError(f"{step}: only {measured['rows']} of {rows} rows came through")
    return {"step": step, **measured}


def _steps(rows: int) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(dir=RESULTS) as name:
        folder = Path(name)
        write_list(folder, rows)
        measured = [_measured(step, folder, rows) for step in STEPS]
        # In the journal as it is left behind, all that its log has is in the file itself.
        size = Path(folder, "bench.journal").stat().st_size
    return [{**one, "bytes_a_row": size / rows} for one in measured]


def _row(measured: dict[str, Any]) -> dict[str, str | int | Spread]:
    shares = {
        f"at {100 * float(share):.0f} %": round(megabytes)
        for share, megabytes in measured["shares"].items()
    }
    return {
        "step": measured["step"],
        "rows": measured["rows"],
        "rows a second": round(measured["rows"] / measured["seconds"]),
        **shares,
        "peak": round(measured["peak"]),
    }


def main(options: Options) -> None:
    """Measure, print and keep."""
    RESULTS.mkdir(exist_ok=True)
    rows = options.rows_or(1_000_000, 10_000)
    measured = [one for count in (max(1, rows // 10), rows) for one in _steps(count)]
    title = "Memory resident in the course of each step, in MB"
    size = measured[-1]["bytes_a_row"]
    sizes = [{"rows": rows, "bytes of the journal's file a recipient": round(size)}]
    tables = [Table(title, [_row(one) for one in measured]), Table("On the disk", sizes)]
    publish("memory", tables, steps=measured)


if __name__ == "__main__":
    main(read_options(__doc__))
