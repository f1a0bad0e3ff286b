"""Who reads which ``Authorization`` header: one prover per kind of credential, asked in order."""

from collections.abc import Callable
from typing import NamedTuple

from tallystick.identity.api import Unauthenticated
from tallystick.kernel.callers import Caller
from tallystick.runtime.edge import Authenticate, Shown


class Prover(NamedTuple):
    """One way to prove a caller: ``takes`` tells by the header whether this credential is of its kind."""

    takes: Callable[[str], bool]
    prove: Authenticate


def authenticator(*provers: Prover) -> Authenticate:
    """Make what the edge asks with each request: the first prover that takes its header. Raises Unauthenticated."""

    async def prove(shown: Shown, asking: Caller) -> Caller:
        for prover in provers:
            if prover.takes(shown.authorization):
                return await prover.prove(shown, asking)
        raise Unauthenticated("Send a key that is in force as `Authorization: Bearer tally_…`.")

    return prove


def bearer(authorization: str) -> str:
    """The token of a ``Bearer`` header (RFC 6750, section 2.1), '' for any other."""
    if authorization[:7].lower() != "bearer ":
        return ""
    return authorization[7:].strip()
