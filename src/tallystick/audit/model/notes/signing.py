"""Keys that sign. They hold a private key, so they are no values: none compares, prints or travels."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from tallystick.audit.model.notes.keys import (
    COSIGNATURE_ED25519,
    ED25519,
    ML_DSA_44,
    VerifierKey,
)
from tallystick.audit.model.notes.messages import cosigned_message, timed_message, timestamp
from tallystick.audit.model.notes.texts import Signature


class Signer(Protocol):
    """Something that signs texts, such as the file of keys or a module of hardware."""

    @property
    def key(self) -> VerifierKey:
        """The key its signatures are checked with."""
        ...

    def sign(self, text: str, *, at_s: int) -> Signature:
        """Sign a text as of a POSIX time. Raises BadNote for what the algorithm cannot sign."""
        ...


class Ed25519Signer:
    """Signs the text alone, as logs do: the time is not part of it."""

    def __init__(self, name: str, private: bytes) -> None:
        """Take a private key of 32 bytes."""
        self._private = Ed25519PrivateKey.from_private_bytes(private)
        public = self._private.public_key().public_bytes_raw()
        self.key = VerifierKey(name=name, algorithm=ED25519, public_key=public)

    def sign(self, text: str, *, at_s: int) -> Signature:
        """Sign a text. The same text has the same signature at any time."""
        return _signature(self.key, self._private.sign(text.encode()))


class Ed25519Cosigner:
    """Signs the text and the time, as witnesses do."""

    def __init__(self, name: str, private: bytes) -> None:
        """Take a private key of 32 bytes. No other cosigner may have it: its name is not signed."""
        self._private = Ed25519PrivateKey.from_private_bytes(private)
        public = self._private.public_key().public_bytes_raw()
        self.key = VerifierKey(name=name, algorithm=COSIGNATURE_ED25519, public_key=public)

    def sign(self, text: str, *, at_s: int) -> Signature:
        """Sign a text as of a POSIX time."""
        signed = self._private.sign(timed_message(text, at_s=at_s))
        return _signature(self.key, timestamp(at_s) + signed)


class MlDsa44Cosigner:
    """Signs a checkpoint and the time with ML-DSA-44, as witnesses do, and logs under the name of their origin."""

    def __init__(self, name: str, private: bytes) -> None:
        """Take the seed of 32 bytes that the key is made from."""
        self._private = MLDSA44PrivateKey.from_seed_bytes(private)
        public = self._private.public_key().public_bytes_raw()
        self.key = VerifierKey(name=name, algorithm=ML_DSA_44, public_key=public)

    def sign(self, text: str, *, at_s: int) -> Signature:
        """Sign a checkpoint as of a POSIX time. Two signatures of one text differ, and both verify."""
        message = cosigned_message(text, cosigner=self.key.name, at_s=at_s)
        return _signature(self.key, timestamp(at_s) + self._private.sign(message))


# Who signs with each algorithm; every private key here has 32 bytes.
SIGNERS: Mapping[int, Callable[[str, bytes], Signer]] = MappingProxyType(
    {ED25519: Ed25519Signer, COSIGNATURE_ED25519: Ed25519Cosigner, ML_DSA_44: MlDsa44Cosigner}
)


def _signature(key: VerifierKey, content: bytes) -> Signature:
    return Signature(name=key.name, key_id=key.id, content=content)
