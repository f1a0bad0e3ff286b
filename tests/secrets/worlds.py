"""Homes and an issuer in memory, that can be cut off at any call: for walking through every point of a crash."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import msgspec

from tallystick.governance.model.homes import (
    Copy,
    Fence,
    HomeDown,
    Mark,
    NotThere,
    OtherVersion,
    Place,
    Sealed,
    Version,
    VersionGone,
)
from tallystick.governance.model.secrets import HomeName, SecretSpec
from tallystick.governance.service.secrets.rotating import Ground


async def unfenced() -> None:
    """A fence that lets everybody pass."""


class Crash(BaseException):
    """The process ends here; nothing of ours catches it."""


@dataclass
class Wire:
    """Counts calls while it is on, and cuts one off: before it did anything, or after it did all and nobody heard.

    Or it `stalls` there until it `goes_on`, while another has the turn.
    """

    is_on: bool = False
    cut: int = -1
    is_after: bool = False
    calls: int = 0
    down: set[str] = field(default_factory=set[str])
    stalls: bool = False
    stalled: asyncio.Event = field(default_factory=asyncio.Event)
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def before(self, who: str) -> bool:
        """Count a call; answers whether it is cut off after its work."""
        if who in self.down:
            raise HomeDown(f"{who} is down: it was taken away")
        if not self.is_on:
            return False
        self.calls += 1
        if self.calls != self.cut:
            return False
        if self.stalls:
            self.is_on = False
            self.stalled.set()
            await self.goes_on.wait()
            return False
        if not self.is_after:
            raise Crash
        return True


class MemoryHome:
    """A home, and documents, in memory."""

    destroys = True

    def __init__(self, name: HomeName, wire: Wire) -> None:
        self.name: HomeName = name
        self._wire = wire
        self.kept: dict[str, list[dict[str, Any] | None]] = {}
        self.marks: dict[str, list[Mark]] = {}
        self.documents: dict[str, list[bytes]] = {}

    async def read(self, *, place: Place, version: str | None = None) -> Copy:
        self._done(await self._wire.before(self.name))
        kept = self.kept.get(str(place))
        if not kept:
            raise NotThere(f"{self.name} has no {place}")
        number = int(version or len(kept))
        fields = kept[number - 1] if number <= len(kept) else None
        if fields is None:
            raise VersionGone(f"version {number} of {place} is gone")
        mark = self.marks[str(place)][number - 1]
        return Copy(version=str(number), value=Sealed(fields), mark=mark)

    async def write(self, *, place: Place, value: Sealed, mark: Mark) -> str:
        is_cut = await self._wire.before(self.name)
        kept = self.kept.setdefault(str(place), [])
        if self.name == "openbao" and mark.version != str(len(kept) + 1):
            raise OtherVersion(f"{place} has {len(kept)} versions")
        kept.append(value.reveal())
        self.marks.setdefault(str(place), []).append(mark)
        self._done(is_cut)
        return str(len(kept))

    async def versions(self, *, place: Place) -> tuple[Version, ...]:
        self._done(await self._wire.before(self.name))
        kept = self.kept.get(str(place), [])
        found = [
            Version(version=str(number), is_readable=one is not None)
            for number, one in enumerate(kept, start=1)
        ]
        return tuple(reversed(found))

    async def destroy(self, *, place: Place, version: str) -> None:
        is_cut = await self._wire.before(self.name)
        self.kept[str(place)][int(version) - 1] = None
        self._done(is_cut)

    async def fetch(self, path: str) -> tuple[dict[str, Any] | None, int]:
        self._done(await self._wire.before("documents"))
        kept = self.documents.get(path, [])
        return (msgspec.json.decode(kept[-1]), len(kept)) if kept else (None, 0)

    async def put(self, path: str, document: Mapping[str, Any], *, after: int) -> int:
        is_cut = await self._wire.before("documents")
        kept = self.documents.setdefault(path, [])
        if len(kept) != after:
            raise OtherVersion(f"{path} has {len(kept)} versions")
        kept.append(msgspec.json.encode(document))
        self._done(is_cut)
        return len(kept)

    def _done(self, is_cut: bool) -> None:
        if is_cut:
            raise Crash


class MemoryIssuer:
    """Issues numbered values, of which any may be valid at a time."""

    settles_s = 0

    def __init__(self, wire: Wire) -> None:
        self._wire, self._numbers = wire, count(1)
        self.valid: set[str] = set()
        self.undying = 0
        self.moves_after_revoking = False

    async def make(
        self, *, spec: SecretSpec, old: Sealed | None, rotation: str, fence: Fence
    ) -> Sealed:
        await fence()
        if await self._wire.before("issuer"):
            raise Crash
        return Sealed({"value": f"value-{next(self._numbers)}"})

    async def install(self, *, spec: SecretSpec, value: Sealed, fence: Fence) -> None:
        await fence()
        is_cut = await self._wire.before("issuer")
        self.valid.add(value.reveal()["value"])
        if is_cut:
            raise Crash

    async def is_alive(self, *, spec: SecretSpec, value: Sealed) -> bool:
        if await self._wire.before("issuer"):
            raise Crash
        return value.reveal()["value"] in self.valid

    async def revoke_others(self, *, spec: SecretSpec, keep: Sealed, fence: Fence) -> None:
        others = self.valid - {keep.reveal()["value"]}
        await fence()
        is_cut = await self._wire.before("issuer")
        if self.undying:
            self.undying -= 1
        else:
            self.valid -= others
        if self.moves_after_revoking:
            self.valid = set()
        if is_cut:
            raise Crash


@dataclass
class Ticking:
    """A clock that a test moves."""

    at: int = 1_700_000_000_000_000

    def now(self) -> int:
        return self.at

    def pass_s(self, seconds: int) -> None:
        self.at += seconds * 1_000_000


class World:
    """One secret, its homes and its issuer."""

    def __init__(self, *, cut: int = -1, is_after: bool = False) -> None:
        self.wire = Wire(cut=cut, is_after=is_after)
        self.clock = Ticking()
        self.primary = MemoryHome("openbao", self.wire)
        self.aws, self.gcp = MemoryHome("aws", self.wire), MemoryHome("gcp", self.wire)
        self.issuer = MemoryIssuer(self.wire)
        self.ground = Ground(
            primary=self.primary,
            documents=self.primary,
            copies={"aws": self.aws, "gcp": self.gcp},
            kinds={"postgres_role": self.issuer, "random": self.issuer},
            key=b"k" * 32,
        )

    def homes(self) -> Iterator[MemoryHome]:
        yield from (self.primary, self.aws, self.gcp)
