"""The door of the books made real."""

from tallystick.ledger.service.door import LedgerService

__all__ = ["LedgerService"]
