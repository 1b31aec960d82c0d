"""What memory promises beyond the contract of all stores."""

import pytest

from alphasms_async.verification import Entry, MemoryStore, Quota

pytestmark = pytest.mark.anyio

NOW = 1_780_000_000.0
ENTRY = Entry(id="one", body="", forget_at=NOW + 600, due_at=NOW, call_ids=(7,))


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Each event loop in turn."""
    return str(request.param)


async def test_nothing_stays_for_ever() -> None:
    """When its time is over an entry is gone, with its calls, and so are the tickets."""
    store, empty = MemoryStore(), MemoryStore()
    await store.create(ENTRY, NOW)
    await store.take("ticket", [Quota("phone", 1, 60.0)], NOW)
    await store.forget(NOW + 600)
    assert vars(store) == vars(empty)
