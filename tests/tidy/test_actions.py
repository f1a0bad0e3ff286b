"""Every method of every door names its action or why it needs none; actions, bundles and policies agree."""

from collections.abc import Iterator
from typing import Any

import pytest

from tallystick.identity.adapters import cedar
from tallystick.kernel.actions import Action, actions_of, asks, openness_of, unguarded
from tests.tidy import tree
from tests.tidy.test_tags import GRAMMAR, doors, methods

REFERENCE = tree.ROOT / "docs" / "reference" / "actions.md"
ACTIONS = tree.PACKAGE / "kernel" / "actions.py"


def unasked(door: type) -> Iterator[str]:
    """Give the methods that say neither which action they are nor why they need none, or both."""
    for name, method in methods(door):
        if bool(actions_of(method)) == bool(openness_of(method)):
            yield name


class _Sample:
    @asks(Action.LEDGER_LEDGER_OPEN)
    async def open(self) -> None: ...

    @unguarded("it is only a sample")
    async def look(self) -> None: ...

    async def forgotten(self) -> None: ...

    @asks(Action.LEDGER_LEDGER_OPEN)
    @unguarded("it is only a sample")
    async def undecided(self) -> None: ...


def test_the_rule_sees_a_method_that_says_nothing_or_both() -> None:
    assert list(unasked(_Sample)) == ["_Sample.forgotten", "_Sample.undecided"]


def test_every_method_of_every_door_names_its_action_or_why_it_needs_none() -> None:
    tree.refuse(name for _, door in doors() for name in unasked(door))


def test_a_method_is_an_action_of_its_own_context() -> None:
    tree.refuse(
        f"{name} {action}"
        for context, door in doors()
        for name, method in methods(door)
        for action in actions_of(method)
        if not action.startswith(f"{context}.")
    )


def test_every_action_follows_the_grammar_and_is_called_as_it_reads() -> None:
    tree.refuse(action for action in Action if not GRAMMAR.fullmatch(action))
    tree.refuse(action.name for action in Action if action.name != action.upper().replace(".", "_"))


def test_every_action_is_used_by_a_door_or_a_job() -> None:
    asked = {
        action
        for _, door in doors()
        for _, method in methods(door)
        for action in actions_of(method)
    }
    texts = [tree.text(path) for path in tree.modules() if path != ACTIONS]
    tree.refuse(
        action
        for action in Action
        if action not in asked and not any(f"Action.{action.name}" in text for text in texts)
    )


def granted() -> set[str]:
    """Give the actions that some policy can allow."""
    groups = cedar.catalogue().groups
    giving = {*cedar.catalogue().titles, "everyone", "jobs", "operators"}
    giving |= {group for group in groups if group.startswith("service_")}
    return {action for group in giving for action in groups[group]}


def test_every_action_can_be_given_to_somebody_and_none_is_unknown() -> None:
    assert granted() == set(Action)


def test_every_role_is_of_bundles_that_there_are() -> None:
    catalogue = cedar.catalogue()
    for name, role in catalogue.roles.items():
        assert set(role.bundles) <= catalogue.titles.keys(), name


def test_every_bundle_stands_in_a_policy_of_its_own() -> None:
    policies = cedar.policies_text()
    for bundle in cedar.catalogue().titles:
        assert f'context.bundles.contains("{bundle}")' in policies, bundle


def test_the_policies_are_sound_by_their_schema() -> None:
    assert cedar.complaints(cedar.policies_text(), cedar.catalogue().groups) == []


@pytest.mark.parametrize(
    "broken",
    [
        'permit (principal, action, resource) when { context.no_such_fact };',
        'permit (principal, action in Action::"no_such_group", resource);',
        'permit (principal, action, resource) when { context.risk == "high" };',
        'permit (principal is Robot, action, resource);',
    ],
)  # fmt: skip
def test_the_schema_sees_a_policy_that_is_broken(broken: str) -> None:
    assert cedar.complaints(broken, cedar.catalogue().groups)


def test_every_policy_says_in_words_why() -> None:
    assert cedar.policies_text().count("@id(") == len(cedar.because())


def listed(page: str) -> dict[str, Any]:
    """Give the actions that stand first in a row of a table."""
    rows = (line.split("|") for line in page.splitlines() if line.startswith("| `"))
    return {row[1].strip().strip("`"): row for row in rows}


def test_every_action_stands_in_the_reference_and_no_other() -> None:
    assert sorted(listed(tree.text(REFERENCE))) == sorted(Action)
