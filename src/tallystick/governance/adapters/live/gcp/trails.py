"""Ask GCP's trail who did what: the entries of Cloud Audit Logs' admin activity, which are always written.

Source: https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list and, for what an entry says,
https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from tallystick.governance.adapters.live.gcp.ground import Gcp
from tallystick.governance.adapters.live.rest import moments
from tallystick.governance.adapters.provider.targets import TargetRefused
from tallystick.governance.model.drift.values import Event
from tallystick.kernel.instants import Instant, render

PAGES_MAX: Final = 40
_PAGE: Final = 100
"""Four thousand entries; what is older than these stays without a name."""

# Agents of Google's services. The project after the @ tells whose one is: rules name it whole.
# https://cloud.google.com/iam/docs/service-agents
_AGENT: Final = re.compile(r"service-\d+@([a-z0-9-]+)\.iam\.gserviceaccount\.com")
_NAMED: Final = ("name", "selfLink", "email", "targetLink", "bucket")


def events(*, setting: Mapping[str, Any], since: Instant, until: Instant) -> tuple[Event, ...]:
    """Give what was changed between two instants, newest first. Raises `TargetRefused` where no trail is set."""
    gcp = Gcp.of(setting)
    if not gcp.speaks("logging"):
        raise TargetRefused("no endpoint of GCP's logging is set; name one under `gcp.endpoints`")
    return tuple(event(each, gcp.project) for each in _entries(gcp, since, until))


def _entries(gcp: Gcp, since: Instant, until: Instant) -> Iterator[Mapping[str, Any]]:
    log = f"projects/{gcp.project}/logs/cloudaudit.googleapis.com%2Factivity"
    asked: dict[str, Any] = {
        "resourceNames": [f"projects/{gcp.project}"],
        "filter": f'logName="{log}" AND timestamp>="{render(since)}" AND timestamp<="{render(until)}"',
        "orderBy": "timestamp desc",
        "pageSize": _PAGE,
    }
    for _ in range(PAGES_MAX):
        page = gcp.client("logging").ask("POST", "/v2/entries:list", body=asked).body
        yield from page.get("entries") or ()
        if not page.get("nextPageToken"):
            return
        asked = {**asked, "pageToken": page["nextPageToken"]}


def event(entry: Mapping[str, Any], project: str) -> Event:
    """Give what one entry of the project says of who did what."""
    payload = cast("Mapping[str, Any]", entry.get("protoPayload") or {})
    told = [str(payload.get("resourceName") or "")]
    for part in ("request", "response"):
        said = cast("Mapping[str, Any]", payload.get(part) or {})
        told += [str(said[key]) for key in _NAMED if isinstance(said.get(key), str)]
    things = [name for each in told if each for name in (each, each.rsplit("/", 1)[-1])]
    who = cast("Mapping[str, Any]", payload.get("authenticationInfo") or {})
    return Event(
        at=moments.read(str(entry["timestamp"])),
        act=str(payload.get("methodName") or ""),
        names=frozenset([*things, *_granted(payload, things)]),
        **_who(who, project),
    )


def _who(told: Mapping[str, Any], project: str) -> dict[str, Any]:
    """Give who it was, by the name that Google vouches for; the alias is who acted as that service account."""
    who = str(told.get("principalEmail") or told.get("principalSubject") or "")
    lent = cast("list[Mapping[str, Any]]", told.get("serviceAccountDelegationInfo") or [])
    if lent:
        acted = cast("Mapping[str, Any]", lent[0].get("firstPartyPrincipal") or {})
        return {"who": who, "alias": str(acted.get("principalEmail") or "another")}
    agent = _AGENT.fullmatch(who)
    return {"who": who, "is_service": agent is not None and agent[1] != project}


def _granted(payload: Mapping[str, Any], things: list[str]) -> Iterator[str]:
    """Give the roles and members that a policy's change added or removed, by the ids that Terraform gives them."""
    data = cast("Mapping[str, Any]", payload.get("serviceData") or {})
    delta = cast("Mapping[str, Any]", data.get("policyDelta") or {})
    for each in cast("list[Mapping[str, Any]]", delta.get("bindingDeltas") or []):
        for thing in things:
            yield f"{thing}/{each['role']}"
            yield f"{thing}/{each['role']}/{each['member']}"
