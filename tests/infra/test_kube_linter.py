"""What kube-linter asks of manifests holds for our overlays, and each predicate sees what it is there for."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tallystick.apps.splitting import SPLITS
from tallystick.governance.adapters.policies import load_catalogue
from tests.infra import kube_linter
from tests.infra.kube_linter import CHECKS, PAGE
from tests.infra.kustomize import OVERLAYS, Manifest, named, rendered

Spoil = Callable[[list[Manifest]], Any]
ASKED = {name: check.predicate for name, check in CHECKS.items() if check.predicate}


def _one(overlay: list[Manifest], kind: str, name: str) -> dict[str, Any]:
    return named(overlay, kind)[name]["spec"]


def _pod(overlay: list[Manifest]) -> dict[str, Any]:
    return _one(overlay, "Deployment", "edge")["template"]["spec"]


def _container(overlay: list[Manifest]) -> dict[str, Any]:
    return _pod(overlay)["containers"][0]


def _at_port(number: int) -> Spoil:
    return lambda overlay: _container(overlay)["ports"][0].update(containerPort=number)


def _probing(kind: str) -> Spoil:
    return lambda overlay: _container(overlay)[kind]["httpGet"].update(port="http")


def _budget(**values: Any) -> Spoil:
    return lambda overlay: _one(overlay, "PodDisruptionBudget", "edge").update(values)


SPOILT: dict[str, Spoil] = {
    "dangling-horizontalpodautoscaler": lambda it: _one(it, "HorizontalPodAutoscaler", "edge")[
        "scaleTargetRef"
    ].update(name="egde"),
    "dangling-service": lambda it: _one(it, "Service", "edge")["selector"].update(tier="front"),
    "deprecated-service-account-field": lambda it: _pod(it).update(serviceAccount="edge"),
    "duplicate-env-var": lambda it: _container(it).update(
        env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    ),
    "invalid-target-ports": lambda it: _one(it, "Service", "edge")["ports"][0].update(
        targetPort="http"
    ),
    "liveness-port": _probing("livenessProbe"),
    "mismatching-selector": lambda it: _one(it, "StatefulSet", "sequencer")["selector"][
        "matchLabels"
    ].update(tier="back"),
    "no-anti-affinity": lambda it: _one(it, "StatefulSet", "sequencer")["template"]["spec"].pop(
        "affinity"
    ),
    "no-extensions-v1beta": lambda it: named(it, "Deployment")["edge"].update(
        apiVersion="extensions/v1beta1"
    ),
    "no-liveness-probe": lambda it: _container(it).pop("livenessProbe"),
    "no-readiness-probe": lambda it: _container(it).pop("readinessProbe"),
    "no-rolling-update-strategy": lambda it: _one(it, "Deployment", "edge").update(
        strategy={"type": "Recreate"}
    ),
    "non-existent-service-account": lambda it: _pod(it).update(serviceAccountName="egde"),
    "pdb-max-unavailable": _budget(maxUnavailable=0),
    "pdb-min-available": _budget(minAvailable="100%"),
    "pdb-unhealthy-pod-eviction-policy": _budget(unhealthyPodEvictionPolicy="IfHealthyBudget"),
    "privileged-ports": _at_port(443),
    "readiness-port": _probing("readinessProbe"),
    "ssh-port": _at_port(22),
    "startup-port": _probing("startupProbe"),
    "use-namespace": lambda it: named(it, "Service")["edge"]["metadata"].pop("namespace"),
}


@pytest.fixture(scope="module", params=SPLITS)
def overlay(request: pytest.FixtureRequest) -> list[Manifest]:
    return rendered(OVERLAYS / request.param)


@pytest.fixture(scope="module")
def three() -> list[Manifest]:
    return rendered(OVERLAYS / "three")


def test_our_overlays_pass_what_is_asked(overlay: list[Manifest]) -> None:
    assert not {name: found for name, asked in ASKED.items() if (found := asked(overlay))}


@pytest.mark.parametrize("name", ASKED)
def test_what_is_asked_is_seen_when_it_is_wrong(name: str, three: list[Manifest]) -> None:
    spoilt = copy.deepcopy(three)
    SPOILT[name](spoilt)
    assert ASKED[name](spoilt)


def test_every_check_is_asked_or_has_its_reason() -> None:
    ours = load_catalogue().entries
    for name, check in CHECKS.items():
        assert not check.control or check.control in ours, name
        assert check.control or check.predicate or check.reason, name
        assert check.control or check.predicate or not check.is_default, name
    assert sum(check.is_default for check in CHECKS.values()) == 30


def test_the_page_is_as_it_is_written() -> None:
    assert PAGE.read_text() == kube_linter.page(), "run python -m tests.infra.kube_linter"
