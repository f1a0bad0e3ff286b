"""Keys of counterparties, and tokens as they sign them, right or wrong in every way that is asked for."""

import hashlib
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tallystick.identity.model.jws import encoded

_PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)


class Signer:
    """A pair of keys for one algorithm."""

    def __init__(self, algorithm: str, *, kid: str | None = None, bits: int = 2048) -> None:
        self.algorithm, self.kid = algorithm, kid
        self.private: Any
        if algorithm in ("PS256", "RS256"):
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        elif algorithm == "ES256":
            self.private = ec.generate_private_key(ec.SECP256R1())
        else:
            self.private = ed25519.Ed25519PrivateKey.generate()

    @property
    def jwk(self) -> dict[str, str]:
        """The public key."""
        public = self.private.public_key()
        named = {"kid": self.kid} if self.kid else {}
        if self.algorithm in ("PS256", "RS256"):
            numbers = public.public_numbers()
            return named | {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
        if self.algorithm == "ES256":
            numbers = public.public_numbers()
            point = {"x": _number(numbers.x, 32), "y": _number(numbers.y, 32)}
            return named | {"kty": "EC", "crv": "P-256"} | point
        return named | {"kty": "OKP", "crv": "Ed25519", "x": encoded(public.public_bytes_raw())}

    @property
    def private_jwk(self) -> dict[str, str]:
        """The key with its private part, as nobody should send it."""
        if self.algorithm == "ES256":
            secret = _number(self.private.private_numbers().private_value, 32)
        elif self.algorithm in ("PS256", "RS256"):
            secret = _number(self.private.private_numbers().d)
        else:
            secret = encoded(self.private.private_bytes_raw())
        return self.jwk | {"d": secret}

    @property
    def key_set(self) -> str:
        """A set of this key alone."""
        return json.dumps({"keys": [self.jwk]})

    def sign(self, message: bytes) -> bytes:
        """Sign as RFC 7518 and RFC 8037 say."""
        if self.algorithm == "PS256":
            return self.private.sign(message, _PSS, hashes.SHA256())
        if self.algorithm == "RS256":
            return self.private.sign(message, padding.PKCS1v15(), hashes.SHA256())
        if self.algorithm == "ES256":
            numbers = decode_dss_signature(self.private.sign(message, ec.ECDSA(hashes.SHA256())))
            return b"".join(number.to_bytes(32, "big") for number in numbers)
        return self.private.sign(message)

    def token(self, claims: Any, *, typ: str | None = None, **header: Any) -> str:
        """A token of these claims; ``header`` adds to its header or overrides it."""
        named = {"kid": self.kid} if self.kid else {}
        kind = {"typ": typ} if typ is not None else {}
        return self.raw(json.dumps({"alg": self.algorithm} | kind | named | header), claims)

    def raw(self, header: str, claims: Any) -> str:
        """A token of a header and claims as they are."""
        body = claims if isinstance(claims, str) else json.dumps(claims)
        signed = f"{encoded(header.encode())}.{encoded(body.encode())}"
        return f"{signed}.{encoded(self.sign(signed.encode()))}"


def hmac_token(claims: Any, *, secret: bytes, **header: Any) -> str:
    """A token under HS256, whose secret is what everybody knows: the public key."""
    named = json.dumps({"alg": "HS256"} | header)
    signed = f"{encoded(named.encode())}.{encoded(json.dumps(claims).encode())}"
    return f"{signed}.{encoded(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def unsigned_token(claims: Any, *, signature: str = "", **header: Any) -> str:
    """A token under ``none``."""
    named = json.dumps({"alg": "none"} | header)
    return f"{encoded(named.encode())}.{encoded(json.dumps(claims).encode())}.{signature}"


def _number(value: int, length: int | None = None) -> str:
    return encoded(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))
