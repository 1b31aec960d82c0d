"""More connections than the process may have files: the commands that serve go on."""

import re
import signal
import socket
from collections.abc import Generator
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from tests.cli.processes import first_words, running

FILES = 128
SCARCE = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES})); "
SECRET = "b6589fc6ab0dc82cf12099d1c2d40ab994e8410c"
_PATIENCE_SECONDS = 15


@contextmanager
def crowd(port: int, text: bytes) -> Generator[None]:
    """Hold three times as many connections as there are files, each with `text` said over it."""
    with ExitStack() as stack:
        for _ in range(3 * FILES):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            one.sendall(text)
        yield


@pytest.mark.parametrize(
    ("words", "lines", "status"),
    [(("sandbox",), 4, 200), (("listen",), 1, 404)],
    ids=["sandbox", "listen"],
)
def test_crowd_that_asks_nothing_is_in_nobodys_way(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], lines: int, status: int
) -> None:
    """Half-sent requests without end: who asks is answered, and not a word is said of them."""
    monkeypatch.setenv("ALPHASMS_WEBHOOK_SECRET", SECRET)
    with running(*words, "--port", "0", before=SCARCE) as process:
        said = "".join(first_words(process) for _ in range(lines))
        found = re.search(r"http://127\.0\.0\.1:(\d+)", said)
        assert found is not None
        with crowd(int(found[1]), b"GET / HTTP/1.1\r\nHost: 127"):
            for _ in range(3):
                answer = httpx.get(f"{found[0]}/ready", trust_env=False, timeout=10)
                assert answer.status_code == status
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=_PATIENCE_SECONDS)
    # What it says at its end, of those who asked, and no more.
    assert (process.returncode, "No file" in rest, len(rest) < 200) == (0, False, True)
