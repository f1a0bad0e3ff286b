"""A customer credit transfer initiation (pain.001) as it was read, before anybody judged it."""

import msgspec


class CreditTransfer(msgspec.Struct, frozen=True, kw_only=True):
    """One transfer of a block. ``position`` counts from 1 inside the block.

    ``amount`` is the decimal as written, without sign and leading zeros. ``is_equivalent_amount``
    says that it stood in ``EqvtAmt``: so much of ``currency`` to be paid out in another one.
    """

    position: int
    instruction_id: str | None
    end_to_end_id: str
    uetr: str | None
    amount: str
    currency: str
    is_equivalent_amount: bool
    creditor_name: str | None
    creditor_iban: str | None
    creditor_account_other: str | None
    creditor_account_currency: str | None
    creditor_agent_bic: str | None
    remittance_unstructured: tuple[str, ...]
    structured_reference: str | None


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """Transfers from one debtor account on one day (``PmtInf``). ``position`` counts from 1.

    ``requested_execution_date`` is the calendar day as written, ``2026-03-01``, without time and
    offset. ``currency`` is the one the debtor account was said to have.
    """

    position: int
    payment_information_id: str
    method: str
    batch_booking: bool | None
    requested_execution_date: str
    debtor_name: str | None
    debtor_iban: str | None
    debtor_account_other: str | None
    debtor_agent_bic: str | None
    currency: str | None
    transaction_count: str | None
    control_sum: str | None
    transactions: tuple[CreditTransfer, ...]


class Initiation(msgspec.Struct, frozen=True, kw_only=True):
    """The whole message. Counts, sums and ``created_at`` are the sender's text, to be echoed."""

    message: str
    message_id: str
    created_at: str
    transaction_count: str
    control_sum: str | None
    initiating_party: str | None
    blocks: tuple[Block, ...]
