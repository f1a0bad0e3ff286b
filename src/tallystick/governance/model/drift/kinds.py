"""Say what a change touches: who has access, what is encrypted, what the network lets through."""

from collections.abc import Iterable
from typing import Final

from tallystick.governance.model.drift.values import Kind

# Words of attributes and types on all three clouds; within one attribute the first that is found decides.
_ENCRYPTION: Final = (
    "kms",
    "encrypt",
    "cmek",
    "customer_managed",
    "sse_algorithm",
    "rotation",
    "crypto",
    "key_vault_key",
    "ssl",
    "tls",
    "https",
)
_NETWORK: Final = (
    "cidr",
    "ingress",
    "egress",
    "public_network",
    "publicly_accessible",
    "public_ip",
    "endpoint_p",
    "ip_",
    "ipv4",
    "ipv6",
    "_ip",
    "subnet",
    "vpc",
    "network",
    "security_group",
    "security_rule",
    "firewall",
    "source_",
    "destination_",
    "port",
    "route",
    "protocol",
    "allow.",
    "deny.",
)
# Words of what shuts objects to the public, which is about access although "public" is in them.
_SHUT: Final = ("public_access_prevention", "public_access_block", "block_public")
_ACCESS: Final = (
    "policy",
    "policies",
    "acl",
    "iam",
    "role",
    "member",
    "principal",
    "binding",
    "permission",
    "grant",
    "block_public",
    "restrict_public",
    "public_access",
    "be_public",
    "shared_access",
    "access_type",
    "uniform_bucket",
    "rbac",
    "local_account",
    "admin",
    "secret_id",
    "authentication",
    "authorization",
)
_NAMING: Final = ("tags", "labels", "user_labels")
_FIRST: Final[tuple[Kind, ...]] = ("access", "network", "encryption", "other")


def kind_of(*, type_: str, paths: Iterable[str]) -> Kind:
    """Give the gravest thing that the changed attributes touch; where they tell nothing, their type does."""
    changed = [path for path in paths if not path.startswith(_NAMING)]
    found = {_of_words(path) for path in changed} - {"other"}
    if not found:
        return _of_words(type_) if changed else "other"
    return next(kind for kind in _FIRST if kind in found)


def _of_words(path: str) -> Kind:
    text = path.replace("resource_", "")  # that is no "source_" of traffic
    if any(word in text for word in _ENCRYPTION):
        return "encryption"
    if any(word in text for word in _SHUT):
        return "access"
    if any(word in text for word in _NETWORK):
        return "network"
    return "access" if any(word in text for word in _ACCESS) else "other"
