"""Azure: managed PostgreSQL."""

from collections.abc import Callable

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
    all_of,
    any_of,
    at_least,
    beyond,
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
    named_by,
    no,
    refers_to,
    settings_of,
    when,
)
from tallystick.governance.model.values import UNKNOWN, Estate, Resource

_DATABASE = "azurerm_postgresql_flexible_server"
# Modules hand a key on in one value with who uses it; of the two the cloud takes the key alone for one.
KEYS = ("azurerm_key_vault_key", "azurerm_user_assigned_identity")


@control("azure-database-customer-key", _DATABASE)
def database_customer_key(database: Resource, estate: Estate) -> Finding | None:
    """Rows and backups are under a key that we can take away."""
    return every(
        refers_to(
            database,
            "customer_managed_key.0.key_vault_key_id",
            "no key of ours encrypts it",
            *KEYS,
        ),
    )


@control("azure-database-private", _DATABASE)
def database_private(database: Resource, estate: Estate) -> Finding | None:
    """It stands in the data segment and has no address on the internet."""
    endpoints = settings_of(
        database,
        estate,
        "azurerm_private_endpoint",
        "private_service_connection.*.private_connection_resource_id",
    )
    return every(
        is_false(database, "public_network_access_enabled", "the internet reaches it", absent=True),
        either(
            "it stands in no network of ours",
            # A zone of ours is no subnet, which the cloud itself says; modules hand both on in one value.
            refers_to(
                database, "delegated_subnet_id", "", "azurerm_subnet", "azurerm_private_dns_zone"
            ),
            exists(endpoints, ""),
        ),
    )


def _setting(
    database: Resource,
    estate: Estate,
    name: str,
    *wanted: str,
    test: Callable[[object], bool] | None = None,
    says: str,
) -> Clause:
    """A server's parameter is a resource of its own; it has one of these values, or passes the test."""
    found = settings_of(database, estate, f"{_DATABASE}_configuration", "server_id")

    def sets(one: Resource) -> bool | object:
        named = is_one_of(one, "name", (name,), "").holds
        value = judged(one, "value", test or wanted.__contains__, "")
        return all_of((named, value.holds))

    truth = any_of(sets(each) for each in found.certain)  # pyright: ignore[reportArgumentType]
    if truth is False and any(sets(each) is not False for each in found.possible):
        truth = UNKNOWN
    return Clause(truth, says)


@control("azure-database-tls", _DATABASE)
def database_tls(database: Resource, estate: Estate) -> Finding | None:
    """A connection without TLS is refused unless somebody switched that off; an old one by this setting."""
    return every(
        _setting(
            database,
            estate,
            "ssl_min_protocol_version",
            "TLSv1.2",
            "TLSv1.3",
            says="connections with a TLS under 1.2 are taken",
        ),
        Clause(
            no(_setting(database, estate, "require_secure_transport", "off", "OFF", says="").holds),
            "connections without TLS are taken",
        ),
    )


@control("azure-database-synchronous", _DATABASE)
def database_synchronous(database: Resource, estate: Estate) -> Finding | None:
    """A service that may lose nothing has a synchronous standby in another zone; replicas are none."""
    return when(
        all_of(
            (
                loses_nothing(database, estate),
                is_none_of(database, "create_mode", ("Replica",), "").holds,
            )
        ),
        is_one_of(
            database,
            "high_availability.0.mode",
            ("ZoneRedundant",),
            "nothing may be lost, and no standby in another zone is synchronous",
        ),
    )


@control("azure-database-backed-up", _DATABASE)
def database_backed_up(database: Resource, estate: Estate) -> Finding | None:
    """Backups with which any second of two weeks can be brought back."""
    return every(
        at_least(
            database, "backup_retention_days", 14, "backups reach back under 14 days", absent=7
        ),
    )


@control("azure-database-elsewhere", _DATABASE)
def database_elsewhere(database: Resource, estate: Estate) -> Finding | None:
    """What must be back within four hours has a replica or its backups in a second region."""
    replicas = settings_of(database, estate, _DATABASE, "source_server_id")
    return when(
        all_of(
            (
                is_none_of(database, "create_mode", ("Replica",), "").holds,
                is_back_soon(database, estate, minutes=240),
            )
        ),
        either(
            "losing the region loses it: no replica and no copy of its backups",
            is_true(database, "geo_redundant_backup_enabled", ""),
            holds(replicas, lambda each: is_elsewhere(each, database, "location"), ""),
        ),
    )


@control("azure-database-sign-in", _DATABASE)
def database_sign_in(database: Resource, estate: Estate) -> Finding | None:
    """Services and people sign in by their identity in Entra."""
    return every(
        is_true(
            database,
            "authentication.0.active_directory_auth_enabled",
            "nobody can sign in by identity",
        ),
        is_false(
            database,
            "authentication.0.password_auth_enabled",
            "passwords are taken",
            absent=True,
        ),
        is_empty(database, "administrator_password", "a password stands in code and state"),
    )


@control("azure-database-audited", _DATABASE)
def database_audited(database: Resource, estate: Estate) -> Finding | None:
    """Who signed in and who changed tables or roles is logged, and leaves the server."""
    logs = settings_of(database, estate, "azurerm_monitor_diagnostic_setting", "target_resource_id")
    return every(
        _setting(
            database,
            estate,
            "log_connections",
            "on",
            "ON",
            says="it does not log who signs in",
        ),
        _setting(
            database,
            estate,
            "pgaudit.log",
            test=logs_changes,
            says="it does not log changes of tables and roles",
        ),
        _setting(
            database,
            estate,
            "shared_preload_libraries",
            test=lambda libraries: "pgaudit" in str(libraries).lower().split(","),
            says="what audits is not loaded",
        ),
        is_set(logs, "enabled_log", "its log stays on the server"),
    )


@control("azure-database-present")
def database_present(whole: Resource, estate: Estate) -> Finding | None:
    """Where services have rows there is a database, and code has not forgotten it."""
    return when(
        has_rows(estate),
        exists(Related((*estate.of_type(_DATABASE),)), "services have rows, and no database"),
    )


@control("azure-database-kept", _DATABASE)
def database_kept(database: Resource, estate: Estate) -> Finding | None:
    """A lock keeps it from being deleted by a slip: on the server, or on its group."""
    groups = named_by(database, "resource_group_name", estate, "azurerm_resource_group", ("name",))
    group = beyond(
        groups, lambda each: settings_of(each, estate, "azurerm_management_lock", "scope")
    )
    own = settings_of(database, estate, "azurerm_management_lock", "scope")
    return every(
        either(
            "it can be deleted",
            is_one_of(own, "lock_level", ("CanNotDelete", "ReadOnly"), ""),
            is_one_of(group, "lock_level", ("CanNotDelete", "ReadOnly"), ""),
        ),
    )
