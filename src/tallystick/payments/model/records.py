"""Files, blocks and payments as they are kept: what is written once and what moves on."""

import msgspec

from tallystick.kernel.instants import Instant
from tallystick.payments.model.reasons import Reason
from tallystick.payments.model.states import Event, State


class NewFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file to keep. ``debtors`` are the accounts its message id is used for, each once, sorted."""

    file_id: str
    report_id: str
    sha256: bytes
    fingerprint: bytes
    message: str
    message_id: str
    initiating_party: str | None
    original_created_at: str
    stated_count: str
    stated_sum: str | None
    reason_code: str | None
    reason_text: str | None
    debtors: tuple[str, ...]


class FileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it is kept, how far its payments are, and the accounts that pay in it."""

    file_id: str
    report_id: str
    fingerprint: bytes
    message: str
    message_id: str
    initiating_party: str | None
    original_created_at: str
    stated_count: str
    stated_sum: str | None
    reason_code: str | None
    reason_text: str | None
    total: int
    accepted: int
    settled: int
    rejected: int
    received_at: Instant
    finished_at: Instant | None
    debit_addresses: tuple[str, ...] = ()


class BlockRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A block as it is kept. ``position`` counts from 1."""

    position: int
    payment_information_id: str
    stated_count: str | None
    stated_sum: str | None
    reason_code: str | None
    reason_text: str | None


class PaymentRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as it is kept. One that was accepted has an amount and its places in the books; one that was rejected
    has its payer's, where there is one."""

    payment_id: str
    file_id: str
    block: int
    payment_information_id: str
    rail: str
    state: State
    end_to_end_id: str
    instruction_id: str | None
    uetr: str | None
    instructed_amount: str
    currency: str
    amount: int | None
    debtor_name: str | None
    debtor_iban: str | None
    creditor_name: str | None
    creditor_iban: str | None
    remittance: str | None
    ledger: str | None
    debit_address: str | None
    credit_address: str | None
    reason_code: str | None
    reason_text: str | None
    received_at: Instant = 0
    decided_at: Instant | None = None


class EventRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A move of a payment as it is kept."""

    number: int
    recorded_at: Instant
    actor: str
    event: Event
    state_before: State
    state_after: State
    reason_code: str | None


def reason_of(record: FileRecord | BlockRecord | PaymentRecord) -> Reason | None:
    """Why it was rejected, if it was."""
    if record.reason_code is None:
        return None
    return Reason(record.reason_code, record.reason_text or "")
