"""One of each of GCP's live kinds, in Terraform's shape: what is asked for, and one change of it in place."""

from collections.abc import Mapping
from typing import Any, Final

from tests.governance.gcp_serving import PROJECT, REGION

Values = dict[str, Any]

NETWORK: Final = f"projects/{PROJECT}/global/networks/net"
RING: Final = f"projects/{PROJECT}/locations/{REGION}/keyRings/ring"
KEY: Final = f"{RING}/cryptoKeys/key"
SECRET: Final = f"projects/{PROJECT}/secrets/secret"
ACCOUNT: Final = f"projects/{PROJECT}/serviceAccounts/svc@{PROJECT}.iam.gserviceaccount.com"
ANNA: Final = "user:anna@example.test"
BORIS: Final = "user:boris@example.test"

_LOGGED: Final = {
    "aggregation_interval": "INTERVAL_5_MIN",
    "flow_sampling": 0.5,
    "metadata": None,
    "filter_expr": None,
}
_BACKUP: Final = {
    "enabled": True,
    "start_time": None,
    "location": "eu",
    "binary_log_enabled": None,
    "point_in_time_recovery_enabled": True,
    "transaction_log_retention_days": 7,
    "backup_retention_settings": [{"retained_backups": 30, "retention_unit": None}],
}
_REACH: Final = {
    "ipv4_enabled": False,
    "private_network": NETWORK,
    "ssl_mode": "ENCRYPTED_ONLY",
    "authorized_networks": [],
}
_SETTINGS: Final = {
    "tier": "db-custom-2-7680",
    "availability_type": "REGIONAL",
    "disk_size": None,
    "user_labels": {"a": "b"},
    "backup_configuration": [_BACKUP],
    "ip_configuration": [_REACH],
    "database_flags": [{"name": "cloudsql.iam_authentication", "value": "on"}],
}

ASKED: Final[dict[str, Values]] = {
    "google_kms_key_ring": {"name": "ring", "location": REGION, "project": None},
    "google_kms_crypto_key": {
        "name": "key",
        "key_ring": RING,
        "rotation_period": "7776000s",
        "purpose": None,
        "labels": {"a": "b"},
        "version_template": [
            {"algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION", "protection_level": "HSM"}
        ],
    },
    "google_kms_key_ring_iam_member": {
        "key_ring_id": RING,
        "role": "roles/cloudkms.viewer",
        "member": ANNA,
        "condition": [],
    },
    "google_kms_crypto_key_iam_binding": {
        "crypto_key_id": KEY,
        "role": "roles/cloudkms.cryptoKeyEncrypterDecrypter",
        "members": [BORIS, ANNA],
        "condition": [],
    },
    "google_secret_manager_secret": {
        "secret_id": "secret",
        "labels": {"a": "b"},
        "replication": [
            {
                "auto": [],
                "user_managed": [
                    {
                        "replicas": [
                            {
                                "location": REGION,
                                "customer_managed_encryption": [{"kms_key_name": KEY}],
                            }
                        ]
                    }
                ],
            }
        ],
        "rotation": [],
        "topics": [],
    },
    "google_secret_manager_secret_iam_member": {
        "secret_id": SECRET,
        "role": "roles/secretmanager.secretAccessor",
        "member": ANNA,
        "condition": [],
    },
    "google_storage_bucket": {
        "name": "bucket",
        "location": REGION,
        "storage_class": None,
        "labels": {"a": "b", "c": "d"},
        "public_access_prevention": "enforced",
        "uniform_bucket_level_access": True,
        "versioning": [{"enabled": True}],
        "encryption": [{"default_kms_key_name": KEY}],
        "retention_policy": [{"retention_period": 86_400, "is_locked": True}],
        "logging": [{"log_bucket": "logs", "log_object_prefix": None}],
        "soft_delete_policy": [],
        "autoclass": [],
        "cors": [],
        "website": [],
        "lifecycle_rule": [],
        "force_destroy": True,
    },
    "google_storage_bucket_iam_member": {
        "bucket": "bucket",
        "role": "roles/storage.objectViewer",
        "member": ANNA,
        "condition": [{"title": "t", "description": None, "expression": "true"}],
    },
    "google_storage_bucket_iam_binding": {
        "bucket": "bucket",
        "role": "roles/storage.admin",
        "members": [BORIS, ANNA],
        "condition": [],
    },
    "google_compute_network": {
        "name": "net",
        "auto_create_subnetworks": False,
        "routing_mode": None,
        "mtu": None,
    },
    "google_compute_subnetwork": {
        "name": "sub",
        "network": NETWORK,
        "ip_cidr_range": "10.0.0.0/20",
        "region": REGION,
        "private_ip_google_access": True,
        "log_config": [_LOGGED],
        "secondary_ip_range": [{"range_name": "pods", "ip_cidr_range": "10.4.0.0/14"}],
    },
    "google_compute_firewall": {
        "name": "wall",
        "network": NETWORK,
        "direction": None,
        "priority": None,
        "disabled": None,
        "source_ranges": ["10.2.0.0/16", "10.1.0.0/16"],
        "allow": [{"protocol": "tcp", "ports": ["443"]}],
        "deny": [],
        "log_config": [{"metadata": "INCLUDE_ALL_METADATA"}],
    },
    "google_sql_database_instance": {
        "name": "db",
        "region": REGION,
        "database_version": "POSTGRES_17",
        "encryption_key_name": KEY,
        "deletion_protection": True,
        "settings": [_SETTINGS],
    },
    "google_sql_database": {"name": "d", "instance": "db"},
    "google_service_account": {"account_id": "svc", "display_name": "Service", "disabled": None},
    "google_service_account_key": {"service_account_id": ACCOUNT, "key_algorithm": None},
    "google_project_iam_custom_role": {
        "role_id": "reader",
        "title": "Reader",
        "permissions": ["storage.objects.get"],
        "stage": None,
    },
    "google_project_iam_member": {
        "project": PROJECT,
        "role": "roles/viewer",
        "member": ANNA,
        "condition": [],
    },
    "google_project_iam_binding": {
        "project": PROJECT,
        "role": "roles/editor",
        "members": [ANNA],
        "condition": [],
    },
}
"""In the order in which they stand on each other."""

CHANGED: Final[dict[str, Values]] = {
    "google_kms_crypto_key": {"rotation_period": "2592000s", "labels": {"e": "f"}},
    "google_kms_crypto_key_iam_binding": {"members": [ANNA]},
    "google_secret_manager_secret": {"labels": {"e": "f"}},
    "google_storage_bucket": {
        "labels": {"a": "z"},
        "public_access_prevention": "inherited",
        "versioning": [{"enabled": False}],
        "retention_policy": [{"retention_period": 172_800, "is_locked": True}],
    },
    "google_storage_bucket_iam_binding": {"members": [BORIS]},
    "google_compute_network": {"routing_mode": "GLOBAL"},
    "google_compute_subnetwork": {"private_ip_google_access": False, "log_config": []},
    "google_compute_firewall": {
        "disabled": True,
        "source_ranges": ["10.3.0.0/16"],
        "allow": [{"protocol": "udp", "ports": None}],
    },
    "google_sql_database_instance": {
        "settings": [{**_SETTINGS, "availability_type": "ZONAL", "user_labels": {"c": "d"}}]
    },
    "google_service_account": {"display_name": "Other"},
    "google_project_iam_custom_role": {"permissions": ["a.b.c", "d.e.f"]},
    "google_project_iam_binding": {"members": [BORIS, ANNA]},
}
"""What of them is changed in place, of those of which anything can be."""

KEPT: Final = ("google_kms_key_ring",)
"""What GCP never deletes."""


def said(asked: Any, told: Any) -> bool:
    """Tell whether everything that was asked for is told, whatever is told beside it."""
    if isinstance(asked, Mapping):
        return isinstance(told, Mapping) and all(
            said(value, told.get(name)) for name, value in asked.items()
        )
    if isinstance(asked, list):
        return isinstance(told, list) and len(told) == len(asked) and all(map(said, asked, told))
    return asked == told
