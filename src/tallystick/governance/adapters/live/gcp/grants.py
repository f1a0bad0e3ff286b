"""Who may do what on one thing: members of the policies that hang on projects, buckets, keys, secrets and accounts.

A policy is read, changed and written under its etag (https://cloud.google.com/iam/docs/policies), so that of two
writers one is refused and tries again, `TRIES_MAX` times.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

from tallystick.governance.adapters.live.gcp.ground import Gcp
from tallystick.governance.adapters.live.gcp.identities import ACCOUNTS
from tallystick.governance.adapters.live.gcp.keys import key_rings
from tallystick.governance.adapters.live.rest.shapes import Values
from tallystick.governance.adapters.provider.targets import TargetRefused

TRIES_MAX: Final = 8
_ID: Final = re.compile(
    r"(?P<thing>.+?)/(?P<role>(?:(?:projects|organizations)/[^/]+/)?roles/[^/]+)(?:/(?P<rest>.+))?"
)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A thing that bears a policy: the attribute that names it, its path, and how its policy is asked for and set."""

    service: str
    attribute: str
    path: Callable[[Gcp, str], str]
    all: Callable[[Gcp], Iterable[str]]
    asked: str = "GET :getIamPolicy"

    def policy(self, gcp: Gcp, thing: str) -> Json | None:
        """Give the policy with its conditions, or None where the thing is not there."""
        method, _, verb = self.asked.partition(" ")
        path = f"{self.path(gcp, thing)}{verb}"
        client = gcp.client(self.service)
        if method == "GET":
            name = (
                "optionsRequestedPolicyVersion"
                if verb == "/iam"
                else "options.requestedPolicyVersion"
            )
            answer = client.ask("GET", path, query={name: "3"}, good=(404,))
        else:
            body = {"options": {"requestedPolicyVersion": 3}}
            answer = client.ask("POST", path, body=body, good=(404,))
        return None if answer.status == 404 else answer.body

    def set_policy(self, gcp: Gcp, thing: str, policy: Json) -> bool:
        """Write the policy; False says that somebody else wrote it since it was read."""
        client, path = gcp.client(self.service), self.path(gcp, thing)
        if self.asked.endswith("/iam"):
            answer = client.ask("PUT", f"{path}/iam", body=policy, good=(409, 412))
        else:
            body = {"policy": policy}
            answer = client.ask("POST", f"{path}:setIamPolicy", body=body, good=(409, 412))
        return answer.status < 400


class Grant:
    """One member of a role (`…_iam_member`), or all members of a role (`…_iam_binding`, `whole`)."""

    def __init__(self, *, gcp: Gcp, granted: Granted, whole: bool) -> None:
        self.gcp = gcp
        self.granted = granted
        self.whole = whole
        self.name = gcp.target(granted.service)

    def create(self, kind: str, values: Values) -> Values:
        """Grant it, beside whatever else is granted there."""
        self._changed(values, lambda members: sorted({*members, *_members(values)}))
        return self._live(kind, values)

    def read(self, kind: str, values: Values) -> Values | None:
        """Give it as it is live; None where nobody has the role, or this member has not."""
        values = self._identified(values)
        policy = self.granted.policy(self.gcp, self._thing(values))
        binding = None if policy is None else _binding(policy, values)
        if policy is None or binding is None:
            return None
        members: list[str] = binding.get("members") or []
        if not self.whole and str(values.get("member")) not in members:
            return None
        live = {**values, "condition": values.get("condition") and _condition(binding)}
        return self._told(live, members, str(policy.get("etag") or ""))

    def update(self, kind: str, prior: Values, values: Values) -> Values:
        """Let the role have exactly these members."""
        self._changed(values, lambda _members_there: sorted(_members(values)))
        return self._live(kind, values)

    def delete(self, kind: str, values: Values) -> None:
        """Take it back; what is not granted is no error."""
        values = self._identified(values)
        gone = set(_members(values))
        if self.granted.policy(self.gcp, self._thing(values)) is not None:
            left = (lambda _all: []) if self.whole else partial(_without, gone)
            self._changed(values, left)

    def _on(self, thing: str) -> Iterator[Values]:
        policy = self.granted.policy(self.gcp, thing) or {}
        for binding in policy.get("bindings") or ():
            known = {self.granted.attribute: thing, "role": binding["role"]}
            known["condition"] = _condition(binding)
            members: list[str] = binding.get("members") or []
            for each in members:
                told = self._told(known | {"member": each}, members, "")
                yield {**told, "within": f"{thing}/{binding['role']}"}

    def _told(self, values: Values, members: list[str], etag: str) -> Values:
        thing, role = self._thing(values), str(values["role"])
        live: Values = {**values, self.granted.attribute: thing, "etag": etag or values.get("etag")}
        under: list[Json] = values.get("condition") or []
        title = f"/{under[0]['title']}" if under else ""
        if not self.whole:
            return {**live, "id": f"{thing}/{role}/{values['member']}{title}"}
        known: list[str] = values.get("members") or []
        told = known if sorted(known) == sorted(members) else sorted(members)
        return {**live, "id": f"{thing}/{role}{title}", "members": told}

    def _identified(self, values: Values) -> Values:
        """Read thing, role and member out of the id where they are not there themselves: at an import."""
        if values.get("role") or not values.get("id"):
            return values
        match = _ID.fullmatch(str(values["id"]))
        if match is None:
            raise TargetRefused(f"{values['id']} is no id of a grant: thing/role/member is needed")
        member, title = match["rest"] or "", ""
        if self.whole:
            member, title = "", member
        elif "/" in member and "://" not in member:
            member, _, title = member.rpartition("/")
        under = [{"title": title, "description": None, "expression": None}] if title else []
        known = {self.granted.attribute: match["thing"], "role": match["role"], "condition": under}
        return {**values, **known, **({} if self.whole else {"member": member})}

    def _thing(self, values: Mapping[str, Any]) -> str:
        thing = values.get(self.granted.attribute)
        return str(thing or self.gcp.project)

    def _live(self, kind: str, values: Values) -> Values:
        live = self.read(kind, values)
        if live is None:
            raise TargetRefused(f"{self.name} does not show the grant of {values.get('role')}")
        return live

    def _changed(self, values: Values, change: Callable[[list[str]], list[str]]) -> None:
        thing = self._thing(values)
        with self.gcp.policies:
            for _ in range(TRIES_MAX):
                policy = self.granted.policy(self.gcp, thing)
                if policy is None:
                    raise TargetRefused(f"{self.name} has no {thing}, so nothing is granted on it")
                if self.granted.set_policy(self.gcp, thing, _with(policy, values, change)):
                    return
        raise TargetRefused(f"others keep changing who may use {thing}; run the same again")

    def list(self, kind: str) -> list[Values]:
        """Give every member of every role on everything of this sort; a binding is those members seen together."""
        return (
            []
            if self.whole
            else [each for thing in self.granted.all(self.gcp) for each in self._on(thing)]
        )


def _without(gone: set[str], members: list[str]) -> list[str]:
    return [each for each in members if each not in gone]


def _members(values: Mapping[str, Any]) -> list[str]:
    if values.get("members") is not None:
        return list(values["members"])
    return [str(values["member"])] if values.get("member") else []


def _condition(binding: Mapping[str, Any]) -> list[Json]:
    condition = binding.get("condition")
    if not condition:
        return []
    return [{key: condition.get(key) for key in ("title", "description", "expression")}]


def _binding(policy: Mapping[str, Any], values: Mapping[str, Any]) -> Json | None:
    """Give the binding of this role under this condition, if it has members."""
    for binding in cast("list[Json]", policy.get("bindings") or []):
        if _is(binding, values) and binding.get("members"):
            return binding
    return None


def _is(binding: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Tell whether a binding is of this role under this condition; an id tells a condition by its title alone."""
    own, wanted = _condition(binding), cast("list[Json]", values.get("condition") or [])
    if binding.get("role") != values.get("role") or len(own) != len(wanted):
        return False
    return all(
        one.get("title") == other.get("title")
        and other.get("expression") in (None, one.get("expression"))
        for one, other in zip(own, wanted, strict=True)
    )


def _with(
    policy: Json, values: Mapping[str, Any], change: Callable[[list[str]], list[str]]
) -> Json:
    bindings = cast("list[Json]", policy.get("bindings") or [])
    others = [each for each in bindings if not _is(each, values)]
    held = [one for each in bindings if _is(each, values) for one in each.get("members") or ()]
    members = change(held)
    made: Json = {"role": values["role"], "members": members}
    wanted: list[Json] = values.get("condition") or []
    if wanted:
        made["condition"] = {k: v for k, v in wanted[0].items() if v is not None}
    conditional = wanted or any(each.get("condition") for each in others)
    version = 3 if conditional else policy.get("version", 1)
    return {**policy, "version": version, "bindings": [*others, *([made] if members else [])]}


def _buckets(gcp: Gcp) -> Iterator[str]:
    found = gcp.pages("storage", "/storage/v1/b", "items", {"project": gcp.project})
    return (str(each["name"]) for each in found)


def _keys(gcp: Gcp) -> Iterator[str]:
    for ring in key_rings(gcp):
        for key in gcp.pages("kms", f"/v1/{ring['key_ring']}/cryptoKeys", "cryptoKeys"):
            yield str(key["name"])


def _secrets(gcp: Gcp) -> Iterator[str]:
    path = f"/v1/projects/{gcp.project}/secrets"
    return (str(each["name"]) for each in gcp.pages("secretmanager", path, "secrets"))


def _accounts(gcp: Gcp) -> Iterator[str]:
    path = ACCOUNTS.format(project=gcp.project)
    return (str(each["name"]) for each in gcp.pages("iam", path, "accounts"))


def _secret_path(gcp: Gcp, secret: str) -> str:
    return f"/v1/{secret}" if "/" in secret else f"/v1/projects/{gcp.project}/secrets/{secret}"


GRANTED: Final[dict[str, Granted]] = {
    "google_project": Granted(
        service="projects",
        attribute="project",
        path=lambda gcp, project: f"/v1/projects/{project.removeprefix('projects/')}",
        all=lambda gcp: (gcp.project,),
        asked="POST :getIamPolicy",
    ),
    "google_storage_bucket": Granted(
        service="storage",
        attribute="bucket",
        path=lambda gcp, bucket: f"/storage/v1/b/{bucket.removeprefix('b/')}",
        all=_buckets,
        asked="GET /iam",
    ),
    "google_kms_key_ring": Granted(
        service="kms",
        attribute="key_ring_id",
        path=lambda gcp, ring: f"/v1/{ring}",
        all=lambda gcp: (each["key_ring"] for each in key_rings(gcp)),
    ),
    "google_kms_crypto_key": Granted(
        service="kms",
        attribute="crypto_key_id",
        path=lambda gcp, key: f"/v1/{key}",
        all=_keys,
    ),
    "google_secret_manager_secret": Granted(
        service="secretmanager",
        attribute="secret_id",
        path=_secret_path,
        all=_secrets,
    ),
    "google_service_account": Granted(
        service="iam",
        attribute="service_account_id",
        path=lambda gcp, account: f"/v1/{account}",
        all=_accounts,
        asked="POST :getIamPolicy",
    ),
}
