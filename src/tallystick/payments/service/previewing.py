"""What would become of a file, written as the door's answer."""

from collections.abc import Iterable

from tallystick.kernel.money import to_digits
from tallystick.kernel.problems import Problem
from tallystick.payments.api import FilePreview, Obstacle, PreviewedSum, PreviewedTransfer
from tallystick.payments.model import intake
from tallystick.payments.model.intake import Held
from tallystick.payments.model.screening import ScreenedBlock, ScreenedTransfer
from tallystick.payments.service import answers
from tallystick.payments.service.receiving import Foreseen


def preview(foreseen: Foreseen, *, after: int, limit: int) -> FilePreview:
    """Write the page of transfers that follows ``after`` of them."""
    screened, initiation = foreseen.screened, foreseen.screened.initiation
    pairs = intake.each(screened)
    page = pairs[after : after + limit]
    paid = [(block, one) for block, one in pairs if one.reason is None]
    return FilePreview(
        message=initiation.message,
        message_id=initiation.message_id,
        total=len(pairs),
        payable=len(paid),
        sums=_sums(paid, foreseen.held),
        transfers=tuple(
            _transfer(block, one, position) for position, (block, one) in enumerate(page, after + 1)
        ),
        initiating_party=initiation.initiating_party,
        known=foreseen.known,
        reason=answers.stated(screened.reason),
        obstacle=_obstacle(foreseen.obstacle),
        after=after + limit if after + limit < len(pairs) else None,
    )


def _transfer(block: ScreenedBlock, one: ScreenedTransfer, position: int) -> PreviewedTransfer:
    transfer = one.transfer
    return PreviewedTransfer(
        position=position,
        payment_information_id=block.block.payment_information_id,
        end_to_end_id=transfer.end_to_end_id,
        instructed_amount=transfer.amount,
        currency=transfer.currency,
        amount=to_digits(one.amount_minor) if one.amount_minor else None,
        debtor_name=block.block.debtor_name,
        debtor_iban=block.block.debtor_iban,
        creditor_name=transfer.creditor_name,
        creditor_iban=transfer.creditor_iban,
        remittance=intake.remittance_of(transfer),
        reason=answers.stated(one.reason),
    )


def _sums(
    paid: Iterable[tuple[ScreenedBlock, ScreenedTransfer]], held: Held
) -> tuple[PreviewedSum, ...]:
    counted: dict[tuple[str, int], list[int]] = {}
    for block, one in paid:
        debtor = held[(block.block.debtor_iban or "").upper()]
        counted.setdefault((debtor.asset, debtor.exponent), []).append(one.amount_minor)
    return tuple(
        PreviewedSum(
            currency=currency,
            exponent=exponent,
            payments=len(amounts),
            amount=to_digits(sum(amounts)),
        )
        for (currency, exponent), amounts in sorted(counted.items())
    )


def _obstacle(problem: Problem | None) -> Obstacle | None:
    return None if problem is None else Obstacle(code=problem.code, text=problem.detail)
