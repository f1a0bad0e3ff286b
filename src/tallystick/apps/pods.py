"""Pods of Kubernetes as the restricted Pod Security Standard wants them, and the names everything of ours has."""

from collections.abc import Mapping
from typing import Any, Final

Manifest = dict[str, Any]

PORT: Final = 8480
USER: Final = 10_001
"""Whom the image runs as (infra/image/Containerfile)."""
IMAGE: Final = "tallystick"
"""What `images` of a kustomization puts a registry and a digest in place of."""
DRAIN_SECONDS: Final = 15
KEYS: Final = "/run/tallystick/keys"
SECRETS: Final = "/run/tallystick/secrets"
TLS: Final = "/run/tallystick/tls"
HOME: Final = "/var/lib/tallystick"
_INTO_MEMORY: Final = ("-exec", "install", "-m", "0600", "{}", KEYS, ";")


def workload_of(
    name: str,
    namespace: str,
    container: Manifest,
    *,
    volumes: list[Manifest],
    replicas: int | None = None,
) -> Manifest:
    spec: Manifest = {
        "revisionHistoryLimit": 5,
        "selector": {"matchLabels": selector_of(name)},
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1},
        },
        "template": pod_of(name, container, volumes),
    }
    if replicas is not None:
        spec["replicas"] = replicas
    made = object_of("apps/v1", "Deployment", name, namespace, spec=spec)
    # A process reads these when it starts and not again: Reloader rolls it out when one of them changes.
    secrets = [each["secret"]["secretName"] for each in volumes if "secret" in each]
    secrets += [one["valueFrom"]["secretKeyRef"]["name"] for one in container.get("env", ())]
    read = {"secret.reloader.stakater.com/reload": ",".join(sorted(secrets))}
    made["metadata"]["annotations"] = read
    return made


def pod_of(name: str, container: Manifest, volumes: list[Manifest]) -> Manifest:
    taking = [] if KEYS not in _mounted(container) else [_taker()]
    return {
        "metadata": {"labels": labels_of(name)},
        "spec": {
            "serviceAccountName": name,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": DRAIN_SECONDS + 45,
            "priorityClassName": "tallystick",
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "runAsGroup": USER,
                "fsGroup": USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "topologySpreadConstraints": [
                _spread(name, over) for over in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
            ],
            **({"initContainers": taking} if taking else {}),
            "containers": [container],
            "volumes": volumes,
        },
    }  # fmt: skip


def _mounted(container: Manifest) -> set[str]:
    return {each["mountPath"] for each in container["volumeMounts"]}


def _spread(name: str, over: str) -> Manifest:
    return {
        "maxSkew": 1,
        "topologyKey": over,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector_of(name)},
    }


def container_of(command: str, name: str, *, has_tables: bool = True) -> Manifest:
    made: Manifest = {
        "name": "tallystick",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["tallystick", command],
        "envFrom": [{"configMapRef": {"name": name}}],
        "resources": _resources("250m", "384Mi", "1Gi"),
        "securityContext": _closed(),
        "volumeMounts": [
            {"name": "home", "mountPath": HOME},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108
        ],
    }
    if has_tables:
        reference = {"secretKeyRef": {"name": f"{name}-database", "key": "url"}}
        made["env"] = [{"name": "TALLYSTICK_DATABASE_URL", "valueFrom": reference}]
    if command != "migrate":
        made["volumeMounts"].append({"name": "keys", "mountPath": KEYS, "readOnly": True})
    if command == "serve":
        made["volumeMounts"].append({"name": "tls", "mountPath": TLS, "readOnly": True})
    return made


def _taker() -> Manifest:
    """Takes the keys into memory with a mode that nobody else can read: mounted secrets belong to root and a group."""
    return {
        "name": "take-keys",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["find", SECRETS, "-type", "l", "-name", "[!.]*", *_INTO_MEMORY],
        "resources": _resources("10m", "16Mi", "32Mi"),
        "securityContext": _closed(),
        "volumeMounts": [
            {"name": "secrets", "mountPath": SECRETS, "readOnly": True},
            {"name": "keys", "mountPath": KEYS},
        ],
    }  # fmt: skip


def volumes_of(name: str, *, has_tls: bool = True, has_keys: bool = True) -> list[Manifest]:
    """The volumes of a pod. A certificate and its key are one volume, so that they change together."""
    made: list[Manifest] = [
        {"name": "home", "emptyDir": {"sizeLimit": "256Mi"}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
    ]
    if has_keys:
        secret = {"secretName": f"{name}-keys", "defaultMode": 0o440}
        made.append({"name": "secrets", "secret": secret})
        made.append({"name": "keys", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}})
    if has_tls:
        secret = {"secretName": f"{name}-tls", "defaultMode": 0o440}
        made.append({"name": "tls", "secret": secret})
    return made


def _resources(cpu: str, memory: str, most: str) -> Manifest:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": "2", "memory": most}}


def _closed() -> Manifest:
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def probes_of(*, is_edge: bool) -> Manifest:
    """Where a certificate is asked for, which no kubelet has, the process asks itself."""

    def probe(path: str, **bounds: int) -> Manifest:
        asked: Manifest = {"httpGet": {"path": path, "port": "https", "scheme": "HTTPS"}}
        if not is_edge:
            asked = {"exec": {"command": ["python", "-m", "tallystick.runtime.probing", path]}}
        return asked | {"timeoutSeconds": 5, **bounds}

    return {
        "startupProbe": probe("/healthz", periodSeconds=2, failureThreshold=60),
        "readinessProbe": probe("/readyz", periodSeconds=5, failureThreshold=2),
        "livenessProbe": probe("/healthz", periodSeconds=20, failureThreshold=3),
    }


def selector_of(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "tallystick"}


def labels_of(name: str) -> dict[str, str]:
    return {**selector_of(name), "tallystick.io/service": name}


def object_of(
    api: str,
    kind: str,
    name: str,
    namespace: str,
    *,
    of: str = "",
    spec: Manifest | None = None,
    data: Mapping[str, str] | None = None,
) -> Manifest:
    """An object of a cluster with our labels: it belongs to the process ``of``, or to the one it is named by."""
    made: Manifest = {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "labels": labels_of(of or name)},
    }
    if spec is not None:
        made["spec"] = spec
    if data is not None:
        made["data"] = dict(data)
    return made


def account_of(name: str, namespace: str) -> Manifest:
    """Whom the pods of a process are to a cloud; to the cluster they are nobody."""
    made = object_of("v1", "ServiceAccount", name, namespace)
    return made | {"automountServiceAccountToken": False}
