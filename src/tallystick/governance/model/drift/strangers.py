"""Find live objects that no code knows, and tell those apart that the cloud makes by itself."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tallystick.governance.model.drift.rules import Rule
from tallystick.governance.model.values import Estate, Resource

STRANGERS_MAX: Final = 1_000
# Rules that may also be written inside another object: (type of the rule, its parent's id, parent, block). A list gives
# `within` where Terraform has no attribute for that id.
_INSIDE: Final = (
    ("aws_vpc_security_group_ingress_rule", "security_group_id", "aws_security_group", "ingress"),
    ("aws_vpc_security_group_egress_rule", "security_group_id", "aws_security_group", "egress"),
    ("aws_iam_role_policy", "role", "aws_iam_role", "inline_policy"),
    ("aws_s3_bucket_versioning", "bucket", "aws_s3_bucket", "object_lock_enabled"),
    ("azurerm_network_security_rule", "within", "azurerm_network_security_group", "security_rule"),
    ("azurerm_subnet", "within", "azurerm_virtual_network", "subnet"),
    *(
        (f"{thing}_iam_member", "within", f"{thing}_iam_binding", "members")
        for thing in (
            "google_project",
            "google_storage_bucket",
            "google_kms_key_ring",
            "google_kms_crypto_key",
            "google_secret_manager_secret",
            "google_service_account",
        )
    ),
)


# What an object is known by in a cloud's own register: its id, its name there, or the end of its link.
_NAMED: Final = ("id", "arn", "self_link", "unique_id", "versionless_id", "resource_versionless_id")
_HOST: Final = re.compile(r"^https?://[^/]+/|^//[^/]+/")
_PATH: Final = re.compile(r"(?:^|/)(projects/.+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One object as a cloud's own register of everything tells it.

    `type` is Terraform's where our schemas have one, else the cloud's. `values` has its id and what else is told of it
    in Terraform's words. `names` are all that the same object may be known by, within `service` where two services of
    the cloud may give the same name to two things.
    """

    type: str
    values: Mapping[str, Any]
    names: frozenset[str]
    service: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudMade:
    """What a rule says that a cloud made by itself: why, and of what it was told."""

    reason: str
    subjects: tuple[str, ...]


def strangers(
    *,
    known: Estate,
    listed: Mapping[str, Iterable[Mapping[str, Any]]],
    targets: Mapping[str, str],
    counted: Iterable[Counted] = (),
    register: str = "",
    service_of: Callable[[str], str] = lambda _type: "",
) -> tuple[Resource, ...]:
    """Give what `list` or the cloud's register found and no state holds, by type and id.

    `targets` say by type where it was listed, `register` where it was counted. What was listed is told from there.
    """
    # A new version of a known secret or key has an id of its own, and is no stranger.
    ours: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in known.resources:
        for key in ("id", "versionless_id"):
            ours[each.type, str(each.values.get(key))].add(_region(each.values))
    written = set(_written_inside(known))
    found = [
        (type_, values, targets[type_])
        for type_ in sorted(listed)
        for values in listed[type_]
        if not _is_ours(type_, values, ours)
        and not any((type_, str(values.get(key))) in written for key in _parents(type_))
    ]
    everything = [(each.type, each.values) for each in known.resources]
    everything += [(type_, each) for type_, objects in listed.items() for each in objects]
    told = {(service_of(type_), name) for type_, each in everything for name in names_of(each)}
    found += [
        (each.type, each.values, register)
        for each in counted
        if not any((service, name) in told for name in each.names for service in (each.service, ""))
    ]
    many = Counter((type_, str(values["id"])) for type_, values, _target in found)
    return tuple(
        sorted(
            (_stranger(type_, values, target, many) for type_, values, target in found),
            key=lambda each: each.address,
        )
    )


def names_of(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield what an object may be called by in its cloud's register, without host and in small letters."""
    for key in _NAMED:
        text = values.get(key)
        if isinstance(text, str) and text:
            bare = _HOST.sub("", text).casefold()
            yield bare
            if found := _PATH.search(bare):
                yield found[1]
            if "/serviceaccounts/" in bare and "/keys/" in bare:
                yield f"keys/{bare.rpartition('/')[2]}"


def names_known(known: Estate) -> frozenset[str]:
    """Give all names of all that the code knows."""
    return frozenset(name for each in known.resources for name in names_of(each.values))


def apart(
    *, found: Iterable[Resource], known: Estate, rules: Iterable[Rule]
) -> tuple[tuple[Resource, ...], tuple[CloudMade, ...]]:
    """Part what nobody knows from what a rule says that the cloud made by itself."""
    own = [each for each in rules if each.part == "cloud_made"]
    names = {"": names_known(known), **{rule.of: _said(known, rule.of) for rule in own if rule.of}}
    made: dict[str, list[str]] = defaultdict(list)
    left: list[Resource] = []
    for each in found:
        fits = (rule for rule in own if rule.made(type_=each.type, values=each.values, known=names))
        rule = next(fits, None)
        if rule is None:
            left.append(each)
        else:
            made[rule.reason].append(each.address)
    told = (CloudMade(reason=why, subjects=tuple(subjects)) for why, subjects in made.items())
    return tuple(left), tuple(told)


def _said(known: Estate, of: str) -> frozenset[str]:
    """Give what an attribute says on all known objects of a type: `aws_eks_cluster.name`."""
    type_, _, key = of.partition(".")
    told = (each.values.get(key) for each in known.of_type(type_))
    return frozenset(str(each).casefold() for each in told if each)


def _stranger(
    type_: str, values: Mapping[str, Any], target: str, many: Mapping[tuple[str, str], int]
) -> Resource:
    name = str(values["id"])
    place = f"@{values['region']}" if many[type_, name] > 1 and values.get("region") else ""
    return Resource(
        address=f"{type_}:{name}{place}", type=type_, name=name, values=values, target=target
    )


def _is_ours(
    type_: str, values: Mapping[str, Any], ours: Mapping[tuple[str, str], set[str]]
) -> bool:
    """Tell whether a state holds it; where both tell a region, a name in another region is another object's."""
    regions = ours.get((type_, str(values.get("versionless_id") or values["id"])))
    if not regions:
        return False
    here = _region(values)
    return not here or "" in regions or here in regions


def _region(values: Mapping[str, Any]) -> str:
    """Give the region where it says one, or nothing: ids of GCP have theirs in them, and it may be a link."""
    region = values.get("region")
    return region.rpartition("/")[2] if isinstance(region, str) else ""


def _parents(type_: str) -> Iterable[str]:
    return (key for rule, key, _parent, _block in _INSIDE if rule == type_)


def _written_inside(known: Estate) -> Iterable[tuple[str, str]]:
    for rule, _key, parent, block in _INSIDE:
        for each in known.of_type(parent):
            if each.values.get(block):
                yield rule, str(each.values.get("id"))
