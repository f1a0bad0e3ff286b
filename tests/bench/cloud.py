"""The clouds: nine estates from HCL to verdicts, cold and warm, on real Terraform over our provider's local store."""

import tempfile
import time
from pathlib import Path
from typing import Any

from tallystick.governance.adapters.policies import load_catalogue, load_inventory
from tallystick.governance.adapters.terraform import estates, executable
from tallystick.governance.adapters.terraform.files import FileStates
from tallystick.governance.model.judging import judge
from tallystick.governance.model.plans import read_plan
from tallystick.kernel.instants import Instant
from tests.bench.figures import say, show
from tests.tidy.tree import ROOT

CLOUDS = ("aws", "azure", "gcp")
ENVIRONMENTS = ("development", "staging", "production")
COLD_S, WARM_S = 120, 10


def measure() -> None:
    """Measure init, validate, plan and check of all nine estates cold, then of each again."""
    with tempfile.TemporaryDirectory(prefix="tallystick-bench-cloud-") as folder:
        every = [(cloud, environment) for cloud in CLOUDS for environment in ENVIRONMENTS]
        cold = sum(_once(Path(folder), cloud, environment) for cloud, environment in every)
        show("cloud_nine_cold", cold, "s", against=f"{COLD_S} s", ratio=COLD_S / cold, floor=1)
        for cloud, environment in every:
            warm = _once(Path(folder), cloud, environment)
            name = f"cloud_warm_{environment}_{cloud}"
            show(name, warm, "s", against=f"{WARM_S} s", ratio=WARM_S / warm, floor=1)


def _once(folder: Path, cloud: Any, environment: Any) -> float:
    work = folder / f"{environment}-{cloud}"
    place = estates.Place(
        infra=ROOT / "infra" / "terraform", cloud=cloud, environment=environment, work=work,
        command=executable.LIBRARY, targets=f'{{"store": "{work / "store.json"}"}}',
    )  # fmt: skip
    began = time.monotonic()
    made = estates.plan(place, FileStates(work / "states"))
    planned = read_plan(
        text=made.document, cloud=cloud, environment=environment, inventory=load_inventory()
    )
    judgement = judge(
        estate=planned.estate, catalogue=load_catalogue(), at=Instant(time.time_ns() // 1000)
    )
    taken = time.monotonic() - began
    say(f"{environment}-{cloud}: {len(planned.changes)} resources, {judgement.counts}")
    return taken
