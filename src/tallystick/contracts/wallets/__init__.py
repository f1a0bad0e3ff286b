"""The contract of wallets: what every implementation of their door keeps."""

from tallystick.contracts.wallets import changing, opening, reading, stating
from tallystick.contracts.wallets.ground import CONTRACT

# Each module adds its promises to the contract, in this order.
ROOMS = (opening, changing, reading, stating)

__all__ = ["CONTRACT", "ROOMS"]
