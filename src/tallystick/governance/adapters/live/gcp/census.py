"""Count everything of a project, of whatever type: Cloud Asset Inventory tells resources and who is let in to each.

Sources: https://cloud.google.com/asset-inventory/docs/reference/rest/v1/TopLevel/searchAllResources,
…/searchAllIamPolicies and, for names, https://cloud.google.com/asset-inventory/docs/asset-names.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tallystick.governance.adapters.live.gcp.ground import Gcp
from tallystick.governance.adapters.provider.targets import TargetRefused
from tallystick.governance.model.drift.strangers import Counted

PAGE: Final = "500"
"""The most that one page may have; a list has `PAGES_MAX` of them."""

_COMPUTE: Final[Mapping[str, str]] = {
    "Address": "google_compute_address",
    "BackendBucket": "google_compute_backend_bucket",
    "BackendService": "google_compute_backend_service",
    "Disk": "google_compute_disk",
    "Firewall": "google_compute_firewall",
    "ForwardingRule": "google_compute_forwarding_rule",
    "GlobalAddress": "google_compute_global_address",
    "GlobalForwardingRule": "google_compute_global_forwarding_rule",
    "HealthCheck": "google_compute_health_check",
    "Instance": "google_compute_instance",
    "InstanceTemplate": "google_compute_instance_template",
    "Network": "google_compute_network",
    "PacketMirroring": "google_compute_packet_mirroring",
    "RegionBackendService": "google_compute_region_backend_service",
    "Route": "google_compute_route",
    "Router": "google_compute_router",
    "SecurityPolicy": "google_compute_security_policy",
    "Snapshot": "google_compute_snapshot",
    "SslCertificate": "google_compute_ssl_certificate",
    "SslPolicy": "google_compute_ssl_policy",
    "Subnetwork": "google_compute_subnetwork",
    "TargetHttpProxy": "google_compute_target_http_proxy",
    "TargetHttpsProxy": "google_compute_target_https_proxy",
    "UrlMap": "google_compute_url_map",
}
_KNOWN: Final[Mapping[str, str]] = {
    **{f"compute.googleapis.com/{each}": type_ for each, type_ in _COMPUTE.items()},
    "alloydb.googleapis.com/Cluster": "google_alloydb_cluster",
    "alloydb.googleapis.com/Instance": "google_alloydb_instance",
    "artifactregistry.googleapis.com/Repository": "google_artifact_registry_repository",
    "bigquery.googleapis.com/Dataset": "google_bigquery_dataset",
    "bigquery.googleapis.com/Table": "google_bigquery_table",
    "cloudkms.googleapis.com/CryptoKey": "google_kms_crypto_key",
    "cloudkms.googleapis.com/CryptoKeyVersion": "google_kms_crypto_key_version",
    "cloudkms.googleapis.com/KeyRing": "google_kms_key_ring",
    "cloudresourcemanager.googleapis.com/Project": "google_project",
    "container.googleapis.com/Cluster": "google_container_cluster",
    "container.googleapis.com/NodePool": "google_container_node_pool",
    "dns.googleapis.com/ManagedZone": "google_dns_managed_zone",
    "dns.googleapis.com/Policy": "google_dns_policy",
    "iam.googleapis.com/Role": "google_project_iam_custom_role",
    "iam.googleapis.com/ServiceAccount": "google_service_account",
    "iam.googleapis.com/ServiceAccountKey": "google_service_account_key",
    "logging.googleapis.com/LogBucket": "google_logging_project_bucket_config",
    "logging.googleapis.com/LogMetric": "google_logging_metric",
    "logging.googleapis.com/LogSink": "google_logging_project_sink",
    "monitoring.googleapis.com/AlertPolicy": "google_monitoring_alert_policy",
    "pubsub.googleapis.com/Subscription": "google_pubsub_subscription",
    "pubsub.googleapis.com/Topic": "google_pubsub_topic",
    "secretmanager.googleapis.com/Secret": "google_secret_manager_secret",
    "secretmanager.googleapis.com/SecretVersion": "google_secret_manager_secret_version",
    "serviceusage.googleapis.com/Service": "google_project_service",
    "sqladmin.googleapis.com/Instance": "google_sql_database_instance",
    "storage.googleapis.com/Bucket": "google_storage_bucket",
    "vpcaccess.googleapis.com/Connector": "google_vpc_access_connector",
}
TYPES: Final = frozenset(_KNOWN.values())
"""Terraform's types that are counted; all others are told by Google's own names."""

# Who is let in to these is listed by kinds of their own.
_GRANTED: Final = frozenset(
    {
        "cloudkms.googleapis.com/CryptoKey",
        "cloudkms.googleapis.com/KeyRing",
        "cloudresourcemanager.googleapis.com/Project",
        "iam.googleapis.com/ServiceAccount",
        "secretmanager.googleapis.com/Secret",
        "storage.googleapis.com/Bucket",
    }
)
_NUMBERED: Final = re.compile(r"^projects/\d+(?=/|$)")


def name(setting: Mapping[str, Any]) -> str:
    """Give the name that verdicts call the register by."""
    return Gcp.of(setting).target("cloudasset")


def counted(setting: Mapping[str, Any], unseen: list[str]) -> Iterator[Counted]:
    """Yield every resource of the project in every region, and everybody who is let in to one.

    Raises `TargetRefused` where no such register is set, and after `PAGES_MAX` pages of either.
    """
    gcp = Gcp.of(setting)
    if not gcp.speaks("cloudasset"):
        raise TargetRefused(
            "no endpoint of Cloud Asset Inventory is set; name one under `gcp.endpoints.cloudasset`"
        )
    scope, asked = f"/v1/projects/{gcp.project}", {"pageSize": PAGE}
    for each in gcp.pages("cloudasset", f"{scope}:searchAllResources", "results", asked):
        yield _resource(gcp, each)
    for each in gcp.pages("cloudasset", f"{scope}:searchAllIamPolicies", "results", asked):
        if each["assetType"] not in _GRANTED:
            yield from _grants(gcp, each)


def _resource(gcp: Gcp, told: Mapping[str, Any]) -> Counted:
    kind, place = str(told["assetType"]), _place(gcp, str(told["name"]))
    more: Mapping[str, Any] = told.get("additionalAttributes") or {}
    parent = str(told.get("parentFullResourceName") or "")
    labels = told.get("labels")
    values = {
        "id": place,
        "name": place.rpartition("/")[2],
        "location": told.get("location"),
        "region": told.get("location") if "/regions/" in place else None,
        "labels": labels,
        "effective_labels": labels,
        "parent": _place(gcp, parent) if parent else None,
        "email": more.get("email"),
        "key_type": more.get("keyType"),
        "created_at": told.get("createTime"),
    }
    return Counted(
        type=_KNOWN.get(kind, kind),
        values={key: value for key, value in values.items() if value is not None},
        names=frozenset(each.casefold() for each in _names(gcp, kind, place, more)),
        service=kind.partition(".")[0],
    )


def _names(gcp: Gcp, kind: str, place: str, more: Mapping[str, Any]) -> Iterator[str]:
    """Yield what Terraform may know it by; accounts are told here by numbers, and known there by addresses."""
    yield f"storage/v1/b/{place}" if kind.endswith("/Bucket") else place
    accounts = f"projects/{gcp.project}/serviceAccounts"
    if kind.endswith("/ServiceAccount"):
        yield place.rpartition("/")[2]
        if email := more.get("email"):
            yield f"{accounts}/{email}"
    elif kind.endswith("/ServiceAccountKey"):
        yield f"keys/{place.rpartition('/')[2]}"


def _grants(gcp: Gcp, told: Mapping[str, Any]) -> Iterator[Counted]:
    """Yield each member of each role on one resource; in Terraform it may stand alone or among others."""
    kind, place = str(told["assetType"]), _place(gcp, str(told["resource"]))
    type_ = f"{_KNOWN[kind]}_iam_member" if kind in _KNOWN else f"{kind}/iamPolicy"
    for binding in (told.get("policy") or {}).get("bindings") or ():
        role = str(binding["role"])
        for member in binding.get("members") or ():
            whole = f"{place}/{role}"
            yield Counted(
                type=type_,
                values={"id": f"{whole}/{member}", "within": place, "role": role, "member": member},
                names=frozenset((f"{whole}/{member}".casefold(), whole.casefold())),
                service=kind.partition(".")[0],
            )


def _place(gcp: Gcp, told: str) -> str:
    """Give a full name without its host, and with the project's name where it tells the number."""
    path = told.removeprefix("//").partition("/")[2]
    return _NUMBERED.sub(f"projects/{gcp.project}", path)


def service_of(type_: str) -> str:
    """Give the service of a Terraform type, or nothing where its name does not tell: paths of two may be alike."""
    return next((service for lead, service in _SERVICES if type_.startswith(lead)), "")


_SERVICES: Final = tuple(
    (f"google_{lead}_", service)
    for lead, service in (
        ("alloydb", "alloydb"),
        ("artifact_registry", "artifactregistry"),
        ("bigquery", "bigquery"),
        ("compute", "compute"),
        ("container", "container"),
        ("dns", "dns"),
        ("kms", "cloudkms"),
        ("logging", "logging"),
        ("monitoring", "monitoring"),
        ("pubsub", "pubsub"),
        ("secret_manager", "secretmanager"),
        ("sql", "sqladmin"),
        ("storage", "storage"),
    )
)
