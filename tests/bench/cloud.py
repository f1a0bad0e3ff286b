"""The clouds: nine estates from HCL to verdicts, cold and warm, on real Terraform over our provider's local store."""

import statistics
import subprocess
import sys
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
CHECKOV = ROOT / ".venv" / "opinions" / "bin" / "checkov"
TURNS, SECONDS_MAX = 3, 300


def measure() -> None:
    """Measure init, validate, plan and check of all nine estates cold, then of each again; then checks alone."""
    with tempfile.TemporaryDirectory(prefix="tallystick-bench-cloud-") as folder:
        every = [(cloud, environment) for cloud in CLOUDS for environment in ENVIRONMENTS]
        cold = sum(_once(Path(folder), cloud, environment) for cloud, environment in every)
        show("cloud_nine_cold", cold, "s", against=f"{COLD_S} s", ratio=COLD_S / cold, floor=1)
        for cloud, environment in every:
            warm = _once(Path(folder), cloud, environment)
            name = f"cloud_warm_{environment}_{cloud}"
            show(name, warm, "s", against=f"{WARM_S} s", ratio=WARM_S / warm, floor=1)
        if not CHECKOV.exists():
            say(
                "checkov is not installed, so nothing is compared with it: run `make opinions` once"
            )
            return
        for cloud in CLOUDS:
            ours, theirs = _beside_checkov(Path(folder) / f"production-{cloud}" / "plan.json")
            name = f"cloud_check_production_{cloud}"
            show(name, ours, "s", against=f"checkov {theirs:.1f} s", ratio=theirs / ours)


def _beside_checkov(plan: Path) -> tuple[float, float]:
    """Check one plan by turns with both programs, each as somebody calls it; give the median seconds of each."""
    program = [str(Path(sys.executable).with_name("tallystick")), "cloud", "check", "--json"]
    ours = [*program, "--plan", str(plan)]
    theirs = [
        str(CHECKOV), "--file", str(plan), "--framework", "terraform_plan", "--output", "json",
        "--compact", "--skip-download", "--soft-fail",
    ]  # fmt: skip
    turns = [(_seconds(ours), _seconds(theirs)) for _ in range(TURNS)]
    return statistics.median(one for one, _ in turns), statistics.median(two for _, two in turns)


def _seconds(command: list[str]) -> float:
    began = time.monotonic()
    ran = subprocess.run(command, check=False, capture_output=True, timeout=SECONDS_MAX)
    if ran.returncode not in (0, 1):
        raise SystemExit(f"{command[0]} ended with {ran.returncode}: {ran.stderr.decode()}")
    return time.monotonic() - began


def _once(folder: Path, cloud: Any, environment: Any) -> float:
    work = folder / f"{environment}-{cloud}"
    place = estates.Place(
        infra=ROOT / "infra" / "terraform", cloud=cloud, environment=environment, work=work,
        command=executable.LIBRARY, targets=f'{{"store": "{work / "store.json"}"}}',
    )  # fmt: skip
    began = time.monotonic()
    made = estates.plan(place, FileStates(work / "states"))
    (work / "plan.json").write_bytes(made.document)
    planned = read_plan(
        text=made.document, cloud=cloud, environment=environment, inventory=load_inventory()
    )
    judgement = judge(
        estate=planned.estate, catalogue=load_catalogue(), at=Instant(time.time_ns() // 1000)
    )
    taken = time.monotonic() - began
    say(f"{environment}-{cloud}: {len(planned.changes)} resources, {judgement.counts}")
    return taken
