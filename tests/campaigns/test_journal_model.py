"""Any sequence of what may happen to a campaign, beside a model that fits on one page."""

import tempfile
from collections.abc import Awaitable, Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st

from alphasms_async.campaigns.commands import AddDoNotCall, Cancel, Pause, RemoveDoNotCall, Resume
from alphasms_async.campaigns.events import Recorded, Ref
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.postgres import PostgresJournal
from alphasms_async.campaigns.records import CampaignState, Claimed
from alphasms_async.campaigns.sqlite import MemoryJournal, SqliteJournal
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.errors import InvalidRequest
from alphasms_async.models import CallOutcome
from tests.campaigns.journals import (
    HALF_AN_HOUR,
    NAME,
    TEN_MINUTES,
    Stage,
    Time,
    redialing,
    staged,
)
from tests.doubles import phones
from tests.postgresql import empty

pytestmark = pytest.mark.anyio

COUNT = 3
TIMES = 2
NOBODY_RANG = {Verdict.NOT_SENT, Verdict.PUT_BACK}
UNREACHED = {CallOutcome.NO_ANSWER, CallOutcome.BUSY}
OPT_OUT = "9"

Step = tuple[Any, ...]

# Which attempt a step is about: so many back from the latest one.
BACK = st.integers(0, 3)
KEYS = (None, "", "1", OPT_OUT, f"1{OPT_OUT}")
CLAIM: st.SearchStrategy[Step] = st.just(("claim",))
STEP: st.SearchStrategy[Step] = st.one_of(
    CLAIM,
    st.tuples(st.just("settle"), BACK, st.sampled_from(Verdict)),
    st.tuples(st.just("tell"), BACK, st.sampled_from(CallOutcome), st.sampled_from(KEYS)),
    st.tuples(st.just("redial"), BACK),
    st.tuples(st.just("drop"), BACK),
    st.tuples(st.just("wait"), st.sampled_from([1, TEN_MINUTES, HALF_AN_HOUR])),
    st.tuples(st.just("forbid"), st.integers(0, COUNT - 1)),
    st.tuples(st.just("allow"), st.integers(0, COUNT - 1)),
    st.tuples(st.just("command"), st.sampled_from([Pause, Resume])),
    st.sampled_from([("finish",), ("reopen",)]),
)


def doubt(seconds: int, verdict: Verdict) -> list[Step]:
    """A doubt that is dialled again, and of which something is told after that."""
    return [
        ("claim",),
        ("settle", 0, Verdict.UNCERTAIN),
        ("wait", seconds),
        ("redial", 0),
        ("claim",),
        ("settle", 1, verdict),
    ]


def call(outcome: CallOutcome) -> list[Step]:
    """A call and its event."""
    return [("claim",), ("settle", 0, Verdict.ACCEPTED), ("tell", 0, outcome, None)]


def told(first: list[list[Step]], end: list[Step], last: list[list[Step]]) -> list[Step]:
    """All stories, one after the other."""
    return [*chain.from_iterable(first), *end, *chain.from_iterable(last)]


# Chance alone would hardly tell the longer ones.
STORY = st.one_of(
    STEP.map(lambda step: [step]),
    st.builds(doubt, st.sampled_from([1, TEN_MINUTES]), st.sampled_from(Verdict)),
    st.builds(call, st.sampled_from(CallOutcome)),
)
STORIES = st.lists(STORY, max_size=20)
# What ends a campaign comes late, or nothing would happen in most of the sequences.
ENDS: st.SearchStrategy[list[Step]] = st.sampled_from([[], [("command", Cancel)], [("expire",)]])
STEPS = st.builds(told, STORIES, ENDS, STORIES)


@define
class Model:
    """What must be true of a campaign, told by what happened and not by what the journal says."""

    claims: list[Claimed] = field(factory=list[Claimed])
    """All there were, in their order."""
    may_ring: set[int] = field(factory=set[int])
    """The recipients whose latest attempt may have rung, or still may."""
    open: set[Ref] = field(factory=set[Ref])
    """The attempts of which nothing was told since they were claimed."""
    known: dict[Ref, CallOutcome] = field(factory=dict[Ref, CallOutcome])
    """What is known of the attempts that an event was about."""
    forbidden: set[str] = field(factory=set[str])

    def is_latest(self, ref: Ref) -> bool:
        """Return whether nobody has tried that recipient again since."""
        return not any(
            one.ref.recipient == ref.recipient and one.ref.attempt > ref.attempt
            for one in self.claims
        )

    def claim(self, claimed: Claimed) -> None:
        """Nobody is taken who may have rung, nobody who is forbidden, and no number twice."""
        ref = claimed.ref
        assert ref.recipient not in self.may_ring
        assert claimed.phone not in self.forbidden
        earlier = sum(one.ref.recipient == ref.recipient for one in self.claims)
        assert ref.attempt == earlier + 1
        self.claims.append(claimed)
        self.may_ring.add(ref.recipient)
        self.open.add(ref)

    def press(self, phone: str, keys: str | None, recorded: Recorded) -> None:
        """Whoever has asked for it is forbidden, in whichever call and however late."""
        if recorded is not Recorded.CONTRADICTED and OPT_OUT in (keys or ""):
            self.forbidden.add(phone)

    def settle(self, ref: Ref, verdict: Verdict) -> None:
        """A proof counts when it is the first word of the latest attempt."""
        if ref in self.open and self.is_latest(ref) and verdict in NOBODY_RANG:
            self.may_ring.discard(ref.recipient)
        self.open.discard(ref)

    def tell(self, ref: Ref, outcome: CallOutcome, recorded: Recorded, *, policy: bool) -> None:
        """An event says that it rang: only a policy for those who were not reached goes on."""
        if recorded is not Recorded.CHANGED:
            return
        known = self.known.get(ref, CallOutcome.UNKNOWN)
        if known is CallOutcome.UNKNOWN or outcome is CallOutcome.ANSWERED:
            known = outcome
        self.known[ref] = known
        if not self.is_latest(ref):
            return
        self.open.discard(ref)
        calls = sum(one.recipient == ref.recipient for one in self.known)
        if policy and known in UNREACHED and calls <= TIMES:
            self.may_ring.discard(ref.recipient)
        else:
            self.may_ring.add(ref.recipient)


@define
class Run:
    """A journal and its model, side by side."""

    stage: Stage
    reopen: Callable[[], Awaitable[Stage]]
    """Close the journal and open it again, where it survives that."""
    model: Model = field(factory=Model)
    ledger: set[Ref] = field(factory=set[Ref])
    policy: bool = False

    async def step(self, step: Step) -> None:
        """Do one thing to both."""
        match step:
            case ("claim",):
                claimed = await self.stage.journal.claim(self.stage.campaign)
                if claimed is not None:
                    self.model.claim(claimed)
            case ("wait", seconds):
                self.stage.time.forward(seconds)
            case ("forbid" | "allow" as word, place):
                await self._list(word, place)
            case ("command", command):
                await self._command(command)
            case ("finish",):
                await self.stage.journal.finish(self.stage.campaign)
            case ("expire",):
                await self.stage.journal.expire(self.stage.campaign)
            case ("reopen",):
                self.stage = await self.reopen()
            case _ if self.model.claims:
                await self._about(*step)
            case _:
                pass

    async def _about(self, word: str, back: int, *more: Any) -> None:
        claimed = self.model.claims[-1 - back % len(self.model.claims)]
        ref = claimed.ref
        if word == "settle":
            await self.stage.settle(ref, *more)
            self.model.settle(ref, *more)
        elif word == "tell":
            outcome, keys = more
            recorded = await self.stage.event(outcome, ref, digits=keys)
            self.model.tell(ref, outcome, recorded, policy=self.policy)
            self.model.press(claimed.phone, keys, recorded)
        elif word == "drop":
            await self.stage.drop(ref)
        else:
            await self._redial(ref)

    async def _redial(self, ref: Ref) -> None:
        age = (self.stage.time.now - (await self.stage.ledger())[ref].claimed_at).total_seconds()
        state = (await self.stage.journal.campaign(NAME)).state
        if state is CampaignState.CANCELLED:
            with pytest.raises(InvalidRequest):
                await self.stage.redial(ref, after_seconds=0)
        elif await self.stage.redial(ref, after_seconds=0):
            assert age >= TEN_MINUTES
            assert self.model.is_latest(ref)
            self.model.may_ring.discard(ref.recipient)

    async def _command(self, command: type[Pause | Resume | Cancel]) -> None:
        state = (await self.stage.journal.campaign(NAME)).state
        if state in {CampaignState.READY, CampaignState.PAUSED}:
            await self.stage.apply(command(NAME))
        else:
            with pytest.raises(InvalidRequest):
                await self.stage.apply(command(NAME))

    async def _list(self, word: str, place: int) -> None:
        phone = phones(COUNT)[place]
        if word == "forbid":
            await self.stage.apply(AddDoNotCall((phone,)))
            self.model.forbidden.add(phone)
        else:
            await self.stage.apply(RemoveDoNotCall((phone,)))
            self.model.forbidden.discard(phone)

    async def check(self) -> None:
        """Nobody is lost, the ledger only grows, and whoever may have rung is not planned."""
        rows = await self.stage.rows()
        assert [row.line for row in rows] == list(range(1, COUNT + 1))
        ledger = set(await self.stage.ledger())
        assert ledger >= self.ledger
        assert ledger == {claimed.ref for claimed in self.model.claims}
        self.ledger = ledger
        for row in rows:
            if row.state is RowState.PLANNED:
                assert row.id not in self.model.may_ring
            if row.state is RowState.DIALING:
                assert Ref(row.id, row.attempts) in self.model.open
        tally = await self.stage.journal.tally(self.stage.campaign)
        assert tally.total == COUNT
        assert await self.stage.journal.do_not_call() == sorted(self.model.forbidden)


async def carried_out(journal: Journal, time: Time, steps: list[Step], *, policy: bool) -> None:
    """Do all steps in a new journal, and look after each."""
    definition: dict[str, Any] = {"opt_out": OPT_OUT, **(redialing(TIMES) if policy else {})}

    async def reopen() -> Stage:
        if not isinstance(journal, MemoryJournal):
            await journal.__aexit__(None, None, None)
            await journal.__aenter__()
        return run.stage

    await journal.__aenter__()
    try:
        run = Run(await staged(journal, time, COUNT, **definition), reopen, policy=policy)
        for step in steps:
            await run.step(step)
            await run.check()
    finally:
        await journal.__aexit__(None, None, None)


@settings(max_examples=40)
@given(steps=STEPS, policy=st.booleans())
async def test_nobody_is_called_twice_in_memory(steps: list[Step], *, policy: bool) -> None:
    """Without a proof, a policy or a person in between, and no row or attempt is ever lost."""
    time = Time()
    await carried_out(MemoryJournal(clock=time), time, steps, policy=policy)


@settings(max_examples=12)
@given(steps=STEPS, policy=st.booleans())
async def test_nobody_is_called_twice_in_a_file(steps: list[Step], *, policy: bool) -> None:
    """The same, with a journal that is closed and opened again now and then."""
    time = Time()
    with tempfile.TemporaryDirectory() as folder:
        journal = SqliteJournal(Path(folder, "calls.journal"), clock=time)
        await carried_out(journal, time, steps, policy=policy)


@settings(max_examples=12)
@given(steps=STEPS, policy=st.booleans())
async def test_nobody_is_called_twice_in_a_database(
    postgres_database: str, steps: list[Step], *, policy: bool
) -> None:
    """The same, by dialers of which one leaves before the next one comes."""
    empty(postgres_database)
    time = Time()
    journal = PostgresJournal(postgres_database, clock=time)
    await carried_out(journal, time, steps, policy=policy)
