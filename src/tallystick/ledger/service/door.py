"""The ledger's door: who knocks is checked, what is asked is read, and the writer or a read answers."""

from collections.abc import Iterable, Sequence

from tallystick.kernel import patterns
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import Recorded
from tallystick.kernel.ids import is_caller_id
from tallystick.kernel.instants import LATEST, SECOND, Instant, render
from tallystick.kernel.limits import limits_of
from tallystick.kernel.problems import malformed
from tallystick.kernel.tags import Tag
from tallystick.ledger.api import (
    BATCH_ITEMS_MAX,
    Account,
    AccountOf,
    AccountPage,
    BalanceAnswer,
    BalanceAsOf,
    EntryPage,
    LedgerNotFound,
    LedgerOpened,
    LedgerPage,
    ListAccounts,
    ListEntries,
    ListLedgers,
    ListTransactions,
    OpenAccount,
    OpenLedger,
    RecordedInFuture,
    SetLimits,
    SetStatus,
    Submit,
    Transaction,
    TransactionOf,
    TransactionPage,
    Verdict,
    Verdicts,
    Verification,
    Verify,
)
from tallystick.ledger.model import acts, pages
from tallystick.ledger.model.accounts import balances
from tallystick.ledger.model.caps import CAPS_MAX
from tallystick.ledger.service import accounts, answers, finding, verifying
from tallystick.ledger.service.turns import Decided, Known
from tallystick.ledger.service.writer import WRITTEN_WITHIN_S, Writer
from tallystick.ledger.store import reading, recording, states
from tallystick.ledger.store.reading import Patterns
from tallystick.ledger.store.states import Key, json_if_any
from tallystick.runtime.clock import Mint
from tallystick.runtime.database import Connection, Database
from tallystick.runtime.record import Pen

JOB = "job:ledger"
WRITERS_MAX = 1_000
LEDGERS_REMEMBERED_MAX = 10_000
# A writer writes within half a minute of reading the clock, or reads it again.
UNSETTLED = 2 * WRITTEN_WITHIN_S * SECOND


class LedgerService:
    """The books on one database. ``pen`` writes down what is refused before it is decided on.

    ``batch_items_max`` is lowered only to measure what batches bring.
    """

    def __init__(
        self,
        *,
        database: Database,
        mint: Mint,
        pen: Pen | None = None,
        batch_items_max: int = BATCH_ITEMS_MAX,
    ) -> None:
        self._database = database
        self._mint = mint
        self._pen = pen
        self._batch_items_max = batch_items_max
        self._writers: dict[Key, Writer] = {}
        self._ledgers: dict[tuple[int, str], Key] = {}

    async def open_ledger(self, *, caller: Caller, message: OpenLedger) -> LedgerOpened:
        """Open a ledger, or find it open."""
        accounts.check_ledger_name(message.name)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            opened_at, was_there = await reading.open_ledger(
                connection, caller.tenant_id, message.name, caller=caller
            )
        return LedgerOpened(name=message.name, opened_at=render(opened_at), replayed=was_there)

    async def ledgers(self, *, caller: Caller, message: ListLedgers) -> LedgerPage:
        """List the caller's ledgers by name."""
        limit = pages.page_limit(message.limit)
        cursor = accounts.ledger_cursor(message.after)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            rows = await reading.ledger_page(connection, caller.tenant_id, cursor, limit + 1)
        items = tuple(
            LedgerOpened(name=row["name"], opened_at=render(row["opened_at"]))
            for row in rows[:limit]
        )
        return LedgerPage(items=items, after=items[-1].name if len(rows) > limit else None)

    async def open_account(self, *, caller: Caller, message: OpenAccount) -> Account:
        """Open an account, or find the same one open."""
        wanted = accounts.wanted_account(message)
        key = await self._key(caller, message.ledger)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            return await accounts.open_account(connection, key, wanted, caller=caller)

    async def set_limits(self, *, caller: Caller, message: SetLimits) -> Account:
        """Replace an account's limits."""
        limits = limits_of(message.min_available, message.max_available)
        key = await self._key(caller, message.ledger)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            row = await finding.account(connection, key, message.address)
            await accounts.set_limits(connection, key, row, limits, caller=caller)
            answer = await self._shown(connection, key, message.ledger, message.address)
        self._forget(key, message.address)
        return answer

    async def set_status(self, *, caller: Caller, message: SetStatus) -> Account:
        """Freeze, unfreeze, close or reopen an account."""
        key = await self._key(caller, message.ledger)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            row = await finding.account(connection, key, message.address)
            await reading.lock_balance(connection, key, row["account_id"])
            row = await finding.account(connection, key, message.address)
            await accounts.set_status(connection, key, row, message.status, caller=caller)
            answer = await self._shown(connection, key, message.ledger, message.address)
        self._forget(key, message.address)
        return answer

    async def account(self, *, caller: Caller, message: AccountOf) -> Account:
        """Show an account."""
        key = await self._key(caller, message.ledger)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            return await self._shown(connection, key, message.ledger, message.address, caller.sees)

    async def accounts(self, *, caller: Caller, message: ListAccounts) -> AccountPage:
        """List accounts by address."""
        limit = pages.page_limit(message.limit)
        first, beyond, expression = patterns.range_of(message.address)
        noted = acts.metadata(message.metadata, "metadata")
        asset = None if message.asset is None else acts.asset(message.asset, "asset")
        cursor = pages.address_cursor(message.after)
        least, most = patterns.range_from(message.begins, "begins")
        key = await self._key(caller, message.ledger)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            rows = await reading.accounts(
                connection,
                key,
                addresses=(cursor, max(first, least), min(beyond, most), expression),
                asset=asset,
                metadata=json_if_any(noted),
                sees=caller.sees,
                limit=limit + 1,
            )
        items = tuple(answers.account_of_row(row, ledger=message.ledger) for row in rows[:limit])
        return AccountPage(items=items, after=items[-1].address if len(rows) > limit else None)

    async def submit(self, *, caller: Caller, message: Submit) -> Verdicts:
        """Decide and write acts in order."""
        if not 1 <= len(message.items) <= BATCH_ITEMS_MAX:
            raise malformed("items", f"a batch has 1 to {BATCH_ITEMS_MAX} items")
        read = [
            acts.read(item, where=f"items[{position}]", new_id=self._new_id, caller=caller)
            for position, item in enumerate(message.items)
        ]
        acts.check_groups(read)
        if len(caller.caps) > CAPS_MAX:
            raise malformed("caps", f"an act counts under at most {CAPS_MAX} caps")
        key = await self._key_of(caller, message)
        decided = await self._writer(key).submit(read)
        return Verdicts(items=await self._verdicts(key, message.ledger, decided, caller.sees))

    async def transaction(self, *, caller: Caller, message: TransactionOf) -> Transaction:
        """Show a transaction."""
        key = await self._key(caller, message.ledger)
        ids = [message.id] if is_caller_id(message.id) else []
        found = await self._transactions(key, message.ledger, ids)
        if message.id in found and finding.is_seen(found[message.id], caller.sees):
            return found[message.id]
        raise answers.no_transaction(message)

    async def recorded(self, *, caller: Caller, message: TransactionOf) -> Recorded:
        """Tell where a transaction is found in the record."""
        key = await self._key(caller, message.ledger)
        if caller.sees is not None:
            await self.transaction(caller=caller, message=message)
        at = None
        if is_caller_id(message.id):
            async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
                at = await reading.recorded_at(connection, key, message.id)
        if at is None:
            raise answers.no_transaction(message)
        return Recorded(on=recording.transaction_subject(key, at), at=render(at))

    async def transactions(self, *, caller: Caller, message: ListTransactions) -> TransactionPage:
        """List transactions, newest first."""
        limit = pages.page_limit(message.limit)
        since, until = pages.bounds(message.since, message.until)
        if message.after is not None:
            until = min(until, pages.cursor_time(message.after))
        reference = acts.reference_of(message.reference, "reference")
        noted = json_if_any(acts.metadata(message.metadata, "metadata"))
        key = await self._key(caller, message.ledger)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            times, after = await finding.transaction_times(
                connection,
                key,
                account=message.account,
                sees=caller.sees,
                bounds=(since, until),
                reference=reference,
                metadata=noted,
                limit=limit,
            )
            rows = await reading.transactions(connection, key, times)
            items = tuple(await finding.written(connection, key, message.ledger, rows))
        return TransactionPage(items=items, after=None if after is None else render(after))

    async def entries(self, *, caller: Caller, message: ListEntries) -> EntryPage:
        """List an account's posted entries."""
        limit = pages.page_limit(message.limit)
        since, until = pages.bounds(message.since, message.until)
        cursor = pages.entry_cursor(message.after, oldest_first=message.oldest_first)
        key = await self._key(caller, message.ledger)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            account = await finding.account(connection, key, message.address, sees=caller.sees)
            rows = await reading.entries(
                connection,
                key,
                account["account_id"],
                oldest_first=message.oldest_first,
                arguments=(since, until, *cursor, limit + 1),
            )
            others = {answers.counterparty_id(row) for row in rows}
            addresses = await reading.addresses(connection, key, list(others))
        credit_normal = account["normal_side"] == "credit"
        items = tuple(
            answers.entry_of_row(row, addresses, credit_normal=credit_normal)
            for row in rows[:limit]
        )
        after = f"{items[-1].recorded_at}~{rows[limit - 1]['line']}" if len(rows) > limit else None
        return EntryPage(items=items, after=after)

    async def balance(self, *, caller: Caller, message: BalanceAsOf) -> BalanceAnswer:
        """Answer a balance as of both clocks."""
        effective_at = acts.optional_moment(message.effective_at, "effective_at")
        recorded_at = acts.optional_moment(message.recorded_at, "recorded_at")
        key = await self._key(caller, message.ledger)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            row = await finding.account(connection, key, message.address, sees=caller.sees)
            if recorded_at is not None:
                await _settle(connection, key, recorded_at)
            counters = await reading.counters_as_of(
                connection,
                key,
                row["account_id"],
                effective_at=LATEST - 1 if effective_at is None else effective_at,
                recorded_at=LATEST - 1 if recorded_at is None else recorded_at,
            )
        return BalanceAnswer(
            address=message.address,
            asset=row["asset"],
            balances=balances(counters, credit_normal=row["normal_side"] == "credit"),
            effective_at=None if effective_at is None else render(effective_at),
            recorded_at=None if recorded_at is None else render(recorded_at),
        )

    async def verify(self, *, caller: Caller, message: Verify) -> Verification:
        """Prove the caller's books again."""
        return await verifying.verify(self._database, tenant_id=caller.tenant_id)

    async def expire(self, *, most: int) -> int:
        """Let holds whose time has passed expire, at most ``most`` per ledger; answers how many. For the job."""
        async with self._database.without_tenant() as connection:
            keys = await reading.expired_ledgers(connection, most)
        expired = 0
        for key in keys:
            async with self._database.transaction(tenant_id=key[0]) as connection:
                ids = await reading.expired_holds(connection, key, most)
            if ids:
                caller = Caller(tenant_id=key[0], actor=JOB)
                acts_of_expiry = [acts.expiry_of(hold_id, caller=caller) for hold_id in ids]
                decided = await self._writer(key).submit(acts_of_expiry)
                expired += sum(one.refusal is None for one in decided)
        return expired

    def queued(self) -> int:
        """How many acts wait to be written, in all ledgers of this process."""
        return sum(writer.queued for writer in self._writers.values())

    def _new_id(self) -> str:
        return self._mint.id("txn")

    def _writer(self, key: Key) -> Writer:
        writer = self._writers.get(key)
        if writer is None:
            if len(self._writers) >= WRITERS_MAX:
                self._writers = {k: one for k, one in self._writers.items() if not one.is_idle}
            writer = Writer(database=self._database, key=key, batch_items_max=self._batch_items_max)
            self._writers[key] = writer
        return writer

    def _forget(self, key: Key, address: str) -> None:
        if key in self._writers:
            self._writers[key].forget(address)

    async def _key(self, caller: Caller, name: str) -> Key:
        """Find a ledger by name. Ledgers are never removed, so what was found once stays true."""
        key = self._ledgers.get((caller.tenant_id, name))
        if key is not None:
            return key
        number = None
        if accounts.is_ledger_name(name):
            async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
                number = await reading.ledger_id(connection, caller.tenant_id, name)
        if number is None:
            raise LedgerNotFound(f"there is no ledger {name[:64]!r}")
        if len(self._ledgers) >= LEDGERS_REMEMBERED_MAX:
            self._ledgers.clear()
        self._ledgers[caller.tenant_id, name] = (caller.tenant_id, number)
        return (caller.tenant_id, number)

    async def _key_of(self, caller: Caller, message: Submit) -> Key:
        try:
            return await self._key(caller, message.ledger)
        except LedgerNotFound as problem:
            if self._pen is not None:
                tag = Tag.LEDGER_BATCH_SUBMIT
                await self._pen.refuse(caller=caller, tag=tag, problem=problem, message=message)
            raise

    async def _shown(
        self, connection: Connection, key: Key, ledger: str, address: str, sees: Patterns = None
    ) -> Account:
        row = await finding.account(connection, key, address, sees=sees)
        return answers.account_of_row(row, ledger=ledger)

    async def _verdicts(
        self, key: Key, ledger: str, decided: Sequence[Decided], sees: Patterns
    ) -> tuple[Verdict, ...]:
        replayed = [one.id for one in decided if isinstance(one, Known) and one.refusal is None]
        found = await self._transactions(key, ledger, replayed) if replayed else {}
        return tuple(
            answers.verdict_of_known(one, found, sees=sees)
            if isinstance(one, Known)
            else answers.verdict_of_outcome(one, ledger=ledger, sees=sees)
            for one in decided
        )

    async def _transactions(
        self, key: Key, ledger: str, ids: Iterable[str]
    ) -> dict[str, Transaction]:
        async with self._database.transaction(tenant_id=key[0]) as connection:
            rows = await reading.transactions_by_id(connection, key, list(ids))
            written = await finding.written(connection, key, ledger, rows)
        return {transaction.id: transaction for transaction in written}


async def _settle(connection: Connection, key: Key, recorded_at: Instant) -> None:
    """Make sure that an answer once given never changes. Raises RecordedInFuture.

    Whoever is writing now may carry an earlier time than ours, so a question about the last moments waits for it.
    """
    now = await reading.clock(connection)
    if recorded_at > now:
        raise RecordedInFuture("ask for a time of recording that has passed")
    if recorded_at > now - UNSETTLED:
        await states.await_writers(connection, key)
