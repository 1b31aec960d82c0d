"""Values of attrs classes as JSON and back, by the types of their fields."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from operator import attrgetter
from types import MappingProxyType, NoneType, UnionType
from typing import (
    Any,
    Final,
    Literal,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import attrs

_T = TypeVar("_T")
_Reader: TypeAlias = Callable[[Any, Mapping[str, object]], Any]

# What stands elsewhere: the recording in a table of its own, and what leads from a part to the
# whole, or to the sandbox, is there before it.
_LEFT_OUT: Final = frozenset({"audio", "handset", "entry"})


def as_json(value: object) -> str:
    """Return a value as JSON, without the fields that stand elsewhere: see `from_json`."""
    return _ENCODER.encode(value)


def from_json(kind: type[_T], text: str, **given: object) -> _T:
    """Return the value that was written.

    Args:
        kind: Its class.
        text: What `as_json` returned.
        given: The fields that were left out, for whatever class inside has one of that name.

    Raises:
        Exception: It was not written by `as_json`; what is raised is left to chance.
    """
    known: Any = kind
    value: _T = _reader(known)(json.loads(text), given)
    return value


def _plain(value: object) -> object:
    # By a table, for this is done ten times for each thing that changes.
    kind: Any = type(value)
    return _writer(kind)(value)


@cache
def _writer(kind: Any) -> Callable[[Any], object]:
    """Return what makes values of a class into something that is closer to JSON."""
    if issubclass(kind, datetime):
        return datetime.isoformat
    if issubclass(kind, Decimal):
        return str
    if issubclass(kind, Enum):
        return attrgetter("name")
    if issubclass(kind, Mapping):
        return dict
    names = tuple(one.name for one in attrs.fields(kind) if one.init and one.name not in _LEFT_OUT)
    return lambda value: {name: getattr(value, name) for name in names}


_ENCODER: Final = json.JSONEncoder(default=_plain, separators=(",", ":"))


@cache
def _reader(kind: Any) -> _Reader:
    """Return what makes JSON into a value of a type, with the fields that are given."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        (only,) = (one for one in inner if one is not NoneType)
        read = _reader(only)
        return lambda raw, given: None if raw is None else read(raw, given)
    if origin is tuple:
        return _tuple_reader(inner)
    if origin is Mapping:
        read = _reader(inner[1])
        return lambda raw, given: MappingProxyType(
            {name: read(part, given) for name, part in raw.items()}
        )
    if origin is Literal:
        return _as_it_is
    return _attrs_reader(kind) if attrs.has(kind) else _single_reader(kind)


def _tuple_reader(inner: tuple[Any, ...]) -> _Reader:
    readers = [_reader(one) for one in inner if one is not ...]
    if inner[-1] is ...:
        (read,) = readers
        return lambda raw, given: tuple([read(part, given) for part in raw])
    return lambda raw, given: tuple(
        [read(part, given) for read, part in zip(readers, raw, strict=True)]
    )


def _attrs_reader(kind: Any) -> _Reader:
    kinds = get_type_hints(kind)
    readers = {name: _reader(one) for name, one in kinds.items() if name not in _LEFT_OUT}
    left_out = _LEFT_OUT & kinds.keys()

    def read(raw: Any, given: Mapping[str, object]) -> Any:
        fields = {name: readers[name](part, given) for name, part in raw.items()}
        return kind(**fields, **{name: given[name] for name in left_out})

    return read


def _single_reader(kind: Any) -> _Reader:
    if issubclass(kind, datetime):
        return lambda raw, _: datetime.fromisoformat(raw)
    if issubclass(kind, Decimal):
        return lambda raw, _: Decimal(raw)
    if issubclass(kind, Enum):
        return lambda raw, _: kind[raw]
    return _as_it_is


def _as_it_is(raw: Any, _: Mapping[str, object]) -> Any:
    return raw
