"""Find live objects that no code knows."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

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


def strangers(
    *,
    known: Estate,
    listed: Mapping[str, Iterable[Mapping[str, Any]]],
    targets: Mapping[str, str],
) -> tuple[Resource, ...]:
    """Give what `list` found and no state holds, by type and id; a report tells of a thousand of them.

    `targets` say by type where it was listed.
    """
    # A new version of a known secret or key has an id of its own, and is no stranger.
    ours = {
        (each.type, str(each.values.get(key)))
        for each in known.resources
        for key in ("id", "versionless_id")
    }
    written = set(_written_inside(known))
    found = [
        Resource(
            address=f"{type_}:{values['id']}",
            type=type_,
            name=str(values["id"]),
            values=values,
            target=targets[type_],
        )
        for type_ in sorted(listed)
        for values in listed[type_]
        if (type_, str(values.get("versionless_id") or values["id"])) not in ours
        and not any((type_, str(values.get(key))) in written for key in _parents(type_))
    ]
    return tuple(sorted(found, key=lambda each: each.address))


def _parents(type_: str) -> Iterable[str]:
    return (key for rule, key, _parent, _block in _INSIDE if rule == type_)


def _written_inside(known: Estate) -> Iterable[tuple[str, str]]:
    for rule, _key, parent, block in _INSIDE:
        for each in known.of_type(parent):
            if each.values.get(block):
                yield rule, str(each.values.get("id"))
