"""Gateways that tell what became of calls and messages, as json.php and xml.php do."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

from tests.doubles import Answer, Carrying, FakeGateway


def telling(words: Mapping[int, str], **more: Any) -> Answer:
    """Return an answer of json.php or xml.php that knows the state of some ids.

    Args:
        words: The word or the code of each id; of others json.php is silent.
        more: What json.php tells of each besides.
    """

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("xml.php"):
            rows = "".join(f'<msg sms_id="{id}">{code}</msg>' for id, code in words.items())
            return httpx.Response(200, text=f"<package><status>{rows}</status></package>")
        results = [
            {"success": True, "data": {"id": id, "status": words[id], **more}}
            for id in asked_in(request)
            if id in words
        ]
        return httpx.Response(200, json={"success": True, "data": results})

    return answer


def asked_in(request: httpx.Request) -> list[int]:
    """Return the ids that a request to json.php or xml.php asks for."""
    text = request.content.decode()
    if request.url.path.endswith("xml.php"):
        return [int(one) for one in re.findall(r'sms_id="(\d+)"', text)]
    return [one["id"] for one in json.loads(text)["data"]]


def delivering(request: httpx.Request) -> httpx.Response:
    """Answer that everything asked for was delivered."""
    is_xml = request.url.path.endswith("xml.php")
    return telling(dict.fromkeys(asked_in(request), "102" if is_xml else "DELIVERED"))(request)


def meanwhile(answer: Answer, happening: Callable[[], Awaitable[object]]) -> Carrying:
    """Return a gateway on whose way something happens before its answer is there."""
    gateway = FakeGateway(answer)

    async def carry(request: httpx.Request) -> httpx.Response:
        response = await gateway.handle_async_request(request)
        await happening()
        return response

    return Carrying(carry)
