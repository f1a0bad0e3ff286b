"""GCP: who may what, on the project and on what stands in it."""

from typing import Final

from tallystick.governance.model.controls.gcp_data import NAMED, PUBLIC
from tallystick.governance.model.predicates import (
    Clause,
    Finding,
    control,
    either,
    every,
    is_none_of,
    is_set,
    refers_to,
)
from tallystick.governance.model.values import Estate, Resource

_PRIMITIVE: Final = ("roles/owner", "roles/editor", "roles/viewer")
_GIVING: Final = (
    "roles/resourcemanager.projectIamAdmin",
    "roles/iam.securityAdmin",
    "roles/iam.roleAdmin",
    "roles/resourcemanager.organizationAdmin",
)
_ON_PROJECT: Final = ("google_project_iam_member", "google_project_iam_binding")
_MEMBERS: Final = (
    "google_project_iam_member",
    "google_service_account_iam_member",
    "google_secret_manager_secret_iam_member",
    "google_secret_manager_regional_secret_iam_member",
    "google_kms_crypto_key_iam_member",
    "google_kms_key_ring_iam_member",
    "google_artifact_registry_repository_iam_member",
    "google_pubsub_topic_iam_member",
    "google_storage_bucket_iam_member",
)
_BINDINGS: Final = (
    "google_project_iam_binding",
    "google_service_account_iam_binding",
    "google_secret_manager_secret_iam_binding",
    "google_kms_crypto_key_iam_binding",
    "google_kms_key_ring_iam_binding",
    "google_pubsub_topic_iam_binding",
    "google_storage_bucket_iam_binding",
)
# Mail that anybody can have.
_STRANGERS: Final = ("@gmail.com", "@googlemail.com")


def _is_named(member: object) -> bool:
    """Say whether a member is one that somebody vouches for: not the public, not whole domains, not free mail."""
    text = str(member)
    return text not in PUBLIC and not text.startswith("domain:") and not text.endswith(_STRANGERS)


def _is_none(grant: Resource, roles: tuple[str, ...], says: str) -> Clause:
    """The role is none of these; one of our own is none of the cloud's, and is judged where it is made."""
    return refers_to(
        grant,
        "role",
        says,
        "google_project_iam_custom_role",
        known=lambda role: role not in roles,
    )


@control("gcp-access-no-primitive", *_ON_PROJECT)
def access_no_primitive(grant: Resource, estate: Estate) -> Finding | None:
    """Roles from before there were roles give everything at once."""
    return every(_is_none(grant, _PRIMITIVE, "its role gives everything at once"))


@control("gcp-access-no-administrators", *_ON_PROJECT)
def access_no_administrators(grant: Resource, estate: Estate) -> Finding | None:
    """Whoever gives roles to others gives those alone that a condition names."""
    return every(
        either(
            "it may give every role to everybody",
            _is_none(grant, _GIVING, ""),
            is_set(grant, "condition", ""),
        )
    )


@control("gcp-access-named", *_MEMBERS, *_BINDINGS)
def access_named(grant: Resource, estate: Estate) -> Finding | None:
    """Nobody unknown has a role, in the project or on anything in it."""
    if grant.type in _BINDINGS:
        return every(refers_to(grant, "members.*", "anybody has the role", *NAMED, known=_is_named))
    return every(refers_to(grant, "member", "anybody has the role", *NAMED, known=_is_named))


@control("gcp-access-no-impersonation", *_ON_PROJECT)
def access_no_impersonation(grant: Resource, estate: Estate) -> Finding | None:
    """Acting as an account is given on that account, not on all of the project."""
    return every(
        _is_none(
            grant,
            ("roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountUser"),
            "it may act as every account of the project",
        )
    )


@control("gcp-access-custom-role", "google_project_iam_custom_role")
def access_custom_role(role: Resource, estate: Estate) -> Finding | None:
    """A role of our own makes nobody an administrator by another name."""
    return every(
        is_none_of(
            role,
            "permissions.*",
            (
                "resourcemanager.projects.setIamPolicy",
                "iam.serviceAccounts.setIamPolicy",
                "iam.serviceAccounts.getAccessToken",
                "iam.serviceAccounts.signJwt",
                "iam.serviceAccountKeys.create",
            ),
            "it may give roles, or act as every account",
        )
    )


@control("gcp-access-no-keys", "google_service_account_key")
def access_no_keys(key: Resource, estate: Estate) -> Finding | None:
    """Machines come with credentials that end by themselves."""
    return every(Clause(False, "a credential that never ends"))
