"""What a test has done in another thread meanwhile."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Thread


@contextmanager
def in_another_thread(act: Callable[[], object]) -> Generator[None]:
    """Have `act` done meanwhile, and over at the end."""
    thread = Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        thread.join(10)
        assert not thread.is_alive()
