"""Write the schema pack of our provider: `python -m tests.governance.packing NODE_MODULES [PULUMI]`.

NODE_MODULES holds @cdktf/provider-aws, -azurerm and -google; PULUMI the unpacked packages pulumi_aws, pulumi_azure and
pulumi_gcp. The shipped pack says what it was made of.
"""

import gzip
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from tallystick.governance.adapters import provider
from tests.governance.packing.bridged import Bridged
from tests.governance.packing.generated import Block, Generated

FOLDER = Path(provider.__file__).parent
BRIDGES = {"aws": "pulumi_aws", "azurerm": "pulumi_azure", "google": "pulumi_gcp"}


def pack(modules: Path, bridges: Path) -> dict[str, Any]:
    """Read all three packages, and keep the types that `types.toml` names."""
    types = tomllib.loads((FOLDER / "types.toml").read_text())
    sources: list[dict[str, str]] = []
    providers: dict[str, Any] = {}
    for name, wanted in types.items():
        package = modules / "@cdktf" / f"provider-{name}"
        made = json.loads((package / "package.json").read_text())
        bridged = Bridged(bridges / BRIDGES[name])
        providers[name] = _provider(name, package / "lib", bridged, wanted)
        sources.append(
            {
                "package": made["name"],
                "version": made["version"],
                "licence": made["license"],
                "provider": f"hashicorp/{name}",
                "provider_version": providers[name]["version"],
            }
        )
    sources += [_bridge(bridges, name) for name in BRIDGES.values()]
    return {"source": sources, "providers": providers}


def _provider(
    name: str, lib: Path, bridged: Bridged, wanted: dict[str, list[str]]
) -> dict[str, Any]:
    head = Generated(lib / "provider")
    found: dict[str, Any] = {
        "version": head.version,
        "provider": head.block(),
        "resources": {},
        "data": {},
    }
    for kind, prefix in (("resources", ""), ("data", f"data-{name}-")):
        for each in sorted(wanted[kind]):
            folder = lib / (prefix + each.removeprefix(f"{name}_").replace("_", "-"))
            if not folder.is_dir():
                folder = _searched(lib, each, "data" if prefix else "resource")
            found[kind][each] = _reviewed(each, Generated(folder).block(), bridged, prefix == "")
    return found


def _searched(lib: Path, wanted: str, kind: str) -> Path:
    needle = f"terraformResourceType: '{wanted}'"
    for script in sorted(lib.glob("*/index.js")):
        if (
            script.parent.name.startswith("data-") == (kind == "data")
            and needle in script.read_text()
        ):
            return script.parent
    sys.exit(f"no {kind} of this name in {lib}: {wanted}")


def _reviewed(name: str, block: Block, bridged: Bridged, resource: bool) -> Block:
    if resource and not bridged.enrich(block):
        sys.stderr.write(
            f"{name}: no class of Pulumi's is like it; its computed attributes need review\n"
        )
    review = tomllib.loads((FOLDER / "reviewed.toml").read_text())
    for flag, key in (("c", "computed"), ("s", "sensitive"), ("f", "replaced")):
        for path in review[key].get("*", []) + review[key].get(name, []):
            _mark(block, path.split("."), flag)
    for path, held in review["holds"].get(name, {}).items():
        *parents, last = path.split(".")
        place = block
        for step in parents:
            place = place["b"][step][3]
        place["a"].pop(last, None)
        place["b"][last] = ["list", 1, 1, _block(review["blocks"][held], review["blocks"])]
    return block


def _block(words: dict[str, Any], named: dict[str, Any]) -> Block:
    """Read a block as `reviewed.toml` writes it: a text is an attribute or a name, a table one block, a list many."""
    block: Block = {"a": {}, "b": {}}
    for name, said in words.items():
        if isinstance(said, str) and " " in said:
            flag, kind = said.split()
            block["a"][name] = [["list", "string"] if kind == "list" else kind, flag]
            continue
        inner = said[0] if isinstance(said, list) else said
        table = named[inner] if isinstance(inner, str) else inner
        block["b"][name] = ["list", 0, 0 if isinstance(said, list) else 1, _block(table, named)]
    return block


def _mark(block: Block, path: list[str], flag: str) -> None:
    for step in path[:-1]:
        if step not in block["b"]:
            return
        block = block["b"][step][3]
    attribute = block["a"].get(path[-1])
    if attribute and flag not in attribute[1] and not (flag == "c" and "r" in attribute[1]):
        attribute[1] += flag


def _bridge(bridges: Path, name: str) -> dict[str, str]:
    info = next(bridges.glob(f"{name}-*.dist-info"))
    return {
        "package": name,
        "version": info.name.split("-")[1].removesuffix(".dist"),
        "licence": "Apache-2.0",
    }


def main() -> None:
    """Write the pack beside the provider."""
    text = json.dumps(
        pack(Path(sys.argv[1]), Path(sys.argv[2])), separators=(",", ":"), sort_keys=True
    )
    written = FOLDER / "pack.json.gz"
    written.write_bytes(gzip.compress(text.encode(), mtime=0))
    sys.stderr.write(f"{written.name}: {written.stat().st_size} bytes\n")


main()
