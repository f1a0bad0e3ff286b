"""Every control on Kubernetes: right on each of its examples, none of its clauses idle, and our own overlays pass."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tallystick.apps.splitting import SPLITS
from tallystick.governance.adapters.policies import load_catalogue
from tallystick.governance.model.catalogue import Catalogue
from tallystick.governance.model.controls import kubernetes_cluster, kubernetes_pods
from tallystick.governance.model.judging import judge, verdicts_of
from tallystick.governance.model.predicates import Control
from tallystick.governance.model.values import Estate, Resource
from tests.governance.mutants import mutants
from tests.infra.kustomize import OVERLAYS, read, rendered
from tests.tidy import tree

EXAMPLES = tree.ROOT / "policies" / "examples"
MODULES = (kubernetes_cluster, kubernetes_pods)
# By the first word of a case's name, as in the examples of clouds.
WANTED = {"good": "pass", "bad": "fail", "other": "not_applicable"}


@cache
def catalogue() -> Catalogue:
    return load_catalogue()


def estate_of(manifests: list[dict[str, Any]]) -> Estate:
    """Manifests as an estate."""
    resources = tuple(
        Resource(
            address=f"{one['kind']}/{one['metadata'].get('namespace', '')}/{one['metadata']['name']}",
            type=one["kind"],
            name=one["metadata"]["name"],
            values=one,
        )
        for one in manifests
    )
    return Estate(
        cloud="kubernetes", environment="production", moment="planned", resources=resources
    )


@cache
def cases(control: str) -> dict[str, Estate]:
    """The cases of a control by their names: all manifests of one name are one."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in read(Path(EXAMPLES / f"{control}.yaml")):
        found.setdefault(one["metadata"]["name"], []).append(one)
    return {name: estate_of(manifests) for name, manifests in found.items()}


def wrong(control: Control) -> list[str]:
    """The cases that a control judges otherwise than their names say."""
    entry = replace(catalogue().entries[control.id], control=control)
    complaints: list[str] = []
    for name, estate in cases(control.id).items():
        outcomes = {verdict.outcome for verdict in verdicts_of(entry=entry, estate=estate)}
        wanted = WANTED[name.partition("-")[0]]
        if not (wanted in outcomes if wanted == "fail" else outcomes == {wanted}):
            complaints.append(f"{control.id} {name}: {outcomes}, not {wanted}")
    return complaints


def controls(module: ModuleType) -> list[Control]:
    return [one for one in vars(module).values() if isinstance(one, Control)]


@pytest.mark.parametrize("module", MODULES)
def test_every_example_is_judged_right(module: ModuleType) -> None:
    found = controls(module)
    assert found
    assert not [complaint for one in found for complaint in wrong(one)]
    for one in found:
        assert {"good", "bad"} <= {name.partition("-")[0] for name in cases(one.id)}, one.id


@pytest.mark.parametrize("module", MODULES)
def test_deleting_any_clause_turns_an_example_wrong(module: ModuleType) -> None:
    tried = list(mutants(module))
    assert len(tried) > 15
    assert not [f"{name} in line {line}" for name, line, mutant in tried if not wrong(mutant)]


@pytest.mark.parametrize("split", SPLITS)
def test_our_own_overlays_pass_every_control(split: str) -> None:
    estate = estate_of(rendered(OVERLAYS / split))
    judgement = judge(estate=estate, catalogue=catalogue(), at=0)
    failed = [one for one in judgement.verdicts if one.outcome not in ("pass", "not_applicable")]
    assert not failed
    # Every control found something to judge; ways in are of the gateway, which is not ours.
    judged = {one.control for one in judgement.verdicts if one.outcome == "pass"}
    ours = {one.id for each in MODULES for one in controls(each)}
    assert judged == ours - {"kubernetes-ways-in-named"}


@pytest.mark.parametrize(
    "manifest",
    [
        {"kind": "NetworkPolicy", "spec": {"ingress": "x", "egress": [1]}},
        {"kind": "Deployment", "spec": {"template": {"spec": {"containers": ["a"]}}}},
        {"kind": "Deployment", "spec": {"template": ["spec"]}},
        {"kind": "Role", "rules": ["a"]},
        {"kind": "ConfigMap", "data": ["a"]},
        {"kind": "ClusterRoleBinding", "roleRef": {"name": "cluster-admin"}, "subjects": ["a"]},
    ],
)
def test_a_manifest_without_the_shape_of_one_fails_and_nothing_breaks(
    manifest: dict[str, Any],
) -> None:
    estate = estate_of([manifest | {"metadata": {"name": "x"}}])
    assert judge(estate=estate, catalogue=catalogue(), at=0).counts["fail"] > 0
