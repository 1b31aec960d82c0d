"""Who wants to know that something is no longer as it was, told only what, and not how."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import Enum
from threading import Lock
from typing import TypeAlias


class About(Enum):
    """What has changed beside one accepted thing."""

    SETTINGS = "settings"
    """A setting of the account."""
    EVERYTHING = "everything"
    """All of it: the sandbox was reset."""


Change: TypeAlias = int | About
"""What has changed: the accepted thing with that id, which may be gone, or one of `About`."""

Listener: TypeAlias = Callable[[Change], None]
"""Is told of each change, in whatever thread it is made, which waits for it: it must be quick,
must not raise, and reads how things stand later."""


class Changes:
    """Passes each change to all who listen. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._listeners: tuple[Listener, ...] = ()

    def tell(self, change: Change) -> None:
        """Tell all who listen of `change`."""
        for listener in self._listeners:
            listener(change)

    @contextmanager
    def listening(self, listener: Listener) -> Generator[None]:
        """Have `listener` told of each change while the context is open."""
        with self._lock:
            self._listeners = (*self._listeners, listener)
        try:
            yield
        finally:
            with self._lock:
                self._listeners = tuple(one for one in self._listeners if one is not listener)
