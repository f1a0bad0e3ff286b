"""The edges of three clouds and the pods behind them: what a component says is what Terraform plans for production."""

import base64
import json
from typing import Any

import kubernetes_validate
import pytest
from cryptography import x509

from tallystick.apps.pods import PORT
from tallystick.apps.splitting import SPLITS
from tallystick.governance.model.judging import judge
from tests.governance.test_controls_kubernetes import catalogue, estate_of
from tests.infra.kube_linter import CHECKS
from tests.infra.kustomize import (
    COMPONENTS,
    OVERLAYS,
    Manifest,
    containers_of,
    named,
    pod_of,
    rendered,
    taking,
)
from tests.infra.planning import CLOUDS, ESTATES, planned
from tests.infra.test_manifests import FOREIGN, RELEASE
from tests.infra.test_terraform_code import environments

EDGE = "tallystick-edge"
AZURE = "service.beta.kubernetes.io/azure-load-balancer-"


@pytest.fixture(scope="module", params=CLOUDS)
def cloud(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module", params=SPLITS)
def taken(request: pytest.FixtureRequest, cloud: str) -> list[Manifest]:
    return taking(rendered(OVERLAYS / request.param), COMPONENTS / cloud)


def on(cloud: str) -> list[Manifest]:
    return taking(rendered(OVERLAYS / "three"), COMPONENTS / cloud)


def made(cloud: str, kind: str, *within: str) -> list[dict[str, Any]]:
    """Give the values of each resource of a type in production, where its address has all of the words."""
    assert (cloud, "production") in ESTATES
    return [
        one["values"]
        for one in planned(cloud, "production")  # type: ignore[arg-type]
        if one["type"] == kind and all(word in one["address"] for word in within)
    ]


def ranges(manifests: list[Manifest]) -> set[str]:
    """Give the ranges that the policy for the load balancer lets in."""
    (rule,) = named(manifests, "NetworkPolicy")["gateway"]["spec"]["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": PORT}]
    assert all(peer.keys() == {"ipBlock"} for peer in rule["from"])
    assert all(peer["ipBlock"].keys() == {"cidr"} for peer in rule["from"])
    return {peer["ipBlock"]["cidr"] for peer in rule["from"]}


def gateway(manifests: list[Manifest]) -> Manifest:
    return named(manifests, "Service")["gateway"]


def disks(manifests: list[Manifest]) -> Manifest:
    """Give the class of the disks that a sequencer asks for."""
    (claim,) = named(manifests, "StatefulSet")["sequencer"]["spec"]["volumeClaimTemplates"]
    return named(manifests, "StorageClass")[claim["spec"]["storageClassName"]]


def test_every_manifest_is_valid_and_none_is_there_twice(taken: list[Manifest]) -> None:
    keys = [(it["kind"], it["metadata"].get("namespace"), it["metadata"]["name"]) for it in taken]
    assert len(set(keys)) == len(keys)
    for manifest in taken:
        if manifest["kind"] not in FOREIGN | {"TargetGroupBinding"}:
            kubernetes_validate.validate(manifest, RELEASE, strict=True)


def test_controls_and_checks_hold_with_a_component(taken: list[Manifest]) -> None:
    judgement = judge(estate=estate_of(taken), catalogue=catalogue(), at=0)
    assert not [it for it in judgement.verdicts if it.outcome not in ("pass", "not_applicable")]
    asked = {name: check.predicate for name, check in CHECKS.items() if check.predicate}
    assert not {name: found for name, predicate in asked.items() if (found := predicate(taken))}


def test_the_load_balancer_leads_to_the_pods_of_the_edge_alone(taken: list[Manifest]) -> None:
    policy = named(taken, "NetworkPolicy")["gateway"]
    service = gateway(taken)
    wanted = service["spec"]["selector"]
    assert policy["spec"]["podSelector"]["matchLabels"] == wanted
    assert policy["spec"]["policyTypes"] == ["Ingress"]
    assert policy["metadata"]["namespace"] == service["metadata"]["namespace"] == EDGE
    meant = [
        one
        for one in taken
        if pod_of(one)
        and one["metadata"]["namespace"] == EDGE
        and wanted.items() <= one["spec"]["template"]["metadata"]["labels"].items()
    ]
    (edge,) = meant
    (port,) = service["spec"]["ports"]
    ports = [
        it for container in containers_of(pod_of(edge) or {}) for it in container.get("ports", [])
    ]
    assert ports == [{"name": port["targetPort"], "containerPort": PORT}]
    assert port["port"] == PORT


def test_only_azure_has_a_load_balancer_of_the_clusters_own_and_nobody_a_port_of_a_node(
    cloud: str, taken: list[Manifest]
) -> None:
    bounds = [it for it in taken if it["kind"] == "ResourceQuota"]
    assert len(bounds) == 3
    for bound in bounds:
        has_one = cloud == "azure" and bound["metadata"]["namespace"] == EDGE
        assert bound["spec"]["hard"]["services.loadbalancers"] == ("1" if has_one else "0")
        assert bound["spec"]["hard"]["services.nodeports"] == "0"
    kinds = [it["spec"].get("type") for it in taken if it["kind"] == "Service"]
    assert kinds.count("LoadBalancer") == (cloud == "azure")
    assert "NodePort" not in kinds


def test_aws_registers_pods_in_the_group_that_the_edge_asks() -> None:
    manifests = on("aws")
    (group,) = made("aws", "aws_lb_target_group")
    spec = named(manifests, "TargetGroupBinding")["gateway"]["spec"]
    assert spec == {
        "serviceRef": {"name": gateway(manifests)["metadata"]["name"], "port": group["port"]},
        "targetGroupName": group["name"],
        "targetType": group["target_type"],
    }
    subnets = made("aws", "aws_subnet", "module.network", '"edge-')
    assert ranges(manifests) == {it["cidr_block"] for it in subnets}
    label = "elbv2.k8s.aws/pod-readiness-gate-inject"
    assert named(manifests, "Namespace")[EDGE]["metadata"]["labels"][label] == "enabled"


def test_gcp_fills_the_groups_that_the_edge_asks() -> None:
    manifests = on("gcp")
    groups = made("gcp", "google_compute_network_endpoint_group")
    said = json.loads(gateway(manifests)["metadata"]["annotations"]["cloud.google.com/neg"])
    (name,) = {it["name"] for it in groups}
    (port,) = {it["default_port"] for it in groups}
    assert said == {"exposed_ports": {str(port): {"name": name}}}
    (wall,) = made("gcp", "google_compute_firewall", '"services-in-edge"')
    assert ranges(manifests) == set(wall["source_ranges"])


def test_azure_listens_where_the_edge_asks() -> None:
    manifests = on("azure")
    (edge,) = made("azure", "azurerm_application_gateway")
    (subnet,) = made("azure", "azurerm_subnet", "module.network.", '"services"')
    (outside,) = made("azure", "azurerm_subnet", "module.network.", '"edge"')
    service = gateway(manifests)
    assert service["metadata"]["annotations"] == {
        f"{AZURE}internal": "true",
        f"{AZURE}internal-subnet": subnet["name"],
        f"{AZURE}ipv4": edge["backend_address_pool"][0]["ip_addresses"][0],
    }
    assert service["spec"]["ports"][0]["port"] == edge["backend_http_settings"][0]["port"]
    # A pod sees who asks, which its policy goes by, where no node hands a request on.
    assert service["spec"]["externalTrafficPolicy"] == "Local"
    assert service["spec"]["allocateLoadBalancerNodePorts"] is False
    assert ranges(manifests) == set(outside["address_prefixes"])
    assert service["spec"]["loadBalancerSourceRanges"] == outside["address_prefixes"]


def test_azure_takes_the_certificate_that_pods_show() -> None:
    (edge,) = made("azure", "azurerm_application_gateway")
    (asked,) = edge["backend_http_settings"]
    (trusted,) = edge["trusted_root_certificate"]
    assert asked["trusted_root_certificate_names"] == [trusted["name"]]
    authority = x509.load_der_x509_certificate(base64.b64decode(trusted["data"]))
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    certificates = named(on("azure"), "Certificate")
    shown = certificates["edge-tls"]["spec"]
    assert shown["commonName"] == asked["host_name"]
    assert asked["host_name"] in shown["dnsNames"]
    others = [it["spec"] for name, it in certificates.items() if name != "edge-tls"]
    assert others
    assert all(asked["host_name"] not in it["dnsNames"] for it in others)


def test_disks_of_a_sequencer_are_under_the_key_for_data_and_stay(cloud: str) -> None:
    kind = disks(on(cloud))
    here = environments()["environments"]["production"]["clouds"][cloud]
    assert kind["reclaimPolicy"] == "Retain"
    assert kind["volumeBindingMode"] == "WaitForFirstConsumer"
    said = kind["parameters"]
    if cloud == "aws":
        (alias,) = made(cloud, "aws_kms_alias", '"data"')
        assert said["encrypted"] == "true"
        assert said["kmsKeyId"] == f"arn:aws:kms:{here['region']}:{here['account']}:{alias['name']}"
    elif cloud == "gcp":
        (key,) = made(cloud, "google_kms_crypto_key", '"data-here"')
        (ring,) = made(cloud, "google_kms_key_ring", '"here"')
        place = f"projects/{here['account']}/locations/{ring['location']}/keyRings/{ring['name']}"
        assert said["disk-encryption-kms-key"] == f"{place}/cryptoKeys/{key['name']}"
    else:
        (keys,) = made(cloud, "azurerm_disk_encryption_set")
        group = f"/subscriptions/{here['account']}/resourceGroups/{keys['resource_group_name']}"
        place = f"{group}/providers/Microsoft.Compute/diskEncryptionSets/{keys['name']}"
        assert said["diskEncryptionSetID"] == place
        assert said["networkAccessPolicy"] == "DenyAll"
