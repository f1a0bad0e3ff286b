"""The state machine of a rotation: every state it can reach, by every event, in every order."""

from collections.abc import Callable, Iterator

import pytest

from tallystick.governance.model import rotation as machine
from tallystick.governance.model.rotation import OutOfOrder, Rotation

AT = 1_000_000
HOMES = ("openbao", "aws")
CONSUMERS = ("ledger", "payments")
STATES_MAX = 5_000

Event = Callable[[Rotation], Rotation]
EVENTS: dict[str, Event] = {
    "made": lambda state: machine.made(state, version=_next(state), at=AT),
    **{
        f"spread {home}": lambda state, home=home: machine.spread_to(state, home=home, at=AT)
        for home in HOMES
    },
    **{
        f"acknowledged {one}": lambda state, one=one: machine.acknowledged_by(
            state, consumer=one, rotation=state.rotation
        )
        for one in CONSUMERS
    },
    "acknowledged another": lambda state: machine.acknowledged_by(
        state, consumer="ledger", rotation="r0"
    ),
    "ending": machine.ending,
    "revoked": machine.revoked,
    "dead": lambda state: machine.tried(state, is_alive=False),
    "alive": lambda state: machine.tried(state, is_alive=True),
    "looked after": machine.looked_after,
    "unproven": lambda state: machine.left_unproven(state, reason="the disk burned"),
    "retired": machine.retired,
    "turned back": lambda state: machine.turned_back(state, rotation="r2", at=AT),
}
# Told twice, these say the same; trying twice is two tries.
SAME_TWICE = [name for name in EVENTS if name not in ("alive", "turned back", "unproven")]


def _next(state: Rotation) -> str:
    return state.new or str(int(state.old or "0") + 1)


def begun(old: str = "1", consumers: tuple[str, ...] = CONSUMERS) -> Rotation:
    return machine.begin(
        rotation="r1", old=old, homes=HOMES, consumers=consumers, grace_s=60, at=AT
    )


def moves(state: Rotation) -> Iterator[tuple[str, Rotation]]:
    """Give every event that the state takes, with where it leads."""
    for name, event in EVENTS.items():
        try:
            yield name, event(state)
        except OutOfOrder:
            continue


def walked(start: Rotation) -> dict[Rotation, set[tuple[str, Rotation]]]:
    """Give every state that can be reached, with where each event leads from it."""
    found: dict[Rotation, set[tuple[str, Rotation]]] = {}
    waiting = [start]
    while waiting:
        state = waiting.pop()
        if state in found or state.alive > machine.ALIVE_MAX + 1:
            continue
        assert len(found) < STATES_MAX
        found[state] = set(moves(state))
        waiting += [after for _, after in found[state]]
    return found


ALL = walked(begun()) | walked(begun(old=""))


def test_it_reaches_every_step() -> None:
    assert {state.step for state in ALL} == set(machine.STEPS)
    assert len(ALL) > 100


def test_nothing_is_revoked_before_every_home_and_every_consumer_has_the_new_one() -> None:
    for state in ALL:
        if state.step in ("acknowledged", "revoked", "proven") or (state.is_over and state.new):
            assert set(state.spread) == set(HOMES), state
            assert not state.missing, state


def test_nothing_is_done_whose_old_one_was_not_tried_dead_or_answered_for() -> None:
    into_proven = {
        name
        for state, led in ALL.items()
        for name, after in led
        if after.step == "proven" != state.step
    }
    assert into_proven == {"dead", "unproven"}
    for state, led in ALL.items():
        for name, after in led:
            if after.is_over and not state.is_over and state.old and name != "turned back":
                assert state.step == "proven", (name, state)


def test_an_old_one_that_works_leads_back_to_revoking_and_rings_in_the_end() -> None:
    revoked = [state for state in ALL if state.step == "revoked"]
    assert revoked
    for state in revoked:
        again = machine.tried(state, is_alive=True)
        assert (again.step, again.alive) == ("acknowledged", state.alive + 1)
        expected = machine.Ring if again.alive >= machine.ALIVE_MAX else machine.Revoke
        assert isinstance(machine.next_of(again, at=AT), expected)


def test_what_was_revoked_is_never_turned_back() -> None:
    for state in ALL:
        if state.step in ("revoked", "proven", "done") or state.ends:
            with pytest.raises(OutOfOrder):
                machine.turned_back(state, rotation="r2", at=AT)


def test_turning_back_asks_every_consumer_again_and_ends_what_was_new() -> None:
    for state in ALL:
        for name, after in ALL[state]:
            if name == "turned back" and after.step != "aborted":
                assert (after.old, after.restores) == (state.new, state.old)
                assert (after.missing, after.spread) == (CONSUMERS, ())


def test_every_event_told_twice_changes_nothing_more() -> None:
    for state, led in ALL.items():
        for name, after in led:
            if name in SAME_TWICE:
                assert EVENTS[name](after) == after, (name, state)


def test_steps_go_forward_but_from_alive_to_revoking() -> None:
    for state, led in ALL.items():
        for name, after in led:
            if name not in ("alive", "turned back"):
                assert machine.STEPS.index(after.step) >= machine.STEPS.index(state.step)


def test_from_every_state_the_wanted_actions_lead_to_the_end() -> None:
    def done(state: Rotation) -> Rotation:
        match machine.next_of(state, at=AT):
            case machine.Make():
                return EVENTS["made"](state)
            case machine.Spread(home):
                return EVENTS[f"spread {home}"](state)
            case machine.Await(consumers, _):
                return EVENTS[f"acknowledged {consumers[0]}"](state)
            case machine.Revoke():
                return machine.revoked(machine.ending(state))
            case machine.Prove():
                return EVENTS["dead"](state)
            case machine.Retire():
                return machine.retired(state)
            case machine.Ring():
                return machine.looked_after(state)
            case machine.Nothing():
                return state

    for start in ALL:
        state = start
        for _ in range(12):
            state = done(state)
        assert state.is_over


def test_a_consumer_that_says_nothing_rings_after_its_time_and_keeps_the_old_one_alive() -> None:
    state = EVENTS["made"](begun())
    for home in HOMES:
        state = machine.spread_to(state, home=home, at=AT)
    state = machine.acknowledged_by(state, consumer="ledger", rotation="r1")
    in_time, late = AT + 60 * 1_000_000, AT + 60 * 1_000_000 + 1
    assert machine.next_of(state, at=in_time) == machine.Await(("payments",), rings=False)
    assert machine.next_of(state, at=late) == machine.Await(("payments",), rings=True)
    with pytest.raises(OutOfOrder, match="not every consumer"):
        machine.ending(state)
    with pytest.raises(OutOfOrder, match="nobody set about"):
        machine.revoked(state)


def test_the_first_one_of_a_secret_is_done_when_all_have_it() -> None:
    ends = {state.step for state in walked(begun(old="")) if state.is_over}
    assert ends == {"done"}


def test_who_is_not_in_the_list_is_refused() -> None:
    with pytest.raises(OutOfOrder, match="no consumer"):
        machine.acknowledged_by(begun(), consumer="stranger", rotation="r1")
    with pytest.raises(OutOfOrder, match="no home"):
        machine.spread_to(begun(), home="floppy", at=AT)
    with pytest.raises(OutOfOrder, match="another than"):
        machine.made(begun(), version="1", at=AT)
    state = EVENTS["made"](begun())
    with pytest.raises(OutOfOrder, match="version 9"):
        machine.made(state, version="9", at=AT)
