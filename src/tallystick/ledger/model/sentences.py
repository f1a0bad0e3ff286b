"""Each refusal in words: what is wrong, for whoever reads the answer."""

from tallystick.ledger.api import RefusalCode as Code

_SENTENCES = {
    Code.LINKED_ITEM_FAILED: "another item of the same group was refused, so none of the group was done",
    Code.EXPIRES_AT_HAS_PASSED: "the hold would have expired before it was made",
    Code.TARGET_NOT_FOUND: "the transaction it names is not in this ledger",
    Code.TARGET_WAS_REFUSED: "the act it names was refused, so there is nothing to act on",
    Code.TARGET_IS_NOT_A_HOLD: "the transaction it names is not a hold",
    Code.TARGET_IS_NOT_REVERSIBLE: "only what was posted or captured can be reversed",
    Code.HOLD_ALREADY_CAPTURED: "the hold was captured in full or with final, so it is over",
    Code.HOLD_ALREADY_VOIDED: "the hold was voided",
    Code.HOLD_HAS_EXPIRED: "the hold's time has passed by the clock of the database",
    Code.ALREADY_REVERSED: "all of the transaction was reversed already",
    Code.AMOUNTS_DO_NOT_MATCH_POSTINGS: "give one amount for each posting of the transaction it names",
    Code.EXCEEDS_HELD_AMOUNT: "the amount is more than the hold still reserves",
    Code.EXCEEDS_REVERSIBLE_AMOUNT: "the amount is more than is left to reverse",
    Code.DEBIT_ACCOUNT_NOT_FOUND: "the account to debit is not in this ledger",
    Code.CREDIT_ACCOUNT_NOT_FOUND: "the account to credit is not in this ledger",
    Code.DEBIT_ACCOUNT_HAS_DIFFERENT_ASSET: "the account to debit keeps another asset",
    Code.CREDIT_ACCOUNT_HAS_DIFFERENT_ASSET: "the account to credit keeps another asset",
    Code.DEBIT_ACCOUNT_IS_CLOSED: "the account to debit is closed",
    Code.CREDIT_ACCOUNT_IS_CLOSED: "the account to credit is closed",
    Code.DEBIT_ACCOUNT_IS_FROZEN: "the account to debit is frozen",
    Code.CREDIT_ACCOUNT_IS_FROZEN: "the account to credit is frozen",
    Code.NOTHING_TO_MOVE: "a balancing posting found nothing that the limits allow to move",
    Code.EXCEEDS_AVAILABLE_BALANCE: "it would take the available balance below the account's minimum",
    Code.EXCEEDS_MAXIMUM_BALANCE: "it would take the balance above the account's maximum",
    Code.SPENDING_CAP_REACHED: "it would move more than you may still move in this slot of time",
}


def sentence(code: str) -> str:
    """The sentence of a refusal code."""
    known = _SENTENCES.get(Code(code))
    if known is not None:
        return known
    part = code.removeprefix("exists_with_different_").replace("_", " ")
    return f"this id stands for an act that differs in its {part}; use a new id for a new act"
