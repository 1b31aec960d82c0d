"""Posts hooks: as they come due while the sandbox serves, or all that are due at once."""

from collections.abc import Sequence
from typing import Final

import anyio
import attrs
import httpx

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.bell import Bell
from alphasms_async.sandbox.hooks.queue import AT_ONCE, HookDelivery, Post
from alphasms_async.sandbox.virtual import ringing, seconds_until
from alphasms_async.settings import is_loopback
from alphasms_async.transports import SlotTransport

# No more than the server itself may take to stop.
_CLOSE_SECONDS: Final = 0.5
_REUSE_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.5
_PORTS: Final = frozenset({None, *range(1, 65_536)})


async def keep_posting(account: Account) -> None:
    """Let all that is planned happen when its time comes, and post the hooks that come due.

    Until cancelled, on asyncio only. Where `posts_hooks` says so, hooks are left waiting.
    """
    bell = Bell()
    with account.hook_queue.bells.ringing(bell.ring), ringing(account.clock, bell.ring):
        post = await _next(account, bell)
        async with _network() as transport, anyio.create_task_group() as group:
            posting = _Posting(account, transport)
            while True:
                group.start_soon(posting.attempt, post)
                post = await _next(account, bell)


async def post_once(
    account: Account, transport: httpx.AsyncBaseTransport | None
) -> list[HookDelivery]:
    """Post every hook of `account` that is due, and return how each attempt went.

    Args:
        account: Whose hooks.
        transport: What carries them, wherever they lead; None for the network.
    """
    account.lines.go_on()
    posts = account.hook_queue.take_all()
    if not posts:
        return []
    if transport is not None:
        return await _Posting(account, transport, is_ours=False).attempt_all(posts)
    async with _network() as network:
        return await _Posting(account, network).attempt_all(posts)


@attrs.frozen
class _Posting:
    account: Account
    transport: httpx.AsyncBaseTransport
    is_ours: bool = True
    """Whether it is for us to see that no hook leaves this machine."""

    async def attempt_all(self, posts: Sequence[Post]) -> list[HookDelivery]:
        """Attempt all of `posts`, no more of them at once than one receiver is asked to bear."""
        made: list[HookDelivery] = []
        room = anyio.CapacityLimiter(AT_ONCE)

        async def attempt(post: Post) -> None:
            async with room:
                made.append(await self.attempt(post))

        try:
            async with anyio.create_task_group() as group:
                for post in posts:
                    group.start_soon(attempt, post)
        finally:
            # Cancelled, some have not had their turn.
            self.account.hook_queue.put_back(posts)
        return made

    async def attempt(self, post: Post) -> HookDelivery:
        """Attempt one post; however it ends, the end is recorded and no exception."""
        begun = anyio.current_time()
        body, request = self._written(post)
        if isinstance(request, str):
            return self._end(post, body, begun, error=request, is_final=True)
        try:
            with anyio.fail_after(self.account.hook_timeout_seconds):
                status = await _status(self.transport, request)
        except anyio.get_cancelled_exc_class():
            self._end(post, body, begun, error="stopped")
            raise
        except Exception as error:  # noqa: BLE001 a receiver in this process may raise anything
            failure = type(error).__name__
        else:
            return self._end(post, body, begun, status=status)
        # Not while it is handled: what a watcher raises would be told with it.
        return self._end(post, body, begun, error=failure)

    def _written(self, post: Post) -> tuple[str, httpx.Request | str]:
        """Return what is posted, and the request that carries it or why there can be none."""
        style, body = self.account.hook_style, ""
        # Neither what is wrong with an address nor what went wrong on the way is told in the words
        # of the error: they may hold the secret that proves a hook.
        try:
            body = style.body(post.entry, post.fate)
            request = style.request(post.url, body)
        except (httpx.InvalidURL, ValueError):
            return body, "refused: not an address"
        except Exception as error:  # noqa: BLE001 a style may be a program's own
            return body, type(error).__name__
        return body, self._refusal(request.url) or request

    def _refusal(self, url: httpx.URL) -> str | None:
        if url.scheme not in {"http", "https"} or not url.host or url.port not in _PORTS:
            return "refused: not an address"
        if self.is_ours and not (self.account.allow_remote_hooks or is_loopback(url.host)):
            return "refused: not on this machine"
        return None

    def _end(
        self,
        post: Post,
        body: str,
        begun: float,
        *,
        status: int | None = None,
        error: str | None = None,
        is_final: bool = False,
    ) -> HookDelivery:
        delivery = HookDelivery(
            entry_id=post.entry.id,
            url=post.url,
            attempt=post.attempt,
            at=self.account.clock(),
            seconds=anyio.current_time() - begun,
            pause_seconds=post.pause_seconds,
            status=status,
            error=error,
            body=body,
            is_resent=post.is_resent,
        )
        pause = None if is_final else self._pause(delivery)
        if self.account.hook_queue.record(post, delivery, pause=pause):
            self.account.tell_watcher(delivery)
        return delivery

    def _pause(self, delivery: HookDelivery) -> float | None:
        pauses = self.account.hook_pauses
        if delivery.is_taken or delivery.attempt > len(pauses):
            return None
        return pauses[delivery.attempt - 1]


async def _next(account: Account, bell: Bell) -> Post:
    """Return the next hook to be posted, once it is due and its receiver has room."""
    while True:
        bell.hush()
        account.lines.go_on()
        post = account.hook_queue.take() if account.posts_hooks else None
        if post is not None:
            return post
        await bell.heard(_seconds_to_wait(account))


def _seconds_to_wait(account: Account) -> float | None:
    due = account.next_due(with_hooks=account.posts_hooks)
    seconds = None if due is None else seconds_until(due, account.clock)
    if account.posts_hooks or not account.hook_queue.left:
        return seconds
    # Nothing rings when it is set that they are posted after all.
    return min(_LOOK_SECONDS, seconds) if seconds is not None else _LOOK_SECONDS


def _network() -> SlotTransport:
    """Return what carries hooks, straight there and never by a proxy.

    No `httpx.AsyncClient`: that logs whole addresses, secrets included. And no pool, whose work
    grows with the square of what is in flight.
    """
    return SlotTransport(reuse_seconds=_REUSE_SECONDS)


async def _status(transport: httpx.AsyncBaseTransport, request: httpx.Request) -> int:
    answer = await transport.handle_async_request(request)
    # The stream itself: the answers of doubles have been read already, and say so.
    assert isinstance(answer.stream, httpx.AsyncByteStream)  # noqa: S101 an asynchronous transport
    try:
        # To its end, however little it matters: broken off, httpx leaves generators behind on trio.
        async for _ in answer.stream:
            pass
    finally:
        # Shielded: a connection that cancellation keeps from closing would stay open for good.
        with anyio.move_on_after(_CLOSE_SECONDS, shield=True):
            await answer.aclose()
    return answer.status_code
