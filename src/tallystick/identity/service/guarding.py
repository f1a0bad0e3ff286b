"""The guard of every door: what was decided lately for whatever a message says opens at once, all else is asked."""

from hashlib import sha256
from typing import Any, Final

import msgspec
from msgspec import structs

from tallystick.identity.adapters.cedar import catalogue
from tallystick.identity.api.access import (
    APPROVAL,
    STEP_UP,
    Access,
    ApprovalNeeded,
    ApprovalNeedsAnId,
    Ask,
    Decision,
    NotAllowed,
    StepUpNeeded,
    TooLongToAgreeTo,
)
from tallystick.kernel.actions import Action, Facts
from tallystick.kernel.callers import Caller, address_of
from tallystick.kernel.instants import Instant
from tallystick.kernel.problems import Problem
from tallystick.runtime.clock import Clock

KNOWN_MAX: Final = 10_000
# Nobody agrees to what they were not shown, so what is longer than this as JSON is not asked for: some 500 payments.
TOLD_MAX: Final = 200_000

# Who asks and from where: what is let in from one network is not from another.
_MONEY = frozenset(catalogue().groups["pay"])
_Whom = tuple[int, str, str, str, str]
_encode = msgspec.json.Encoder(order="deterministic").encode


class AccessGuard:
    """Asks the door of decisions. ``access`` may be near or far: what it knows itself lasts five seconds at most."""

    def __init__(self, *, access: Access, clock: Clock) -> None:
        self._access = access
        self._clock = clock
        self._known: dict[tuple[_Whom, str], tuple[str, Instant]] = {}

    def admitted(self, caller: Caller, actions: tuple[Action, ...]) -> Caller | None:
        """The caller as it goes on, when all actions were allowed it lately, whatever is asked; else None."""
        whom, decision, now = _whom(caller), "", self._clock.now()
        for action in actions:
            found = self._known.get((whom, action))
            if found is None or now >= found[1]:
                return None
            decision = decision or found[0]
        return _going_on(caller, decision)

    async def admit(
        self,
        caller: Caller,
        *,
        wanted: tuple[Action, ...],
        actions: tuple[Action, ...],
        facts: Facts,
        message: Any,
    ) -> Caller:
        """The caller as it goes on.

        Raises NotAllowed, StepUpNeeded, ApprovalNeeded, ApprovalNeedsAnId, TooLongToAgreeTo.
        """
        known = self.admitted(caller, wanted)
        if known is not None:
            return known
        # Standings and decisions are of whoever is proven; what was decided before is not carried on.
        asking = (
            structs.replace(caller, decision="", caps=(), sees=None) if not caller.via else caller
        )
        ask, asked_at = Ask(actions=wanted, facts=facts, also=actions), self._clock.now()
        made = await self._access.decide(caller=asking, message=ask)
        if made.missing == APPROVAL and not made.allowed:
            if not facts.on and not _MONEY.isdisjoint(wanted):
                raise ApprovalNeedsAnId(
                    "Others must agree to this, so give it an id of yours, one act at a time.",
                    {"decision": made.decision},
                )
            digest = sha256(_encode([list(wanted), message])).hexdigest()
            shown = structs.replace(facts, told=facts.told or _told(message))
            made = await self._access.decide(
                caller=asking, message=structs.replace(ask, facts=shown, digest=digest)
            )
        if not made.allowed:
            raise _refusal(made)
        self._remember(_whom(caller), made, asked_at)
        if caller.via:
            return caller
        return structs.replace(caller, decision=made.decision, caps=made.caps, sees=made.sees)

    async def foresee(
        self, caller: Caller, *, wanted: tuple[Action, ...], facts: Facts, message: Any
    ) -> Problem | None:
        """The problem that would keep a call out as things stand; nobody is asked to agree to anything."""
        if self.admitted(caller, wanted) is not None:
            return None
        asking = structs.replace(caller, decision="", caps=(), sees=None)
        made = await self._access.decide(caller=asking, message=Ask(actions=wanted, facts=facts))
        if made.missing == APPROVAL and not made.allowed:
            try:
                _told(message)
            except TooLongToAgreeTo as problem:
                return problem
        return None if made.allowed else _refusal(made)

    def forget(self, tenant_id: int, actor: str) -> None:
        """Drop what is known of an actor, '' for all of a tenant: something changed here."""
        for whom, action in list(self._known):
            if whom[0] == tenant_id and actor in ("", whom[1]):
                del self._known[(whom, action)]

    def _remember(self, whom: _Whom, made: Decision, asked_at: Instant) -> None:
        for action in made.blanket:
            self._known.pop((whom, action), None)
            if len(self._known) >= KNOWN_MAX:
                del self._known[next(iter(self._known))]
            self._known[(whom, action)] = (made.decision, asked_at + made.lasts)


def _told(message: Any) -> str:
    """All that a message says, as JSON, for those who are to agree to it. Raises TooLongToAgreeTo."""
    text = _encode(message).decode()
    if len(text) > TOLD_MAX:
        raise TooLongToAgreeTo(
            f"Others must agree to this, and it is too long for them to be shown whole: {len(text)} characters, of "
            f"at most {TOLD_MAX}. Split it, as a file into several files, and send each by itself.",
            {"limit": str(TOLD_MAX)},
        )
    return text


def _whom(caller: Caller) -> _Whom:
    return (caller.tenant_id, caller.actor, caller.session, caller.via, address_of(caller))


def _going_on(caller: Caller, decision: str) -> Caller:
    """A caller that goes on under a decision that bounds nothing; one that asks for another keeps what bounds it."""
    if caller.via:
        return caller
    return Caller(
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        request=caller.request,
        origin=caller.origin,
        session=caller.session,
        decision=decision,
        scope=caller.scope,
    )


def _refusal(made: Decision) -> NotAllowed | StepUpNeeded | ApprovalNeeded:
    fields = {"decision": made.decision}
    if made.missing == STEP_UP:
        return StepUpNeeded(made.sentence, fields | {"max_age": str(made.fresh_s)})
    if made.missing == APPROVAL:
        return ApprovalNeeded(made.sentence, fields | {"approval": made.approval})
    return NotAllowed(made.sentence, fields)
