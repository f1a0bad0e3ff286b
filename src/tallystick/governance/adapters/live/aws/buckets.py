"""Buckets of S3 and what is set on each: one row of a table for each setting."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.governance.adapters.live.aws.ground import (
    Aws,
    Kind,
    Values,
    found,
    from_pairs,
    pairs,
    tags_seen,
    tags_to_write,
)
from tallystick.governance.adapters.live.aws.shapes import Many, One, Shape, from_api, to_api


def _make_bucket(aws: Aws, values: Values) -> Values:
    s3, name = aws.client("s3"), values["bucket"]
    s3.create_bucket(
        Bucket=name,
        ObjectLockEnabledForBucket=bool(values.get("object_lock_enabled")),
        CreateBucketConfiguration={"LocationConstraint": aws.region},
    )
    _tag(s3, name, tags_to_write(values))
    return {"id": name}


def _tag(s3: Any, name: str, tags: Mapping[str, str]) -> None:
    if tags:
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": pairs(tags)})
    else:
        s3.delete_bucket_tagging(Bucket=name)


def _see_bucket(aws: Aws, values: Values) -> Values | None:
    s3, name = aws.client("s3"), values["id"]
    s3.head_bucket(Bucket=name)
    tagging = found(lambda: s3.get_bucket_tagging(Bucket=name)) or {}
    lock = found(lambda: s3.get_object_lock_configuration(Bucket=name)) or {}
    region = s3.get_bucket_location(Bucket=name)["LocationConstraint"] or "us-east-1"
    return {
        "id": name,
        "bucket": name,
        "arn": f"arn:aws:s3:::{name}",
        "bucket_domain_name": f"{name}.s3.amazonaws.com",
        "bucket_regional_domain_name": f"{name}.s3.{region}.amazonaws.com",
        "bucket_region": region,
        "region": region,
        "object_lock_enabled": (
            lock.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled"
        ),
        **tags_seen(values, from_pairs(tagging.get("TagSet"))),
    }


def _change_bucket(aws: Aws, prior: Values, values: Values) -> None:
    _tag(aws.client("s3"), values["id"], tags_to_write(values, prior))


def _drop_bucket(aws: Aws, values: Values) -> None:
    aws.client("s3").delete_bucket(Bucket=values["id"])


def _all_buckets(aws: Aws) -> Iterable[Values]:
    return ({"id": each["Name"]} for each in aws.client("s3").list_buckets()["Buckets"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting of a bucket that is a resource of its own in Terraform.

    The verbs of boto3 that put, get and delete it, the member that holds it both ways (and the one `inside` that), and
    its shape; `always` is put even where nobody wrote it. Where AWS has no verb to delete it, `off` is what stands for
    "not set": where nobody has set it before, a setting equal to it is not there.
    """

    put: str
    get: str
    member: str
    shape: Shape
    inside: str = ""
    always: Mapping[str, Any] = field(default_factory=dict[str, Any])
    delete: str = ""
    off: Mapping[str, Any] = field(default_factory=dict[str, Any])
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])


def _kind(setting: Setting) -> Kind:
    def make(aws: Aws, values: Values) -> Values:
        body = to_api(setting.shape, values)
        body = {setting.inside: body} if setting.inside else {**setting.always, **body}
        getattr(aws.client("s3"), setting.put)(Bucket=values["bucket"], **{setting.member: body})
        return {"id": values["bucket"]}

    def see(aws: Aws, values: Values) -> Values | None:
        bucket = values["id"]
        answer = getattr(aws.client("s3"), setting.get)(Bucket=bucket)
        inner = answer.get(setting.member, answer)
        inner = inner.get(setting.inside, {}) if setting.inside else inner
        body = {key: each for key, each in inner.items() if key != "ResponseMetadata"}
        is_known = any(values.get(attribute) for attribute in setting.shape)
        if not body or (body == setting.off and not is_known):
            return None
        return {"id": bucket, "bucket": bucket, **from_api(setting.shape, body)}

    def drop(aws: Aws, values: Values) -> object:
        s3, bucket = aws.client("s3"), values["id"]
        if setting.delete:
            return getattr(s3, setting.delete)(Bucket=bucket)
        return getattr(s3, setting.put)(Bucket=bucket, **{setting.member: dict(setting.off)})

    return Kind(
        make=make,
        see=see,
        change=lambda aws, _prior, values: make(aws, values),
        drop=drop,
        all=_all_buckets,
        defaults=setting.defaults,
    )


def _policy() -> Kind:
    def make(aws: Aws, values: Values) -> Values:
        aws.client("s3").put_bucket_policy(Bucket=values["bucket"], Policy=values["policy"])
        return {"id": values["bucket"]}

    def see(aws: Aws, values: Values) -> Values | None:
        answer = aws.client("s3").get_bucket_policy(Bucket=values["id"])
        return {"id": values["id"], "bucket": values["id"], "policy": answer["Policy"]}

    return Kind(
        make=make,
        see=see,
        change=lambda aws, _prior, values: make(aws, values),
        drop=lambda aws, values: aws.client("s3").delete_bucket_policy(Bucket=values["id"]),
        all=_all_buckets,
    )


_TAG: Final[Shape] = {"key": "Key", "value": "Value"}

SETTINGS: Final[dict[str, Setting]] = {
    "aws_s3_bucket_versioning": Setting(
        put="put_bucket_versioning",
        get="get_bucket_versioning",
        member="VersioningConfiguration",
        shape={
            "versioning_configuration": One("", {"status": "Status", "mfa_delete": "MFADelete"})
        },
        off={"Status": "Suspended"},
        defaults={"versioning_configuration.mfa_delete": "Disabled"},
    ),
    "aws_s3_bucket_server_side_encryption_configuration": Setting(
        put="put_bucket_encryption",
        get="get_bucket_encryption",
        delete="delete_bucket_encryption",
        member="ServerSideEncryptionConfiguration",
        shape={
            "rule": Many(
                "Rules",
                {
                    "apply_server_side_encryption_by_default": One(
                        "ApplyServerSideEncryptionByDefault",
                        {"sse_algorithm": "SSEAlgorithm", "kms_master_key_id": "KMSMasterKeyID"},
                    ),
                    "bucket_key_enabled": "BucketKeyEnabled",
                },
            )
        },
        defaults={"rule.bucket_key_enabled": False},
    ),
    "aws_s3_bucket_public_access_block": Setting(
        put="put_public_access_block",
        get="get_public_access_block",
        delete="delete_public_access_block",
        member="PublicAccessBlockConfiguration",
        shape={
            "block_public_acls": "BlockPublicAcls",
            "block_public_policy": "BlockPublicPolicy",
            "ignore_public_acls": "IgnorePublicAcls",
            "restrict_public_buckets": "RestrictPublicBuckets",
        },
        defaults={
            "block_public_acls": False,
            "block_public_policy": False,
            "ignore_public_acls": False,
            "restrict_public_buckets": False,
        },
    ),
    "aws_s3_bucket_object_lock_configuration": Setting(
        put="put_object_lock_configuration",
        get="get_object_lock_configuration",
        member="ObjectLockConfiguration",
        shape={
            "object_lock_enabled": "ObjectLockEnabled",
            "rule": One(
                "Rule",
                {
                    "default_retention": One(
                        "DefaultRetention", {"mode": "Mode", "days": "Days", "years": "Years"}
                    )
                },
            ),
        },
        always={"ObjectLockEnabled": "Enabled"},
        off={"ObjectLockEnabled": "Enabled"},
        defaults={
            "object_lock_enabled": "Enabled",
            "rule.default_retention.days": 0,
            "rule.default_retention.years": 0,
        },
    ),
    "aws_s3_bucket_logging": Setting(
        put="put_bucket_logging",
        get="get_bucket_logging",
        member="BucketLoggingStatus",
        inside="LoggingEnabled",
        shape={"target_bucket": "TargetBucket", "target_prefix": "TargetPrefix"},
    ),
    "aws_s3_bucket_ownership_controls": Setting(
        put="put_bucket_ownership_controls",
        get="get_bucket_ownership_controls",
        delete="delete_bucket_ownership_controls",
        member="OwnershipControls",
        shape={"rule": Many("Rules", {"object_ownership": "ObjectOwnership"})},
    ),
    "aws_s3_bucket_lifecycle_configuration": Setting(
        put="put_bucket_lifecycle_configuration",
        get="get_bucket_lifecycle_configuration",
        delete="delete_bucket_lifecycle",
        member="LifecycleConfiguration",
        shape={
            "rule": Many(
                "Rules",
                {
                    "id": "ID",
                    "status": "Status",
                    "filter": One("Filter", {"prefix": "Prefix", "tag": One("Tag", _TAG)}),
                    "expiration": One("Expiration", {"days": "Days", "date": "Date"}),
                    "transition": Many(
                        "Transitions", {"days": "Days", "storage_class": "StorageClass"}
                    ),
                    "noncurrent_version_expiration": One(
                        "NoncurrentVersionExpiration",
                        {
                            "noncurrent_days": "NoncurrentDays",
                            "newer_noncurrent_versions": "NewerNoncurrentVersions",
                        },
                    ),
                    "noncurrent_version_transition": Many(
                        "NoncurrentVersionTransitions",
                        {"noncurrent_days": "NoncurrentDays", "storage_class": "StorageClass"},
                    ),
                    "abort_incomplete_multipart_upload": One(
                        "AbortIncompleteMultipartUpload",
                        {"days_after_initiation": "DaysAfterInitiation"},
                    ),
                },
            )
        },
    ),
}

KINDS: Final[dict[str, Kind]] = {
    "aws_s3_bucket": Kind(
        make=_make_bucket,
        see=_see_bucket,
        change=_change_bucket,
        drop=_drop_bucket,
        all=_all_buckets,
        defaults={"object_lock_enabled": False},
    ),
    "aws_s3_bucket_policy": _policy(),
    **{type_: _kind(setting) for type_, setting in SETTINGS.items()},
}
