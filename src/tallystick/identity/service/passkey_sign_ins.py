"""Signing in with a passkey alone, made real: it says whose it is, and its owner was verified by the device.

That is two factors in one (NIST SP 800-63B-4, section 3.1.6): what one has, and what one is or knows. A challenge is
kept nowhere before it is answered: it is made from the sign-in's secret and a time, marked with a key of ours, so that
whoever asks for many leaves nothing behind. Once answered it is remembered until it is too old.
"""

from typing import Any, Final

from tallystick.identity.api.sessions import (
    FinishPasskeySignIn,
    PasskeyAsked,
    PersonNotKnown,
    SignedIn,
    SignInNotAccepted,
    StartPasskeySignIn,
)
from tallystick.identity.model import passkeys, session_texts
from tallystick.identity.model.jws import encoded
from tallystick.identity.model.tokens_of_people import Proven
from tallystick.identity.service.enrolling import checked_size
from tallystick.identity.service.opening import (
    SESSION_LASTS,
    UNDER_WAY,
    as_tenant,
    demand_device,
    open_session,
    tenant_of,
)
from tallystick.identity.service.proofs import Proofs, tell
from tallystick.identity.store import factors as factor_store
from tallystick.identity.store import once
from tallystick.identity.store import rights as people_store
from tallystick.identity.store.factors import FactorRow
from tallystick.identity.store.sessions import SessionRow
from tallystick.kernel import ids, instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import canonical
from tallystick.kernel.instants import Instant
from tallystick.kernel.problems import Problem
from tallystick.kernel.tags import Tag
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.database import Connection, Database
from tallystick.runtime.record import Pen

NOT_ACCEPTED: Final = "The sign-in was not accepted: begin again."
NOT_KNOWN: Final = (
    "You are not known here: ask those who look after people in your organisation to add you."
)
_TIME_BYTES: Final = 8
_METHOD: Final = "passkey"


class NotTaken(Exception):
    """Why a sign-in is refused, in words for the record."""


class _Stranger(Exception):
    """What is shown is of nobody here."""


class _Left(NotTaken):
    """It is the passkey of somebody who is not let in any more."""


class PasskeySignIns:
    """The part of the door of signing in that asks for a passkey and nothing else."""

    def __init__(
        self, *, database: Database, mint: Mint, clock: Clock, pen: Pen, proofs: Proofs
    ) -> None:
        self._database = database
        self._mint = mint
        self._clock = clock
        self._pen = pen
        self._proofs = proofs

    async def start_passkey(self, *, caller: Caller, message: StartPasskeySignIn) -> PasskeyAsked:
        """Begin with a passkey."""
        flow = session_texts.flow_text(self._mint.secret(session_texts.SECRET_BYTES))
        until = self._clock.now() + UNDER_WAY
        mark = self._proofs.ring.mark(_marked(flow, until))
        challenge = until.to_bytes(_TIME_BYTES, "big") + mark
        return PasskeyAsked(
            flow=flow,
            options=passkeys.request(self._proofs.party, challenge=challenge, known=()),
            expires_at=instants.render(until),
        )

    async def finish_passkey(self, *, caller: Caller, message: FinishPasskeySignIn) -> SignedIn:
        """Finish with a passkey. Raises Malformed, SignInNotAccepted, PersonNotKnown."""
        demand_device(message.device)
        checked_size(message.credential)
        now = self._clock.now()
        session_id = self._mint.id("ses")
        text = session_texts.session_text(
            session_id=session_id, secret=self._mint.secret(session_texts.SECRET_BYTES)
        )
        asking_as = caller
        try:
            tenant_id, person_id = _said(message)
            challenge, until = self._challenge_of(message, now)
            asking_as = as_tenant(caller, tenant_id)
            async with self._database.transaction(tenant_id=tenant_id) as connection:
                factor = await _factor(connection, tenant_id, person_id, message.credential)
                await _spend(connection, tenant_id, challenge, until)
                await self._check_passkey(
                    connection, asking_as, factor, challenge, message.credential
                )
                row = await open_session(
                    connection,
                    caller=asking_as,
                    person_id=person_id,
                    proven=self._said_by(person_id, now),
                    session_id=session_id,
                    hashed=session_texts.hash_of(text),
                    device=message.device or "",
                    country=message.country,
                    now=now,
                    until=now + SESSION_LASTS,
                )
                await _mark(connection, asking_as, row, factor, now)
        except _Stranger:
            problem = SignInNotAccepted(NOT_ACCEPTED)
            await self._refuse_unknown(caller, problem, message)
            raise problem from None
        except _Left as error:
            raise await self._refused(asking_as, PersonNotKnown(NOT_KNOWN), error) from None
        except NotTaken as error:
            raise await self._refused(asking_as, SignInNotAccepted(NOT_ACCEPTED), error) from None
        return signed_in(text, row)

    def _challenge_of(self, message: FinishPasskeySignIn, now: Instant) -> tuple[bytes, Instant]:
        """The challenge that was answered, and until when it is good, if it is one of this sign-in."""
        try:
            challenge = passkeys.challenge_in(message.credential)
        except passkeys.Refused:
            raise _Stranger from None
        until, mark = int.from_bytes(challenge[:_TIME_BYTES], "big"), challenge[_TIME_BYTES:]
        if (
            not session_texts.is_flow(message.flow)
            or not now < until <= now + UNDER_WAY
            or not self._proofs.ring.is_mark(mark, _marked(message.flow, until))
        ):
            raise _Stranger
        return challenge, until

    def _said_by(self, person_id: str, now: Instant) -> Proven:
        return Proven(
            issuer=self._proofs.party.rp_id,
            subject=person_id,
            methods=(_METHOD,),
            mfa_at=now,
            until=now + SESSION_LASTS,
        )

    async def _check_passkey(
        self, connection: Connection, caller: Caller, factor: FactorRow, challenge: bytes,
        credential: dict[str, Any],
    ) -> None:  # fmt: skip
        """Check what the passkey signed, and that its owner may come in, who is held until the session is open."""
        tenant_id, person_id = caller.tenant_id, factor.person_id
        await factor_store.hold_person(connection, tenant_id=tenant_id, person_id=person_id)
        found = await factor_store.of_credential(
            connection, tenant_id=tenant_id, credential_id=factor.credential_id or b""
        )
        person = await people_store.person(connection, tenant_id=tenant_id, person_id=person_id)
        if found is None or found.ended_at is not None:
            raise NotTaken("the passkey was removed")
        try:
            signed = passkeys.signed(
                self._proofs.party, credential=credential, challenge=challenge,
                tenant=ids.tenant_name(tenant_id), person_id=person_id,
                public_key=found.public_key or b"", sign_count=found.sign_count or 0,
            )  # fmt: skip
        except passkeys.Refused as refusal:
            raise NotTaken(f"the passkey's answer: {refusal}") from None
        if person is None or person.status != "active":
            raise _Left("the person of this passkey is not active")
        await factor_store.count_signature(
            connection, tenant_id=tenant_id, factor_id=found.factor_id, sign_count=signed.sign_count
        )

    async def _refuse_unknown(self, caller: Caller, problem: Problem, message: object) -> None:
        # Of no tenant: those who know no sign-in of a tenant do not write into its record.
        await self._pen.refuse(
            caller=caller, tag=Tag.IDENTITY_PERSON_SIGN_IN, problem=problem, message=message
        )

    async def _refused(self, caller: Caller, problem: Problem, reason: Exception) -> Problem:
        # Sealed: it is for those of the tenant who look into it, and says nothing to whoever asked.
        await self._pen.note(
            caller=caller,
            tag=Tag.IDENTITY_PERSON_SIGN_IN,
            on="identity",
            outcome=problem.code,
            texts={"reason": str(reason) or "the provider refused the code"},
        )
        return problem


def signed_in(text: str, row: SessionRow) -> SignedIn:
    """A session that was opened, with its token."""
    return SignedIn(
        session=text,
        session_id=row.session_id,
        person=row.person_id,
        expires_at=instants.render(row.expires_at),
        mfa=row.mfa_at is not None,
    )


def _marked(flow: str, until: Instant) -> bytes:
    """What the mark of a challenge stands beside."""
    return canonical({"use": "sign_in", "flow": session_texts.hash_of(flow).hex(), "until": until})


def _said(message: FinishPasskeySignIn) -> tuple[int, str]:
    """The tenant and the person that a passkey says it is of, a named tenant being no other. Raises Malformed."""
    try:
        tenant, person_id = passkeys.whose(message.credential)
    except passkeys.Refused:
        raise _Stranger from None
    named = None if message.tenant is None else tenant_of(message.tenant)
    try:
        told = ids.tenant_id_of(tenant) if tenant else named
    except ValueError:
        raise _Stranger from None
    if told is None or named not in (None, told) or not ids.is_caller_id(person_id):
        raise _Stranger
    return told, person_id


async def _factor(
    connection: Connection, tenant_id: int, person_id: str, credential: dict[str, Any]
) -> FactorRow:
    """The passkey that answered, of the person that it says."""
    try:
        credential_id = passkeys.credential_id_of(credential)
    except passkeys.Refused:
        raise _Stranger from None
    found = await factor_store.of_credential(
        connection, tenant_id=tenant_id, credential_id=credential_id
    )
    if found is None or found.person_id != person_id:
        raise _Stranger
    return found


async def _spend(connection: Connection, tenant_id: int, challenge: bytes, until: Instant) -> None:
    is_first = await once.spend(
        connection, tenant_id=tenant_id, kind="passkey", value=encoded(challenge), until=until
    )
    if not is_first:
        raise NotTaken("the challenge was answered before")


async def _mark(
    connection: Connection, caller: Caller, row: SessionRow, factor: FactorRow, now: Instant
) -> None:
    """Write that a factor was proven in the new session: it counts as fresh there."""
    person = as_tenant(caller, caller.tenant_id, actor=row.person_id, session=row.session_id)
    await tell(
        connection, Tag.IDENTITY_FACTOR_PROVE, factor.factor_id, caller=person, at=now,
        content={"method": _METHOD, "session": row.session_id},
    )  # fmt: skip
    await factor_store.prove(
        connection, tenant_id=caller.tenant_id, session_id=row.session_id, method=_METHOD, now=now
    )
