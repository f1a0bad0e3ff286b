"""The book rail: payer and payee both hold their account here, so a payment is one posting in the books.

A rail has a name, tells what to ask for, and reads what was answered; ``book`` is the only one.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from tallystick.kernel.money import to_digits
from tallystick.kernel.problems import Retry
from tallystick.ledger.api import (
    METADATA_TEXT_MAX,
    Post,
    Posting,
    RefusalCode,
    Transaction,
    Verdict,
)
from tallystick.payments.model.reasons import Reason
from tallystick.payments.model.records import PaymentRecord
from tallystick.payments.model.states import NEXT, Event, State

NAME = "book"
# What ISO 20022 messages carry where an id is demanded and none was given.
NOT_PROVIDED = "NOTPROVIDED"

REASONS: Mapping[RefusalCode, Reason] = MappingProxyType(
    {
        RefusalCode.DEBIT_ACCOUNT_NOT_FOUND: Reason("AC02", "DbtrAcct is not in the books"),
        RefusalCode.CREDIT_ACCOUNT_NOT_FOUND: Reason("AC03", "CdtrAcct is not in the books"),
        RefusalCode.DEBIT_ACCOUNT_HAS_DIFFERENT_ASSET: Reason(
            "AC10", "DbtrAcct is kept in another currency"
        ),
        RefusalCode.CREDIT_ACCOUNT_HAS_DIFFERENT_ASSET: Reason(
            "AC11", "CdtrAcct is kept in another currency"
        ),
        RefusalCode.DEBIT_ACCOUNT_IS_CLOSED: Reason("AC04", "DbtrAcct is closed"),
        RefusalCode.CREDIT_ACCOUNT_IS_CLOSED: Reason("AC07", "CdtrAcct is closed"),
        RefusalCode.DEBIT_ACCOUNT_IS_FROZEN: Reason("AC06", "DbtrAcct is frozen"),
        RefusalCode.CREDIT_ACCOUNT_IS_FROZEN: Reason("AC06", "CdtrAcct is frozen"),
        RefusalCode.EXCEEDS_AVAILABLE_BALANCE: Reason(
            "AM04", "DbtrAcct has not enough available for this amount"
        ),
        RefusalCode.EXCEEDS_MAXIMUM_BALANCE: Reason(
            "AM02", "An account of this payment does not take so much"
        ),
        RefusalCode.SPENDING_CAP_REACHED: Reason(
            "AM14", "It is more than whoever sent this may still move in the period of their cap"
        ),
    }
)
"""What each refusal of the books is to the payer. Others cannot befall a payment, unless somebody took its id."""

UNTOLD = Reason("MS03", "The books refused for a reason that is not told")


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an accepted payment."""

    payment_id: str
    event: Event
    state: State
    reason: Reason | None = None


def post_of(payment: PaymentRecord) -> Post:
    """What the books are asked: the same for the same payment, however often, so that asking twice pays once."""
    assert payment.amount is not None
    assert payment.debit_address is not None
    assert payment.credit_address is not None
    reference = _text(payment.end_to_end_id)
    return Post(
        id=payment.payment_id,
        reference=None if reference == NOT_PROVIDED else reference,
        metadata=_metadata(payment),
        postings=(
            Posting(
                debit=payment.debit_address,
                credit=payment.credit_address,
                amount=to_digits(payment.amount),
                asset=payment.currency,
            ),
        ),
    )


def decision_of(verdict: Verdict) -> Decision | None:
    """What the books' verdict makes of a payment; None when they want to be asked again later."""
    refusal = verdict.refusal
    if refusal is None:
        return _decision(verdict.id, Event.SETTLE, None)
    if refusal.retry is not Retry.NEVER:
        return None
    known = {code.value: reason for code, reason in REASONS.items()}
    return _decision(verdict.id, Event.REJECT, known.get(refusal.code, UNTOLD))


def is_known_differently(verdict: Verdict) -> bool:
    """Whether the id stands for another act: a former release may have asked for the same in other words."""
    code = "" if verdict.refusal is None else verdict.refusal.code
    return code.startswith("exists_with_different_")


def decision_of_found(payment: PaymentRecord, found: Transaction | None) -> Decision:
    """What a payment is when its id was known: settled if the same money moved between the same accounts."""
    (wanted,) = post_of(payment).postings
    postings = () if found is None or found.kind != "post" else found.postings
    moved = [(one.debit, one.credit, one.amount, one.asset) for one in postings]
    if moved == [(wanted.debit, wanted.credit, wanted.amount, wanted.asset)]:
        return _decision(payment.payment_id, Event.SETTLE, None)
    return _decision(payment.payment_id, Event.REJECT, UNTOLD)


def _decision(payment_id: str, event: Event, reason: Reason | None) -> Decision:
    state = NEXT[State.ACCEPTED, event]
    return Decision(payment_id=payment_id, event=event, state=state, reason=reason)


def _metadata(payment: PaymentRecord) -> dict[str, str]:
    given = {
        "end_to_end_id": payment.end_to_end_id,
        "instruction_id": payment.instruction_id,
        "debtor_name": payment.debtor_name,
        "debtor_iban": payment.debtor_iban,
        "creditor_name": payment.creditor_name,
        "creditor_iban": payment.creditor_iban,
        "remittance": payment.remittance,
    }
    return {key: text for key, raw in given.items() if (text := _text(raw)) is not None}


def _text(given: str | None) -> str | None:
    # The one control character that XML allows and the books do not.
    return (given or "").replace("\x7f", "?").strip()[:METADATA_TEXT_MAX] or None
