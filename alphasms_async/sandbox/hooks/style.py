"""The shape of a hook: what the documents leave open is a setting here."""

import json
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlencode

import attrs
import httpx

from alphasms_async.sandbox.allowed import one_of
from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry
from alphasms_async.sandbox.fate import Fate

_TYPES: Mapping[str, str] = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
}


@attrs.frozen(kw_only=True)
class HookStyle:
    """How hooks are written. The defaults are the documented example.

    Nobody says which of these the gateway uses, so a receiver is tried against each.
    """

    method: Literal["POST", "GET"] = attrs.field(default="POST", validator=one_of("POST", "GET"))
    encoding: Literal["json", "form", "query"] = attrs.field(
        default="json", validator=one_of("json", "form", "query")
    )
    """Where the fields stand: a JSON or form body, or the address, behind a query it has."""
    ids: Literal["number", "string"] = attrs.field(
        default="number", validator=one_of("number", "string")
    )
    """Whether JSON writes the id as a number; form and query know only text."""
    words: Literal["space", "underscore", "joined", "lower"] = attrs.field(
        default="space", validator=one_of("space", "underscore", "joined", "lower")
    )
    """How a status is spelled: `NO ANSWER`, `NO_ANSWER`, `NOANSWER`, `no answer`."""

    def __attrs_post_init__(self) -> None:
        if self.method == "GET" and self.encoding != "query":
            raise ValueError('A GET has no body: use HookStyle(method="GET", encoding="query").')

    def body(self, entry: SandboxEntry, fate: Fate) -> str:
        """Return what a hook tells of `entry`, encoded."""
        fields: dict[str, str | int] = {
            "id": entry.id if self.ids == "number" else str(entry.id),
            "phone": entry.phone,
            "status": self._spelled(fate.word),
        }
        if isinstance(entry, SandboxCall):
            fields["duration"] = fate.talk_seconds
        if fate.digits is not None:
            fields["dtmf"] = fate.digits
        return json.dumps(fields) if self.encoding == "json" else urlencode(fields)

    def request(self, url: str, body: str) -> httpx.Request:
        """Return the request that carries `body` to `url`.

        Raises:
            httpx.InvalidURL: It is not an address.
        """
        if self.encoding == "query":
            return httpx.Request(self.method, _with_query(url, body))
        headers = {"content-type": _TYPES[self.encoding]}
        return httpx.Request(self.method, url, content=body.encode(), headers=headers)

    def _spelled(self, word: str) -> str:
        match self.words:
            case "space":
                return word
            case "underscore":
                return word.replace(" ", "_")
            case "joined":
                return word.replace(" ", "")
            case "lower":
                return word.lower()


def _with_query(url: str, query: str) -> str:
    """Return `url` with `query` added; what it has stays as it is, byte for byte."""
    address = url.partition("#")[0]
    if address.endswith(("?", "&")):
        return f"{address}{query}"
    return f"{address}{'&' if '?' in address else '?'}{query}"
