"""A double of what no server serves of GCP: Cloud KMS, Secret Manager with policies, audit entries, Asset Inventory.

Written after https://cloud.google.com/kms/docs/reference/rest,
https://cloud.google.com/secret-manager/docs/reference/rest and
https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list; an entry of the audit log has the members of
https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog that tell who, what and when.
Assets have the members of https://cloud.google.com/asset-inventory/docs/reference/rest/v1/ResourceSearchResult.
Nothing is encrypted with its keys. Changes made elsewhere can be entered too (`enter`), and objects (`have`).
"""

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.doubles.serving import Answer, Asked, Double, Refused, Route

PAGE_MAX = 100
ENTRIES_MAX = 10_000
NUMBER = 420_000_000_001
"""The number of every project here."""

LOCATION = r"projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)"
RING = rf"{LOCATION}/keyRings/(?P<ring>[^/:]+)"
KEY = rf"{RING}/cryptoKeys/(?P<key>[^/:]+)"
SECRET = r"projects/(?P<project>[^/]+)/secrets/(?P<secret>[^/:]+)"
CHANGEABLE_KEY = ("labels", "rotationPeriod", "nextRotationTime", "versionTemplate")
CHANGEABLE_SECRET = (
    "labels",
    "annotations",
    "rotation",
    "expireTime",
    "versionDestroyTtl",
    "topics",
)


def refusal(status: int, code: str, message: str) -> Refused:
    """Give a refusal in the shape of GCP's errors."""
    error = {"code": status, "message": message, "status": code}
    return Refused(Answer(status=status, body={"error": error}))


class Google(Double):
    """The double; `clock` gives microseconds since 1970."""

    def __init__(
        self, *, tokens: Mapping[str, str] | None = None, clock: Callable[[], int] | None = None
    ) -> None:
        super().__init__(tokens=tokens)
        self.clock = clock or (lambda: time.time_ns() // 1000)
        self.things: dict[str, dict[str, Any]] = {}
        self.policies: dict[str, dict[str, Any]] = {}
        self.entries: list[dict[str, Any]] = []
        self.assets: dict[str, dict[str, Any]] = {}
        self.asset_policies: list[dict[str, Any]] = []

    def routes(self) -> tuple[Route, ...]:
        """Give the routes of KMS, Secret Manager and Logging."""
        thing = rf"/v1/(?P<name>(?:{_bare(KEY)}|{_bare(RING)}|{_bare(SECRET)}))"
        version = rf"/v1/(?P<name>{_bare(KEY)}/cryptoKeyVersions/\d+)"
        return (
            ("POST", rf"/v1/(?P<parent>{_bare(LOCATION)})/keyRings", self.create_ring),
            ("POST", rf"/v1/(?P<parent>{_bare(RING)})/cryptoKeys", self.create_key),
            ("POST", r"/v1/(?P<parent>projects/[^/]+)/secrets", self.create_secret),
            ("GET", rf"/v1/(?P<parent>{_bare(LOCATION)})/(?P<sort>keyRings)", self.listed),
            ("GET", rf"/v1/(?P<parent>{_bare(RING)})/(?P<sort>cryptoKeys)", self.listed),
            ("GET", rf"/v1/(?P<parent>{_bare(KEY)})/(?P<sort>cryptoKeyVersions)", self.listed),
            ("GET", r"/v1/(?P<parent>projects/[^/]+)/(?P<sort>secrets)", self.listed),
            ("POST", rf"{version}:destroy", self.destroy),
            ("GET", rf"{thing}:getIamPolicy", self.get_policy),
            ("POST", rf"{thing}:setIamPolicy", self.set_policy),
            ("GET", thing, self.get),
            ("GET", version, self.get),
            ("PATCH", thing, self.update),
            ("DELETE", rf"/v1/(?P<name>{_bare(SECRET)})", self.delete),
            ("POST", r"/v2/entries:list", self.list_entries),
            ("GET", r"/v1/projects/(?P<project>[^/:]+):searchAllResources", self.search_resources),
            ("GET", r"/v1/projects/[^/:]+:searchAllIamPolicies", self.search_policies),
        )

    def admit(self, asked: Asked) -> None:
        """Refuse whoever brings no good token."""
        if not asked.caller:
            raise refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials")

    def create_ring(self, asked: Asked, *, parent: str) -> Answer:
        """Make a key ring; it is never deleted."""
        name = f"{parent}/keyRings/{asked.query.get('keyRingId')}"
        return self._made(asked, name, {}, "CreateKeyRing")

    def create_key(self, asked: Asked, *, parent: str) -> Answer:
        """Make a key with its first version."""
        self._thing(parent)
        body = dict(asked.body or {})
        if body.get("rotationPeriod") and not body.get("nextRotationTime"):
            raise refusal(400, "INVALID_ARGUMENT", "next_rotation_time must be set with a period")
        name = f"{parent}/cryptoKeys/{asked.query.get('cryptoKeyId')}"
        usual = {"destroyScheduledDuration": "2592000s", "purpose": "ENCRYPT_DECRYPT"}
        template = {"protectionLevel": "SOFTWARE", "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION"}
        template |= body.get("versionTemplate") or {}
        version = {
            "name": f"{name}/cryptoKeyVersions/1",
            "state": "ENABLED",
            "createTime": self.now(),
            **template,
        }
        made = {**usual, **body, "versionTemplate": template, "primary": version}
        answer = self._made(asked, name, made, "CreateCryptoKey")
        self.things[version["name"]] = version
        return answer

    def create_secret(self, asked: Asked, *, parent: str) -> Answer:
        """Make a secret without a version."""
        body = dict(asked.body or {})
        if len(body.get("replication") or {}) != 1:
            raise refusal(400, "INVALID_ARGUMENT", "Exactly one replication must be set")
        return self._made(
            asked, f"{parent}/secrets/{asked.query.get('secretId')}", body, "CreateSecret"
        )

    def get(self, asked: Asked, *, name: str) -> Answer:
        """Give one thing."""
        return Answer(body=self._thing(name))

    def listed(self, asked: Asked, *, parent: str, sort: str) -> Answer:
        """Give one page of a parent's things of one sort."""
        pattern = re.compile(rf"{re.escape(parent)}/{sort}/[^/]+")
        found = [each for name, each in sorted(self.things.items()) if pattern.fullmatch(name)]
        start = int(asked.query.get("pageToken") or 0)
        body: dict[str, Any] = {sort: found[start : start + PAGE_MAX]}
        if start + PAGE_MAX < len(found):
            body["nextPageToken"] = str(start + PAGE_MAX)
        return Answer(body=body)

    def update(self, asked: Asked, *, name: str) -> Answer:
        """Change the fields that the mask names; one that is named and not given goes away."""
        thing = self._thing(name)
        mask = [each for each in (asked.query.get("updateMask") or "").split(",") if each]
        allowed = CHANGEABLE_SECRET if "/secrets/" in name else CHANGEABLE_KEY
        if not mask or any(each not in allowed for each in mask):
            raise refusal(400, "INVALID_ARGUMENT", f"update_mask must name some of {allowed}")
        for each in mask:
            value = (asked.body or {}).get(each)
            if value is None:
                thing.pop(each, None)
            else:
                thing[each] = (
                    {k: v for k, v in value.items() if v is not None}
                    if isinstance(value, dict)
                    else value
                )
        verb = "UpdateSecret" if "/secrets/" in name else "UpdateCryptoKey"
        self.enter(asked.caller, verb, name)
        return Answer(body=thing)

    def destroy(self, asked: Asked, *, name: str) -> Answer:
        """Schedule a version's destruction."""
        version = self._thing(name)
        version |= {"state": "DESTROY_SCHEDULED", "destroyTime": self.now()}
        self.enter(asked.caller, "DestroyCryptoKeyVersion", name)
        return Answer(body=version)

    def delete(self, asked: Asked, *, name: str) -> Answer:
        """Delete a secret."""
        self._thing(name)
        del self.things[name]
        self.policies.pop(name, None)
        self.enter(asked.caller, "DeleteSecret", name)
        return Answer(body={})

    def get_policy(self, asked: Asked, *, name: str) -> Answer:
        """Give a thing's policy."""
        self._thing(name)
        return Answer(body=self.policies.get(name, {"version": 1, "etag": "0", "bindings": []}))

    def set_policy(self, asked: Asked, *, name: str) -> Answer:
        """Set a thing's policy, if nobody set it since it was read."""
        self._thing(name)
        policy = dict((asked.body or {}).get("policy") or {})
        now = self.policies.get(name, {}).get("etag", "0")
        if policy.get("etag") not in (None, now):
            raise refusal(409, "ABORTED", "There were concurrent policy changes")
        delta = policy_delta(self.policies.get(name, {}), policy)
        self.policies[name] = {**policy, "etag": str(int(now) + 1)}
        self.enter(asked.caller, "SetIamPolicy", name, delta=delta)
        return Answer(body=self.policies[name])

    def have(self, kind: str, name: str, **told: Any) -> None:
        """Let Asset Inventory tell of an object that stands elsewhere; `name` is a full one: //host/path."""
        number = f"projects/{NUMBER}"
        self.assets[name] = {"name": name, "assetType": kind, "project": number, **told}

    def search_resources(self, asked: Asked, *, project: str) -> Answer:
        """Give one page of everything in the project; secrets are named by the project's number, as there."""
        own = []
        for name in sorted(self.things):
            service, kind = _asset_kind(name)
            place = (
                re.sub(r"^projects/[^/]+", f"projects/{NUMBER}", name)
                if "/secrets/" in name
                else name
            )
            parent = {"parentFullResourceName": f"//{service}/{name.rsplit('/', 2)[0]}"}
            told = parent if "Version" in kind else {}
            own.append({"name": f"//{service}/{place}", "assetType": f"{service}/{kind}", **told})
        return _page(asked, "results", [*own, *self.assets.values()])

    def search_policies(self, asked: Asked) -> Answer:
        """Give one page of the policies of everything that stands elsewhere."""
        return _page(asked, "results", self.asset_policies)

    def list_entries(self, asked: Asked) -> Answer:
        """Give the entries of the audit log, the newest first; of the filter only its earliest time is heard."""
        body = asked.body or {}
        since = re.search(r'timestamp\s*>=\s*"([^"]+)"', str(body.get("filter") or ""))
        found = [each for each in self.entries if not since or each["timestamp"] >= since[1]]
        size = min(int(body.get("pageSize") or PAGE_MAX), PAGE_MAX)
        start = int(body.get("pageToken") or 0)
        answer: dict[str, Any] = {"entries": found[::-1][start : start + size]}
        if start + size < len(found):
            answer["nextPageToken"] = str(start + size)
        return Answer(body=answer)

    def enter(
        self, who: str, verb: str, name: str, *, service: str = "", delta: Any = None
    ) -> None:
        """Enter into the audit log that somebody did something."""
        assert len(self.entries) < ENTRIES_MAX
        host = "secretmanager" if "/secrets/" in name else "cloudkms"
        payload: dict[str, Any] = {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "serviceName": service or f"{host}.googleapis.com",
            "methodName": verb,
            "resourceName": name,
            "authenticationInfo": {"principalEmail": who},
        }
        if delta is not None:
            payload["serviceData"] = {"policyDelta": {"bindingDeltas": delta}}
        project = name.split("/")[1]
        self.entries.append(
            {
                "insertId": str(len(self.entries)),
                "logName": f"projects/{project}/logs/cloudaudit.googleapis.com%2Factivity",
                "timestamp": self.now(),
                "protoPayload": payload,
            }
        )

    def now(self) -> str:
        """Give the time in RFC 3339."""
        seconds, micros = divmod(self.clock(), 1_000_000)
        moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)
        return moment.isoformat().replace("+00:00", "Z")

    def _thing(self, name: str) -> dict[str, Any]:
        if name not in self.things:
            raise refusal(404, "NOT_FOUND", f"{name} not found.")
        return self.things[name]

    def _made(self, asked: Asked, name: str, body: dict[str, Any], verb: str) -> Answer:
        if name in self.things:
            raise refusal(409, "ALREADY_EXISTS", f"{name} already exists.")
        self.things[name] = {**body, "name": name, "createTime": self.now()}
        self.enter(asked.caller, verb, name)
        return Answer(body=self.things[name])


def _asset_kind(name: str) -> tuple[str, str]:
    """Give the service and the kind of one of our own things."""
    if "/secrets/" in name:
        return "secretmanager.googleapis.com", "Secret"
    collection = name.split("/")[-2]
    return "cloudkms.googleapis.com", f"{collection[0].upper()}{collection[1:-1]}"


def _page(asked: Asked, member: str, rows: list[dict[str, Any]]) -> Answer:
    start = int(asked.query.get("pageToken") or 0)
    size = min(int(asked.query.get("pageSize") or PAGE_MAX), PAGE_MAX)
    body: dict[str, Any] = {member: rows[start : start + size]}
    if start + size < len(rows):
        body["nextPageToken"] = str(start + size)
    return Answer(body=body)


def policy_delta(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, str]]:
    """Give what the audit log says of a policy that was set: each member that was added or removed, by its role."""
    was, now = _members(before), _members(after)
    return [
        {"action": action, "role": role, "member": member}
        for action, pairs in (("ADD", now - was), ("REMOVE", was - now))
        for role, member in sorted(pairs)
    ]


def _members(policy: Mapping[str, Any]) -> set[tuple[str, str]]:
    bindings = policy.get("bindings") or []
    return {(each["role"], one) for each in bindings for one in each.get("members") or ()}


def _bare(pattern: str) -> str:
    """Give a pattern without the names of its groups."""
    return re.sub(r"\(\?P<\w+>", "(?:", pattern)
