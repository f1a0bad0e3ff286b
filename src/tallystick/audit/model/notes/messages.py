"""What is under the pen: the bytes that each algorithm signs for one text."""

from tallystick.audit.model.notes.checkpoints import parse_checkpoint
from tallystick.audit.model.notes.forms import NUMBER_MAX, BadNote

TIMESTAMP_BYTES = 8

_LABEL = b"subtree/v1\n\0"
_NAME_BYTES_MAX = 255


def timed_message(text: str, *, at_s: int) -> bytes:
    """What an Ed25519 cosignature signs: the whole text, with the time before it. Raises BadNote."""
    return f"cosignature/v1\ntime {_time(at_s)}\n{text}".encode()


def cosigned_message(text: str, *, cosigner: str, at_s: int) -> bytes:
    """What an ML-DSA-44 cosignature signs: the checkpoint from its first leaf on, not its extensions.

    Raises BadNote for a text that is no checkpoint, and for names over 255 bytes.
    """
    checkpoint = parse_checkpoint(text)
    return b"".join(
        [
            _LABEL,
            _opaque(cosigner),
            _number(_time(at_s)),
            _opaque(checkpoint.origin),
            _number(0),
            _number(checkpoint.size),
            checkpoint.root,
        ]
    )


def timestamp(at_s: int) -> bytes:
    """Spell a time as it stands before the signature that signs it. Raises BadNote."""
    return _number(_time(at_s))


def _time(at_s: int) -> int:
    if not 0 <= at_s <= NUMBER_MAX:
        raise BadNote(f"{at_s} is not a time that can be signed")
    return at_s


def _number(value: int) -> bytes:
    return value.to_bytes(TIMESTAMP_BYTES, "big")


def _opaque(name: str) -> bytes:
    content = name.encode()
    if not 1 <= len(content) <= _NAME_BYTES_MAX:
        raise BadNote(f"ML-DSA-44 signs names of 1 to {_NAME_BYTES_MAX} bytes, not {len(content)}")
    return bytes([len(content)]) + content
