"""Two releases understand each other at a door: what may change of a message, and what each side does with the rest."""

from typing import Annotated, Any, Protocol

import msgspec
import pytest
from msgspec import inspect as shapes

from tallystick.kernel.answers import reader
from tallystick.kernel.callers import Caller
from tallystick.kernel.fields import Asset
from tallystick.kernel.fields import told as field_told
from tallystick.kernel.messages import Message
from tallystick.runtime.far.wire import methods_of
from tests.releases.messages import READ_FIRST, Doors, breaks, doors, kept, told

CALLER = Caller(tenant_id=1, actor="key_1")


def test_what_goes_through_the_doors_can_live_beside_the_release_before() -> None:
    found = list(breaks(kept(), told(doors())))
    assert not found, "\n".join(
        [*found, "If no release has had these yet: python -m tests.releases.messages"]
    )


def test_every_message_refuses_what_it_does_not_know_and_leaves_out_what_is_as_usual() -> None:
    count = 0
    for door in doors():
        for method in methods_of(door):
            for kind in _structs(shapes.type_info(method.question), set()):
                if kind.__name__ == "Question":
                    continue
                settings = kind.__struct_config__
                assert settings.forbid_unknown_fields, f"{kind} drops what it does not know"
                assert settings.omit_defaults, f"{kind} says what an older process cannot know"
                count += 1
    assert count > 150


def test_an_answer_says_nothing_that_is_as_usual() -> None:
    for door in doors():
        for method in methods_of(door):
            for kind in _structs(shapes.type_info(method.answer), set()):
                assert kind.__struct_config__.omit_defaults, kind


def _structs(kind: shapes.Type, seen: set[type]) -> set[type]:
    """Every message in a type."""
    if isinstance(kind, shapes.StructType):
        if kind.cls not in seen:
            seen.add(kind.cls)
            for field in kind.fields:
                _structs(field.type, seen)
        return seen
    for name in ("type", "item_type", "key_type", "value_type"):
        inner = getattr(kind, name, None)
        if isinstance(inner, shapes.Type):
            _structs(inner, seen)
    for inner in getattr(kind, "types", ()):
        _structs(inner, seen)
    return seen


class Pay(Message, frozen=True, kw_only=True):
    """A message of this release."""

    amount: int


class NewerPay(Message, frozen=True, kw_only=True):
    """The same message of the next."""

    amount: int
    purpose: Annotated[str | None, field_told("What for.")] = None


class Till(Protocol):
    async def pay(self, *, caller: Caller, message: Pay) -> Pay: ...


class NewerTill(Protocol):
    async def pay(self, *, caller: Caller, message: NewerPay) -> NewerPay: ...


def _question(door: type) -> type:
    (method,) = methods_of(door)
    return method.question


def _asked(message: Message) -> bytes:
    return msgspec.json.encode({"caller": CALLER, "message": message})


def test_a_newer_caller_is_understood_until_it_says_something_new() -> None:
    older = _question(Till)
    assert msgspec.json.decode(_asked(NewerPay(amount=5)), type=older).message == Pay(amount=5)
    with pytest.raises(msgspec.ValidationError, match="unknown field `purpose`"):
        msgspec.json.decode(_asked(NewerPay(amount=5, purpose="rent")), type=older)


def test_an_older_caller_is_understood_by_a_newer_process() -> None:
    newer = _question(NewerTill)
    asked = msgspec.json.decode(_asked(Pay(amount=5)), type=newer)
    assert asked.message == NewerPay(amount=5)
    answer = msgspec.json.encode(NewerPay(amount=5, purpose="rent"))
    assert reader(Pay)(answer) == Pay(amount=5)


def test_what_is_decided_of_a_caller_is_never_dropped() -> None:
    sent = b'{"caller":{"tenant_id":1,"actor":"key_1","embargo":true},"message":{"amount":5}}'
    with pytest.raises(msgspec.ValidationError, match="unknown field `embargo`"):
        msgspec.json.decode(sent, type=_question(Till))
    assert msgspec.json.encode(CALLER) == b'{"tenant_id":1,"actor":"key_1"}'


def test_the_rule_sees_what_would_break() -> None:
    def change(*, tag: str = "kind=pay", **fields: Any) -> Doors:
        methods = {"t.Till.pay": ["t.Pay", "t.Pay"]}
        return Doors(methods, {"t.Pay": {"fields": fields, "tag": tag}})

    note = ["str", ""]
    was = change(amount="int", note=note)
    assert not list(breaks(was, was))
    assert not list(breaks(was, change(amount="int", note=note, purpose=["str | none", None])))
    for now, what in (
        (change(amount="int", note=note, purpose="str"), "t.Pay.purpose is new"),
        (change(amount="int"), "t.Pay.note is None, no longer"),
        (change(amount="str", note=note), "t.Pay.amount is str, no longer int"),
        (change(amount="int", note="str"), "t.Pay.note is str, no longer ['str', '']"),
        (change(amount="int", note=["str", "-"]), "t.Pay.note is ['str', '-'], no longer"),
        (change(amount="int", note=note, tag="kind=buy"), "t.Pay is told by kind=buy"),
        (Doors({}, was.messages), "t.Till.pay asks and answers None"),
        (Doors(was.methods, {}), "t.Pay is gone"),
    ):
        assert any(one.startswith(what) for one in breaks(was, now)), what


def test_the_rule_sees_a_word_that_a_reader_of_answers_would_not_know() -> None:
    def sides(*words: str, answered: str) -> Doors:
        pay = {"fields": {"sides": ["[t.Side]", []]}}
        methods = {"t.Till.pay": ["t.Asked", answered]}
        asked = {"fields": {"side": "t.Side"}}
        return Doors(methods, {"t.Pay": pay, "t.Asked": asked, "t.Side": {"words": list(words)}})

    two, three = ("debit", "credit"), ("credit", "debit", "both")
    for answered in ("null", "t.Pay | null"):
        was = sides(*two, answered=answered)
        now = sides(*three, answered=answered)
        assert bool(list(breaks(was, now))) == (answered != "null"), answered
        assert not list(breaks(was, now, read_first={"t.Side": ("both",)}))
        assert list(breaks(was, sides("debit", answered=answered)))


def test_what_is_read_first_is_new_in_this_release() -> None:
    before, now = kept().messages, told(doors()).messages
    for name, words in READ_FIRST.items():
        for word in words:
            assert word in now[name]["words"], f"{name} has no {word!r}"
            assert word not in before[name]["words"], f"a release has read {word!r}: take it out"


def test_a_default_and_a_bound_are_told() -> None:
    class Ask(Message, frozen=True, kw_only=True):
        count: Annotated[int, msgspec.Meta(ge=1)] = 5
        names: tuple[str, ...] = ()
        asset: Asset

    class Door(Protocol):
        async def ask(self, *, caller: Caller, message: Ask) -> Pay: ...

    Ask.__module__ = "tallystick.trial"
    # Annotations of what is made in a function are looked for in its module.
    globals()["Ask"] = Ask
    fields = told([Door]).messages["trial.Ask"]["fields"]
    assert fields == {
        "count": ['int {"ge": 1}', 5],
        "names": ["[str]", []],
        "asset": 'str {"pattern": "^[A-Z0-9._]{1,16}$"}',
    }
