"""Ids, names and addresses as the local store gives them: the same for the same object, in the shape of its cloud."""

import hashlib
from collections.abc import Container, Mapping
from typing import Any, Final

from tallystick.governance.adapters.provider.ground import ACCOUNT, Ground
from tallystick.governance.adapters.provider.pack import Block
from tallystick.governance.adapters.provider.targets import Values

# What an object is called by, in the order of asking.
NAMES: Final = (
    "name", "identifier", "cluster_identifier", "bucket", "function_name", "node_group_name", "cluster_name",
    "account_id", "secret_id", "key_ring_id", "role_id", "workload_identity_pool_id", "repository_id", "display_name",
    "domain", "service", "username",
)  # fmt: skip
EC2: Final = {
    "vpc": "vpc", "subnet": "subnet", "internet_gateway": "igw", "nat_gateway": "nat", "eip": "eipalloc",
    "route_table": "rtb", "security_group": "sg", "network_acl": "acl", "vpc_endpoint": "vpce", "flow_log": "fl",
    "default_security_group": "sg", "default_route_table": "rtb", "default_network_acl": "acl",
    "vpc_security_group_ingress_rule": "sgr", "vpc_security_group_egress_rule": "sgr", "launch_template": "lt",
    "ebs_volume": "vol", "instance": "i", "ec2_managed_prefix_list": "pl", "vpc_dhcp_options": "dopt",
}  # fmt: skip
SERVICES: Final = {
    "db": "rds", "rds": "rds", "lb": "elasticloadbalancing", "cloudwatch": "logs", "cloudtrail": "cloudtrail",
    "kms": "kms", "secretsmanager": "secretsmanager", "eks": "eks", "ecr": "ecr", "backup": "backup",
    "wafv2": "wafv2", "budgets": "budgets", "sns": "sns", "sqs": "sqs", "acm": "acm", "route53": "route53",
}  # fmt: skip
BORN: Final = "2026-01-01T00:00:00Z"


class Namer:
    """Names what one configured provider makes."""

    def __init__(self, *, ground: Ground, schemas: Mapping[str, Block]):
        """Hold where things live and what shape they have."""
        self._ground = ground
        self._schemas = schemas

    def named(self, kind: str, values: Values, *, taken: Container[str]) -> Values:
        """Give the values with an id that is not taken, and all that a cloud would say beside it."""
        block = self._schemas[kind]
        seed = _seed(kind, values)
        name = next((str(values[each]) for each in NAMES if values.get(each)), "")
        identity = self._id(kind, values, name, seed)
        for again in range(1, 10_000):
            if identity not in taken:
                break
            identity = f"{self._id(kind, values, name, seed)}-{_hex(f'{seed}{again}')[:6]}"
        made = dict(values)
        made["id"] = identity
        if block.attributes.get("name") and not made.get("name"):
            made["name"] = f"terraform-{_hex(seed)[:20]}"
        if "arn" in block.attributes and not made.get("arn"):
            made["arn"] = self._arn(kind, name or identity, identity)
        if "self_link" in block.attributes:
            made["self_link"] = f"https://www.googleapis.com/{identity}"
        return _filled(block, made, f"{kind}/{identity}")

    def _id(self, kind: str, values: Values, name: str, seed: str) -> str:
        short = kind.split("_", 1)[1]
        if self._ground.provider == "aws":
            if short in EC2:
                return f"{EC2[short]}-0{_hex(seed)[:16]}"
            if kind == "aws_kms_key":
                return _uuid(seed)
            return name or f"{short.replace('_', '-')}-{_hex(seed)[:16]}"
        leaf = name or _hex(seed)[:16]
        parent = next((str(values[each]) for each in PARENTS if values.get(each)), "")
        if self._ground.provider == "google":
            place = parent or f"projects/{values.get('project') or self._ground.project}"
            where = values.get("location") or values.get("region")
            between = f"/locations/{where}" if where and "/locations/" not in place else ""
            return f"{place}{between}/{_camel(short)}s/{leaf}"
        group = values.get("resource_group_name")
        if kind == "azurerm_resource_group":
            return f"/subscriptions/{self._ground.subscription}/resourceGroups/{leaf}"
        place = parent or f"/subscriptions/{self._ground.subscription}"
        if group:
            place = f"/subscriptions/{self._ground.subscription}/resourceGroups/{group}/providers/Microsoft.Cloud"
        return f"{place}/{_camel(short)}s/{leaf}"

    def _arn(self, kind: str, name: str, identity: str) -> str:
        short = kind.removeprefix("aws_")
        service = short.split("_")[0]
        if short == "s3_bucket":
            return f"arn:aws:s3:::{name}"
        if service == "iam":
            return f"arn:aws:iam::{ACCOUNT}:{short.removeprefix('iam_').replace('_', '-')}/{name}"
        here = f"{self._ground.region}:{ACCOUNT}"
        if short in EC2:
            return f"arn:aws:ec2:{here}:{short.replace('_', '-')}/{identity}"
        rest = short.removeprefix(f"{service}_").replace("_", "-")
        return f"arn:aws:{SERVICES.get(service, service)}:{here}:{rest}/{name if service != 'kms' else identity}"


PARENTS: Final = (
    "server_id", "key_vault_id", "storage_account_id", "managed_hsm_id", "cdn_frontdoor_profile_id", "scope",
    "key_ring", "crypto_key", "secret", "kubernetes_cluster_id", "vault_id", "parent_id", "resource_group_id",
)  # fmt: skip


def _filled(block: Block, values: Values, seed: str) -> Values:
    """Say something of every attribute that only the cloud sets."""
    made = dict(values)
    for name, attribute in block.attributes.items():
        if attribute.flags.startswith("c") and made.get(name) is None:
            made[name] = _said(name, attribute.type, seed)
    for name, nested in block.blocks.items():
        inner = made.get(name)
        if isinstance(inner, list):
            made[name] = [
                _filled(nested.block, each, f"{seed}/{name}{at}") if each else each
                for at, each in enumerate(inner)
            ]
    return made


def _said(name: str, kind: Any, seed: str) -> Any:
    if isinstance(kind, list):
        if kind[0] == "object":
            return {each: _said(each, inner, f"{seed}/{name}") for each, inner in kind[1].items()}
        if kind[0] == "map":
            return {}
        return [_said(name, kind[1], seed)] if kind[0] == "list" and kind[1][0] == "object" else []
    if kind == "bool":
        return False
    return 1 if kind == "number" else _text(name, seed)


def _text(name: str, seed: str) -> str:
    if "time" in name or "created" in name or name.endswith("_date"):
        return BORN
    if name.endswith("arn"):
        return f"arn:aws:store::{ACCOUNT}:{seed}/{name}"
    if name.endswith("_id"):
        return _uuid(f"{seed}/{name}")
    leaf = seed.rsplit("/", 1)[-1]
    if any(word in name for word in ("url", "uri", "issuer", "server")):
        return f"https://{leaf}.store.invalid"
    return (
        f"{leaf}.store.invalid"
        if any(word in name for word in HOSTS)
        else f"{leaf}-{name.replace('_', '-')}"
    )


HOSTS: Final = ("endpoint", "fqdn", "address", "host", "domain", "dns")


def _seed(kind: str, values: Values) -> str:
    """Give what makes an object itself: all that its author said of it."""
    return f"{kind}:{sorted((name, str(value)) for name, value in values.items() if value)}"


def _uuid(seed: str) -> str:
    """A UUID of our own making (RFC 9562, version 8): the same for the same seed."""
    made = _hex(seed)
    return f"{made[:8]}-{made[8:12]}-8{made[13:16]}-a{made[17:20]}-{made[20:32]}"


def _hex(seed: str) -> str:
    return hashlib.sha256(seed.encode()).hexdigest()


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)
