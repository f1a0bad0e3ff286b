"""Buckets (https://cloud.google.com/storage/docs/json_api/v1/buckets)."""

from typing import Any, Final

from tallystick.governance.adapters.live.gcp.ground import Gcp
from tallystick.governance.adapters.live.gcp.kinds import Json, Kind
from tallystick.governance.adapters.live.gcp.served import unkept
from tallystick.governance.adapters.live.rest.shapes import At, Block, Shape, Values, folded, told

_CONDITION: Final[Shape] = {
    "age": "age",
    "created_before": "createdBefore",
    "custom_time_before": "customTimeBefore",
    "days_since_custom_time": "daysSinceCustomTime",
    "days_since_noncurrent_time": "daysSinceNoncurrentTime",
    "matches_prefix": "matchesPrefix",
    "matches_storage_class": "matchesStorageClass",
    "matches_suffix": "matchesSuffix",
    "noncurrent_time_before": "noncurrentTimeBefore",
    "num_newer_versions": "numNewerVersions",
    "with_state": At(
        place="isLive",
        out={"LIVE": True, "ARCHIVED": False}.get,
        back=lambda live: "LIVE" if live else "ARCHIVED",
    ),
}

BUCKET: Final[Shape] = {
    "name": At(place="name", fixed=True),
    "location": At(place="location", fixed=True, same=folded),
    "storage_class": At(place="storageClass", default="STANDARD"),
    "labels": "labels",
    "public_access_prevention": At(
        place="iamConfiguration.publicAccessPrevention", default="inherited"
    ),
    "uniform_bucket_level_access": At(
        place="iamConfiguration.uniformBucketLevelAccess.enabled", default=False
    ),
    "requester_pays": At(place="billing.requesterPays", default=False),
    "default_event_based_hold": At(place="defaultEventBasedHold", default=False),
    "rpo": At(place="rpo", default="DEFAULT"),
    "versioning": Block(
        place="versioning",
        shape={"enabled": At(place="enabled", default=False)},
        default={"enabled": False},
    ),
    "encryption": Block(place="encryption", shape={"default_kms_key_name": "defaultKmsKeyName"}),
    "retention_policy": Block(
        place="retentionPolicy",
        shape={
            "retention_period": At(place="retentionPeriod", out=str, back=int),
            "is_locked": At(place="isLocked", default=False),
        },
    ),
    "soft_delete_policy": Block(
        place="softDeletePolicy",
        shape={"retention_duration_seconds": At(place="retentionDurationSeconds", back=int)},
        # Seven days: https://cloud.google.com/storage/docs/soft-delete.
        default={"retention_duration_seconds": 604_800},
    ),
    "logging": Block(
        place="logging",
        shape={"log_bucket": "logBucket", "log_object_prefix": "logObjectPrefix"},
    ),
    "lifecycle_rule": Block(
        place="lifecycle.rule",
        many=True,
        shape={
            "action": Block(
                place="action", shape={"type": "type", "storage_class": "storageClass"}
            ),
            "condition": Block(place="condition", shape=_CONDITION, bare=True),
        },
    ),
    "cors": Block(
        place="cors",
        many=True,
        shape={
            "origin": "origin",
            "method": "method",
            "response_header": "responseHeader",
            "max_age_seconds": "maxAgeSeconds",
        },
    ),
    "website": Block(
        place="website",
        shape={"main_page_suffix": "mainPageSuffix", "not_found_page": "notFoundPage"},
    ),
    "autoclass": Block(
        place="autoclass",
        shape={"enabled": "enabled", "terminal_storage_class": "terminalStorageClass"},
        default={"enabled": False},
    ),
    "self_link": told("selfLink"),
    "project_number": At(place="projectNumber", back=int, told=True),
    "time_created": told("timeCreated"),
    "updated": told("updated"),
}


def _lock(gcp: Gcp, path: str, prior: Values, values: Values) -> None:
    """Lock a retention policy that is to be locked and is not: a step of its own, never taken back."""
    policy: list[dict[str, Any]] = values.get("retention_policy") or []
    dropped = unkept(gcp.target("storage"), "google_storage_bucket")
    if not policy or not policy[0].get("is_locked") or "retention_policy" in dropped:
        return
    bucket = gcp.find("storage", path) or {}
    if not (bucket.get("retentionPolicy") or {}).get("isLocked"):
        query = {"ifMetagenerationMatch": str(bucket.get("metageneration"))}
        gcp.client("storage").ask("POST", f"{path}/lockRetentionPolicy", query=query)


def _cleared(body: Json) -> Json:
    labels = body.get("labels")
    if isinstance(labels, dict):
        body = {**body, "labels": {k: v for k, v in labels.items() if v is not None}}
    return body


KINDS: Final[dict[str, Kind]] = {
    "google_storage_bucket": Kind(
        service="storage",
        id="{name}",
        at="/storage/v1/b/{name}",
        within="/storage/v1/b",
        query={"project": "{project}"},
        shape=BUCKET,
        strip=_cleared,
        change=_lock,
        also=lambda live: {"url": f"gs://{live['name']}"},
        labelled=True,
    )
}
