"""What clients ask the token endpoint for: forms (RFC 6749), pushed requests (RFC 9126), PKCE (RFC 7636), scopes."""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from tallystick.identity.model import jws
from tallystick.identity.model.dpop import THUMBPRINT
from tallystick.kernel.instants import SECOND, Instant

FORM_BYTES_MAX = 32_768
FORM_FIELDS_MAX = 40
STATE_MAX = 512
REDIRECTS_MAX, REDIRECT_MAX = 10, 500
REQUEST_SECONDS = 300
"""So long a pushed request may be agreed to, in seconds: FAPI 2.0, section 5.3.2.2, says below 600."""
CODE_SECONDS = 60
"""So long a code is good, in seconds: FAPI 2.0, section 5.3.2.2, says 60 at most."""
SECRET_BYTES = 32
REQUEST_URI = "urn:ietf:params:oauth:request_uri:"

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_SECRET_TEXT = re.compile(r"(con_[0-9a-hjkmnp-tv-z]{26})\.([A-Za-z0-9_-]{43})")
_PRINTABLE = re.compile(r"[!-~]+")
_LOOPBACK = frozenset({"127.0.0.1", "::1"})


class BadGrant(ValueError):
    """A request that OAuth has a word for: ``error`` is that word (RFC 6749, section 5.2), the text says why."""

    def __init__(self, error: str, reason: str) -> None:
        super().__init__(reason)
        self.error = error


class Wanted(NamedTuple):
    """What a third party asks a person for."""

    redirect_uri: str
    scope: tuple[str, ...]
    state: str | None
    code_challenge: str
    dpop_thumbprint: str | None
    expires_at: Instant


def read_form(body: bytes) -> dict[str, str]:
    """Read a form: names once each (RFC 6749, section 3.2), values of UTF-8. Raises BadGrant."""
    if len(body) > FORM_BYTES_MAX:
        raise BadGrant("invalid_request", f"a form has at most {FORM_BYTES_MAX} bytes")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=FORM_FIELDS_MAX,
        )
    except ValueError:
        raise BadGrant("invalid_request", "the body is no form that can be read") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadGrant("invalid_request", "a parameter comes twice")
    if any("\0" in name or "\0" in value for name, value in pairs):
        raise BadGrant("invalid_request", "text has no U+0000")
    # A parameter without a value is taken as left out (RFC 6749, section 3.2).
    return {name: value for name, value in pairs if value}


def needed(form: Mapping[str, str], name: str) -> str:
    """Answer a parameter. Raises BadGrant when it is not there."""
    if name not in form:
        raise BadGrant("invalid_request", f"{name} is missing")
    return form[name]


def read_wanted(
    form: Mapping[str, str],
    *,
    redirects: Iterable[str],
    scope: tuple[str, ...],
    proof: str | None,
    now: Instant,
) -> Wanted:
    """Read a pushed request of a third party; ``proof`` is the thumbprint of the DPoP key it was sent with.

    Raises BadGrant. ``scope`` is what the request asks for, read already.
    """
    if "request_uri" in form or "request" in form:
        raise BadGrant("invalid_request", "a pushed request has its parameters in the form")
    if needed(form, "response_type") != "code":
        raise BadGrant("unsupported_response_type", "response_type is code")
    if form.get("response_mode", "query") != "query":
        raise BadGrant("invalid_request", "response_mode is query")
    redirect = needed(form, "redirect_uri")
    if redirect not in redirects:
        raise BadGrant(
            "invalid_request", "redirect_uri is one of those of the client, to the letter"
        )
    if form.get("code_challenge_method") != "S256":
        raise BadGrant("invalid_request", "code_challenge_method is S256")
    challenge = needed(form, "code_challenge")
    if not _CHALLENGE.fullmatch(challenge):
        raise BadGrant("invalid_request", "code_challenge is 43 characters of base64url")
    state = form.get("state")
    if state is not None and not (len(state) <= STATE_MAX and _PRINTABLE.fullmatch(state)):
        raise BadGrant(
            "invalid_request", f"state is at most {STATE_MAX} printable ASCII characters"
        )
    thumbprint = form.get("dpop_jkt", proof)
    if proof is not None and thumbprint != proof:
        raise BadGrant("invalid_dpop_proof", "dpop_jkt is not the key of the proof")
    if thumbprint is not None and not THUMBPRINT.fullmatch(thumbprint):
        raise BadGrant("invalid_request", "dpop_jkt is a thumbprint of RFC 7638")
    return Wanted(
        redirect_uri=redirect,
        scope=scope,
        state=state,
        code_challenge=challenge,
        dpop_thumbprint=thumbprint,
        expires_at=now + REQUEST_SECONDS * SECOND,
    )


def is_redirect(text: str) -> bool:
    """Tell whether people may be sent to an address: https, or http on a loopback address (RFC 8252, section 7.3)."""
    if len(text) > REDIRECT_MAX or not _PRINTABLE.fullmatch(text) or "#" in text or "\\" in text:
        return False
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)


def verifies(verifier: str, *, challenge: str) -> bool:
    """Tell whether a code verifier is that of a challenge (RFC 7636, section 4.6, S256)."""
    if not _VERIFIER.fullmatch(verifier):
        return False
    return jws.encoded(sha256(verifier.encode()).digest()) == challenge


def read_scope(
    text: str | None, *, known: Iterable[str], allowed: tuple[str, ...]
) -> tuple[str, ...] | None:
    """Read what a client asks for: bundles, space between them, in the order of the alphabet. Raises BadGrant.

    What it may ask for is ``allowed``, or all that is ``known`` when that is empty. When it asks for nothing it gets
    what is allowed; None is then without limit, beside its roles.
    """
    if text is None:
        return tuple(sorted(allowed)) or None
    names = text.split(" ")
    if "" in names or len(set(names)) != len(names):
        raise BadGrant("invalid_scope", "a scope is names, each once, with one space between them")
    may = frozenset(allowed) or frozenset(known)
    for name in names:
        if name not in may:
            raise BadGrant("invalid_scope", "the client may not ask for that scope")
    return tuple(sorted(names))


def secret_text(consent_id: str, secret: bytes) -> str:
    """Write a secret of a consent: a code, or the last part of the address of a pushed request."""
    return f"{consent_id}.{jws.encoded(secret)}"


def read_secret(text: str) -> tuple[str, bytes] | None:
    """Read whose secret it is, and the hash it is kept as; None for what is none."""
    found = _SECRET_TEXT.fullmatch(text)
    return (found[1], sha256(text.encode()).digest()) if found else None
