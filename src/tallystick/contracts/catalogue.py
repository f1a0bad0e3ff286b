"""The contracts that ship with the package, by context."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tallystick.contracts.ledger import CONTRACT as LEDGER
from tallystick.contracts.payments import CONTRACT as PAYMENTS
from tallystick.contracts.promises import Contract
from tallystick.contracts.wallets import CONTRACT as WALLETS

CONTRACTS: Final[Mapping[str, Contract]] = MappingProxyType(
    {"ledger": LEDGER, "payments": PAYMENTS, "wallets": WALLETS}
)
"""Identity and audit have none yet: nobody stands in for them."""
