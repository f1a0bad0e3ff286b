"""Second factors made real: what may be enrolled or removed when is decided here, in the transaction that does it."""

from tallystick.identity.api.factors import (
    REASON_MAX,
    ChallengeFactors,
    CodeNotAccepted,
    Factor,
    FactorChallenge,
    FactorList,
    FactorNotFound,
    LastFactor,
    ListFactors,
    NotYourself,
    PasskeyNotAccepted,
    ProveFactor,
    Proven,
    Recovered,
    RecoverFactors,
    RemoveFactor,
)
from tallystick.identity.api.people import PersonNotFound
from tallystick.identity.model import passkeys, totp
from tallystick.identity.service.enrolling import Enrolling, checked_size, factor_of
from tallystick.identity.service.proofs import (
    Passed,
    demand_fresh,
    demand_person,
    fresh_for,
    session_of,
    tell,
    tell_failure,
)
from tallystick.identity.store import factors as store
from tallystick.identity.store.factors import FactorRow
from tallystick.kernel import ids, instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant
from tallystick.kernel.problems import Problem, malformed
from tallystick.kernel.tags import Tag
from tallystick.runtime.database import Connection


class FactorsService(Enrolling):
    """The door of second factors, over the database of role ``tallystick_identity``."""

    async def factors(self, *, caller: Caller, message: ListFactors) -> FactorList:
        """List the caller's factors. Raises OnlyPeople."""
        demand_person(caller)
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            found = await store.factors(
                connection, tenant_id=caller.tenant_id, person_id=caller.actor
            )
        return FactorList(items=tuple(map(factor_of, found)))

    async def challenge(self, *, caller: Caller, message: ChallengeFactors) -> FactorChallenge:
        """Ask how a second factor can be proven now. Raises OnlyPeople."""
        demand_person(caller)
        challenge, now = self._proofs.mint.secret(passkeys.CHALLENGE_BYTES), self._clock.now()
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            await session_of(connection, caller=caller, now=now)
            kept = await _confirmed(connection, caller)
            known = [row.credential_id for row in kept if row.credential_id is not None]
            kinds = tuple(sorted({row.kind for row in kept}))
            if not known:
                return FactorChallenge(kinds=kinds)
            challenge_id, until = await self._proofs.challenge(
                connection, caller=caller, purpose="prove", challenge=challenge, now=now
            )
        return FactorChallenge(
            kinds=kinds,
            challenge=challenge_id,
            options=passkeys.request(self._proofs.party, challenge=challenge, known=known),
            until=instants.render(until),
        )

    async def prove(self, *, caller: Caller, message: ProveFactor) -> Proven:
        """Prove a second factor in this session."""
        now = self._clock.now()
        by_code = message.code is not None
        if by_code == (message.challenge is not None and message.credential is not None):
            raise malformed("code", "give a code, or a challenge and what a passkey answered to it")
        if message.code is not None and not totp.is_code(message.code):
            raise malformed("code", f"a code is {totp.DIGITS} digits")

        async def work(connection: Connection) -> Proven | Problem:
            demand_person(caller)
            await session_of(connection, caller=caller, now=now)
            kept = await _confirmed(connection, caller)
            passed = await self._checked(connection, caller, message, kept, now)
            if isinstance(passed, Problem):
                kind = "totp" if by_code else "passkey"
                await tell_failure(
                    connection, Tag.IDENTITY_FACTOR_PROVE, caller=caller, problem=passed,
                    method=kind, now=now,
                )  # fmt: skip
                return passed
            session = await self._mark(connection, caller, passed.factor, now)
            until = now + await fresh_for(connection, caller=caller)
            return Proven(
                method=passed.factor.kind,
                factor=passed.factor.factor_id,
                mfa_at=instants.render(session.mfa_at or now),
                stepped_up_at=instants.render(now),
                lapses_at=instants.render(min(until, session.expires_at)),
            )

        return await self._noting(caller, Tag.IDENTITY_FACTOR_PROVE, message, work)

    async def _checked(
        self, connection: Connection, caller: Caller, message: ProveFactor,
        kept: list[FactorRow], now: Instant,
    ) -> Passed | Problem:  # fmt: skip
        if message.code is not None:
            apps = [row for row in kept if row.kind == "totp"]
            if not apps:
                return CodeNotAccepted("No app of yours shows codes: use a passkey, or enrol one.")
            return await self._proofs.code(
                connection, caller=caller, code=message.code, factors=apps, now=now
            )
        credential = message.credential or {}
        checked_size(credential)
        spent = await self._proofs.spend(
            connection, caller=caller, challenge_id=message.challenge or "", purpose="prove",
            now=now,
        )  # fmt: skip
        if isinstance(spent, Problem):
            return spent
        try:
            challenge = passkeys.challenge_in(credential)
        except passkeys.Refused as refusal:
            return PasskeyNotAccepted(f"The passkey's answer is not accepted: {refusal}.")
        return await self._proofs.passkey(
            connection, caller=caller, kept=spent, challenge=challenge, credential=credential
        )

    async def remove(self, *, caller: Caller, message: RemoveFactor) -> Factor:
        """Remove a factor. Raises OnlyPeople, StepUpNeeded, FactorNotFound."""
        demand_person(caller)
        now = self._clock.now()
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            session = await session_of(connection, caller=caller, now=now)
            await demand_fresh(connection, caller=caller, session=session, now=now)
            kept = await store.factors(
                connection, tenant_id=caller.tenant_id, person_id=caller.actor
            )
            found = [row for row in kept if row.factor_id == message.factor]
            if not found:
                raise FactorNotFound("You have no such factor.")
            confirmed = [row.factor_id for row in kept if row.confirmed_at is not None]
            if confirmed == [message.factor]:
                # Without one the password alone would do to enrol the next.
                raise LastFactor("It is your last: enrol another first.")
            await _end(connection, caller, found[0], now)
        return factor_of(found[0], ended_at=now)

    async def recover(self, *, caller: Caller, message: RecoverFactors) -> Recovered:
        """End all factors and sessions of another person."""
        demand_person(caller)
        if not 1 <= len(message.reason.strip()) <= REASON_MAX or not message.reason.isprintable():
            raise malformed("reason", f"a reason is 1 to {REASON_MAX} printable characters")
        if not ids.is_caller_id(message.person):
            raise PersonNotFound("There is no such person.")
        if message.person == caller.actor:
            raise NotYourself("Nobody recovers their own factors: ask another administrator.")
        tenant_id, now = caller.tenant_id, self._clock.now()
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            session = await session_of(connection, caller=caller, now=now)
            await demand_fresh(connection, caller=caller, session=session, now=now)
            person_id = message.person
            if (
                await store.hold_person(connection, tenant_id=tenant_id, person_id=person_id)
                is None
            ):
                raise PersonNotFound("There is no such person.", {"person": person_id})
            kept = await store.factors(connection, tenant_id=tenant_id, person_id=person_id)
            for row in kept:
                await _end(connection, caller, row, now)
            ended = await store.end_sessions(
                connection, tenant_id=tenant_id, person_id=person_id, now=now
            )
            await store.forget_failures(
                connection, tenant_id=tenant_id, person_id=person_id, until=now
            )
            await tell(
                connection, Tag.IDENTITY_FACTOR_RECOVER, person_id, caller=caller, at=now,
                content={"factors": len(kept), "sessions": ended}, texts={"reason": message.reason},
            )  # fmt: skip
        self._changed(tenant_id, person_id)
        return Recovered(person=person_id, factors=len(kept), sessions=ended)


async def _confirmed(connection: Connection, caller: Caller) -> list[FactorRow]:
    kept = await store.factors(connection, tenant_id=caller.tenant_id, person_id=caller.actor)
    return [row for row in kept if row.confirmed_at is not None]


async def _end(connection: Connection, caller: Caller, row: FactorRow, now: Instant) -> None:
    await store.end(connection, tenant_id=caller.tenant_id, factor_id=row.factor_id, now=now)
    await tell(
        connection, Tag.IDENTITY_FACTOR_REMOVE, row.factor_id, caller=caller, at=now,
        content={"kind": row.kind},
    )  # fmt: skip
