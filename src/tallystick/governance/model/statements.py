"""Read the JSON policies that stand as texts in attributes: who may do what to which, in AWS's grammar."""

import json
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final, cast

from tallystick.governance.model.predicates import Truth
from tallystick.governance.model.values import UNKNOWN, Unknown

# Keys of conditions that say who comes, and operators that hold them to a value.
_CALLERS: Final = (
    "aws:principalorgid", "aws:principalorgpaths", "aws:principalarn", "aws:principalaccount", "aws:sourceaccount",
    "aws:sourcearn", "aws:sourceorgid", "aws:sourcevpc", "aws:sourcevpce", "kms:calleraccount",
)  # fmt: skip
_BINDING: Final = ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike")
_HOLDING: Final = ("iam", "kms", "sts", "s3", "rds", "secretsmanager", "organizations")


def document(value: Any) -> Any:
    """Parse a JSON policy in a text: a mapping, None where there is none, `UNKNOWN` where it cannot be told."""
    if value is None or value is UNKNOWN:
        return value
    try:
        read = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return UNKNOWN
    return cast("dict[str, Any]", read) if isinstance(read, Mapping) else UNKNOWN


def as_list(value: Any) -> list[Any]:
    """A policy may write one thing or a list of it."""
    if value is None:
        return []
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def statements(value: Any) -> list[Mapping[str, Any]] | Unknown:
    """Give the statements of an IAM policy, none where there is no policy."""
    read = document(value)
    if read is UNKNOWN:
        return UNKNOWN
    found = as_list(cast("dict[str, Any]", read or {}).get("Statement"))
    return [cast("Mapping[str, Any]", each) for each in found if isinstance(each, Mapping)]


def some_statement(value: Any, test: Callable[[Mapping[str, Any]], bool]) -> Truth:
    """Say whether a statement of the policy is so."""
    found = statements(value)
    return UNKNOWN if isinstance(found, Unknown) else any(test(each) for each in found)


def named_in(principal: Any) -> list[Any]:
    """Give all that a `Principal` names, of whichever kind."""
    if isinstance(principal, Mapping):
        kinds = cast("Mapping[str, Any]", principal).values()
        return [each for names in kinds for each in as_list(names)]
    return as_list(principal)


def lets_anyone(statement: Mapping[str, Any]) -> bool:
    """Say whether a statement allows something to everybody, under no condition that says who comes."""
    return (
        statement.get("Effect") == "Allow"
        and (
            bool({"*", "arn:aws:iam::*:root"} & {*map(str, named_in(statement.get("Principal")))})
            or "NotPrincipal" in statement
        )
        and not _bound_to(statement, _CALLERS)
    )


def trusts_unnamed(statement: Mapping[str, Any]) -> bool:
    """Say whether a whole account, or whoever a provider of identities signs for, may take a role."""
    names = [str(each) for each in named_in(statement.get("Principal"))]
    if statement.get("Effect") != "Allow":
        return False
    whole = any(each.endswith(":root") or each.isdigit() for each in names)
    signed = any(":oidc-provider/" in each for each in names)
    return (whole and not _bound_to(statement, (*_CALLERS, "sts:externalid"))) or (
        signed and not _bound_to(statement, ("*:sub",))
    )


def _bound_to(statement: Mapping[str, Any], keys: tuple[str, ...]) -> bool:
    """Say whether a condition holds one of the keys to values; a negation, or a lone `*`, binds to nothing."""
    conditions = cast("Mapping[str, Mapping[str, Any]]", statement.get("Condition") or {})
    return any(
        any(fnmatchcase(key.lower(), each) for each in keys)
        and not any(str(one).strip("*?:") == "" for one in as_list(values))
        for operator, tests in conditions.items()
        if operator.rpartition(":")[2] in _BINDING
        for key, values in tests.items()
    )


def gives_all(statement: Mapping[str, Any]) -> bool:
    """Say whether a statement allows every action, or all but some, on everything."""
    everything = any(each.partition(":")[0].strip("*") == "" for each in _actions(statement))
    return _allows_everywhere(statement) and (everything or "NotAction" in statement)


def gives_a_service(statement: Mapping[str, Any]) -> bool:
    """Say whether a statement allows all of a service that holds keys, data or rights, on everything."""
    return _allows_everywhere(statement) and any(
        fnmatchcase(f"{service}:", f"{each.partition(':')[0]}:") and each.partition(":")[2] == "*"
        for service in _HOLDING
        for each in _actions(statement)
    )


def _actions(statement: Mapping[str, Any]) -> list[str]:
    return [str(each).lower() for each in as_list(statement.get("Action"))]


def _allows_everywhere(statement: Mapping[str, Any]) -> bool:
    where = {str(each) for each in as_list(statement.get("Resource"))}
    anything = bool(where & {"*", "arn:aws:s3:::*", "arn:*"}) or "NotResource" in statement
    return statement.get("Effect") == "Allow" and anything


def demands_tls(statement: Mapping[str, Any]) -> bool:
    """Say whether a statement denies everybody who comes without TLS."""
    condition = cast("Mapping[str, Any]", statement.get("Condition") or {})
    told = cast("Mapping[str, Any]", condition.get("Bool") or {}).get("aws:SecureTransport")
    return (
        statement.get("Effect") == "Deny"
        and "*" in named_in(statement.get("Principal"))
        and str(as_list(told)[0] if told is not None else "").lower() == "false"
    )
