"""The state that Terraform could not hand in: it may be the only one that knows what is in the cloud.

Terraform leaves it as `errored.tfstate` where it ran, which the next run makes anew. So it is brought to where nothing
cleans, and as long as it is there, no plan and no apply goes in that folder.
"""

import os
import time
from pathlib import Path
from typing import Final

from tallystick.governance.adapters.terraform.refusing import RunRefused

NAME: Final = "errored.tfstate"


def rescued(here: Path, work: Path) -> Path | None:
    """Bring a state from where Terraform ran to the work folder, for us alone to read; None when there is none."""
    left = here.joinpath(NAME)
    if not left.exists():
        return None
    left.chmod(0o600)
    kept = work.joinpath(NAME)
    if kept.exists():
        put_aside(work)
    os.replace(left, kept)
    return kept


def demand_none(work: Path) -> None:
    """Refuse to go on over a state that nobody has taken yet. Raises `RunRefused`."""
    kept = work.joinpath(NAME)
    if kept.exists():
        raise RunRefused(f"{said(kept)} Until then nothing is planned or applied here.")


def said(kept: Path) -> str:
    """Say where it is, and what to do about it."""
    return (
        f"The state could not be handed in. It is in {kept}, and may be all that knows what is there. "
        f"`tallystick cloud hand-in ESTATE {kept} --reason …` hands it in, and "
        f"`tallystick cloud rescue ESTATE --work {kept.parent} --put-aside` then lets you plan again, as it does when "
        "the state is not needed."
    )


def put_aside(work: Path) -> Path:
    """Keep it under the time of day, where it stands in nobody's way."""
    aside = work.joinpath(
        f"errored-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.getpid()}.tfstate"
    )
    os.replace(work.joinpath(NAME), aside)
    return aside
