"""The table against reality: what plain httpx sees of each situation, and what arrived."""

from operator import attrgetter

import pytest
from anyio import to_thread

from . import SITUATIONS, HostileServer, Situation
from .answers import SUCCESS
from .plain_client import observe, open_client, post
from .situation import Arrival

pytestmark = [
    pytest.mark.anyio,
    # httpx and httpcore leave their own generators to the garbage collector when a request
    # breaks off; trio points at them, and they are not what is looked at here.
    pytest.mark.filterwarnings("ignore:Async generator 'http(x|core):ResourceWarning"),
]


def arrival(server: HostileServer) -> set[Arrival]:
    """Return the words of `Situation.arrives` that are true of the records."""
    if server.deliveries:
        return {"whole", "part or whole"}
    if server.body_bytes:
        return {"part", "part or whole"}
    return {"head"} if any(record.head for record in server.records) else {"nothing"}


@pytest.mark.parametrize("situation", SITUATIONS, ids=attrgetter("name"))
async def test_situation_is_what_it_says(situation: Situation) -> None:
    """Plain httpx sees what the table says, and the records tell what arrived."""
    with HostileServer(situation) as server:
        seen = await observe(server)
        await to_thread.run_sync(server.drain)
    assert seen in situation.shows
    assert situation.arrives in arrival(server)


@pytest.mark.parametrize(
    "situation",
    [row for row in SITUATIONS if row.hops > 1 and row.expect == {"answered"}],
    ids=attrgetter("name"),
)
async def test_redirect_leads_to_answer(situation: Situation) -> None:
    """A client that follows is answered, and each hop counts as a delivery."""
    with HostileServer(situation) as server:
        async with open_client(server) as client:
            client.follow_redirects = True
            response = await post(client, server)
        await to_thread.run_sync(server.drain)
    assert response.content == SUCCESS
    assert server.deliveries == situation.hops


@pytest.mark.parametrize(
    "name", ["moved_elsewhere", "moved_no_scheme", "moved_in_disguise", "tls_redirect_to_plain"]
)
async def test_forbidden_redirect_is_seen(name: str) -> None:
    """A client that goes where it must not makes one delivery more than there may be."""
    (situation,) = (row for row in SITUATIONS if row.name == name)
    with HostileServer(situation) as server:
        async with open_client(server) as client:
            client.follow_redirects = True
            await post(client, server)
        await to_thread.run_sync(server.drain)
    assert server.deliveries == situation.hops + 1


def test_names_are_unique() -> None:
    """A name stands for one situation."""
    names = [row.name for row in SITUATIONS]
    assert len(names) == len(set(names))


def test_nothing_read_is_ever_unsent() -> None:
    """Where `not_sent` may be said, the application reads no byte of a body."""
    unsent = [row for row in SITUATIONS if "not_sent" in row.expect]
    assert {"nothing", "head"} == {row.arrives for row in unsent}


def test_table_has_every_answer() -> None:
    """Each of the three answers is the only honest one somewhere."""
    assert {"not_sent", "answered", "unknown"} == {
        answer for row in SITUATIONS if len(row.expect) == 1 for answer in row.expect
    }
