"""Public keys as notes name them: a name, an algorithm, and the bytes of the key."""

import re
from dataclasses import dataclass
from hashlib import sha256

from tallystick.audit.model.notes.forms import BadNote, from_base64, is_key_name, to_base64

# The signature types of C2SP signed-note and tlog-cosignature that are known here.
ED25519 = 0x01
COSIGNATURE_ED25519 = 0x04
ML_DSA_44 = 0x06

_PUBLIC_BYTES = {ED25519: 32, COSIGNATURE_ED25519: 32, ML_DSA_44: 1312}
# Ours spells the longest one in 1,772 characters and a name; a line over this is no key.
_TEXT_MAX = 8_192
# Of the message that ML-DSA-44 signs.
_NAME_BYTES_MAX = 255
_ID = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A key that signatures are checked with. Raises BadNote for a name or a key that cannot be one."""

    name: str
    algorithm: int
    public_key: bytes

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise BadNote(f"{self.name[:80]!r} is not the name of a key")
        if self.algorithm not in _PUBLIC_BYTES:
            raise BadNote(f"the key {self.name} has the unknown algorithm {self.algorithm:#04x}")
        if len(self.public_key) != _PUBLIC_BYTES[self.algorithm]:
            raise BadNote(f"the key {self.name} has {len(self.public_key)} bytes, which is wrong")
        if self.algorithm == ML_DSA_44 and len(self.name.encode()) > _NAME_BYTES_MAX:
            raise BadNote(f"a key of ML-DSA-44 has a name of at most {_NAME_BYTES_MAX} bytes")

    @property
    def id(self) -> int:
        """The 32 bits that signatures of this key carry: a hash of everything the key is."""
        named = f"{self.name}\n".encode() + self._typed()
        return int.from_bytes(sha256(named).digest()[:4], "big")

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Read ``<name>+<id in hex>+<base64>``. Raises BadNote, also for an id that is not the key's."""
        name, _, rest = text[:_TEXT_MAX].partition("+")
        hexadecimal, _, spelled = rest.partition("+")
        if len(text) > _TEXT_MAX or not _ID.fullmatch(hexadecimal):
            raise BadNote(f"{text[:80]!r} is not the text of a key")
        typed = from_base64(spelled)
        if not typed:
            raise BadNote(f"{text[:80]!r} has no algorithm and no key")
        key = cls(name=name, algorithm=typed[0], public_key=typed[1:])
        if key.id != int(hexadecimal, 16):
            raise BadNote(f"{text[:80]!r} names the id {hexadecimal}, its key has {key.id:08x}")
        return key

    def render(self) -> str:
        """Spell the key as ``parse`` reads it."""
        return f"{self.name}+{self.id:08x}+{to_base64(self._typed())}"

    def _typed(self) -> bytes:
        return bytes([self.algorithm]) + self.public_key
