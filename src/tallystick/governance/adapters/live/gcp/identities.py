"""Service accounts, their keys and roles of one's own (https://cloud.google.com/iam/docs/reference/rest/v1)."""

from collections.abc import Iterable
from typing import Final

from tallystick.governance.adapters.live.gcp.ground import Gcp
from tallystick.governance.adapters.live.gcp.keys import name_of
from tallystick.governance.adapters.live.gcp.kinds import Json, Kind
from tallystick.governance.adapters.live.rest.shapes import At, Values, told

ACCOUNTS: Final = "/v1/projects/{project}/serviceAccounts"
ROLES: Final = "/v1/projects/{project}/roles"


def _account_said(gcp: Gcp, body: Json, first: bool) -> Json:
    account = {key: value for key, value in body.items() if key != "accountId"}
    if first:
        return {"accountId": body.get("accountId"), "serviceAccount": account}
    return account


def _changed(gcp: Gcp, path: str, prior: Values, values: Values) -> None:
    """Change what an account is called, and switch it off and on: each a call of its own."""
    client = gcp.client("iam")
    named = {"displayName": values.get("display_name"), "description": values.get("description")}
    before = {"displayName": prior.get("display_name"), "description": prior.get("description")}
    differs = {key: value or "" for key, value in named.items() if value != before[key]}
    if differs:
        body = {"serviceAccount": differs, "updateMask": ",".join(sorted(differs))}
        client.ask("PATCH", path, body=body)
    off, was_off = bool(values.get("disabled")), bool(prior.get("disabled"))
    if off != was_off:
        client.ask("POST", f"{path}:{'disable' if off else 'enable'}", body={})


def _accounts(gcp: Gcp) -> Iterable[Values]:
    for each in gcp.pages("iam", ACCOUNTS.format(project=gcp.project), "accounts"):
        yield {"service_account_id": each["name"]}


def _email(live: Values) -> Values:
    email = f"{live['account_id']}@{live['project']}.iam.gserviceaccount.com"
    return {"email": email, "member": f"serviceAccount:{email}"}


def _role_said(gcp: Gcp, body: Json, first: bool) -> Json:
    if not first:
        return body
    role = {key: value for key, value in body.items() if key != "roleId"}
    return {"roleId": body.get("roleId"), "role": role}


KINDS: Final[dict[str, Kind]] = {
    "google_service_account": Kind(
        service="iam",
        id="projects/{project}/serviceAccounts/{account_id}@{project}.iam.gserviceaccount.com",
        at=ACCOUNTS + "/{account_id}@{project}.iam.gserviceaccount.com",
        within=ACCOUNTS,
        items="accounts",
        dress=_account_said,
        strip=lambda body: {"accountId": str(body.get("email")).split("@")[0], **body},
        also=_email,
        change=_changed,
        shape={
            "account_id": At(place="accountId", fixed=True),
            "display_name": At(place="displayName", fixed=True),
            "description": At(place="description", fixed=True),
            "disabled": At(place="disabled", default=False, told=True),
            "name": told("name"),
            "unique_id": told("uniqueId"),
        },
    ),
    "google_service_account_key": Kind(
        service="iam",
        id="{service_account_id}/keys/{key_id}",
        at="/v1/{service_account_id}/keys/{key_id}",
        within="/v1/{service_account_id}/keys",
        items="keys",
        parents=_accounts,
        strip=lambda body: {"keyId": name_of(str(body["name"])), **body},
        shape={
            "key_id": told("keyId"),
            "name": told("name"),
            "key_algorithm": At(place="keyAlgorithm", default="KEY_ALG_RSA_2048", fixed=True),
            "valid_after": told("validAfterTime"),
            "valid_before": told("validBeforeTime"),
        },
    ),
    "google_project_iam_custom_role": Kind(
        service="iam",
        id="projects/{project}/roles/{role_id}",
        at=ROLES + "/{role_id}",
        within=ROLES,
        items="roles",
        masked=True,
        dress=_role_said,
        gone=lambda body: bool(body.get("deleted")),
        strip=lambda body: {"roleId": name_of(str(body["name"])), **body},
        shape={
            "role_id": At(place="roleId", fixed=True),
            "title": "title",
            "description": "description",
            "permissions": "includedPermissions",
            "stage": At(place="stage", default="GA"),
            "deleted": told("deleted"),
            "name": told("name"),
        },
    ),
}
