"""The package with one promise taken out, and the one test that must notice."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import copy2, copytree, ignore_patterns
from xml.etree import ElementTree as ET

from attrs import frozen

__all__ = ["MUTANTS", "Judged", "Mutant", "copied", "judge"]

ROOT = Path(__file__).parents[2]
PACKAGE = "alphasms_async"

_PATIENCE_SECONDS = 600
# Installed for development the package would be found at home too, whatever it was copied for.
_GUARD = f"""
from pathlib import Path
import {PACKAGE}

assert Path({PACKAGE}.__file__).is_relative_to(Path(__file__).parent), {PACKAGE}.__file__
"""


@frozen
class Mutant:
    """One promise less."""

    test: str
    """The test named for it, as pytest knows it."""
    file: str
    """The file of the package that keeps the promise."""
    edits: Mapping[str, str]
    """What is written there in place of what."""

    def apply(self, folder: Path) -> None:
        """Take the promise out of a copy."""
        path = folder / PACKAGE / self.file
        text = path.read_text("utf-8")
        for old, new in self.edits.items():
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {self.file}"
            text = text.replace(old, new)
        path.write_text(text, "utf-8")


MUTANTS: Mapping[str, Mutant] = {
    "send before the intent is committed": Mutant(
        "campaigns/test_dialer_calls.py::"
        "test_every_intent_of_many_is_in_the_file_before_a_byte_leaves",
        "campaigns/sql/writer.py",
        # Each transaction is committed when the next one begins: too late for what it is for.
        # But for those that are alone, or there would be no campaign to dial.
        {
            "self._connection.commit()": "batch[0].alone and self._connection.commit()",
            "self._connection.begin()": (
                "self._connection.opened.in_transaction and self._connection.commit(); "
                "self._connection.begin()"
            ),
        },
    ),
    "NORMAL instead of FULL": Mutant(
        "torture/test_power_cuts.py::test_power_cut_forgets_no_intent",
        "campaigns/sqlite/opening.py",
        {'("full", 2)': '("normal", 1)'},
    ),
    "retry on ReadTimeout": Mutant(
        "test_exchange.py::test_error_once_the_body_is_begun_is_unknown",
        "exchange.py",
        {
            "if delivery is not None and delivery.began:": (
                "if delivery and delivery.began and not isinstance(failure, httpx.ReadTimeout):"
            )
        },
    ),
    "redirects followed by httpx": Mutant(
        "test_exchange_redirects.py::test_client_of_the_callers_follows_nothing",
        "client.py",
        {"follow_redirects=False)": "follow_redirects=True)"},
    ),
    "no attempt fence": Mutant(
        "campaigns/test_journal_settle.py::test_an_older_attempt_moves_nothing",
        "campaigns/sql/moves.py",
        {"if moves:\n        rest = ": "if True:\n        rest = "},
    ),
    "sweep to planned instead of uncertain": Mutant(
        "torture/test_kills.py::test_killed_runs_ring_nobody_twice",
        "campaigns/sql/moves.py",
        {"RowState.DIALING, Cause.UNCERTAIN)": "RowState.DIALING, Cause.PUT_BACK)"},
    ),
    "no lock": Mutant(
        "torture/test_two_dialers.py::test_a_second_runner_is_refused_by_name",
        "campaigns/sqlite/lock.py",
        {"fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)": "pass"},
    ),
    "a file is what it is called": Mutant(
        "campaigns/test_journal_moved.py::test_a_run_ends_before_its_next_request",
        "campaigns/sqlite/one_writer.py",
        {"return self._guard.failure(writing=True)": "return None"},
    ),
    "dialling without the last calls": Mutant(
        "campaigns/test_journal_moved.py::test_a_journal_of_the_dead_is_not_dialled_without_its_last_calls",
        "campaigns/sqlite/file.py",
        {"check_whole(place, self._name)": "pass"},
    ),
    "dialling from an older copy": Mutant(
        "campaigns/test_journal_seen.py::test_an_older_copy_is_not_dialled",
        "campaigns/sqlite/file.py",
        {"self._lock.check_seen(self._attempts)": "pass"},
    ),
    "an index that is believed": Mutant(
        "campaigns/test_journal_damage.py::test_a_damaged_index_hands_out_nobody_twice",
        "campaigns/sqlite/queries.sql",
        {
            "where id = :recipient and +state = 'planned' and attempts = :n - 1": (
                "where id = :recipient"
            )
        },
    ),
    "an event answered before it is kept": Mutant(
        "torture/test_events.py::test_killed_listeners_lose_no_event",
        "webhooks/receiver.py",
        {
            "return _TAKEN if await self._take(event, digest, scope) else _NOT_KEPT": (
                'scope["left"] = event, digest\n        return _TAKEN'
            ),
            "await answer.send(send)": (
                "await answer.send(send)\n"
                '        if "left" in scope:\n'
                '            await self._take(*scope["left"], scope)'
            ),
        },
    ),
    "an event seen before it is kept": Mutant(
        "torture/test_events.py::test_killed_runs_lose_no_event",
        "webhooks/handled.py",
        {
            "yield event not in self._done": (
                "is_new = event not in self._done; self._remember(event); yield is_new"
            )
        },
    ),
    "a lost machine's calls go back to planned": Mutant(
        "torture/test_many_machines.py::test_lost_machines_ring_nobody_twice[budget-0]",
        "campaigns/sql/moves.py",
        {"RowState.DIALING, Cause.UNCERTAIN)": "RowState.DIALING, Cause.PUT_BACK)"},
    ),
    "a start that is given out twice": Mutant(
        "campaigns/postgres/test_shares.py::test_slots_stand_in_one_row",
        "campaigns/postgres/queries.sql",
        {"set next_slot = p.first + %(count)s * p.step": "set next_slot = p.first"},
    ),
    "money that is given out twice": Mutant(
        "campaigns/postgres/test_shares.py::test_grants_are_never_above_the_budget",
        "campaigns/postgres/queries.sql",
        {"set granted = c.granted + g.amount": "set granted = c.granted"},
    ),
}
"""The promises, by what a package without them does."""


@frozen
class Judged:
    """What pytest found."""

    code: int
    """How it ended: 0 all passed, 1 some failed."""
    passed: int
    failures: Sequence[str]
    """What each test that failed found, without the code that pytest shows around it."""
    errors: int
    """How many could not even be begun."""
    said: str
    """All that pytest said."""


def copied(folder: Path) -> Path:
    """Copy the package and its tests into a folder, where they find each other and nothing else."""
    unwanted = ignore_patterns("__pycache__")
    for name in (PACKAGE, "tests"):
        copytree(ROOT / name, folder / name, ignore=unwanted)
    copy2(ROOT / "pyproject.toml", folder)
    (folder / "conftest.py").write_text(_GUARD, "utf-8")
    return folder


def judge(folder: Path, *tests: str) -> Judged:
    """Run tests of a copy until one fails."""
    # The short form of each test, whatever form this one has.
    environment = {name: text for name, text in os.environ.items() if name != "ALPHASMS_TORTURE"}
    options = ["-x", "-q", "-p", "no:cacheprovider"]
    options += ["-o", "junit_family=xunit1", "--junitxml=found.xml"]
    ran = subprocess.run(  # noqa: S603 - our own tests
        [sys.executable, "-m", "pytest", *options, *(f"tests/{one}" for one in tests)],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )
    found = folder / "found.xml"
    assert found.exists(), ran.stdout + ran.stderr
    cases = ET.parse(found).findall(".//testcase")  # noqa: S314 - written by our own pytest
    failures = [_found(one.text or "") for case in cases for one in case.findall("failure")]
    errors = sum(case.find("error") is not None for case in cases)
    return Judged(
        code=ran.returncode,
        passed=len(cases) - len(failures) - errors,
        failures=failures,
        errors=errors,
        said=ran.stdout + ran.stderr,
    )


def _found(told: str) -> str:
    """Return the lines of a failure that pytest marks as what was raised."""
    return "\n".join(line for line in told.splitlines() if line.startswith("E "))
