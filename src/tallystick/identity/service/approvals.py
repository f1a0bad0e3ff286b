"""Approvals made real: what is shown is what is signed, and what is signed is all that may then be done."""

from collections.abc import Awaitable, Callable

from tallystick.identity.api.approvals import (
    AlreadySaid,
    Approval,
    ApprovalChallenge,
    ApprovalHasEnded,
    ApprovalNotFound,
    ApprovalOf,
    ApprovalPage,
    Approve,
    Checked,
    ListApprovals,
    MakerNeverApproves,
    NotAboutYourself,
    OnlyTheMaker,
    PasskeyNeeded,
    Reject,
    ShowApproval,
    Verified,
)
from tallystick.identity.api.factors import ChallengeNotAccepted
from tallystick.identity.model import binding, keys, passkeys
from tallystick.identity.model.passkeys import Refused
from tallystick.identity.service.enrolling import checked_size
from tallystick.identity.service.proofs import Proofs, demand_fresh, demand_person, session_of
from tallystick.identity.service.showing_approvals import shown, shown_one
from tallystick.identity.store import approvals as store
from tallystick.identity.store import factors as factor_store
from tallystick.identity.store import makers
from tallystick.identity.store.approvals import ApprovalRow, VoteRow
from tallystick.kernel import ids, instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant
from tallystick.kernel.problems import Problem, malformed
from tallystick.kernel.tags import Tag
from tallystick.runtime.clock import Clock
from tallystick.runtime.database import Connection, Database
from tallystick.runtime.record import Pen

_TEXT_MAX = 500


class ApprovalsService:
    """The door of approvals, over the database of role ``tallystick_identity``.

    ``codes_are_enough`` lets a fresh code agree to money too, which signs nothing: for development only.
    """

    def __init__(
        self, *, database: Database, clock: Clock, proofs: Proofs, codes_are_enough: bool = False
    ) -> None:
        self._database = database
        self._clock = clock
        self._proofs = proofs
        self._codes_are_enough = codes_are_enough
        self._pen = Pen(database=database, context=store.CONTEXT, clock=clock)

    async def approvals(self, *, caller: Caller, message: ListApprovals) -> ApprovalPage:
        """List approvals. Raises Malformed."""
        limit = keys.checked_limit(message.limit)
        for field, text in (("action", message.action), ("after", message.after)):
            if text and (len(text) > _TEXT_MAX or not text.isascii() or not text.isprintable()):
                raise malformed(field, f"at most {_TEXT_MAX} printable characters of ASCII")
        tenant_id, now = caller.tenant_id, self._clock.now()
        async with self._database.transaction(tenant_id=tenant_id, read_only=True) as connection:
            found = await store.listed(
                connection, tenant_id=tenant_id, which=message.which.value, person_id=caller.actor,
                action=message.action or None, after=message.after or "", now=now, limit=limit + 1,
            )  # fmt: skip
            rows = found[:limit]
            items = await shown(connection, caller, rows, now, is_list=True)
        await self._pen.note_numbers(
            caller=caller, tag=Tag.IDENTITY_APPROVAL_READ, on=store.CONTEXT, of="approvals",
            numbers=[row.approval_id for row in rows],
        )  # fmt: skip
        return ApprovalPage(
            items=items,
            after=rows[-1].approval_id if len(found) > limit else None,
        )

    async def approval(self, *, caller: Caller, message: ShowApproval) -> Approval:
        """Show an approval. Raises ApprovalNotFound."""
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            row = await _found(connection, caller, message.approval)
            if message.mine and row.maker != caller.actor:
                raise ApprovalNotFound("You have asked for nothing under this number.")
            found = await shown_one(connection, caller, row, self._clock.now())
        await self._note_reading(caller, row)
        return found

    async def challenge(self, *, caller: Caller, message: ApprovalOf) -> ApprovalChallenge:
        """Ask for what a passkey signs to agree."""
        demand_person(caller)
        now, nonce = self._clock.now(), self._proofs.mint.secret(binding.NONCE_BYTES)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            await session_of(connection, caller=caller, now=now)
            row = await _open(connection, caller, message.approval, now)
            challenge = _challenge(row, nonce)
            kept = await factor_store.factors(
                connection, tenant_id=caller.tenant_id, person_id=caller.actor
            )
            known = [one.credential_id for one in kept if one.credential_id is not None]
            if not known:
                raise PasskeyNeeded("You have no passkey: enrol one first.")
            challenge_id, until = await self._proofs.challenge(
                connection, caller=caller, purpose="approve", challenge=challenge, now=now,
                subject=row.approval_id, nonce=nonce,
            )  # fmt: skip
        return ApprovalChallenge(
            challenge=challenge_id,
            options=passkeys.request(self._proofs.party, challenge=challenge, known=known),
            asked=binding.asked_of(row.asked),
            until=instants.render(until),
        )

    async def approve(self, *, caller: Caller, message: Approve) -> Approval:
        """Agree; having agreed before changes nothing."""
        demand_person(caller)
        if (message.challenge is None) != (message.credential is None):
            raise malformed("challenge", "a challenge and what a passkey answered go together")
        if message.credential is not None:
            checked_size(message.credential)
        now = self._clock.now()

        async def work(connection: Connection) -> Approval | Problem:
            session = await session_of(connection, caller=caller, now=now)
            row = await _found(connection, caller, message.approval, held=True)
            said = await _said(connection, caller, row)
            if said is not None and said.verdict == "approved":
                return await shown_one(connection, caller, row, now)
            await _demand_open(connection, caller, row, now)
            vote = VoteRow(
                approval_id=row.approval_id, person_id=caller.actor, name="", status="active",
                verdict="approved", at=now, method="session",
            )  # fmt: skip
            if message.challenge is None:
                if _wants_passkey(row) and not self._codes_are_enough:
                    raise PasskeyNeeded("Only a passkey can agree to this: ask for a challenge.")
                await demand_fresh(connection, caller=caller, session=session, now=now)
            else:
                signed = await self._signed(connection, caller, row, message, vote)
                if isinstance(signed, Problem):
                    return signed
                vote = signed
            await store.insert_vote(connection, caller=caller, approval=row, vote=vote)
            return await shown_one(connection, caller, row, now)

        return await self._committing(caller, work)

    async def _signed(
        self, connection: Connection, caller: Caller, row: ApprovalRow, message: Approve,
        vote: VoteRow,
    ) -> VoteRow | Problem:  # fmt: skip
        """The vote with its signature; the challenge is made again from what is asked, never taken from outside."""
        kept = await self._proofs.spend(
            connection, caller=caller, challenge_id=message.challenge or "", purpose="approve",
            now=vote.at,
        )  # fmt: skip
        if isinstance(kept, Problem):
            return kept
        if kept.subject != row.approval_id or kept.nonce is None:
            return ChallengeNotAccepted("The challenge was made for another approval.")
        passed = await self._proofs.passkey(
            connection, caller=caller, kept=kept, challenge=_challenge(row, kept.nonce),
            credential=message.credential or {},
        )  # fmt: skip
        if isinstance(passed, Problem):
            return passed
        signed = passed.signed
        if signed is None:
            raise AssertionError("a passkey that passed has signed")
        return VoteRow(
            approval_id=vote.approval_id, person_id=vote.person_id, name="", status="active",
            verdict=vote.verdict, at=vote.at, method="passkey",
            credential_id=signed.credential_id, public_key=passed.factor.public_key,
            client_data=signed.client_data, authenticator_data=signed.authenticator_data,
            signature=signed.signature, nonce=kept.nonce,
        )  # fmt: skip

    async def reject(self, *, caller: Caller, message: Reject) -> Approval:
        """Say no, which ends it."""
        demand_person(caller)
        reason = message.reason
        if reason is not None and not (1 <= len(reason) <= _TEXT_MAX and reason.isprintable()):
            raise malformed("reason", f"1 to {_TEXT_MAX} printable characters")
        now = self._clock.now()
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            await session_of(connection, caller=caller, now=now)
            row = await _open(connection, caller, message.approval, now, ending=True)
            vote = VoteRow(
                approval_id=row.approval_id, person_id=caller.actor, name="", status="active",
                verdict="rejected", at=now, method="session", reason=reason,
            )  # fmt: skip
            await store.insert_vote(connection, caller=caller, approval=row, vote=vote)
            await store.end(connection, caller=caller, approval=row, ending="rejected", now=now)
            ended = await _found(connection, caller, message.approval)
            return await shown_one(connection, caller, ended, now)

    async def withdraw(self, *, caller: Caller, message: ApprovalOf) -> Approval:
        """Take back what the caller asked for. Raises ApprovalNotFound, ApprovalHasEnded, OnlyTheMaker."""
        now = self._clock.now()
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            row = await _found(connection, caller, message.approval, held=True)
            if row.maker != caller.actor:
                raise OnlyTheMaker("Whoever asked withdraws it; others reject it.")
            if not row.is_open(now):
                raise _ended(row, now)
            await store.end(connection, caller=caller, approval=row, ending="withdrawn", now=now)
            ended = await _found(connection, caller, message.approval)
            return await shown_one(connection, caller, ended, now)

    async def verify_vote(self, *, caller: Caller, message: ApprovalOf) -> Verified:
        """Verify every signature again from the rows alone. Raises ApprovalNotFound."""
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            row = await _found(connection, caller, message.approval)
            votes = await _votes(connection, caller, row)
            checked = [await _checked(connection, caller, row, vote) for vote in votes]
        await self._note_reading(caller, row)
        wanted = _wants_passkey(row)
        is_good = all(
            one.flaw is None and (one.is_signed or one.verdict == "rejected" or not wanted)
            for one in checked
        )
        return Verified(approval=row.approval_id, is_good=is_good, votes=tuple(checked))

    async def _note_reading(self, caller: Caller, row: ApprovalRow) -> None:
        await self._pen.note(caller=caller, tag=Tag.IDENTITY_APPROVAL_READ, on=row.approval_id)

    async def _committing(
        self, caller: Caller, work: Callable[[Connection], Awaitable[Approval | Problem]]
    ) -> Approval:
        """Do it in a transaction; a problem that is answered is raised after a spent challenge was committed."""
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            answer = await work(connection)
        if isinstance(answer, Problem):
            raise answer
        return answer


async def _found(
    connection: Connection, caller: Caller, approval_id: str, *, held: bool = False
) -> ApprovalRow:
    row = None
    if ids.is_caller_id(approval_id):
        row = await store.approval(
            connection, tenant_id=caller.tenant_id, approval_id=approval_id, held=held
        )
    if row is None:
        raise ApprovalNotFound("There is no such approval.")
    return row


async def _open(
    connection: Connection, caller: Caller, approval_id: str, now: Instant, *, ending: bool = False
) -> ApprovalRow:
    """Hold an approval that this person may still say something to; also ``ending`` one that enough agreed to."""
    row = await _found(connection, caller, approval_id, held=True)
    await _demand_open(connection, caller, row, now, ending=ending)
    return row


async def _demand_open(
    connection: Connection, caller: Caller, row: ApprovalRow, now: Instant, *, ending: bool = False
) -> None:
    if row.maker == caller.actor:
        raise MakerNeverApproves("You asked for this: another person agrees to it.")
    if binding.is_about(row.asked, caller.actor):
        raise NotAboutYourself("It is about you: another person agrees to it.")
    holders = (row.maker, binding.about(row.asked))
    behind = await makers.people_behind(connection, tenant_id=caller.tenant_id, holders=holders)
    if caller.actor in behind:
        raise MakerNeverApproves(
            "You made the key or client that asks, or that it is about: another person agrees to it."
        )
    if not row.is_open(now):
        raise _ended(row, now)
    if await _said(connection, caller, row) is not None:
        raise AlreadySaid("You have said something to this already.")
    agreed = await store.approvers_of(
        connection, tenant_id=caller.tenant_id, approval_id=row.approval_id
    )
    if len(agreed) >= row.needed and not ending:
        raise ApprovalHasEnded("Enough people have agreed to it.")


async def _votes(connection: Connection, caller: Caller, row: ApprovalRow) -> list[VoteRow]:
    return await store.votes_of(
        connection, tenant_id=caller.tenant_id, approval_ids=(row.approval_id,)
    )


async def _said(connection: Connection, caller: Caller, row: ApprovalRow) -> VoteRow | None:
    votes = await _votes(connection, caller, row)
    return next((vote for vote in votes if vote.person_id == caller.actor), None)


async def _checked(
    connection: Connection, caller: Caller, row: ApprovalRow, vote: VoteRow
) -> Checked:
    """Verify one vote: its signature over what is kept, and that the passkey was enrolled by this person."""
    if vote.method != "passkey":
        return Checked(
            person=vote.person_id, verdict=vote.verdict, method=vote.method, is_signed=False
        )
    page, flaw = None, None
    try:
        page = store.page_of(row, vote)
        factor = await factor_store.of_credential(
            connection, tenant_id=caller.tenant_id, credential_id=vote.credential_id or b""
        )
        if (
            factor is None
            or factor.person_id != vote.person_id
            or factor.public_key != vote.public_key
        ):
            raise Refused("the passkey was not enrolled by this person")
    except Refused as refusal:
        flaw = str(refusal)
    return Checked(
        person=vote.person_id, verdict=vote.verdict, method=vote.method, is_signed=flaw is None,
        page=page, flaw=flaw,
    )  # fmt: skip


def _challenge(row: ApprovalRow, nonce: bytes) -> bytes:
    return binding.challenge_of(
        approval_id=row.approval_id, asked=row.asked, digest=row.digest, nonce=nonce
    )


def _wants_passkey(row: ApprovalRow) -> bool:
    try:
        return binding.needs_passkey(binding.asked_of(row.asked))
    except Refused:
        return True


def _ended(row: ApprovalRow, now: Instant) -> ApprovalHasEnded:
    how = row.ending or ("expired" if not row.is_open(now) else "open")
    return ApprovalHasEnded(f"It has ended: {how}.", {"status": how})
