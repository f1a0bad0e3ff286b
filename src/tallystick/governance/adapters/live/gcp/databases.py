"""Cloud SQL (https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1beta4/instances)."""

from collections.abc import Iterable
from typing import Final

from tallystick.governance.adapters.live.gcp.ground import Gcp
from tallystick.governance.adapters.live.gcp.kinds import Kind
from tallystick.governance.adapters.live.rest.shapes import At, Block, Shape, Values, tailed, told

INSTANCES: Final = "/sql/v1beta4/projects/{project}/instances"

_BACKUP: Final[Shape] = {
    "enabled": At(place="enabled", default=False),
    "start_time": "startTime",
    "location": "location",
    "binary_log_enabled": At(place="binaryLogEnabled", default=False),
    "point_in_time_recovery_enabled": At(place="pointInTimeRecoveryEnabled", default=False),
    "transaction_log_retention_days": "transactionLogRetentionDays",
    "backup_retention_settings": Block(
        place="backupRetentionSettings",
        shape={
            "retained_backups": "retainedBackups",
            "retention_unit": At(place="retentionUnit", default="COUNT"),
        },
    ),
}
_REACH: Final[Shape] = {
    "ipv4_enabled": At(place="ipv4Enabled", default=True),
    "private_network": At(place="privateNetwork", same=tailed),
    "ssl_mode": "sslMode",
    "server_ca_mode": "serverCaMode",
    "allocated_ip_range": "allocatedIpRange",
    "enable_private_path_for_google_cloud_services": At(
        place="enablePrivatePathForGoogleCloudServices", default=False
    ),
    "authorized_networks": Block(
        place="authorizedNetworks",
        many=True,
        shape={"name": "name", "value": "value", "expiration_time": "expirationTime"},
    ),
}
SETTINGS: Final[Shape] = {
    "tier": "tier",
    "edition": At(place="edition", default="ENTERPRISE"),
    "availability_type": At(place="availabilityType", default="ZONAL"),
    "activation_policy": At(place="activationPolicy", default="ALWAYS"),
    "disk_size": At(place="dataDiskSizeGb", out=str, back=int, default=10),
    "disk_type": At(place="dataDiskType", default="PD_SSD"),
    "disk_autoresize": At(place="storageAutoResize", default=True),
    "disk_autoresize_limit": At(place="storageAutoResizeLimit", out=str, back=int, default=0),
    "pricing_plan": At(place="pricingPlan", default="PER_USE"),
    "connector_enforcement": At(place="connectorEnforcement", default="NOT_REQUIRED"),
    "deletion_protection_enabled": At(place="deletionProtectionEnabled", default=False),
    "retain_backups_on_delete": At(place="retainBackupsOnDelete", default=False),
    "user_labels": "userLabels",
    "database_flags": Block(
        place="databaseFlags", many=True, shape={"name": "name", "value": "value"}
    ),
    "backup_configuration": Block(
        place="backupConfiguration", shape=_BACKUP, default={"enabled": False}
    ),
    "ip_configuration": Block(
        place="ipConfiguration", shape=_REACH, default={"ipv4_enabled": True}
    ),
    "location_preference": Block(
        place="locationPreference", shape={"zone": "zone", "secondary_zone": "secondaryZone"}
    ),
    "maintenance_window": Block(
        place="maintenanceWindow",
        shape={"day": "day", "hour": "hour", "update_track": "updateTrack"},
    ),
    "insights_config": Block(
        place="insightsConfig",
        shape={
            "query_insights_enabled": At(place="queryInsightsEnabled", default=False),
            "query_plans_per_minute": "queryPlansPerMinute",
            "query_string_length": "queryStringLength",
            "record_application_tags": At(place="recordApplicationTags", default=False),
            "record_client_address": At(place="recordClientAddress", default=False),
        },
    ),
    "password_validation_policy": Block(
        place="passwordValidationPolicy",
        shape={
            "enable_password_policy": "enablePasswordPolicy",
            "min_length": "minLength",
            "complexity": "complexity",
            "disallow_username_substring": "disallowUsernameSubstring",
            "reuse_interval": "reuseInterval",
            "password_change_interval": "passwordChangeInterval",
        },
    ),
}


def _instances(gcp: Gcp) -> Iterable[Values]:
    for each in gcp.pages("sql", INSTANCES.format(project=gcp.project), "items"):
        yield {"project": gcp.project, "instance": each["name"]}


KINDS: Final[dict[str, Kind]] = {
    "google_sql_database_instance": Kind(
        service="sql",
        id="projects/{project}/instances/{name}",
        at=INSTANCES + "/{name}",
        within=INSTANCES,
        shape={
            "name": At(place="name", fixed=True),
            "region": At(place="region", fixed=True),
            "database_version": "databaseVersion",
            "master_instance_name": "masterInstanceName",
            "encryption_key_name": "diskEncryptionConfiguration.kmsKeyName",
            "root_password": At(place="rootPassword", fixed=True, hidden=True),
            "settings": Block(place="settings", shape=SETTINGS),
            "connection_name": told("connectionName"),
            "self_link": told("selfLink"),
        },
    ),
    "google_sql_database": Kind(
        service="sql",
        id="projects/{project}/instances/{instance}/databases/{name}",
        at=INSTANCES + "/{instance}/databases/{name}",
        within=INSTANCES + "/{instance}/databases",
        parents=_instances,
        shape={
            "name": At(place="name", fixed=True),
            "instance": At(place="instance", fixed=True),
            "charset": At(place="charset", fixed=True, default="UTF8"),
            "collation": At(place="collation", fixed=True, default="en_US.UTF8"),
            "self_link": told("selfLink"),
        },
    ),
}
