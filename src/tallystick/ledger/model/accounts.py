"""An account as the laws see it: six counters, two limits, a state."""

from tallystick.kernel.money import JSON_EXACT_MAX, to_digits
from tallystick.ledger.api import Balances, Side

# Layers of the books. Each has one never-decreasing counter of debits and one of credits; an account's
# counters stand in one list, debits of a layer at ``2 * layer`` and credits beside them.
POSTED, PENDING, RELEASED = 0, 1, 2


class AccountState:
    """What deciding needs of one account. Deciding moves ``counters``; only ``version`` says it was written."""

    __slots__ = (
        "account_id",
        "address",
        "asset",
        "counters",
        "credit_normal",
        "limited",
        "max_available",
        "min_available",
        "recorded_at",
        "status",
        "version",
    )

    def __init__(
        self,
        *,
        account_id: int,
        address: str,
        asset: str,
        normal_side: str,
        status: str,
        min_available: int | None,
        max_available: int | None,
        version: int,
        recorded_at: int,
        counters: list[int],
    ) -> None:
        self.account_id = account_id
        self.address = address
        self.asset = asset
        self.credit_normal = normal_side == Side.CREDIT
        self.status = status
        self.min_available = min_available
        self.max_available = max_available
        self.limited = min_available is not None or max_available is not None
        self.version = version
        self.recorded_at = recorded_at
        self.counters = counters

    def available(self) -> int:
        """Posted, less what open holds may still take away."""
        counters = self.counters
        if self.credit_normal:
            return counters[1] - counters[0] - (counters[2] - counters[4])
        return counters[0] - counters[1] - (counters[3] - counters[5])

    def highest(self) -> int:
        """Posted, plus what open holds may still bring: the balance the maximum limits."""
        counters = self.counters
        if self.credit_normal:
            return counters[1] - counters[0] + (counters[3] - counters[5])
        return counters[0] - counters[1] + (counters[2] - counters[4])

    def room(self, *, is_debit: bool) -> int | None:
        """How much one more posting on a side may move within the limits; None without bound."""
        if is_debit == self.credit_normal:
            return None if self.min_available is None else self.available() - self.min_available
        return None if self.max_available is None else self.max_available - self.highest()


def is_empty(counters: list[int]) -> bool:
    """Tell whether nothing is on the account and no hold is open."""
    debits, credits, debits_held, credits_held, debits_released, credits_released = counters
    return debits == credits and debits_held == debits_released and credits_held == credits_released


def balances(counters: list[int], *, credit_normal: bool) -> Balances:
    """Sum the counters to balances, seen from the normal side."""
    debits, credits, debits_held, credits_held, debits_released, credits_released = counters
    debits_open, credits_open = debits_held - debits_released, credits_held - credits_released
    if credit_normal:
        posted, pending = credits - debits, credits - debits + credits_open - debits_open
        available = credits - debits - debits_open
    else:
        posted, pending = debits - credits, debits - credits + debits_open - credits_open
        available = debits - credits - credits_open
    values = (posted, pending, available, *counters)
    if max(counters) > JSON_EXACT_MAX:
        values = tuple(to_digits(value) for value in values)
    return Balances(
        posted=values[0],
        pending=values[1],
        available=values[2],
        debits_posted=values[3],
        credits_posted=values[4],
        debits_pending=values[5],
        credits_pending=values[6],
        debits_released=values[7],
        credits_released=values[8],
    )
