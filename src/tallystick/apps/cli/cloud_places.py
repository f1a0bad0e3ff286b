"""Where an estate is, for every command that runs Terraform on one: its code, its work folder, its cloud, its state."""

import json
import os
from pathlib import Path
from typing import Final

from tallystick.apps.cli.asking import address, fail, key_for
from tallystick.apps.cli.cloud_states import DoorStates
from tallystick.governance.adapters.provider.targets import SETTING
from tallystick.governance.adapters.terraform import estates, executable
from tallystick.governance.api import CLOUDS, ENVIRONMENTS
from tallystick.runtime.embedded import default_home

# What a command may take from the environment, to look at a real cloud; an apply is lent what it needs.
_LOOKING: Final = ("AWS_", "ARM_", "AZURE_", "GOOGLE_", "CLOUDSDK_")


def demand_estate(environment: str, cloud: str) -> None:
    """End the command when there is no such estate."""
    if environment not in ENVIRONMENTS or cloud not in CLOUDS:
        fail("an estate is development, staging or production on aws, azure or gcp: name both")


def place_of(
    *,
    environment: str,
    cloud: str,
    infra: Path,
    work: Path | None,
    terraform: str,
    local: Path | None = None,
    lent: bool = False,
    purpose: str = "",
) -> estates.Place:
    """Give the place of an estate; `purpose` ends the name of the work folder where none is named.

    With `local` and no targets set, our provider keeps its objects there. Raises `executable.ToolMissing`.
    """
    targets = os.environ.get(SETTING)
    if targets is None and local is not None:
        targets = json.dumps({"store": str(local.resolve() / "store.json")})
    mine = {name: text for name, text in os.environ.items() if name.startswith(_LOOKING)}
    return estates.Place(
        infra=infra,
        cloud=cloud,
        environment=environment,
        work=work or default_home() / "cloud" / f"{environment}-{cloud}{purpose}",
        command=executable.find(named=terraform or None),
        targets=targets,
        environ={} if lent else mine,
    )


def at_door(estate: str) -> DoorStates:
    """Give the states of an estate as the platform keeps them."""
    url = address()
    return DoorStates(url=url, key=key_for(url), estate=estate)
