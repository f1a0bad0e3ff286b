"""A double of Azure Resource Manager: any resource at its id, its children, who changed it and when.

Written after https://learn.microsoft.com/rest/api/resources/ (resources, resource groups, the list of everything),
https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations (provisioningState),
https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors (codes) and
https://learn.microsoft.com/rest/api/monitor/activity-logs/list. It knows no provider's rules: what is put is kept. It
fills in the defaults in `DEFAULTS`, keeps no password, and shows a security group's rules, a network's subnets and a
table's routes both as children and within their parent, as Azure does.
"""

import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from tests.doubles.serving import Answer, Asked, Double, Refused, Route

PAGE_MAX = 50
EVENTS_MAX = 10_000
PASSWORDS = frozenset({"administratorLoginPassword"})
EMBEDDED = {
    "microsoft.network/networksecuritygroups": "securityRules",
    "microsoft.network/virtualnetworks": "subnets",
    "microsoft.network/routetables": "routes",
}
NEVER_ABSENT = ("/blobservices/default",)
DEFAULTS: dict[str, dict[str, Any]] = {
    "microsoft.storage/storageaccounts": {
        "accessTier": "Hot",
        "supportsHttpsTrafficOnly": True,
        "minimumTlsVersion": "TLS1_0",
        "allowBlobPublicAccess": False,
        "publicNetworkAccess": "Enabled",
        "networkAcls": {
            "bypass": "AzureServices",
            "defaultAction": "Allow",
            "ipRules": [],
            "virtualNetworkRules": [],
        },
        "encryption": {"keySource": "Microsoft.Storage"},
    },
    "microsoft.keyvault/vaults": {
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 90,
        "publicNetworkAccess": "Enabled",
        "enabledForDeployment": False,
        "accessPolicies": [],
    },
    "microsoft.dbforpostgresql/flexibleservers": {
        "backup": {"backupRetentionDays": 7, "geoRedundantBackup": "Disabled"},
        "highAvailability": {"mode": "Disabled"},
        "network": {"publicNetworkAccess": "Enabled"},
        "authConfig": {"activeDirectoryAuth": "Disabled", "passwordAuth": "Enabled"},
        "dataEncryption": {"type": "SystemManaged"},
        "storage": {"storageSizeGB": 32, "autoGrow": "Disabled"},
    },
    "microsoft.operationalinsights/workspaces": {
        "sku": {"name": "PerGB2018"},
        "retentionInDays": 30,
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
        "workspaceCapping": {"dailyQuotaGb": -1},
    },
    "microsoft.network/virtualnetworks/subnets": {
        "privateEndpointNetworkPolicies": "Disabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
    },
    "microsoft.storage/storageaccounts/blobservices": {
        "deleteRetentionPolicy": {"enabled": False},
        "isVersioningEnabled": False,
    },
}


def refusal(status: int, code: str, message: str) -> Refused:
    """Give a refusal in the shape of Resource Manager's errors."""
    return Refused(Answer(status=status, body={"error": {"code": code, "message": message}}))


@dataclass(slots=True)
class Held:
    """A resource, and how often it is still read before its making has ended."""

    body: dict[str, Any]
    pending: int = 0


class ResourceManager(Double):
    """The double; `clock` gives microseconds since 1970, `slow` says for types how many reads their making takes."""

    def __init__(
        self, *, tokens: Mapping[str, str] | None = None, clock: Callable[[], int] | None = None
    ) -> None:
        super().__init__(tokens=tokens)
        self.clock = clock or (lambda: time.time_ns() // 1000)
        self.slow: dict[str, int] = {}
        self.held: dict[str, Held] = {}
        self.events: list[dict[str, Any]] = []

    def routes(self) -> tuple[Route, ...]:
        """Give the routes: the activity log, role definitions by name, then any id and any collection."""
        log = r".*/providers/[Mm]icrosoft\.[Ii]nsights/eventtypes/management/values"
        roles = r"(?P<scope>.*)/providers/Microsoft\.Authorization/roleDefinitions"
        return (
            ("GET", log, self.activity),
            ("GET", roles, self.role_definitions),
            ("GET", r"(?P<subscription>/subscriptions/[^/]+)/resources", self.everything),
            ("GET", r"(?P<place>/.+)", self.get),
            ("PUT", r"(?P<place>/.+)", self.put),
            ("PATCH", r"(?P<place>/.+)", self.patch),
            ("DELETE", r"(?P<place>/.+)", self.delete),
        )

    def admit(self, asked: Asked) -> None:
        """Refuse whoever brings no good token or no version of the interface."""
        if not asked.caller:
            raise refusal(401, "AuthenticationFailed", "Authentication failed.")
        version = asked.query.get("api-version")
        if version is None:
            message = "The api-version query parameter (?api-version=) is required."
            raise refusal(400, "MissingApiVersionParameter", message)
        if not re.fullmatch(r"\d{4}-\d\d-\d\d(-preview)?", version):
            raise refusal(400, "InvalidApiVersionParameter", f"'{version}' is invalid.")

    def get(self, asked: Asked, *, place: str) -> Answer:
        """Give a resource by its id, or one page of a collection."""
        if _is_collection(place):
            return self._page(asked, list(self._within(place)))
        held = self._held(place)
        body = self._shown(held)
        held.pending = max(held.pending - 1, 0)
        return Answer(body=body)

    def put(self, asked: Asked, *, place: str) -> Answer:
        """Make or replace a resource; what it lies in must be there."""
        self._inside(place)
        new = place.casefold() not in self.held
        kind = _type(place)
        body = {k: v for k, v in (asked.body or {}).items() if k not in ("etag", "systemData")}
        given = body.get("properties") or {}
        properties = _deep(DEFAULTS.get(kind, {}), given)
        children = properties.pop(EMBEDDED.get(kind, ""), None)
        made = {
            **body,
            "id": place,
            "name": place.rsplit("/", 1)[1],
            "type": kind,
            "etag": f'W/"{uuid.uuid4()}"',
            "properties": _without_passwords(properties),
        }
        self.held[place.casefold()] = Held(made, self.slow.get(kind, 0))
        if children is not None:
            self._replace_children(place, EMBEDDED[kind], children)
        self._log(asked, place, "write")
        return Answer(status=201 if new else 200, body=self._shown(self._held(place)))

    def patch(self, asked: Asked, *, place: str) -> Answer:
        """Change tags, identity and properties of a resource (RFC 7396)."""
        held = self._held(place)
        body = {k: v for k, v in (asked.body or {}).items() if k not in ("id", "name", "type")}
        held.body = _deep(held.body, body) | {"etag": f'W/"{uuid.uuid4()}"'}
        held.body["properties"] = _without_passwords(held.body["properties"])
        if "tags" in body:
            held.body["tags"] = body["tags"]
        self._log(asked, place, "write")
        return Answer(body=self._shown(held))

    def delete(self, asked: Asked, *, place: str) -> Answer:
        """Delete a resource with all that lies in it."""
        if place.casefold() not in self.held:
            return Answer(status=204)
        for each in [one for one in self.held if f"{one}/".startswith(f"{place.casefold()}/")]:
            del self.held[each]
        self._log(asked, place, "delete")
        return Answer(status=200)

    def activity(self, asked: Asked) -> Answer:
        """Give one page of the activity log, the newest first, since the time that the filter must name."""
        since = re.search(r"eventTimestamp ge '([^']+)'", asked.query.get("$filter", ""))
        if since is None:
            raise refusal(400, "BadRequest", "The $filter must have eventTimestamp ge '...'")
        found = [each for each in self.events if each["eventTimestamp"] >= since[1]]
        return self._page(asked, found[::-1])

    def role_definitions(self, asked: Asked, *, scope: str) -> Answer:
        """Give the role of a name: every name has one here, by an id made of it."""
        name = re.search(r"roleName eq '([^']+)'", asked.query.get("$filter", ""))
        if name is None:
            own = self._within(f"{scope}/providers/microsoft.authorization/roledefinitions")
            return self._page(asked, list(own))
        subscription = "/".join(scope.split("/")[:3])
        role = uuid.uuid5(uuid.NAMESPACE_URL, name[1])
        place = f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        return Answer(body={"value": [{"id": place, "properties": {"roleName": name[1]}}]})

    def everything(self, asked: Asked, *, subscription: str) -> Answer:
        """Give one page of all resources, but for groups, for what hangs on others and for what lies in them."""
        expand = asked.query.get("$expand", "").split(",")
        found: list[dict[str, Any]] = []
        for key, held in sorted(self.held.items()):
            is_ours = key.startswith(f"{subscription}/resourcegroups/".casefold())
            if not is_ours or key.count("/providers/") != 1 or held.body["type"].count("/") != 1:
                continue
            acts = [each for each in self.events if each["resourceId"].casefold() == key]
            times = {"createdTime": acts[0], "changedTime": acts[-1]} if acts else {}
            body = {k: v for k, v in held.body.items() if k not in ("properties", "etag")}
            told = {k: act["eventTimestamp"] for k, act in times.items() if k in expand}
            found.append({**body, **told})
        return self._page(asked, found)

    def _log(self, asked: Asked, place: str, verb: str) -> None:
        assert len(self.events) < EVENTS_MAX
        seconds, micros = divmod(self.clock(), 1_000_000)
        moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)
        self.events.append(
            {
                "eventTimestamp": moment.isoformat().replace("+00:00", "Z"),
                "caller": asked.caller,
                "operationName": {"value": f"{_type(place)}/{verb}"},
                "resourceId": place,
                "status": {"value": "Succeeded"},
                "httpRequest": {"method": asked.method},
            }
        )

    def _held(self, place: str) -> Held:
        held = self.held.get(place.casefold())
        if held is None and place.casefold().endswith(NEVER_ABSENT):
            self._inside(place)
            usual = _deep(DEFAULTS.get(_type(place), {}), {})
            name = place.rsplit("/", 1)[1]
            held = Held({"id": place, "name": name, "type": _type(place), "properties": usual})
            self.held[place.casefold()] = held
        if held is None:
            name = place.rsplit("/", 1)[1]
            raise refusal(404, "ResourceNotFound", f"The Resource '{name}' was not found.")
        return held

    def _inside(self, place: str) -> None:
        """Refuse to make something in a group or under a parent that is not there."""
        group = re.match(r"/subscriptions/[^/]+/resourceGroups/([^/]+)/", place, re.IGNORECASE)
        if group and group[0].rstrip("/").casefold() not in self.held:
            message = f"Resource group '{group[1]}' could not be found."
            raise refusal(404, "ResourceGroupNotFound", message)
        parent = place.rsplit("/", 2)[0]
        child = re.search(r"/providers/[^/]+/[^/]+/[^/]+$", parent)
        if child and parent.casefold() not in self.held:
            raise refusal(404, "ParentResourceNotFound", f"'{parent}' was not found.")

    def _replace_children(self, place: str, member: str, children: list[Any]) -> None:
        under = f"{place}/{member}/"
        for each in [one for one in self.held if one.startswith(under.casefold())]:
            del self.held[each]
        for child in children:
            where = f"{under}{child['name']}"
            kind = f"{_type(place)}/{member}".casefold()
            properties = _deep(DEFAULTS.get(kind, {}), child.get("properties") or {})
            body = {"id": where, "name": child["name"], "type": kind, "properties": properties}
            self.held[where.casefold()] = Held(body)

    def _shown(self, held: Held) -> dict[str, Any]:
        state = "Creating" if held.pending else "Succeeded"
        properties = {**held.body["properties"], "provisioningState": state}
        member = EMBEDDED.get(held.body["type"])
        if member:
            properties[member] = list(self._within(f"{held.body['id']}/{member}"))
        return {**held.body, "properties": properties}

    def _within(self, place: str) -> Iterator[dict[str, Any]]:
        """Yield what a collection has: by parent, by group, or over the whole subscription."""
        lead, _, wanted = place.casefold().rpartition("/providers/")
        for key, held in sorted(self.held.items()):
            direct = key.rpartition("/")[0] == place.casefold()
            anywhere = held.body["type"] == wanted and key.startswith(f"{lead}/")
            if direct or anywhere:
                yield self._shown(held)

    def _page(self, asked: Asked, rows: list[dict[str, Any]]) -> Answer:
        start = int(asked.query.get("$skipToken") or 0)
        body: dict[str, Any] = {"value": rows[start : start + PAGE_MAX]}
        if start + PAGE_MAX < len(rows):
            kept = {**asked.query, "$skipToken": str(start + PAGE_MAX)}
            query = "&".join(f"{quote(k)}={quote(v)}" for k, v in kept.items())
            body["nextLink"] = f"{self.url}{asked.path}?{query}"
        return Answer(body=body)


def _type(place: str) -> str:
    """Give the type of what is at an id."""
    _, found, rest = place.casefold().rpartition("/providers/")
    if not found:
        return "microsoft.resources/resourcegroups"
    parts = rest.split("/")
    return "/".join([parts[0], *parts[1::2]])


def _is_collection(place: str) -> bool:
    _, found, rest = place.rpartition("/providers/")
    parts = rest.split("/") if found else place.strip("/").split("/")
    return len(parts) % 2 == (0 if found else 1)


def _deep(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    laid = {k: _deep(v, {}) if isinstance(v, dict) else v for k, v in under.items()}
    for name, value in over.items():
        if value is None:
            laid.pop(name, None)
        elif isinstance(value, dict) and isinstance(laid.get(name), dict):
            laid[name] = _deep(laid[name], value)
        else:
            laid[name] = value
    return laid


def _without_passwords(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in properties.items() if k not in PASSWORDS}
