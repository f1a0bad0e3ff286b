"""The one strict reading of signed tokens: compact JWS (RFC 7515, section 7.1) over JSON, by the rules of RFC 8725.

What is refused whatever the signature says: more than 8 KiB; padding, line ends or any other stranger in a segment, and
spellings of base64url that another reader would spell otherwise; ``none`` and every HMAC; a type that was not asked
for; ``crit`` and keys that the token brings along; a name given twice in one object; times that are no whole numbers.
"""

import binascii
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, cast

from joserfc import jwk
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from tallystick.kernel.instants import SECOND, Instant

TOKEN_BYTES_MAX = 8_192
JWKS_BYTES_MAX = 16_384
KEYS_MAX = 10
KEYS_READ_MAX = 1_000
# What others publish has certificates in it, and keys for other uses.
PUBLISHED_BYTES_MAX = 65_536
PUBLISHED_KEYS_MAX = 50
KID_MAX = 200
RSA_BITS_MIN, RSA_BITS_MAX = 2_048, 4_096
# Exponents are 65537, as good as always; a long one makes every check slow.
RSA_E_BYTES_MAX = 4
SKEW_S = 10
"""So far the clock of whoever signed may be off, in seconds: FAPI 2.0 (section 5.3.2.1, note) asks for up to ten."""

FAPI_ALGORITHMS = frozenset({"PS256", "ES256", "EdDSA", "Ed25519"})
"""What FAPI 2.0, section 5.4.1, allows; ``Ed25519`` is the name that RFC 9864 gives to what ``EdDSA`` was used for."""
OIDC_ALGORITHMS = FAPI_ALGORITHMS | {"RS256"}
"""What ID tokens of other people's issuers may be signed with besides."""

_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
# After an even number of backslashes.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
# What an algorithm is used with: the kind of key, and its curve.
_FITS = {
    "PS256": ("RSA", None),
    "RS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_PUBLIC = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_KEPT = ("kty", "crv", "x", "y", "n", "e", "kid", "alg", "use")
# A token never says itself which key it is verified with; a proof of DPoP does, and is read with ``brings_key``.
_BROUGHT = ("jku", "x5u", "x5c", "jwk")
_SAFE_INTEGER_MAX = 2**53 - 1


class BadToken(ValueError):
    """What was sent is no token that may be trusted. Its text says why in a few words, without quoting the token."""


class PublicKey(NamedTuple):
    """A key that signatures are checked with: what it is called, what it may be used with, its RFC 7638 thumbprint."""

    kid: str | None
    algorithms: frozenset[str]
    thumbprint: str
    key: Any


class Jws(NamedTuple):
    """A token that was taken apart, and not verified: nothing in it may be believed yet."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes


def read_jws(
    token: str,
    *,
    keys: Sequence[PublicKey],
    algorithms: Collection[str],
    types: Collection[str | None],
    now: Instant,
    skew_s: int = SKEW_S,
    needs: Collection[str] = ("exp",),
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Answer header and claims of a token that one of ``keys`` signed and whose time it is. Raises BadToken.

    ``types`` are the values of ``typ`` that are taken, None for a token that has none. ``needs`` names the times among
    ``exp``, ``nbf`` and ``iat`` that must be there; those that are there are always checked.
    """
    jws = parse_jws(token)
    verify_jws(jws, keys=keys, algorithms=algorithms, types=types)
    check_times(jws.claims, now=now, skew_s=skew_s, needs=needs)
    return jws.header, jws.claims


def parse_jws(token: str, *, brings_key: bool = False) -> Jws:
    """Take a token apart without believing it: to find whose it says it is. Raises BadToken."""
    if len(token) > TOKEN_BYTES_MAX:
        raise BadToken(f"a token has at most {TOKEN_BYTES_MAX} characters")
    segments = token.split(".")
    if len(segments) != 3 or not all(map(_SEGMENT.fullmatch, segments)):
        raise BadToken("a token is three segments of base64url without padding")
    header = read_object(decoded(segments[0]))
    if "crit" in header or "b64" in header:
        raise BadToken("no critical extension is known")
    if any(name in header for name in (_BROUGHT[:3] if brings_key else _BROUGHT)):
        raise BadToken("a token does not bring its key")
    return Jws(
        header=header,
        claims=read_object(decoded(segments[1])),
        signed=f"{segments[0]}.{segments[1]}".encode(),
        signature=decoded(segments[2]),
    )


def verify_jws(
    jws: Jws,
    *,
    keys: Sequence[PublicKey],
    algorithms: Collection[str],
    types: Collection[str | None],
) -> PublicKey:
    """Answer the key that signed a token. Raises BadToken when none of ``keys`` did, or header and use do not fit."""
    algorithm, kid = jws.header.get("alg"), jws.header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in algorithms or algorithm not in _FITS:
        raise BadToken("the algorithm is none that is allowed")
    if _type_of(jws.header) not in types:
        raise BadToken("the token is of another type")
    if kid is not None and (not isinstance(kid, str) or len(kid) > KID_MAX):
        raise BadToken("the key has no such name")
    model = JWSRegistry.algorithms[algorithm]
    named = [key for key in keys if kid is None or key.kid in (kid, None)]
    for key in [key for key in named if algorithm in key.algorithms][:KEYS_MAX]:
        if model.verify(jws.signed, jws.signature, key.key):
            return key
    raise BadToken("no known key signed the token")


def check_times(
    claims: Mapping[str, Any],
    *,
    now: Instant,
    skew_s: int = SKEW_S,
    needs: Collection[str] = ("exp",),
) -> None:
    """Check ``exp``, ``nbf`` and ``iat`` (RFC 7519, section 4.1) to the second. Raises BadToken."""
    now_s = now // SECOND
    for name in ("exp", "nbf", "iat"):
        moment = claims.get(name)
        if moment is None and name not in claims:
            if name in needs:
                raise BadToken(f"the token has no {name}")
            continue
        if type(moment) is not int or not 0 <= moment <= _SAFE_INTEGER_MAX:
            raise BadToken(f"{name} is no whole number of seconds")
        if name == "exp" and now_s >= moment + skew_s:
            raise BadToken("the token has expired")
        if name != "exp" and moment > now_s + skew_s:
            raise BadToken("the token is not of this time yet")


def read_key(given: Any) -> PublicKey:
    """Read a public key of a JSON Web Key (RFC 7517). Raises BadToken, also for one with a private part in it."""
    if not isinstance(given, dict):
        raise BadToken("a key is an object")
    found = cast("dict[str, Any]", given)
    if _PRIVATE & found.keys():
        raise BadToken("a key that is sent has no private part: make a new pair, this one is known")
    kind = found.get("kty")
    names = _PUBLIC.get(kind) if isinstance(kind, str) else None
    if names is None or not all(isinstance(found.get(name), str) for name in names):
        raise BadToken("a key is RSA, EC on P-256 or Ed25519, with its public parts")
    kid, curve = found.get("kid"), found.get("crv") if kind != "RSA" else None
    if kid is not None and not (isinstance(kid, str) and 1 <= len(kid) <= KID_MAX):
        raise BadToken(f"a kid is 1 to {KID_MAX} characters")
    fits = {name for name, place in _FITS.items() if place == (kind, curve)}
    if "alg" in found:
        fits &= {found["alg"]} if isinstance(found["alg"], str) else set()
    if not fits or found.get("use", "sig") != "sig":
        raise BadToken("a key is for signatures with PS256, ES256 or Ed25519")
    for name in set(names) - {"crv"}:
        decoded(found[name])
    # Only what makes the key: other members are nobody's business here.
    key, thumbprint = _imported(("kty", kind), *((name, found[name]) for name in names))
    return PublicKey(kid=kid, algorithms=frozenset(fits), thumbprint=thumbprint, key=key)


def read_key_set(text: str | bytes) -> tuple[PublicKey, ...]:
    """Read a JWK Set of 1 to 10 public keys of ours to use, each ``kid`` once. Raises BadToken for any other."""
    given = key_set_members(text)
    if not 1 <= len(given) <= KEYS_MAX:
        raise BadToken(f"a set has 1 to {KEYS_MAX} keys")
    keys = tuple(map(read_key, given))
    named = [key.kid for key in keys if key.kid is not None]
    if len(set(named)) != len(named):
        raise BadToken("two keys have one kid")
    return keys


def usable_keys(text: str | bytes) -> tuple[PublicKey, ...]:
    """Read what we can use of a JWK Set that others publish, at most 64 KiB: keys of other kinds are passed over.

    Raises BadToken for what is no set.
    """
    found: list[PublicKey] = []
    for given in key_set_members(text, bytes_max=PUBLISHED_BYTES_MAX)[:PUBLISHED_KEYS_MAX]:
        try:
            found.append(read_key(given))
        except BadToken:
            continue
    return tuple(found)


def key_set_members(text: str | bytes, *, bytes_max: int = JWKS_BYTES_MAX) -> list[Any]:
    """The members of a JWK Set, unread. Raises BadToken."""
    if len(text) > bytes_max:
        raise BadToken(f"a set of keys has at most {bytes_max} bytes")
    members = read_object(text if isinstance(text, bytes) else text.encode()).get("keys")
    if not isinstance(members, list):
        raise BadToken("a set of keys is an object with the list `keys`")
    return cast("list[Any]", members)


def read_object(text: bytes) -> dict[str, Any]:
    """Read a JSON object in which each name stands once, whose texts are UTF-8 without U+0000. Raises BadToken."""
    try:
        value = json.loads(
            text.decode("utf-8"), object_pairs_hook=_each_name_once, parse_constant=_no_number
        )
        if b"\\u" in text:
            _demand_storable(value)
    except (ValueError, RecursionError):
        raise BadToken("it holds no JSON object that can be read in one way") from None
    if not isinstance(value, dict):
        raise BadToken("it holds no JSON object")
    return cast("dict[str, Any]", value)


def decoded(segment: str) -> bytes:
    """Decode base64url without padding, in its one spelling (RFC 4648, section 3.5). Raises BadToken."""
    if not _SEGMENT.fullmatch(segment):
        raise BadToken("a segment is base64url without padding")
    try:
        content = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except (binascii.Error, ValueError):
        raise BadToken("a segment is base64url without padding") from None
    if encoded(content) != segment:
        raise BadToken("a segment is spelled otherwise than base64url spells it")
    return content


def encoded(content: bytes) -> str:
    """Spell bytes as base64url without padding."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def written(value: Mapping[str, Any]) -> bytes:
    """Write a JSON object without spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def public_members(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a key that ``read_key`` took: what makes it, and what it is for."""
    return {name: given[name] for name in _KEPT if name in given}


def _type_of(header: Mapping[str, Any]) -> str | None:
    if "typ" not in header:
        return None
    kind = header["typ"]
    if not isinstance(kind, str):
        raise BadToken("the token is of another type")
    # RFC 7515, section 4.1.9: the prefix may be left out, and media types have no case.
    return kind.lower().removeprefix("application/")


# Whoever proves possession shows the same key with each request, and reading it takes as long as a signature.
@lru_cache(KEYS_READ_MAX)
def _imported(*parts: tuple[str, str]) -> tuple[Any, str]:
    members: dict[str, Any] = dict(parts)
    if members["kty"] == "RSA":
        bits = int.from_bytes(decoded(members["n"]), "big").bit_length()
        if not RSA_BITS_MIN <= bits <= RSA_BITS_MAX or len(decoded(members["e"])) > RSA_E_BYTES_MAX:
            raise BadToken(f"a key of RSA has {RSA_BITS_MIN} to {RSA_BITS_MAX} bits")
    try:
        key = cast("Any", jwk.import_key(members))
        # Built now: a point that is not on its curve is refused here, and not with the first signature.
        assert key.public_key
        thumbprint: str = key.thumbprint()
    except (JoseError, ValueError, TypeError, OverflowError):
        raise BadToken("the key is none that can be used") from None
    return key, thumbprint


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _demand_storable(value: Any) -> None:
    # Half a pair of surrogates is no UTF-8: encoding it raises ValueError. U+0000 is no text for a database.
    written = json.dumps(value, ensure_ascii=False)
    written.encode()
    if _NUL.search(written):
        raise ValueError("text has no U+0000")


def _no_number(_: str) -> Any:
    raise ValueError("no number of JSON")
