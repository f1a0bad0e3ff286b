"""How payments refuse."""

from tallystick.kernel.problems import Kind, Problem


class PaymentFileNotFound(Problem):
    """The tenant has no such payment file."""

    code = "file_not_found"
    kind = Kind.NOT_FOUND


class PaidLately(Problem):
    """The caller has paid the same payee the same amount from the same account lately, and asked to be told of it."""

    code = "paid_lately"
    kind = Kind.CONFLICT


class PaymentNotFound(Problem):
    """The tenant has no such payment."""

    code = "payment_not_found"
    kind = Kind.NOT_FOUND
