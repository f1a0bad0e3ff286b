"""What kube-linter asks, check by check: which of our controls judges it, or a predicate here, or why we do otherwise.

kube-linter is a program of Go that no test can install, so what its documentation says of each check is asked here of
what our overlays render. ``python -m tests.infra.kube_linter`` writes the page docs/reference/kube-linter.md.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tests.infra.kustomize import Manifest, containers_of, named, pod_of
from tests.tidy import tree

PAGE = tree.ROOT / "docs" / "reference" / "kube-linter.md"
# https://github.com/stackrox/kube-linter/blob/COMMIT/docs/generated/checks.md
COMMIT = "8d689190b7dcd63a8bbb50d05e1739273dbc1e9a"
SSH = 22
PRIVILEGED_BELOW = 1_025

Predicate = Callable[[list[Manifest]], list[str]]


class Check(NamedTuple):
    """A check of kube-linter, and what stands for it here: a control, a predicate, or a reason."""

    is_default: bool
    control: str = ""
    predicate: Predicate | None = None
    reason: str = ""


def _name(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def _pods(overlay: list[Manifest]) -> Iterator[tuple[Manifest, dict[str, Any]]]:
    for one in overlay:
        pod = pod_of(one)
        if pod:
            yield one, pod


def _labels(manifest: Manifest) -> dict[str, str]:
    return manifest["spec"]["template"]["metadata"]["labels"]


def _selected(overlay: list[Manifest], namespace: str, labels: dict[str, str]) -> list[Manifest]:
    return [
        one
        for one, _ in _pods(overlay)
        if one["metadata"]["namespace"] == namespace and labels.items() <= _labels(one).items()
    ]


def services_without_pods(overlay: list[Manifest]) -> list[str]:
    """Services whose selector takes no pod."""
    return [
        _name(one)
        for one in overlay
        if one["kind"] == "Service"
        and not _selected(overlay, one["metadata"]["namespace"], one["spec"]["selector"])
    ]


def services_at_no_port(overlay: list[Manifest]) -> list[str]:
    """Services that name a port which no container behind them has."""
    found: list[str] = []
    for one in overlay:
        if one["kind"] != "Service":
            continue
        behind = _selected(overlay, one["metadata"]["namespace"], one["spec"]["selector"])
        ports = {name for each in behind for name in _ports(pod_of(each) or {})}
        found += [_name(one) for port in one["spec"]["ports"] if port["targetPort"] not in ports]
    return found


def _ports(pod: dict[str, Any]) -> set[str | int]:
    return {
        port[key]
        for container in pod["containers"]
        for port in container.get("ports", [])
        for key in ("name", "containerPort")
        if key in port
    }


def accounts_by_the_old_name(overlay: list[Manifest]) -> list[str]:
    """Pods that name their account in the field that is deprecated."""
    return [_name(one) for one, pod in _pods(overlay) if "serviceAccount" in pod]


def accounts_missing(overlay: list[Manifest]) -> list[str]:
    """Pods whose account no manifest makes."""
    made = {
        (one["metadata"]["namespace"], one["metadata"]["name"])
        for one in overlay
        if one["kind"] == "ServiceAccount"
    }
    return [
        _name(one)
        for one, pod in _pods(overlay)
        if (one["metadata"]["namespace"], pod.get("serviceAccountName")) not in made
    ]


def variables_twice(overlay: list[Manifest]) -> list[str]:
    """Pods with a container that is told one variable twice."""
    return [
        _name(one)
        for one, pod in _pods(overlay)
        for container in containers_of(pod)
        if len({each["name"] for each in container.get("env", [])}) < len(container.get("env", []))
    ]


def probes_at_no_port(overlay: list[Manifest]) -> list[str]:
    """Pods that are probed at a port which their container has not."""
    return [
        f"{_name(one)} {kind}"
        for one, pod in _pods(overlay)
        for container in pod["containers"]
        for kind in ("startupProbe", "livenessProbe", "readinessProbe")
        if "httpGet" in container.get(kind, {})
        and container[kind]["httpGet"]["port"] not in _ports({"containers": [container]})
    ]


def selectors_that_miss(overlay: list[Manifest]) -> list[str]:
    """Workloads whose selector does not take their own pods."""
    return [
        _name(one)
        for one, _ in _pods(overlay)
        if one["kind"] != "Job"
        and not one["spec"]["selector"]["matchLabels"].items() <= _labels(one).items()
    ]


def pods_not_apart(overlay: list[Manifest]) -> list[str]:
    """Lasting pods that may all stand on one node: with an anti-affinity to themselves over hosts they are apart."""
    return [
        _name(one)
        for one, pod in _lasting(overlay)
        if not any(
            term["podAffinityTerm"]["topologyKey"] == "kubernetes.io/hostname"
            and term["podAffinityTerm"]["labelSelector"]["matchLabels"].items()
            <= _labels(one).items()
            for term in pod.get("affinity", {})
            .get("podAntiAffinity", {})
            .get("preferredDuringSchedulingIgnoredDuringExecution", [])
        )
    ]


def _lasting(overlay: list[Manifest]) -> Iterator[tuple[Manifest, dict[str, Any]]]:
    return ((one, pod) for one, pod in _pods(overlay) if one["kind"] != "Job")


def apis_of_before(overlay: list[Manifest]) -> list[str]:
    """Objects of the group that went away with Kubernetes 1.16."""
    return [_name(one) for one in overlay if one["apiVersion"].startswith("extensions/v1beta")]


def _budgets(overlay: list[Manifest]) -> list[Manifest]:
    return [one for one in overlay if one["kind"] == "PodDisruptionBudget"]


def budgets_of_nothing(overlay: list[Manifest]) -> list[str]:
    """Budgets that let no pod go, so that no node can be emptied: none may be away."""
    return [
        _name(one) for one in _budgets(overlay) if one["spec"].get("maxUnavailable") in (0, "0%")
    ]


def budgets_of_all(overlay: list[Manifest]) -> list[str]:
    """Budgets that let no pod go, since as many must stay as there are. Ours say how many may be away instead."""
    return [_name(one) for one in _budgets(overlay) if "minAvailable" in one["spec"]]


def budgets_for_the_sick(overlay: list[Manifest]) -> list[str]:
    """Budgets by which a pod that is not ready holds up the emptying of its node."""
    return [
        _name(one)
        for one in _budgets(overlay)
        if one["spec"].get("unhealthyPodEvictionPolicy") != "AlwaysAllow"
    ]


def _numbers(overlay: list[Manifest]) -> Iterator[tuple[str, int]]:
    for one, pod in _pods(overlay):
        for port in _ports(pod):
            if isinstance(port, int):
                yield _name(one), port


def ports_of_ssh(overlay: list[Manifest]) -> list[str]:
    """Pods that have the port of SSH."""
    return [name for name, port in _numbers(overlay) if port == SSH]


def ports_of_root(overlay: list[Manifest]) -> list[str]:
    """Pods that have a port which only root may take."""
    return [name for name, port in _numbers(overlay) if port < PRIVILEGED_BELOW]


def scalers_of_nothing(overlay: list[Manifest]) -> list[str]:
    """Autoscalers whose workload is not there."""
    there = {
        (one["metadata"]["namespace"], one["kind"], one["metadata"]["name"])
        for one, _ in _pods(overlay)
    }
    return [
        name
        for name, one in named(overlay, "HorizontalPodAutoscaler").items()
        for target in [one["spec"]["scaleTargetRef"]]
        if (one["metadata"]["namespace"], target["kind"], target["name"]) not in there
    ]


def never_ready(overlay: list[Manifest]) -> list[str]:
    """Lasting pods that do not say whether they can serve."""
    return _unprobed(overlay, "readinessProbe")


def never_alive(overlay: list[Manifest]) -> list[str]:
    """Lasting pods that do not say whether they live."""
    return _unprobed(overlay, "livenessProbe")


def _unprobed(overlay: list[Manifest], kind: str) -> list[str]:
    return [
        _name(one)
        for one, pod in _lasting(overlay)
        if not all(kind in container for container in pod["containers"])
    ]


def replaced_at_once(overlay: list[Manifest]) -> list[str]:
    """Workloads whose pods are not replaced one after the other."""
    return [
        _name(one)
        for one, _ in _lasting(overlay)
        for key in ["updateStrategy" if one["kind"] == "StatefulSet" else "strategy"]
        if one["spec"].get(key, {}).get("type") != "RollingUpdate"
    ]


def in_no_namespace(overlay: list[Manifest]) -> list[str]:
    """Workloads and services in the namespace of whoever names none."""
    return [
        _name(one)
        for one in overlay
        if (one["kind"] == "Service" or pod_of(one))
        and one["metadata"].get("namespace", "default") == "default"
    ]


_APART, _CLOSED, _ROLES = (
    "kubernetes-pods-apart",
    "kubernetes-pods-closed",
    "kubernetes-roles-small",
)
_OF_THE_CLUSTER = "names of the cluster, External Secrets and OpenBao have pods that are not ours"
CHECKS: dict[str, Check] = {
    "access-to-create-pods": Check(False, _ROLES),
    "access-to-secrets": Check(False, _ROLES),
    "cluster-admin-role-binding": Check(
        False, "kubernetes-admins-limited", reason="kube-linter reports the group of break-glass, in which nobody is"
    ),
    "dangling-horizontalpodautoscaler": Check(False, predicate=scalers_of_nothing),
    "dangling-ingress": Check(False, reason="there is none: the gateway is not ours"),
    "dangling-networkpolicy": Check(
        False, reason="what is refused is refused before a first pod is there, and OpenBao is not ours"
    ),
    "dangling-networkpolicypeer-podselector": Check(False, reason=_OF_THE_CLUSTER),
    "dangling-service": Check(True, predicate=services_without_pods),
    "dangling-servicemonitor": Check(False, reason="there is none"),
    "default-service-account": Check(False, "kubernetes-pods-nameless"),
    "deprecated-service-account-field": Check(True, predicate=accounts_by_the_old_name),
    "dnsconfig-options": Check(False, reason="names of services are found by the search list"),
    "docker-sock": Check(True, _APART),
    "drop-net-raw-capability": Check(True, _CLOSED),
    "duplicate-env-var": Check(True, predicate=variables_twice),
    "env-var-secret": Check(True, "kubernetes-secrets-elsewhere"),
    "exposed-services": Check(False, "kubernetes-services-inside"),
    "host-ipc": Check(True, _APART),
    "host-network": Check(True, _APART),
    "host-pid": Check(True, _APART),
    "hpa-minimum-three-replicas": Check(
        False, reason="two, and three at the edge: a third writer makes no ledger faster"
    ),
    "invalid-target-ports": Check(True, predicate=services_at_no_port),
    "latest-tag": Check(True, "kubernetes-images-by-digest"),
    "liveness-port": Check(True, predicate=probes_at_no_port),
    "minimum-three-replicas": Check(False, reason="as of autoscalers; two sequencers, of which one writes"),
    "mismatching-selector": Check(True, predicate=selectors_that_miss),
    "no-anti-affinity": Check(True, predicate=pods_not_apart),
    "no-extensions-v1beta": Check(True, predicate=apis_of_before),
    "no-liveness-probe": Check(False, predicate=never_alive, reason="jobs end by themselves and have none"),
    "no-node-affinity": Check(False, reason="which nodes there are is the cluster's to say"),
    "no-read-only-root-fs": Check(True, _CLOSED),
    "no-readiness-probe": Check(False, predicate=never_ready, reason="jobs serve nobody and have none"),
    "no-rolling-update-strategy": Check(False, predicate=replaced_at_once),
    "non-existent-service-account": Check(True, predicate=accounts_missing),
    "non-isolated-pod": Check(False, "kubernetes-namespace-closed"),
    "pdb-max-unavailable": Check(True, predicate=budgets_of_nothing),
    "pdb-min-available": Check(True, predicate=budgets_of_all),
    "pdb-unhealthy-pod-eviction-policy": Check(True, predicate=budgets_for_the_sick),
    "privilege-escalation-container": Check(True, _CLOSED),
    "privileged-container": Check(True, _CLOSED),
    "privileged-ports": Check(False, predicate=ports_of_root),
    "read-secret-from-env-var": Check(
        False, reason="the address of the database, with its login, is a variable; keys are files"
    ),
    "readiness-port": Check(True, predicate=probes_at_no_port),
    "required-annotation-email": Check(False, reason="owners stand in policies/inventory"),
    "required-label-owner": Check(False, reason="owners stand in policies/inventory"),
    "run-as-non-root": Check(True, "kubernetes-pods-nobody"),
    "scc-deny-privileged-container": Check(False, reason="of OpenShift"),
    "sensitive-host-mounts": Check(True, _APART),
    "ssh-port": Check(True, predicate=ports_of_ssh),
    "startup-port": Check(True, predicate=probes_at_no_port),
    "unsafe-proc-mount": Check(False, _APART),
    "unsafe-sysctls": Check(True, _APART),
    "unset-cpu-requirements": Check(True, "kubernetes-pods-bounded"),
    "unset-memory-requirements": Check(True, "kubernetes-pods-bounded"),
    "use-namespace": Check(False, predicate=in_no_namespace),
    "wildcard-in-rules": Check(False, _ROLES),
    "writable-host-mount": Check(False, _APART),
}  # fmt: skip


def page() -> str:
    """Write the page of all checks."""
    lines = [
        "# What kube-linter asks",
        "",
        "kube-linter is a program of its own that no test of ours runs. Each of its checks"
        f" ([as of {COMMIT[:12]}](https://github.com/stackrox/kube-linter/blob/{COMMIT}/docs/generated/checks.md))"
        " stands here with what asks the same of our overlays: a [control](controls.md), or a test in"
        " `tests/infra/test_kube_linter.py`. `python -m tests.infra.kube_linter` writes this page; a test holds it",
        "against what is asked. **Bold**: on by default; those all hold.",
        "",
        "| check | asked by | state |",
        "|---|---|---|",
    ]
    for name, check in CHECKS.items():
        asked = f"`{check.control}`" if check.control else "a test" if check.predicate else "nobody"
        holds = "holds" if check.control or check.predicate else "not followed"
        shown = f"**{name}**" if check.is_default else name
        lines.append(
            f"| {shown} | {asked} | {holds}{f': {check.reason}' if check.reason else ''} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
