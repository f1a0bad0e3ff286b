"""Kubernetes: what pods may be. The restricted Pod Security Standard, and what kube-linter asks besides."""

import re
from collections.abc import Callable
from typing import Any, Final, cast

from tallystick.governance.model import predicates
from tallystick.governance.model.predicates import (
    Clause,
    Control,
    Finding,
    Predicate,
    Truth,
    either,
    every,
    holds,
    is_empty,
    is_false,
    is_none_of,
    is_one_of,
    is_set,
    is_true,
    judged,
    when,
)
from tallystick.governance.model.values import Estate, Resource

PODS: Final = (
    "Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob",
)  # fmt: skip
_LASTING: Final = ("Deployment", "StatefulSet", "DaemonSet")
_DIGEST: Final = re.compile(r"@sha256:[0-9a-f]{64}$")
_SECRET_NAME: Final = re.compile(r"(?i)(secret|password|passwd|pwd|token|api_?key|private_?key)$")
_PASSWORD_IN_URL: Final = re.compile(r"://[^/:@\s]*:[^/@\s]+@")
# Of the restricted standard: https://kubernetes.io/docs/concepts/security/pod-security-standards/
_VOLUMES: Final = frozenset(
    "configMap csi downwardAPI emptyDir ephemeral persistentVolumeClaim projected secret".split()
)
_SYSCTLS: Final = frozenset(
    {
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
    }
)  # fmt: skip
_ZONE: Final = "topology.kubernetes.io/zone"


def control(id: str, *types: str) -> Callable[[Predicate], Control]:
    """Name a predicate over manifests: people write those by hand, and what has not their shape fails."""

    def named(finds: Predicate) -> Control:
        def shaped(resource: Resource, estate: Estate) -> Finding | None:
            try:
                return finds(resource, estate)
            except (AttributeError, KeyError, TypeError, ValueError):
                return every(Clause(False, "it has not the shape that Kubernetes takes"))

        return predicates.control(id, *types)(shaped)

    return named


def pod_of(resource: Resource) -> Resource:
    """What a manifest says of its pods; `containers` has those that prepare a pod too."""
    path = {"Pod": "spec", "CronJob": "spec.jobTemplate.spec.template.spec"}
    found: Any = resource.at(path.get(resource.type, "spec.template.spec"))
    spec = cast("dict[str, Any]", found or {})
    containers = [*_listed(spec, "initContainers"), *_listed(spec, "containers")]
    return Resource(
        address=resource.address,
        type=resource.type,
        name=resource.name,
        values={**spec, "containers": containers, "running": _listed(spec, "containers")},
    )


def _listed(values: dict[str, Any], key: str) -> list[Any]:
    found: Any = values.get(key) or []
    return [each for each in cast("list[Any]", found) if isinstance(each, dict)]


@control("kubernetes-pods-nobody", *PODS)
def pods_are_nobody(resource: Resource, estate: Estate) -> Finding | None:
    """Root of a container is root of its node the day a wall of it breaks."""
    pod = pod_of(resource)
    return every(
        either(
            "it may run as root",
            is_true(pod, "securityContext.runAsNonRoot", ""),
            is_true(pod, "containers.*.securityContext.runAsNonRoot", ""),
        ),
        is_none_of(pod, "securityContext.runAsUser", (0,), "its pod runs as root"),
        is_none_of(
            pod, "containers.*.securityContext.runAsUser", (0,), "a container of it runs as root"
        ),
        is_none_of(
            pod,
            "containers.*.securityContext.runAsNonRoot",
            (False,),
            "a container of it lets itself run as root",
        ),
    )


@control("kubernetes-pods-closed", *PODS)
def pods_are_closed(resource: Resource, estate: Estate) -> Finding | None:
    """A process that nobody needs more of has no way to become more."""
    pod, inside = pod_of(resource), "containers.*.securityContext"
    return every(
        is_false(
            pod,
            f"{inside}.allowPrivilegeEscalation",
            "a process of it may gain privileges",
            absent=True,
        ),
        is_false(pod, f"{inside}.privileged", "a container of it is privileged"),
        judged(
            pod,
            f"{inside}.capabilities.drop",
            lambda it: isinstance(it, list) and "ALL" in it,
            "a container of it keeps capabilities",
        ),
        judged(
            pod,
            f"{inside}.capabilities.add",
            lambda it: set(it or ()) <= {"NET_BIND_SERVICE"},
            "a container of it takes capabilities",
        ),
        is_true(
            pod,
            f"{inside}.readOnlyRootFilesystem",
            "a container of it can change what it was made of",
        ),
    )


@control("kubernetes-pods-apart", *PODS)
def pods_are_apart(resource: Resource, estate: Estate) -> Finding | None:
    """What is shared with a node is shared with every pod on it."""
    pod = pod_of(resource)
    return every(
        is_false(pod, "hostNetwork", "it shares the network of its node"),
        is_false(pod, "hostPID", "it sees the processes of its node"),
        is_false(pod, "hostIPC", "it shares the memory of its node"),
        holds(
            pod, _mounts_its_own, "it mounts a folder of its node, or what is no volume of its own"
        ),
        judged(
            pod,
            "securityContext.sysctls",
            lambda it: all(each.get("name") in _SYSCTLS for each in it or ()),
            "it turns the kernel of its node",
        ),
        judged(
            pod,
            "containers.*.securityContext.procMount",
            lambda it: it in (None, "Default"),
            "a container of it sees more of the kernel than its own",
        ),
        is_false(
            pod,
            "securityContext.windowsOptions.hostProcess",
            "it is a process of its node",
        ),
        judged(
            pod,
            "containers.*.ports.*.hostPort",
            lambda it: it in (None, 0),
            "it takes a port of its node",
        ),
    )


@control("kubernetes-pods-filtered", *PODS)
def pods_are_filtered(resource: Resource, estate: Estate) -> Finding | None:
    """Most holes of a kernel are in calls that no process of ours makes."""
    pod, wanted = pod_of(resource), ("RuntimeDefault", "Localhost")
    return every(
        either(
            "calls to the kernel are not filtered",
            is_one_of(pod, "securityContext.seccompProfile.type", wanted, ""),
            is_one_of(pod, "containers.*.securityContext.seccompProfile.type", wanted, ""),
        ),
        is_none_of(
            pod,
            "containers.*.securityContext.seccompProfile.type",
            ("Unconfined",),
            "a container of it takes the filter away",
        ),
        is_none_of(
            pod,
            "securityContext.appArmorProfile.type",
            ("Unconfined",),
            "it takes away what AppArmor confines",
        ),
        is_none_of(
            pod,
            "containers.*.securityContext.appArmorProfile.type",
            ("Unconfined",),
            "a container of it takes away what AppArmor confines",
        ),
    )


@control("kubernetes-images-by-digest", *PODS)
def images_by_digest(resource: Resource, estate: Estate) -> Finding | None:
    """A tag is moved; a digest is what was judged."""
    return every(
        judged(
            pod_of(resource),
            "containers.*.image",
            lambda it: bool(_DIGEST.search(str(it))),
            "an image of it is not named by its digest",
        )
    )


@control("kubernetes-pods-bounded", *PODS)
def pods_are_bounded(resource: Resource, estate: Estate) -> Finding | None:
    """Without bounds one pod starves its neighbours."""
    pod, wanted = pod_of(resource), "containers.*.resources"
    return every(
        is_set(pod, f"{wanted}.requests.cpu", "a container of it asks for no processor"),
        is_set(pod, f"{wanted}.requests.memory", "a container of it asks for no memory"),
        is_set(pod, f"{wanted}.limits.memory", "the memory of a container of it has no bound"),
    )


@control("kubernetes-pods-probed", *_LASTING)
def pods_are_probed(resource: Resource, estate: Estate) -> Finding | None:
    """Who serves says whether it can."""
    pod = pod_of(resource)
    serves = any(each.get("ports") for each in pod.values["running"])
    return when(
        serves,
        is_set(pod, "running.*.readinessProbe", "requests come to it before it can serve"),
        is_set(pod, "running.*.livenessProbe", "it is not started anew when it hangs"),
    )


@control("kubernetes-pods-nameless", *PODS)
def pods_are_nameless(resource: Resource, estate: Estate) -> Finding | None:
    """A pod that never asks the cluster needs no word to ask with."""
    pod = pod_of(resource)
    return every(
        is_false(pod, "automountServiceAccountToken", "it has a token of the cluster", absent=True),
        is_none_of(
            pod,
            "serviceAccountName",
            ("default",),
            "it is whoever else names no account",
            absent="default",
        ),
    )


@control("kubernetes-secrets-elsewhere", "Secret", "ConfigMap", *PODS)
def secrets_are_elsewhere(resource: Resource, estate: Estate) -> Finding | None:
    """What stands in a manifest stands in Git and in every backup of it."""
    if resource.type == "Secret":
        return every(
            is_empty(resource, "data", "a secret stands in the manifest"),
            is_empty(resource, "stringData", "a secret stands in the manifest in the clear"),
        )
    if resource.type == "ConfigMap":
        told = cast("dict[str, Any]", resource.at("data") or {})
        return every(
            holds(
                resource,
                lambda _: not any(_tells(name, value) for name, value in told.items()),
                "a value of it is a secret",
            )
        )
    return every(
        holds(pod_of(resource), _names_no_secret, "a variable of it has a secret as its value")
    )


def _names_no_secret(pod: Resource) -> Truth:
    return not any(
        _tells(variable.get("name", ""), variable.get("value"))
        for container in pod.values["containers"]
        for variable in _listed(container, "env")
    )


def _tells(name: str, value: Any) -> bool:
    """Say whether a setting tells a secret: by its name, or as a URL with a password in it."""
    text = str(value or "")
    is_path = text.startswith("/")
    return bool(text) and (
        bool(_SECRET_NAME.search(name) and not is_path) or bool(_PASSWORD_IN_URL.search(text))
    )


@control("kubernetes-pods-spread", "Deployment", "StatefulSet")
def pods_are_spread(resource: Resource, estate: Estate) -> Finding | None:
    """A node, and a zone, may go away at any time."""
    scaled = _scaled(resource, estate)
    fewest = scaled.at("spec.minReplicas") if scaled else resource.at("spec.replicas")
    return every(
        holds(resource, lambda _: int(fewest or 1) >= 2, "it may run as one pod"),
        either(
            "all of its pods may stand in one zone",
            holds(pod_of(resource), _spreads_over_zones, ""),
            is_set(pod_of(resource), "affinity.podAntiAffinity", ""),
        ),
        holds(resource, lambda one: _is_protected(one, estate), "all of it may be away at once"),
    )


def _mounts_its_own(pod: Resource) -> Truth:
    volumes = _listed(dict(pod.values), "volumes")
    return all(set(volume) - {"name"} <= _VOLUMES for volume in volumes)


def _spreads_over_zones(pod: Resource) -> Truth:
    spread = _listed(dict(pod.values), "topologySpreadConstraints")
    return any(each.get("topologyKey") == _ZONE for each in spread)


def _scaled(resource: Resource, estate: Estate) -> Resource | None:
    return next(
        (
            each
            for each in estate.of_type("HorizontalPodAutoscaler")
            if namespace_of(each) == namespace_of(resource)
            and each.at("spec.scaleTargetRef.kind") == resource.type
            and each.at("spec.scaleTargetRef.name") == resource.at("metadata.name")
        ),
        None,
    )


def _is_protected(resource: Resource, estate: Estate) -> Truth:
    labels = cast("dict[str, str]", resource.at("spec.template.metadata.labels") or {})
    return any(
        namespace_of(each) == namespace_of(resource)
        and is_selected(labels, each.at("spec.selector"))
        and each.at("spec.maxUnavailable") != "100%"
        and each.at("spec.minAvailable") not in (0, "0%")
        for each in estate.of_type("PodDisruptionBudget")
    )


def namespace_of(resource: Resource) -> str:
    """The namespace of an object, `default` where it says none."""
    return str(resource.at("metadata.namespace") or "default")


def is_selected(labels: dict[str, str], selector: Any) -> bool:
    """Say whether a selector by labels takes these."""
    told = cast("dict[str, Any]", selector or {})
    wanted = cast("dict[str, str]", told.get("matchLabels") or {})
    return wanted.items() <= labels.items()
