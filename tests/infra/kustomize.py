"""As much of Kustomize as our kustomizations use: resources, and images by digest. What else one says is refused."""

from pathlib import Path
from typing import Any

import yaml

from tests.tidy import tree

KUBERNETES = tree.ROOT / "infra" / "kubernetes"
OVERLAYS = KUBERNETES / "overlays"
KNOWN = {"apiVersion", "kind", "resources", "images"}

Manifest = dict[str, Any]


def rendered(folder: Path) -> list[Manifest]:
    """Render a folder that has a kustomization."""
    (told,) = read(folder / "kustomization.yaml")
    assert told.keys() <= KNOWN, sorted(told.keys() - KNOWN)
    made: list[Manifest] = []
    for name in told["resources"]:
        path = (folder / name).resolve()
        if path.is_dir():
            made += rendered(path)
        else:
            made += read(path)
    images = {one["name"]: f"{one['newName']}@{one['digest']}" for one in told.get("images", [])}
    for pod in filter(None, map(pod_of, made)):
        for container in containers_of(pod):
            container["image"] = images.get(container["image"], container["image"])
    return made


def read(path: Path) -> list[Manifest]:
    """Read the documents of a file."""
    return [one for one in yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader) if one]


def pod_of(manifest: Manifest) -> Manifest | None:
    """Give what a manifest says of its pods, or None where it makes none."""
    return manifest.get("spec", {}).get("template", {}).get("spec")


def containers_of(pod: Manifest) -> list[Manifest]:
    """Give the containers of a pod, those that prepare it too."""
    return [*pod.get("initContainers", []), *pod["containers"]]


def named(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    """Give the manifests of one kind by their names."""
    return {one["metadata"]["name"]: one for one in manifests if one["kind"] == kind}
