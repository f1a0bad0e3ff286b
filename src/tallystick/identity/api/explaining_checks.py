"""What is asked of a question before it is decided and kept: a question stays on record, so it is short and sound."""

from typing import Final

from tallystick.identity.api.access import Explain
from tallystick.kernel.money import AMOUNT_MAX, to_int
from tallystick.kernel.problems import malformed

ASKED_TEXT_MAX: Final = 200
_TEXTS: Final = ("holder", "action", "account", "credit", "asset", "on")


def checked_explain(message: Explain) -> None:
    """Raise Malformed for a text above 200 characters or not printable, or an amount outside 0 to 10^38 - 1."""
    for name in _TEXTS:
        text = getattr(message, name)
        if text is None:
            continue
        if len(text) > ASKED_TEXT_MAX:
            raise malformed(name, f"it has at most {ASKED_TEXT_MAX} characters")
        if not text.isprintable():
            raise malformed(name, "it has no control characters")
    if message.amount is None:
        return
    try:
        amount = to_int(message.amount)
    except ValueError as error:
        raise malformed("amount", str(error)) from None
    if not 0 <= amount <= AMOUNT_MAX:
        raise malformed("amount", "an amount is 0 or more, and has at most 38 digits")
