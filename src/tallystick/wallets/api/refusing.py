"""How wallets refuse."""

from tallystick.kernel.problems import Kind, Problem, Retry


class WalletNotFound(Problem):
    """The tenant has no such wallet."""

    code = "wallet_not_found"
    kind = Kind.NOT_FOUND


class WalletAccountNotFound(Problem):
    """The wallet has no such account, or no account of the tenant has this IBAN."""

    code = "wallet_account_not_found"
    kind = Kind.NOT_FOUND


class WalletExistsDifferent(Problem):
    """The id is taken by a wallet that was opened with other content; ``fields.field`` says which."""

    code = "wallet_exists_with_different_content"
    kind = Kind.CONFLICT


class WalletAccountExistsDifferent(Problem):
    """The wallet has this account with another exponent; ``fields.exponent`` is the one that stands."""

    code = "wallet_account_exists_with_different_content"
    kind = Kind.CONFLICT


class IbanIsTaken(Problem):
    """Another account of the tenant has this IBAN, or two accounts of the message do."""

    code = "iban_is_taken"
    kind = Kind.CONFLICT


class AccountNeedsAnIban(Problem):
    """A wallet has at most one account of each asset without an IBAN, and this would be the second."""

    code = "second_account_of_an_asset_needs_an_iban"
    kind = Kind.CONFLICT


class IbanNotValid(Problem):
    """The text is no IBAN: its country, length, form or check digits are wrong."""

    code = "iban_not_valid"


class WalletHasTooManyAccounts(Problem):
    """A wallet has at most 20 accounts."""

    code = "wallet_has_too_many_accounts"
    kind = Kind.CONFLICT


class WalletStatusNotReachable(Problem):
    """The wallet's state, in ``fields.status``, does not lead there, or not before it is where it is going."""

    code = "wallet_status_not_reachable"
    kind = Kind.CONFLICT


class WalletNotEmpty(Problem):
    """Only a wallet whose balances and open holds are all zero can be closed; nothing of it was closed."""

    code = "wallet_not_empty"
    kind = Kind.CONFLICT


class StatementTooLong(Problem):
    """The period has more lines than the format takes: 100,000, a PDF 2,000. Ask for a shorter one."""

    code = "statement_too_long"


class StatementFormatNotSupported(Problem):
    """The account's currency or amounts have no place in this format; ask for another format."""

    code = "statement_format_not_supported"
    kind = Kind.UNSUPPORTED


class StatementBusy(Problem):
    """Others are having statements set as PDF, and it was not this one's turn in time: ask again in a moment."""

    code = "statements_are_being_set"
    kind = Kind.UNAVAILABLE
    retry = Retry.LATER


class WalletBusy(Problem):
    """Others keep changing this wallet; what was asked may or may not have been done, so ask for it again."""

    code = "wallet_is_busy"
    kind = Kind.UNAVAILABLE
    retry = Retry.LATER
