"""AWS: buckets, each with its settings, which are resources of their own."""

from tallystick.governance.model.controls.aws_keys import KEYS, is_customers
from tallystick.governance.model.controls.bearings import has_purpose
from tallystick.governance.model.predicates import (
    Finding,
    Related,
    Truth,
    all_of,
    at_least,
    control,
    either,
    every,
    exists,
    holds,
    is_false,
    is_one_of,
    is_true,
    no,
    refers_to,
    settings_of,
    when,
)
from tallystick.governance.model.statements import demands_tls, some_statement
from tallystick.governance.model.values import Estate, Resource

_LOCKED = ("record", "backups", "logs")
# The cloud's writer of access logs can use no key of ours, and cannot log itself.
_ACCESS = ("access",)


def _setting(bucket: Resource, estate: Estate, kind: str) -> Related:
    return settings_of(bucket, estate, f"aws_s3_bucket_{kind}", "bucket", ("id", "bucket"))


def _takes_access_logs(bucket: Resource, estate: Estate) -> Truth:
    """Its tag says so, and another bucket writes there: a tag alone frees nothing."""
    writers = settings_of(
        bucket, estate, "aws_s3_bucket_logging", "target_bucket", ("id", "bucket")
    )
    return all_of((has_purpose(bucket, *_ACCESS), exists(writers, "").holds))


@control("aws-bucket-private", "aws_s3_bucket")
def bucket_private(bucket: Resource, estate: Estate) -> Finding | None:
    """Neither a list nor a policy can make it public, today or by a later slip."""
    block = _setting(bucket, estate, "public_access_block")
    return every(
        is_true(block, "block_public_acls", "new public lists are not blocked"),
        is_true(block, "ignore_public_acls", "public lists that it has are heeded"),
        is_true(block, "block_public_policy", "new public policies are not blocked"),
        is_true(block, "restrict_public_buckets", "a public policy that it has is heeded"),
    )


@control("aws-bucket-customer-key", "aws_s3_bucket")
def bucket_customer_key(bucket: Resource, estate: Estate) -> Finding | None:
    """The bucket for access logs is left out: the cloud writes those with its own key only."""
    setting = _setting(bucket, estate, "server_side_encryption_configuration")
    path = "rule.0.apply_server_side_encryption_by_default.0"
    return when(
        no(_takes_access_logs(bucket, estate)),
        is_one_of(
            setting,
            f"{path}.sse_algorithm",
            ("aws:kms", "aws:kms:dsse"),
            "it is not encrypted by the key service",
        ),
        holds(
            setting,
            lambda one: (
                refers_to(one, f"{path}.kms_master_key_id", "", *KEYS, known=is_customers).holds
            ),
            "no key of ours encrypts it",
        ),
    )


@control("aws-bucket-versioned", "aws_s3_bucket")
def bucket_versioned(bucket: Resource, estate: Estate) -> Finding | None:
    """What was overwritten or deleted can be brought back."""
    return every(
        is_one_of(
            _setting(bucket, estate, "versioning"),
            "versioning_configuration.0.status",
            ("Enabled",),
            "it keeps no versions",
        ),
    )


@control("aws-bucket-locked", "aws_s3_bucket")
def bucket_locked(bucket: Resource, estate: Estate) -> Finding | None:
    """The record, backups and logs: nobody changes or removes them before their time, root included."""
    lock = _setting(bucket, estate, "object_lock_configuration")
    kept = "rule.0.default_retention.0"
    return when(
        has_purpose(bucket, *_LOCKED),
        is_true(bucket, "object_lock_enabled", "objects cannot be locked"),
        is_one_of(lock, f"{kept}.mode", ("COMPLIANCE",), "its lock can be lifted or is not there"),
        either(
            "objects are locked for under 7 days",
            at_least(lock, f"{kept}.days", 7, ""),
            at_least(lock, f"{kept}.years", 1, ""),
        ),
    )


@control("aws-bucket-tls", "aws_s3_bucket")
def bucket_tls(bucket: Resource, estate: Estate) -> Finding | None:
    """Its policy denies whoever comes without TLS."""
    return every(
        holds(
            _setting(bucket, estate, "policy"),
            lambda one: some_statement(one.at("policy"), demands_tls),
            "no policy denies requests without TLS",
        ),
    )


@control("aws-bucket-logged", "aws_s3_bucket")
def bucket_logged(bucket: Resource, estate: Estate) -> Finding | None:
    """Who read and wrote what; the bucket for those logs cannot log itself."""
    return when(
        no(_takes_access_logs(bucket, estate)),
        exists(_setting(bucket, estate, "logging"), "nobody logs who reads and writes it"),
    )


@control("aws-bucket-owned", "aws_s3_bucket")
def bucket_owned(bucket: Resource, estate: Estate) -> Finding | None:
    """Lists of access are off: policies alone say who may."""
    return every(
        is_one_of(
            _setting(bucket, estate, "ownership_controls"),
            "rule.0.object_ownership",
            ("BucketOwnerEnforced",),
            "a writer can keep objects from the owner",
        ),
        is_false(bucket, "force_destroy", "destroying it destroys what is in it", absent=False),
    )
