"""As much of Kustomize as ours use: resources, images by digest, and components with patches. What else is refused."""

import copy
from pathlib import Path
from typing import Any

import yaml

from tests.tidy import tree

KUBERNETES = tree.ROOT / "infra" / "kubernetes"
OVERLAYS = KUBERNETES / "overlays"
COMPONENTS = KUBERNETES / "clouds"
KNOWN = {"apiVersion", "kind", "resources", "images"}
KNOWN_OF_COMPONENTS = {"apiVersion", "kind", "resources", "patches"}

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


def taking(overlay: list[Manifest], component: Path) -> list[Manifest]:
    """Render an overlay that takes a component: what it adds, and what it patches, each of which must be there."""
    (told,) = read(component / "kustomization.yaml")
    assert told["kind"] == "Component"
    assert told.keys() <= KNOWN_OF_COMPONENTS, sorted(told.keys() - KNOWN_OF_COMPONENTS)
    made = copy.deepcopy(overlay)
    for name in told["resources"]:
        made += read(component / name)
    for patch in told.get("patches", []):
        meant = [one for one in made if _is_meant(one, patch["target"])]
        assert meant, patch["target"]
        for operation in yaml.load(patch["patch"], Loader=yaml.CSafeLoader):
            for one in meant:
                _patch(one, **operation)
    return made


def _is_meant(manifest: Manifest, target: dict[str, str]) -> bool:
    known = {"kind": manifest["kind"], **manifest["metadata"]}
    return all(known.get(key) == value for key, value in target.items())


def _patch(manifest: Manifest, *, op: str, path: str, value: Any) -> None:
    """Do what a JSON patch says (RFC 6902): put a member into an object, or an element at the end of a list."""
    *way, last = (step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:])
    place: Any = manifest
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if isinstance(place, list):
        assert (op, last) == ("add", "-")
        place.append(value)
        return
    assert op == ("replace" if last in place else "add"), path
    place[last] = value


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
