"""Circuits, and the one repeat: by a clock in the hand, and over connections that are lost at will."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tallystick.kernel.actions import Action, asks, unguarded
from tallystick.kernel.instants import SECOND
from tallystick.runtime.far import Circuit, far
from tallystick.runtime.far.asking import only_reads
from tallystick.runtime.far.circuits import FAILURES, PAUSE, PAUSE_MAX
from tallystick.runtime.refusals import TemporarilyUnavailable
from tests.runtime.far_ground import CALLER, URL, Clerk, Count, Ground

TRIES_MAX = 50


class Hand:
    """A clock that goes when it is moved."""

    def __init__(self) -> None:
        self.at = 1_000 * SECOND

    def now(self) -> int:
        return self.at


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def circuit(hand: Hand) -> Circuit:
    clock: Any = hand
    return Circuit(target="http://there", clock=clock)


def lose(circuit: Circuit, times: int) -> None:
    for _ in range(times):
        assert circuit.enter()
        circuit.lost()


def test_a_circuit_opens_after_so_many_losses_in_a_row(circuit: Circuit) -> None:
    lose(circuit, FAILURES - 1)
    assert circuit.enter()
    circuit.answered()
    lose(circuit, FAILURES - 1)
    assert not circuit.is_open
    lose(circuit, 1)
    assert circuit.is_open
    assert not circuit.enter()


def test_after_a_pause_one_call_tries_and_an_answer_closes_it(circuit: Circuit, hand: Hand) -> None:
    lose(circuit, FAILURES)
    hand.at += PAUSE - 1
    assert not circuit.enter()
    hand.at += 1
    assert circuit.enter()
    assert not circuit.enter()
    circuit.answered()
    assert [circuit.enter() for _ in range(3)] == [True] * 3
    assert not circuit.is_open


def test_each_try_that_is_lost_doubles_the_pause_up_to_its_bound(
    circuit: Circuit, hand: Hand
) -> None:
    lose(circuit, FAILURES)
    pauses = list[int]()
    for _ in range(8):
        began = hand.at
        for _ in range(TRIES_MAX):
            hand.at += PAUSE
            if circuit.enter():
                break
        pauses.append(hand.at - began)
        circuit.lost()
    assert pauses == [PAUSE, 2 * PAUSE, 4 * PAUSE, 8 * PAUSE, *[PAUSE_MAX] * 4]


def test_a_try_of_which_nothing_is_known_leaves_room_for_another(
    circuit: Circuit, hand: Hand
) -> None:
    lose(circuit, FAILURES)
    hand.at += PAUSE
    assert circuit.enter()
    circuit.left()
    assert circuit.enter()


def test_a_clock_that_is_set_back_keeps_nothing_open(circuit: Circuit, hand: Hand) -> None:
    lose(circuit, FAILURES)
    hand.at -= 3_600 * SECOND
    assert circuit.enter()


# Calls over connections that are lost.


class Reader(Clerk):
    """The door of tests, of which one method only reads."""

    @asks(Action.LEDGER_ACCOUNT_READ)
    async def count(self, *, caller: Any, message: Count) -> Any: ...


Lost = Callable[[httpx.Request], None]


class Losing:
    """Connections that lose some calls; the rest reach a process in hand."""

    def __init__(self, ground: Ground, *errors: Exception | None) -> None:
        self._ground, self._errors = ground, iter(errors)
        self.sent = list[dict[str, str]]()

    async def post(self, url: Any, *, headers: dict[str, str], body: bytes) -> Any:
        self.sent.append(headers)
        error = next(self._errors, None)
        if error is not None:
            raise error
        return await self._ground.client.post(url, headers=headers, body=body)


def door_of(
    ground: Ground, *errors: Exception | None, circuit: Circuit | None = None, kind: type = Clerk
) -> tuple[Any, Losing]:
    losing: Any = Losing(ground, *errors)
    door = far(kind, url=URL, signer=ground.signer, client=losing, circuit=circuit)
    return door, losing


@pytest.fixture
def ground() -> Ground:
    return Ground()


UNSENT = (httpx.ConnectError("refused"), httpx.ConnectTimeout("late"), httpx.PoolTimeout("none"))
LOST = (httpx.ReadError("reset"), httpx.RemoteProtocolError("closed"), httpx.WriteError("broken"))


@pytest.mark.parametrize("error", UNSENT, ids=lambda error: type(error).__name__)
async def test_what_was_not_sent_is_sent_once_more(ground: Ground, error: Exception) -> None:
    door, losing = door_of(ground, error)
    await door.count(caller=CALLER, message=Count())
    assert (ground.clerk.asked, len(losing.sent)) == (1, 2)
    first, second = (one["signature-input"] for one in losing.sent)
    assert first != second


@pytest.mark.parametrize("error", LOST, ids=lambda error: type(error).__name__)
async def test_a_write_that_was_lost_on_the_way_is_not_sent_again(
    ground: Ground, error: Exception
) -> None:
    door, losing = door_of(ground, error)
    with pytest.raises(TemporarilyUnavailable):
        await door.count(caller=CALLER, message=Count())
    assert (ground.clerk.asked, len(losing.sent)) == (0, 1)


@pytest.mark.parametrize("error", LOST, ids=lambda error: type(error).__name__)
async def test_a_read_is_sent_once_more_and_no_third_time(ground: Ground, error: Exception) -> None:
    ground = Ground(door="runtime.Reader")
    door, losing = door_of(ground, error, kind=Reader)
    with pytest.raises(TemporarilyUnavailable):
        # There is no such door in that process; what matters is how often it is asked.
        await door.count(caller=CALLER, message=Count())
    assert len(losing.sent) == 2
    door, losing = door_of(ground, error, error, kind=Reader)
    with pytest.raises(TemporarilyUnavailable):
        await door.count(caller=CALLER, message=Count())
    assert len(losing.sent) == 2


async def test_while_a_circuit_is_open_nothing_is_sent(
    ground: Ground, circuit: Circuit, hand: Hand
) -> None:
    errors = [httpx.ConnectError("refused")] * FAILURES
    door, losing = door_of(ground, *errors, circuit=circuit)
    for _ in range(TRIES_MAX):
        with pytest.raises(TemporarilyUnavailable):
            await door.count(caller=CALLER, message=Count())
    assert (len(losing.sent), circuit.is_open) == (FAILURES, True)
    hand.at += PAUSE
    await door.count(caller=CALLER, message=Count())
    assert (len(losing.sent), circuit.is_open) == (FAILURES + 1, False)


async def test_what_a_process_refuses_closes_its_circuit(ground: Ground, circuit: Circuit) -> None:
    lose(circuit, FAILURES - 1)
    door, _ = door_of(ground, circuit=circuit)
    with pytest.raises(TemporarilyUnavailable):
        await door.count(caller=CALLER, message=Count(how="be away"))
    lose(circuit, FAILURES - 1)
    assert not circuit.is_open


def test_only_what_changes_nothing_is_read() -> None:
    class Door:
        @asks(Action.LEDGER_ACCOUNT_READ, Action.LEDGER_TRANSACTION_READ)
        async def look(self) -> None: ...

        @asks(Action.LEDGER_ACCOUNT_READ, Action.LEDGER_TRANSACTION_POST)
        async def post(self) -> None: ...

        @unguarded("it is only a sample")
        async def decide(self) -> None: ...

        async def silent(self) -> None: ...

    assert [only_reads(one) for one in (Door.look, Door.post, Door.decide, Door.silent)] == [
        True, False, False, False,
    ]  # fmt: skip
