"""Near doors: never inside a transaction, and only what a wire could carry."""

from typing import Any, Protocol

import msgspec
import pytest

from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Problem
from tallystick.runtime.database import open_transaction_role
from tallystick.runtime.doors import TransactionOpen, near

CALLER = Caller(tenant_id=5, actor="test")


class Ask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    text: str
    parts: tuple[int, ...] = ()


class Told(msgspec.Struct, frozen=True, kw_only=True):
    text: str


class Refusal(Problem):
    """It was refused."""

    code = "it_was_refused"


class Desk(Protocol):
    async def ask(self, *, caller: Caller, message: Ask) -> Told: ...

    async def forget(self, *, caller: Caller, message: Ask) -> None: ...


class DeskService:
    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.answer: Any = Told(text="yes")

    async def ask(self, *, caller: Caller, message: Ask) -> Told:
        self.heard.append((caller, message))
        if message.text == "refuse":
            raise Refusal("No.", {"text": "refuse"})
        return self.answer

    async def forget(self, *, caller: Caller, message: Ask) -> None:
        self.heard.clear()


@pytest.mark.parametrize("wire", [False, True])
async def test_a_door_answers_what_its_service_answers(wire):
    service = DeskService()
    desk = near(Desk, service, wire=wire)
    message = Ask(text="hello", parts=(1, 2))
    assert await desk.ask(caller=CALLER, message=message) == Told(text="yes")
    assert service.heard == [(CALLER, message)]
    assert (service.heard[0][1] is message) is not wire
    assert await desk.forget(caller=CALLER, message=message) is None


@pytest.mark.parametrize("wire", [False, True])
async def test_a_refusal_passes_the_door(wire):
    with pytest.raises(Refusal) as refused:
        await near(Desk, DeskService(), wire=wire).ask(caller=CALLER, message=Ask(text="refuse"))
    assert refused.value.fields == {"text": "refuse"}


async def test_over_the_wire_only_the_declared_message_and_answer_pass():
    service = DeskService()
    desk: Any = near(Desk, service, wire=True)
    with pytest.raises(msgspec.ValidationError):
        await desk.ask(caller=CALLER, message={"text": "hello", "stranger": 1})
    service.answer = Ask(text="of another kind", parts=(1,))
    assert await desk.ask(caller=CALLER, message=Ask(text="x")) == Told(text="of another kind")
    service.answer = object()
    with pytest.raises(TypeError):
        await desk.ask(caller=CALLER, message=Ask(text="x"))


async def test_a_door_has_nothing_but_its_methods():
    desk: Any = near(Desk, DeskService())
    with pytest.raises(AttributeError):
        _ = desk.heard
    with pytest.raises(TypeError):
        await desk.ask(CALLER, Ask(text="x"))


@pytest.mark.parametrize("wire", [False, True])
async def test_a_door_refuses_to_be_called_inside_a_transaction(database_for, caller, wire):
    service = DeskService()
    desk = near(Desk, service, wire=wire)
    database = await database_for("identity")
    for opened in (
        database.transaction(tenant_id=caller.tenant_id),
        database.transaction(tenant_id=caller.tenant_id, read_only=True),
        database.without_tenant(),
    ):
        async with opened:
            with pytest.raises(TransactionOpen, match="tallystick_identity"):
                await desk.ask(caller=caller, message=Ask(text="hello"))
        assert open_transaction_role() is None
    assert service.heard == []
    await desk.ask(caller=caller, message=Ask(text="hello"))


async def test_a_failed_transaction_is_closed_for_doors_too(database_for, caller):
    database = await database_for("identity")
    with pytest.raises(Refusal):
        async with database.transaction(tenant_id=caller.tenant_id):
            raise Refusal("No.")
    assert await near(Desk, DeskService()).ask(caller=caller, message=Ask(text="hello"))
