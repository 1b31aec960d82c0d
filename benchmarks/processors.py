"""What processes cost: the CPU of one and of all that came from it, as Linux tells it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from attrs import frozen

__all__ = ["busy_seconds", "cpu_seconds", "gateway_pid"]

_PROCESSES: Final = Path("/proc")
_TICK_SECONDS: Final = 1 / os.sysconf("SC_CLK_TCK")
# Of what stands behind the name in /proc/…/stat: the parent, and the time of the process itself, in
# user code and in the system, and of those of its children that have ended.
_PARENT: Final = 1
_TIMES: Final = slice(11, 15)
# Of the first line of /proc/stat: all but idle and waiting for the disk.
_BUSY: Final = (1, 2, 3, 6, 7)


@frozen
class _Process:
    parent: int
    seconds: float


def cpu_seconds(pids: Mapping[str, int]) -> Mapping[str, float]:
    """Return for each name what its process has cost so far, with all that came from it."""
    processes = _processes()
    return {name: _whole(pid, processes) for name, pid in pids.items()}


def gateway_pid() -> int:
    """Return the process of the gateway that this one has started by `draining`.

    Raises:
        RuntimeError: There is none.
    """
    for pid, process in _processes().items():
        if process.parent == os.getpid():
            words = (_PROCESSES / str(pid) / "cmdline").read_bytes().split(b"\0")
            if b"benchmarks.draining" in words:
                return pid
    raise RuntimeError("this process has started no gateway")


def busy_seconds() -> float:
    """Return how long the machine's cores have been busy since it started, whoever it was for."""
    line = (_PROCESSES / "stat").read_text("ascii").splitlines()[0].split()
    return sum(int(line[place]) for place in _BUSY) * _TICK_SECONDS


def _whole(pid: int, processes: Mapping[int, _Process]) -> float:
    children = [one for one, process in processes.items() if process.parent == pid]
    return processes[pid].seconds + sum(_whole(child, processes) for child in children)


def _processes() -> Mapping[int, _Process]:
    found: dict[int, _Process] = {}
    for path in _PROCESSES.iterdir():
        if path.name.isdecimal():
            try:
                told = (path / "stat").read_text("utf-8").rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                # It has just ended.
                continue
            ticks = sum(int(each) for each in told[_TIMES])
            found[int(path.name)] = _Process(int(told[_PARENT]), ticks * _TICK_SECONDS)
    return found
