"""OpenBao (and what speaks its interface): KV version 2 as a home, and as where the documents of rotations are kept.

https://openbao.org/api-docs/secret/kv/kv-v2/
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from tallystick.governance.adapters.homes.rest import Reply, Rest
from tallystick.governance.model.homes import (
    VERSIONS_MAX,
    Copy,
    HomeRefused,
    Mark,
    NotThere,
    OtherVersion,
    Place,
    Sealed,
    Version,
    VersionGone,
    stored,
    taken,
)
from tallystick.governance.model.secrets import HomeName

_OTHER: Final = "check-and-set"


class OpenBao:
    """A mount of KV version 2: secrets under `prefix`, documents under `prefix`-known.

    Being the primary home, it writes by check-and-set: version 7 follows version 6 or is refused.
    """

    name: HomeName = "openbao"
    destroys = True

    def __init__(self, *, rest: Rest, mount: str, prefix: str) -> None:
        self._rest, self._mount, self._prefix = rest, mount, prefix

    async def read(self, *, place: Place, version: str | None = None) -> Copy:
        """The newest version, or the one that is named. Raises NotThere, VersionGone."""
        query = {"version": _number(version)} if version else None
        reply = await self._rest.ask("GET", self._at("data", self._path(place)), query=query)
        if reply.status == 404:
            raise self._absence(reply, place, version)
        data = self._data(reply, f"read {place}")
        found = str(data["metadata"]["version"])
        return taken(data["data"], version=found, home=self.name, place=place)

    def _absence(self, reply: Reply, place: Place, version: str | None) -> HomeRefused:
        # A deleted or destroyed version has metadata and no data; one that never was has neither.
        known = _metadata(reply)
        number = version or (str(known["version"]) if known else "")
        if number:
            return VersionGone(
                f"version {number} of {place} in openbao was deleted or destroyed, or never was"
            )
        return NotThere(f"openbao has no {place}: write it there, or rotate it to make one")

    async def write(self, *, place: Place, value: Sealed, mark: Mark) -> str:
        """Write the version of the mark. Raises OtherVersion when the newest is not the one before it."""
        after = int(_number(mark.version)) - 1
        return str(await self._write(self._path(place), stored(value, mark), after=after))

    async def versions(self, *, place: Place) -> tuple[Version, ...]:
        """All versions, the newest first, a hundred at most."""
        reply = await self._rest.ask("GET", self._at("metadata", self._path(place)))
        if reply.status == 404:
            return ()
        known = self._data(reply, f"list versions of {place}")["versions"]
        numbers = sorted(map(int, known), reverse=True)[:VERSIONS_MAX]
        return tuple(
            Version(version=str(one), is_readable=_is_readable(known[str(one)])) for one in numbers
        )

    async def destroy(self, *, place: Place, version: str) -> None:
        """Destroy a version for good."""
        body = {"versions": [int(_number(version))]}
        reply = await self._rest.ask("PUT", self._at("destroy", self._path(place)), body=body)
        if reply.status not in (200, 204, 404):
            raise self._rest.refused(reply, f"destroy version {version} of {place}")

    async def fetch(self, path: str) -> tuple[dict[str, Any] | None, int]:
        """A document and its version; None and the last version where it is none."""
        reply = await self._rest.ask("GET", self._at("data", f"{self._prefix}-known/{path}"))
        if reply.status == 404:
            known = _metadata(reply)
            return None, int(known["version"]) if known else 0
        data = self._data(reply, f"read what is known of {path}")
        return data["data"], int(data["metadata"]["version"])

    async def put(self, path: str, document: Mapping[str, Any], *, after: int) -> int:
        """Write the version that follows `after`. Raises OtherVersion."""
        return await self._write(f"{self._prefix}-known/{path}", document, after=after)

    async def _write(self, path: str, fields: Mapping[str, Any], *, after: int) -> int:
        body = {"data": fields, "options": {"cas": after}}
        reply = await self._rest.ask("POST", self._at("data", path), body=body)
        if reply.status == 400 and _OTHER in str(reply.body):
            raise OtherVersion(
                f"somebody else wrote {path} in openbao meanwhile; nothing was written, look again"
            )
        return int(self._data(reply, f"write {path}")["version"])

    def _data(self, reply: Reply, what: str) -> Any:
        if reply.status != 200 or not isinstance(reply.body, dict) or not reply.body.get("data"):
            raise self._rest.refused(reply, what)
        return reply.body["data"]

    def _path(self, place: Place) -> str:
        return f"{self._prefix}/{place}"

    def _at(self, verb: str, path: str) -> str:
        return f"v1/{quote(self._mount)}/{verb}/{quote(path)}"


def _metadata(reply: Reply) -> Any:
    data = reply.body.get("data") if isinstance(reply.body, dict) else None
    return data["metadata"] if data else None


def _number(version: str) -> str:
    if not (version.isascii() and version.isdecimal()) or len(version) > 9:
        raise VersionGone(f"openbao counts versions, and {version[:20]!r} is no number")
    return version


def _is_readable(known: Any) -> bool:
    return not known["destroyed"] and not known["deletion_time"]
