"""What a person's client keeps, as text: the token of a session, and the secret of a sign-in that is under way.

Each has a checksum, which catches a typo without a look-up, as that of a key does. What goes through the browser and
the provider during a sign-in is derived from the client's secret, each by a hash of its own: none tells another, so
whoever sees an address on its way cannot finish what somebody else began.
"""

import hashlib
import re
import zlib

from tallystick.identity.model.jws import encoded
from tallystick.kernel import ids

SECRET_BYTES = 32
DEVICE_MIN, DEVICE_MAX = 16, 200
_SECRET_DIGITS = 52  # 260 bits hold 256
_CHECK_DIGITS = 7  # 35 bits hold a CRC-32
_DIGIT = "[0-9a-hjkmnp-tv-z]"
_SESSION = re.compile(rf"tses_{_DIGIT}{{26}}_{_DIGIT}{{{_SECRET_DIGITS + _CHECK_DIGITS}}}")
_FLOW = re.compile(rf"tsin_{_DIGIT}{{{_SECRET_DIGITS + _CHECK_DIGITS}}}")
_DEVICE = re.compile(rf"[!-~]{{{DEVICE_MIN},{DEVICE_MAX}}}")


def session_text(*, session_id: str, secret: bytes) -> str:
    """Write the token of a session: ``tses_``, its id without the kind, ``_``, the secret and the checksum."""
    return _checked(f"tses_{session_id.partition('_')[2]}_{_digits(secret)}")


def flow_text(secret: bytes) -> str:
    """Write the secret of a sign-in: ``tsin_``, 256 bits of chance and the checksum."""
    return _checked(f"tsin_{_digits(secret)}")


def is_session(text: str) -> bool:
    """Tell whether a text has the shape of a session's token and its checksum. It says nothing about who knows it."""
    return _SESSION.fullmatch(text) is not None and _checked(text[:-_CHECK_DIGITS]) == text


def is_flow(text: str) -> bool:
    """Tell whether a text has the shape of a sign-in's secret and its checksum."""
    return _FLOW.fullmatch(text) is not None and _checked(text[:-_CHECK_DIGITS]) == text


def is_device(text: str) -> bool:
    """Tell whether a text can be what a device is known by: 16 to 200 printable characters of ASCII."""
    return _DEVICE.fullmatch(text) is not None


def hash_of(text: str) -> bytes:
    """What is kept of a text with 256 bits of chance in it: one round of SHA-256 is enough."""
    return hashlib.sha256(text.encode()).digest()


def device_mark(tenant_id: int, device: str) -> str:
    """What is kept of a device's id, '' of none: two tenants do not see that a device is the same."""
    return hash_of(f"device:{tenant_id}:{device}").hex() if device else ""


def state_of(flow: str) -> str:
    """What the provider sends back with its answer (RFC 6749, section 4.1.1; ``RelayState`` of SAML)."""
    return _derived("state", flow)


def nonce_of(flow: str) -> str:
    """What the ID token must carry (OpenID Connect Core 1.0, section 3.1.2.1)."""
    return _derived("nonce", flow)


def verifier_of(flow: str) -> str:
    """What proves at the token endpoint that the sign-in is ours: 43 characters (RFC 7636, section 4.1)."""
    return _derived("verifier", flow)


def challenge_of(flow: str) -> str:
    """What is shown of the verifier beforehand: its S256 (RFC 7636, section 4.2)."""
    return encoded(hashlib.sha256(verifier_of(flow).encode()).digest())


def request_id_of(state: str) -> str:
    """The ID of the request for SAML, which its answer must name: an ``xs:ID``, so it starts with a letter."""
    return f"r{hash_of(f'request:{state}').hex()}"


def _derived(use: str, flow: str) -> str:
    return encoded(hash_of(f"{use}:{flow}"))


def _digits(secret: bytes) -> str:
    return ids.base32(int.from_bytes(secret, "big"), width=_SECRET_DIGITS)


def _checked(unchecked: str) -> str:
    return unchecked + ids.base32(zlib.crc32(unchecked.encode()), width=_CHECK_DIGITS)
