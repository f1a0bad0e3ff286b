"""Azure: who may what."""

from tallystick.governance.model.predicates import (
    Clause,
    Finding,
    Truth,
    comes_from,
    control,
    either,
    every,
    is_set,
    judged,
    no,
)
from tallystick.governance.model.values import UNKNOWN, Estate, Resource

# Roles that own, and roles that give roles: by their names and by their numbers.
_OWNING = (
    "owner",
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "contributor",
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "user access administrator",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
)
_GIVING = (
    "role based access control administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
)


@control("azure-access-no-owner", "azurerm_role_assignment")
def access_no_owner(assignment: Resource, estate: Estate) -> Finding | None:
    """Nobody owns a subscription for all times, or gives roles to others without a condition."""
    return every(
        Clause(no(_is_role(assignment, _OWNING)), "it makes an administrator for all times"),
        either(
            "it may give every role to everybody",
            Clause(no(_is_role(assignment, _GIVING)), ""),
            is_set(assignment, "condition", ""),
        ),
    )


def _is_role(assignment: Resource, roles: tuple[str, ...]) -> Truth:
    """A role is said by its name, or by an id that ends with its number."""
    name = assignment.at("role_definition_name")
    said = assignment.at("role_definition_id") if name in (None, "", UNKNOWN) else name
    if name is UNKNOWN and said in (None, ""):
        return UNKNOWN
    if said is not UNKNOWN:
        return str(said).rpartition("/")[2].lower() in roles
    # A role of our own is none of the cloud's, and is judged where it is made.
    own = comes_from(assignment, "role_definition_id", "azurerm_role_definition")
    return False if own else UNKNOWN


def _is_wide(action: str) -> bool:
    """Say whether an action with `*` in it reaches over services, or gives roles or secrets."""
    parts = action.lower().split("/")
    if parts[0].startswith("*"):
        return parts[-1] != "read" or len(parts) > 2
    gives = parts[0] == "microsoft.authorization" and (
        parts[1].startswith(("*", "role", "elevate")) and parts[-1] != "read"
    )
    return gives or (parts[0] == "microsoft.keyvault" and parts[1] == "*")


@control("azure-access-no-wildcard", "azurerm_role_definition")
def access_no_wildcard(role: Resource, estate: Estate) -> Finding | None:
    """Nobody may do everything to everything."""
    return every(
        judged(
            role,
            "permissions.*.actions.*",
            lambda action: not _is_wide(str(action)),
            "it allows every action, or to give every role",
        ),
        judged(
            role,
            "permissions.*.data_actions.*",
            lambda action: not _is_wide(str(action)),
            "it allows every action on data, or all of a service that holds secrets",
        ),
    )
