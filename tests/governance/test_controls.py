"""Every control against real plans and what was read live: right on every example, and never surer than it may be."""

import importlib
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.governance.model.controls import CONTROLS
from tallystick.governance.model.values import UNKNOWN, Cloud, Estate, Resource
from tests.governance import examples
from tests.governance.mutants import mutants

MODULES = {
    "aws": ("cluster", "database", "keys", "network", "objects", "rules"),
    "azure": ("access", "cluster", "data", "database", "rules"),
    "gcp": ("access", "cluster", "data", "rules"),
}
# The first to ask waits until Terraform has planned and applied all examples of its cloud.
pytestmark = pytest.mark.timeout(600)
each_cloud = pytest.mark.parametrize("cloud", examples.CLOUDS)


@each_cloud
def test_every_example_is_judged_right_in_the_plan(cloud: Cloud) -> None:
    entries = examples.catalogue().entries
    wrong = [
        f"{case.control} {case.name}: {found}, not {case.wanted}"
        for case in examples.cases(cloud)
        if (found := examples.outcome(entries[case.control], case.planned)) != case.wanted
    ]
    assert not wrong


@each_cloud
def test_what_is_live_is_judged_as_it_was_planned(cloud: Cloud) -> None:
    entries = examples.catalogue().entries
    wrong: list[str] = []
    for case in examples.cases(cloud):
        live = examples.outcome(entries[case.control], case.live)
        allowed = ("pass", "fail") if case.wanted == "unknown" else (case.wanted,)
        if live not in allowed:
            wrong.append(f"{case.control} {case.name}: planned {case.wanted}, live {live}")
    assert not wrong


@each_cloud
def test_every_control_has_a_good_and_a_bad_example(cloud: Cloud) -> None:
    wanted: dict[str, set[str]] = {each.id: set() for each in examples.catalogue().of_cloud(cloud)}
    for case in examples.cases(cloud):
        wanted[case.control].add(case.wanted)
    # What no credential may be has no good example but its absence.
    forbidden = {"aws-access-no-user-keys", "gcp-access-no-keys"}
    assert not [
        each
        for each, found in wanted.items()
        if not found >= ({"fail"} if each in forbidden else {"pass", "fail"})
    ]


@each_cloud
def test_deleting_any_clause_turns_an_example_wrong(cloud: Cloud) -> None:
    entries = examples.catalogue().entries
    of_control: dict[str, list[examples.Case]] = {}
    for case in examples.cases(cloud):
        of_control.setdefault(case.control, []).append(case)
    survived: list[str] = []
    for name in MODULES[cloud]:
        module = importlib.import_module(f"tallystick.governance.model.controls.{cloud}_{name}")
        for control_id, line, mutant in mutants(module):
            entry = replace(entries[control_id], control=mutant)
            if all(
                examples.outcome(entry, case.planned) == case.wanted
                for case in of_control[control_id]
            ):
                survived.append(f"{cloud}_{name}.py:{line} {control_id}")
    assert not survived


def _spots(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _spots(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _spots(each, (*path, index))


def _hidden(value: Any, paths: set[tuple[Any, ...]], path: tuple[Any, ...] = ()) -> Any:
    if path in paths:
        return UNKNOWN
    if isinstance(value, dict):
        return {key: _hidden(each, paths, (*path, key)) for key, each in value.items()}
    if isinstance(value, list):
        return [_hidden(each, paths, (*path, index)) for index, each in enumerate(value)]
    return value


def _veiled(estate: Estate, chance: random.Random) -> Estate:
    """Hide some of what is known, as if it came after apply."""

    def veil(one: Resource) -> Resource:
        spots = [*_spots(one.values)]
        some = chance.sample(spots, min(len(spots), chance.choice((1, 1, 2, 4, 8))))
        return replace(one, values=_hidden(one.values, set(some)))

    return replace(estate, resources=tuple(veil(each) for each in estate.resources))


@each_cloud
def test_knowing_less_makes_a_verdict_unknown_and_never_another(cloud: Cloud) -> None:
    entries = examples.catalogue().entries
    allowed = {
        "pass": {"pass", "unknown", "not_applicable"}, "fail": {"fail", "unknown"},
        "unknown": {"unknown"}, "not_applicable": {"not_applicable", "unknown", "pass"},
    }  # fmt: skip

    @settings(max_examples=200, deadline=None, database=None)
    @given(case=st.sampled_from(examples.cases(cloud)), seed=st.integers(0, 1 << 32))
    def holds(case: examples.Case, seed: int) -> None:
        entry = entries[case.control]
        chance = random.Random(seed)
        for estate in (case.planned, case.live):
            before = examples.outcome(entry, estate)
            after = examples.outcome(entry, _veiled(estate, chance))
            assert after in allowed[before], f"{before} became {after}"

    holds()


def test_there_are_more_than_sixty_controls_on_three_clouds() -> None:
    of_cloud = dict.fromkeys(examples.CLOUDS, 0)
    for each in CONTROLS:
        cloud = each.partition("-")[0]
        if cloud in of_cloud:
            of_cloud[cloud] += 1
    assert sum(of_cloud.values()) >= 60
    assert min(of_cloud.values()) >= 20
