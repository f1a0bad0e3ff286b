"""A passkey made of software: ES256 by ``cryptography``, its objects by ``cbor2``, as a platform's own would answer."""

import base64
import json
from hashlib import sha256
from secrets import token_bytes
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def to_text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


class Passkey:
    """One passkey. What a test changes before it answers, it answers with."""

    def __init__(self, *, rp_id: str = "localhost", origin: str = "http://localhost:8480") -> None:
        self.key: Any = ec.generate_private_key(ec.SECP256R1())
        self.algorithm = -7
        self.credential_id = token_bytes(32)
        self.rp_id, self.origin = rp_id, origin
        self.flags = PRESENT | VERIFIED
        self.sign_count = 0
        self.more: dict[str, Any] = {"crossOrigin": False}
        self.handle: str | None = None

    def create(self, options: dict[str, Any], *, statement: dict[str, Any] | None = None) -> Any:
        """Answer ``navigator.credentials.create()``."""
        client_data = self._client_data("webauthn.create", options["challenge"])
        public_key = cbor2.dumps(self._public_key())
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id
        data = self._data(self.flags | ATTESTED) + attested + public_key
        told = {"fmt": "none", "attStmt": statement or {}, "authData": data}
        self.handle = options["user"]["id"]
        return self._answer(
            {
                "clientDataJSON": to_text(client_data),
                "attestationObject": to_text(cbor2.dumps(told)),
                "transports": ["internal"],
            }
        )

    def get(self, options: dict[str, Any]) -> Any:
        """Answer ``navigator.credentials.get()``."""
        self.sign_count += 1
        client_data = self._client_data("webauthn.get", options["challenge"])
        data = self._data(self.flags)
        signature = self._sign(data + sha256(client_data).digest())
        return self._answer(
            {
                "clientDataJSON": to_text(client_data),
                "authenticatorData": to_text(data),
                "signature": to_text(signature),
                "userHandle": self.handle,
            }
        )

    def _sign(self, content: bytes) -> bytes:
        if self.algorithm == -8:
            return self.key.sign(content)
        return self.key.sign(content, ec.ECDSA(SHA256()))

    def _public_key(self) -> dict[int, Any]:
        if self.algorithm == -8:
            return {1: 1, 3: -8, -1: 6, -2: self.key.public_key().public_bytes_raw()}
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        return {1: 2, 3: self.algorithm, -1: 1, -2: x, -3: y}

    def with_ed25519(self) -> "Passkey":
        self.key, self.algorithm = ed25519.Ed25519PrivateKey.generate(), -8
        return self

    def _client_data(self, kind: str, challenge: str) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin, **self.more}
        return json.dumps(told).encode()

    def _data(self, flags: int) -> bytes:
        rp_hash = sha256(self.rp_id.encode()).digest()
        return rp_hash + bytes([flags]) + self.sign_count.to_bytes(4, "big")

    def _answer(self, response: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": to_text(self.credential_id),
            "rawId": to_text(self.credential_id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": response,
        }
