"""The server itself: its records are true, and it always comes to an end."""

import socket
import threading

import httpx
import pytest
from anyio import to_thread

from . import SITUATIONS, HostileServer, Situation
from .plain_client import observe, open_client, post

pytestmark = [
    pytest.mark.anyio,
    # httpx and httpcore leave their own generators to the garbage collector when a request
    # breaks off; trio points at them, and they are not what is looked at here.
    pytest.mark.filterwarnings("ignore:Async generator 'http(x|core):ResourceWarning"),
]


def named(name: str) -> Situation:
    """Return one row of the table."""
    (situation,) = (row for row in SITUATIONS if row.name == name)
    return situation


def running_servers() -> list[str]:
    """Return the names of the threads that servers have left behind."""
    names = (thread.name for thread in threading.enumerate())
    return [name for name in names if name.startswith("hostile server")]


async def test_drain_reads_what_the_kernel_took() -> None:
    """A request nobody has read counts once the application wakes up."""
    with HostileServer(named("never_accepts")) as server:
        assert await observe(server) == "ReadTimeout"
        assert server.deliveries == 0
        await to_thread.run_sync(server.drain)
        assert server.deliveries == 1


async def test_second_request_on_a_connection_has_its_own_record() -> None:
    """A delivery on a reused connection is not lost in the first one's record."""
    with HostileServer(named("closes_second_request")) as server:
        async with open_client(server) as client:
            await post(client, server)
            with pytest.raises(httpx.RemoteProtocolError):
                await post(client, server)
        await to_thread.run_sync(server.drain)
    assert [record.answered for record in server.records] == [True, False]
    assert server.deliveries == 2


@pytest.mark.parametrize(
    ("body", "is_whole"),
    [
        (b"Content-Length: 4\r\n\r\nring", True),
        (b"Content-Length: 5\r\n\r\nring", False),
        (b"Transfer-Encoding: chunked\r\n\r\n4\r\nring\r\n0\r\n\r\n", True),
        (b"Transfer-Encoding: chunked\r\n\r\n4\r\nring\r\n", False),
        (b"Accept: */*\r\n\r\n", False),
    ],
    ids=["length", "length cut", "chunked", "chunked cut", "no body"],
)
def test_only_whole_body_is_a_delivery(body: bytes, *, is_whole: bool) -> None:
    """A request rings once its body has arrived whole, and not before."""
    with HostileServer(named("never_answers")) as server:
        address = httpx.URL(server.url)
        with socket.create_connection((address.host, address.port or 0)) as client:
            client.sendall(b"POST /api/voice.php HTTP/1.1\r\n" + body)
        server.drain()
    (record,) = server.records
    assert is_whole is record.body_complete
    assert (record.method, record.path) == ("POST", "/api/voice.php")


@pytest.mark.parametrize("name", ["never_answers", "never_accepts", "full_queue", "tls_stall"])
def test_server_ends_without_a_client(name: str) -> None:
    """A server nobody came to closes and leaves no thread."""
    with HostileServer(named(name)) as server:
        pass
    assert server.records == []
    assert running_servers() == []


def test_server_ends_although_the_client_stays() -> None:
    """A client that reads on for ever cannot keep the server."""
    with HostileServer(named("drips_body")) as server:
        address = httpx.URL(server.url)
        client = socket.create_connection((address.host, address.port or 0), timeout=5)
        client.sendall(b"POST /api/voice.php HTTP/1.1\r\n\r\n")
        assert client.recv(1) == b"H"
    with client:
        assert running_servers() == []
