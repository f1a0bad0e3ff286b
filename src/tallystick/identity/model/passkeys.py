"""Passkeys (W3C Web Authentication, level 3): what is asked of them, and the strict reading of what they answer.

The library accepts answers from a frame within a page of others (``crossOrigin``); this wrapper refuses them. User
verification is always required, a counter of signatures never falls, and only three algorithms are taken.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple, cast

import webauthn
from webauthn.helpers import base64url_to_bytes, options_to_json
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AttestationFormat,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

CHALLENGE_BYTES: Final = 32
CREDENTIAL_BYTES_MAX: Final = 16_384
CREDENTIAL_ID_BYTES_MAX: Final = 1_023  # WebAuthn level 3, section 4
TIMEOUT_MS: Final = 300_000
ALGORITHMS: Final = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_USER_PRESENT, _USER_VERIFIED = 0x01, 0x04
_RP_HASH_BYTES, _FLAGS_AT, _AUTHENTICATOR_DATA_MIN = 32, 32, 37


class Refused(ValueError):
    """What a passkey answered is not accepted; the text says why in words of ours."""


class Party(NamedTuple):
    """Us, as passkeys know us: the domain they are made for, and the pages that may ask them."""

    rp_id: str
    origins: tuple[str, ...]


class Made(NamedTuple):
    """A passkey that was made: its id, its public key (COSE), and how often it has signed."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


class Signed(NamedTuple):
    """What a passkey signed, byte for byte, and how often it has signed now."""

    credential_id: bytes
    sign_count: int
    client_data: bytes
    authenticator_data: bytes
    signature: bytes


def handle_of(tenant: str, person_id: str) -> bytes:
    """What a passkey keeps of whose it is (the user handle): ids of ours, which say nothing about anybody."""
    return f"{tenant}:{person_id}".encode()


def whose(credential: Mapping[str, Any]) -> tuple[str, str]:
    """The tenant and the person that an answer says it is of; passkeys of before name no tenant, ''. Raises Refused."""
    text = _strict(lambda: base64url_to_bytes(str(credential["response"]["userHandle"])).decode())
    tenant, _, person_id = text.rpartition(":")
    return tenant, person_id


def offer(
    party: Party,
    *,
    tenant: str,
    person_id: str,
    name: str,
    challenge: bytes,
    known: Sequence[bytes],
) -> dict[str, Any]:
    """The options for ``navigator.credentials.create()``, as JSON; ``known`` passkeys are not made twice."""
    options = webauthn.generate_registration_options(
        rp_id=party.rp_id,
        rp_name="Tallystick",
        user_name=name,
        user_id=handle_of(tenant, person_id),
        user_display_name=name,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        supported_pub_key_algs=ALGORITHMS,
    )
    return json.loads(options_to_json(options))


def request(party: Party, *, challenge: bytes, known: Sequence[bytes]) -> dict[str, Any]:
    """The options for ``navigator.credentials.get()``, as JSON, for one of the ``known`` passkeys, any without them."""
    options = webauthn.generate_authentication_options(
        rp_id=party.rp_id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return json.loads(options_to_json(options))


def challenge_in(credential: Mapping[str, Any]) -> bytes:
    """The challenge that an answer says it is to. Raises Refused."""
    return _strict(
        lambda: base64url_to_bytes(
            _client_data(_bytes_of(credential, "clientDataJSON"))["challenge"]
        )
    )


def is_of(challenge: bytes, hashed: bytes) -> bool:
    """Whether this is the challenge that was kept as this SHA-256."""
    return sha256(challenge).digest() == hashed


def is_small(credential: Mapping[str, Any]) -> bool:
    """Whether what a passkey answered has at most 16,384 bytes as JSON."""
    return len(json.dumps(credential)) <= CREDENTIAL_BYTES_MAX


def credential_id_of(credential: Mapping[str, Any]) -> bytes:
    """Which passkey an answer says it is from. Raises Refused."""
    return _strict(lambda: base64url_to_bytes(str(credential["id"])))


def made(party: Party, *, credential: Mapping[str, Any], challenge: bytes) -> Made:
    """Read the answer of ``create()`` to this challenge. Raises Refused.

    Attestation is not asked for, so any statement is refused: nothing here would judge it.
    """
    _demand_own_page(_bytes_of(credential, "clientDataJSON"))
    found = _strict(
        lambda: webauthn.verify_registration_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=party.rp_id,
            expected_origin=list(party.origins),
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
    )
    if found.fmt != AttestationFormat.NONE:
        raise Refused("attestation was not asked for, and is not taken")
    if len(found.credential_id) > CREDENTIAL_ID_BYTES_MAX:
        raise Refused("its id is too long")
    return Made(found.credential_id, found.credential_public_key, found.sign_count)


def signed(
    party: Party,
    *,
    credential: Mapping[str, Any],
    challenge: bytes,
    tenant: str,
    person_id: str,
    public_key: bytes,
    sign_count: int,
) -> Signed:
    """Read the answer of ``get()`` to this challenge by the passkey of this person. Raises Refused."""
    client_data = _bytes_of(credential, "clientDataJSON")
    _demand_own_page(client_data)
    if cast("Mapping[str, Any]", credential["response"]).get("userHandle"):
        named, person = whose(credential)
        if person != person_id or named not in ("", tenant):
            raise Refused("it is another person's")
    found = _strict(
        lambda: webauthn.verify_authentication_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=party.rp_id,
            expected_origin=list(party.origins),
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    )
    return Signed(
        credential_id=found.credential_id,
        sign_count=found.new_sign_count,
        client_data=client_data,
        authenticator_data=_bytes_of(credential, "authenticatorData"),
        signature=_bytes_of(credential, "signature"),
    )


def verify_kept(
    *,
    challenge: bytes,
    public_key: bytes,
    client_data: bytes,
    authenticator_data: bytes,
    signature: bytes,
) -> str:
    """Verify a signature from what was kept of it, whenever; answers the page that asked for it. Raises Refused.

    It looks at no setting and no counter: the origin and the domain of that day are what was signed.
    """
    told = _client_data(client_data)
    _demand_own_page(client_data)
    if told.get("type") != "webauthn.get":
        raise Refused("it was not made to prove anything")
    if _strict(lambda: base64url_to_bytes(str(told["challenge"]))) != challenge:
        raise Refused("it was made for something else")
    if len(authenticator_data) < _AUTHENTICATOR_DATA_MIN:
        raise Refused("what the passkey said is cut short")
    flags = authenticator_data[_FLAGS_AT]
    if not flags & _USER_PRESENT or not flags & _USER_VERIFIED:
        raise Refused("nobody was verified when it was made")
    _strict(
        lambda: _verify(public_key, authenticator_data + sha256(client_data).digest(), signature)
    )
    return str(told.get("origin", ""))


def _verify(public_key: bytes, content: bytes, signature: bytes) -> None:
    key = webauthn.helpers.decode_credential_public_key(public_key)
    if key.alg not in ALGORITHMS:
        raise Refused("its algorithm is none of ours")
    webauthn.helpers.verify_signature(
        public_key=webauthn.helpers.decoded_public_key_to_cryptography(key),
        signature_alg=key.alg,
        signature=signature,
        data=content,
    )


def _demand_own_page(client_data: bytes) -> None:
    """Refuse what was asked for by a frame within a page of others."""
    told = _client_data(client_data)
    if told.get("crossOrigin", False) is not False or "topOrigin" in told:
        raise Refused("a page of others asked for it")


def _client_data(content: bytes) -> dict[str, Any]:
    told = _strict(lambda: json.loads(content.decode("utf-8")))
    if not isinstance(told, dict):
        raise Refused("it cannot be read")
    return cast("dict[str, Any]", told)


def _bytes_of(credential: Mapping[str, Any], name: str) -> bytes:
    return _strict(lambda: base64url_to_bytes(str(credential["response"][name])))


def _strict(read: Callable[[], Any]) -> Any:
    """Do what reads bytes of strangers: whatever it raises is a refusal, and never more."""
    try:
        return read()
    except Refused:
        raise
    except Exception as error:
        # The library's words for it; they quote what was sent at most.
        raise Refused(str(error)[:200] or type(error).__name__) from None
