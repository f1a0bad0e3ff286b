"""Enrolling second factors: what may be enrolled when is decided here, in the transaction that does it."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from tallystick.identity.api.factors import (
    FACTORS_MAX,
    ConfirmTotp,
    EnrolPasskey,
    Factor,
    FactorNotFound,
    OfferPasskey,
    OfferTotp,
    PasskeyIsKnown,
    PasskeyNotAccepted,
    PasskeyOffered,
    SignInAgain,
    TooManyFactors,
    TotpOffered,
)
from tallystick.identity.model import keys, passkeys, totp
from tallystick.identity.service.proofs import (
    MINUTE,
    Proofs,
    demand_fresh,
    demand_person,
    place_of,
    session_of,
    tell,
    tell_failure,
)
from tallystick.identity.store import factors as store
from tallystick.identity.store.factors import FactorRow, SessionRow
from tallystick.kernel import ids, instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant
from tallystick.kernel.problems import Problem, malformed
from tallystick.kernel.tags import Tag
from tallystick.runtime.clock import Clock
from tallystick.runtime.database import Connection, Database
from tallystick.runtime.record import Pen

# So long after signing in a first factor is enrolled without one, and so long an offer waits for its first code.
FRESH: Final[Instant] = 10 * MINUTE

Answer = TypeVar("Answer")
Changed = Callable[[int, str], None]


class Enrolling:
    """The part of the door of factors that enrols them.

    ``changed`` is told (tenant, person) after what a decision about them depends on has changed, so that nothing older
    is remembered here.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        proofs: Proofs,
        changed: Changed = lambda tenant_id, person_id: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._proofs = proofs
        self._changed = changed
        self._pen = Pen(database=database, context="identity", clock=clock)

    async def offer_totp(self, *, caller: Caller, message: OfferTotp) -> TotpOffered:
        """Begin to enrol codes. Raises Malformed, OnlyPeople, SignInAgain, StepUpNeeded, TooManyFactors."""
        demand_person(caller)
        label = keys.checked_name(message.label, field="label")
        secret, now = self._proofs.mint.secret(totp.SECRET_BYTES), self._clock.now()
        factor_id = self._proofs.mint.id("fac")
        sealed, key_name = self._proofs.ring.seal(
            secret,
            nonce=self._proofs.mint.secret(totp.NONCE_BYTES),
            place=place_of(caller, factor_id),
        )
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            session = await session_of(connection, caller=caller, now=now)
            kept = await self._may_enrol(connection, caller, session, now)
            for waiting in kept:
                if waiting.confirmed_at is None:
                    # Whoever begins again has lost the first secret, or never had it.
                    await store.end(
                        connection, tenant_id=caller.tenant_id, factor_id=waiting.factor_id, now=now
                    )
            row = FactorRow(
                factor_id=factor_id, person_id=caller.actor, kind="totp", label=label,
                created_at=now, secret=sealed, key_name=key_name,
            )  # fmt: skip
            await store.insert(connection, tenant_id=caller.tenant_id, factor=row)
            await _tell_enrolment(connection, caller, row, step="offered", now=now)
        return TotpOffered(
            factor=factor_id,
            secret=totp.spelled(secret),
            uri=totp.uri(secret, account=label, issuer="Tallystick"),
            until=instants.render(now + FRESH),
        )

    async def confirm_totp(self, *, caller: Caller, message: ConfirmTotp) -> Factor:
        """Finish it: the code proves it in this session too."""
        now = self._clock.now()

        async def work(connection: Connection) -> Factor | Problem:
            demand_person(caller)
            session = await session_of(connection, caller=caller, now=now)
            kept = await self._may_enrol(connection, caller, session, now, finishing=True)
            waiting = [
                row
                for row in kept
                if row.factor_id == message.factor
                and row.confirmed_at is None
                and now - row.created_at < FRESH
            ]
            if not waiting:
                raise FactorNotFound("No such factor of yours waits for its first code.")
            passed = await self._proofs.code(
                connection, caller=caller, code=message.code, factors=waiting, now=now
            )
            if isinstance(passed, Problem):
                await tell_failure(
                    connection, Tag.IDENTITY_FACTOR_ENROL, caller=caller, problem=passed,
                    method="totp", now=now,
                )  # fmt: skip
                return passed
            row = passed.factor
            await store.confirm(
                connection, tenant_id=caller.tenant_id, factor_id=row.factor_id, now=now
            )
            await _tell_enrolment(connection, caller, row, step="confirmed", now=now)
            await self._mark(connection, caller, row, now)
            return factor_of(row, confirmed_at=now)

        return await self._noting(caller, Tag.IDENTITY_FACTOR_ENROL, message, work)

    async def offer_passkey(self, *, caller: Caller, message: OfferPasskey) -> PasskeyOffered:
        """Begin to enrol a passkey. Raises OnlyPeople, SignInAgain, StepUpNeeded, TooManyFactors."""
        demand_person(caller)
        challenge, now = self._proofs.mint.secret(passkeys.CHALLENGE_BYTES), self._clock.now()
        tenant_id, person_id = caller.tenant_id, caller.actor
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            session = await session_of(connection, caller=caller, now=now)
            kept = await self._may_enrol(connection, caller, session, now)
            name = await store.hold_person(connection, tenant_id=tenant_id, person_id=person_id)
            challenge_id, until = await self._proofs.challenge(
                connection, caller=caller, purpose="enrol", challenge=challenge, now=now
            )
        options = passkeys.offer(
            self._proofs.party, tenant=ids.tenant_name(tenant_id), person_id=person_id,
            name=name or person_id, challenge=challenge,
            known=[row.credential_id for row in kept if row.credential_id is not None],
        )  # fmt: skip
        return PasskeyOffered(challenge=challenge_id, options=options, until=instants.render(until))

    async def enrol_passkey(self, *, caller: Caller, message: EnrolPasskey) -> Factor:
        """Finish it: what the passkey answered proves it in this session too."""
        demand_person(caller)
        label, now = keys.checked_name(message.label, field="label"), self._clock.now()
        checked_size(message.credential)

        async def work(connection: Connection) -> Factor | Problem:
            session = await session_of(connection, caller=caller, now=now)
            await self._may_enrol(connection, caller, session, now)
            kept = await self._proofs.spend(
                connection, caller=caller, challenge_id=message.challenge, purpose="enrol", now=now
            )
            if isinstance(kept, Problem):
                return kept
            made = _made(self._proofs.party, message.credential, kept.hash)
            if isinstance(made, Problem):
                return made
            row = FactorRow(
                factor_id=self._proofs.mint.id("fac"), person_id=caller.actor, kind="passkey",
                label=label, created_at=now, confirmed_at=now, credential_id=made.credential_id,
                public_key=made.public_key, sign_count=made.sign_count,
            )  # fmt: skip
            if not await store.insert(connection, tenant_id=caller.tenant_id, factor=row):
                return PasskeyIsKnown("This passkey is enrolled already.")
            await _tell_enrolment(connection, caller, row, step="confirmed", now=now)
            await self._mark(connection, caller, row, now)
            return factor_of(row)

        return await self._committing(caller, work)

    async def _may_enrol(
        self, connection: Connection, caller: Caller, session: SessionRow, now: Instant,
        *, finishing: bool = False,
    ) -> list[FactorRow]:  # fmt: skip
        """The factors that there are, when one more may be enrolled now.

        The first within ten minutes of signing in, any further after a fresh proof of one that there is.
        """
        kept = await store.factors(connection, tenant_id=caller.tenant_id, person_id=caller.actor)
        confirmed = [row for row in kept if row.confirmed_at is not None]
        if confirmed:
            await demand_fresh(connection, caller=caller, session=session, now=now)
        elif not 0 <= now - session.started_at <= FRESH:
            raise SignInAgain("A first factor is enrolled within ten minutes of signing in.")
        if len(confirmed) >= FACTORS_MAX and not finishing:
            raise TooManyFactors(f"A person has at most {FACTORS_MAX} factors: remove one.")
        return kept

    async def _mark(
        self, connection: Connection, caller: Caller, row: FactorRow, now: Instant
    ) -> SessionRow:
        """Write that a factor was proven in the caller's session, and tell the record."""
        content = {"method": row.kind, "session": caller.session}
        await tell(
            connection, Tag.IDENTITY_FACTOR_PROVE, row.factor_id, caller=caller, at=now,
            content=content,
        )  # fmt: skip
        return await store.prove(
            connection, tenant_id=caller.tenant_id, session_id=caller.session, method=row.kind,
            now=now,
        )  # fmt: skip

    async def _committing(
        self, caller: Caller, work: Callable[[Connection], Awaitable[Answer | Problem]]
    ) -> Answer:
        """Do it in a transaction; a problem that is answered is raised after what it left behind was committed."""
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            answer = await work(connection)
        if isinstance(answer, Problem):
            raise answer
        self._changed(caller.tenant_id, caller.actor)
        return answer

    async def _noting(
        self,
        caller: Caller,
        tag: Tag,
        message: Any,
        work: Callable[[Connection], Awaitable[Answer | Problem]],
    ) -> Answer:
        """The same, of what writes down the problems that it answers; those that it raises are written down here."""
        answered: list[Problem] = []

        async def watched(connection: Connection) -> Answer | Problem:
            answer = await work(connection)
            if isinstance(answer, Problem):
                answered.append(answer)
            return answer

        try:
            return await self._committing(caller, watched)
        except Problem as problem:
            if not answered:
                await self._pen.refuse(caller=caller, tag=tag, problem=problem, message=message)
            raise


async def _tell_enrolment(
    connection: Connection, caller: Caller, row: FactorRow, *, step: str, now: Instant
) -> None:
    await tell(
        connection, Tag.IDENTITY_FACTOR_ENROL, row.factor_id, caller=caller, at=now,
        content={"kind": row.kind, "step": step}, texts={"label": row.label},
    )  # fmt: skip


def _made(
    party: passkeys.Party, credential: dict[str, Any], hashed: bytes
) -> passkeys.Made | Problem:
    try:
        challenge = passkeys.challenge_in(credential)
        if not passkeys.is_of(challenge, hashed):
            raise passkeys.Refused("it was made for another challenge")
        return passkeys.made(party, credential=credential, challenge=challenge)
    except passkeys.Refused as refusal:
        return PasskeyNotAccepted(f"The passkey's answer is not accepted: {refusal}.")


def checked_size(credential: dict[str, Any]) -> None:
    """Raise Malformed for what is too long for a passkey's answer."""
    if not passkeys.is_small(credential):
        raise malformed(
            "credential",
            f"what a passkey answers has at most {passkeys.CREDENTIAL_BYTES_MAX} bytes",
        )


def factor_of(
    row: FactorRow, *, confirmed_at: Instant | None = None, ended_at: Instant | None = None
) -> Factor:
    """A factor as it is shown, perhaps just confirmed or ended."""
    confirmed, ended = row.confirmed_at or confirmed_at, row.ended_at or ended_at
    return Factor(
        factor=row.factor_id,
        kind=row.kind,
        label=row.label,
        created_at=instants.render(row.created_at),
        confirmed_at=None if confirmed is None else instants.render(confirmed),
        ended_at=None if ended is None else instants.render(ended),
    )
