"""A double of Azure Key Vault's data plane: secrets and keys, their versions, soft deletion and rotation policies.

Written after the pages of https://learn.microsoft.com/rest/api/keyvault/ (secrets: set-secret, get-secret,
get-secrets, get-secret-versions, update-secret, delete-secret, recover-deleted-secret, purge-deleted-secret; keys:
create-key, get-key, update-key, rotate-key, get-key-rotation-policy, update-key-rotation-policy) and, for the
challenge, https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses. There is no
cryptography in it: keys have no use, and backup, import and certificates are absent.

A vault is a path before the rest: `/vaults/NAME/secrets/…`; without one the vault is "vault".
"""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.doubles.serving import Answer, Asked, Double, Refused, Route

VERSIONS_OF_API = frozenset({"7.3", "7.4", "7.5", "7.6", "2025-07-01"})
RESOURCE = "https://vault.azure.net"
TENANT = "00000000-0000-0000-0000-000000000001"
PAGE_MAX = 25
RETENTION_DAYS = 90
DAY = 86_400
NAME = r"(?P<name>[0-9A-Za-z-]{1,127})"
WHERE = r"(?:/vaults/(?P<vault>[0-9A-Za-z-]+))?"
SETTABLE = ("enabled", "exp", "nbf")
SYMMETRIC = "oct"


def refusal(status: int, code: str, message: str, inner: str = "") -> Refused:
    """Give a refusal in the shape of Key Vault's errors."""
    error: dict[str, Any] = {"code": code, "message": message}
    if inner:
        error["innererror"] = {"code": inner}
    return Refused(Answer(status=status, body={"error": error}))


@dataclass(slots=True)
class Version:
    """One version of a secret or key: its attributes, and what it holds."""

    id: str
    attributes: dict[str, Any]
    tags: dict[str, str]
    held: dict[str, Any]


@dataclass(slots=True)
class Item:
    """A secret or a key: its versions from first to last, and since when it is deleted."""

    name: str
    versions: list[Version] = field(default_factory=list)
    deleted: int | None = None
    policy: dict[str, Any] | None = None


class KeyVault(Double):
    """The double. `clock` gives seconds since 1970 and may be replaced by a test."""

    def __init__(
        self, *, tokens: Mapping[str, str] | None = None, clock: Callable[[], int] | None = None
    ) -> None:
        super().__init__(tokens=tokens)
        self.clock = clock or (lambda: int(time.time()))
        self.items: dict[tuple[str, str], dict[str, Item]] = {}

    def routes(self) -> tuple[Route, ...]:
        """Give secrets' and keys' routes."""
        kind = r"/(?P<kind>secrets|keys)"
        gone = r"/deleted(?P<kind>secrets|keys)"
        version = r"/(?P<version>[0-9a-f]{32})"
        return (
            ("PUT", f"{WHERE}/secrets/{NAME}", self.set_secret),
            ("POST", f"{WHERE}/keys/{NAME}/create", self.create_key),
            ("POST", f"{WHERE}/keys/{NAME}/rotate", self.rotate_key),
            ("GET", f"{WHERE}/keys/{NAME}/rotationpolicy", self.get_policy),
            ("PUT", f"{WHERE}/keys/{NAME}/rotationpolicy", self.set_policy),
            ("GET", f"{WHERE}{kind}", self.listed),
            ("GET", f"{WHERE}{kind}/{NAME}/versions", self.versions),
            ("GET", f"{WHERE}{kind}/{NAME}/?", self.get),
            ("GET", f"{WHERE}{kind}/{NAME}{version}", self.get),
            ("PATCH", f"{WHERE}{kind}/{NAME}/?", self.update),
            ("PATCH", f"{WHERE}{kind}/{NAME}{version}", self.update),
            ("DELETE", f"{WHERE}{kind}/{NAME}", self.delete),
            ("GET", f"{WHERE}{gone}", self.deleted_listed),
            ("GET", f"{WHERE}{gone}/{NAME}", self.deleted_get),
            ("DELETE", f"{WHERE}{gone}/{NAME}", self.purge),
            ("POST", f"{WHERE}{gone}/{NAME}/recover", self.recover),
        )

    def admit(self, asked: Asked) -> None:
        """Challenge whoever brings no good token, then refuse a version of the interface that is none."""
        if not asked.caller:
            authority = f"https://login.windows.net/{TENANT}"
            challenge = f'Bearer authorization="{authority}", resource="{RESOURCE}"'
            error = {"code": "Unauthorized", "message": "[TokenNotFound] Request has no good token"}
            raise Refused(
                Answer(status=401, body={"error": error}, headers={"WWW-Authenticate": challenge})
            )
        version = asked.query.get("api-version")
        if version is None:
            raise refusal(400, "BadParameter", "api-version must be specified")
        if version not in VERSIONS_OF_API:
            raise refusal(400, "BadParameter", f"The specified version ({version}) is not known")

    # Secrets

    def set_secret(self, asked: Asked, *, name: str, vault: str = "vault") -> Answer:
        """Make a new version of a secret."""
        body = asked.body or {}
        if not isinstance(body.get("value"), str):
            raise refusal(400, "BadParameter", "The parameter value is missing or no text")
        held = {"value": body["value"], "contentType": body.get("contentType")}
        item = self._writable(vault, "secrets", name)
        return Answer(body=self._bundle(vault, "secrets", item, self._versioned(item, body, held)))

    # Keys

    def create_key(self, asked: Asked, *, name: str, vault: str = "vault") -> Answer:
        """Make a new version of a key; there is no key material behind it."""
        body = asked.body or {}
        kind = str(body.get("kty") or "")
        if kind not in {"RSA", "RSA-HSM", "EC", "EC-HSM", "oct-HSM", SYMMETRIC}:
            raise refusal(400, "BadParameter", f"Key type {kind!r} is not known")
        usual = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]
        operations = body.get("key_ops") or (usual if kind.startswith("RSA") else usual[2:4])
        held: dict[str, Any] = {"kty": kind, "key_ops": list(operations)}
        if kind.startswith("RSA"):
            held |= {"size": body.get("key_size") or 2048, "e": "AQAB"}
        elif kind.startswith("EC"):
            held["crv"] = body.get("crv") or "P-256"
        item = self._writable(vault, "keys", name)
        return Answer(body=self._bundle(vault, "keys", item, self._versioned(item, body, held)))

    def rotate_key(self, asked: Asked, *, name: str, vault: str = "vault") -> Answer:
        """Make a new version of a key with what the last one was made with."""
        item = self._living(vault, "keys", name)
        last = item.versions[-1]
        made = self._versioned(item, {"tags": last.tags}, dict(last.held))
        return Answer(body=self._bundle(vault, "keys", item, made))

    def get_policy(self, asked: Asked, *, name: str, vault: str = "vault") -> Answer:
        """Give a key's rotation policy; one never set notifies thirty days before the end, and has no id."""
        item = self._living(vault, "keys", name)
        notify = {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}
        usual = {"lifetimeActions": [notify], "attributes": {"expiryTime": None}}
        return Answer(body=item.policy or usual)

    def set_policy(self, asked: Asked, *, name: str, vault: str = "vault") -> Answer:
        """Set a key's rotation policy; no actions at all mean the usual policy again."""
        item = self._living(vault, "keys", name)
        body, now = asked.body or {}, self.clock()
        actions = body.get("lifetimeActions") or []
        if not actions:
            item.policy = None
            return self.get_policy(asked, name=name, vault=vault)
        for action in actions:
            if len(action.get("trigger") or {}) != 1:
                raise refusal(400, "BadParameter", "Exactly one trigger must be specified")
        made = (item.policy or {}).get("attributes", {}).get("created", now)
        expiry = (body.get("attributes") or {}).get("expiryTime")
        item.policy = {
            "id": f"{self._base(vault)}/keys/{name}/rotationpolicy",
            "lifetimeActions": actions,
            "attributes": {"expiryTime": expiry, "created": made, "updated": now},
        }
        return Answer(body=item.policy)

    # Both

    def get(
        self, asked: Asked, *, kind: str, name: str, version: str = "", vault: str = "vault"
    ) -> Answer:
        """Give a version, or the last; a disabled secret's value is refused, whether expired or not."""
        item = self._living(vault, kind, name)
        found = self._version(item, version, kind)
        if kind == "secrets" and not found.attributes["enabled"]:
            message = "Operation get is not allowed on a disabled secret."
            raise refusal(403, "Forbidden", message, "SecretDisabled")
        return Answer(body=self._bundle(vault, kind, item, found))

    def update(
        self, asked: Asked, *, kind: str, name: str, version: str = "", vault: str = "vault"
    ) -> Answer:
        """Change attributes, tags, content type or operations of a version; never the value."""
        item = self._living(vault, kind, name)
        found, body = self._version(item, version, kind), asked.body or {}
        found.attributes |= _settable(body)
        found.attributes["updated"] = self.clock()
        if body.get("tags") is not None:
            found.tags = dict(body["tags"])
        for field_name in ("contentType", "key_ops"):
            if field_name in body:
                found.held[field_name] = body[field_name]
        bundle = self._bundle(vault, kind, item, found)
        bundle.pop("value", None)
        return Answer(body=bundle)

    def listed(self, asked: Asked, *, kind: str, vault: str = "vault") -> Answer:
        """Give one page of what is not deleted, by its last versions, with no value."""
        living = [each for each in self._all(vault, kind).values() if each.deleted is None]
        rows = [self._row(vault, kind, each, each.versions[-1], "") for each in living]
        return self._page(asked, rows)

    def versions(self, asked: Asked, *, kind: str, name: str, vault: str = "vault") -> Answer:
        """Give one page of all versions, with no value."""
        item = self._living(vault, kind, name)
        rows = [self._row(vault, kind, item, each, f"/{each.id}") for each in item.versions]
        return self._page(asked, rows)

    def delete(self, asked: Asked, *, kind: str, name: str, vault: str = "vault") -> Answer:
        """Delete softly: it can be recovered for ninety days, and its name is taken as long."""
        item = self._living(vault, kind, name)
        item.deleted = self.clock()
        return Answer(body=self._gone(vault, kind, item))

    def deleted_listed(self, asked: Asked, *, kind: str, vault: str = "vault") -> Answer:
        """Give one page of what is deleted and can be recovered."""
        dead = [each for each in self._all(vault, kind).values() if each.deleted is not None]
        return self._page(asked, [self._gone(vault, kind, each) for each in dead])

    def deleted_get(self, asked: Asked, *, kind: str, name: str, vault: str = "vault") -> Answer:
        """Give one that is deleted and can be recovered."""
        return Answer(body=self._gone(vault, kind, self._dead(vault, kind, name)))

    def purge(self, asked: Asked, *, kind: str, name: str, vault: str = "vault") -> Answer:
        """Delete for good."""
        self._dead(vault, kind, name)
        del self._all(vault, kind)[name]
        return Answer(status=204)

    def recover(self, asked: Asked, *, kind: str, name: str, vault: str = "vault") -> Answer:
        """Take a deletion back."""
        item = self._dead(vault, kind, name)
        item.deleted = None
        bundle = self._bundle(vault, kind, item, item.versions[-1])
        bundle.pop("value", None)
        return Answer(body=bundle)

    # What it is made of

    def _all(self, vault: str, kind: str) -> dict[str, Item]:
        return self.items.setdefault((vault, kind), {})

    def _living(self, vault: str, kind: str, name: str) -> Item:
        item = self._all(vault, kind).get(name)
        if item is None or item.deleted is not None:
            one = kind[:-1].capitalize()
            raise refusal(404, f"{one}NotFound", f"A {one.lower()} named {name} was not found")
        return item

    def _dead(self, vault: str, kind: str, name: str) -> Item:
        item = self._all(vault, kind).get(name)
        if item is None or item.deleted is None:
            one = kind[:-1].capitalize()
            raise refusal(404, f"{one}NotFound", f"Deleted {one} not found: {name}")
        return item

    def _writable(self, vault: str, kind: str, name: str) -> Item:
        item = self._all(vault, kind).setdefault(name, Item(name=name))
        if item.deleted is not None:
            message = f"{name} is currently in a deleted but recoverable state"
            raise refusal(409, "Conflict", message, "ObjectIsDeletedButRecoverable")
        return item

    def _version(self, item: Item, version: str, kind: str) -> Version:
        for each in item.versions:
            if each.id == version:
                return each
        if version:
            raise refusal(404, f"{kind[:-1].capitalize()}NotFound", f"{version} was not found")
        return item.versions[-1]

    def _versioned(self, item: Item, body: Mapping[str, Any], held: dict[str, Any]) -> Version:
        now = self.clock()
        attributes = {"enabled": True} | _settable(body) | {"created": now, "updated": now}
        made = Version(uuid.uuid4().hex, attributes, dict(body.get("tags") or {}), held)
        item.versions.append(made)
        return made

    def _base(self, vault: str) -> str:
        return self.url if vault == "vault" else f"{self.url}/vaults/{vault}"

    def _attributes(self, version: Version) -> dict[str, Any]:
        level = {"recoveryLevel": "Recoverable+Purgeable", "recoverableDays": RETENTION_DAYS}
        return {k: v for k, v in version.attributes.items() if v is not None} | level

    def _bundle(self, vault: str, kind: str, item: Item, version: Version) -> dict[str, Any]:
        place = f"{self._base(vault)}/{kind}/{item.name}/{version.id}"
        bundle: dict[str, Any] = {"attributes": self._attributes(version), "tags": version.tags}
        if kind == "keys":
            key = {k: v for k, v in version.held.items() if k != "size"}
            if "size" in version.held:
                # The modulus tells a key's size: 8 bits to a byte, 4 letters of base64 to 3 bytes.
                key["n"] = "A" * -(-version.held["size"] // 6)
            return {"key": {"kid": place, **key}, **bundle}
        held = {k: v for k, v in version.held.items() if v is not None}
        return {"id": place, **held, **bundle}

    def _row(
        self, vault: str, kind: str, item: Item, version: Version, suffix: str
    ) -> dict[str, Any]:
        place = f"{self._base(vault)}/{kind}/{item.name}{suffix}"
        row: dict[str, Any] = {"attributes": self._attributes(version), "tags": version.tags}
        if version.held.get("contentType"):
            row["contentType"] = version.held["contentType"]
        return {"kid" if kind == "keys" else "id": place, **row}

    def _gone(self, vault: str, kind: str, item: Item) -> dict[str, Any]:
        assert item.deleted is not None
        bundle = self._bundle(vault, kind, item, item.versions[-1])
        bundle.pop("value", None)
        return {
            **bundle,
            "recoveryId": f"{self._base(vault)}/deleted{kind}/{item.name}",
            "deletedDate": item.deleted,
            "scheduledPurgeDate": item.deleted + RETENTION_DAYS * DAY,
        }

    def _page(self, asked: Asked, rows: list[dict[str, Any]]) -> Answer:
        try:
            size = min(max(int(asked.query.get("maxresults", PAGE_MAX)), 1), PAGE_MAX)
            start = int(asked.query.get("$skiptoken", "0"))
        except ValueError:
            raise refusal(400, "BadParameter", "maxresults and $skiptoken are numbers") from None
        body: dict[str, Any] = {"value": rows[start : start + size], "nextLink": None}
        if start + size < len(rows):
            version = quote(asked.query["api-version"])
            asks = f"api-version={version}&$skiptoken={start + size}&maxresults={size}"
            body["nextLink"] = f"{self.url}{asked.path}?{asks}"
        return Answer(body=body)


def _settable(body: Mapping[str, Any]) -> dict[str, Any]:
    given = body.get("attributes") or {}
    return {key: given[key] for key in SETTABLE if key in given}
