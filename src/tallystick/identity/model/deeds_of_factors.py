"""What the record is told of second factors and approvals: ids of ours, words of closed lists, and seals."""

from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import DONE, Content, Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.tags import Tag


def factor(
    tag: Tag,
    on: str,
    *,
    caller: Caller,
    at: Instant,
    outcome: str = DONE,
    content: Content | None = None,
    texts: Content | None = None,
) -> Deed:
    """What is recorded of a factor, or of a person's proving one; ``on`` is its id or the person's."""
    return Deed(
        tag=tag,
        caller=caller,
        on=on,
        at=at,
        outcome=outcome,
        content=content,
        texts=texts,
    )


def approval(
    tag: Tag,
    on: str,
    *,
    caller: Caller,
    at: Instant,
    content: Content | None = None,
    texts: Content | None = None,
) -> Deed:
    """What is recorded of a request to agree, and of what was said to it."""
    return Deed(tag=tag, caller=caller, on=on, at=at, content=content, texts=texts)
