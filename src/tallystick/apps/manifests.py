"""Kubernetes manifests of a split: for each process all that it needs, and the doors of the network that it may use.

Who may connect to whom follows from who asks whom (`parts.NEEDS`), so that a network policy can be neither forgotten
nor too wide. Every container keeps the restricted Pod Security Standard.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import yaml

from tallystick.apps.parts import CONTEXTS, EDGE, NEEDS
from tallystick.apps.pods import (
    DRAIN_SECONDS,
    HOME,
    IMAGE,
    KEYS,
    MEMORY,
    PORT,
    PULSE,
    TLS,
    Manifest,
    account_of,
    certificate_of,
    container_of,
    object_of,
    pod_of,
    probes_of,
    selector_of,
    volumes_of,
    workload_of,
)
from tallystick.apps.splitting import EVERYWHERE, Process, processes_of

STRANGERS: Final = ("payments", "governance")
"""Parts that speak to the world outside: banks, providers, clouds."""
PRIVATE: Final = (
    "10.0.0.0/8",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
)
# What has keys of its own besides those of its doors: by the part, settings and the file each names.
_KEY_FILES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "identity": {
            "TALLYSTICK_TOKEN_KEYS": "token-keys",
            "TALLYSTICK_FACTOR_KEYS": "factor-keys",
        },
        "sequencer": {"TALLYSTICK_RECORD_KEYS": "record-keys"},
    }
)
# Fewest and most pods. One writer a ledger is the fastest way to keep the books: more are for standing in.
_PODS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType({EDGE: (3, 12), "ledger": (2, 3)})
_PODS_ELSE: Final = (2, 6)


def namespace_of(process: Process) -> str:
    """The namespace of a process: one for each zone of the network."""
    if EDGE in process.parts:
        return "tallystick-edge"
    return (
        "tallystick-keys"
        if process.parts in (("identity",), ("sequencer",))
        else "tallystick-services"
    )


def url_of(process_name: str, namespace: str) -> str:
    """Where others reach a process within the cluster."""
    return f"https://{process_name}.{namespace}.svc:{PORT}"


def origin_of(public_url: str) -> str:
    """What the logs of the record are named by: the host that others know us by, which never changes."""
    return f"{public_url.partition('://')[2].partition('/')[0].lower()}/record"


def processes(split: str) -> list[Process]:
    """The processes of a split, each at its name in the cluster. Raises ValueError for a split there is none of."""
    named = processes_of(split, port=PORT, at={})
    at = {one.name: url_of(one.name, namespace_of(one)) for one in named}
    return processes_of(split, port=PORT, at=at)


def write(split: str, folder: Path, *, public_url: str, database_network: str) -> list[Path]:
    """Write the overlay of a split: a file for each process, and the kustomization that names them.

    Raises FileExistsError, OSError; ValueError for a split there is none of.
    """
    made = manifests(split, public_url=public_url, database_network=database_network)
    folder.mkdir(parents=True)
    written: list[Path] = []
    for name, documents in made.items():
        path = folder / f"{name}.yaml"
        path.write_text("---\n".join(map(_text, documents)))
        written.append(path)
    kustomization = _kustomization([path.name for path in written])
    path = folder / "kustomization.yaml"
    path.write_text(_text(kustomization))
    return [*written, path]


class _Plain(yaml.SafeDumper):
    """Says again what is said twice: people read it."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(document: Manifest) -> str:
    return yaml.dump(document, Dumper=_Plain, sort_keys=False, width=120)


def manifests(split: str, *, public_url: str, database_network: str) -> dict[str, list[Manifest]]:
    """The manifests of each process of a split by its name, the record's and the migration's beside them."""
    every = processes(split)
    made = {one.name: list(_of_process(one, every, public_url, database_network)) for one in every}
    made["sequencer"] = list(_of_sequencer(public_url, database_network))
    made["migrate"] = list(_of_migration(database_network))
    return made


def _kustomization(files: Sequence[str]) -> Manifest:
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["../../base", *files],
        # No image has this digest: what was not set is not run. `kustomize edit set image` sets it.
        "images": [
            {
                "name": IMAGE,
                "newName": "registry.internal/tallystick",
                "digest": f"sha256:{'0' * 64}",
            }
        ],
    }


def _of_process(
    process: Process, every: Sequence[Process], public_url: str, database_network: str
) -> Iterator[Manifest]:
    name, namespace = process.name, namespace_of(process)
    contexts = [part for part in process.parts if part in CONTEXTS]
    asked = _asked(process, every)
    yield account_of(name, namespace)
    yield object_of(
        "v1", "ConfigMap", name, namespace, data=_settings(process, asked, every, public_url)
    )
    yield certificate_of(name, namespace)
    files = _door_files(process, every) | _key_files(process.parts)
    yield from _secrets(name, namespace, files=files, has_tables=bool(contexts))
    yield _deployment(process, has_tables=bool(contexts))
    yield object_of(
        "v1", "Service", name, namespace,
        spec={"selector": selector_of(name), "ports": [{"name": "https", "port": PORT, "targetPort": "https"}]},
    )  # fmt: skip
    yield from _bounds(name, namespace, process.parts)
    yield _network(
        name,
        namespace,
        asking=[]
        if EDGE in process.parts
        else [one for one in every if process in _asked(one, every)],
        from_outside=EDGE in process.parts,
        asked=asked,
        database_network=database_network if contexts else "",
        to_strangers=any(part in STRANGERS for part in process.parts),
    )


def _wanted(process: Process) -> set[str]:
    """The parts in other processes that parts of this one ask."""
    return {one for part in process.parts for one in NEEDS[part]} - set(process.parts)


def _asked(process: Process, every: Sequence[Process]) -> list[Process]:
    """The other processes that parts of this one ask."""
    wanted = _wanted(process)
    return [one for one in every if wanted & set(one.parts)]


def _settings(
    process: Process, asked: Sequence[Process], every: Sequence[Process], public_url: str
) -> dict[str, str]:
    wanted = _wanted(process)
    where = {part: one.url for one in asked for part in one.parts if part in wanted}
    files = _door_files(process, every)
    told = {
        "TALLYSTICK_ENVIRONMENT": "production",
        "TALLYSTICK_ONLY": ",".join(process.parts),
        "TALLYSTICK_HOST": EVERYWHERE,
        "TALLYSTICK_PORT": str(PORT),
        "TALLYSTICK_PUBLIC_URL": public_url,
        "TALLYSTICK_HOME": HOME,
        "TALLYSTICK_RECORD_ORIGIN": origin_of(public_url),
        "TALLYSTICK_DRAIN_SECONDS": str(DRAIN_SECONDS),
        "TALLYSTICK_DOOR_KEY": f"{KEYS}/door.key" if "door.key" in files else "",
        "TALLYSTICK_DOOR_PEERS": f"{KEYS}/peers.toml" if "peers.toml" in files else "",
        "TALLYSTICK_DOOR_URLS": " ".join(f"{one}={url}" for one, url in sorted(where.items())),
        "TALLYSTICK_TLS_CERTIFICATE": f"{TLS}/tls.crt",
        "TALLYSTICK_TLS_KEY": f"{TLS}/tls.key",
        # Strangers come to the edge without a certificate of ours; between our processes both sides show one.
        "TALLYSTICK_TLS_CLIENT_CA": "" if EDGE in process.parts else f"{TLS}/ca.crt",
        "TALLYSTICK_CA": f"{TLS}/ca.crt",
        "TALLYSTICK_CLIENT_CERTIFICATE": f"{TLS}/tls.crt",
        "TALLYSTICK_CLIENT_KEY": f"{TLS}/tls.key",
        **_key_settings(process.parts),
    }
    return {setting: value for setting, value in told.items() if value}


def _key_settings(parts: Sequence[str]) -> dict[str, str]:
    return {
        setting: f"{KEYS}/{file}"
        for part in parts
        for setting, file in _KEY_FILES.get(part, {}).items()
    }


def _of_sequencer(public_url: str, database_network: str) -> Iterator[Manifest]:
    """The one that signs the record: two stand ready, and the lease in the database says which of them does."""
    name, namespace = "sequencer", "tallystick-keys"
    yield account_of(name, namespace)
    settings = {
        "TALLYSTICK_ENVIRONMENT": "production",
        "TALLYSTICK_HOME": HOME,
        "TALLYSTICK_RECORD_ORIGIN": origin_of(public_url),
        # Keys are mounted to be read; what was signed is remembered where it outlives the pod.
        "TALLYSTICK_RECORD_MEMORY": f"{MEMORY}/record-memory",
        "TALLYSTICK_RECORD_PULSE": PULSE,
        **_key_settings([name]),
    }
    yield object_of("v1", "ConfigMap", name, namespace, data=settings)
    yield from _secrets(name, namespace, files=_key_files([name]), has_tables=True)
    container = container_of("sequence", name)
    yield workload_of(
        name, namespace, container, volumes=volumes_of(name, has_tls=False), remembering=2
    )
    yield _disruption(name, namespace)
    yield _network(name, namespace, database_network=database_network)


def _of_migration(database_network: str) -> Iterator[Manifest]:
    """What brings the database to the release; the login of the owner is given to it alone."""
    name, namespace = "migrate", "tallystick-keys"
    yield account_of(name, namespace)
    yield object_of(
        "v1", "ConfigMap", name, namespace,
        data={"TALLYSTICK_ENVIRONMENT": "production", "TALLYSTICK_HOME": HOME},
    )  # fmt: skip
    yield from _secrets(name, namespace, files={}, has_tables=True)
    yield _migrating(name, namespace, "--pre")
    # The rest, which the release before could not live with: somebody lets it run once that release is gone.
    yield _migrating("migrate-rest", namespace, waits=True)
    yield _network(name, namespace, database_network=database_network)


def _migrating(name: str, namespace: str, *options: str, waits: bool = False) -> Manifest:
    volumes = volumes_of("migrate", has_tls=False, has_keys=False)
    pod = pod_of("migrate", container_of("migrate", "migrate", *options), volumes)
    pod["spec"]["restartPolicy"] = "Never"
    del pod["spec"]["topologySpreadConstraints"], pod["spec"]["affinity"]
    bounds = {"backoffLimit": 2, "activeDeadlineSeconds": 3_600, "ttlSecondsAfterFinished": 600}
    spec = {"suspend": waits, **bounds, "template": pod}
    return object_of("batch/v1", "Job", name, namespace, of="migrate", spec=spec)


def _deployment(process: Process, *, has_tables: bool) -> Manifest:
    container = container_of("serve", process.name, has_tables=has_tables)
    container["ports"] = [{"name": "https", "containerPort": PORT}]
    container |= probes_of(is_edge=EDGE in process.parts)
    return workload_of(
        process.name, namespace_of(process), container, volumes=volumes_of(process.name)
    )


def _door_files(process: Process, every: Sequence[Process]) -> dict[str, str]:
    """Who a process is to the others, and whom it hears where others ask it, as `tallystick doors init` writes it."""
    asked = any(process in _asked(one, every) for one in every if one != process)
    alone = len(every) == 1
    key = {} if alone else {"door.key": "door-key"}
    return key | ({"peers.toml": "peers"} if asked else {})


def _key_files(parts: Sequence[str]) -> dict[str, str]:
    return {file: file for part in parts for file in _KEY_FILES.get(part, {}).values()}


def _secrets(
    name: str, namespace: str, *, files: Mapping[str, str], has_tables: bool
) -> Iterator[Manifest]:
    """What comes from the secret manager: the login of the database, and the files of keys."""
    wanted: dict[str, Mapping[str, str]] = {}
    if has_tables:
        wanted[f"{name}-database"] = {"url": "database-url"}
    if files:
        wanted[f"{name}-keys"] = files
    for target, keys in wanted.items():
        yield object_of(
            "external-secrets.io/v1", "ExternalSecret", target, namespace, of=name,
            spec={
                "refreshInterval": "15m",
                "secretStoreRef": {"kind": "ClusterSecretStore", "name": "tallystick"},
                "target": {"name": target, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
                "data": [
                    {"secretKey": key, "remoteRef": {"key": f"tallystick/{name}/{place}", "property": "value"}}
                    for key, place in keys.items()
                ],
            },
        )  # fmt: skip


def _bounds(name: str, namespace: str, parts: Sequence[str]) -> Iterator[Manifest]:
    """How many pods there are, and how many of them may be away at once."""
    fewest, most = next((_PODS[part] for part in parts if part in _PODS), _PODS_ELSE)
    yield object_of(
        "autoscaling/v2", "HorizontalPodAutoscaler", name, namespace,
        spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": fewest,
            "maxReplicas": most,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
                }
            ],
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": 600}},
        },
    )  # fmt: skip
    yield _disruption(name, namespace)


def _disruption(name: str, namespace: str) -> Manifest:
    return object_of(
        "policy/v1", "PodDisruptionBudget", name, namespace,
        spec={
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": selector_of(name)},
        },
    )  # fmt: skip


def _network(
    name: str,
    namespace: str,
    *,
    asking: Sequence[Process] = (),
    from_outside: bool = False,
    asked: Sequence[Process] = (),
    database_network: str = "",
    to_strangers: bool = False,
) -> Manifest:
    """Who may connect to a process and where it may connect, besides asking for names; all else is refused."""
    https = [{"protocol": "TCP", "port": PORT}]
    ingress: list[Manifest] = [{"from": [_pods(one)], "ports": https} for one in asking]
    if from_outside:
        gateways = {"namespaceSelector": {"matchLabels": {"tallystick.io/gateway": "true"}}}
        ingress.append({"from": [gateways], "ports": https})
    egress: list[Manifest] = [{"to": [_pods(one)], "ports": https} for one in asked]
    if database_network:
        egress.append(
            {
                "to": [{"ipBlock": {"cidr": database_network}}],
                "ports": [{"protocol": "TCP", "port": 5432}],
            }
        )
    if to_strangers:
        world = {"ipBlock": {"cidr": "0.0.0.0/0", "except": list(PRIVATE)}}
        egress.append({"to": [world], "ports": [{"protocol": "TCP", "port": 443}]})
    return object_of(
        "networking.k8s.io/v1", "NetworkPolicy", name, namespace,
        spec={
            "podSelector": {"matchLabels": selector_of(name)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        },
    )  # fmt: skip


def _pods(process: Process) -> Manifest:
    return {
        "namespaceSelector": {
            "matchLabels": {"kubernetes.io/metadata.name": namespace_of(process)}
        },
        "podSelector": {"matchLabels": selector_of(process.name)},
    }
