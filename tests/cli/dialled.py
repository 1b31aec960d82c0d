"""A list that `alphasms dial` is given, and the results it writes."""

import csv
from pathlib import Path

from tests.cli.conftest import Alphasms, Ran

NUMBERS = ["380501234567", "380671234567", "380931234567"]
RESULTS = "list.results.csv"


def written(text: str, name: str = "list.csv") -> str:
    """Write a list as it stands, and return its name."""
    Path(name).write_text(text, "utf-8")
    return name


def results(name: str = RESULTS) -> list[dict[str, str]]:
    """Read the results of a list, a line each."""
    with Path(name).open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def dial(alphasms: Alphasms, text: str, *arguments: str) -> Ran:
    """Dial a list with a recording, without being asked."""
    return alphasms("dial", written(text), "--audio", "promo.wav", "--yes", *arguments)
