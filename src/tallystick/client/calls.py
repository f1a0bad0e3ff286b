"""Calls: one question to one route, as it goes over the wire."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from tallystick.kernel.problems import Problem

Answer = TypeVar("Answer")
Act = TypeVar("Act", bound=msgspec.Struct)

JSON = "application/json"
XML = "application/xml"
PROBLEM_JSON = "application/problem+json"
ID_CHARS_MAX = 64

_encode = msgspec.json.Encoder().encode


class Asking(NamedTuple):
    """A question on the wire: its method, the path with its query, its headers and its body."""

    method: str
    target: str
    headers: dict[str, str]
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Call(Generic[Answer]):
    """One question to one route.

    ``answer`` is the type of the answer, ``bytes`` for what is taken as it is. ``body`` is None, bytes of XML, or what
    is written as JSON. ``key`` makes it the same call when it is made again, '' for none; where ``sends_key`` it goes
    as ``Idempotency-Key``, else it is in the body. ``within_ms`` is how long the call is tried, None for as long as the
    client is patient. ``is_repeatable`` when doing it twice does no more than once. A ``public`` call shows no
    credential. ``refused`` is the class of codes that have none. Raises ValueError.
    """

    method: str
    path: str
    answer: type[Answer]
    _: KW_ONLY
    query: Mapping[str, Any] = field(default_factory=dict[str, Any])
    body: Any = None
    media: str = JSON
    key: str = ""
    sends_key: bool = True
    within_ms: int | None = None
    is_repeatable: bool = True
    public: bool = False
    refused: type[Problem] = Problem

    def __post_init__(self) -> None:
        if self.within_ms is not None and self.within_ms < 1:
            raise ValueError("within_ms is at least a millisecond")

    def asking(self) -> Asking:
        """Write it for the wire, without the credential."""
        headers = {"accept": self.media}
        if self.key and self.sends_key:
            headers["idempotency-key"] = self.key
        content = None
        if self.body is not None:
            is_file = isinstance(self.body, bytes)
            headers["content-type"] = XML if is_file else JSON
            content = self.body if is_file else _encode(self.body)
        query = urlencode(list(_pairs(self.query)))
        return Asking(self.method, f"{self.path}?{query}" if query else self.path, headers, content)


def segment(text: Any) -> str:
    """One segment of a path, whatever is in it."""
    return quote(str(text), safe=":")


def place_of(text: str) -> str:
    """All that is left of a path, slashes included."""
    return quote(text, safe="/")


def said(values: Mapping[str, Any], **usual: Any) -> dict[str, Any]:
    """The values without those that are as ``usual``, which is None: a server of another release may not know them."""
    return {name: value for name, value in values.items() if value != usual.get(name)}


def named(acts: Iterable[Act], key: str) -> tuple[Act, ...]:
    """Acts that have ids: one without any gets ``key`` and its place among them, so that it is done once under a key.

    Raises ValueError for a key that is too long for that.
    """
    return tuple(
        act if getattr(act, "id", None) else msgspec.structs.replace(act, id=_id_of(key, place))
        for place, act in enumerate(acts)
    )


def _id_of(key: str, place: int) -> str:
    made = f"{key}-{place}"
    if len(made) > ID_CHARS_MAX:
        raise ValueError(
            f"{made} has {len(made)} characters, and an id has {ID_CHARS_MAX}: give a shorter idempotency_key"
        )
    return made


def _pairs(query: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in query.items():
        if isinstance(value, Mapping):
            for key, one in value.items():
                yield f"{name}[{key}]", str(one)
        elif isinstance(value, bool):
            yield name, "true" if value else "false"
        elif value is not None:
            yield name, str(msgspec.to_builtins(value))
