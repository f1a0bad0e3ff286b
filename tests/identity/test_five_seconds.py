"""What a process knows of an identity that is elsewhere: for as long as that said, by its own clock, and no longer."""

from typing import Any

import pytest
from msgspec import structs

from tallystick.identity.api import Unauthenticated
from tallystick.identity.api.access import Ask, Decision
from tallystick.identity.api.proven import KEPT_ELSEWHERE, KEPT_HERE
from tallystick.identity.http.proving import Prover, remembered
from tallystick.identity.service.guarding import AccessGuard
from tallystick.identity.service.keys import FoundKeys
from tallystick.kernel.actions import NO_FACTS, Action
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND
from tallystick.runtime.refusals import TemporarilyUnavailable
from tallystick.runtime.routes import Shown

READ = (Action.LEDGER_ACCOUNT_READ,)
ADA = Caller(tenant_id=1, actor="per_ada", session="ses_1")


class Hand:
    """A clock that goes when it is moved."""

    def __init__(self) -> None:
        self.at = 1_000 * SECOND

    def now(self) -> int:
        return self.at


class Elsewhere:
    """Decisions of another process, whose clock nobody here knows, until it is away."""

    def __init__(self, hand: Hand, *, lasts: int, takes: int = 0) -> None:
        self.asked, self.is_away = 0, False
        self._hand, self._lasts, self._takes = hand, lasts, takes

    async def decide(self, *, caller: Caller, message: Ask) -> Decision:
        self.asked += 1
        if self.is_away:
            raise TemporarilyUnavailable("It is away.")
        self._hand.at += self._takes
        return Decision(
            allowed=True, decision=f"dec_{self.asked}", sentence="", blanket=message.actions,
            lasts=self._lasts,
        )  # fmt: skip


async def admit(guard: AccessGuard) -> Caller:
    words: dict[str, Any] = {"wanted": READ, "actions": READ, "facts": NO_FACTS, "message": None}
    return await guard.admit(ADA, **words)


async def test_a_decision_holds_from_when_it_was_asked_for() -> None:
    hand: Any = Hand()
    access: Any = Elsewhere(hand, lasts=3 * SECOND, takes=SECOND)
    guard = AccessGuard(access=access, clock=hand)
    await admit(guard)
    hand.at += 2 * SECOND - 1
    assert guard.admitted(ADA, READ) is not None
    hand.at += 1
    assert guard.admitted(ADA, READ) is None


async def test_without_identity_nobody_new_is_let_in_and_the_others_soon_neither() -> None:
    hand: Any = Hand()
    access: Any = Elsewhere(hand, lasts=5 * SECOND)
    guard = AccessGuard(access=access, clock=hand)
    await admit(guard)
    access.is_away = True
    assert (await admit(guard)).decision == "dec_1"
    with pytest.raises(TemporarilyUnavailable):
        await guard.admit(
            structs.replace(ADA, actor="per_eve"), wanted=READ, actions=READ, facts=NO_FACTS, message=None
        )  # fmt: skip
    hand.at += 5 * SECOND
    with pytest.raises(TemporarilyUnavailable):
        await admit(guard)


# Proofs.


class Proving:
    """A prover of one key that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def prove(self, shown: Shown, asking: Caller) -> Caller:
        self.asked += 1
        if shown.authorization != "Bearer good":
            raise Unauthenticated("No.")
        return structs.replace(asking, tenant_id=1, actor="key_1", session="key_1")


def asking(origin: str, request: str) -> Caller:
    return Caller(tenant_id=0, actor="edge", origin=origin, request=request)


def shown(text: str) -> Shown:
    return Shown(authorization=text, scope={}, headers={})


async def test_a_good_key_is_known_for_two_seconds_wherever_it_comes_from() -> None:
    hand: Any = Hand()
    proving = Proving()
    prover = remembered(Prover(lambda _: True, proving.prove), clock=hand)
    first = await prover.prove(shown("Bearer good"), asking("192.0.2.1", "req_1"))
    hand.at += KEPT_ELSEWHERE - 1
    again = await prover.prove(shown("Bearer good"), asking("192.0.2.2", "req_2"))
    assert (again.actor, again.origin, again.request) == ("key_1", "192.0.2.2", "req_2")
    assert (first.origin, proving.asked) == ("192.0.2.1", 1)
    hand.at += 1
    await prover.prove(shown("Bearer good"), asking("192.0.2.2", "req_3"))
    assert proving.asked == 2
    hand.at -= 3_600 * SECOND
    await prover.prove(shown("Bearer good"), asking("192.0.2.2", "req_4"))
    assert proving.asked == 3


async def test_a_key_that_was_revoked_is_proven_for_five_seconds_at_most_wherever_it_is() -> None:
    hand: Any = Hand()
    found, is_in_force = FoundKeys(hand), True

    async def prove(shown: Shown, asking: Caller) -> Caller:
        known = found.get(b"hash")
        if known is None:
            if not is_in_force:
                raise Unauthenticated("No.")
            known = structs.replace(asking, tenant_id=1, actor="key_1", session="key_1")
            found.put(b"hash", known, asked_at=hand.now(), expires_at=None)
        return known

    prover, start = remembered(Prover(lambda _: True, prove), clock=hand), hand.at
    await prover.prove(shown("Bearer good"), asking("192.0.2.1", "req_1"))
    is_in_force = False
    # Asked again at the worst moment: just before identity forgets it.
    for after in (KEPT_HERE - 1, 5 * SECOND - 2):
        hand.at = start + after
        await prover.prove(shown("Bearer good"), asking("192.0.2.1", "req_2"))
    hand.at = start + 5 * SECOND
    with pytest.raises(Unauthenticated):
        await prover.prove(shown("Bearer good"), asking("192.0.2.1", "req_3"))
    assert KEPT_HERE + KEPT_ELSEWHERE <= 5 * SECOND


async def test_a_key_that_is_none_is_asked_about_each_time() -> None:
    hand: Any = Hand()
    proving = Proving()
    prover = remembered(Prover(lambda _: True, proving.prove), clock=hand)
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await prover.prove(shown("Bearer bad"), asking("192.0.2.1", "req_1"))
    assert proving.asked == 2
