"""The door of payments made real."""

from tallystick.payments.service.door import PaymentService

__all__ = ["PaymentService"]
