"""AWS: keys and secrets."""

from tallystick.governance.model.controls.bearings import places
from tallystick.governance.model.predicates import (
    Clause,
    Finding,
    at_least,
    at_most,
    control,
    either,
    every,
    is_empty,
    is_false,
    is_one_of,
    is_set,
    is_true,
    judged,
    no,
    refers_to,
    settings_of,
    when,
)
from tallystick.governance.model.statements import lets_anyone, some_statement
from tallystick.governance.model.values import Estate, Resource

KEYS = ("aws_kms_key", "aws_kms_alias", "aws_kms_replica_key")


def is_customers(value: object) -> bool:
    """Say whether a known id is of a customer's key: those of the cloud itself are called `aws/…`."""
    return bool(value) and "alias/aws/" not in str(value)


@control("aws-key-rotates", "aws_kms_key")
def key_rotates(key: Resource, estate: Estate) -> Finding | None:
    """KMS can rotate symmetric keys alone."""
    symmetric = is_one_of(
        key, "customer_master_key_spec", ("SYMMETRIC_DEFAULT",), "", absent="SYMMETRIC_DEFAULT"
    )
    return when(
        symmetric.holds,
        is_true(key, "enable_key_rotation", "rotation is off"),
        at_most(key, "rotation_period_in_days", 365, "it rotates less than yearly", absent=365),
    )


@control("aws-key-kept", "aws_kms_key")
def key_kept(key: Resource, estate: Estate) -> Finding | None:
    """What a lost key has encrypted is lost too."""
    return every(
        at_least(
            key,
            "deletion_window_in_days",
            14,
            "a deletion takes effect in under 14 days",
            absent=30,
        ),
        is_true(key, "is_enabled", "the key is switched off", absent=True),
    )


@control("aws-key-policy-named", "aws_kms_key", "aws_kms_replica_key", "aws_kms_key_policy")
def key_policy_named(key: Resource, estate: Estate) -> Finding | None:
    """An absent policy gives the account's root alone."""
    return every(
        Clause(
            no(some_statement(key.at("policy"), lets_anyone)), "its policy lets anybody use the key"
        ),
        is_false(
            key,
            "bypass_policy_lockout_safety_check",
            "the check is bypassed that keeps the account from locking itself out",
        ),
    )


@control("aws-secret-customer-key", "aws_secretsmanager_secret")
def secret_customer_key(secret: Resource, estate: Estate) -> Finding | None:
    """Without a key of ours, everybody who may read secrets of the account reads this one."""
    return every(
        refers_to(secret, "kms_key_id", "no key of ours encrypts it", *KEYS, known=is_customers),
        at_least(
            secret,
            "recovery_window_in_days",
            7,
            "once deleted it is gone in under 7 days",
            absent=30,
        ),
    )


@control("aws-secret-value", "aws_secretsmanager_secret_version")
def secret_value(version: Resource, estate: Estate) -> Finding | None:
    """What code and state hold is no secret; a value is written by who rotates it."""
    return every(
        is_empty(version, "secret_string", "its value stands in code and state"),
        is_empty(version, "secret_binary", "its value stands in code and state"),
    )


@control("aws-secret-replicated", "aws_secretsmanager_secret")
def secret_replicated(secret: Resource, estate: Estate) -> Finding | None:
    """A recovery region without its secrets recovers nothing."""
    allowed = places(secret, estate)
    return every(
        is_set(secret, "replica", "no other region has it"),
        judged(
            secret,
            "replica.*.region",
            lambda place: place is None or place in allowed,
            "a replica is where the data may not live",
        ),
    )


@control("aws-secret-rotates", "aws_secretsmanager_secret")
def secret_rotates(secret: Resource, estate: Estate) -> Finding | None:
    """The cloud rotates it, or its tag says that our own rotation does, whose record is evidence of its own."""
    rotation = settings_of(
        secret, estate, "aws_secretsmanager_secret_rotation", "secret_id", ("id", "arn")
    )
    return every(
        either(
            "nothing rotates it at least every 90 days",
            at_most(rotation, "rotation_rules.0.automatically_after_days", 90, ""),
            at_most(secret, "tags.rotation_days", 90, ""),
        )
    )
