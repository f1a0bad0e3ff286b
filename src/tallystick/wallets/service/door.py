"""The door of wallets: what is asked is read, changes are made one intent at a time, the books answer for the money."""

from collections.abc import Sequence

from tallystick.kernel.callers import Caller
from tallystick.kernel.limits import limits_of
from tallystick.kernel.patterns import range_from
from tallystick.kernel.problems import malformed
from tallystick.kernel.tags import Tag
from tallystick.ledger.api import Ledger
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.database import Database
from tallystick.runtime.record import Pen
from tallystick.wallets import store
from tallystick.wallets.adapters import iban
from tallystick.wallets.api import (
    IBANS_MAX,
    STATEMENT_LINES_MAX,
    AddAccount,
    HeldAccount,
    HeldAccounts,
    IbanOf,
    IbansOf,
    ListWallets,
    OpenWallet,
    SetAccountLimits,
    Statement,
    StatementFile,
    StatementOf,
    Wallet,
    WalletAccountNotFound,
    WalletOf,
    WalletPage,
)
from tallystick.wallets.model import deeds, seeing, wanted
from tallystick.wallets.model.statement import Statement as WrittenStatement
from tallystick.wallets.model.states import Event, states_of
from tallystick.wallets.service import answers
from tallystick.wallets.service.books import Books
from tallystick.wallets.service.changes import Changes, no_wallet
from tallystick.wallets.service.files import Files
from tallystick.wallets.service.statements import Statements, Subject
from tallystick.wallets.store import HeldRow, WalletRow

JOB = "job:wallets"
# A page looks at so many wallets at most when what may be seen is not told by their ids.
WALK_MAX = 500


class WalletsService:
    """Wallets over the database of role ``tallystick_wallets`` and the door of the ledger.

    ``statement_lines_max`` is lowered only by tests.
    """

    def __init__(
        self,
        *,
        database: Database,
        ledger: Ledger,
        mint: Mint,
        clock: Clock,
        statement_lines_max: int = STATEMENT_LINES_MAX,
    ) -> None:
        self._database = database
        self._mint = mint
        self._pen = Pen(database=database, context=store.CONTEXT, clock=clock)
        self._books = Books(ledger)
        self._changes = Changes(database=database, books=self._books)
        self._statements = Statements(
            ledger=ledger, clock=clock, mint=mint, lines_max=statement_lines_max
        )
        self._files = Files()

    async def open(self, *, caller: Caller, message: OpenWallet) -> Wallet:
        """Open a wallet, or find the same one open."""
        new = wanted.new_wallet(message, own_id=self._mint.id("wal"), read_iban=iban.read)
        return await self._shown(caller, *await self._changes.open(caller, new))

    async def add_account(self, *, caller: Caller, message: AddAccount) -> Wallet:
        """Add an account, or find the same one there."""
        new = wanted.new_account(message.account, ordinal=1, where="account", read_iban=iban.read)
        return await self._shown(
            caller, *await self._changes.add_account(caller, message.wallet, new)
        )

    async def freeze(self, *, caller: Caller, message: WalletOf) -> Wallet:
        """Freeze a wallet."""
        return await self._change(caller, message, Event.FREEZE)

    async def unfreeze(self, *, caller: Caller, message: WalletOf) -> Wallet:
        """Unfreeze a wallet."""
        return await self._change(caller, message, Event.UNFREEZE)

    async def close(self, *, caller: Caller, message: WalletOf) -> Wallet:
        """Close a wallet."""
        return await self._change(caller, message, Event.CLOSE)

    async def reopen(self, *, caller: Caller, message: WalletOf) -> Wallet:
        """Reopen a wallet."""
        return await self._change(caller, message, Event.REOPEN)

    async def set_limits(self, *, caller: Caller, message: SetAccountLimits) -> Wallet:
        """Replace an account's limits."""
        limits = limits_of(message.min_available, message.max_available)
        return await self._shown(
            caller,
            *await self._changes.set_limits(caller, message.wallet, message.account, limits),
        )

    async def wallet(self, *, caller: Caller, message: WalletOf) -> Wallet:
        """Show a wallet."""
        row = await self._seen(caller, message.wallet)
        shown = await self._shown(caller, row)
        await self._note_read(caller, [row.wallet_number])
        return shown

    async def wallets(self, *, caller: Caller, message: ListWallets) -> WalletPage:
        """List wallets by id."""
        limit = wanted.page_limit(message.limit)
        if message.after is not None and not wanted.is_wallet_id(message.after):
            raise malformed("after", "a cursor is taken from the page before as it is")
        within = range_from(message.begins)
        if message.owner_reference is not None:
            wanted.text(message.owner_reference, "owner_reference")
        only = None if caller.sees is None else seeing.wallets_of(caller.sees)
        is_walked = caller.sees is not None and only is None
        most = WALK_MAX if is_walked else limit + 1
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            rows = await store.wallets(
                connection,
                tenant_id=caller.tenant_id,
                after=message.after or "",
                within=within,
                owner_reference=message.owner_reference,
                states=None if message.status is None else states_of(message.status),
                limit=most,
                only=only,
            )
        # A page that shows only some looks at so many at most, and may be short and have a next one all the same.
        end = rows[-1].wallet_id if len(rows) == most else None
        rows = rows if caller.sees is None else _with_any(rows, caller.sees)
        after = rows[limit - 1].wallet_id if len(rows) > limit else end if is_walked else None
        items = tuple(answers.wallet(row, {}) for row in rows[:limit])
        await self._note_read(caller, [row.wallet_number for row in rows[:limit]])
        return WalletPage(items=items, after=after)

    async def account_by_iban(self, *, caller: Caller, message: IbanOf) -> HeldAccount:
        """Find an account by its IBAN."""
        row = await self._held(caller, message.iban)
        await self._note_read(caller, [row.wallet_number])
        return answers.held(row)

    async def accounts_by_iban(self, *, caller: Caller, message: IbansOf) -> HeldAccounts:
        """Find accounts by IBAN."""
        if len(message.ibans) > IBANS_MAX:
            raise malformed("ibans", f"at most {IBANS_MAX} at once")
        texts = {iban.normalised(text) for text in message.ibans}
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            found = await store.held(connection, tenant_id=caller.tenant_id, ibans=sorted(texts))
        rows = [row for row in found if seeing.is_seen(row.address, caller.sees)]
        await self._note_read(caller, sorted({row.wallet_number for row in rows}))
        return HeldAccounts(items=tuple(map(answers.held, rows)))

    async def statement(self, *, caller: Caller, message: StatementOf) -> Statement:
        """Write a statement."""
        written, subject = await self._statement(caller, message)
        await self._note_statement(caller, Tag.WALLETS_STATEMENT_READ, message, subject)
        return answers.statement(written, subject)

    async def statement_file(self, *, caller: Caller, message: StatementOf) -> StatementFile:
        """Write a statement as a file."""
        written, subject = await self._statement(caller, message)
        content = await self._files.write(written, message.format)
        await self._note_statement(caller, Tag.WALLETS_STATEMENT_EXPORT, message, subject)
        return StatementFile(id=written.id, content=content)

    async def unfinished(self, *, waiting_s: int, most: int) -> list[tuple[Caller, str]]:
        """Take up wallets, of all tenants, whose intent has waited this long. For the job."""
        async with self._database.without_tenant() as connection:
            tenants = await store.unfinished_tenants(connection, waiting_s=waiting_s, most=most)
        taken: list[tuple[Caller, str]] = []
        for tenant_id in tenants:
            if len(taken) >= most:
                break
            async with self._database.transaction(tenant_id=tenant_id) as connection:
                wallet_ids = await store.take_unfinished(
                    connection, tenant_id=tenant_id, waiting_s=waiting_s, most=most - len(taken)
                )
            caller = Caller(tenant_id=tenant_id, actor=JOB)
            taken += [(caller, wallet_id) for wallet_id in wallet_ids]
        return taken

    async def finish(self, *, caller: Caller, wallet_id: str) -> None:
        """Finish a wallet's intent, whatever its outcome. For the job. Raises WalletNotFound, WalletBusy."""
        await self._changes.settle(caller, wallet_id)

    async def _note_read(self, caller: Caller, numbers: Sequence[int]) -> None:
        await self._pen.note_numbers(
            caller=caller,
            tag=Tag.WALLETS_WALLET_READ,
            on=store.CONTEXT,
            of="wallets",
            numbers=numbers,
        )

    async def _note_statement(
        self, caller: Caller, tag: Tag, message: StatementOf, subject: Subject
    ) -> None:
        days = {"first_day": str(message.first_day), "last_day": str(message.last_day)}
        await self._pen.note(
            caller=caller, tag=tag, on=deeds.subject(subject.wallet_number), content=days
        )

    async def _change(self, caller: Caller, message: WalletOf, event: Event) -> Wallet:
        return await self._shown(caller, *await self._changes.change(caller, message.wallet, event))

    async def _shown(self, caller: Caller, row: WalletRow, replayed: bool = False) -> Wallet:
        shown = {one.address: await self._books.account(caller, one) for one in row.accounts}
        return answers.wallet(row, shown, replayed=replayed)

    async def _seen(self, caller: Caller, wallet_id: str) -> WalletRow:
        """A wallet with what the caller sees of it. Raises WalletNotFound where that is nothing."""
        row = (await self._changes.found(caller, wallet_id)).seen(caller.sees)
        if caller.sees is not None and not row.accounts:
            raise no_wallet(wallet_id)
        return row

    async def _held(self, caller: Caller, text: str) -> HeldRow:
        known = iban.read(text)
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            rows = await store.held(connection, tenant_id=caller.tenant_id, ibans=[known])
        if not rows or not seeing.is_seen(rows[0].address, caller.sees):
            raise WalletAccountNotFound("no account here has this IBAN", {"iban": known})
        return rows[0]

    async def _statement(
        self, caller: Caller, message: StatementOf
    ) -> tuple[WrittenStatement, Subject]:
        subject = await self._subject(caller, message)
        written = await self._statements.write(
            caller, subject, first=message.first_day, last=message.last_day
        )
        return written, subject

    async def _subject(self, caller: Caller, message: StatementOf) -> Subject:
        if message.iban is not None and message.wallet is None and message.account is None:
            held = await self._held(caller, message.iban)
            return Subject(
                wallet_id=held.wallet_id,
                asset=held.asset,
                ordinal=held.ordinal,
                exponent=held.exponent,
                iban=held.iban,
                holder_name=held.owner_name,
                wallet_number=held.wallet_number,
            )
        if message.iban is not None or message.wallet is None or message.account is None:
            raise malformed("iban", "name the account by iban, or by wallet and account")
        row = await self._seen(caller, message.wallet)
        account = row.account(message.account)
        if account is None:
            raise WalletAccountNotFound(f"the wallet has no account {message.account[:24]!r}")
        return Subject(
            wallet_id=row.wallet_id,
            asset=account.asset,
            ordinal=account.ordinal,
            exponent=account.exponent,
            iban=account.iban,
            holder_name=row.owner_name,
            wallet_number=row.wallet_number,
        )


def _with_any(rows: Sequence[WalletRow], sees: Sequence[str]) -> list[WalletRow]:
    """The wallets of which something is seen, with what is seen of them."""
    return [seen for row in rows if (seen := row.seen(sees)).accounts]
