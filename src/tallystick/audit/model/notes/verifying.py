"""Whether a signature under a note is what its key says."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from tallystick.audit.model.notes.forms import BadNote
from tallystick.audit.model.notes.keys import ED25519, ML_DSA_44, VerifierKey
from tallystick.audit.model.notes.messages import TIMESTAMP_BYTES, cosigned_message, timed_message
from tallystick.audit.model.notes.texts import Note, Signature

# The time, then 64 bytes of Ed25519 or 2,420 of ML-DSA-44.
_TIMED_BYTES = (TIMESTAMP_BYTES + 64, TIMESTAMP_BYTES + 2_420)


def signed_by(note: Note, key: VerifierKey) -> Signature | None:
    """Give the signature of a key under a note, its first where it signed more than once, or None.

    Raises BadNote when any signature of this name and id does not verify: the whole note is then not to be believed.
    """
    key_id = key.id
    own = [one for one in note.signatures if (one.name, one.key_id) == (key.name, key_id)]
    for signature in own:
        if not _verifies(note.text, signature.content, key):
            raise BadNote(f"the signature of {key.name} ({key_id:08x}) does not verify")
    return own[0] if own else None


def cosigned_at(signature: Signature) -> int:
    """Give the POSIX time that a cosignature carries. Raises BadNote for a signature without one."""
    if len(signature.content) not in _TIMED_BYTES:
        raise BadNote(f"the signature of {signature.name} carries no time")
    return int.from_bytes(signature.content[:TIMESTAMP_BYTES], "big")


def _verifies(text: str, content: bytes, key: VerifierKey) -> bool:
    try:
        if key.algorithm == ED25519:
            Ed25519PublicKey.from_public_bytes(key.public_key).verify(content, text.encode())
            return True
        at_s = int.from_bytes(content[:TIMESTAMP_BYTES], "big")
        signed = content[TIMESTAMP_BYTES:]
        if key.algorithm == ML_DSA_44:
            message = cosigned_message(text, cosigner=key.name, at_s=at_s)
            MLDSA44PublicKey.from_public_bytes(key.public_key).verify(signed, message)
        else:
            message = timed_message(text, at_s=at_s)
            Ed25519PublicKey.from_public_bytes(key.public_key).verify(signed, message)
    except (InvalidSignature, BadNote):
        return False
    return True
