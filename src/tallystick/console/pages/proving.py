"""What passkeys are asked and answer, as pages carry it."""

import base64
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


def names_no_tenant(credential: dict[str, Any]) -> bool:
    """Whether a passkey says whose it is, but not of which tenant: those of before do."""
    response = credential.get("response")
    handle = response.get("userHandle") if isinstance(response, dict) else None
    try:
        text = base64.urlsafe_b64decode(str(handle or "") + "===")
    except ValueError:
        return False
    return bool(text) and b":" not in text
