"""Ask Azure's trail who did what: the activity log, which is always written and kept for ninety days.

It tells of Resource Manager alone: what is done within a vault or a storage account is in their own logs, so that for
keys, secrets and containers nobody is named here. Source: https://learn.microsoft.com/rest/api/monitor/activity-logs/list.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tallystick.governance.adapters.live.azure.ground import Azure
from tallystick.governance.adapters.live.rest import moments
from tallystick.governance.adapters.provider.targets import TargetRefused
from tallystick.governance.model.drift.values import Event
from tallystick.kernel.instants import Instant, render

EVENTS_MAX: Final = 5_000
"""What is older than these stays without a name."""

_VERSION: Final = "2015-04-01"
# Microsoft's own applications that change what is ours: the one of AKS (AzureContainerService).
_MICROSOFTS: Final = frozenset({"7319c514-987d-4e9b-ac3d-d38c4f427f4c"})
_PARTS: Final = ("/securityRules", "/routes", "/blobServices")
_SETTINGS: Final = "/providers/Microsoft.Insights/diagnosticSettings"


def events(*, setting: Mapping[str, Any], since: Instant, until: Instant) -> tuple[Event, ...]:
    """Give what was changed between two instants, newest first. Raises `TargetRefused` where no trail is set."""
    azure = Azure.of(setting)
    if not azure.speaks("management"):
        raise TargetRefused("no endpoint of Azure's management is set; name one")
    lead = f"/subscriptions/{azure.subscription}/providers/Microsoft.Insights"
    span = f"eventTimestamp ge '{render(since)}' and eventTimestamp le '{render(until)}'"
    asked = {"api-version": _VERSION, "$filter": span}
    path = f"{lead}/eventtypes/management/values"
    found: list[Event] = []
    for each in azure.pages(azure.management(), path, asked):
        if len(found) == EVENTS_MAX:
            break
        if (each.get("status") or {}).get("value") in ("Succeeded", "Accepted"):
            found.append(event(each))
    return tuple(found)


def event(told: Mapping[str, Any]) -> Event:
    """Give what one event of the activity log says of who did what."""
    place = str(told.get("resourceId") or "")
    return Event(
        at=moments.read(str(told["eventTimestamp"])),
        act=str((told.get("operationName") or {}).get("value") or ""),
        names=frozenset(_names(place)),
        **_who(told),
    )


def _who(told: Mapping[str, Any]) -> dict[str, Any]:
    """Give the caller; of one of Microsoft's own applications its id, which nobody else's can have."""
    application = str((told.get("claims") or {}).get("appid") or "")
    if (told.get("claims") or {}).get("idtyp") == "app" and application in _MICROSOFTS:
        return {"who": application, "is_service": True}
    return {"who": str(told.get("caller") or "")}


def _names(place: str) -> Iterator[str]:
    """Give the id, that of what shows it as a part of its own, and that which Terraform gives it."""
    yield place
    lead, _, name = place.rpartition("/")
    if lead.endswith(_PARTS):
        yield lead.rpartition("/")[0]
    thing, found, _ = lead.partition(_SETTINGS)
    if found:
        yield f"{thing}|{name}"
