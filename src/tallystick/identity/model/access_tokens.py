"""Access tokens of the platform: JWTs by RFC 9068, bound to a key or certificate by ``cnf`` (RFC 7800)."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from joserfc.jws import JWSRegistry

from tallystick.identity.model import jws
from tallystick.identity.model.jws import BadToken, Jws, PublicKey
from tallystick.kernel import ids
from tallystick.kernel.instants import SECOND, Instant

TOKEN_SECONDS = 300
"""So long an access token lasts, in seconds."""
ALGORITHM = "ES256"
SCOPE_MAX = 1_000


class AccessToken(NamedTuple):
    """What an access token says.

    ``actor`` is who acts with it: the client, or the person it acts for; ``session`` is what decisions are judged by:
    the token itself, or the consent. ``scope`` are the bundles it is narrowed to, None when it is not. It is bound to
    the key with ``key_thumbprint`` or to the certificate with ``certificate_thumbprint``, one of them.
    """

    token_id: str
    tenant_id: int
    client_id: str
    actor: str
    session: str
    scope: tuple[str, ...] | None
    issued_at_s: int
    expires_at_s: int
    key_thumbprint: str | None = None
    certificate_thumbprint: str | None = None


def claims_of(token: AccessToken, *, issuer: str) -> dict[str, Any]:
    """The claims of a token (RFC 9068, section 2.2). Its audience is the platform, which issued it."""
    if token.key_thumbprint is not None:
        bound = {"jkt": token.key_thumbprint}
    else:
        bound = {"x5t#S256": token.certificate_thumbprint}
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": issuer,
        "sub": token.actor,
        "client_id": token.client_id,
        "tenant": ids.tenant_name(token.tenant_id),
        "iat": token.issued_at_s,
        "exp": token.expires_at_s,
        "jti": token.token_id,
        "cnf": bound,
    }
    if token.session != token.token_id:
        claims["consent"] = token.session
    if token.scope is not None:
        claims["scope"] = " ".join(token.scope)
    return claims


def sign(claims: Mapping[str, Any], *, kid: str, private: Any) -> str:
    """Sign claims with a private key of joserfc, under ES256."""
    header = {"alg": ALGORITHM, "kid": kid, "typ": "at+jwt"}
    signed = f"{jws.encoded(jws.written(header))}.{jws.encoded(jws.written(claims))}"
    signature = JWSRegistry.algorithms[ALGORITHM].sign(signed.encode(), private)
    return f"{signed}.{jws.encoded(signature)}"


def is_of(text: str, *, issuer: str) -> bool:
    """Tell whether a token says that this issuer gave it; nothing is proven by that."""
    try:
        return jws.parse_jws(text).claims.get("iss") == issuer
    except BadToken:
        return False


def read_access_token(
    found: Jws, *, keys: Sequence[PublicKey], issuer: str, now: Instant
) -> AccessToken:
    """Read a token of ours. Raises BadToken for what is none, or has expired."""
    jws.verify_jws(found, keys=keys, algorithms=(ALGORITHM,), types=("at+jwt",))
    claims = found.claims
    if claims.get("iss") != issuer or claims.get("aud") != issuer:
        raise BadToken("the token is for another place")
    jws.check_times(claims, now=now, needs=("exp", "iat"))
    # Ours ends when it says so: the skew is for the clocks of others, and for the moment a token was made.
    if now // SECOND >= claims["exp"]:
        raise BadToken("the token has expired")
    return _read(claims)


def _read(claims: Mapping[str, Any]) -> AccessToken:
    bound = claims.get("cnf")
    scope = claims.get("scope")
    try:
        names = cast("Mapping[str, str]", bound)
        token_id, client_id = str(claims["jti"]), str(claims["client_id"])
        token = AccessToken(
            token_id=token_id,
            tenant_id=ids.tenant_id_of(claims["tenant"]),
            client_id=client_id,
            actor=claims["sub"],
            session=claims.get("consent", token_id),
            scope=None if scope is None else tuple(scope.split()),
            issued_at_s=claims["iat"],
            expires_at_s=claims["exp"],
            key_thumbprint=names.get("jkt"),
            certificate_thumbprint=names.get("x5t#S256"),
        )
    except (KeyError, TypeError, AttributeError, ValueError):
        raise BadToken("the token is none of ours") from None
    if (token.key_thumbprint is None) == (token.certificate_thumbprint is None):
        raise BadToken("the token is bound to nothing")
    return token
