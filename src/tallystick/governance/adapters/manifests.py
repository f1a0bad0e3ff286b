"""Read Kubernetes manifests, as `kubectl apply -f` takes them, as an estate; what they say and where they say it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from tallystick.governance.model.sarif import Place
from tallystick.governance.model.values import Environment, Estate, Resource

FILES_MAX: Final = 2_000
_FILE_BYTES_MAX: Final = 4 * 1024 * 1024
# What tells kustomize how to make manifests is none itself.
_NOT_MANIFESTS: Final = ("kustomization.yaml", "kustomization.yml")


class ManifestsRefused(ValueError):
    """The folder holds no manifests, or one that cannot be read; the text says which."""


def read_manifests(
    *, folder: Path, environment: Environment, inventory: Mapping[str, Any]
) -> tuple[Estate, dict[str, Place]]:
    """Read every `.yaml` and `.yml` under a folder, rendered by kustomize before. Raises `ManifestsRefused`."""
    found: dict[str, Resource] = {}
    places: dict[str, Place] = {}
    for file in _files(folder):
        for line, manifest in _documents(file):
            resource = _resource(manifest, file)
            if resource.address in found:
                raise ManifestsRefused(f"{file}: {resource.address} is there twice")
            found[resource.address] = resource
            places[resource.address] = (file.as_posix(), line)
    if not found:
        raise ManifestsRefused(f"there is no manifest under {folder}")
    estate = Estate(
        cloud="kubernetes",
        environment=environment,
        moment="planned",
        resources=tuple(found[key] for key in sorted(found)),
        inventory=inventory,
    )
    return estate, places


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ManifestsRefused(f"{folder} is no folder")
    found = sorted(
        path
        for suffix in ("*.yaml", "*.yml")
        for path in folder.rglob(suffix)
        if path.name not in _NOT_MANIFESTS
    )
    if len(found) > FILES_MAX:
        raise ManifestsRefused(f"{folder} has over {FILES_MAX} files")
    return found


def _documents(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    if file.stat().st_size > _FILE_BYTES_MAX:
        raise ManifestsRefused(f"{file} is over {_FILE_BYTES_MAX} bytes")
    text = file.read_text("utf-8")
    try:
        nodes = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
        read = list(yaml.safe_load_all(text))
    except (yaml.YAMLError, RecursionError) as error:
        raise ManifestsRefused(f"{file} is no YAML: {error}") from None
    for node, manifest in zip(nodes, read, strict=True):
        if manifest is None:
            continue
        for each in manifest.get("items", []) if _is_list(manifest) else [manifest]:
            yield node.start_mark.line + 1, each


def _is_list(manifest: Any) -> bool:
    return isinstance(manifest, dict) and str(manifest.get("kind", "")).endswith("List")


def _resource(manifest: Any, file: Path) -> Resource:
    metadata = manifest.get("metadata") if isinstance(manifest, dict) else None
    if not isinstance(metadata, dict) or "name" not in metadata or "kind" not in manifest:
        raise ManifestsRefused(f"{file} has a document without kind or metadata.name")
    kind, name = str(manifest["kind"]), str(metadata["name"])
    address = f"{kind}/{metadata.get('namespace', '')}/{name}"
    return Resource(address=address, type=kind, name=name, values=manifest)
