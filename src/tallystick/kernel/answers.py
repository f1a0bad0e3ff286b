"""Reading answers: what a newer writer added is passed over, where a message that asks is refused for it."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast

import msgspec
from msgspec import inspect

Answer = TypeVar("Answer")


def reader(kind: type[Answer]) -> Callable[[bytes], Answer]:
    """Make what reads JSON into ``kind``, and passes over fields it does not know. It raises msgspec.MsgspecError.

    ``kind`` and the messages in it may forbid unknown fields: who asks must not be misunderstood, while who answers
    may say more than a reader of an older release can hear.
    """
    decoder = msgspec.json.Decoder(kind)

    def read(content: bytes) -> Answer:
        try:
            return decoder.decode(content)
        except msgspec.ValidationError:
            # Seldom: only while two releases meet.
            known = _known(msgspec.json.decode(content), _described(kind))
            return msgspec.convert(known, kind)

    return read


@cache
def _described(kind: Any) -> inspect.Type:
    return inspect.type_info(kind)


def _known(value: Any, kind: inspect.Type) -> Any:
    """A decoded value without the fields that its type does not have."""
    if isinstance(value, dict):
        return _of_object(cast(dict[str, Any], value), kind)
    if isinstance(value, list):
        return _of_list(cast(list[Any], value), kind)
    return value


def _of_object(value: dict[str, Any], kind: inspect.Type) -> Any:
    match kind:
        case inspect.Metadata():
            return _of_object(value, kind.type)
        case inspect.StructType():
            kinds = {field.encode_name: field.type for field in kind.fields}
            known = {name: _known(one, kinds[name]) for name, one in value.items() if name in kinds}
            tag = {name: one for name, one in value.items() if name == kind.tag_field}
            return tag | known
        case inspect.DictType():
            return {name: _known(one, kind.value_type) for name, one in value.items()}
        case inspect.UnionType():
            kinds = [one for one in map(_bare, kind.types) if _fits(value, one)]
            return _of_object(value, kinds[0]) if kinds else value
        case _:
            return value


def _of_list(value: list[Any], kind: inspect.Type) -> Any:
    kinds = map(_bare, kind.types if isinstance(kind, inspect.UnionType) else [kind])
    for one in kinds:
        if isinstance(one, inspect.CollectionType):
            return [_known(item, one.item_type) for item in value]
    return value


def _fits(value: dict[str, Any], kind: inspect.Type) -> bool:
    if isinstance(kind, inspect.StructType):
        return kind.tag_field is None or value.get(kind.tag_field) == kind.tag
    return isinstance(kind, inspect.DictType)


def _bare(kind: inspect.Type) -> inspect.Type:
    return kind.type if isinstance(kind, inspect.Metadata) else kind
