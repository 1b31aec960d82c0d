"""What may not be left behind: open files, among them sockets, and tasks nobody waits for."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import anyio

__all__ = ["nothing_left_behind"]


@contextmanager
def nothing_left_behind() -> Generator[None]:
    """Fail when the block leaves a file open or a task running that it began.

    Needs a running event loop.
    """
    files, tasks = _files(), _tasks()
    yield
    assert _files() - files == set()
    assert _tasks() - tasks == set()


def _files() -> set[Path]:
    # Reading the list takes a file too, the same one each time as long as none is left open.
    return set(Path("/dev/fd").iterdir())


def _tasks() -> set[int]:
    return {task.id for task in anyio.get_running_tasks()}
