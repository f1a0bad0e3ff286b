"""How payments refuse."""

from tallystick.kernel.problems import Kind, Problem


class PaymentFileNotFound(Problem):
    """The tenant has no such payment file."""

    code = "file_not_found"
    kind = Kind.NOT_FOUND


class PaymentNotFound(Problem):
    """The tenant has no such payment."""

    code = "payment_not_found"
    kind = Kind.NOT_FOUND
