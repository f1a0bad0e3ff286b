"""Judging: what is asked is put before the engine, with what would let it through. Pure, so it can be done again.

What a decision is made of is written down whole (``Asked``), and ``judged_again`` makes the same of it years later.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, cast

import msgspec

from tallystick.identity.api.access import APPROVAL, STEP_UP
from tallystick.identity.model.standing import (
    APPROVERS_MAX,
    Covering,
    Delegation,
    Standing,
    chosen,
    context_of,
    covering,
)
from tallystick.kernel.actions import Facts
from tallystick.kernel.entries import canonical
from tallystick.kernel.instants import Instant

_SAFE_MAX: Final = 2**53 - 1
# Reasons that do not hang on what the message says.
_FIRM: Final = ("bundle.", "service.", "jobs", "operators", "everyone")


class Said(Protocol):
    """What an engine says: whether, and by which policies."""

    @property
    def allowed(self) -> bool:
        """Whether it is allowed."""
        ...

    @property
    def reasons(self) -> tuple[str, ...]:
        """The policies that decided, by their ids."""
        ...


Decide = Callable[[str, Mapping[str, Any]], Said]
"""What puts an action and its facts before the engine, for one principal."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One action, judged: the delegation it was judged by, the facts that the policies saw, and what they said."""

    action: str
    delegation: Delegation | None
    context: dict[str, Any]
    allowed: bool
    reasons: tuple[str, ...]

    @property
    def by_role(self) -> bool:
        """Whether it is allowed by what somebody holds or is, whatever delegations say."""
        return self.allowed and any(reason.startswith(_FIRM) for reason in self.reasons)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a decision is made of, besides the time and the policies."""

    standing: Standing
    facts: Facts
    approvals: int = 0
    scope: tuple[str, ...] | None = None
    proven: bool = False


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement of all that was asked, and what is missing when it was no."""

    judged: tuple[Judged, ...]
    missing: str = ""
    needed: int = 0
    is_firm: bool = False

    @property
    def by_roles(self) -> bool:
        """Whether roles alone allow all of it, so that no delegation bounds it."""
        return all(one.by_role for one in self.judged)

    @property
    def allowed(self) -> bool:
        """Whether all of it is allowed."""
        return all(one.allowed for one in self.judged)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The policies that decided, each once: those against it when there are any."""
        against = [one for one in self.judged if not one.allowed] or self.judged
        return tuple(dict.fromkeys(reason for one in against for reason in one.reasons))


def judge(asked: Asked, action: str, *, now: Instant, decide: Decide) -> Judged:
    """Judge one action, with the delegation that goes furthest when there is one for it."""
    found = chosen(asked.standing.delegations, action, asked.facts, now)
    return _judged(asked, action, found, now=now, decide=decide)


def _judged(
    asked: Asked, action: str, found: Covering | None, *, now: Instant, decide: Decide
) -> Judged:
    context = context_of(
        asked.standing,
        found,
        asked.facts,
        now=now,
        approvals=asked.approvals,
        scope=asked.scope,
        proven=asked.proven,
    )
    said = decide(action, context)
    return Judged(
        action=action,
        delegation=found.delegation if found else None,
        context=context,
        allowed=said.allowed,
        reasons=said.reasons,
    )


def firm(asked: Asked, actions: Sequence[str], *, now: Instant, decide: Decide) -> Ruling | None:
    """Judge actions by roles alone: a ruling for whatever a message says when all are allowed so, else None."""
    judged: list[Judged] = []
    for action in actions:
        one = _judged(asked, action, None, now=now, decide=decide)
        if not one.allowed:
            return None
        judged.append(one)
    return Ruling(judged=tuple(judged), is_firm=True)


def rule_on(
    asked: Asked,
    actions: Sequence[str],
    *,
    now: Instant,
    decide: Decide,
    second_person: Sequence[str],
) -> Ruling:
    """Judge actions with what they are about; a no says whether a fresh proof, or others, would make it a yes."""
    judged = tuple(judge(asked, action, now=now, decide=decide) for action in actions)
    if all(one.allowed for one in judged):
        return Ruling(judged=judged)
    is_person = asked.standing.kind == "Person"
    agreed = msgspec.structs.replace(asked, approvals=APPROVERS_MAX)
    if _would(agreed, actions, now=now, decide=decide):
        needed = max(_needed(one, second_person) for one in judged)
        return Ruling(judged=judged, missing=APPROVAL, needed=needed)
    proven = msgspec.structs.replace(agreed, proven=True)
    if is_person and _would(proven, actions, now=now, decide=decide):
        return Ruling(judged=judged, missing=STEP_UP)
    return Ruling(judged=judged)


def _would(asked: Asked, actions: Sequence[str], *, now: Instant, decide: Decide) -> bool:
    return all(judge(asked, action, now=now, decide=decide).allowed for action in actions)


def _needed(judged: Judged, second_person: Sequence[str]) -> int:
    least = 1 if judged.action in second_person else 0
    return max(least, judged.context["delegation"]["approvers"], 1)


def asked_text(asked: Asked, judged: Sequence[Judged], *, tenant: str) -> str:
    """Write what a decision was made of as canonical JSON. Amounts beyond 2^53 - 1 are strings."""
    # Of the delegations those that were judged by are enough: the others changed nothing.
    used = tuple(one.delegation for one in judged if one.delegation is not None)
    standing = msgspec.structs.replace(
        asked.standing, delegations=tuple(dict.fromkeys(used)), loaded_at=0
    )
    # Nothing is decided by what others are shown.
    facts = msgspec.structs.replace(asked.facts, payees=(), payers=(), told="")
    whole = msgspec.structs.replace(asked, standing=standing, facts=facts)
    value = {
        "tenant": tenant,
        "asked": msgspec.to_builtins(whole),
        "judged": [
            {
                "action": one.action,
                "context": one.context,
                "delegation": one.delegation.delegation_id if one.delegation else None,
            }
            for one in judged
        ],
    }
    return canonical(_safe(value)).decode()


def answered_text(ruling: Ruling, *, approval: str) -> str:
    """Write what was decided as canonical JSON."""
    return canonical(
        {
            "approval": approval,
            "judged": [
                {"action": one.action, "allowed": one.allowed, "reasons": list(one.reasons)}
                for one in ruling.judged
            ],
            "missing": ruling.missing,
        }
    ).decode()


def _safe(value: Any) -> Any:
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, Any]", value).items()
        return {name: _safe(one) for name, one in pairs}
    if isinstance(value, list | tuple | set | frozenset):
        found = [_safe(one) for one in cast("Sequence[Any]", value)]
        return sorted(found) if isinstance(value, set | frozenset) else found
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _SAFE_MAX:
        return str(value)
    return value


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as it was written down."""

    tenant: str
    asked: Asked
    judged: list[dict[str, Any]]


def read_asked(text: str) -> Kept:
    """Read what a decision was made of. Raises ValueError for what is none."""
    try:
        return msgspec.convert(msgspec.json.decode(text), Kept, strict=False)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise ValueError(f"not what a decision was made of: {error}") from None


def judged_again(kept: Kept, *, at: Instant, decide: Decide) -> tuple[Judged, ...]:
    """Judge anew what was judged, from what is on record: same standing, same facts, same time."""
    by_id = {one.delegation_id: one for one in kept.asked.standing.delegations}
    again: list[Judged] = []
    for one in kept.judged:
        delegation = by_id.get(one["delegation"] or "")
        found = covering(delegation, kept.asked.facts, at) if delegation is not None else None
        again.append(_judged(kept.asked, one["action"], found, now=at, decide=decide))
    return tuple(again)
