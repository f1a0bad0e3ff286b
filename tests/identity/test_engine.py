"""The engine of decisions: what errs, or cannot be read, is a no."""

from typing import Any

import pytest

from tallystick.identity.adapters.cedar import ERRED, Engine

PERMIT = '@id("all") permit (principal, action, resource);'
MISSING = '@id("limit") forbid (principal, action, resource) when { context.missing > 1 };'
OVERFLOW = (
    '@id("sum") forbid (principal, action, resource) when { context.n + 9223372036854775807 > 1 };'
)


def decided(policies: str, **changes: Any) -> tuple[bool, tuple[str, ...]]:
    asked: dict[str, Any] = {
        "principal": {"type": "Person", "id": "per_1"},
        "action": "ledger.account.read",
        "tenant": "tnt_1",
        "context": {"n": 1},
    }
    found = Engine(policies, "[]").decide(**(asked | changes))
    return found.allowed, found.reasons


def test_without_a_policy_that_lets_it_through_it_is_no() -> None:
    assert decided(PERMIT) == (True, ("all",))
    assert decided("") == (False, ())


@pytest.mark.parametrize("erring", [MISSING, OVERFLOW], ids=["missing", "overflow"])
def test_a_policy_that_errs_denies_though_another_allows(erring: str) -> None:
    allowed, reasons = decided(f"{PERMIT}\n{erring}")
    assert (allowed, ERRED in reasons) == (False, True)


@pytest.mark.parametrize(
    "changes",
    [{"context": {"n": 2**70}}, {"context": {"n": object()}}, {"principal": {"type": ""}}],
    ids=["too large", "no value", "no principal"],
)
def test_what_cannot_be_read_is_denied(changes: dict[str, Any]) -> None:
    assert decided(PERMIT, **changes) == (False, (ERRED,))
