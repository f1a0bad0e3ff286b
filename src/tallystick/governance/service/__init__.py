"""The door of governance made real."""

from tallystick.governance.service.door import GovernanceService

__all__ = ["GovernanceService"]
