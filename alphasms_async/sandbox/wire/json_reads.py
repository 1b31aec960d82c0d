"""The types of json.php that only ask: `status`, `balance` and `hlr`."""

from collections.abc import Mapping

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.refusals import Refusal, RefusedError
from alphasms_async.sandbox.wire.answers import Json
from alphasms_async.sandbox.wire.json_item import Handler, Item

# The request type each kind came in; a kind not listed has its type's name.
_TYPES = {"voice_sms": "sms", "say": "voice"}

_NETWORK: Mapping[str, Json] = {
    "name": "Sandbox Mobile",
    "prefix": "38050",
    "country": {"name": "Ukraine", "prefix": "380"},
}


def read_status(account: Account, item: Item) -> Mapping[str, Json]:
    """Answer the state of what has the client's own id."""
    entry = account.ledger.find_by_client_id(item.client_id())
    if entry is None:
        raise RefusedError(Refusal.BAD_ID)
    standing = account.standing(entry)
    answer: dict[str, Json] = {
        "id": entry.client_id,
        "type": _TYPES.get(entry.kind, entry.kind),
        "status": standing.state.json_word,
    }
    if standing.state.is_final:
        answer["updated"] = standing.kyiv_second
    return answer


def read_balance(account: Account, item: Item) -> Mapping[str, Json]:  # noqa: ARG001 one signature
    """Answer the money left."""
    return {"amount": account.ledger.balance, "currency": account.currency}


def read_hlr(account: Account, item: Item) -> Mapping[str, Json]:  # noqa: ARG001 one signature
    """Answer what a home register might hold: every phone is with one made-up network."""
    item.client_id()
    phone = item.phone()
    return {
        "phone": int(phone),
        "status": "DELIVERED",
        "imsi": "255010000000000",
        "mccmnc": "25501",
        "ported": False,
        "network": {"origin": _NETWORK, "ported": _NETWORK},
    }


READS: Mapping[str, Handler] = {
    "status": read_status,
    "balance": read_balance,
    "hlr": read_hlr,
}
