"""A server that reads just what it is told to: no event loop reads ahead for it."""

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

__all__ = ["in_another_thread"]

# A small window, for the system not to take in all that is sent at once.
_WINDOW_BYTES = 65_536


@contextmanager
def in_another_thread(serve: Callable[[socket.socket], None]) -> Generator[str]:
    """Serve one connection in a thread, and give the URL.

    Args:
        serve: Called with the connection, which is closed when it returns.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WINDOW_BYTES)

        def run() -> None:
            connection, _ = listening.accept()
            # A client that stays is not waited for without end.
            connection.settimeout(10)
            with connection:
                serve(connection)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            thread.join()
