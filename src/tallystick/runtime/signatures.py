"""Signed requests between processes: HTTP Message Signatures (RFC 9421) in the one profile that doors use.

Ed25519 over method, authority, path, media type, digest of the body (RFC 9530) and time-out, in this order and no
other; the key says the algorithm. A signature covers the digest and not the body, so it is verified before the body
is read.
"""

import base64
import re
import stat
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from tallystick.kernel.instants import SECOND, Instant
from tallystick.kernel.problems import Kind, Problem
from tallystick.runtime.clock import Clock

TAG: Final = "tallystick-door"
LIVES_S: Final = 60
"""A signature is good for so long at most, and says so itself: for the time that is waited, and the clocks' skew."""
SKEW_S: Final = 5
"""So far may the clocks of two processes be apart."""
TIMEOUT: Final = "tallystick-timeout"
"""The header with the milliseconds that whoever asks will wait."""
COVERED: Final = ("@method", "@authority", "@path", "content-type", "content-digest", TIMEOUT)
KEY_BYTES_MAX: Final = 8_192
TIMEOUT_MS_MAX: Final = 150_000
_NONCE_BYTES: Final = 16

_LIST = "(" + " ".join(f'"{name}"' for name in COVERED) + ")"
_INPUT = re.compile(
    r"door=("
    + re.escape(_LIST)
    + r";created=([0-9]{1,12});expires=([0-9]{1,12})"
    + rf';nonce="([A-Za-z0-9_-]{{22}})";keyid="([A-Za-z0-9_-]{{43}})";tag="{TAG}")'
)
_SIGNATURE = re.compile(r"door=:([A-Za-z0-9+/]{86}==):")
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")
_MILLISECONDS = re.compile(r"[1-9][0-9]{0,5}")


class SignatureNotAccepted(Problem):
    """A call from another process is not signed by a key of ours, as it must be, over this very request."""

    code = "signature_not_accepted"
    kind = Kind.UNAUTHENTICATED
    headers: Mapping[str, str] = {
        "www-authenticate": "Signature",
        # RFC 9421, section 5.1: what is asked for.
        "accept-signature": f'door={_LIST};created;expires;nonce;keyid;tag="{TAG}"',
    }


class Proof(NamedTuple):
    """What a signature proves before the body is read.

    ``key_id`` made it; ``digest`` is the SHA-256 of the body; ``nonce`` is spent once, and remembered ``until``;
    whoever asks waits ``timeout_ms`` milliseconds.
    """

    key_id: str
    digest: bytes
    nonce: str
    until: Instant
    timeout_ms: int


def key_id_of(key: Ed25519PublicKey) -> str:
    """The name of a key: its JWK thumbprint (RFC 7638, with the members of RFC 8037), 43 letters."""
    raw = _url_safe(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
    return _url_safe(sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{raw}"}}'.encode()).digest())


def new_key() -> tuple[bytes, str]:
    """Draw a key: the private half (PKCS #8) and the public one, both in PEM."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private, public.decode()


def private_key(path: str, *, setting: str) -> Ed25519PrivateKey:
    """Read a private key in PEM (PKCS #8). Raises ValueError with what is wrong and how to mend it."""
    file = Path(path)
    try:
        if file.stat().st_mode & stat.S_IRWXO:
            raise ValueError(f"{setting}: everybody can read {path}: chmod o-rwx it")
        with file.open("rb") as opened:
            content = opened.read(KEY_BYTES_MAX)
    except OSError as error:
        raise ValueError(f"{setting}: cannot read {path} ({error.strerror})") from None
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(
            f"{setting}: {path} is no Ed25519 key in PEM: make one with openssl genpkey -algorithm ed25519"
        )
    return key


def base_of(components: Mapping[str, str], params: str) -> bytes:
    """The signature base (RFC 9421, section 2.5) of components, by name, under the signature's parameters."""
    lines = [f'"{name}": {value}' for name, value in components.items()]
    return "\n".join([*lines, f'"@signature-params": {params}']).encode("latin-1")


def lives_s(timeout_ms: int) -> int:
    """How many seconds a signature is good for when its answer is waited for so many milliseconds."""
    return min(-(-timeout_ms // 1_000) + SKEW_S, LIVES_S)


class Signer:
    """Signs requests with the key of this process."""

    def __init__(
        self, *, key: Ed25519PrivateKey, clock: Clock, chance: Callable[[int], bytes]
    ) -> None:
        self._key, self._clock, self._chance = key, clock, chance
        self.key_id = key_id_of(key.public_key())

    def headers(
        self, *, method: str, authority: str, path: str, media: str, timeout_ms: int, body: bytes
    ) -> dict[str, str]:
        """The headers of a signed request; each request has its own, since its nonce is spent once."""
        digest = f"sha-256=:{base64.b64encode(sha256(body).digest()).decode()}:"
        covered = (method, authority, path, media, digest, str(timeout_ms))
        created = self._clock.now() // SECOND
        params = (
            f"{_LIST};created={created};expires={created + lives_s(timeout_ms)}"
            f';nonce="{_url_safe(self._chance(_NONCE_BYTES))}";keyid="{self.key_id}";tag="{TAG}"'
        )
        made = self._key.sign(base_of(dict(zip(COVERED, covered, strict=True)), params))
        return {
            "content-type": media,
            "content-digest": digest,
            TIMEOUT: str(timeout_ms),
            "signature-input": f"door={params}",
            "signature": f"door=:{base64.b64encode(made).decode()}:",
        }


class Verifier:
    """Verifies requests by the keys of other processes. ``here`` are the authorities that this one is reached at."""

    def __init__(
        self, *, keys: Mapping[str, Ed25519PublicKey], here: frozenset[str], clock: Clock
    ) -> None:
        self._keys, self._here, self._clock = keys, here, clock

    def verify(self, *, method: str, path: str, headers: Mapping[bytes, bytes]) -> Proof:
        """Verify all but the body. Raises SignatureNotAccepted.

        What anybody can see for themselves is told apart; an unknown key and a wrong signature are not.
        """
        shown = {name: headers.get(name.encode(), b"").decode("latin-1") for name in _SHOWN}
        if not (shown["signature"] and shown["signature-input"]):
            raise _refused("missing", "Calls between processes are signed (RFC 9421).")
        form = _INPUT.fullmatch(shown["signature-input"])
        signature = _SIGNATURE.fullmatch(shown["signature"])
        digest = _DIGEST.fullmatch(shown["content-digest"])
        timeout = _MILLISECONDS.fullmatch(shown[TIMEOUT])
        if not (form and signature and digest and timeout):
            raise _refused(
                "of another form",
                "The signature is not of the form that Accept-Signature asks for.",
            )
        if shown["host"].lower() not in self._here:
            raise _refused("for another", "This was sent to an address that is not ours.")
        timeout_ms = min(int(timeout[0]), TIMEOUT_MS_MAX)
        until, left_ms = self._until(int(form[2]), int(form[3]), timeout_ms)
        covered = (
            method, shown["host"].lower(), path, shown["content-type"], shown["content-digest"], shown[TIMEOUT],
        )  # fmt: skip
        base = base_of(dict(zip(COVERED, covered, strict=True)), form[1])
        key = self._keys.get(form[5])
        if key is None or not _is_made_by(key, base64.b64decode(signature[1]), base):
            raise _refused("wrong", "No key of ours made this signature over this request.")
        return Proof(
            key_id=form[5],
            digest=base64.b64decode(digest[1]),
            nonce=form[4],
            until=until,
            timeout_ms=left_ms,
        )

    def _until(self, created: int, expires: int, timeout_ms: int) -> tuple[Instant, int]:
        """When a signature's nonce may be forgotten, and how many milliseconds are still waited for the answer.

        Raises unless it is in force now, for a minute at most. Within the clocks' skew nobody knows how much of the
        time is over, so all of it is left; what is older by more has so much less.
        """
        micros = self._clock.now()
        now = micros // SECOND
        if not 0 < expires - created <= LIVES_S:
            raise _refused("too long", f"A signature lives {LIVES_S} seconds at most.")
        if created > now + SKEW_S:
            raise _refused("early", "The signature is of the future: look at the clocks.")
        # The skew is in it already, as whoever signed it counts.
        if now > expires:
            raise _refused("late", "The signature is over: look at the clocks.")
        over_ms = max(micros // 1_000 - (created + SKEW_S) * 1_000, 0)
        return (expires + SKEW_S) * SECOND, max(timeout_ms - over_ms, 1)


_SHOWN = ("host", "content-type", "content-digest", TIMEOUT, "signature-input", "signature")


def demand_body(proof: Proof, body: bytes) -> None:
    """Raise SignatureNotAccepted unless a body is the one whose digest was signed."""
    if sha256(body).digest() != proof.digest:
        raise _refused("of another body", "The body is not the one that was signed.")


def replayed() -> SignatureNotAccepted:
    """The refusal of a request that came before."""
    return _refused("replayed", "This very request came before.")


def _refused(reason: str, detail: str) -> SignatureNotAccepted:
    return SignatureNotAccepted(detail, {"signature": reason})


def _is_made_by(key: Ed25519PublicKey, signature: bytes, base: bytes) -> bool:
    try:
        key.verify(signature, base)
    except InvalidSignature:
        return False
    return True


def _url_safe(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
