"""GCP: keys, secrets, buckets and managed PostgreSQL."""

from collections.abc import Callable

from tallystick.governance.model.controls.bearings import (
    has_purpose,
    has_rows,
    is_back_soon,
    is_elsewhere,
    logs_changes,
    loses_nothing,
    places,
)
from tallystick.governance.model.predicates import (
    Clause,
    Finding,
    Related,
    Truth,
    all_of,
    any_of,
    at_least,
    at_most,
    control,
    either,
    every,
    exists,
    holds,
    is_empty,
    is_false,
    is_none_of,
    is_one_of,
    is_set,
    is_true,
    judged,
    no,
    refers_to,
    settings_of,
    when,
)
from tallystick.governance.model.values import UNKNOWN, Estate, Resource

KEYS = ("google_kms_crypto_key",)
PUBLIC = ("allUsers", "allAuthenticatedUsers")
# What has a member that the cloud makes for it alone.
NAMED = ("google_service_account", "google_logging_project_sink")
_DAY = 86_400
_KEY = "google_kms_crypto_key"
_SECRET = "google_secret_manager_secret"  # noqa: S105 - a type, not a secret
_BUCKET = "google_storage_bucket"
_DATABASE = "google_sql_database_instance"


def _seconds(value: object) -> int:
    """Read a duration as Google writes it (`7776000s`); what is none lasts for ever."""
    text = str(value).removesuffix("s")
    return int(text) if text.isdigit() else 1 << 62


@control("gcp-key-rotates", _KEY)
def key_rotates(key: Resource, estate: Estate) -> Finding | None:
    """The cloud rotates symmetric keys alone."""
    return when(
        is_one_of(key, "purpose", ("ENCRYPT_DECRYPT",), "", absent="ENCRYPT_DECRYPT").holds,
        judged(
            key,
            "rotation_period",
            lambda period: _seconds(period) <= 365 * _DAY,
            "it rotates less than yearly, or never",
        ),
    )


@control("gcp-key-hardware", _KEY)
def key_hardware(key: Resource, estate: Estate) -> Finding | None:
    """The key never leaves a hardware module."""
    return every(
        is_one_of(
            key,
            "version_template.0.protection_level",
            ("HSM", "HSM_SINGLE_TENANT", "EXTERNAL", "EXTERNAL_VPC"),
            "it is no key of a hardware module",
        )
    )


@control("gcp-key-kept", _KEY)
def key_kept(key: Resource, estate: Estate) -> Finding | None:
    """What a lost key has encrypted is lost too."""
    return every(
        judged(
            key,
            "destroy_scheduled_duration",
            lambda period: period is None or _seconds(period) >= 14 * _DAY,
            "a deletion takes effect in under 14 days",
        )
    )


@control(
    "gcp-key-named",
    "google_kms_crypto_key_iam_member",
    "google_kms_key_ring_iam_member",
    "google_kms_crypto_key_iam_binding",
    "google_kms_key_ring_iam_binding",
)
def key_named(grant: Resource, estate: Estate) -> Finding | None:
    """Whoever uses a key is known by name, and nobody who uses it manages it."""
    return every(
        is_none_of(grant, "member", PUBLIC, "anybody may use the key"),
        is_none_of(grant, "members.*", PUBLIC, "anybody may use the key"),
        is_none_of(
            grant,
            "role",
            ("roles/owner", "roles/editor", "roles/cloudkms.admin"),
            "whoever uses the key manages it",
        ),
    )


@control("gcp-secret-customer-key", _SECRET)
def secret_customer_key(secret: Resource, estate: Estate) -> Finding | None:
    """Every copy is under a key that we can take away."""
    key = "customer_managed_encryption.0.kms_key_name"
    return every(
        either(
            "no key of ours encrypts it",
            is_set(secret, f"replication.0.user_managed.0.replicas.*.{key}", ""),
            is_set(secret, f"replication.0.auto.0.{key}", ""),
        )
    )


@control("gcp-secret-value", "google_secret_manager_secret_version")
def secret_value(version: Resource, estate: Estate) -> Finding | None:
    """What code and state hold is no secret; a value is written by who rotates it."""
    return every(is_empty(version, "secret_data", "its value stands in code and state"))


@control("gcp-secret-rotates", _SECRET)
def secret_rotates(secret: Resource, estate: Estate) -> Finding | None:
    """The cloud reminds of it, or its label says that our own rotation does, whose record is evidence of its own."""
    return every(
        either(
            "nothing rotates it at least every 90 days",
            judged(secret, "rotation.0.rotation_period", lambda it: _seconds(it) <= 90 * _DAY, ""),
            at_most(secret, "labels.rotation_days", 90, ""),
        )
    )


@control("gcp-secret-placed", _SECRET)
def secret_placed(secret: Resource, estate: Estate) -> Finding | None:
    """Its copies are where we say: automatic ones may be anywhere."""
    allowed = places(secret, estate)
    return every(
        judged(
            secret,
            "replication.0.user_managed.0.replicas.*.location",
            lambda place: place in allowed,
            "a copy of it is where the data may not live",
        )
    )


@control("gcp-bucket-private", _BUCKET)
def bucket_private(bucket: Resource, estate: Estate) -> Finding | None:
    """Nothing in it can be made public, today or by a later slip."""
    return every(
        is_true(bucket, "uniform_bucket_level_access", "objects have lists of their own"),
        is_one_of(bucket, "public_access_prevention", ("enforced",), "it can be made public"),
    )


@control("gcp-bucket-named", "google_storage_bucket_iam_member")
def bucket_named(grant: Resource, estate: Estate) -> Finding | None:
    """Whoever reads it is known by name."""
    return every(
        refers_to(
            grant,
            "member",
            "anybody may use the bucket",
            *NAMED,
            known=lambda member: member not in PUBLIC,
        )
    )


@control("gcp-bucket-customer-key", _BUCKET)
def bucket_customer_key(bucket: Resource, estate: Estate) -> Finding | None:
    """Objects are under a key that we can take away."""
    return every(
        refers_to(bucket, "encryption.0.default_kms_key_name", "no key of ours encrypts it", *KEYS)
    )


@control("gcp-bucket-versioned", _BUCKET)
def bucket_versioned(bucket: Resource, estate: Estate) -> Finding | None:
    """What was overwritten or deleted can be brought back; a lock of retention keeps it anyway."""
    return every(
        either(
            "it keeps no versions",
            is_true(bucket, "versioning.0.enabled", ""),
            is_set(bucket, "retention_policy.0.retention_period", ""),
        ),
        is_false(bucket, "force_destroy", "destroying it destroys what is in it"),
    )


@control("gcp-bucket-locked", _BUCKET)
def bucket_locked(bucket: Resource, estate: Estate) -> Finding | None:
    """The record, backups and logs: nobody changes or removes them before their time."""
    return when(
        has_purpose(bucket, "record", "backups", "logs"),
        is_true(bucket, "retention_policy.0.is_locked", "its lock can be lifted or is not there"),
        at_least(
            bucket,
            "retention_policy.0.retention_period",
            7 * _DAY,
            "objects are locked for under 7 days",
        ),
    )


def _flag(
    database: Resource, name: str, wanted: str | Callable[[object], bool], *, says: str
) -> Clause:
    """The server's flag has this value, or one that passes the test."""

    def test(it: object) -> bool:
        return it == wanted if isinstance(wanted, str) else wanted(it)

    flags = database.at("settings.0.database_flags")

    def sets(flag: Resource) -> Truth:
        value = judged(flag, "value", test, "")
        return all_of((is_one_of(flag, "name", (name,), "").holds, value.holds))

    if flags is UNKNOWN:
        return Clause(UNKNOWN, says)
    found = [Resource(address="", type="", name="", values=each) for each in flags or ()]
    return Clause(any_of(sets(each) for each in found), says)


def _is_replica(database: Resource) -> Truth:
    # Who is whose replica, the cloud fills in; a primary can say what it is before it is made.
    if database.at("instance_type") == "CLOUD_SQL_INSTANCE":
        return False
    return refers_to(database, "master_instance_name", "", _DATABASE).holds


@control("gcp-database-customer-key", _DATABASE)
def database_customer_key(database: Resource, estate: Estate) -> Finding | None:
    """Rows and backups are under a key that we can take away."""
    return every(refers_to(database, "encryption_key_name", "no key of ours encrypts it", *KEYS))


@control("gcp-database-private", _DATABASE)
def database_private(database: Resource, estate: Estate) -> Finding | None:
    """It stands in the data segment and has no address on the internet."""
    path = "settings.0.ip_configuration.0"
    return every(
        is_false(
            database, f"{path}.ipv4_enabled", "it has an address on the internet", absent=True
        ),
        either(
            "it stands in no network of ours",
            is_set(database, f"{path}.private_network", ""),
            is_true(database, f"{path}.psc_config.*.psc_enabled", ""),
        ),
        is_empty(database, f"{path}.authorized_networks", "networks outside may reach it"),
    )


@control("gcp-database-tls", _DATABASE)
def database_tls(database: Resource, estate: Estate) -> Finding | None:
    """A connection without TLS is refused by the server."""
    return every(
        is_one_of(
            database,
            "settings.0.ip_configuration.0.ssl_mode",
            ("ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"),
            "connections without TLS are taken",
        )
    )


@control("gcp-database-synchronous", _DATABASE)
def database_synchronous(database: Resource, estate: Estate) -> Finding | None:
    """A service that may lose nothing has a synchronous standby in another zone; replicas are none."""
    return when(
        all_of((loses_nothing(database, estate), no(_is_replica(database)))),
        is_one_of(
            database,
            "settings.0.availability_type",
            ("REGIONAL",),
            "nothing may be lost, and no standby is synchronous",
        ),
    )


@control("gcp-database-backed-up", _DATABASE)
def database_backed_up(database: Resource, estate: Estate) -> Finding | None:
    """Backups of two weeks, and the log with which any second of a week can be brought back."""
    path = "settings.0.backup_configuration.0"
    return when(
        no(_is_replica(database)),
        is_true(database, f"{path}.enabled", "it has no backups"),
        is_true(database, f"{path}.point_in_time_recovery_enabled", "only whole backups come back"),
        at_least(
            database,
            f"{path}.transaction_log_retention_days",
            7,
            "seconds can be brought back for under 7 days",
            absent=7,
        ),
        at_least(
            database,
            f"{path}.backup_retention_settings.0.retained_backups",
            14,
            "backups reach back under 14 days",
            absent=7,
        ),
    )


@control("gcp-database-elsewhere", _DATABASE)
def database_elsewhere(database: Resource, estate: Estate) -> Finding | None:
    """What must be back within four hours has a replica in a second region."""
    by = ("name", "id", "self_link")
    replicas = settings_of(database, estate, _DATABASE, "master_instance_name", by)
    return when(
        all_of((no(_is_replica(database)), is_back_soon(database, estate, minutes=240))),
        holds(
            replicas,
            lambda each: is_elsewhere(each, database, "region"),
            "losing the region loses it: no replica in another",
        ),
    )


@control("gcp-database-kept", _DATABASE)
def database_kept(database: Resource, estate: Estate) -> Finding | None:
    """Neither this code nor anybody at the console deletes it by a slip."""
    return every(
        is_true(database, "deletion_protection", "this code can delete it", absent=True),
        is_true(
            database, "settings.0.deletion_protection_enabled", "it can be deleted in the console"
        ),
    )


@control("gcp-database-sign-in", _DATABASE)
def database_sign_in(database: Resource, estate: Estate) -> Finding | None:
    """Services and people sign in by their identity."""
    return every(
        _flag(
            database,
            "cloudsql.iam_authentication",
            "on",
            says="nobody can sign in by identity",
        ),
        is_empty(database, "root_password", "a password stands in code and state"),
    )


@control("gcp-database-audited", _DATABASE)
def database_audited(database: Resource, estate: Estate) -> Finding | None:
    """Who signed in and who changed tables or roles is logged."""
    return every(
        _flag(database, "cloudsql.enable_pgaudit", "on", says="it is not audited"),
        _flag(
            database,
            "pgaudit.log",
            logs_changes,
            says="it does not log changes of tables and roles",
        ),
        _flag(database, "log_connections", "on", says="it does not log who signs in"),
    )


@control("gcp-database-present")
def database_present(whole: Resource, estate: Estate) -> Finding | None:
    """Where services have rows there is a database, and code has not forgotten it."""
    return when(
        has_rows(estate),
        exists(Related((*estate.of_type(_DATABASE),)), "services have rows, and no database"),
    )


@control("gcp-registry-customer-key", "google_artifact_registry_repository")
def registry_customer_key(registry: Resource, estate: Estate) -> Finding | None:
    """Images are under a key that we can take away, and a tag never changes what it means."""
    return every(
        refers_to(registry, "kms_key_name", "no key of ours encrypts it", *KEYS),
        is_true(registry, "docker_config.0.immutable_tags", "a tag can change what it means"),
    )
