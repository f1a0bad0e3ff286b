"""Azure: keys, secrets and storage."""

import re

from tallystick.governance.model.controls.bearings import has_purpose
from tallystick.governance.model.predicates import (
    Clause,
    Finding,
    Related,
    Truth,
    all_of,
    at_least,
    control,
    either,
    every,
    exists,
    is_empty,
    is_false,
    is_one_of,
    is_set,
    is_true,
    judged,
    settings_of,
    when,
)
from tallystick.governance.model.values import UNKNOWN, Estate, Resource

_VAULT = "azurerm_key_vault"
_STORAGE = "azurerm_storage_account"
_PERIOD = re.compile(r"P(?=\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?")


def _days(period: object) -> int:
    """Read a period as ISO 8601 writes it (`P90D`, `P1Y6M`); what is none lasts for ever."""
    found = _PERIOD.fullmatch(str(period))
    if not found:
        return 1 << 62
    return sum(
        int(each or 0) * days for each, days in zip(found.groups(), (366, 31, 7, 1), strict=True)
    )


@control("azure-key-rotates", "azurerm_key_vault_key")
def key_rotates(key: Resource, estate: Estate) -> Finding | None:
    """A new version comes by itself, and the old one ends."""
    policy = "rotation_policy.0"
    return every(
        either(
            "no version follows by itself",
            is_set(key, f"{policy}.automatic.0.time_after_creation", ""),
            is_set(key, f"{policy}.automatic.0.time_before_expiry", ""),
        ),
        judged(
            key,
            f"{policy}.expire_after",
            lambda period: _days(period) <= 730,
            "its versions never end, or after more than two years",
        ),
    )


@control("azure-key-hardware", "azurerm_key_vault_key")
def key_hardware(key: Resource, estate: Estate) -> Finding | None:
    """The key never leaves a hardware module."""
    return every(
        is_one_of(key, "key_type", ("RSA-HSM", "EC-HSM"), "it is no key of a hardware module")
    )


@control("azure-vault-kept", _VAULT)
def vault_kept(vault: Resource, estate: Estate) -> Finding | None:
    """Nobody removes keys for good before somebody notices."""
    return every(
        is_true(vault, "purge_protection_enabled", "what was deleted can be purged at once"),
        at_least(
            vault,
            "soft_delete_retention_days",
            30,
            "what was deleted can be brought back for under 30 days",
            absent=90,
        ),
    )


@control("azure-vault-closed", _VAULT)
def vault_closed(vault: Resource, estate: Estate) -> Finding | None:
    """It is reached from inside the network, by roles."""
    return every(
        is_false(vault, "public_network_access_enabled", "the internet reaches it", absent=True),
        either(
            "who may is said in the vault, not by roles",
            is_true(vault, "rbac_authorization_enabled", ""),
            is_true(vault, "enable_rbac_authorization", ""),
        ),
        is_one_of(vault, "network_acls.0.default_action", ("Deny",), "any network reaches it"),
    )


@control("azure-secret-ends", "azurerm_key_vault_secret")
def secret_ends(secret: Resource, estate: Estate) -> Finding | None:
    """A secret that nobody renews ends by itself, and its value is not in the state."""
    return every(
        is_set(secret, "expiration_date", "it never ends"),
        is_empty(secret, "value", "its value stands in code and state"),
    )


@control("azure-storage-private", _STORAGE)
def storage_private(account: Resource, estate: Estate) -> Finding | None:
    """Nothing in it can be made public, and the internet does not reach it."""
    return every(
        is_false(
            account,
            "allow_nested_items_to_be_public",
            "a container can be made public",
            absent=True,
        ),
        is_false(account, "public_network_access_enabled", "the internet reaches it", absent=True),
    )


@control("azure-storage-tls", _STORAGE)
def storage_tls(account: Resource, estate: Estate) -> Finding | None:
    """TLS from 1.2 on, and nothing without."""
    return every(
        is_one_of(
            account,
            "min_tls_version",
            ("TLS1_2", "TLS1_3"),
            "it takes a TLS under 1.2",
            absent="TLS1_2",
        ),
        is_true(
            account, "https_traffic_only_enabled", "it takes requests without TLS", absent=True
        ),
    )


@control("azure-storage-customer-key", _STORAGE)
def storage_customer_key(account: Resource, estate: Estate) -> Finding | None:
    """Objects are under a key that we can take away, and the layer under it is encrypted again."""
    outside = settings_of(
        account, estate, "azurerm_storage_account_customer_managed_key", "storage_account_id"
    )
    return every(
        either(
            "no key of ours encrypts it",
            is_set(account, "customer_managed_key", ""),
            exists(outside, ""),
        ),
        is_true(
            account, "infrastructure_encryption_enabled", "its disks are not encrypted once more"
        ),
    )


@control("azure-storage-sign-in", _STORAGE)
def storage_sign_in(account: Resource, estate: Estate) -> Finding | None:
    """Whoever comes has an identity: no shared keys, no local users."""
    return every(
        is_false(
            account, "shared_access_key_enabled", "a shared key opens everything", absent=True
        ),
        is_false(account, "local_user_enabled", "it has users of its own", absent=True),
    )


@control("azure-storage-versioned", _STORAGE)
def storage_versioned(account: Resource, estate: Estate) -> Finding | None:
    """What was overwritten or deleted can be brought back."""
    return every(
        is_true(account, "blob_properties.0.versioning_enabled", "it keeps no versions"),
        at_least(
            account,
            "blob_properties.0.delete_retention_policy.0.days",
            7,
            "what was deleted is gone in under 7 days",
        ),
    )


@control("azure-container-private", "azurerm_storage_container")
def container_private(container: Resource, estate: Estate) -> Finding | None:
    """Nobody reads it without signing in."""
    return every(
        is_one_of(
            container,
            "container_access_type",
            ("private",),
            "anybody can read it",
            absent="private",
        )
    )


@control("azure-container-locked", "azurerm_storage_container_immutability_policy")
def container_locked(policy: Resource, estate: Estate) -> Finding | None:
    """Nobody changes or removes objects before their time, and nobody shortens it."""
    return every(
        is_true(policy, "locked", "the policy can be lifted"),
        at_least(policy, "immutability_period_in_days", 7, "objects are locked for under 7 days"),
    )


def _all_locked(containers: Related, estate: Estate) -> Truth:
    """Each container has a lock, and there is one; what may belong elsewhere makes it no surer."""

    def locked(container: Resource) -> Truth:
        return exists(
            settings_of(
                container,
                estate,
                "azurerm_storage_container_immutability_policy",
                "storage_container_resource_manager_id",
                ("id", "resource_manager_id"),
            ),
            "",
        ).holds

    if not containers.certain:
        return UNKNOWN if containers.possible else False
    unsure = (UNKNOWN for each in containers.possible if locked(each) is not True)
    return all_of((*(locked(each) for each in containers.certain), *unsure))


@control("azure-storage-locked", _STORAGE)
def storage_locked(account: Resource, estate: Estate) -> Finding | None:
    """An account for the record, backups or logs has the lock on the account, or a lock on each container."""
    containers = settings_of(account, estate, "azurerm_storage_container", "storage_account_id")
    return when(
        has_purpose(account, "record", "backups", "logs"),
        either(
            "objects in it can be changed and removed",
            is_one_of(account, "immutability_policy.0.state", ("Locked",), ""),
            Clause(_all_locked(containers, estate), ""),
        ),
    )


@control("azure-registry-closed", "azurerm_container_registry")
def registry_closed(registry: Resource, estate: Estate) -> Finding | None:
    """Images come from inside, by identity."""
    return every(
        is_false(registry, "admin_enabled", "it has an administrator's password"),
        is_false(registry, "anonymous_pull_enabled", "anybody can pull"),
        is_false(registry, "public_network_access_enabled", "the internet reaches it", absent=True),
    )
