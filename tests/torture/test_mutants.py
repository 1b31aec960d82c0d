"""Whoever takes a promise out of the package turns the one test red that is named for it."""

from pathlib import Path

import pytest

from tests.torture.mutants import MUTANTS, copied, judge

# What a test says that fails because of what it found, and not because it could not be run.
FINDINGS = ("AssertionError", "assert ", "DID NOT RAISE", "JournalError")


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_caught(name: str, tmp_path: Path) -> None:
    """With the promise taken out, its test fails, and for what it found."""
    mutant = MUTANTS[name]
    mutant.apply(copied(tmp_path))
    judged = judge(tmp_path, mutant.test)
    assert judged.code == 1, judged.said
    assert judged.errors == 0, judged.said
    assert len(judged.failures) == 1
    assert any(finding in judged.failures[0] for finding in FINDINGS), judged.said


def test_tests_of_mutants_pass_without_them(tmp_path: Path) -> None:
    """In an unchanged copy every one of these tests passes: they fail for the mutants alone."""
    judged = judge(copied(tmp_path), *(mutant.test for mutant in MUTANTS.values()))
    assert judged.code == 0, judged.said
    assert judged.passed >= len(MUTANTS)
