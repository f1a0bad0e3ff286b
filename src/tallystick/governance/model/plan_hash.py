"""What an approval is bound to: one hash of everything that a plan does, and of where and what it is of."""

import json
from hashlib import sha256
from typing import Any, Final, cast

from tallystick.kernel.entries import canonical

_SAFE_INTEGER_MAX: Final = 2**53 - 1
# So a number is told apart from every text and object.
_NUMBER: Final = "\0number"
# When it was planned says nothing of what it does.
_LEFT_OUT: Final = ("timestamp",)
# Terraform lists them as its workers come to them.
_IN_NO_ORDER: Final = "relevant_attributes"


def plan_hash(*, plan: bytes, estate: str, commit: str) -> str:
    """Hash a plan: hexadecimal SHA-256 of its canonical JSON (RFC 8785) without its time, with estate and commit.

    Numbers that RFC 8785 would round are hashed as they are written. Whoever applies a planfile shows it as JSON again
    and compares. Raises ValueError for what is no object of JSON, and for an object that has a name twice.
    """
    read: Any = json.loads(
        plan,
        parse_float=_number,
        parse_int=_integer,
        parse_constant=_constant,
        object_pairs_hook=_object,
    )
    if not isinstance(read, dict):
        raise ValueError("a plan is an object of JSON")
    said = cast("dict[str, Any]", read)
    for name in _LEFT_OUT:
        said.pop(name, None)
    looked: Any = said.get(_IN_NO_ORDER)
    if isinstance(looked, list):
        said[_IN_NO_ORDER] = sorted(cast("list[Any]", looked), key=canonical)
    return sha256(canonical({"commit": commit, "estate": estate, "plan": said})).hexdigest()


def _number(text: str) -> dict[str, str]:
    return {_NUMBER: text}


def _constant(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("an object of this JSON has a name twice")
    if _NUMBER in made:
        raise ValueError("an object of this JSON has a name that no plan has")
    return made


def _integer(text: str) -> int | dict[str, str]:
    number = int(text)
    return number if abs(number) <= _SAFE_INTEGER_MAX else _number(text)
