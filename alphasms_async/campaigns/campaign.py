"""`Campaign`: what is to be dialled and within which limits, decided before anybody is."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Self

from attrs import field, fields, frozen

from alphasms_async.campaigns.keys import check_key
from alphasms_async.campaigns.kinds import Kind
from alphasms_async.campaigns.redial import RedialPolicy
from alphasms_async.campaigns.window import Window
from alphasms_async.checks import check_count, check_hook, check_max_price, check_rate, is_sum
from alphasms_async.errors import InvalidRequest

__all__ = ["Campaign"]

_LONGEST_NAME = 100
# What a definition need not have, for it came later than the first journals.
_LATER = frozenset({"opt_out"})
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def _check_name(name: str) -> str:
    if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME:
        raise InvalidRequest(f"a campaign's name is 1 to {_LONGEST_NAME} characters, like spring-1")
    if name != name.strip() or any(unicodedata.category(one) in _UNPRINTABLE for one in name):
        raise InvalidRequest("a campaign's name is one line without spaces around it")
    if name.startswith("-"):
        raise InvalidRequest("a campaign's name is no option: it does not begin with a dash")
    return name


def _check_concurrency(concurrency: int) -> int:
    return check_count("concurrency", concurrency)


def _check_pace(per_second: float | None) -> float | None:
    return check_rate("per_second", per_second)


def _check_sum(amount: Decimal | None) -> Decimal | None:
    if amount is not None and not (isinstance(amount, Decimal) and is_sum(amount)):
        raise InvalidRequest(f'money is a Decimal above 0, like Decimal("100.00"), not {amount!r}')
    return amount


def _check_moment(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    if moment.utcoffset() is None:
        raise InvalidRequest("a moment has a time zone: write datetime(…, tzinfo=…)")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise InvalidRequest("a moment is in the years 1 to 9999, in UTC too") from None


@frozen(kw_only=True)
class Campaign:
    """A definition; the journal has the recipients, and what became of them."""

    name: str = field(converter=_check_name)
    """What it is called, 1 to 100 characters; no other campaign of the journal is called so."""
    kind: Kind
    """What every recipient hears."""
    concurrency: int = field(default=32, converter=_check_concurrency)
    """How many calls are placed at once, 1 or more."""
    per_second: float | None = field(default=None, converter=_check_pace)
    """How many calls are begun a second at most, evenly spread. `None`: no limit."""
    budget: Decimal | None = field(default=None, converter=_check_sum)
    """What all its calls may cost together, in the account's currency. `None`: no limit."""
    max_price: Decimal | None = field(default=None, converter=_check_sum)
    """What one call, or one part of a text, may cost. `None`: what the first one costs."""
    window: Window | None = None
    """When phones may ring. `None`: at any time."""
    starts_at: datetime | None = field(default=None, converter=_check_moment)
    """The first moment to dial. `None`: at once."""
    expires_at: datetime | None = field(default=None, converter=_check_moment)
    """When whoever was not dialled is skipped. `None`: never."""
    redial: RedialPolicy | None = None
    """Who is called again. `None`: nobody."""
    hook: str | None = field(default=None, converter=check_hook, repr=False)
    """The URL that gets each call's outcome. `None`: the account's own setting."""
    list_sha256: str | None = None
    """The hex digest of the list's file, by which a list is known under any name. `None`: the
    recipients come from no file."""
    most_uncertain: int = 10
    """After so many unknown outcomes in a row the campaign halts, 1 or more."""
    opt_out: str | None = field(default=None, converter=check_key)
    """The key, one of 0-9 * #, by which whoever is called asks to be called no more: the number
    goes on the journal's do-not-call list. `None`: there is none."""

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.kind, Kind):
            raise InvalidRequest("kind is a PlayRecording, a SpeakSms or a SpeakText")
        check_count("most_uncertain", self.most_uncertain)
        if self.opt_out is not None and not self.kind.waits_for_key:
            raise InvalidRequest(
                "nobody can opt out by a key in a call that waits for none: have it wait for one "
                "(dtmf), or leave the key to opt out with away"
            )
        if self.budget is not None and self.max_price is None and not self.kind.tells_price:
            raise InvalidRequest(
                "the gateway does not tell what a text costs: a budget needs a maximum price too"
            )
        if self.budget is not None and self.max_price is not None:
            check_max_price(self.max_price, self.budget)
        if self.starts_at and self.expires_at and self.starts_at >= self.expires_at:
            raise InvalidRequest("the campaign expires before it starts: swap the two moments")

    def as_json(self) -> dict[str, Any]:
        """Return the definition as plain JSON values, without the name."""
        return {
            "kind": self.kind.as_json(),
            "concurrency": self.concurrency,
            "per_second": self.per_second,
            "budget": _text(self.budget),
            "max_price": _text(self.max_price),
            "window": self.window.as_json() if self.window else None,
            "starts_at": _iso(self.starts_at),
            "expires_at": _iso(self.expires_at),
            "redial": self.redial.as_json() if self.redial else None,
            "hook": self.hook,
            "list_sha256": self.list_sha256,
            "most_uncertain": self.most_uncertain,
            "opt_out": self.opt_out,
        }

    @classmethod
    def from_json(cls, name: str, told: Mapping[str, Any], kind: Kind) -> Self:
        """Return the campaign that `as_json` wrote down; `kind` is from `kind_from_json`.

        Raises:
            InvalidRequest: `as_json` never wrote this.
        """
        lacking = sorted({one.name for one in fields(cls)} - {"name", *_LATER, *told})
        if lacking:
            # Not taken for unlimited: a budget may be among them.
            raise InvalidRequest(
                f"the definition of {name!r} lacks {', '.join(lacking)}: put back a copy of the "
                "journal, or plan a new campaign"
            )
        return cls(
            name=name,
            kind=kind,
            concurrency=told["concurrency"],
            per_second=told["per_second"],
            budget=_decimal(told["budget"]),
            max_price=_decimal(told["max_price"]),
            window=Window.from_json(told["window"]) if told["window"] else None,
            starts_at=_moment(told["starts_at"]),
            expires_at=_moment(told["expires_at"]),
            redial=RedialPolicy.from_json(told["redial"]) if told["redial"] else None,
            hook=told["hook"],
            list_sha256=told["list_sha256"],
            most_uncertain=told["most_uncertain"],
            opt_out=told.get("opt_out"),
        )

    def changed(self, planned: Mapping[str, Any]) -> list[str]:
        """Return what of this is not as it was planned, by the keys of `as_json`."""
        mine, theirs = (_comparable(one) for one in (self.as_json(), planned))
        return sorted(key for key in mine | theirs if mine.get(key) != theirs.get(key))

    def check_unchanged(self, planned: Mapping[str, Any]) -> None:
        """Raise `InvalidRequest` when this is not what was planned, in words that say what."""
        changed = self.changed(planned)
        if changed:
            raise InvalidRequest(
                f"the campaign {self.name!r} was planned otherwise ({', '.join(changed)}): "
                "run it as it was planned, or plan a new one"
            )


def _comparable(told: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what may change: where the recording lies, and what prices are told in."""
    kind = {key: value for key, value in told.get("kind", {}).items() if key != "source"}
    return {key: value for key, value in told.items() if key != "currency"} | {"kind": kind}


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
