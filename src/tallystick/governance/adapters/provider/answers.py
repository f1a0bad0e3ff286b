"""What data sources answer: the same for everybody who runs on our targets, and a policy document computed truly.

Source: hashicorp/aws, docs of `aws_iam_policy_document`: statements of later documents replace those with their sid.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from tallystick.governance.adapters.provider.ground import ACCOUNT, NOBODY, PROJECT_NUMBER, Ground
from tallystick.governance.adapters.provider.targets import Dispatch, TargetRefused

Config = Mapping[str, Any]
Answer = dict[str, Any]


def answer(kind: str, config: Config, *, ground: Ground, targets: Dispatch) -> Answer:
    """Give the values of a data source; what is not said stays as it was configured."""
    if kind in FIXED:
        return FIXED[kind](config, ground)
    return _found(kind, config, targets)


def _found(kind: str, config: Config, targets: Dispatch) -> Answer:
    """Look for the object among those of the same type that the target has."""
    asked = {name: value for name, value in config.items() if value not in (None, [], {})}
    for each in targets.of(kind).list(kind):
        if all(each.get(name) == value for name, value in asked.items() if name in each):
            return each
    raise TargetRefused(
        f"There is no {kind} with {json.dumps(asked, default=str)}: create it first, or mend the name."
    )


def _identity(_: Config, ground: Ground) -> Answer:
    return {
        "id": ACCOUNT,
        "account_id": ACCOUNT,
        "arn": f"arn:aws:iam::{ACCOUNT}:user/nobody",
        "user_id": "AIDANOBODY",
    }


def _region(config: Config, ground: Ground) -> Answer:
    name = config.get("region") or config.get("name") or ground.region
    return {
        "id": name,
        "name": name,
        "region": name,
        "description": name,
        "endpoint": f"ec2.{name}.amazonaws.com",
    }


def _partition(_: Config, ground: Ground) -> Answer:
    return {
        "id": "aws",
        "partition": "aws",
        "dns_suffix": "amazonaws.com",
        "reverse_dns_prefix": "com.amazonaws",
    }


def _zones(_: Config, ground: Ground) -> Answer:
    names = [f"{ground.region}{letter}" for letter in "abc"]
    return {
        "id": ground.region,
        "names": names,
        "zone_ids": [f"{name}-id" for name in names],
        "group_names": [],
    }


def _google_zones(config: Config, ground: Ground) -> Answer:
    region = config.get("region") or ground.region
    return {
        "id": f"projects/{ground.project}/regions/{region}",
        "names": [f"{region}-{letter}" for letter in "abc"],
    }


def _azure_client(_: Config, ground: Ground) -> Answer:
    return {
        "id": NOBODY, "client_id": NOBODY, "object_id": NOBODY,
        "tenant_id": ground.tenant, "subscription_id": ground.subscription,
    }  # fmt: skip


def _azure_subscription(_: Config, ground: Ground) -> Answer:
    return {
        "id": f"/subscriptions/{ground.subscription}", "subscription_id": ground.subscription,
        "display_name": "tallystick", "tenant_id": ground.tenant, "state": "Enabled",
    }  # fmt: skip


def _azure_role(config: Config, ground: Ground) -> Answer:
    name = config.get("name") or config.get("role_definition_id")
    digest = hashlib.sha256(str(name).encode()).hexdigest()
    role = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
    path = f"/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return {"id": path, "role_definition_id": role, "name": name}


def _google_client(_: Config, ground: Ground) -> Answer:
    return {
        "id": f"projects/{ground.project}", "project": ground.project, "region": ground.region,
        "zone": f"{ground.region}-a", "access_token": "nobody",
    }  # fmt: skip


def _google_project(config: Config, ground: Ground) -> Answer:
    name = config.get("project_id") or ground.project
    return {"id": f"projects/{name}", "project_id": name, "name": name, "number": PROJECT_NUMBER}


def _storage_account(_: Config, ground: Ground) -> Answer:
    address = f"service-{PROJECT_NUMBER}@gs-project-accounts.iam.gserviceaccount.com"
    return {"id": address, "email_address": address, "member": f"serviceAccount:{address}"}


def _google_logging(config: Config, ground: Ground) -> Answer:
    """Logging's own account is named after the project's number; no key is set before somebody sets one."""
    name = f"projects/{config.get('project') or ground.project}/settings"
    account = f"cmek-p{PROJECT_NUMBER}@gcp-sa-logging.iam.gserviceaccount.com"
    return {"id": name, "name": name, "service_account_id": account}


def _google_logging_settings(config: Config, ground: Ground) -> Answer:
    said = _google_logging(config, ground)
    account = said.pop("service_account_id")
    writer = f"service-{PROJECT_NUMBER}@gcp-sa-logging.iam.gserviceaccount.com"
    return {**said, "kms_service_account_id": account, "logging_service_account_id": writer}


def _google_policy(config: Config, ground: Ground) -> Answer:
    bindings = [
        {"members": sorted(each["members"]), "role": each["role"]}
        for each in sorted(config["binding"], key=lambda each: each["role"])
    ]
    return _text("policy_data", json.dumps({"bindings": bindings}, separators=(",", ":")))


def _policy_document(config: Config, ground: Ground) -> Answer:
    statements: list[Answer] = []
    for text in config["source_policy_documents"] or []:
        _merge(statements, _listed(json.loads(text).get("Statement")))
    _merge(statements, [_statement(each) for each in config["statement"]])
    for text in config["override_policy_documents"] or []:
        _merge(statements, _listed(json.loads(text).get("Statement")))
    document: Answer = {"Version": config["version"] or "2012-10-17"}
    if config["policy_id"]:
        document["Id"] = config["policy_id"]
    document["Statement"] = statements
    small = json.dumps(document, separators=(",", ":"))
    return {**_text("json", json.dumps(document, indent=2)), "minified_json": small}


def _merge(statements: list[Answer], more: list[Answer]) -> None:
    for each in more:
        sid = each.get("Sid")
        at = next((n for n, old in enumerate(statements) if sid and old.get("Sid") == sid), None)
        if at is None:
            statements.append(each)
        else:
            statements[at] = each


def _statement(config: Config) -> Answer:
    made: Answer = {}
    if config["sid"]:
        made["Sid"] = config["sid"]
    made["Effect"] = config["effect"] or "Allow"
    for name, word in (
        ("actions", "Action"), ("not_actions", "NotAction"),
        ("resources", "Resource"), ("not_resources", "NotResource"),
    ):  # fmt: skip
        if config[name]:
            made[word] = _one(sorted(config[name]))
    for name, word in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if config[name]:
            made[word] = _principals(config[name])
    for each in config["condition"]:
        made.setdefault("Condition", {}).setdefault(each["test"], {})[each["variable"]] = _one(
            each["values"]
        )
    return made


def _principals(blocks: list[Answer]) -> Any:
    if any(each["type"] == "*" for each in blocks):
        return "*"
    made: dict[str, Any] = {}
    for each in blocks:
        made[each["type"]] = _one(sorted({*_listed(made.get(each["type"])), *each["identifiers"]}))
    return made


def _one(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _text(name: str, text: str) -> Answer:
    return {"id": hashlib.sha256(text.encode()).hexdigest()[:16], name: text}


FIXED: Final[Mapping[str, Callable[[Config, Ground], Answer]]] = {
    "aws_caller_identity": _identity,
    "aws_region": _region,
    "aws_partition": _partition,
    "aws_availability_zones": _zones,
    "aws_iam_policy_document": _policy_document,
    "azurerm_client_config": _azure_client,
    "azurerm_subscription": _azure_subscription,
    "azurerm_role_definition": _azure_role,
    "google_client_config": _google_client,
    "google_project": _google_project,
    "google_compute_zones": _google_zones,
    "google_storage_project_service_account": _storage_account,
    "google_iam_policy": _google_policy,
    "google_logging_project_cmek_settings": _google_logging,
    "google_logging_project_settings": _google_logging_settings,
}
