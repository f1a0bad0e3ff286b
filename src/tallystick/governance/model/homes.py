"""A secret where it lives: what a home can be asked, what it refuses with, and a value that never shows itself."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Protocol

import msgspec

from tallystick.governance.model.secrets import HomeName, SecretSpec
from tallystick.governance.model.values import Environment

VERSIONS_MAX: Final = 100
VALUE_BYTES_MAX: Final = 16_384
# What a copy carries beside its fields: the version in the primary home, and the rotation that made it.
MARK_VERSION: Final = "_version"
MARK_ROTATION: Final = "_rotation"


class Sealed:
    """The fields of a secret. It shows nothing of itself but to whoever says `reveal`."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = dict(fields)

    def __repr__(self) -> str:
        return "Sealed(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and hmac.compare_digest(self._bytes(), other._bytes())

    def __hash__(self) -> int:
        raise TypeError("a secret is no key of a table")

    def __reduce__(self) -> Any:
        raise TypeError("a secret is not written down by itself")

    def reveal(self) -> dict[str, str]:
        """The fields in the clear, for the one call that needs them."""
        return dict(self._fields)

    def digest(self, *, key: bytes, secret: str) -> str:
        """What evidence says of the value: HMAC-SHA-256 under a key of the list, in hex.

        Without the key nobody can try values against it; equal values of two secrets do not look equal.
        """
        return hmac.new(key, secret.encode() + b"\0" + self._bytes(), sha256).hexdigest()

    def proof(self, *, said: str) -> str:
        """What only a holder of the value can make of words: HMAC-SHA-256 under the JSON of its fields, in hex."""
        return hmac.new(self._bytes(), said.encode(), sha256).hexdigest()

    def _bytes(self) -> bytes:
        return msgspec.json.encode(self._fields, order="deterministic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which secret of which environment."""

    environment: Environment
    name: str

    def __str__(self) -> str:
        return f"{self.environment}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a copy carries beside its value: the version in the primary home, and the rotation that made it, or ""."""

    version: str
    rotation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One version as a home has it; `version` is the home's own name for it."""

    version: str
    value: Sealed
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """That a home has a version, and whether it can still be read."""

    version: str
    is_readable: bool


class HomeRefused(ValueError):
    """A home did not do what it was asked. What it says has no value in it."""


class HomeDown(HomeRefused):
    """A home does not answer, or answers that it cannot: the same again, later."""


class HomeDenied(HomeRefused):
    """A home does not know our token, or does not let it do this."""


class NotThere(HomeRefused):
    """The home has no such secret."""


class VersionGone(HomeRefused):
    """The home has the secret, and this version of it was deleted, disabled or destroyed, or never was."""


class OtherVersion(HomeRefused):
    """Somebody else wrote meanwhile: the version that this one was to follow is not the newest."""


class Home(Protocol):
    """A secret manager. Every method raises HomeDown, HomeDenied, and what it says itself.

    With `destroys` a version that was ended is given out to nobody; without, still to who knows its id.
    """

    name: HomeName
    destroys: bool

    async def read(self, *, place: Place, version: str | None = None) -> Copy:
        """The newest version, or the one that is named. Raises NotThere, VersionGone."""
        ...

    async def write(self, *, place: Place, value: Sealed, mark: Mark) -> str:
        """Write a new version, and answer the home's name for it.

        In the primary home it must become the version of the mark, else OtherVersion, and nothing is written.
        """
        ...

    async def versions(self, *, place: Place) -> tuple[Version, ...]:
        """All versions, the newest first, a hundred at most; none where there is no such secret."""
        ...

    async def destroy(self, *, place: Place, version: str) -> None:
        """End a version that is not the newest, for good where the home can; once more changes nothing."""
        ...


class Documents(Protocol):
    """Small documents in the primary home, written by check-and-set: what is known, and whose turn it is."""

    async def fetch(self, path: str) -> tuple[dict[str, Any] | None, int]:
        """The document and its version; None and 0 where there is none."""
        ...

    async def put(self, path: str, document: Mapping[str, Any], *, after: int) -> int:
        """Write what follows version `after`, answer its version. Raises OtherVersion, and nothing is written."""
        ...


Fence = Callable[[], Awaitable[object]]
"""Called right before anything changes outside: it renews the turn, and raises when another has it."""


class Kind(Protocol):
    """How secrets of a kind are made, brought into force, tried and ended. Each may be done twice.

    What is to change is looked up before `fence` is called, and changed after: so whoever slept in between changes
    nothing that came later. `settles_s` is how long a revoked one may rightly go on working.
    """

    settles_s: int

    async def make(
        self, *, spec: SecretSpec, old: Sealed | None, rotation: str, fence: Fence
    ) -> Sealed:
        """Make a new value beside the old one. What an earlier try of the same rotation left is ended first."""
        ...

    async def install(self, *, spec: SecretSpec, value: Sealed, fence: Fence) -> None:
        """Bring a value into force, where its issuer does not know it yet; the other one stays valid."""
        ...

    async def is_alive(self, *, spec: SecretSpec, value: Sealed) -> bool:
        """Try a value for real. Raises HomeDown when nobody answers, which proves nothing."""
        ...

    async def revoke_others(self, *, spec: SecretSpec, keep: Sealed, fence: Fence) -> None:
        """End every value of this secret but one."""
        ...


def stored(value: Sealed, mark: Mark) -> dict[str, str]:
    """The fields as a home keeps them, with the mark. Raises HomeRefused for more than a home takes."""
    fields = value.reveal() | {MARK_VERSION: mark.version, MARK_ROTATION: mark.rotation}
    if len(msgspec.json.encode(fields)) > VALUE_BYTES_MAX:
        raise HomeRefused(f"a secret has at most {VALUE_BYTES_MAX} bytes: keep the file elsewhere")
    return fields


def taken(fields: Any, *, version: str, home: HomeName, place: Place) -> Copy:
    """Read what a home keeps. Raises HomeRefused for what is no set of named texts."""
    try:
        found = msgspec.convert(fields, dict[str, str])
    except msgspec.ValidationError:
        raise HomeRefused(
            f"{place} in {home} is no set of named texts, so somebody else wrote it: look, then write it again there"
        ) from None
    mark = Mark(version=found.pop(MARK_VERSION, ""), rotation=found.pop(MARK_ROTATION, ""))
    return Copy(version=version, value=Sealed(found), mark=mark)
