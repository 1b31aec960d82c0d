"""Whoever posts events to a receiver, one after the other on each of its connections.

It runs in a process of its own and knows bare streams only: what is measured is the receiver.

    python -m benchmarks.posting POSTS PORT CONNECTIONS

POSTS has a JSON pair of target and body on each line. Prints what was measured as JSON.
"""

import asyncio
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import anyio
from attrs import asdict

from benchmarks.asking import Asked, ask_all

__all__ = ["post_all", "write_posts"]


def write_posts(path: Path, posts: Iterable[tuple[str, str]]) -> None:
    """Write what is posted: for each event the target of its hook and its body, of JSON."""
    path.write_text("".join(f"{json.dumps(post)}\n" for post in posts), encoding="utf-8")


async def post_all(path: Path, port: int, connections: int) -> Asked:
    """Post everything once, from another process, to a receiver in this one.

    Args:
        path: What `write_posts` has written.
        port: Where the receiver listens, on loopback.
        connections: How many are kept open, 1 or more.
    """
    told = [str(path), str(port), str(connections)]
    done = await anyio.run_process([sys.executable, "-m", "benchmarks.posting", *told], stderr=None)
    return Asked(**json.loads(done.stdout))


async def _main(lines: Sequence[str], port: int, connections: int) -> dict[str, object]:
    requests = [_request(*json.loads(line)) for line in lines]
    return asdict(await ask_all(requests, port, connections))


def _request(target: str, body: str) -> bytes:
    head = (
        f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


if __name__ == "__main__":
    posts = Path(sys.argv[1]).read_text("utf-8").splitlines()
    print(json.dumps(asyncio.run(_main(posts, *map(int, sys.argv[2:])))))
