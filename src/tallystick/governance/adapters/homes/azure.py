"""Azure Key Vault's secrets over its REST interface, version 7.4.

https://learn.microsoft.com/rest/api/keyvault/secrets
"""

from typing import Any, Final

import msgspec

from tallystick.governance.adapters.homes.rest import Reply, Rest
from tallystick.governance.model.homes import (
    VERSIONS_MAX,
    Copy,
    HomeRefused,
    Mark,
    NotThere,
    Place,
    Sealed,
    Version,
    VersionGone,
    stored,
    taken,
)
from tallystick.governance.model.secrets import HomeName

_QUERY: Final = {"api-version": "7.4"}
# A vault gives 25 versions a page.
PAGES_MAX: Final = 8


class Azure:
    """A vault; `production/smtp` is `tallystick-production-smtp` there.

    A vault destroys no single version: what is destroyed here is disabled, so that nobody reads it.
    """

    name: HomeName = "azure"
    destroys = True

    def __init__(self, *, rest: Rest) -> None:
        self._rest = rest

    async def read(self, *, place: Place, version: str | None = None) -> Copy:
        """The newest version, or the one that is named. Raises NotThere, VersionGone."""
        reply = await self._ask("GET", f"{_at(place)}/{version or ''}")
        if reply.status == 403 or (reply.status == 404 and version):
            raise VersionGone(
                f"version {version or 'the newest'} of {place} in azure is disabled, or never was"
            )
        if reply.status == 404:
            raise NotThere(f"azure has no {place}: a sync writes it there")
        body = self._good(reply, f"read {place}")
        try:
            fields = msgspec.json.decode(body["value"])
        except msgspec.DecodeError:
            fields = None
        return taken(fields, version=_last(body["id"]), home=self.name, place=place)

    async def write(self, *, place: Place, value: Sealed, mark: Mark) -> str:
        """Add a version. Raises HomeRefused for a name that is taken by a deleted secret."""
        written = msgspec.json.encode(stored(value, mark)).decode()
        body = {"value": written, "contentType": "application/json"}
        reply = await self._ask("PUT", _at(place), body=body)
        if reply.status == 409:
            raise HomeRefused(
                f"{place} was deleted in azure and its name is still taken: recover it there, then run the same again"
            )
        return _last(self._good(reply, f"write {place}")["id"])

    async def versions(self, *, place: Place) -> tuple[Version, ...]:
        """All versions, the newest first, a hundred at most."""
        query, found = _QUERY | {"maxresults": "25"}, list[tuple[Any, ...]]()
        for _ in range(PAGES_MAX):
            reply = await self._ask("GET", f"{_at(place)}/versions", query=query)
            if reply.status == 404:
                return ()
            page = self._good(reply, f"list versions of {place}")
            for one in page["value"]:
                known = one["attributes"]
                found.append((known["created"], len(found), _last(one["id"]), known["enabled"]))
            link = page.get("nextLink")
            if not link:
                break
            query = query | {"$skiptoken": _skip(link)}
        found.sort(reverse=True)
        return tuple(
            Version(version=name, is_readable=enabled)
            for _, _, name, enabled in found[:VERSIONS_MAX]
        )

    async def destroy(self, *, place: Place, version: str) -> None:
        """Disable a version."""
        body = {"attributes": {"enabled": False}}
        reply = await self._ask("PATCH", f"{_at(place)}/{version}", body=body)
        if reply.status != 404:
            self._good(reply, f"disable version {version} of {place}")

    async def _ask(
        self, method: str, path: str, *, body: Any = None, query: dict[str, str] = _QUERY
    ) -> Reply:
        return await self._rest.ask(
            method,
            path,
            body=body,
            query=query,
            is_denial=lambda said: "SecretDisabled" not in str(said),
        )

    def _good(self, reply: Reply, what: str) -> Any:
        if reply.status != 200 or not isinstance(reply.body, dict):
            raise self._rest.refused(reply, what)
        return reply.body


def _at(place: Place) -> str:
    return f"secrets/tallystick-{place.environment}-{place.name}"


def _last(identifier: str) -> str:
    return identifier.rpartition("/")[2]


def _skip(link: str) -> str:
    return link.partition("$skiptoken=")[2].partition("&")[0]
