"""What the record is told of providers, sign-ins and sessions: ids and words of ours; the rest is sealed."""

from collections.abc import Sequence

from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.tags import Tag


def provider(
    name: str, *, number: int, kind: str, issuer: str, client: str, at: Instant, caller: Caller
) -> Deed:
    """What is recorded of a provider that is set; what it was set to stays in its row."""
    return Deed(
        tag=Tag.IDENTITY_PROVIDER_SET,
        caller=caller,
        on="identity:provider",
        at=at,
        content={"kind": kind, "number": number},
        texts={"client": client, "issuer": issuer, "provider": name},
    )


def end_of_provider(name: str, *, at: Instant, caller: Caller) -> Deed:
    """What is recorded of a provider that is ended."""
    return Deed(
        tag=Tag.IDENTITY_PROVIDER_END,
        caller=caller,
        on="identity:provider",
        at=at,
        texts={"provider": name},
    )


def sign_in(
    session_id: str, *, mfa: bool, device_known: bool, issuer: str, at: Instant, caller: Caller
) -> Deed:
    """What is recorded of a person who came in; ``caller`` is that person."""
    return Deed(
        tag=Tag.IDENTITY_PERSON_SIGN_IN,
        caller=caller,
        on=session_id,
        at=at,
        content={"device_known": device_known, "mfa": mfa},
        texts={"issuer": issuer},
    )


def ends_of_sessions(session_ids: Sequence[str], *, at: Instant, caller: Caller) -> list[Deed]:
    """What is recorded of sessions that were ended."""
    return [
        Deed(tag=Tag.IDENTITY_SESSION_END, caller=caller, on=session_id, at=at)
        for session_id in session_ids
    ]
