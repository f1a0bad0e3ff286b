"""The promises of the contexts' doors as tests that ship with the package: for ours and for who stands in for them."""

from tallystick.contracts.promises import Broken, Contract, Outcome, World
from tallystick.contracts.running import FIRST_FAILED_MAX, run

__all__ = ["FIRST_FAILED_MAX", "Broken", "Contract", "Outcome", "World", "run"]
