"""What payments answer."""

from typing import Annotated

from tallystick.kernel.fields import Asset, Exponent, Minor, NextCursor, Replayed, Time, told
from tallystick.kernel.messages import Message
from tallystick.payments.api.words import FileStatus, PaymentState


class PaymentCounts(Message, frozen=True, kw_only=True):
    """How many payments a file has, and how many stand where. None is ``accepted`` any more once it is finished."""

    total: Annotated[int, told("All of them.")]
    accepted: Annotated[int, told("Those still being booked.")]
    settled: Annotated[int, told("Those that were paid.")]
    rejected: Annotated[int, told("Those that were not.")]


class StatedReason(Message, frozen=True, kw_only=True):
    """Why something was rejected: a code of ISO 20022, its name there, and a sentence."""

    code: Annotated[str, told("A code of ISO 20022, such as AM04.")]
    name: Annotated[str, told("Its name there.")]
    text: Annotated[str, told("The reason in a sentence.")]


class FileAnswer(Message, frozen=True, kw_only=True):
    """What became of a file; ``replayed`` when it had come before, and then nothing was paid now.

    ``report`` is the pain.002. Where payments are still ``accepted`` it is an interim one: they are being booked, and
    ``report`` answers the final one later.
    """

    file_id: Annotated[str, told("The id of the file, ``file_…``.")]
    message: Annotated[str, told("The message it is, such as ``pain.001.001.09``.")]
    message_id: Annotated[str, told("What its sender called it (``MsgId``).")]
    status: FileStatus
    payments: PaymentCounts
    replayed: Replayed = False
    report: Annotated[bytes, told("The pain.002, in base 64.")] = b""


class PreviewedTransfer(Message, frozen=True, kw_only=True):
    """What would become of one transfer: it is handed to the books, or rejected for a reason."""

    position: Annotated[int, told("Its place in the file, counted from 1.")]
    payment_information_id: Annotated[str, told("What its sender called its block.")]
    end_to_end_id: Annotated[str, told("What its sender called it, for the receiver.")]
    instructed_amount: Annotated[str, told("The decimal as it was written.")]
    currency: Annotated[str, told("ISO 4217, as it was written.")]
    amount: Annotated[Minor | None, told("The amount in minor units, where it can be read so.")] = (
        None
    )
    debtor_name: Annotated[str | None, told("Who pays.")] = None
    debtor_iban: Annotated[str | None, told("From which account.")] = None
    creditor_name: Annotated[str | None, told("Who is paid.")] = None
    creditor_iban: Annotated[str | None, told("To which account.")] = None
    remittance: Annotated[str | None, told("What it is for.")] = None
    reason: Annotated[StatedReason | None, told("Why it would be rejected.")] = None


class PreviewedSum(Message, frozen=True, kw_only=True):
    """What would be paid of one currency."""

    currency: Asset
    exponent: Exponent
    payments: Annotated[int, told("How many.")]
    amount: Annotated[Minor, told("All together, in minor units.")]


class Obstacle(Message, frozen=True, kw_only=True):
    """What keeps the caller from paying the file as things stand: the refusal it would get."""

    code: Annotated[str, told("The code of the refusal, such as approval_needed.")]
    text: Annotated[str, told("The same in a sentence.")]


class FilePreview(Message, frozen=True, kw_only=True):
    """What would become of a file now. Whether the payers' accounts hold enough only the books say, when it is paid."""

    message: Annotated[str, told("The message it is, such as ``pain.001.001.09``.")]
    message_id: Annotated[str, told("What its sender called it (``MsgId``).")]
    total: Annotated[int, told("How many transfers it has.")]
    payable: Annotated[int, told("How many would be handed to the books.")]
    sums: Annotated[tuple[PreviewedSum, ...], told("What would be paid, by currency.")]
    transfers: Annotated[tuple[PreviewedTransfer, ...], told("In the order of the file.")]
    initiating_party: Annotated[str | None, told("Who sends it, as it says.")] = None
    known: Annotated[
        str | None, told("The file that came before with the same content: nothing would be paid.")
    ] = None
    reason: Annotated[StatedReason | None, told("Why all of it would be rejected.")] = None
    obstacle: Annotated[Obstacle | None, told("What keeps the caller from paying it.")] = None
    after: Annotated[int | None, told("``after`` of the next page; absent at the end.")] = None


class File(Message, frozen=True, kw_only=True):
    """A file that was read. ``message`` is its kind, such as ``pain.001.001.09``; ``reason`` rejects all of it."""

    file_id: Annotated[str, told("The id of the file, ``file_…``.")]
    message: Annotated[str, told("The message it is, such as ``pain.001.001.09``.")]
    message_id: Annotated[str, told("What its sender called it (``MsgId``).")]
    status: FileStatus
    payments: PaymentCounts
    received_at: Time
    finished_at: Annotated[Time | None, told("When its last payment was decided.")] = None
    initiating_party: Annotated[str | None, told("Who sent it, as it says.")] = None
    reason: Annotated[StatedReason | None, told("Why all of it was rejected.")] = None


class Payment(Message, frozen=True, kw_only=True):
    """A payment: one transfer of a file. ``payment_id`` is also the id of its transaction in the books.

    ``instructed_amount`` is the decimal as it was written; ``amount`` the same in minor units, absent where it could
    not be read so.
    """

    payment_id: Annotated[
        str, told("Ours, ``pay_…``; also the id of its transaction in the ledger.")
    ]
    file_id: Annotated[str, told("The id of the file, ``file_…``.")]
    payment_information_id: Annotated[str, told("What its sender called its block.")]
    rail: Annotated[str, told("The rail that carries it.")]
    state: PaymentState
    end_to_end_id: Annotated[str, told("What its sender called it, for the receiver.")]
    instructed_amount: Annotated[str, told("The decimal as it was written.")]
    currency: Annotated[str, told("ISO 4217, as it was written.")]
    received_at: Time
    amount: Annotated[Minor | None, told("The amount in minor units, where it can be read so.")] = (
        None
    )
    instruction_id: Annotated[str | None, told("What its sender called it, for us.")] = None
    uetr: Annotated[str | None, told("Its unique end-to-end transaction reference.")] = None
    debtor_name: Annotated[str | None, told("Who pays.")] = None
    debtor_iban: Annotated[str | None, told("From which account.")] = None
    creditor_name: Annotated[str | None, told("Who is paid.")] = None
    creditor_iban: Annotated[str | None, told("To which account.")] = None
    remittance: Annotated[str | None, told("What it is for.")] = None
    reason: Annotated[StatedReason | None, told("Why it was rejected.")] = None
    decided_at: Annotated[Time | None, told("When it was settled or rejected.")] = None


class Transition(Message, frozen=True, kw_only=True):
    """One move of a payment: who moved it, when, from where to where, and why when it was rejected."""

    number: Annotated[int, told("Counts the moves of a payment from 1.")]
    recorded_at: Time
    actor: Annotated[str, told("The key or job that moved it.")]
    event: Annotated[str, told("What happened.")]
    state_before: PaymentState
    state_after: PaymentState
    reason_code: Annotated[str | None, told("Why it was rejected.")] = None


class PaymentDetail(Message, frozen=True, kw_only=True):
    """A payment with its moves, first to last."""

    payment: Payment
    transitions: Annotated[tuple[Transition, ...], told("First to last.")]


class FileDetail(Message, frozen=True, kw_only=True):
    """A file with a page of its payments; ``after`` is the cursor of the next, absent at the end."""

    file: File
    payments: Annotated[tuple[Payment, ...], told("In the order of the file.")]
    after: NextCursor | None = None


class FilePage(Message, frozen=True, kw_only=True):
    """A page of files; ``after`` is the cursor of the next, absent at the end."""

    items: Annotated[tuple[File, ...], told("Newest first.")]
    after: NextCursor | None = None


class PaymentPage(Message, frozen=True, kw_only=True):
    """A page of payments; ``after`` is the cursor of the next, absent at the end."""

    items: Annotated[tuple[Payment, ...], told("Newest first.")]
    after: NextCursor | None = None


class Report(Message, frozen=True, kw_only=True):
    """The pain.002 of a file; once ``final`` it is the same bytes every time."""

    file_id: str
    final: bool
    content: bytes
