"""How the books refuse: problems, and the closed list of refusal codes in order of precedence."""

from collections.abc import Mapping
from enum import StrEnum

from tallystick.kernel.problems import Kind, Problem, Retry


class LedgerNotFound(Problem):
    """There is no such ledger for this tenant."""

    code = "ledger_not_found"
    kind = Kind.NOT_FOUND


class AccountNotFound(Problem):
    """There is no such account in the ledger."""

    code = "account_not_found"
    kind = Kind.NOT_FOUND


class TransactionNotFound(Problem):
    """There is no such transaction in the ledger."""

    code = "transaction_not_found"
    kind = Kind.NOT_FOUND


class AccountExistsDifferent(Problem):
    """The address is taken by an account with other content; ``fields.field`` says which."""

    code = "account_exists_with_different_content"
    kind = Kind.CONFLICT


class AssetExponentDiffers(Problem):
    """The asset has another exponent in this ledger."""

    code = "asset_has_different_exponent"
    kind = Kind.CONFLICT


class AccountNotEmpty(Problem):
    """Only an account whose balances and open holds are zero can be closed."""

    code = "account_not_empty"
    kind = Kind.CONFLICT


class StatusNotReachable(Problem):
    """The account's state does not lead there (a closed account is reopened before it is frozen)."""

    code = "account_status_not_reachable"
    kind = Kind.CONFLICT


class AddressReserved(Problem):
    """Accounts at this address are opened, limited, frozen and closed by another part of the platform alone."""

    code = "address_is_reserved"
    kind = Kind.FORBIDDEN


class RecordedInFuture(Problem):
    """Nothing is known yet about what will be recorded later."""

    code = "recorded_at_lies_in_the_future"


class LedgerBusy(Problem):
    """More acts wait than the ledger queues; nothing of this request was done."""

    code = "ledger_is_busy"
    kind = Kind.UNAVAILABLE
    retry = Retry.LATER


class Refused(Problem):
    """A single act was refused. The problem carries the verdict's code, one of the closed list."""

    kind = Kind.UNPROCESSABLE

    def __init__(
        self,
        detail: str,
        fields: Mapping[str, str] | None = None,
        *,
        code: str = Problem.code,
        replayed: bool = False,
    ) -> None:
        super().__init__(detail, fields)
        self.code = code
        self.replayed = replayed


class RefusalCode(StrEnum):
    """Every reason to refuse a well-formed act, in order of precedence: the first that applies is given.

    In a group the first item that fails gives its own code; the other items are ``linked_item_failed``.
    """

    LINKED_ITEM_FAILED = "linked_item_failed"
    EXISTS_WITH_DIFFERENT_KIND = "exists_with_different_kind"
    EXISTS_WITH_DIFFERENT_TARGET = "exists_with_different_target"
    EXISTS_WITH_DIFFERENT_POSTINGS = "exists_with_different_postings"
    EXISTS_WITH_DIFFERENT_AMOUNTS = "exists_with_different_amounts"
    EXISTS_WITH_DIFFERENT_FINAL = "exists_with_different_final"
    EXISTS_WITH_DIFFERENT_EFFECTIVE_AT = "exists_with_different_effective_at"
    EXISTS_WITH_DIFFERENT_EXPIRES_AT = "exists_with_different_expires_at"
    EXISTS_WITH_DIFFERENT_REFERENCE = "exists_with_different_reference"
    EXISTS_WITH_DIFFERENT_METADATA = "exists_with_different_metadata"
    EXPIRES_AT_HAS_PASSED = "expires_at_has_passed"
    TARGET_NOT_FOUND = "target_not_found"
    TARGET_WAS_REFUSED = "target_was_refused"
    TARGET_IS_NOT_A_HOLD = "target_is_not_a_hold"
    TARGET_IS_NOT_REVERSIBLE = "target_is_not_reversible"
    HOLD_ALREADY_CAPTURED = "hold_already_captured"
    HOLD_ALREADY_VOIDED = "hold_already_voided"
    HOLD_HAS_EXPIRED = "hold_has_expired"
    ALREADY_REVERSED = "already_reversed"
    AMOUNTS_DO_NOT_MATCH_POSTINGS = "amounts_do_not_match_postings"
    EXCEEDS_HELD_AMOUNT = "exceeds_held_amount"
    EXCEEDS_REVERSIBLE_AMOUNT = "exceeds_reversible_amount"
    DEBIT_ACCOUNT_NOT_FOUND = "debit_account_not_found"
    CREDIT_ACCOUNT_NOT_FOUND = "credit_account_not_found"
    DEBIT_ACCOUNT_HAS_DIFFERENT_ASSET = "debit_account_has_different_asset"
    CREDIT_ACCOUNT_HAS_DIFFERENT_ASSET = "credit_account_has_different_asset"
    DEBIT_ACCOUNT_IS_CLOSED = "debit_account_is_closed"
    CREDIT_ACCOUNT_IS_CLOSED = "credit_account_is_closed"
    DEBIT_ACCOUNT_IS_FROZEN = "debit_account_is_frozen"
    CREDIT_ACCOUNT_IS_FROZEN = "credit_account_is_frozen"
    NOTHING_TO_MOVE = "nothing_to_move"
    EXCEEDS_AVAILABLE_BALANCE = "exceeds_available_balance"
    EXCEEDS_MAXIMUM_BALANCE = "exceeds_maximum_balance"
    SPENDING_CAP_REACHED = "spending_cap_reached"
