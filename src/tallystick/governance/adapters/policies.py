"""Read the folder of policies: beside the checkout, in the installed package, or where the setting says."""

import os
import tomllib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from tallystick.governance.model.catalogue import Catalogue, CatalogueRefused, read_catalogue
from tallystick.governance.model.controls import CONTROLS

_SETTING: Final = "TALLYSTICK_POLICIES"
_PACKAGE: Final = Path(__file__).resolve().parents[2]
# In a checkout the package stands in src, and the policies beside it; a wheel has them inside the package.
_HOMES: Final = (_PACKAGE.parents[1] / "policies", _PACKAGE / "policies")
_FILE_BYTES_MAX: Final = 1024 * 1024


def policies_folder() -> Path:
    """Find the policies. Raises `CatalogueRefused` where there are none."""
    named = os.environ.get(_SETTING)
    for folder in (Path(named),) if named else _HOMES:
        if (folder / "controls").is_dir():
            return folder
    raise CatalogueRefused(
        f"there are no policies at {named or _HOMES[0]}: {_SETTING} names the folder that has"
        " controls, frameworks and inventory in it"
    )


def load_catalogue(*, folder: Path | None = None) -> Catalogue:
    """Read controls and frameworks of a folder. Raises `CatalogueRefused`."""
    kept = folder or policies_folder()
    return read_catalogue(
        controls=_texts(kept / "controls"),
        frameworks=_texts(kept / "frameworks"),
        predicates=CONTROLS,
    )


def load_inventory(*, folder: Path | None = None) -> Mapping[str, Any]:
    """Read what controls ask of the inventory: services, buckets, regions, harmless types, and defaults of providers.

    `services` are by name, `buckets` by purpose, `regions` and `harmless` by cloud, `defaults` by type and argument.
    `regions[cloud][name]` are the cloud's own names of a region of ours ("eu"). Raises `CatalogueRefused`.
    """
    kept = folder or policies_folder()
    regions = _read(kept / "regions.toml")
    return {
        "services": _by_name(kept / "inventory" / "services.toml", "service"),
        "buckets": _by_name(kept / "inventory" / "buckets.toml", "bucket", key="purpose"),
        "regions": regions,
        "harmless": _read(kept / "harmless.toml"),
        "defaults": _read(kept / "defaults.toml"),
    }


def policies_digest(*, folder: Path | None = None) -> str:
    """Give the SHA-256 of all policies: paths, lengths and contents, in the order of the paths.

    Raises `CatalogueRefused`.
    """
    kept, whole = folder or policies_folder(), sha256()
    for path in sorted(kept.rglob("*.toml")):
        content = _text(path).encode()
        whole.update(f"{path.relative_to(kept).as_posix()}\n{len(content)}\n".encode() + content)
    return whole.hexdigest()


def _texts(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        raise CatalogueRefused(f"there is no folder {folder}")
    return {path.name: _text(path) for path in sorted(folder.glob("*.toml"))}


def _by_name(path: Path, table: str, key: str = "name") -> dict[str, Any]:
    found = _read(path).get(table, [])
    return {str(each[key]): each for each in found if key in each}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        raise CatalogueRefused(f"{path} is no TOML: {error}") from None


def _text(path: Path) -> str:
    if not path.is_file():
        raise CatalogueRefused(f"there is no {path}")
    if path.stat().st_size > _FILE_BYTES_MAX:
        raise CatalogueRefused(f"{path} is over {_FILE_BYTES_MAX} bytes")
    return path.read_text("utf-8")
