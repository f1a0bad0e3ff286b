"""What requests show: access tokens, checked with what they are bound to, and with their clients."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

from tallystick.identity.api.proven import KEPT_HERE
from tallystick.identity.api.tokens import ShowToken, TokenNotAccepted
from tallystick.identity.model import access_tokens, dpop, jws
from tallystick.identity.model.access_tokens import AccessToken
from tallystick.identity.model.client_assertion import confirmation
from tallystick.identity.model.grants import BadGrant
from tallystick.identity.model.jws import BadToken, PublicKey
from tallystick.identity.service.client_proofs import Certificates, ClientProofs, Spend, sentence
from tallystick.identity.service.keys import KEPT_KEYS_MAX
from tallystick.identity.store import clients as store
from tallystick.kernel.instants import SECOND, Instant
from tallystick.runtime.clock import Clock
from tallystick.runtime.database import Database

DPOP, BEARER = "DPoP", "Bearer"


class SigningKey(Protocol):
    """A key that tokens are signed with."""

    @property
    def public(self) -> PublicKey:
        """Its public part, named by its thumbprint."""
        ...

    @property
    def private(self) -> Any:
        """What signs."""
        ...


SigningKeys = Callable[[], Sequence[SigningKey]]
"""What answers the keys as they are now, the one that signs last."""


class _Kept(NamedTuple):
    """A token that was verified, and when its client was last known to be in force."""

    token: AccessToken
    asked_at: Instant


class TokenProofs:
    """Checks access tokens, over the database of role ``tallystick_identity``."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        issuer: str,
        keys: SigningKeys,
        certificates: Certificates,
        proofs: ClientProofs,
    ) -> None:
        self._database, self._clock, self._issuer = database, clock, issuer
        self._keys, self._certificates, self._proofs = keys, certificates, proofs
        self._known: dict[bytes, _Kept] = {}

    async def prove(self, message: ShowToken) -> AccessToken:
        """Check a token, what it is bound to, and that its client is in force. Raises TokenNotAccepted."""
        now = self._clock.now()
        hashed = sha256(message.token.encode()).digest()
        kept = self._known.get(hashed)
        try:
            token = kept.token if kept is not None else self._read(message.token, now)
            if now // SECOND >= token.expires_at_s:
                raise BadToken("the token has expired")
            spends = self._check_bound(token, message, now)
        except BadToken as error:
            raise _not_accepted(str(error), "invalid_token") from None
        # A clock that was set back must not prolong anything.
        is_fresh = kept is not None and 0 <= now - kept.asked_at < KEPT_HERE
        if spends or not is_fresh:
            await self._look_up(token, spends, now, is_fresh=is_fresh)
        if not is_fresh:
            self._keep(hashed, _Kept(token, now))
        return token

    def _read(self, text: str, now: Instant) -> AccessToken:
        keys = [one.public for one in self._keys()]
        found = jws.parse_jws(text)
        return access_tokens.read_access_token(found, keys=keys, issuer=self._issuer, now=now)

    def _check_bound(
        self, token: AccessToken, message: ShowToken, now: Instant
    ) -> tuple[Spend, ...]:
        """Check that whoever shows a token has what it is bound to; answer what is spent by that. Raises BadToken."""
        if token.key_thumbprint is None:
            shown = self._certificates.read(message.certificate, peer=message.peer, now=now)
            if message.scheme != BEARER or confirmation(shown) != token.certificate_thumbprint:
                raise BadToken("the token is bound to a certificate that was not shown")
            return ()
        if message.scheme != DPOP or not message.proof:
            raise BadToken("the token is bound to a key: send it as DPoP, with a proof")
        try:
            proof = dpop.read_proof(
                message.proof,
                method=message.method,
                url=self._issuer + message.path,
                now=now,
                token=message.token,
            )
        except BadToken as error:
            raise _not_accepted(str(error), "invalid_dpop_proof") from None
        if proof.thumbprint != token.key_thumbprint:
            raise BadToken("the token is bound to another key")
        return (("dpop", proof.once, proof.until),)

    async def _look_up(
        self,
        token: AccessToken,
        spends: Sequence[Spend],
        now: Instant,
        *,
        is_fresh: bool,
    ) -> None:
        try:
            async with self._database.transaction(tenant_id=token.tenant_id) as connection:
                await store.commit_lazily(connection)
                if not is_fresh and not await store.is_in_force(connection, token=token, now=now):
                    raise _not_accepted("its client or consent has ended", "invalid_token")
                await self._proofs.spend(connection, token.tenant_id, spends, now)
        except BadGrant as error:
            raise _not_accepted(str(error), "invalid_dpop_proof") from None

    def _keep(self, hashed: bytes, kept: _Kept) -> None:
        self._known.pop(hashed, None)
        if len(self._known) >= KEPT_KEYS_MAX:
            del self._known[next(iter(self._known))]
        self._known[hashed] = kept


def _not_accepted(reason: str, error: str) -> TokenNotAccepted:
    return TokenNotAccepted(sentence(reason), {"error": error})
