"""A user's file of tests, in which calls can be accepted without a client."""

import pytest

ACCEPTED = """
from decimal import Decimal

import pytest

from alphasms_async.sandbox import Autopilot, Fate, Sandbox, SandboxCall


def called(sandbox, phone="380501234567", hook=None):
    draft = SandboxCall(kind="voice", phone=phone, price=sandbox.price, hook=hook, dtmf=True)
    return sandbox.accept(draft)

"""


def run(project: pytest.Pytester, text: str) -> pytest.RunResult:
    """Run a file of tests in which calls can be accepted."""
    project.makepyfile(ACCEPTED + text)
    return project.runpytest_inprocess()
