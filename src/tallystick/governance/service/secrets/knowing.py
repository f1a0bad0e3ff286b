"""What is known of a secret, and whose turn it is: one document in its primary home, written by check-and-set.

Every arrow of a rotation is one write of it. Whoever lost the turn, because another took it over when the lease had
ended, cannot write any more, and hears so before the next step.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import msgspec

from tallystick.governance.model.homes import Documents, HomeRefused, OtherVersion, Place
from tallystick.governance.model.rotation import Rotation
from tallystick.governance.model.secrets import HomeName
from tallystick.kernel.instants import Instant, render
from tallystick.runtime.clock import Clock

LEASE_S: Final = 180
OUTBOX_MAX: Final = 500
TRIES_MAX: Final = 5
_US: Final = 1_000_000
_KEY_BYTES: Final = 32


class Busy(HomeRefused):
    """Somebody else is at work on this secret, or took the work over from us. Nothing is half done."""


class Lease(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose turn it is, and until when."""

    holder: str
    until: int


class Held(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a home was last given by us: its version, which of the primary's it is a copy of, and the digest."""

    version: str
    of: str
    digest: str


class SecretStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Evidence of one step, with no value in it, until the record has it."""

    secret: str
    home: str
    step: str
    version: int
    at: int
    digest: str | None = None
    consumer: str = ""
    is_good: bool = True


class Known(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is known of a secret of an environment. `outbox` has the steps that the record does not have yet."""

    lease: Lease | None = None
    rotation: Rotation | None = None
    homes: dict[HomeName, Held] = {}
    rotated_at: int = 0
    outbox: tuple[SecretStep, ...] = ()


class Turn:
    """The right to write what is known of one secret, held for as long as it is renewed by writing."""

    def __init__(
        self,
        *,
        documents: Documents,
        clock: Clock,
        place: Place,
        known: Known,
        version: int,
        holder: str,
    ) -> None:
        self._documents, self._clock, self._holder = documents, clock, holder
        self._version = version
        self.place, self.known = place, known

    @property
    def at(self) -> Instant:
        """The present."""
        return self._clock.now()

    async def keep(self, *steps: SecretStep, **changes: Any) -> Known:
        """Write down changes and the steps that led to them. Raises Busy when the turn was lost."""
        outbox = (*self.known.outbox, *steps)
        if len(outbox) > OUTBOX_MAX:
            raise HomeRefused(
                f"{self.place}: {OUTBOX_MAX} steps wait to be put on record: have the platform reachable first"
            )
        lease = Lease(self._holder, self.at + LEASE_S * _US)
        await self._put(msgspec.structs.replace(self.known, lease=lease, outbox=outbox, **changes))
        return self.known

    async def renew(self) -> None:
        """Have the turn for three more minutes. Raises Busy when it was lost: whoever calls changes nothing then."""
        await self.keep()

    async def recorded(self, count: int) -> None:
        """The record has the first so many steps of the outbox. Raises Busy."""
        await self._put(msgspec.structs.replace(self.known, outbox=self.known.outbox[count:]))

    async def end(self) -> None:
        """Give the turn back. One that was lost is not given back."""
        with suppress(HomeRefused):
            await self._put(msgspec.structs.replace(self.known, lease=None))

    async def _put(self, known: Known) -> None:
        try:
            self._version = await self._documents.put(
                _path(self.place), msgspec.to_builtins(known), after=self._version
            )
        except OtherVersion:
            raise Busy(
                f"{self.place}: another operator took this over; look at its status before you go on"
            ) from None
        self.known = known


@asynccontextmanager
async def turn(
    *, documents: Documents, clock: Clock, place: Place, holder: str
) -> AsyncIterator[Turn]:
    """Take the turn for one secret, and give it back. Raises Busy while another has it.

    What a process that died held ends by itself within three minutes.
    """
    known, version = await look(documents=documents, place=place)
    if known.lease and known.lease.until > clock.now():
        raise Busy(
            f"{place}: {known.lease.holder} is at work on it until {render(known.lease.until)} at the latest; "
            "nothing was done here, run the same again then"
        )
    # Two runs of one person are two holders.
    mine = Turn(
        documents=documents,
        clock=clock,
        place=place,
        known=known,
        version=version,
        holder=f"{holder} ({secrets.token_hex(4)})",
    )
    await mine.keep()
    try:
        yield mine
    finally:
        await mine.end()


async def look(*, documents: Documents, place: Place) -> tuple[Known, int]:
    """What is known, and the version of that. Raises HomeRefused for a document that is not ours."""
    document, version = await documents.fetch(_path(place))
    if document is None:
        return Known(), version
    try:
        return msgspec.convert(document, Known), version
    except msgspec.ValidationError as error:
        raise HomeRefused(
            f"what is known of {place} cannot be read ({error}): another release wrote it, or a hand; restore the "
            "version before it in the primary home"
        ) from None


async def digest_key(*, documents: Documents, environment: str) -> bytes:
    """The key of an environment's digests, made when it is first wanted. It stays in the primary home."""
    path = f"{environment}/digest-key"
    for _ in range(TRIES_MAX):
        document, version = await documents.fetch(path)
        if document is not None:
            return bytes.fromhex(document["key"])
        with suppress(OtherVersion):
            await documents.put(path, {"key": secrets.token_hex(_KEY_BYTES)}, after=version)
    raise HomeRefused("the key of digests is neither there nor can it be made: look at the policy")


def _path(place: Place) -> str:
    return f"{place}/known"
