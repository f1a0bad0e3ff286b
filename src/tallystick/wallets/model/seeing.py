"""What a caller may see of wallets: patterns of addresses in the books, None for everything.

A wallet is seen by who sees one of its accounts, with those of its accounts that they see. One of which nothing is seen
is not found, as if it were not there.
"""

from collections.abc import Sequence

from tallystick.kernel.patterns import ANY_FURTHER, any_fits, widest
from tallystick.wallets.api.facts import START

Patterns = Sequence[str] | None


def is_seen(address: str, sees: Patterns) -> bool:
    """Tell whether an account may be seen, by its place in the books."""
    return sees is None or any_fits(sees, address)


def wallets_of(sees: Sequence[str]) -> list[str] | None:
    """The ids of the only wallets that patterns can show, in order; None when they may be any."""
    named: set[str] = set()
    for pattern in widest(sees):
        first, *others = pattern.split(":")
        if first == ANY_FURTHER and not others:
            return None
        # An account of a wallet has the wallet's id in its second segment, and others after it.
        if first not in (START, "") or not others:
            continue
        if others[0] in ("", ANY_FURTHER):
            return None
        named.add(others[0])
    return sorted(named)
