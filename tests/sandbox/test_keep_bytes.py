from decimal import Decimal

from alphasms_async.sandbox import Fate, Sandbox, SandboxCall

from .receiver import accept_call
from .wire import PHONE

PRICE = Decimal("0.40")


def accept(sandbox: Sandbox, sound: bytes) -> int:
    """Have the sandbox accept a call with a recording, and return its id."""
    draft = SandboxCall(kind="voice", phone=PHONE, price=PRICE, audio=sound)
    return sandbox.accept(draft).id


def kept(sandbox: Sandbox) -> list[int]:
    """Return the ids of all that the sandbox still knows."""
    return [entry.id for entry in sandbox.ledger.entries()]


def test_recordings_take_no_more_room_than_they_may() -> None:
    """The oldest calls are forgotten, whether their own recording takes the room or another's."""
    sandbox = Sandbox(keep_bytes=250, fates=lambda _: Fate("BUSY"))
    accept_call(sandbox)
    ids = [accept(sandbox, bytes([number]) * 100) for number in range(5)]
    assert kept(sandbox) == ids[-2:]


def test_recording_that_many_calls_play_counts_once() -> None:
    """A campaign's calls are all kept."""
    sandbox = Sandbox(keep_bytes=250, fates=lambda _: Fate("BUSY"))
    ids = [accept(sandbox, bytes(200)) for _ in range(5)]
    assert kept(sandbox) == ids


def test_recording_counts_until_the_last_call_that_plays_it_is_forgotten() -> None:
    """Its room is free only then."""
    sandbox = Sandbox(keep_bytes=250, fates=lambda _: Fate("BUSY"))
    for _ in range(2):
        accept(sandbox, bytes(200))
    last = accept(sandbox, bytes([1]) * 100)
    assert kept(sandbox) == [last]


def test_recording_that_is_too_much_alone_leaves_nothing() -> None:
    """Its call is accepted and charged for, and forgotten at once."""
    sandbox = Sandbox(keep_bytes=250, fates=lambda _: Fate("BUSY"))
    accept(sandbox, bytes(251))
    assert (kept(sandbox), sandbox.balance) == ([], Decimal("249.60"))


def test_reset_frees_the_room() -> None:
    """Afterwards there is as much as at the beginning."""
    sandbox = Sandbox(keep_bytes=250, fates=lambda _: Fate("BUSY"))
    accept(sandbox, bytes(200))
    sandbox.reset()
    ids = [accept(sandbox, bytes([number]) * 100) for number in range(2)]
    assert kept(sandbox) == ids
