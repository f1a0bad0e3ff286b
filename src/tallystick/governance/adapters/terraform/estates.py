"""One estate, planned and applied by Terraform: where its code is, who keeps its state, which cloud it is for."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tallystick.governance.adapters.provider import pack
from tallystick.governance.adapters.provider.targets import SETTING
from tallystick.governance.adapters.terraform import mirror
from tallystick.governance.adapters.terraform.refusing import RunRefused
from tallystick.governance.adapters.terraform.runner import GRACE, Runner
from tallystick.governance.adapters.terraform.statekeeper import States, keeping
from tallystick.governance.adapters.terraform.stopping import Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An estate's code under `infra`, and the folder that its runs work in.

    With `targets` (the setting TALLYSTICK_CLOUD_TARGETS) our provider stands in the place of the real ones; without,
    the real ones run. `environ` is what they need to be let into their cloud.
    """

    infra: Path
    cloud: str
    environment: str
    work: Path
    command: tuple[str, ...]
    targets: str | None = None
    environ: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def estate(self) -> str:
        """Give the estate's id, such as production-aws."""
        return f"{self.environment}-{self.cloud}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a plan is made of; `document` is Terraform's JSON of it."""

    document: bytes
    planfile: Path
    changes: bool
    tool: str
    providers: Mapping[str, str]


@contextmanager
def running(
    place: Place, states: States, *, stop: Stop | None = None, grace: int = GRACE
) -> Iterator[Runner]:
    """Give a runner that is ready for plan and apply, with its state kept by `states` until it has ended.

    Raises:
        RunRefused: there is no such estate, or init did not go; what the state's keeper refused is said too.
    """
    folder = place.infra / "estates" / place.cloud
    if not folder.is_dir():
        raise RunRefused(
            f"There is no {folder}: name the folder of the HCL by --infra, and one of its clouds by --cloud."
        )
    place.work.mkdir(mode=0o700, parents=True, exist_ok=True)
    ours = {SETTING: place.targets} if place.targets is not None else {}
    with keeping(states) as keeper:
        runner = Runner(
            command=place.command,
            tree=place.infra,
            folder=f"estates/{place.cloud}",
            work=place.work,
            configuration=mirror.write(place.work / "mirror")
            if place.targets is not None
            else None,
            environ={**place.environ, **ours, **keeper.environ},
            stop=stop or Stop(),
            grace=grace,
        )
        try:
            runner.prepare()
            runner.init()
            yield runner
        except RunRefused as refusal:
            said = "\n".join(dict.fromkeys(keeper.refusals))
            raise RunRefused(f"{said}\n{refusal}" if said else str(refusal)) from None


def plan(
    place: Place,
    states: States,
    *,
    refresh_only: bool = False,
    watch: Callable[[str], None] | None = None,
) -> Planned:
    """Run init, plan (which validates first) and show; the planfile stays in the work folder.

    Raises:
        RunRefused: any of it did not go.
    """
    planfile = place.work / "plan.bin"
    planfile.unlink(missing_ok=True)
    with running(place, states) as runner:
        changes = runner.plan(
            out=planfile,
            variables={"environment": place.environment},
            refresh_only=refresh_only,
            lock=False,
            watch=watch,
        )
        document = runner.show_text(planfile)
    version = json.loads(document)["terraform_version"]
    name = "tofu" if place.command[0].endswith("tofu") else "terraform"
    return Planned(
        document=document,
        planfile=planfile,
        changes=changes,
        tool=f"{name} {version}",
        providers=_providers(place),
    )


def apply(
    runner: Runner,
    *,
    planfile: Path,
    credentials: Mapping[str, str],
    agreed: Callable[[bytes], None],
    watch: Callable[[str], None],
) -> str:
    """Do exactly what a planfile says, after `agreed` was shown its JSON and did not object.

    `credentials` are those of this apply alone. Raises:
        RunRefused: it did not go; what was done by then is in the state, or the message says where it is.
    """
    runner = replace(runner, environ={**credentials, **runner.environ})
    agreed(runner.show_text(planfile))
    return runner.apply(planfile=planfile, watch=watch)


def forget(work: Path) -> None:
    """Forget what runs before have made in a work folder; a state that nobody took stays."""
    for name in ("tree", "data", "mirror"):
        shutil.rmtree(work.joinpath(name), ignore_errors=True)
    (work / "initialised").unlink(missing_ok=True)


def digest(path: Path) -> str:
    """Give the SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _providers(place: Place) -> dict[str, str]:
    name = {"azure": "azurerm", "gcp": "google"}.get(place.cloud, place.cloud)
    return {f"hashicorp/{name}": pack.versions()[name]}
