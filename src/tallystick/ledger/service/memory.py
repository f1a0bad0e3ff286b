"""The accounts a writer remembers between batches."""

from collections.abc import Iterable, Sequence

from tallystick.ledger.model.accounts import AccountState
from tallystick.ledger.model.outcomes import Outcome


class Memory:
    """The accounts of a ledger as they will stand once what is decided is written."""

    def __init__(self) -> None:
        self.by_address: dict[str, AccountState] = {}
        self.by_id: dict[int, AccountState] = {}

    def keep(self, found: Iterable[AccountState]) -> None:
        """Remember accounts, but never over one that may have been moved already."""
        for account in found:
            if account.account_id not in self.by_id:
                self.by_address[account.address] = account
                self.by_id[account.account_id] = account

    def forget(self, address: str) -> None:
        """Forget one account."""
        account = self.by_address.pop(address, None)
        if account is not None:
            del self.by_id[account.account_id]


def rested_on(outcomes: Sequence[Outcome], memory: Memory) -> list[AccountState]:
    """A refusal is remembered for good, so the accounts it rests on must still be as they were."""
    found: dict[int, AccountState] = {}
    for outcome in outcomes:
        if outcome.refusal is not None:
            named = (memory.by_address.get(side) for move in outcome.act.moves for side in move[:2])
            consulted = [account for account in named if account is not None]
            consulted += outcome.target.accounts if outcome.target else ()
            found.update((account.account_id, account) for account in consulted)
    return list(found.values())
