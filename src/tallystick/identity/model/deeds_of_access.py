"""What the record is told of decisions, people and rights: ids of ours, words of closed lists; the rest is sealed."""

from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Content, Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.tags import Tag

ALLOWED, DENIED = "allowed", "denied"


def decision(
    decision_id: str, *, at: Instant, caller: Caller, content: Content, asked: str, answered: str
) -> Deed:
    """What is recorded of a decision: what it was about, and a seal of all it was made of."""
    return Deed(
        tag=Tag.IDENTITY_DECISION_MAKE,
        caller=caller,
        on=decision_id,
        at=at,
        content=content,
        texts={"asked": asked, "answered": answered},
    )


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
