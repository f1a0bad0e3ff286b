"""Who reads which ``Authorization`` header: one prover per kind of credential, asked in order."""

from collections.abc import Callable
from hashlib import sha256
from typing import Final, NamedTuple

from msgspec import structs

from tallystick.identity.api import Unauthenticated
from tallystick.identity.api.proven import KEPT_ELSEWHERE
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant
from tallystick.runtime.clock import Clock
from tallystick.runtime.edge import Authenticate, Shown

KEPT_MAX: Final = 10_000


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


def remembered(prover: Prover, *, clock: Clock) -> Prover:
    """A prover that is not asked again, for two seconds, about a credential that it found to be good.

    Only for a credential that proves the same caller whoever sends it, from wherever. It is known by its SHA-256.
    """
    found: dict[bytes, tuple[Caller, Instant]] = {}

    async def prove(shown: Shown, asking: Caller) -> Caller:
        hashed, now = sha256(shown.authorization.encode()).digest(), clock.now()
        known = found.get(hashed)
        # A clock that was set back must not prolong anything.
        if known is not None and 0 <= now - known[1] < KEPT_ELSEWHERE:
            return structs.replace(known[0], request=asking.request, origin=asking.origin)
        proven = await prover.prove(shown, asking)
        found.pop(hashed, None)
        if len(found) >= KEPT_MAX:
            del found[next(iter(found))]
        found[hashed] = (proven, now)
        return proven

    return Prover(prover.takes, prove)
