"""Signed notes of C2SP: keys, texts with signatures under them, and the checkpoints that such texts hold."""

from tallystick.audit.model.notes.checkpoints import (
    Checkpoint,
    parse_checkpoint,
    render_checkpoint,
)
from tallystick.audit.model.notes.forms import BadNote, decimal_of, from_base64, to_base64
from tallystick.audit.model.notes.keys import (
    COSIGNATURE_ED25519,
    ED25519,
    ML_DSA_44,
    VerifierKey,
)
from tallystick.audit.model.notes.signing import (
    SIGNERS,
    Ed25519Cosigner,
    Ed25519Signer,
    MlDsa44Cosigner,
    Signer,
)
from tallystick.audit.model.notes.texts import (
    NOTE_BYTES_MAX,
    SIGNATURES_MAX,
    Note,
    Signature,
    parse_note,
    parse_signature_lines,
    render_note,
    render_signature,
)
from tallystick.audit.model.notes.verifying import cosigned_at, signed_by

__all__ = [
    "COSIGNATURE_ED25519",
    "ED25519",
    "ML_DSA_44",
    "NOTE_BYTES_MAX",
    "SIGNATURES_MAX",
    "SIGNERS",
    "BadNote",
    "Checkpoint",
    "Ed25519Cosigner",
    "Ed25519Signer",
    "MlDsa44Cosigner",
    "Note",
    "Signature",
    "Signer",
    "VerifierKey",
    "cosigned_at",
    "decimal_of",
    "from_base64",
    "parse_checkpoint",
    "parse_note",
    "parse_signature_lines",
    "render_checkpoint",
    "render_note",
    "render_signature",
    "signed_by",
    "to_base64",
]
