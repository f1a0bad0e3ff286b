"""AWS: managed PostgreSQL."""

from tallystick.governance.model.controls.aws_keys import KEYS, is_customers
from tallystick.governance.model.controls.bearings import is_back_soon, loses_nothing
from tallystick.governance.model.predicates import (
    Clause,
    Finding,
    Truth,
    all_of,
    any_of,
    at_least,
    contains,
    control,
    either,
    every,
    exists,
    holds,
    is_empty,
    is_false,
    is_set,
    is_true,
    named_by,
    no,
    refers_to,
    settings_of,
    when,
)
from tallystick.governance.model.values import UNKNOWN, Estate, Resource

_DATABASE = "aws_db_instance"


def _is_replica(database: Resource) -> Truth:
    return refers_to(database, "replicate_source_db", "", _DATABASE).holds


def _parameter(database: Resource, estate: Estate, name: str, *wanted: str, says: str) -> Clause:
    """Its parameter group sets the parameter to one of these values, or to anything when none are named."""

    def sets(group: Resource) -> Truth:
        given = group.at("parameter")
        if given is UNKNOWN:
            return UNKNOWN
        return any_of(
            UNKNOWN
            if each is UNKNOWN
            else all_of((_is(each.get("name"), name), _is(each.get("value"), *wanted)))
            for each in given or ()
        )

    groups = named_by(
        database, "parameter_group_name", estate, "aws_db_parameter_group", ("name", "id")
    )
    return holds(groups, sets, says)


def _is(value: object, *wanted: str) -> Truth:
    if value is UNKNOWN:
        return UNKNOWN
    return value in wanted if wanted else value not in (None, "")


@control("aws-database-customer-key", _DATABASE)
def database_customer_key(database: Resource, estate: Estate) -> Finding | None:
    """Rows, snapshots and backups are under a key that we can take away."""
    return every(
        is_true(database, "storage_encrypted", "its storage is not encrypted"),
        refers_to(database, "kms_key_id", "no key of ours encrypts it", *KEYS, known=is_customers),
    )


@control("aws-database-private", _DATABASE)
def database_private(database: Resource, estate: Estate) -> Finding | None:
    """It stands in the data segment and has no address on the internet."""
    return every(
        is_false(database, "publicly_accessible", "it has an address on the internet"),
        is_set(database, "db_subnet_group_name", "it stands in the default network"),
        is_set(database, "vpc_security_group_ids", "it takes the default security group"),
    )


@control("aws-database-tls", _DATABASE)
def database_tls(database: Resource, estate: Estate) -> Finding | None:
    """A connection without TLS, or with an old one, is refused by the server."""
    return every(
        _parameter(
            database, estate, "rds.force_ssl", "1", says="connections without TLS are taken"
        ),
        _parameter(
            database,
            estate,
            "ssl_min_protocol_version",
            "TLSv1.2",
            "TLSv1.3",
            says="connections with a TLS under 1.2 are taken",
        ),
    )


@control("aws-database-synchronous", _DATABASE)
def database_synchronous(database: Resource, estate: Estate) -> Finding | None:
    """A service that may lose nothing has a synchronous standby in another zone."""
    return when(
        loses_nothing(database, estate),
        is_true(database, "multi_az", "nothing may be lost, and no standby is synchronous"),
    )


@control("aws-database-backed-up", _DATABASE)
def database_backed_up(database: Resource, estate: Estate) -> Finding | None:
    """Backups with which any second of two weeks can be brought back."""
    return every(
        at_least(
            database, "backup_retention_period", 14, "backups reach back under 14 days", absent=0
        ),
        is_false(
            database,
            "delete_automated_backups",
            "its backups go when it goes",
            absent=True,
        ),
    )


@control("aws-database-kept", _DATABASE)
def database_kept(database: Resource, estate: Estate) -> Finding | None:
    """Nobody destroys it by a slip, and if somebody does there is a last snapshot."""
    return every(
        is_true(database, "deletion_protection", "it can be deleted"),
        is_false(database, "skip_final_snapshot", "deleting it leaves no last snapshot"),
    )


@control("aws-database-sign-in", _DATABASE)
def database_sign_in(database: Resource, estate: Estate) -> Finding | None:
    """Services sign in by their identity; the owner's password is made and kept by the cloud."""
    return every(
        is_true(
            database, "iam_database_authentication_enabled", "services cannot sign in by identity"
        ),
        is_empty(database, "password", "the owner's password stands in code and state"),
        either(
            "nobody rotates the owner's password",
            is_true(database, "manage_master_user_password", ""),
            refers_to(database, "replicate_source_db", "", _DATABASE),
            is_set(database, "password_wo_version", ""),
        ),
    )


@control("aws-database-audited", _DATABASE)
def database_audited(database: Resource, estate: Estate) -> Finding | None:
    """Who signed in and who changed tables or roles is logged, and leaves the server."""
    return every(
        contains(
            database,
            "enabled_cloudwatch_logs_exports",
            ("postgresql",),
            "its log stays on the server",
        ),
        _parameter(database, estate, "log_connections", "1", says="it does not log who signs in"),
        _parameter(
            database, estate, "pgaudit.log", says="it does not log changes of tables and roles"
        ),
    )


@control("aws-database-patched", _DATABASE)
def database_patched(database: Resource, estate: Estate) -> Finding | None:
    """Minor versions come by themselves, in the window."""
    return every(
        is_true(database, "auto_minor_version_upgrade", "minor versions are not taken", absent=True)
    )


@control("aws-database-elsewhere", _DATABASE)
def database_elsewhere(database: Resource, estate: Estate) -> Finding | None:
    """What must be back within four hours has a replica or its backups in a second region."""
    by = ("arn", "identifier", "id")
    copies = settings_of(
        database,
        estate,
        "aws_db_instance_automated_backups_replication",
        "source_db_instance_arn",
        by,
    )
    return when(
        all_of((no(_is_replica(database)), is_back_soon(database, estate, minutes=240))),
        either(
            "losing the region loses it: no replica and no copy of its backups",
            exists(settings_of(database, estate, _DATABASE, "replicate_source_db", by), ""),
            exists(copies, ""),
        ),
    )
