"""What the record is told of substitutes: versions of programs, and which switch it was; no text that people chose."""

from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.tags import Tag


def switch(
    *,
    context: str,
    number: int,
    mode: str,
    before: str,
    after: str,
    substitute: str | None,
    share: int | None,
    at: Instant,
    caller: Caller,
) -> Deed:
    """What is recorded of a switch: from which version to which, how, and for how many per cent."""
    return Deed(
        tag=Tag.IDENTITY_SUBSTITUTION_SET,
        caller=caller,
        on=f"identity:substitution:{context}",
        at=at,
        content={
            "from": before, "mode": mode, "number": number, "share": share, "substitute": substitute, "to": after,
        },
    )  # fmt: skip


def trial(
    *,
    context: str,
    substitute: str,
    version: str,
    broken: int,
    at: Instant,
    caller: Caller,
) -> Deed:
    """What is recorded of a trial by the contract: how many promises were broken."""
    return Deed(
        tag=Tag.IDENTITY_SUBSTITUTE_TRY,
        caller=caller,
        on=f"identity:substitute:{context}",
        at=at,
        content={"broken": broken, "substitute": substitute, "version": version},
    )
