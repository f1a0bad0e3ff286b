"""What lies in a key vault: secrets and keys, by its data plane (https://learn.microsoft.com/rest/api/keyvault/).

Terraform has no attribute for "enabled". A secret that is switched off gives no value, and a key that is switched off
permits no operation: so both are seen.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from tallystick.governance.adapters.live.azure.ground import VAULT_VERSION, Azure
from tallystick.governance.adapters.live.azure.vaults import VAULT, VERSION
from tallystick.governance.adapters.live.rest.client import Answered, Client
from tallystick.governance.adapters.live.rest.shapes import (
    At,
    Block,
    Shape,
    Values,
    overlaid,
    see,
    settle,
    told,
    write,
)
from tallystick.governance.adapters.provider.targets import TargetRefused

Json = dict[str, Any]
_QUERY: Final = {"api-version": VAULT_VERSION}


def _seconds(text: Any) -> int:
    return int(datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp())


def _moment(seconds: Any) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _at_once(one: Any, other: Any) -> bool:
    return _seconds(one) == _seconds(other)


def _time(place: str) -> At:
    return At(place=place, out=_seconds, back=_moment, same=_at_once)


_TOLD: Final[Shape] = {
    "tags": "tags",
    "expiration_date": _time("attributes.exp"),
    "not_before_date": _time("attributes.nbf"),
}
SECRET: Final[Shape] = {**_TOLD, "value": "value", "content_type": "contentType"}
KEY: Final[Shape] = {
    **_TOLD,
    "key_type": At(place="kty", fixed=True),
    "key_size": At(place="key_size", fixed=True),
    "curve": At(place="crv", fixed=True, same=lambda one, other: one == other),
    "key_opts": "key_ops",
    "n": told("n"),
    "e": told("e"),
    "x": told("x"),
    "y": told("y"),
}
POLICY: Final[Shape] = {
    "rotation_policy": Block(
        place="",
        shape={
            "expire_after": "expire_after",
            "notify_before_expiry": "notify_before_expiry",
            "automatic": Block(
                place="automatic",
                shape={
                    "time_after_creation": "timeAfterCreate",
                    "time_before_expiry": "timeBeforeExpiry",
                },
            ),
        },
    )
}


class Contents:
    """Secrets or keys of the vaults of one subscription: the five verbs."""

    def __init__(self, *, azure: Azure, sort: str) -> None:
        self.azure = azure
        self.sort = sort
        self.shape = KEY if sort == "keys" else SECRET
        self.name = azure.target("vault")

    def create(self, kind: str, values: Values) -> Values:
        """Make it; one that was deleted and can be recovered is recovered first, as Terraform's own provider does."""
        client = self._vault(values)
        if self._versions(client, values):
            raise TargetRefused(
                f"{client.name} has {self._path(values)} already; import it, or delete it first"
            )
        answer = self._written(client, values, good=(409,))
        if answer.status == 409:
            path = f"/deleted{self.sort}/{values['name']}/recover"
            client.ask("POST", path, query=_QUERY)
            self.azure.management().wait(
                lambda: bool(self._versions(client, values)), what=f"recovering {values['name']}"
            )
            self._written(client, values)
        self._rotating(client, values, made=True)
        return self._live(kind, values)

    def read(self, kind: str, values: Values) -> Values | None:
        """Give its last version as it is live, or None."""
        client = self._vault(values)
        answer = client.ask("GET", self._path(values), query=_QUERY, good=(403, 404))
        if answer.status == 404:
            return None
        body = answer.body
        if answer.status == 403:
            if answer.body["error"].get("innererror", {}).get("code") != "SecretDisabled":
                raise TargetRefused(f"{client.name} refuses {self._path(values)}: {answer.reason}")
            body = self._versions(client, values)[-1]
        return self._told(client, values, body)

    def update(self, kind: str, prior: Values, values: Values) -> Values:
        """Change what a version may change in place; another value of a secret is another version."""
        client = self._vault(values)
        if self.sort == "secrets" and values.get("value") != prior.get("value"):
            self._written(client, values)
        else:
            body = overlaid(_cleared(), write(self.shape, values, first=False))
            body.pop("value", None)
            body["attributes"] = {"enabled": True, **body["attributes"]}
            client.ask(
                "PATCH",
                f"{self._path(values)}/{self._last(client, values)}",
                query=_QUERY,
                body=body,
            )
        self._rotating(client, values, made=False)
        return self._live(kind, values)

    def delete(self, kind: str, values: Values) -> None:
        """Delete it softly: whether it is ever purged is the vault's to say; what is gone already is no error."""
        client = self._vault(values)
        client.ask("DELETE", self._path(values), query=_QUERY, good=(404,))

    def _vault(self, values: Mapping[str, Any]) -> Client:
        vault = str(values.get("key_vault_id") or "").rstrip("/").rsplit("/", 1)[-1]
        if not vault:
            raise TargetRefused("key_vault_id must be known to find what lies in a vault")
        return self.azure.vault(vault)

    def _path(self, values: Mapping[str, Any]) -> str:
        return f"/{self.sort}/{values['name']}"

    def _written(self, client: Client, values: Values, good: tuple[int, ...] = ()) -> Answered:
        body = write(self.shape, values)
        if self.sort == "keys":
            path = f"{self._path(values)}/create"
            return client.ask("POST", path, query=_QUERY, body=body, good=good)
        return client.ask("PUT", self._path(values), query=_QUERY, body=body, good=good)

    def _versions(self, client: Client, values: Values) -> list[Mapping[str, Any]]:
        return list(self.azure.pages(client, f"{self._path(values)}/versions", _QUERY))

    def _last(self, client: Client, values: Values) -> str:
        last = self._versions(client, values)[-1]
        return str(last.get("kid") or last.get("id")).rsplit("/", 1)[-1]

    def _rotating(self, client: Client, values: Values, *, made: bool) -> None:
        policy = (values.get("rotation_policy") or [None])[0]
        if self.sort == "secrets" or (policy is None and made):
            return
        path = f"{self._path(values)}/rotationpolicy"
        client.ask("PUT", path, query=_QUERY, body=_policy_said(policy or {}))

    def _live(self, kind: str, values: Values) -> Values:
        live = self.read(kind, values)
        if live is None:
            raise TargetRefused(f"{self.name} no longer has {values['name']}; plan again")
        return live

    def _told(self, client: Client, values: Values, body: Mapping[str, Any]) -> Values:
        place = str((body.get("key") or {}).get("kid") or body.get("kid") or body.get("id"))
        flat = _flat(body)
        seen = settle(self.shape, values, see(self.shape, flat))
        if self.sort == "keys":
            path = f"{self._path(values)}/rotationpolicy"
            policy = client.ask("GET", path, query=_QUERY).body
            seen |= settle(POLICY, values, see(POLICY, _policy_heard(policy)))
        whole, version = place.rsplit("/", 1)
        live = {**values, **seen, "version": version, "versionless_id": whole}
        vault = str(values["key_vault_id"])
        resource = f"{vault}/{self.sort}/{values['name']}"
        return {
            **live,
            "id": place,
            "resource_id": f"{resource}/versions/{version}",
            "resource_versionless_id": resource,
        }

    def list(self, kind: str) -> list[Values]:
        """Give every secret or key of every vault in the subscription."""
        return list(self._all())

    def _all(self) -> Iterator[Values]:
        path = f"/subscriptions/{self.azure.subscription}/providers/{VAULT}"
        vaults = self.azure.pages(self.azure.management(), path, {"api-version": VERSION})
        for vault in vaults:
            client = self.azure.vault(str(vault["name"]))
            for each in self.azure.pages(client, f"/{self.sort}", _QUERY):
                name = str(each.get("kid") or each.get("id")).rsplit("/", 1)[-1]
                found = self.read("", {"name": name, "key_vault_id": vault["id"]})
                if found is not None:
                    yield found


def _cleared() -> Json:
    """Say of all that a change may take away that it is taken away."""
    return {"tags": {}, "attributes": {"exp": None, "nbf": None}}


def _flat(body: Mapping[str, Any]) -> Json:
    """Give a key's members beside its attributes; one switched off permits no operation."""
    key: Json = dict(body.get("key") or {})
    flat = {**body, **key}
    if key and "n" in key:
        # Six bits to a letter, and sizes are multiples of 1,024 bits.
        flat["key_size"] = len(str(key["n"])) * 6 // 1024 * 1024
    if key and not body["attributes"].get("enabled", True):
        flat["key_ops"] = []
    return flat


def _policy_said(policy: Mapping[str, Any]) -> Json:
    actions: list[Json] = []
    for automatic in policy.get("automatic") or []:
        after, before = automatic.get("time_after_creation"), automatic.get("time_before_expiry")
        trigger = {"timeAfterCreate": after} if after else {"timeBeforeExpiry": before}
        actions.append({"trigger": trigger, "action": {"type": "Rotate"}})
    if notify := policy.get("notify_before_expiry"):
        actions.append({"trigger": {"timeBeforeExpiry": notify}, "action": {"type": "Notify"}})
    return {"lifetimeActions": actions, "attributes": {"expiryTime": policy.get("expire_after")}}


def _policy_heard(policy: Mapping[str, Any]) -> Json:
    """Give a policy in Terraform's words; one without an id was never set."""
    if not policy.get("id"):
        return {}
    heard: Json = {"expire_after": policy["attributes"].get("expiryTime")}
    for action in policy.get("lifetimeActions") or []:
        if str(action["action"]["type"]).casefold() == "rotate":
            heard["automatic"] = action["trigger"]
        else:
            heard["notify_before_expiry"] = action["trigger"].get("timeBeforeExpiry")
    return heard
