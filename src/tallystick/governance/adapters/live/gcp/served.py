"""What each server that stands in for GCP really serves and does not keep, found by asking it; GCP itself keeps all.

A type that a server does not serve goes to the local store. An attribute that its server drops is given back as it was
asked for, so that plans stay quiet, and nobody claims it: a live verdict that rests on it is unknown.
`docs/reference/live-targets.md` shows this table.
"""

from collections.abc import Mapping
from typing import Final

_ALL: Final[tuple[str, ...]] = ()

SERVED: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "gcplocal": {
        "google_storage_bucket": _ALL,
        "google_storage_bucket_iam_member": _ALL,
        "google_storage_bucket_iam_binding": _ALL,
        "google_compute_network": ("description",),
        "google_compute_subnetwork": ("description",),
        "google_compute_firewall": _ALL,
        "google_sql_database_instance": _ALL,
        "google_sql_database": _ALL,
        "google_service_account": ("disabled",),
        "google_service_account_key": _ALL,
        "google_project_iam_custom_role": _ALL,
        "google_project_iam_member": _ALL,
        "google_project_iam_binding": _ALL,
    },
    "drongo": {
        "google_storage_bucket": (
            "autoclass",
            "cors",
            "default_event_based_hold",
            "encryption",
            "lifecycle_rule",
            "logging",
            "public_access_prevention",
            "requester_pays",
            "retention_policy",
            "rpo",
            "soft_delete_policy",
            "uniform_bucket_level_access",
            "website",
        ),
        "google_storage_bucket_iam_member": _ALL,
        "google_storage_bucket_iam_binding": _ALL,
        "google_kms_key_ring": _ALL,
        "google_kms_crypto_key": (
            "destroy_scheduled_duration",
            "import_only",
            "rotation_period",
            "version_template",
        ),
        "google_secret_manager_secret": (
            "annotations",
            "expire_time",
            "rotation",
            "topics",
            "ttl",
            "version_destroy_ttl",
        ),
    },
    "double": {
        "google_kms_key_ring": _ALL,
        "google_kms_key_ring_iam_member": _ALL,
        "google_kms_key_ring_iam_binding": _ALL,
        "google_kms_crypto_key": _ALL,
        "google_kms_crypto_key_iam_member": _ALL,
        "google_kms_crypto_key_iam_binding": _ALL,
        "google_secret_manager_secret": _ALL,
        "google_secret_manager_secret_iam_member": _ALL,
        "google_secret_manager_secret_iam_binding": _ALL,
    },
}

LIMITS: Final[Mapping[str, tuple[str, ...]]] = {
    "gcplocal": (
        "takes no member of a bucket, network or firewall away that is set to null: it stays",
        "never refuses a policy that was written under an old etag",
        "keeps no trail of who did what",
    ),
    "drongo": (
        "changes no key after it is made, and destroys none of its versions",
        "serves Cloud Logging over gRPC alone, so its entries are not read",
        "keeps no trail of who did what",
    ),
    "double": ("is ours: it does what we read in the documentation, and no more",),
}
"""What a server does otherwise than GCP, beside what it drops."""


def serves(target: str, kind: str) -> bool:
    """Tell whether a target serves a type; GCP serves all."""
    return target not in SERVED or kind in SERVED[target]


def unkept(target: str, kind: str) -> tuple[str, ...]:
    """Give the attributes of a type that this target does not keep."""
    return SERVED.get(target, {}).get(kind, ())
