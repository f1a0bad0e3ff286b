"""What payments answer."""

from tallystick.kernel.messages import Message
from tallystick.kernel.money import Digits
from tallystick.payments.api.words import FileStatus, PaymentState


class PaymentCounts(Message, frozen=True, kw_only=True):
    """How many payments a file has, and how many stand where. None is ``accepted`` any more once it is finished."""

    total: int
    accepted: int
    settled: int
    rejected: int


class StatedReason(Message, frozen=True, kw_only=True):
    """Why something was rejected: a code of ISO 20022, its name there, and a sentence."""

    code: str
    name: str
    text: str


class FileAnswer(Message, frozen=True, kw_only=True):
    """What became of a file; ``replayed`` when it had come before, and then nothing was paid now.

    ``report`` is the pain.002. Where payments are still ``accepted`` it is an interim one: they are being booked, and
    ``report`` answers the final one later.
    """

    file_id: str
    message: str
    message_id: str
    status: FileStatus
    payments: PaymentCounts
    replayed: bool = False
    report: bytes = b""


class File(Message, frozen=True, kw_only=True):
    """A file that was read. ``message`` is its kind, such as ``pain.001.001.09``; ``reason`` rejects all of it."""

    file_id: str
    message: str
    message_id: str
    status: FileStatus
    payments: PaymentCounts
    received_at: str
    finished_at: str | None = None
    initiating_party: str | None = None
    reason: StatedReason | None = None


class Payment(Message, frozen=True, kw_only=True):
    """A payment: one transfer of a file. ``payment_id`` is also the id of its transaction in the books.

    ``instructed_amount`` is the decimal as it was written; ``amount`` the same in minor units, absent where it could
    not be read so.
    """

    payment_id: str
    file_id: str
    payment_information_id: str
    rail: str
    state: PaymentState
    end_to_end_id: str
    instructed_amount: str
    currency: str
    received_at: str
    amount: Digits | None = None
    instruction_id: str | None = None
    uetr: str | None = None
    debtor_name: str | None = None
    debtor_iban: str | None = None
    creditor_name: str | None = None
    creditor_iban: str | None = None
    remittance: str | None = None
    reason: StatedReason | None = None
    decided_at: str | None = None


class Transition(Message, frozen=True, kw_only=True):
    """One move of a payment: who moved it, when, from where to where, and why when it was rejected."""

    number: int
    recorded_at: str
    actor: str
    event: str
    state_before: PaymentState
    state_after: PaymentState
    reason_code: str | None = None


class PaymentDetail(Message, frozen=True, kw_only=True):
    """A payment with its moves, first to last."""

    payment: Payment
    transitions: tuple[Transition, ...]


class FileDetail(Message, frozen=True, kw_only=True):
    """A file with a page of its payments; ``after`` is the cursor of the next, absent at the end."""

    file: File
    payments: tuple[Payment, ...]
    after: str | None = None


class FilePage(Message, frozen=True, kw_only=True):
    """A page of files; ``after`` is the cursor of the next, absent at the end."""

    items: tuple[File, ...]
    after: str | None = None


class PaymentPage(Message, frozen=True, kw_only=True):
    """A page of payments; ``after`` is the cursor of the next, absent at the end."""

    items: tuple[Payment, ...]
    after: str | None = None


class Report(Message, frozen=True, kw_only=True):
    """The pain.002 of a file; once ``final`` it is the same bytes every time."""

    file_id: str
    final: bool
    content: bytes
