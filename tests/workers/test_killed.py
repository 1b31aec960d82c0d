"""Workers in processes of their own, which are killed and frozen."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from alphasms_async.sandbox import Sandbox
from alphasms_async.workers import start_runners
from tests.workers.stage import NAME, Stage, until

pytestmark = pytest.mark.asyncio

COUNT = 60
# As short as a busy machine allows: a living worker that is given up on would be replaced as well.
PROGRAM = """
import asyncio, sys
from pathlib import Path
from alphasms_async.workers import CampaignWorker

worker = CampaignWorker(
    sys.argv[1],
    audio_dir=Path(sys.argv[2]),
    concurrency=4,
    tell=lambda line: print(line, flush=True),
    lease_seconds=1.0,
    heartbeat_seconds=0.2,
    stalled_seconds=1.0,
    watch_seconds=1,
)
asyncio.run(worker.run())
"""


@contextmanager
def working(stage: Stage) -> Generator["subprocess.Popen[str]"]:
    """Have a worker at work in a process of its own, which is gone when the context is left."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
        [sys.executable, "-c", PROGRAM, stage.dsn, str(stage.folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def hear(process: "subprocess.Popen[str]", word: str) -> None:
    """Wait until a worker has said a line with this word."""
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        if word in line:
            return
    raise AssertionError(f"it never said {word!r}: {said}")


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_worker_that_is_gone_is_replaced(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, end: signal.Signals
) -> None:
    """Killed, or frozen past its lease: another goes on, and nobody rings twice or is forgotten."""
    sandbox = Sandbox()
    with sandbox.serve() as url:
        monkeypatch.setenv("ALPHASMS_API_KEY", sandbox.api_key)
        monkeypatch.setenv("ALPHASMS_BASE_URL", url)
        await stage.plan(count=COUNT, per_second=45.0)
        await start_runners(stage.dsn, NAME, 1)
        with working(stage) as first:
            await until(lambda: len(sandbox.calls()) >= 5)
            os.kill(first.pid, end)
            with working(stage) as second:
                hear(second, f"{NAME}: taken up")
                if end is signal.SIGSTOP:
                    # It wakes while another is at its campaign, and calls nobody more.
                    os.kill(first.pid, signal.SIGCONT)
                await until(lambda: _is_over(stage))
    states = await stage.states()
    rung = {call.phone for call in sandbox.calls()}
    assert len(rung) == len(sandbox.calls())
    assert set(states) <= {"accepted", "done", "uncertain"}
    assert sum(states.values()) == COUNT
    assert COUNT - len(rung) <= states.get("uncertain", 0) <= 4


async def _is_over(stage: Stage) -> bool:
    return (await stage.record()).state.is_over
