"""What a token says of a person, checked strictly: ID tokens by OpenID Connect Core 1.0, access tokens by RFC 9068.

Nothing is read of a token that was not signed as the provider's row allows. Why one is refused goes into the record;
whoever sent it is told no more than that it was.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, cast

from tallystick.identity.model.jws import (
    OIDC_ALGORITHMS,
    BadToken,
    Jws,
    PublicKey,
    check_times,
    encoded,
    verify_jws,
)
from tallystick.kernel.instants import SECOND, Instant

SKEW_S = 60
"""So far the clock of a provider may be off, in seconds. Times outside it are refused."""
ID_TOKEN_AGE_S = 600
"""So old an ID token may be when it is brought, in seconds: it answers a sign-in that was under way."""
SUBJECT_MAX = 255
LIST_MAX = 20
_WORD_MAX = 200
_ID_TYPES = frozenset({None, "jwt"})
_ACCESS_TYPES = frozenset({"at+jwt"})
# RFC 8176, section 2: several factors were used, whichever they were.
_MFA = "mfa"


class Proven(NamedTuple):
    """Who signed in, as the provider says: its name for the person, by which methods, when a second factor was shown.

    ``until`` is when what proves it ends.
    """

    issuer: str
    subject: str
    methods: tuple[str, ...]
    mfa_at: Instant | None
    until: Instant


class Trust(NamedTuple):
    """What a tenant takes from one provider: which algorithms, and whether its word about second factors counts."""

    issuer: str
    client: str
    algorithms: frozenset[str]
    trusts_mfa: bool
    mfa_contexts: frozenset[str]


def algorithms_of(names: Collection[str]) -> frozenset[str]:
    """The algorithms of a provider; ``EdDSA`` and ``Ed25519`` are two names of one. Raises ValueError for any other."""
    asked = frozenset(names)
    if not asked or not asked <= OIDC_ALGORITHMS:
        raise ValueError(f"algorithms are among {', '.join(sorted(OIDC_ALGORITHMS))}")
    return asked | {"EdDSA", "Ed25519"} if asked & {"EdDSA", "Ed25519"} else asked


def check_id_token(
    jws: Jws,
    *,
    keys: Sequence[PublicKey],
    trust: Trust,
    nonce: str,
    access_token: str | None,
    now: Instant,
) -> Proven:
    """Answer whom an ID token names (OpenID Connect Core 1.0, section 3.1.3.7). Raises BadToken.

    ``access_token`` is what came with it: ``at_hash``, when present, must be its hash (section 3.1.3.6).
    """
    verify_jws(jws, keys=keys, algorithms=trust.algorithms, types=_ID_TYPES)
    claims = jws.claims
    _check_issuer(claims, trust.issuer)
    # One audience alone: further ones would be trusted by us without our knowing them (section 3.1.3.7, number 3).
    if _audiences(claims) != [trust.client]:
        raise BadToken("the token is for another client")
    if "azp" in claims and claims["azp"] != trust.client:
        raise BadToken("the token was issued to another client")
    check_times(claims, now=now, skew_s=SKEW_S, needs=("exp", "iat"))
    if now // SECOND - claims["iat"] > ID_TOKEN_AGE_S + SKEW_S:
        raise BadToken("the token was issued too long ago")
    if claims.get("nonce") != nonce:
        raise BadToken("the nonce is not that of this sign-in")
    _check_access_hash(jws, access_token)
    return _proven(claims, trust, now)


def check_access_token(
    jws: Jws, *, keys: Sequence[PublicKey], trust: Trust, audience: str, now: Instant
) -> Proven:
    """Answer whom an access token names (RFC 9068, section 4). Raises BadToken.

    A token that is bound to a key (RFC 7800, ``cnf``) is no bearer token, and is refused as one.
    """
    verify_jws(jws, keys=keys, algorithms=trust.algorithms, types=_ACCESS_TYPES)
    claims = jws.claims
    _check_issuer(claims, trust.issuer)
    if audience not in _audiences(claims):
        raise BadToken("the token is for another resource")
    check_times(claims, now=now, skew_s=SKEW_S, needs=("exp", "iat"))
    for name in ("client_id", "jti"):
        _word(claims, name, most=_WORD_MAX)
    if "cnf" in claims:
        raise BadToken("the token is bound to a key, and came without it")
    return _proven(claims, trust, now)


def claimed(jws: Jws) -> tuple[str, list[str]]:
    """Issuer and audiences as an unverified token claims them, to find whose keys to ask. Raises BadToken."""
    return _word(jws.claims, "iss", most=500), _audiences(jws.claims)


def _check_issuer(claims: Mapping[str, Any], issuer: str) -> None:
    if claims.get("iss") != issuer:
        raise BadToken("the token is of another issuer")


def _audiences(claims: Mapping[str, Any]) -> list[str]:
    given = claims.get("aud")
    found = [given] if isinstance(given, str) else given
    if not isinstance(found, list) or not 1 <= len(cast("list[Any]", found)) <= LIST_MAX:
        raise BadToken("the token names no audience")
    texts = cast("list[Any]", found)
    if not all(isinstance(text, str) and 1 <= len(text) <= 500 for text in texts):
        raise BadToken("the token names no audience")
    return texts


def _check_access_hash(jws: Jws, access_token: str | None) -> None:
    if "at_hash" not in jws.claims:
        return
    # Ed25519 hashes with SHA-512, all others here with SHA-256; the left half is compared.
    kind = hashlib.sha512 if jws.header["alg"] in ("EdDSA", "Ed25519") else hashlib.sha256
    digest = kind((access_token or "").encode()).digest()
    if access_token is None or jws.claims["at_hash"] != encoded(digest[: len(digest) // 2]):
        raise BadToken("at_hash is not that of the access token")


def _proven(claims: Mapping[str, Any], trust: Trust, now: Instant) -> Proven:
    subject = _word(claims, "sub", most=SUBJECT_MAX)
    methods = claims.get("amr", [])
    if not isinstance(methods, list) or len(cast("list[Any]", methods)) > LIST_MAX:
        raise BadToken("amr is no short list")
    words = cast("list[Any]", methods)
    if not all(isinstance(word, str) and 1 <= len(word) <= 50 for word in words):
        raise BadToken("amr is no list of words")
    proven_at = claims.get("auth_time", claims["iat"])
    if type(proven_at) is not int or not 0 <= proven_at <= now // SECOND + SKEW_S:
        raise BadToken("auth_time is no time that has been")
    has_mfa = trust.trusts_mfa and (_MFA in words or _acr(claims) in trust.mfa_contexts)
    return Proven(
        issuer=trust.issuer,
        subject=subject,
        methods=tuple(words),
        mfa_at=min(proven_at * SECOND, now) if has_mfa else None,
        until=(claims["exp"] + SKEW_S) * SECOND,
    )


def _acr(claims: Mapping[str, Any]) -> str:
    given = claims.get("acr")
    return given if isinstance(given, str) else ""


def _word(claims: Mapping[str, Any], name: str, *, most: int) -> str:
    text = claims.get(name)
    if not isinstance(text, str) or not 1 <= len(text) <= most or not text.isprintable():
        raise BadToken(f"{name} is no text of 1 to {most} characters")
    return text
