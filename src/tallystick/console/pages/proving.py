"""What passkeys are asked and answer, as pages carry it."""

from typing import Any

import msgspec

from tallystick.console.forms import Form
from tallystick.kernel.problems import malformed

CREDENTIAL_CHARS_MAX = 16_384


def options_text(options: dict[str, Any] | None) -> str:
    """Options for a passkey as the text that a form carries; '' for none."""
    return "" if options is None else msgspec.json.encode(options).decode()


def credential_of(form: Form, name: str) -> dict[str, Any]:
    """What a passkey answered, as the script wrote it into a field. Raises Malformed."""
    text = form.text(name, most=CREDENTIAL_CHARS_MAX)
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, ValueError):
        raise malformed(name, "no passkey answered; this needs a browser with scripts") from None
