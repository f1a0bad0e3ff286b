"""A file received: read, known or new, screened, and written whole before anything is paid."""

import asyncio
from collections.abc import Sequence
from functools import partial

import msgspec

from tallystick.kernel.actions import Action
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import day_of
from tallystick.kernel.problems import Problem
from tallystick.payments import store
from tallystick.payments.adapters import pain001
from tallystick.payments.api import PaidLately
from tallystick.payments.model import intake, screening
from tallystick.payments.model.initiation import Initiation
from tallystick.payments.model.intake import Held
from tallystick.payments.model.permission import facts_of_payments
from tallystick.payments.model.reasons import Reason
from tallystick.payments.model.records import FileRecord, PaymentRecord
from tallystick.payments.model.screening import Screening
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.database import Connection, Database
from tallystick.runtime.doors import Guard
from tallystick.wallets.api import IBANS_MAX, IbansOf, Wallets

_MAKE = (Action.PAYMENTS_PAYMENT_MAKE,)
DUPLICATE = Reason("DU01", "Another file with this MsgId came before from this DbtrAcct")


class Foreseen(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of a file: ``known`` is the one that came before, ``obstacle`` what keeps the caller out."""

    screened: Screening
    held: Held
    known: str | None
    obstacle: Problem | None


class _MessageIdWasUsed(Exception):
    """Another file of the same debtor account has the message id; what was begun is undone."""


class Receiving:
    """Keeps a file once. Nothing of one that cannot be read, or may not be paid, is kept.

    ``guard`` is asked whether whoever sends it may make its payments; without one nobody is.
    """

    def __init__(
        self,
        *,
        database: Database,
        mint: Mint,
        clock: Clock,
        wallets: Wallets,
        guard: Guard | None = None,
    ) -> None:
        self._guard = guard
        self._database = database
        self._mint = mint
        self._clock = clock
        self._wallets = wallets

    async def receive(
        self, *, caller: Caller, content: bytes, since: str | None = None
    ) -> tuple[str, bool, Caller]:
        """Keep a file with its payments, accepted or rejected; answers its id, and whether it was known before.

        The caller is answered with what bounds the payments it makes. With ``since``, the first id that is looked at,
        nothing like what was paid is kept. Raises PaidLately, what keeps it from making the payments, and
        XmlIsTooLarge, XmlIsMalformed, XmlHasForbiddenConstruct, MessageNotSupported, SchemaViolation.
        """
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            known = await store.file_by_bytes(
                connection, tenant_id=caller.tenant_id, sha256=intake.digest_of(content)
            )
        if known is not None:
            return known.file_id, True, caller
        # Reading a large file takes a second, and others are not to wait for it.
        initiation = await asyncio.to_thread(pain001.read, content)
        fingerprint = intake.fingerprint_of(initiation)
        known = await self._known(caller, content=content, fingerprint=fingerprint)
        if known is not None:
            return known.file_id, True, caller
        screened, held = await self._screened(caller, initiation)
        maker = await self._let_in(caller, screened, held)
        kept = await self._keep(maker, screened, content=content, held=held, since=since)
        return *kept, maker

    async def foresee(self, *, caller: Caller, content: bytes) -> Foreseen:
        """Find out what would become of a file; nothing of it is kept. Raises what ``receive`` does of files."""
        initiation = await asyncio.to_thread(pain001.read, content)
        fingerprint = intake.fingerprint_of(initiation)
        known = await self._known(caller, content=content, fingerprint=fingerprint)
        screened, held = await self._screened(caller, initiation)
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            is_used = await store.is_message_id_used(
                connection,
                tenant_id=caller.tenant_id,
                message_id=initiation.message_id,
                debtors=intake.debtors_of(initiation),
            )
        if is_used and known is None and screened.reason is None:
            screened = Screening(initiation=initiation, reason=DUPLICATE)
        facts, obstacle = facts_of_payments(screened, held), None
        if facts is not None and self._guard is not None:
            obstacle = await self._guard.foresee(
                caller, wanted=_MAKE, facts=facts, message=screened.initiation
            )
        return Foreseen(
            screened=screened,
            held=held,
            known=None if known is None else known.file_id,
            obstacle=obstacle,
        )

    async def _screened(self, caller: Caller, initiation: Initiation) -> tuple[Screening, Held]:
        held = await self._held(caller, initiation)
        screened = await asyncio.to_thread(
            screening.check,
            initiation,
            own_accounts=intake.facts_of(held),
            today=day_of(self._clock.now()),
        )
        return screened, held

    async def _let_in(self, caller: Caller, screened: Screening, held: Held) -> Caller:
        """The caller with what bounds the payments it makes. Raises whatever keeps it from making them."""
        facts = facts_of_payments(screened, held)
        if facts is None or self._guard is None:
            return caller
        return await self._guard.admit(
            caller, wanted=_MAKE, actions=_MAKE, facts=facts, message=screened.initiation
        )

    async def _known(
        self, caller: Caller, *, content: bytes, fingerprint: bytes
    ) -> FileRecord | None:
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            found = await store.file_by_content(
                connection, tenant_id=caller.tenant_id, fingerprint=fingerprint
            )
            return found or await store.file_by_bytes(
                connection, tenant_id=caller.tenant_id, sha256=intake.digest_of(content)
            )

    async def _held(self, caller: Caller, initiation: Initiation) -> Held:
        wanted = intake.ibans_of(initiation)
        held = {}
        for start in range(0, len(wanted), IBANS_MAX):
            message = IbansOf(ibans=tuple(wanted[start : start + IBANS_MAX]))
            found = await self._wallets.accounts_by_iban(caller=caller, message=message)
            held.update({account.iban: account for account in found.items})
        return held

    async def _keep(
        self,
        caller: Caller,
        screened: Screening,
        *,
        content: bytes,
        held: Held,
        since: str | None,
    ) -> tuple[str, bool]:
        write = partial(self._write, caller, content=content, held=held)
        try:
            return await write(screened, is_unique=True, since=since)
        except _MessageIdWasUsed:
            rejected = Screening(initiation=screened.initiation, reason=DUPLICATE)
            return await write(rejected, is_unique=False, since=None)

    async def _write(
        self,
        caller: Caller,
        screened: Screening,
        *,
        content: bytes,
        held: Held,
        is_unique: bool,
        since: str | None,
    ) -> tuple[str, bool]:
        fingerprint = intake.fingerprint_of(screened.initiation)
        file = intake.new_file(
            screened,
            content=content,
            fingerprint=fingerprint,
            file_id=self._mint.id("file"),
            report_id=self._mint.id("rep"),
        )
        payment_ids = intake.payment_ids(
            intake.transfer_count(screened.initiation),
            now_ms=self._clock.now() // 1_000,
            entropy=self._mint.secret(10),
        )
        payments = intake.new_payments(
            screened, held=held, file_id=file.file_id, payment_ids=payment_ids
        )
        tenant_id = caller.tenant_id
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            is_new = await store.insert_file(
                connection, caller=caller, file=file, payments=payments
            )
            if is_new:
                if is_unique and not await store.use_message_id(
                    connection, tenant_id=tenant_id, file=file
                ):
                    raise _MessageIdWasUsed
                if since is not None:
                    await _demand_no_like(connection, caller, payments, since=since)
                await store.insert_blocks(
                    connection,
                    tenant_id=tenant_id,
                    file_id=file.file_id,
                    blocks=intake.new_blocks(screened),
                )
                await store.insert_payments(
                    connection,
                    caller=caller,
                    file_id=file.file_id,
                    payments=payments,
                )
        if is_new:
            return file.file_id, False
        known = await self._known(caller, content=content, fingerprint=fingerprint)
        assert known is not None, "a file that could not be written twice is there once"
        return known.file_id, True


async def _demand_no_like(
    connection: Connection, caller: Caller, payments: Sequence[PaymentRecord], *, since: str
) -> None:
    """Raises PaidLately."""
    found = await store.like_payment(connection, caller=caller, since=since, payments=payments)
    if found is not None:
        raise PaidLately(
            f"You have paid the same amount from the same account to the same payee lately: {found}.",
            {"payment": found},
        )
