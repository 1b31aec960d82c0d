"""What a benchmark prints and keeps: tables for a person, and the same figures as JSON."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import asdict, frozen
from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table as Printed

from benchmarks.machine import machine
from benchmarks.rounds import Spread, shown

__all__ = ["RESULTS", "Cell", "Table", "publish"]

RESULTS = Path(__file__).parent / "results"
"""The folder of the results, and of the journals that are measured: a folder for temporary files
is often in memory, where a flush costs nothing."""

Cell = str | int | float | Spread
"""What stands in a table."""

_WIDTH = 180


@frozen
class Table:
    """Figures that belong together."""

    title: str
    """What they are, and in which unit."""
    rows: Sequence[Mapping[str, Cell]]
    """One or more rows, all with the same columns in the same order."""


def publish(name: str, tables: Sequence[Table], **more: Any) -> None:
    """Print the tables, and write them into `results/<name>.json`.

    Args:
        name: The benchmark's name.
        tables: What was measured.
        more: What is worth keeping but not printing, as plain JSON values.
    """
    facts = machine()
    console = Console(width=_WIDTH)
    console.print(", ".join(f"{fact} {value}" for fact, value in facts.items()), highlight=False)
    for table in tables:
        console.print(_printed(table), highlight=False)
    kept = {
        "benchmark": name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": facts,
        "tables": [asdict(table) for table in tables],
        **more,
    }
    RESULTS.mkdir(exist_ok=True)
    Path(RESULTS, f"{name}.json").write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def _printed(table: Table) -> Printed:
    printed = Printed(title=table.title, title_justify="left", box=MARKDOWN)
    for place, column in enumerate(table.rows[0]):
        printed.add_column(column, justify="right" if place else "left")
    for row in table.rows:
        printed.add_row(*(_text(cell) for cell in row.values()))
    return printed


def _text(cell: Cell) -> str:
    if isinstance(cell, float):
        return shown(cell)
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
