"""Proofs of possession (DPoP, RFC 9449): a small token per request, signed by the key an access token is bound to."""

import re
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlsplit

from tallystick.identity.model import jws
from tallystick.identity.model.jws import BadToken
from tallystick.kernel.instants import SECOND, Instant

PROOF_SECONDS_MAX = 60
"""So old a proof may be when it arrives, in seconds, beside the skew of clocks (RFC 9449, section 11.1)."""
JTI_MAX = 200
THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")

_PORTS = {"https": ":443", "http": ":80"}


class Proof(NamedTuple):
    """A proof that holds: the thumbprint of its key (RFC 7638), what it may be spent as, and until when."""

    thumbprint: str
    once: str
    until: Instant


def read_proof(
    text: str, *, method: str, url: str, now: Instant, token: str | None = None
) -> Proof:
    """Check a proof by RFC 9449, section 4.3, all but its being shown once. Raises BadToken.

    ``url`` is where the request went, without query; with ``token`` it must be bound to that access token.
    """
    proof = jws.parse_jws(text, brings_key=True)
    key = jws.read_key(proof.header.get("jwk"))._replace(kid=None)
    jws.verify_jws(proof, keys=(key,), algorithms=jws.FAPI_ALGORITHMS, types=("dpop+jwt",))
    claims = proof.claims
    jws.check_times(claims, now=now, needs=("iat",))
    if now // SECOND - claims["iat"] > PROOF_SECONDS_MAX + jws.SKEW_S:
        raise BadToken("the proof is too old: make one for each request, by a clock that is right")
    once = claims.get("jti")
    if not isinstance(once, str) or not 1 <= len(once) <= JTI_MAX:
        raise BadToken(f"the proof has a jti of 1 to {JTI_MAX} characters")
    if claims.get("htm") != method:
        raise BadToken("the proof is for another method")
    there = claims.get("htu")
    if not isinstance(there, str) or place_of(there) != place_of(url):
        raise BadToken(f"the proof is for another address than {url}")
    if token is not None and claims.get("ath") != jws.encoded(sha256(token.encode()).digest()):
        raise BadToken("the proof is for another access token, or does not name it (ath)")
    return Proof(
        thumbprint=key.thumbprint,
        once=f"{key.thumbprint}.{once}",
        until=(claims["iat"] + PROOF_SECONDS_MAX + 2 * jws.SKEW_S) * SECOND,
    )


def place_of(url: str) -> str:
    """A URL without query and fragment, as RFC 3986, section 6.2, normalises scheme, host and port. Raises BadToken."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.lower()
    except ValueError:
        raise BadToken("the address of the proof is none") from None
    return f"{parts.scheme}://{host.removesuffix(_PORTS.get(parts.scheme, ':'))}{parts.path or '/'}"
