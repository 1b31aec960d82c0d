"""Two processes over one store: what one has done the other does not do again."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import field, frozen

from alphasms_async.sandbox import Sandbox
from tests.doubles import phones
from tests.verification.stage import FALLBACK_SECONDS, other_than

ROUNDS = 25
KINDS = ["sqlite", "redis"]
ROOT = Path(__file__).parent.parent.parent
# Long enough for both to have read their order.
_TOGETHER_SECONDS = 0.005


@frozen
class Clerk:
    """Another process that works on verifications."""

    process: "subprocess.Popen[str]"

    def order(self, **order: Any) -> None:
        """Tell it what to do."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{json.dumps({'at': 0, **order})}\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        """Return what it says next."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def ask(self, **order: Any) -> Any:
        """Return what it answers to an order."""
        self.order(**order)
        return self.answer()


@frozen
class Office:
    """Two clerks over one store, and the gateway they both send by."""

    sandbox: Sandbox
    clerks: tuple[Clerk, Clerk]
    phones: Iterator[str] = field(factory=lambda: iter(phones(1000)))

    def begin(self) -> tuple[str, str, str]:
        """Have one of them begin a verification; return its phone, its id and its code."""
        phone = next(self.phones)
        id = self.clerks[int(phone) % 2].ask(do="start", phone=phone)
        code = self.sandbox.calls(to=phone)[-1].code
        assert code is not None
        return phone, id, code

    def kinds(self, phone: str) -> list[str]:
        """Return what was sent to a phone, in order."""
        return [one.kind for one in self.sandbox.ledger.entries() if one.phone == phone]

    def ask_both(self, *orders: dict[str, Any]) -> list[Any]:
        """Give each an order to be done at the same moment; return their answers."""
        at = time.monotonic() + _TOGETHER_SECONDS
        for clerk, order in zip(self.clerks, orders, strict=True):
            clerk.order(**order, at=at)
        return [clerk.answer() for clerk in self.clerks]


@contextmanager
def working(loop: str, place: str, sandbox: Sandbox, gateway: str) -> Generator[Clerk]:
    """Have a clerk work as long as the block is open."""
    with subprocess.Popen(  # noqa: S603 - a module of this folder
        [sys.executable, "-m", "tests.verification.clerk", loop, place, gateway, sandbox.api_key],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Clerk(process)
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(10) in {0, -signal.SIGKILL}
        finally:
            process.kill()


@contextmanager
def opened(request: pytest.FixtureRequest, file: Path, db: int) -> Generator[Office]:
    """Open an office over the kind of store that a fixture's parameter names."""
    is_redis = request.param == "redis"
    place = f"{request.getfixturevalue('redis_url')}?db={db}" if is_redis else str(file)
    sandbox = Sandbox()
    with (
        sandbox.serve() as gateway,
        working("asyncio", place, sandbox, gateway) as first,
        working("asyncio" if is_redis else "trio", place, sandbox, gateway) as second,
    ):
        for clerk in (first, second):
            assert clerk.answer() == "ready"
        yield Office(sandbox, (first, second))


@pytest.fixture(scope="module", params=KINDS)
def office(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Office]:
    """Two processes over each kind of store that several may share, on each loop it runs on."""
    with opened(request, tmp_path_factory.mktemp("office") / "shared.db", db=1) as office:
        yield office


@pytest.fixture(params=KINDS)
def doomed_office(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Office]:
    """The same for one test alone, which may kill a clerk."""
    with opened(request, tmp_path / "shared.db", db=2) as office:
        yield office


def test_right_code_is_taken_by_one_process(office: Office) -> None:
    """A code that is brought to both at the same moment is good at one of them."""
    taken: list[int] = []
    for _ in range(ROUNDS):
        _, id, code = office.begin()
        order = {"do": "check", "id": id, "code": code}
        taken.append(office.ask_both(order, order).count(True))
    assert taken == [1] * ROUNDS


def test_last_attempt_is_spent_once(office: Office) -> None:
    """When the last attempt is a wrong one, the right one at the other process is one too many."""
    ends: list[tuple[list[bool], str]] = []
    for number in range(ROUNDS):
        _, id, code = office.begin()
        wrong, right = ({"do": "check", "id": id, "code": one} for one in (other_than(code), code))
        answers = office.ask_both(*((wrong, right) if number % 2 else (right, wrong)))
        ends.append((sorted(answers), office.clerks[0].ask(do="state", id=id)))
    legal = [([False, True], "verified"), ([False, False], "failed")]
    assert not [end for end in ends if end not in legal]


def test_fallback_is_sent_by_one_process(office: Office) -> None:
    """When it is due at both at the same moment, the phone rings once for it."""
    kinds: list[list[str]] = []
    for _ in range(ROUNDS):
        phone, _, _ = office.begin()
        order = {"do": "send_due", "seconds": FALLBACK_SECONDS}
        office.ask_both(order, order)
        kinds.append(office.kinds(phone))
    assert kinds == [["otp", "voice_sms"]] * ROUNDS


def test_killed_process_is_taken_over(doomed_office: Office) -> None:
    """A process that was killed leaves its timers to the other."""
    first, second = doomed_office.clerks
    phone = next(doomed_office.phones)
    first.ask(do="start", phone=phone)
    first.process.kill()
    second.ask(do="send_due", seconds=FALLBACK_SECONDS)
    assert doomed_office.kinds(phone) == ["otp", "voice_sms"]
