"""The bulk dialer against any gateway and any list: the sums come out right, always."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Literal, get_args

import anyio
import anyio.lowlevel
import httpx
import pytest
from attrs import define, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async import AlphaSMS, DialOutcome, DialResult, Recording, Summary
from tests.doubles import KEY, accepted, phone_of, phones, refused
from tests.sounds import wav

pytestmark = pytest.mark.anyio

AUDIO = Recording.from_bytes(wav(seconds=0.05))
NUMBERS = phones(12)
JUNK = ["", "nobody", "101", "+38050"]

Behaviour = Literal[
    "accepts",
    "refuses the recipient",
    "refuses the account",
    "says something else",
    "answers with half a JSON",
    "answers with HTML",
    "breaks before the body",
    "breaks after the body",
    "breaks in the answer",
]

REFUSALS: dict[Behaviour, str] = {
    "refuses the recipient": 'Param "phone" is missing',
    "refuses the account": "Insufficient funds",
    "says something else": "Nobody knows this",
}


@frozen
class Plan:
    """A list, a gateway, and what the reader does."""

    recipients: list[str]
    behaviours: list[Behaviour]
    """What the gateway does to one request after another, over and over."""
    turns: list[int]
    """How long it takes for each of its steps, over and over."""
    concurrency: int
    allow_repeats: bool
    leave_after: int | None
    """How many results are read. `None`: all."""
    cancel_after: int | None
    """How many turns the run is given. `None`: as many as it takes."""


PLANS = st.builds(
    Plan,
    recipients=st.lists(st.sampled_from(NUMBERS + JUNK), max_size=25),
    behaviours=st.lists(st.sampled_from(get_args(Behaviour)), min_size=1, max_size=12),
    turns=st.lists(st.integers(0, 5), min_size=1, max_size=8),
    concurrency=st.integers(1, 6),
    allow_repeats=st.booleans(),
    leave_after=st.none() | st.integers(1, 20),
    cancel_after=st.none() | st.integers(0, 60),
)


@define
class Gateway(httpx.AsyncBaseTransport):
    """Does to each request what the plan says, and counts what it was given."""

    plan: Plan
    delivered: Counter[str] = field(factory=Counter[str])
    """How many calls were read whole, for each phone."""
    rung: Counter[str] = field(factory=Counter[str])
    """How many of them were not refused: so often the phone rings."""
    _requests: int = 0
    _steps: int = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Read the request, or not, and answer it, or not."""
        behaviour = self.plan.behaviours[self._requests % len(self.plan.behaviours)]
        self._requests += 1
        await self._pause()
        if behaviour == "breaks before the body":
            raise httpx.ConnectError("told")
        phone = phone_of(await request.aread())
        self.delivered[phone] += 1
        await self._pause()
        if behaviour in REFUSALS:
            return refused(REFUSALS[behaviour])(request)
        self.rung[phone] += 1
        match behaviour:
            case "answers with half a JSON":
                return httpx.Response(200, text='{"id": 1005')
            case "answers with HTML":
                return httpx.Response(502, html="<h1>Bad gateway</h1>")
            case "breaks after the body":
                raise httpx.ReadTimeout("told")
            case "breaks in the answer":
                return httpx.Response(200, content=_breaking())
            case _:
                return accepted(request)

    async def _pause(self) -> None:
        self._steps += 1
        for _ in range(self.plan.turns[self._steps % len(self.plan.turns)]):
            await anyio.lowlevel.checkpoint()


async def _breaking() -> AsyncIterator[bytes]:
    yield b'{"id": '
    raise httpx.RemoteProtocolError("told")


@define
class Run:
    """What became of a plan."""

    gateway: Gateway
    taken: list[str] = field(factory=list[str])
    read: list[DialResult] = field(factory=list[DialResult])
    summary: Summary = field(factory=Summary)

    async def dial(self) -> None:
        """Dial as the plan says."""
        plan = self.gateway.plan
        async with AlphaSMS(KEY, transport=self.gateway, max_retries=1) as api:
            run = api.dial(
                self._recipients(),
                AUDIO,
                concurrency=plan.concurrency,
                allow_repeats=plan.allow_repeats,
            )
            self.summary = run.summary
            async with run:
                async for result in run:
                    self.read.append(result)
                    if len(self.read) == plan.leave_after:
                        break

    def _recipients(self) -> Iterator[str]:
        for recipient in self.gateway.plan.recipients:
            self.taken.append(recipient)
            yield recipient


async def done(plan: Plan) -> Run:
    """Carry out a plan, cancelling it when it says so."""
    run = Run(Gateway(plan))

    async def dial() -> None:
        await run.dial()
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(dial)
        if plan.cancel_after is not None:
            for _ in range(plan.cancel_after):
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
    return run


@given(PLANS)
async def test_sums_come_out_right(plan: Plan) -> None:
    """Everyone taken has one result, nobody rings twice, and no ring is left out of the results."""
    run = await done(plan)
    results = run.read + run.summary.unread
    of = Counter(result.outcome for result in results)

    assert Counter(run.taken) == Counter(result.recipient for result in results)
    assert of == run.summary.counts
    assert of[DialOutcome.INVALID] == sum(recipient in JUNK for recipient in run.taken)

    repeats = Counter(run.taken) if plan.allow_repeats else dict.fromkeys(NUMBERS, 1)
    assert all(count <= repeats[phone] for phone, count in run.gateway.delivered.items())

    rung, told = run.gateway.rung.total(), of[DialOutcome.ACCEPTED] + of[DialOutcome.UNCERTAIN]
    assert rung <= told
    if plan.cancel_after is None:
        assert rung == told
        assert run.gateway.delivered.total() == told + of[DialOutcome.REFUSED]


@given(PLANS)
async def test_no_result_is_better_than_the_truth(plan: Plan) -> None:
    """Whoever was rung is accepted or uncertain, and who is not sent was never delivered."""
    run = await done(plan)
    if plan.allow_repeats:
        return
    outcomes = {
        result.phone: result.outcome
        for result in run.read + run.summary.unread
        if result.outcome not in {DialOutcome.INVALID, DialOutcome.DUPLICATE}
    }
    for phone in run.gateway.rung:
        assert outcomes[phone] in {DialOutcome.ACCEPTED, DialOutcome.UNCERTAIN}
    not_sent = {phone for phone, one in outcomes.items() if one is DialOutcome.NOT_SENT}
    assert not not_sent & run.gateway.delivered.keys()


@given(PLANS)
async def test_run_is_whole_unless_something_ended_it(plan: Plan) -> None:
    """Everybody on the list is taken, unless the run was left, cancelled or stopped."""
    run = await done(plan)
    if run.summary.stopped is None and plan.leave_after is None and plan.cancel_after is None:
        assert run.taken == plan.recipients
        assert run.summary.unread == []
