"""Read the JSON policies that stand as texts in attributes: who may do what to which, in AWS's grammar."""

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from tallystick.governance.model.predicates import Truth
from tallystick.governance.model.values import UNKNOWN, Unknown


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
    """Say whether a statement allows something to everybody, under no condition."""
    return (
        statement.get("Effect") == "Allow"
        and "*" in named_in(statement.get("Principal"))
        and not statement.get("Condition")
    )


def gives_all(statement: Mapping[str, Any]) -> bool:
    """Say whether a statement allows every action on everything."""
    return (
        statement.get("Effect") == "Allow"
        and any(each in ("*", "*:*") for each in as_list(statement.get("Action")))
        and "*" in as_list(statement.get("Resource"))
    )


def demands_tls(statement: Mapping[str, Any]) -> bool:
    """Say whether a statement denies everybody who comes without TLS."""
    condition = cast("Mapping[str, Any]", statement.get("Condition") or {})
    told = cast("Mapping[str, Any]", condition.get("Bool") or {}).get("aws:SecureTransport")
    return (
        statement.get("Effect") == "Deny"
        and "*" in named_in(statement.get("Principal"))
        and str(as_list(told)[0] if told is not None else "").lower() == "false"
    )
