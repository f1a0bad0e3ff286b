"""Which payments a list is asked for: of whom, of what state, and received when."""

from typing import Final

import msgspec

from tallystick.kernel import ids, instants
from tallystick.kernel.money import to_int
from tallystick.kernel.problems import malformed
from tallystick.payments.api import ListPayments, SubmitFile
from tallystick.payments.model.states import State

_TEXT_MAX: Final = 64
# Every id of ours sorts after the one and before the other.
_FIRST, _LAST = "", "~"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is narrowed to; payments from the id ``first`` on and before ``beyond``, which sort by time.

    ``creditor_iban`` is in capitals without spaces, ``amount`` in minor units; both narrow what one debtor pays.
    """

    file_id: str | None
    end_to_end_id: str | None
    state: State | None
    creditor_iban: str | None
    amount: int | None
    first: str
    beyond: str


def wanted(message: ListPayments) -> Wanted:
    """What a message asks for. Raises Malformed."""
    for name in ("debtor", "creditor_iban"):
        text: str | None = getattr(message, name)
        if text is not None and (len(text) > _TEXT_MAX or not text.isascii() or "\0" in text):
            raise malformed(name, f"at most {_TEXT_MAX} characters of ASCII")
    if message.debtor is None:
        for name in ("creditor_iban", "amount"):
            if getattr(message, name) is not None:
                raise malformed(name, "it narrows what one debtor pays: say the debtor too")
    iban = message.creditor_iban
    try:
        amount = None if message.amount is None else to_int(message.amount)
    except ValueError as error:
        raise malformed("amount", str(error)) from None
    return Wanted(
        file_id=message.file_id,
        end_to_end_id=message.end_to_end_id,
        state=message.state,
        creditor_iban=None if iban is None else "".join(iban.split()).upper(),
        amount=amount,
        first=_edge("since", message.since) or _FIRST,
        beyond=_edge("until", message.until) or _LAST,
    )


def since(message: SubmitFile) -> str | None:
    """The first id of payments that are looked at for a like one; None where nobody asks. Raises Malformed."""
    return _edge("unless_paid_since", message.unless_paid_since)


def _edge(name: str, at: str | None) -> str | None:
    if at is None:
        return None
    try:
        instant = instants.parse(at)
    except ValueError as error:
        raise malformed(name, str(error)) from None
    return ids.make("pay", now_ms=max(0, instant // 1_000), entropy=bytes(ids.ENTROPY_BYTES))
