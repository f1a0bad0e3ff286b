"""The nine estates, planned by real Terraform over our provider: one init for a cloud, three plans after it.

A plan is kept for as long as neither the code nor the provider changes, so that only the first run pays for it.
"""

import functools
import gzip
import hashlib
import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from tallystick.governance.adapters import provider
from tallystick.governance.model.values import ENVIRONMENTS, Cloud, Environment
from tests.governance import terraform

ROOT: Final = Path(__file__).resolve().parents[2]
TREE: Final = ROOT / "infra" / "terraform"
CLOUDS: Final[tuple[Cloud, ...]] = ("aws", "azure", "gcp")
ESTATES: Final[tuple[tuple[Cloud, Environment], ...]] = tuple(
    (cloud, environment) for cloud in CLOUDS for environment in ENVIRONMENTS
)
_KEPT: Final = ROOT / ".pytest_cache" / "plans"


@functools.cache
def plans() -> dict[tuple[Cloud, Environment], dict[str, Any]]:
    """Give the JSON of every estate's plan, by cloud and environment."""
    kept = _KEPT / f"{_fingerprint()}.json.gz"
    if not kept.exists():
        with ThreadPoolExecutor(max_workers=len(CLOUDS)) as clouds:
            found = dict(zip(CLOUDS, clouds.map(_planned, CLOUDS), strict=True))
        _KEPT.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(gzip.compress(json.dumps(found).encode(), compresslevel=1))
    said: dict[str, Any] = json.loads(gzip.decompress(kept.read_bytes()))
    return {estate: said[estate[0]][estate[1]] for estate in ESTATES}


def planned(cloud: Cloud, environment: Environment) -> list[dict[str, Any]]:
    """Give what an estate will be made of: address, type and values of every resource, in all modules."""
    plan = plans()[cloud, environment]
    changes = plan["resource_changes"]
    return [
        {"address": it["address"], "type": it["type"], "values": it["change"]["after"]}
        for it in changes
        if it["mode"] == "managed"
    ]


def _planned(cloud: Cloud) -> dict[str, Any]:
    folder = TREE / "estates" / cloud
    made: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix=f"tallystick-{cloud}-") as work:
        for environment in ENVIRONMENTS:
            variables = {"environment": environment}
            estate = terraform.Estate(folder, work=Path(work), tree=TREE, variables=variables)
            made[environment] = estate.plan()
    return made


def _fingerprint() -> str:
    """Hash all that decides a plan: the code, and the provider with its schemas."""
    code = [path for path in TREE.rglob("*") if path.suffix in (".tf", ".json")]
    ours = list(Path(provider.__file__).parent.iterdir())
    digest = hashlib.sha256()
    for path in sorted(path for path in (*code, *ours) if path.is_file()):
        digest.update(str(path).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
