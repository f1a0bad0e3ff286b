"""What the record is told of decisions, people and rights: ids of ours, words of closed lists; the rest is sealed."""

from collections.abc import Sequence
from typing import Any, cast

import msgspec

from tallystick.identity.model.standing import Delegation, Rule
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Content, Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.tags import Tag

ALLOWED, DENIED = "allowed", "denied"


def decision(
    decision_id: str,
    *,
    of: str,
    action: str,
    allowed: bool,
    policies: str,
    asked: str,
    answered: str,
    at: Instant,
    caller: Caller,
) -> Deed:
    """What is recorded of a decision: what it was about, and a seal of all it was made of."""
    said = ALLOWED if allowed else DENIED
    content = {"action": action, "of": of, "policies": policies, "said": said}
    return Deed(
        tag=Tag.IDENTITY_DECISION_MAKE,
        caller=caller,
        on=decision_id,
        at=at,
        content=content,
        texts={"asked": asked, "answered": answered},
    )


def person(person_id: str, *, name: str, at: Instant, caller: Caller) -> Deed:
    """What is recorded of a person who is added."""
    return change(Tag.IDENTITY_PERSON_ADD, person_id, at=at, caller=caller, texts={"name": name})


def role(name: str, *, title: str, bundles: Sequence[str], at: Instant, caller: Caller) -> Deed:
    """What is recorded of a role that a tenant makes."""
    content = {"bundles": list(bundles)}
    return change(
        Tag.IDENTITY_ROLE_MAKE, name, at=at, caller=caller, content=content, texts={"title": title}
    )


def giving(
    membership_id: str,
    *,
    holder: str,
    role: str,
    from_at: Instant,
    until_at: Instant | None,
    at: Instant,
    caller: Caller,
) -> Deed:
    """What is recorded of a role that is given."""
    content = {"from_at": from_at, "holder": holder, "role": role, "until_at": until_at}
    return change(Tag.IDENTITY_ROLE_GIVE, membership_id, at=at, caller=caller, content=content)


def delegation(given: Delegation, *, at: Instant, caller: Caller) -> Deed:
    """What is recorded of a delegation; what it says is sealed, since addresses are people's words."""
    values: dict[str, Any] = msgspec.to_builtins(given)
    told = {
        name: [str(one) for one in cast("list[Any]", value)]
        if isinstance(value, list)
        else str(value)
        for name, value in values.items()
        if value is not None
    }
    return change(
        Tag.IDENTITY_DELEGATION_GIVE,
        given.delegation_id,
        at=at,
        caller=caller,
        content={"actions": list(given.actions), "holder": given.holder},
        texts=told,
    )


def rule(number: int, wanted: Rule, *, at: Instant, caller: Caller) -> Deed:
    """What is recorded of a rule that is set."""
    content = {
        "countries": list(wanted.countries),
        "known_devices": wanted.known_devices,
        "networks": list(wanted.networks),
        "risk_max": wanted.risk_max,
        "step_up_minutes": wanted.step_up_minutes,
    }
    return change(Tag.IDENTITY_RULE_SET, f"rule:{number}", at=at, caller=caller, content=content)


def change(
    tag: Tag,
    on: str,
    *,
    at: Instant,
    caller: Caller,
    content: Content | None = None,
    texts: Content | None = None,
) -> Deed:
    """What is recorded of a change to people, roles, delegations or rules."""
    return Deed(tag=tag, caller=caller, on=on, at=at, content=content, texts=texts)
