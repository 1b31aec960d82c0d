import logging
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Generator
from decimal import Decimal
from threading import Thread

import anyio
import httpx
import pytest

from alphasms_async.sandbox import Fate, HookStyle, Sandbox, SandboxEntry, State
from alphasms_async.sandbox.server import HOST
from alphasms_async.serving import address_of, listening_socket

from .receiver import HOOK, CrowdedReceiver, Receiver, accept_call, served, through, told
from .wire import OTHER_PHONE, PHONE, voice_form

in_both_worlds = pytest.mark.anyio


@pytest.fixture
def sandbox() -> Sandbox:
    """Give a sandbox in which every call is answered at once, and no hook waits for its turn."""
    return Sandbox(
        fates=lambda _: Fate("ANSWERED", talk_seconds=5),
        hook_pauses=(0, 0, 0),
        balance=Decimal(1000),
    )


@pytest.fixture
def silence() -> Generator[str]:
    """Give the address of a receiver that takes every connection and never says a word."""
    with listening_socket("A silence", HOST, 0) as listener:
        yield address_of(listener)


def call(url: str, phone: str = PHONE, *, hook: str) -> None:
    """Place a call over the wire."""
    form = voice_form(phone=phone, hook=hook)
    httpx.post(f"{url}/api/voice.php", files=form, trust_env=False).raise_for_status()


def test_call_is_told_while_the_sandbox_serves(sandbox: Sandbox) -> None:
    """A call over the wire is followed by its hook over the wire."""
    receiver = Receiver()
    with served(receiver) as receiving, sandbox.serve() as url:
        call(url, hook=f"{receiving}/hooks?t=s3cret")
        sandbox.wait_for_hooks()
    body = '{"id": 100500, "phone": "380501234567", "status": "ANSWERED", "duration": 5}'
    assert [body] == receiver.bodies
    assert [(sent.method, sent.url.path, sent.url.query) for sent in receiver.requests] == [
        ("POST", "/hooks", b"t=s3cret")
    ]


def test_receiver_that_fails_is_tried_until_it_takes_the_hook(sandbox: Sandbox) -> None:
    """Three failures and a success are four attempts, each in the log."""
    receiver = Receiver(500, 503, 302)
    with served(receiver) as receiving, sandbox.serve() as url:
        call(url, hook=receiving)
        sandbox.wait_for_hooks()
    log = [{"id": 100500, "attempt": 1 + n, "got": (500, 503, 302, 200)[n]} for n in range(4)]
    assert log == told(sandbox)
    assert len(receiver.requests) == 4


def test_receiver_that_hangs_keeps_nobody_waiting(sandbox: Sandbox, silence: str) -> None:
    """However many hooks wait for one receiver, those of another are posted meanwhile."""
    receiver = Receiver()
    with served(receiver) as receiving, sandbox.serve():
        for _ in range(50):
            accept_call(sandbox, hook=silence)
        taken = [accept_call(sandbox, hook=receiving) for _ in range(20)]
        with sandbox.hook_queue.changed:
            sandbox.hook_queue.changed.wait_for(lambda: len(sandbox.deliveries()) == 20, 10)
    good = {one.entry_id for one in sandbox.deliveries() if one.is_taken}
    assert set(taken) == good


def test_pages_answer_while_hooks_hang(sandbox: Sandbox, silence: str) -> None:
    """Hooks that hang keep no caller waiting, and the server need not wait for their end."""
    with sandbox.serve() as url:
        for _ in range(20):
            call(url, hook=silence)
        with pytest.raises(TimeoutError, match="20 hooks to post"):
            sandbox.wait_for_hooks(timeout=0)
        began = time.monotonic()
    assert time.monotonic() - began < 3
    assert len(sandbox.calls()) == 20


def test_hook_cut_off_by_the_end_has_another_attempt(sandbox: Sandbox) -> None:
    """What was in flight when the server stopped counts, and is tried again when it serves."""
    with listening_socket("A silence", HOST, 0) as silence:
        hook = address_of(silence)
        with sandbox.serve():
            accept_call(sandbox, hook=hook)
            connection, _ = silence.accept()
            connection.recv(1)
        connection.close()
        with sandbox.serve():
            connection, _ = silence.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                sandbox.wait_for_hooks()
    assert [one.error or one.status for one in sandbox.deliveries()] == ["stopped", 200]


@in_both_worlds
async def test_hundred_calls_at_once_are_told_once_each(sandbox: Sandbox) -> None:
    """A hundred calls in flight make a hundred hooks, of which one receiver sees 16 at a time."""
    receiver = CrowdedReceiver(16)
    phones = [f"38050{number:07}" for number in range(100)]
    with served(receiver) as receiving, sandbox.serve() as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:

            async def place(phone: str) -> None:
                await client.post("/api/voice.php", files=voice_form(phone=phone, hook=receiving))

            async with anyio.create_task_group() as group:
                for phone in phones:
                    group.start_soon(place, phone)
        await anyio.to_thread.run_sync(sandbox.wait_for_hooks)
    assert Counter(range(100500, 100600)) == Counter(one.entry_id for one in sandbox.deliveries())
    assert (len(set(receiver.bodies)), receiver.most) == (100, 16)


@in_both_worlds
async def test_posts_in_process_are_bounded_too(sandbox: Sandbox) -> None:
    """Without a server the receiver sees 16 hooks at a time as well."""
    receiver = CrowdedReceiver(16)
    for number in range(100):
        accept_call(sandbox, f"38050{number:07}", hook=HOOK)
    made = await sandbox.post_hooks(through(receiver))
    assert (len(made), receiver.most) == (100, 16)


def test_end_by_hand_is_told_at_once(sandbox: Sandbox) -> None:
    """A program that ends a call while the sandbox serves need not do more."""
    receiver = Receiver()
    sandbox.fates = None
    with served(receiver) as receiving, sandbox.serve():
        sandbox.end_call(accept_call(sandbox, hook=receiving), Fate("BUSY"))
        sandbox.wait_for_hooks()
    assert told(sandbox) == [{"id": 100500, "attempt": 1, "got": 200}]


def test_later_end_is_told_when_it_comes(sandbox: Sandbox) -> None:
    """The server waits for the ends to come by itself, and for pauses too."""
    receiver = Receiver(500)
    sandbox.fates = lambda _: Fate("BUSY", after_seconds=0.05)
    sandbox.hook_pauses = (0.05,)
    with served(receiver) as receiving, sandbox.serve():
        began = time.monotonic()
        accept_call(sandbox, hook=receiving)
        sandbox.wait_for_hooks()
    assert [one.status for one in sandbox.deliveries()] == [500, 200]
    assert time.monotonic() - began >= 0.1


def test_waiting_ends_with_the_last_hook(sandbox: Sandbox) -> None:
    """Whoever waits in another thread is woken when all has been told, and not before."""
    receiver = Receiver(500, 500)
    with served(receiver) as receiving:
        accept_call(sandbox, hook=receiving)
        seen: list[int] = []

        def wait() -> None:
            sandbox.wait_for_hooks()
            seen.append(len(sandbox.deliveries()))

        thread = Thread(target=wait)
        thread.start()
        with sandbox.serve():
            thread.join(10)
    assert seen == [3]


def test_waiting_in_vain_says_what_is_left(sandbox: Sandbox) -> None:
    """Without anybody who posts, waiting ends with what there was still to do."""
    accept_call(sandbox, hook=HOOK)
    sandbox.end_call(accept_call(sandbox), Fate("BUSY", after_seconds=60))
    with pytest.raises(TimeoutError, match="1 ends to come and 1 hooks to post"):
        sandbox.wait_for_hooks(timeout=0)


def test_reset_ends_the_waiting(sandbox: Sandbox) -> None:
    """What is forgotten need not be waited for."""
    accept_call(sandbox, hook=HOOK)
    sandbox.end_call(accept_call(sandbox), Fate("BUSY", after_seconds=60))
    sandbox.reset()
    sandbox.wait_for_hooks(timeout=0)


@in_both_worlds
async def test_slow_receiver_has_its_time(sandbox: Sandbox, silence: str) -> None:
    """An attempt ends with its time, on a real socket too."""
    sandbox.hook_timeout_seconds, sandbox.hook_pauses = 0.05, ()
    accept_call(sandbox, hook=silence)
    (delivery,) = await sandbox.post_hooks()
    assert (delivery.status, delivery.error, delivery.is_taken) == (None, "TimeoutError", False)


@in_both_worlds
async def test_receiver_that_is_not_there_is_tried_again(sandbox: Sandbox) -> None:
    """A refused connection is an attempt like any other."""
    # Held by one that does not listen, so that nobody else does.
    with socket.socket() as nobody:
        nobody.bind((HOST, 0))
        accept_call(sandbox, hook=address_of(nobody))
        made = [await sandbox.post_hooks() for _ in range(5)]
    assert [len(each) for each in made] == [1, 1, 1, 1, 0]
    assert {"ConnectError"} == {one.error for one in sandbox.deliveries()}


@in_both_worlds
@pytest.mark.parametrize(
    "hook",
    [
        "http://192.0.2.1/hook",
        "https://app.example/hook",
        "http://localhost.app.example/hook",
        "http://127.0.0.1@app.example/hook",
    ],
)
async def test_hooks_do_not_leave_this_machine(sandbox: Sandbox, hook: str) -> None:
    """An address elsewhere is refused, once, and nothing is sent."""
    accept_call(sandbox, hook=hook)
    (delivery,) = await sandbox.post_hooks()
    sandbox.wait_for_hooks(timeout=0)
    assert delivery.error == "refused: not on this machine"


@in_both_worlds
async def test_hooks_leave_this_machine_when_they_may(sandbox: Sandbox) -> None:
    """With the switch on, an address that is not known for loopback is connected to."""
    receiver = Receiver()
    sandbox.allow_remote_hooks = True
    with served(receiver) as receiving:
        # The address of no machine in particular, which leads to this one all the same.
        accept_call(sandbox, hook=receiving.replace(HOST, "0.0.0.0"))  # noqa: S104 as said
        (delivery,) = await sandbox.post_hooks()
    assert delivery.status == 200


@in_both_worlds
@pytest.mark.parametrize(
    "hook",
    [
        "hook",
        "/hooks?t=s3cret",
        "ftp://127.0.0.1/",
        "http://",
        "http://[::1",
        "http://127.0.0.1:port/",
        "http://127.0.0.1:99999999/",
        "http://127.0.0.1/\r\nx: y",
        "http://xn--/",
        "http://\ud800/",
    ],
    ids=ascii,
)
@pytest.mark.parametrize("is_ours", [True, False])
async def test_hook_that_is_no_address_is_refused(
    sandbox: Sandbox, hook: str, *, is_ours: bool
) -> None:
    """Whatever a client sent as its hook, it is logged as refused and nobody is the worse."""
    accept_call(sandbox, hook=hook)
    receiver = Receiver()
    (delivery,) = await sandbox.post_hooks(None if is_ours else through(receiver))
    assert (delivery.error or "").startswith("refused: not ")
    assert receiver.requests == []


@in_both_worlds
async def test_receiver_that_raises_is_a_failed_attempt(sandbox: Sandbox) -> None:
    """In the same process a receiver's own error is logged by its name alone."""

    def failing(_: httpx.Request) -> httpx.Response:
        raise KeyError("s3cret")

    accept_call(sandbox, hook=HOOK)
    (delivery,) = await sandbox.post_hooks(httpx.MockTransport(failing))
    assert delivery.error == "KeyError"


class Endless(httpx.AsyncByteStream):
    """An answer whose end never comes."""

    def __init__(self) -> None:
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give a byte, and then nothing for ever."""
        yield b" "
        await anyio.sleep_forever()

    async def aclose(self) -> None:
        """Note it, after having waited as a real connection may."""
        await anyio.lowlevel.checkpoint()
        self.is_closed = True


@in_both_worlds
async def test_answer_without_an_end_is_none(sandbox: Sandbox) -> None:
    """A receiver that does not finish its answer in time has not answered, and is let go."""
    answer = Endless()
    sandbox.hook_timeout_seconds = 0.05
    accept_call(sandbox, hook=HOOK)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=answer))
    (delivery,) = await sandbox.post_hooks(transport)
    assert (delivery.error, answer.is_closed) == ("TimeoutError", True)


class Hanging(httpx.AsyncBaseTransport):
    """A transport whose answers never come, which tells when `crowd` requests wait for them."""

    def __init__(self, crowd: int) -> None:
        self.left = crowd
        self.is_full = anyio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Wait for ever."""
        self.left -= 1
        if not self.left:
            self.is_full.set()
        await anyio.sleep_forever()
        raise AssertionError("for ever is over")


@in_both_worlds
async def test_cancelled_posting_loses_nothing(sandbox: Sandbox) -> None:
    """What was in flight is logged as stopped, the rest waits as before; all are posted then."""
    for _ in range(20):
        accept_call(sandbox, hook=HOOK)
    transport = Hanging(16)
    async with anyio.create_task_group() as group:
        group.start_soon(sandbox.post_hooks, transport)
        await transport.is_full.wait()
        group.cancel_scope.cancel()
    assert Counter(one.error for one in sandbox.deliveries()) == {"stopped": 16}
    made = await sandbox.post_hooks(through(Receiver()))
    assert Counter(one.attempt for one in made) == {1: 4, 2: 16}


def test_hooks_put_back_leave_their_room(sandbox: Sandbox) -> None:
    """Of a receiver whose hooks were taken and not posted, no room is lost."""
    receiver, queue = Receiver(), sandbox.hook_queue
    with served(receiver) as receiving:
        for _ in range(20):
            accept_call(sandbox, hook=receiving)
        queue.put_back(queue.take_all())
        with sandbox.serve():
            sandbox.wait_for_hooks()
    assert len(receiver.requests) == 20


def test_nothing_secret_is_logged_at_any_level(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """No log line of any level has a phone or a hook's proof, whether it is taken or not."""
    for name in ("", "httpx", "httpcore", "uvicorn", "uvicorn.error", "uvicorn.asgi"):
        caplog.set_level(1, name)
    with served(Receiver(500)) as receiving, sandbox.serve():
        accept_call(sandbox, hook=f"{receiving}/?t=s3cret")
        accept_call(sandbox, OTHER_PHONE, hook="https://app.example/?t=s3cret")
        accept_call(sandbox, OTHER_PHONE, hook="http://127.0.0.1:s3cret/")
        sandbox.wait_for_hooks()
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert [word for word in ("s3cret", PHONE, OTHER_PHONE) if word in logged] == []
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_sandbox_may_serve_twice_at_once(sandbox: Sandbox) -> None:
    """On two ports it still posts each hook once."""
    receiver = Receiver()
    with served(receiver) as receiving, sandbox.serve(), sandbox.serve():
        for _ in range(50):
            accept_call(sandbox, hook=receiving)
        sandbox.wait_for_hooks()
    assert len(receiver.requests) == 50


def test_hook_that_needs_no_certificates_does_without(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the machine's authorities cannot be read, that is one hook's failure, not another's."""

    def refuse() -> None:
        raise FileNotFoundError("/nowhere.pem")

    monkeypatch.setattr("httpx.create_ssl_context", refuse)
    with served(Receiver()) as receiving, sandbox.serve():
        secure = accept_call(sandbox, hook="https://127.0.0.1:9/hook")
        plain = accept_call(sandbox, hook=receiving)
        sandbox.wait_for_hooks()
    assert [one.status for one in sandbox.deliveries(plain)] == [200]
    assert [one.error for one in sandbox.deliveries(secure)] == ["FileNotFoundError"] * 4


def test_hook_that_cannot_be_written_is_a_failed_attempt(sandbox: Sandbox) -> None:
    """A style of one's own that fails is logged, once, and the next hook is posted."""

    class Broken(HookStyle):
        def body(self, entry: SandboxEntry, fate: Fate) -> str:
            raise RuntimeError("a broken style")

    sandbox.hook_style = Broken()
    with served(Receiver()) as receiving, sandbox.serve():
        accept_call(sandbox, hook=receiving)
        sandbox.wait_for_hooks()
        sandbox.hook_style = HookStyle()
        accept_call(sandbox, hook=receiving)
        sandbox.wait_for_hooks()
    assert [one.error or one.status for one in sandbox.deliveries()] == ["RuntimeError", 200]


def test_waiting_lets_calls_end_where_nobody_serves(sandbox: Sandbox) -> None:
    """What is planned comes in its time, on a clock that goes by itself."""
    sandbox.fates = lambda _: Fate("BUSY", after_seconds=0.02)
    call_id = accept_call(sandbox)
    sandbox.wait_for_hooks()
    assert sandbox.state_of(call_id) is State.UNDELIVERABLE


@pytest.mark.parametrize("seconds", [float("inf"), 1e12, -1])
def test_nobody_waits_for_ever(sandbox: Sandbox, seconds: float) -> None:
    """A time that is none is refused before anything is waited for."""
    accept_call(sandbox)
    sandbox.wait_for_hooks(timeout=0)
    for wait in (sandbox.wait_for_call, sandbox.wait_for_hooks):
        with pytest.raises(ValueError, match=r"^timeout is seconds from 0 up to ten years"):
            wait(timeout=seconds)
