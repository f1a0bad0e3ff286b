"""What an approval is bound to: amount, currency, payee, payment and everything else that was asked (dynamic linking).

Commission Delegated Regulation (EU) 2018/389, article 5: whoever pays sees the amount and the payee; the code they
produce is specific to both; and any change to either voids it. Here the code is a passkey's signature over a digest.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final, cast

from tallystick.identity.model.passkeys import Refused, verify_kept
from tallystick.kernel.entries import canonical

VERSION: Final = 1
NONCE_BYTES: Final = 32
# What makes an act one about money, whatever it is called.
_MONEY: Final = ("amount", "asset", "payee", "payment")


def asked_of(text: str) -> dict[str, Any]:
    """What was asked, as people are shown it. Raises Refused for what is no object of JSON."""
    try:
        told: Any = json.loads(text)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Refused("what was asked cannot be read")
    return cast("dict[str, Any]", told)


def needs_passkey(asked: Mapping[str, Any]) -> bool:
    """Whether only a passkey, which signs what it agrees to, can agree to it: all but acts on people and rights."""
    actions = str(asked.get("action", "")).split()
    is_of_people = all(action.startswith("identity.") for action in actions)
    return not actions or not is_of_people or any(asked.get(name) is not None for name in _MONEY)


def is_about(text: str, person_id: str) -> bool:
    """Whether what was asked is about this person: their rights or their factors."""
    return asked_of(text).get("on") == person_id


def about(text: str) -> str:
    """What was asked is about this: a person, a key, a client or a thing; '' for nothing that has a name."""
    return str(asked_of(text).get("on") or "")


def challenge_of(*, approval_id: str, asked: str, digest: bytes, nonce: bytes) -> bytes:
    """The challenge a passkey signs: SHA-256 of canonical JSON (RFC 8785) of all that is asked, and chance.

    ``digest`` is what the request is found by, 32 bytes; ``nonce`` is 32 bytes of chance. Raises Refused.
    """
    try:
        bound = canonical(
            {
                "approval": approval_id,
                "asked": asked_of(asked),
                "digest": digest.hex(),
                "nonce": nonce.hex(),
                "v": VERSION,
            }
        )
    except ValueError as error:
        raise Refused(str(error)) from None
    return sha256(bound).digest()


def verify_vote(
    *,
    approval_id: str,
    asked: str,
    digest: bytes,
    nonce: bytes,
    public_key: bytes,
    client_data: bytes,
    authenticator_data: bytes,
    signature: bytes,
) -> str:
    """Verify from the kept rows alone that a passkey agreed to exactly this; answers the page it was asked on.

    Raises Refused when anything of what was asked is not what was signed.
    """
    return verify_kept(
        challenge=challenge_of(approval_id=approval_id, asked=asked, digest=digest, nonce=nonce),
        public_key=public_key,
        client_data=client_data,
        authenticator_data=authenticator_data,
        signature=signature,
    )
