"""Google Secret Manager over its REST interface, version 1.

https://cloud.google.com/secret-manager/docs/reference/rest
"""

import base64
from typing import Any, Final

import msgspec

from tallystick.governance.adapters.homes.rest import Reply, Rest
from tallystick.governance.model.homes import (
    VERSIONS_MAX,
    Copy,
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

ADDRESS: Final = "https://secretmanager.googleapis.com"


class Google:
    """The secrets of a project; `production/smtp` is `tallystick-production-smtp` there.

    They are kept in one region where one is given, else wherever Google chooses.
    """

    name: HomeName = "gcp"
    destroys = True

    def __init__(self, *, rest: Rest, project: str, region: str = "") -> None:
        self._rest, self._project, self._region = rest, project, region

    async def read(self, *, place: Place, version: str | None = None) -> Copy:
        """The newest version, or the one that is named. Raises NotThere, VersionGone."""
        number = version or await self._newest(place)
        reply = await self._rest.ask("GET", f"{self._at(place)}/versions/{number}:access")
        if reply.status in (400, 404):
            raise VersionGone(
                f"version {number} of {place} in gcp was disabled, destroyed, or never was"
            )
        if reply.status != 200:
            raise self._rest.refused(reply, f"read {place}")
        fields = msgspec.json.decode(base64.b64decode(reply.body["payload"]["data"]))
        return taken(fields, version=str(number), home=self.name, place=place)

    async def _newest(self, place: Place) -> str:
        # "latest" is the newest by number, whatever its state: so is ours, and a refusal can name it.
        found = await self.versions(place=place)
        if not found:
            raise NotThere(f"gcp has no {place}: a sync writes it there")
        return found[0].version

    async def write(self, *, place: Place, value: Sealed, mark: Mark) -> str:
        """Add a version, and the secret itself where there is none."""
        payload = base64.b64encode(msgspec.json.encode(stored(value, mark))).decode()
        body = {"payload": {"data": payload}}
        reply = await self._rest.ask("POST", f"{self._at(place)}:addVersion", body=body)
        if reply.status == 404:
            await self._create(place)
            reply = await self._rest.ask("POST", f"{self._at(place)}:addVersion", body=body)
        if reply.status != 200:
            raise self._rest.refused(reply, f"write {place}")
        return str(reply.body["name"]).rpartition("/")[2]

    async def _create(self, place: Place) -> None:
        where: Any = {"automatic": {}}
        if self._region:
            where = {"userManaged": {"replicas": [{"location": self._region}]}}
        secrets, _, identifier = self._at(place).rpartition("/")
        reply = await self._rest.ask(
            "POST", secrets, body={"replication": where}, query={"secretId": identifier}
        )
        if reply.status not in (200, 409):
            raise self._rest.refused(reply, f"make {place}")

    async def versions(self, *, place: Place) -> tuple[Version, ...]:
        """All versions, the newest first, a hundred at most."""
        reply = await self._rest.ask(
            "GET", f"{self._at(place)}/versions", query={"pageSize": str(VERSIONS_MAX)}
        )
        if reply.status == 404:
            return ()
        if reply.status != 200:
            raise self._rest.refused(reply, f"list versions of {place}")
        found = [
            (int(one["name"].rpartition("/")[2]), one.get("state") == "ENABLED")
            for one in reply.body.get("versions", ())
        ]
        return tuple(
            Version(version=str(number), is_readable=is_readable)
            for number, is_readable in sorted(found, reverse=True)
        )

    async def destroy(self, *, place: Place, version: str) -> None:
        """Destroy a version for good."""
        reply = await self._rest.ask(
            "POST", f"{self._at(place)}/versions/{version}:destroy", body={}
        )
        if reply.status not in (200, 404) and not _is_destroyed(reply):
            raise self._rest.refused(reply, f"destroy version {version} of {place}")

    def _at(self, place: Place) -> str:
        name = f"tallystick-{place.environment}-{place.name}"
        return f"v1/projects/{self._project}/secrets/{name}"


def _is_destroyed(reply: Reply) -> bool:
    # Google answers FAILED_PRECONDITION for one that is destroyed.
    return reply.status == 400 and "FAILED_PRECONDITION" in str(reply.body)
