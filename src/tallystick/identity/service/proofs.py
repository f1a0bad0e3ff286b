"""Proving second factors within an open transaction: what sign-ins, step-ups and approvals share.

A failure is an answer, not an exception, so that what it leaves behind (a spent challenge, a wrong code that was
counted) is committed with its entry in the record. The caller of these raises it afterwards.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple

from tallystick.identity.api.access import StepUpNeeded
from tallystick.identity.api.factors import (
    ChallengeNotAccepted,
    CodeNotAccepted,
    FactorsLocked,
    OnlyPeople,
    PasskeyNotAccepted,
    SignInAgain,
)
from tallystick.identity.model import deeds_of_factors as deeds
from tallystick.identity.model import passkeys, totp
from tallystick.identity.model.standing import Rule
from tallystick.identity.store import approvals as approval_store
from tallystick.identity.store import factors as store
from tallystick.identity.store import once
from tallystick.identity.store.factors import FactorRow, SessionRow
from tallystick.kernel import ids, instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND, Instant
from tallystick.kernel.problems import Problem, malformed
from tallystick.kernel.tags import Tag
from tallystick.runtime.clock import Mint
from tallystick.runtime.database import Connection

MINUTE: Final[Instant] = 60 * SECOND
CHALLENGE_LASTS: Final[Instant] = 5 * MINUTE
CHALLENGES_MAX: Final = 20
FAILURES_MAX: Final = 5
FAILURES_WITHIN: Final[Instant] = 15 * MINUTE
LOCKED: Final[Instant] = 15 * MINUTE
PERSON: Final = "per_"


class Passed(NamedTuple):
    """A factor that was proven, and what a passkey signed when it was one."""

    factor: FactorRow
    signed: passkeys.Signed | None = None
    nonce: bytes | None = None


def demand_person(caller: Caller) -> None:
    """Raise OnlyPeople for whoever is no person in a session."""
    if not caller.actor.startswith(PERSON) or not caller.session:
        raise OnlyPeople("Sign in as a person: only people have second factors and agree to acts.")


async def session_of(connection: Connection, *, caller: Caller, now: Instant) -> SessionRow:
    """Hold the caller and read the session. Raises SignInAgain when there is none any more."""
    tenant_id, person_id = caller.tenant_id, caller.actor
    name = await store.hold_person(connection, tenant_id=tenant_id, person_id=person_id)
    found = await store.session(
        connection, tenant_id=tenant_id, session_id=caller.session, person_id=person_id, now=now
    )
    if name is None or found is None:
        raise SignInAgain("The session has ended: sign in again.")
    return found


async def fresh_for(connection: Connection, *, caller: Caller) -> Instant:
    """How long a proof counts as fresh, by the tenant's rule."""
    minutes = await approval_store.step_up_minutes(connection, tenant_id=caller.tenant_id)
    return (minutes or Rule().step_up_minutes) * MINUTE


async def demand_fresh(
    connection: Connection, *, caller: Caller, session: SessionRow, now: Instant
) -> None:
    """Raise StepUpNeeded unless a factor was proven in this session lately."""
    at, lasts = session.stepped_up_at, await fresh_for(connection, caller=caller)
    if at is None or not at <= now < at + lasts:
        raise StepUpNeeded(
            "Prove a second factor first, then send the same request again.",
            {"max_age": str(lasts // SECOND)},
        )


def place_of(caller: Caller, factor_id: str) -> Mapping[str, str]:
    """What the secret of a factor is bound to."""
    tenant = ids.tenant_name(caller.tenant_id)
    return {"tenant": tenant, "person": caller.actor, "factor": factor_id}


async def tell(
    connection: Connection, tag: Tag, on: str, *, caller: Caller, at: Instant, **more: Any
) -> None:
    """Write an entry about factors in the open transaction."""
    await approval_store.tell(connection, deeds.factor(tag, on, caller=caller, at=at, **more))


async def tell_failure(
    connection: Connection,
    tag: Tag,
    *,
    caller: Caller,
    problem: Problem,
    method: str,
    now: Instant,
) -> None:
    """Write that a person failed to prove a factor, in the open transaction."""
    content = {"method": method, "session": caller.session}
    await tell(
        connection, tag, caller.actor, caller=caller, at=now, outcome=problem.code, content=content
    )


class Proofs:
    """Checks codes and passkeys against what is kept. ``ring`` is asked for the keys of secrets when one is needed."""

    def __init__(
        self, *, mint: Mint, ring: Callable[[], totp.KeyRing], party: passkeys.Party
    ) -> None:
        self.mint = mint
        self._ring = ring
        self.party = party

    @property
    def ring(self) -> totp.KeyRing:
        """The keys that secrets are sealed under."""
        return self._ring()

    async def code(
        self, connection: Connection, *, caller: Caller, code: str, factors: list[FactorRow],
        now: Instant,
    ) -> Passed | Problem:  # fmt: skip
        """Check a code against these factors; each step of time is good once per person.

        Five wrong codes within fifteen minutes lock the person out of codes for fifteen. Raises Malformed.
        """
        if not totp.is_code(code):
            raise malformed("code", f"a code is {totp.DIGITS} digits")
        tenant_id, person_id = caller.tenant_id, caller.actor
        count, last_at = await store.failures(
            connection, tenant_id=tenant_id, person_id=person_id, since=now - FAILURES_WITHIN
        )
        if count >= FAILURES_MAX:
            return _locked(last_at + LOCKED)
        for factor in factors:
            step = totp.matching_step(self._opened(caller, factor), code, now)
            if step is not None and await once.spend(
                connection,
                tenant_id=tenant_id,
                kind="totp",
                value=f"{person_id}:{step}",
                until=(step + totp.WINDOW + 2) * totp.STEP_S * SECOND,
            ):
                await self._reseal(connection, caller, factor)
                return Passed(factor)
        return await self._fail(connection, caller, count + 1, now)

    def _opened(self, caller: Caller, factor: FactorRow) -> bytes:
        return self.ring.open(
            factor.secret or b"",
            key_name=factor.key_name or "",
            place=place_of(caller, factor.factor_id),
        )

    async def _reseal(self, connection: Connection, caller: Caller, factor: FactorRow) -> None:
        """Bring a secret under the first key, when it is under an older one."""
        if factor.key_name == self.ring.first:
            return
        sealed, key_name = self.ring.seal(
            self._opened(caller, factor),
            nonce=self.mint.secret(totp.NONCE_BYTES),
            place=place_of(caller, factor.factor_id),
        )
        await store.reseal(
            connection, tenant_id=caller.tenant_id, factor_id=factor.factor_id, sealed=sealed,
            key_name=key_name,
        )  # fmt: skip

    async def _fail(
        self, connection: Connection, caller: Caller, count: int, now: Instant
    ) -> Problem:
        tenant_id, person_id = caller.tenant_id, caller.actor
        await store.forget_failures(
            connection, tenant_id=tenant_id, person_id=person_id, until=now - FAILURES_WITHIN
        )
        await store.fail(
            connection, tenant_id=tenant_id, person_id=person_id, now=now,
            failure_id=self.mint.id("fail"),
        )  # fmt: skip
        if count >= FAILURES_MAX:
            content = {"failures": count, "until": now + LOCKED}
            await tell(
                connection, Tag.IDENTITY_FACTOR_LOCK, person_id, caller=caller, at=now,
                content=content,
            )  # fmt: skip
        return CodeNotAccepted("The code is wrong, from another time, or was used before.")

    async def challenge(
        self,
        connection: Connection,
        *,
        caller: Caller,
        purpose: str,
        challenge: bytes,
        now: Instant,
        subject: str = "",
        nonce: bytes | None = None,
    ) -> tuple[str, Instant]:
        """Keep a challenge by its hash for five minutes; answers its id and until when. Raises ChallengeNotAccepted."""
        challenge_id, until = self.mint.id("chl"), now + CHALLENGE_LASTS
        await store.insert_challenge(
            connection, tenant_id=caller.tenant_id, challenge_id=challenge_id,
            person_id=caller.actor, session_id=caller.session, purpose=purpose, subject=subject,
            hashed=sha256(challenge).digest(), nonce=nonce, now=now, until=until,
        )  # fmt: skip
        kept = await store.count_challenges(
            connection, tenant_id=caller.tenant_id, person_id=caller.actor
        )
        if kept > CHALLENGES_MAX:
            raise ChallengeNotAccepted(
                "Too many challenges at once: answer one, or wait five minutes."
            )
        return challenge_id, until

    async def spend(
        self, connection: Connection, *, caller: Caller, challenge_id: str, purpose: str,
        now: Instant,
    ) -> store.ChallengeRow | Problem:  # fmt: skip
        """Spend a challenge of this session."""
        found = None
        # What has another shape is no id of ours, and may be none that a database takes.
        if ids.is_caller_id(challenge_id):
            found = await store.spend_challenge(
                connection, tenant_id=caller.tenant_id, challenge_id=challenge_id,
                person_id=caller.actor, session_id=caller.session, purpose=purpose, now=now,
            )  # fmt: skip
        if found is None:
            return ChallengeNotAccepted(
                "The challenge is unknown, answered already, too old, or of another session."
            )
        return found

    async def passkey(
        self,
        connection: Connection,
        *,
        caller: Caller,
        kept: store.ChallengeRow,
        challenge: bytes,
        credential: Mapping[str, Any],
    ) -> Passed | Problem:
        """Check what a passkey of the caller answered to a challenge that was just spent."""
        if not passkeys.is_of(challenge, kept.hash):
            return ChallengeNotAccepted("It was answered to another challenge.")
        try:
            factor = await store.of_credential(
                connection,
                tenant_id=caller.tenant_id,
                credential_id=passkeys.credential_id_of(credential),
            )
            if factor is None or factor.person_id != caller.actor or factor.ended_at is not None:
                return PasskeyNotAccepted("This passkey is not one of yours that is in force.")
            signed = passkeys.signed(
                self.party, credential=credential, challenge=challenge,
                tenant=ids.tenant_name(caller.tenant_id), person_id=caller.actor,
                public_key=factor.public_key or b"", sign_count=factor.sign_count or 0,
            )  # fmt: skip
        except passkeys.Refused as refusal:
            return PasskeyNotAccepted(f"The passkey's answer is not accepted: {refusal}.")
        await store.count_signature(
            connection, tenant_id=caller.tenant_id, factor_id=factor.factor_id,
            sign_count=signed.sign_count,
        )  # fmt: skip
        return Passed(factor, signed, kept.nonce)


def _locked(until: Instant) -> Problem:
    shown = instants.render(until)
    return FactorsLocked(
        f"Too many wrong codes: none is looked at until {shown}.", {"until": shown}
    )
