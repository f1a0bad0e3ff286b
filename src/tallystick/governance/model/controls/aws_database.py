"""AWS: managed PostgreSQL."""

from collections.abc import Callable

from tallystick.governance.model.controls.aws_keys import KEYS, is_customers
from tallystick.governance.model.controls.bearings import (
    has_rows,
    is_back_soon,
    is_elsewhere,
    logs_changes,
    loses_nothing,
)
from tallystick.governance.model.predicates import (
    Clause,
    Finding,
    Related,
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


def _parameter(
    database: Resource,
    estate: Estate,
    name: str,
    *wanted: str,
    test: Callable[[object], bool] | None = None,
    says: str,
) -> Clause:
    """Its parameter group sets the parameter to one of these values, or to one that passes the test."""
    passes = test or wanted.__contains__

    def sets(group: Resource) -> Truth:
        given = group.at("parameter")
        if given is UNKNOWN:
            return UNKNOWN
        return any_of(
            UNKNOWN
            if each is UNKNOWN
            else all_of((_is(each.get("name"), name), _passes(each.get("value"), passes)))
            for each in given or ()
        )

    groups = named_by(
        database, "parameter_group_name", estate, "aws_db_parameter_group", ("name", "id")
    )
    return holds(groups, sets, says)


def _is(value: object, wanted: str) -> Truth:
    return UNKNOWN if value is UNKNOWN else value == wanted


def _passes(value: object, test: Callable[[object], bool]) -> Truth:
    return UNKNOWN if value is UNKNOWN else test(value)


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
    """Nobody destroys it by a slip; if somebody does, a last snapshot stays, or what it was a replica of."""
    return every(
        is_true(database, "deletion_protection", "it can be deleted"),
        either(
            "deleting it leaves no last snapshot",
            is_false(database, "skip_final_snapshot", ""),
            refers_to(database, "replicate_source_db", "", _DATABASE),
        ),
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
            database,
            estate,
            "pgaudit.log",
            test=logs_changes,
            says="it does not log changes of tables and roles",
        ),
        _parameter(
            database,
            estate,
            "shared_preload_libraries",
            test=lambda libraries: "pgaudit" in str(libraries).split(","),
            says="what audits is not loaded",
        ),
    )


@control("aws-database-present")
def database_present(whole: Resource, estate: Estate) -> Finding | None:
    """Where services have rows there is a database, and code has not forgotten it."""
    return when(
        has_rows(estate),
        exists(Related((*estate.of_type(_DATABASE),)), "services have rows, and no database"),
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
    replicas = settings_of(database, estate, _DATABASE, "replicate_source_db", by)
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
            holds(replicas, lambda each: is_elsewhere(each, database, "region"), ""),
            holds(copies, lambda each: is_elsewhere(each, database, "region"), ""),
        ),
    )
