"""Kubernetes: namespaces, networks, and who may do what."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any, Final, cast

from tallystick.governance.model.controls.kubernetes_pods import control, namespace_of
from tallystick.governance.model.predicates import (
    Finding,
    Related,
    every,
    exists,
    holds,
    is_empty,
    is_none_of,
    is_one_of,
    is_set,
    when,
)
from tallystick.governance.model.values import Estate, Resource

BREAK_GLASS: Final = "tallystick:break-glass"
_ADMINISTRATORS: Final = ("cluster-admin", "admin", "edit", "system:masters")
_METADATA: Final = "169.254.0.0/16"
# Where this is not said, a load balancer of Azure's has an address of the internet.
_INSIDE: Final = "service.beta.kubernetes.io/azure-load-balancer-internal"
# A range of addresses that is shorter is no place but the world.
_PLACE_BITS_MIN: Final = 8
_MAKING: Final = frozenset(
    {"pods", "deployments", "statefulsets", "daemonsets", "replicasets", "replicationcontrollers", "jobs", "cronjobs",
     "certificatesigningrequests/approval", "validatingadmissionpolicies", "validatingadmissionpolicybindings",
     "validatingwebhookconfigurations", "mutatingwebhookconfigurations", "rolebindings", "clusterrolebindings",
     "roles", "clusterroles", "networkpolicies"}
)  # fmt: skip
# Verbs and things by which who may do a little makes it much.
_RISING_VERBS: Final = frozenset({"*", "escalate", "bind", "impersonate"})
_RISING_THINGS: Final = frozenset(
    {"*", "secrets", "pods/exec", "pods/attach", "pods/ephemeralcontainers", "nodes/proxy",
     "serviceaccounts/token"}
)  # fmt: skip


@control("kubernetes-namespace-restricted", "Namespace")
def namespace_is_restricted(namespace: Resource, estate: Estate) -> Finding | None:
    """What a manifest forgets, admission refuses."""
    labels = cast("dict[str, Any]", namespace.at("metadata.labels") or {})
    level = labels.get("pod-security.kubernetes.io/enforce")
    return every(
        holds(namespace, lambda _: level == "restricted", "pods in it need not be restricted")
    )


@control("kubernetes-namespace-closed", "Namespace")
def namespace_is_closed(namespace: Resource, estate: Estate) -> Finding | None:
    """Only what a policy names connects, in either direction."""
    of_all = tuple(
        each
        for each in estate.of_type("NetworkPolicy")
        if namespace_of(each) == namespace.at("metadata.name") and not each.at("spec.podSelector")
    )
    return every(
        exists(_denying(of_all, "Ingress", "ingress"), "whoever names no policy may be reached"),
        exists(_denying(of_all, "Egress", "egress"), "whoever names no policy may reach anything"),
    )


def _denying(policies: tuple[Resource, ...], direction: str, rules: str) -> Related:
    return Related(
        tuple(
            each
            for each in policies
            if direction in (each.at("spec.policyTypes") or ("Ingress",))
            and not each.at(f"spec.{rules}")
        )
    )


@control("kubernetes-network-named", "NetworkPolicy")
def network_is_named(policy: Resource, estate: Estate) -> Finding | None:
    """A rule says who, and for the whole world at which port."""
    ingress, egress = _rules(policy, "ingress"), _rules(policy, "egress")
    return every(
        holds(
            policy,
            lambda _: all(
                rule.get("from") and not any(map(_is_anybody, rule["from"])) for rule in ingress
            ),
            "anybody may connect",
        ),
        holds(
            policy,
            lambda _: not any(is_world(block) for block in _blocks(ingress, "from")),
            "the whole world may connect",
        ),
        holds(policy, lambda _: all(rule.get("to") for rule in egress), "it may connect to anything"),
        holds(
            policy,
            lambda _: all(
                rule.get("ports") for rule in egress if any(_worldly(rule))
            ),
            "it may connect to the whole world at any port",
        ),
        holds(
            policy,
            lambda _: all(
                _METADATA in (block.get("except") or ()) for rule in egress for block in _worldly(rule)
            ),
            "it may ask the node for its credentials",
        ),
    )  # fmt: skip


def _rules(policy: Resource, side: str) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", policy.at(f"spec.{side}") or [])


def _blocks(rules: list[dict[str, Any]], side: str) -> Iterator[dict[str, Any]]:
    for rule in rules:
        for peer in rule.get(side) or ():
            if "ipBlock" in peer:
                yield peer["ipBlock"] or {}


def _worldly(rule: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (block for block in _blocks([rule], "to") if is_world(block))


def is_world(block: dict[str, Any]) -> bool:
    """Say whether a block of addresses is no place: all of them, half of them, or none that can be read."""
    try:
        network = ip_network(str(block.get("cidr")), strict=False)
    except ValueError:
        return True
    return network.prefixlen < _PLACE_BITS_MIN


def _is_anybody(peer: dict[str, Any]) -> bool:
    """Say whether a peer is every pod of every namespace."""
    return (
        "ipBlock" not in peer
        and peer.get("namespaceSelector") == {}
        and not peer.get("podSelector")
    )


@control("kubernetes-services-inside", "Service")
def services_are_inside(service: Resource, estate: Estate) -> Finding | None:
    """Strangers come through the web firewall, which asks a pod, or a load balancer that stands inside as it does."""
    notes = cast("dict[str, Any]", service.at("metadata.annotations") or {})
    taken = cast("list[str]", service.at("spec.loadBalancerSourceRanges") or [])
    alone = service.at("spec.type") != "LoadBalancer"
    return every(
        is_one_of(
            service, "spec.type", ("ClusterIP", "LoadBalancer"), "it opens a port of nodes", absent="ClusterIP"
        ),
        holds(service, lambda _: alone or notes.get(_INSIDE) == "true", "its load balancer stands outside"),
        holds(
            service,
            lambda it: alone or it.at("spec.allocateLoadBalancerNodePorts") is False,
            "its load balancer opens a port of nodes",
        ),
        holds(
            service,
            lambda _: alone or (bool(taken) and not any(is_world({"cidr": each}) for each in taken)),
            "its load balancer takes what anybody sends",
        ),
        is_empty(service, "spec.externalIPs", "it takes addresses from outside"),
    )  # fmt: skip


@control("kubernetes-ways-in-named", "Ingress", "HTTPRoute", "GRPCRoute", "TCPRoute", "Gateway")
def ways_in_are_named(route: Resource, estate: Estate) -> Finding | None:
    """A way in stands with the gateway, in a namespace that says so, and not beside what it leads to."""
    namespaces = {
        each.at("metadata.name"): cast("dict[str, Any]", each.at("metadata.labels") or {})
        for each in estate.of_type("Namespace")
    }
    labels = namespaces.get(namespace_of(route), {})
    return every(
        holds(
            route,
            lambda _: labels.get("tallystick.io/gateway") == "true",
            "it opens a way in beside the web firewall",
        )
    )


@control("kubernetes-admins-limited", "ClusterRoleBinding", "RoleBinding")
def admins_are_limited(binding: Resource, estate: Estate) -> Finding | None:
    """Nobody stands as an administrator; who must be one breaks the glass."""
    subjects = cast("list[dict[str, Any]]", binding.at("subjects") or [])
    return when(
        binding.at("roleRef.name") in _ADMINISTRATORS,
        holds(
            binding,
            lambda _: all(
                (each.get("kind"), each.get("name")) == ("Group", BREAK_GLASS) for each in subjects
            ),
            "somebody is an administrator without breaking the glass",
        ),
    )


@control("kubernetes-bindings-named", "ClusterRoleBinding", "RoleBinding")
def bindings_are_named(binding: Resource, estate: Estate) -> Finding | None:
    """Rights of everybody are rights of whoever gets in."""
    everybody = (
        "system:anonymous", "system:unauthenticated", "system:authenticated", "system:serviceaccounts",
    )  # fmt: skip
    return every(
        is_set(binding, "subjects", "it binds nobody"),
        is_none_of(binding, "subjects.*.name", everybody, "it gives everybody the role"),
    )


@control("kubernetes-roles-small", "ClusterRole", "Role")
def roles_are_small(role: Resource, estate: Estate) -> Finding | None:
    """No role may read secrets, enter pods, or make itself more."""
    rules = cast("list[dict[str, Any]]", role.at("rules") or [])
    return every(
        holds(
            role,
            lambda _: not any(_RISING_VERBS & set(rule.get("verbs") or ()) for rule in rules),
            "whoever has it can give themselves more",
        ),
        holds(
            role,
            lambda _: not any(_RISING_THINGS & set(rule.get("resources") or ()) for rule in rules),
            "it reads secrets or enters pods",
        ),
        holds(
            role,
            lambda _: not any(map(_makes_more, rules)),
            "it makes pods, signs certificates or changes what admission refuses",
        ),
        holds(
            role,
            lambda _: not any("*" in (rule.get("apiGroups") or ()) for rule in rules),
            "it is of every group of objects, those to come too",
        ),
    )


def _makes_more(rule: dict[str, Any]) -> bool:
    writes = set(rule.get("verbs") or ()) - {"get", "list", "watch"}
    return bool(writes and _MAKING & set(rule.get("resources") or ()))


@control("kubernetes-mutual-tls", "ConfigMap")
def mutual_tls(config: Resource, estate: Estate) -> Finding | None:
    """Between processes of ours both sides show a certificate; strangers come to the edge alone."""
    told = cast("dict[str, str]", config.at("data") or {})
    parts = told.get("TALLYSTICK_ONLY", "").split(",")
    return when(
        "TALLYSTICK_ONLY" in told,
        is_set(config, "data.TALLYSTICK_TLS_CERTIFICATE", "it serves in the clear"),
        is_set(
            config, "data.TALLYSTICK_CLIENT_CERTIFICATE", "it shows no certificate to the others"
        ),
        holds(
            config,
            lambda _: "edge" in parts or bool(told.get("TALLYSTICK_TLS_CLIENT_CA")),
            "whoever reaches it need show no certificate",
        ),
        holds(
            config,
            lambda _: "http://" not in told.get("TALLYSTICK_DOOR_URLS", ""),
            "it asks another process in the clear",
        ),
    )
