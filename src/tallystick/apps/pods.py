"""Pods of Kubernetes as the restricted Pod Security Standard wants them, and the names everything of ours has."""

from collections.abc import Mapping
from typing import Any, Final

from tallystick.runtime.configuration import REQUEST_SECONDS_DEFAULT

Manifest = dict[str, Any]

PORT: Final = 8480
USER: Final = 10_001
"""Whom the image runs as (infra/image/Containerfile)."""
IMAGE: Final = "tallystick"
"""What `images` of a kustomization puts a registry and a digest in place of."""
DRAIN_SECONDS: Final = 15
GRACE_SECONDS: Final = DRAIN_SECONDS + REQUEST_SECONDS_DEFAULT + 15
"""What a pod is given to end: it drains, a request takes its whole time, and connections are closed."""
KEYS: Final = "/run/tallystick/keys"
SECRETS: Final = "/run/tallystick/secrets"
TLS: Final = "/run/tallystick/tls"
HOME: Final = "/var/lib/tallystick"
MEMORY: Final = "/var/lib/tallystick-memory"
"""Where a sequencer remembers what it signed: a volume that outlives its pod."""
PULSE: Final = f"{HOME}/record-pulse"
_INTO_MEMORY: Final = ("-exec", "install", "-m", "0600", "{}", KEYS, ";")


def workload_of(
    name: str,
    namespace: str,
    container: Manifest,
    *,
    volumes: list[Manifest],
    remembering: int = 0,
) -> Manifest:
    """What keeps pods running: as many as its scaler says, or so many, each ``remembering`` on a volume of its own."""
    spec: Manifest = {
        "revisionHistoryLimit": 5,
        "selector": {"matchLabels": selector_of(name)},
        "template": pod_of(name, container, volumes),
    }
    kind = "StatefulSet" if remembering else "Deployment"
    if remembering:
        spec |= {
            "replicas": remembering,
            "podManagementPolicy": "Parallel",
            "updateStrategy": {"type": "RollingUpdate"},
            "volumeClaimTemplates": [_claim(name)],
        }
    else:
        rolling = {"maxUnavailable": 0, "maxSurge": 1}
        spec["strategy"] = {"type": "RollingUpdate", "rollingUpdate": rolling}
    made = object_of("apps/v1", kind, name, namespace, spec=spec)
    # A process reads these when it starts and not again: Reloader rolls it out when one of them changes.
    secrets = [each["secret"]["secretName"] for each in volumes if "secret" in each]
    secrets += [one["valueFrom"]["secretKeyRef"]["name"] for one in container.get("env", ())]
    read = {"secret.reloader.stakater.com/reload": ",".join(sorted(secrets))}
    made["metadata"]["annotations"] = read
    return made


def _claim(name: str) -> Manifest:
    """A disk of a pod's own, of the cluster's default class; it stays when its pod goes, and no other pod mounts it."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "memory", "labels": labels_of(name)},
        "spec": {
            "accessModes": ["ReadWriteOncePod"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }


def pod_of(name: str, container: Manifest, volumes: list[Manifest]) -> Manifest:
    taking = [] if KEYS not in _mounted(container) else [_taker()]
    return {
        "metadata": {"labels": labels_of(name)},
        "spec": {
            "serviceAccountName": name,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": GRACE_SECONDS,
            "priorityClassName": "tallystick",
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "runAsGroup": USER,
                "fsGroup": USER,
                "fsGroupChangePolicy": "OnRootMismatch",
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "affinity": {"podAntiAffinity": _apart(name)},
            "topologySpreadConstraints": [_spread(name)],
            **({"initContainers": taking} if taking else {}),
            "containers": [container],
            "volumes": volumes,
        },
    }  # fmt: skip


def _mounted(container: Manifest) -> set[str]:
    return {each["mountPath"] for each in container["volumeMounts"]}


def _spread(name: str) -> Manifest:
    return {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector_of(name)},
    }


def _apart(name: str) -> Manifest:
    """Each pod on a node of its own, where there are as many."""
    others = {
        "topologyKey": "kubernetes.io/hostname",
        "labelSelector": {"matchLabels": selector_of(name)},
    }
    return {
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 100, "podAffinityTerm": others}
        ]
    }


def container_of(command: str, name: str, *options: str, has_tables: bool = True) -> Manifest:
    made: Manifest = {
        "name": "tallystick",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["tallystick", command, *options],
        "envFrom": [{"configMapRef": {"name": name}}],
        "resources": _resources("250m", "1Gi"),
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
    if command == "sequence":
        made["volumeMounts"].append({"name": "memory", "mountPath": MEMORY})
        made |= _probes_of_turns()
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
        "resources": _resources("10m", "32Mi"),
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


def _resources(cpu: str, memory: str) -> Manifest:
    """What is asked for. Memory that may be had is had from the start: a node that is short takes it from others."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": "2", "memory": memory}}


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
            asked = _asking(path)
        return asked | {"timeoutSeconds": 5, **bounds}

    return {
        "startupProbe": probe("/healthz", periodSeconds=2, failureThreshold=60),
        "readinessProbe": probe("/readyz", periodSeconds=5, failureThreshold=2),
        "livenessProbe": probe("/healthz", periodSeconds=20, failureThreshold=3),
    }


def _probes_of_turns() -> Manifest:
    """A sequencer has no port. It lives while it takes turns; it is ready while it, or another, keeps the record."""
    turns, record = _asking("turns"), _asking("record")
    return {
        "startupProbe": turns | {"timeoutSeconds": 5, "periodSeconds": 2, "failureThreshold": 60},
        "readinessProbe": record
        | {"timeoutSeconds": 5, "periodSeconds": 10, "failureThreshold": 2},
        "livenessProbe": turns | {"timeoutSeconds": 5, "periodSeconds": 20, "failureThreshold": 3},
    }


def _asking(what: str) -> Manifest:
    return {"exec": {"command": ["python", "-m", "tallystick.runtime.probing", what]}}


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


def certificate_of(name: str, namespace: str) -> Manifest:
    """What a process shows as a server and as a client: thirty days, renewed ten days before they end."""
    return object_of(
        "cert-manager.io/v1", "Certificate", f"{name}-tls", namespace, of=name,
        spec={
            "secretName": f"{name}-tls",
            "duration": "720h",
            "renewBefore": "240h",
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "usages": ["server auth", "client auth"],
            "dnsNames": [f"{name}.{namespace}.svc", f"{name}.{namespace}.svc.cluster.local"],
            "issuerRef": {"kind": "ClusterIssuer", "name": "tallystick-internal"},
        },
    )  # fmt: skip
