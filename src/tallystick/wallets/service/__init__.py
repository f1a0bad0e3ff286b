"""The door of wallets made real."""

from tallystick.wallets.service.door import WalletsService

__all__ = ["WalletsService"]
