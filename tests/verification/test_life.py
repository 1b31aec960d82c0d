"""Whatever people, timers and events do in whatever order, the promises hold."""

from collections.abc import Callable, Coroutine
from typing import Any

import anyio
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alphasms_async import AlphaSMS, LimitReached, NotSent, VerificationOver
from alphasms_async.sandbox import Sandbox
from alphasms_async.verification import MemoryStore, VerificationState
from alphasms_async.webhooks.events import HookKind, OtpEvent, Proof
from tests.verification.stage import (
    NO_LIMITS,
    PHONE,
    TTL_SECONDS,
    Line,
    Stage,
    Time,
    cut_off,
    other_than,
    unreachable,
)

ATTEMPTS = 3
MOST_RESENDS = 2
MOST_SENDS = 3 + MOST_RESENDS
KEPT_SECONDS = 300


class Life(RuleBasedStateMachine):
    """One verification, from its start to long after its end."""

    def __init__(self) -> None:
        super().__init__()
        sandbox = Sandbox(seed=1)
        line = Line(sandbox)
        client = AlphaSMS(
            sandbox.api_key, base_url="http://127.0.0.1", transport=line, max_retries=0
        )
        self.stage = Stage(sandbox, line, client, MemoryStore(), Time())
        self.age = 0.0
        self.wrong = 0
        self.right = 0
        self.wishes = 0
        self.is_cancelled = False
        self.id = self.act(lambda verifier: verifier.start(PHONE)).id

    def act(self, work: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
        """Do something in a process that lives as long as it takes."""

        async def lead() -> Any:
            options: dict[str, Any] = {"limits": NO_LIMITS, "most_resends": MOST_RESENDS}
            async with self.stage.verifier(**options) as verifier:
                result = await work(verifier)
                await verifier.send_due()
                return result

        return anyio.run(lead)

    @property
    def is_over(self) -> bool:
        """Whether nothing can come of it any more."""
        is_settled = self.right or self.is_cancelled or self.wrong >= ATTEMPTS
        return bool(is_settled) or self.age >= TTL_SECONDS

    @rule(seconds=st.sampled_from([1, 5, 30, 40, 100]))
    def wait(self, seconds: int) -> None:
        """Time passes, and timers do what they do."""
        self.age += seconds
        self.stage.time.forward(seconds)
        before, was_over = len(self.stage.kinds()), self.is_over
        self.act(lambda verifier: verifier.send_due())
        assert not was_over or len(self.stage.kinds()) == before

    @rule(fault=st.sampled_from([unreachable, cut_off]))
    @precondition(lambda self: not self.stage.line.faults)
    def break_line(self, fault: Any) -> None:
        """The next request meets a fault."""
        self.stage.line.faults.append(fault)

    @rule(number=st.integers(1, MOST_SENDS), is_reached=st.booleans())
    def tell(self, number: int, is_reached: bool) -> None:  # noqa: FBT001 - hypothesis' own
        """An event comes, perhaps of a send that was not."""
        before, was_over = len(self.stage.kinds()), self.is_over
        proof = Proof(HookKind.OTP, f"v:{self.id}.{number}", None)
        self.act(lambda verifier: verifier(OtpEvent(is_reached=is_reached, proof=proof)))
        assert not was_over or len(self.stage.kinds()) == before

    @rule()
    def resend(self) -> None:
        """The person asks for another code."""
        was_over = self.is_over
        try:
            self.act(lambda verifier: verifier.resend(self.id))
        except (LimitReached, NotSent):
            assert not was_over
        except VerificationOver:
            assert was_over or self.wishes == MOST_RESENDS
        else:
            assert not was_over
            self.wishes += 1
            assert self.wishes <= MOST_RESENDS

    @rule(place=st.integers(0, MOST_SENDS - 1))
    def type_a_code(self, place: int) -> None:
        """The person types in one of the codes."""
        codes = self.stage.codes()
        code = codes[min(place, len(codes) - 1)]
        was_over = self.is_over
        is_right = self.act(lambda verifier: verifier.check(self.id, code))
        assert not (is_right and was_over)
        # Of a flash call whose answer was lost nobody knows the code.
        self.right += is_right
        self.wrong += not is_right and not was_over

    @rule()
    def guess(self) -> None:
        """Somebody types in a code that was never sent."""
        code = other_than(*self.stage.codes())
        was_over = self.is_over
        assert not self.act(lambda verifier: verifier.check(self.id, code))
        self.wrong += not was_over

    @rule()
    @precondition(lambda self: not self.is_over)
    def cancel(self) -> None:
        """The person thinks better of it."""
        self.act(lambda verifier: verifier.cancel(self.id))
        self.is_cancelled = True

    @invariant()
    def phone_rings_no_oftener_than_allowed(self) -> None:
        """No verification costs more than it may."""
        assert len(self.stage.kinds()) <= MOST_SENDS

    @invariant()
    def code_is_taken_once(self) -> None:
        """It is right once at most."""
        assert self.right <= 1

    @invariant()
    def state_is_what_happened(self) -> None:
        """What is told of it is what became of it."""
        state = self.act(lambda verifier: verifier.state(self.id))
        if self.age >= TTL_SECONDS + KEPT_SECONDS and state is VerificationState.EXPIRED:
            return
        if self.right:
            expected = VerificationState.VERIFIED
        elif self.is_cancelled:
            expected = VerificationState.CANCELLED
        elif self.wrong >= ATTEMPTS:
            expected = VerificationState.FAILED
        else:
            is_late = self.age >= TTL_SECONDS
            expected = VerificationState.EXPIRED if is_late else VerificationState.PENDING
        assert state is expected


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=30, stateful_step_count=15, deadline=None)
