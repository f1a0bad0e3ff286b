"""How clients prove themselves: by an assertion (RFC 7523, as FAPI 2.0 narrows it) or a certificate (RFC 8705)."""

import binascii
import re
from base64 import b64decode
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from tallystick.identity.model import jws
from tallystick.identity.model.jws import BadToken, Jws, PublicKey
from tallystick.kernel.instants import SECOND, Instant

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS_MAX = 300
"""So far ahead an assertion may expire, in seconds."""
JTI_MAX = 200
CERTIFICATE_BYTES_MAX = 16_384

_CLIENT_ID = re.compile(r"cli_[0-9a-hjkmnp-tv-z]{26}")
_BYTE_SEQUENCE = re.compile(r":([A-Za-z0-9+/]*={0,2}):")


class Assertion(NamedTuple):
    """An assertion that holds: what it may be spent as, and until when that is remembered."""

    once: str
    until: Instant


class Certificate(NamedTuple):
    """A certificate that was shown on a connection: SHA-256 of it, and whose it is (RFC 4514)."""

    thumbprint: bytes
    subject: str


def confirmation(certificate: Certificate | None) -> str | None:
    """A certificate's thumbprint as tokens are bound to it: ``x5t#S256`` of RFC 8705, section 3.1."""
    return None if certificate is None else jws.encoded(certificate.thumbprint)


def is_client_id(text: str) -> bool:
    """Tell whether a text has the form of a client's id."""
    return _CLIENT_ID.fullmatch(text) is not None


def read_claimed(text: str) -> tuple[Jws, str]:
    """Take an assertion apart and answer whose it says it is; nothing is proven yet. Raises BadToken."""
    found = jws.parse_jws(text)
    subject = found.claims.get("sub")
    if not isinstance(subject, str) or not is_client_id(subject):
        raise BadToken("the assertion is of no client (sub)")
    return found, subject


def check_assertion(
    found: Jws, *, keys: Sequence[PublicKey], client_id: str, issuer: str, now: Instant
) -> Assertion:
    """Check an assertion of ``client_id``, all but its being shown once. Raises BadToken.

    FAPI 2.0, section 5.3.2.1: its audience is the issuer's identifier, as one string.
    """
    jws.verify_jws(
        found,
        keys=keys,
        algorithms=jws.FAPI_ALGORITHMS,
        types=(None, "jwt", "client-authentication+jwt"),
    )
    claims = found.claims
    jws.check_times(claims, now=now)
    if claims["exp"] > now // SECOND + ASSERTION_SECONDS_MAX + jws.SKEW_S:
        raise BadToken(f"an assertion lasts {ASSERTION_SECONDS_MAX} seconds at most (exp)")
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise BadToken("the assertion is of another client (iss, sub)")
    if claims.get("aud") != issuer:
        raise BadToken(f"the audience of the assertion is {issuer}, as one string (aud)")
    once = claims.get("jti")
    if not isinstance(once, str) or not 1 <= len(once) <= JTI_MAX:
        raise BadToken(f"the assertion has a jti of 1 to {JTI_MAX} characters")
    return Assertion(once=f"{client_id}.{once}", until=(claims["exp"] + 2 * jws.SKEW_S) * SECOND)


def read_certificate_header(text: str, *, now: Instant) -> Certificate:
    """Read the header ``Client-Cert`` (RFC 9440, section 2.2), which a proxy set. Raises BadToken."""
    if len(text) > CERTIFICATE_BYTES_MAX * 4 // 3 + 8:
        raise BadToken(f"a certificate has at most {CERTIFICATE_BYTES_MAX} bytes")
    found = _BYTE_SEQUENCE.fullmatch(text)
    try:
        content = b64decode(found[1], validate=True) if found else b""
    except binascii.Error:
        content = b""
    return read_certificate(content, now=now)


def read_certificate(content: bytes, *, now: Instant) -> Certificate:
    """Read a certificate (X.509, DER) whose time it is. Raises BadToken; who issued it is for the proxy to check."""
    if len(content) > CERTIFICATE_BYTES_MAX:
        raise BadToken(f"a certificate has at most {CERTIFICATE_BYTES_MAX} bytes")
    try:
        found = x509.load_der_x509_certificate(content)
        subject = found.subject.rfc4514_string()
        first, last = (
            int(found.not_valid_before_utc.timestamp()),
            int(found.not_valid_after_utc.timestamp()),
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadToken("the certificate cannot be read") from None
    if not first - jws.SKEW_S <= now // SECOND <= last + jws.SKEW_S:
        raise BadToken("the certificate is not of this time")
    return Certificate(thumbprint=sha256(content).digest(), subject=subject)
