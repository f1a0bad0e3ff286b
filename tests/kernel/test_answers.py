"""What a newer writer added to an answer is passed over, at any depth; what is wrong is still refused."""

from typing import Annotated

import msgspec
import pytest

from tallystick.kernel.answers import reader
from tallystick.kernel.fields import told
from tallystick.kernel.messages import Message
from tallystick.ledger.api import AnyCommand, Capture


class Leaf(Message, frozen=True, kw_only=True):
    """The innermost message."""

    name: str
    size: int = 0


class Tree(Message, frozen=True, kw_only=True):
    """Messages in lists, in mappings, in unions."""

    leaves: Annotated[tuple[Leaf, ...], told("In order.")] = ()
    by_name: dict[str, Leaf] = {}  # noqa: RUF012 - msgspec makes each instance its own
    one: Annotated[Leaf | None, told("Perhaps.")] = None
    some: tuple[Leaf, ...] | None = None
    content: bytes = b""


def test_fields_that_are_not_known_are_passed_over_wherever_they_are() -> None:
    new = {"name": "a", "size": 2, "colour": "red", "veins": [{"n": 1}]}
    sent = {
        "leaves": [new, {"name": "b"}],
        "by_name": {"x": new},
        "one": new,
        "some": [new],
        "content": "aGk=",
        "season": {"year": 2026},
    }
    leaf = Leaf(name="a", size=2)
    assert reader(Tree)(msgspec.json.encode(sent)) == Tree(
        leaves=(leaf, Leaf(name="b")), by_name={"x": leaf}, one=leaf, some=(leaf,), content=b"hi"
    )


def test_a_union_is_read_by_its_tag() -> None:
    sent = b'{"kind":"capture","target":"h1","final":true,"colour":"red"}'
    assert reader(AnyCommand)(sent) == Capture(target="h1", final=True)  # pyright: ignore[reportArgumentType]


def test_what_is_known_and_wrong_is_refused_as_before() -> None:
    for wrong in (b'{"name":1,"colour":"red"}', b'{"colour":"red"}', b'{"name":', b"[]"):
        with pytest.raises(msgspec.MsgspecError):
            reader(Leaf)(wrong)
