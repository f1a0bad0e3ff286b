"""What the inventory asks of a resource: whose it is, what it may lose, where it may live."""

from collections.abc import Mapping
from typing import Any, cast

from tallystick.governance.model.predicates import Truth
from tallystick.governance.model.values import UNKNOWN, Estate, Resource

# Where the three clouds keep what people call a resource by.
_TAGS = ("tags", "tags_all", "labels", "user_labels", "settings.0.user_labels", "resource_labels")
TAGS_NEEDED = ("service", "environment", "owner", "cost_centre", "data_class")
# The region of ours where data lives when the inventory does not know the service.
_HOME = "eu"
# The most calls of one caller in a limit's period that still are a limit.
CALLS_MOST = 100_000


def tag(resource: Resource, name: str) -> Any:
    """Give a tag or label; None where there is none, `UNKNOWN` where it cannot be told."""
    unknown = False
    # What GCP calls tags is another thing: bindings that policies of the organisation ask for.
    paths = _TAGS[1:] if resource.type.startswith("google_") else _TAGS
    for path in paths:
        found = resource.at(path)
        unknown = unknown or found is UNKNOWN
        if isinstance(found, Mapping):
            value = cast("Mapping[str, Any]", found).get(name)
            if value is not None:
                return value
    return UNKNOWN if unknown else None


def has_purpose(resource: Resource, *purposes: str) -> Truth:
    """Say whether the tag `purpose` is one of these."""
    found = tag(resource, "purpose")
    return UNKNOWN if found is UNKNOWN else found in purposes


def loses_nothing(resource: Resource, estate: Estate) -> Truth:
    """Say whether its service may lose nothing (RPO 0); what names no known service is held to that too."""
    return _at_most(resource, estate, "rpo_minutes", 0)


def is_back_soon(resource: Resource, estate: Estate, *, minutes: int) -> Truth:
    """Say whether its service must be back within so many minutes (RTO); a stranger must."""
    return _at_most(resource, estate, "rto_minutes", minutes)


def _at_most(resource: Resource, estate: Estate, key: str, most: int) -> Truth:
    service = tag(resource, "service")
    if service is UNKNOWN:
        return UNKNOWN
    return int(_known(estate, "services", service).get(key, 0)) <= most


def has_rows(estate: Estate) -> bool:
    """Say whether the inventory has services that cannot work without the database."""
    services = cast("Mapping[str, Mapping[str, Any]]", estate.inventory.get("services", {}))
    return any("database" in each.get("needs", ()) for each in services.values())


def is_elsewhere(copy: Resource, original: Resource, path: str) -> Truth:
    """Say whether a copy stands in another region; without a region it stands in the same."""
    here, there = original.at(path), copy.at(path)
    if there is None:
        return False
    return UNKNOWN if here is UNKNOWN or there is UNKNOWN else here != there


def logs_changes(value: object) -> bool:
    """Say whether pgaudit logs changes of tables and of roles."""
    classes = {each.strip().lower() for each in str(value).split(",")}
    if "all" in classes:
        return not {"-ddl", "-role"} & classes
    return {"ddl", "role"} <= classes


def _known(estate: Estate, *path: str) -> dict[str, Any]:
    found: Any = estate.inventory
    for key in path:
        found = cast("Mapping[str, Any]", found).get(key) if isinstance(found, Mapping) else None
    return cast("dict[str, Any]", found) if isinstance(found, Mapping) else {}


def places(resource: Resource, estate: Estate) -> tuple[str, ...]:
    """Give the cloud's names of the regions where the data of the resource may live."""
    service = tag(resource, "service")
    said = _known(estate, "services", service) if isinstance(service, str) else {}
    wanted = cast("list[str]", said.get("regions", [_HOME]))
    names = _known(estate, "regions", estate.cloud)
    return tuple(place for region in wanted for place in cast("list[str]", names.get(region, [])))
