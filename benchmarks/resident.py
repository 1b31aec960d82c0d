"""How much memory this process has had resident, now and at most."""

import resource
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["Samples", "peak_megabytes"]

_STATM = Path("/proc/self/statm")
_STATUS = Path("/proc/self/status")
_MEGABYTE = 1_000_000
_SAMPLE_SECONDS = 0.5


def peak_megabytes() -> float:
    """Return the most this process ever had resident, in megabytes of a million bytes."""
    if _STATUS.exists():
        # What `resource` tells begins with what the process had that started this one.
        kibibytes = _STATUS.read_text("utf-8").partition("VmHWM:")[2].split()[0]
        return int(kibibytes) * 1024 / _MEGABYTE
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kibibytes everywhere but on macOS, where they are bytes.
    return (peak if sys.platform == "darwin" else peak * 1024) / _MEGABYTE


class Samples:
    """Looks twice a second how much is resident, in a thread, while its block runs.

    Where the system does not tell what is resident now, it takes the most there was so far, which
    stands still as well when memory is flat.
    """

    def __init__(self) -> None:
        self.megabytes: list[float] = []
        """What was resident, one number for each look, the first at once."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def at(self, share: float) -> float:
        """Return what was resident at a share of the time, 0 to 1."""
        return self.megabytes[round(share * (len(self.megabytes) - 1))]

    def _look(self) -> None:
        self.megabytes.append(_now_megabytes())
        while not self._ended.wait(_SAMPLE_SECONDS):
            self.megabytes.append(_now_megabytes())


def _now_megabytes() -> float:
    if not _STATM.exists():
        return peak_megabytes()
    return int(_STATM.read_text("ascii").split()[1]) * resource.getpagesize() / _MEGABYTE
