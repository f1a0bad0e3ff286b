"""The examples of every control, planned and applied by real Terraform: one run for all of a cloud.

`policies/examples/<control>.tf` is a module. All of its resources with the same name form one case, and the name says
what the control must find: `good…` passes, `bad_…` fails, `unknown…` is unknown in the plan and known live, `other…`
is not applicable. A case is judged as an estate of its own, so that cases do not see one another.
"""

import functools
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tallystick.governance.adapters.policies import load_catalogue, load_inventory
from tallystick.governance.model.catalogue import Catalogue, Entry
from tallystick.governance.model.judging import verdicts_of
from tallystick.governance.model.plans import read_plan
from tallystick.governance.model.states import read_state
from tallystick.governance.model.values import Cloud, Estate
from tallystick.governance.model.verdicts import Outcome
from tests.governance import terraform

EXAMPLES = Path(__file__).resolve().parents[2] / "policies" / "examples"
CLOUDS: tuple[Cloud, ...] = ("aws", "azure", "gcp")
_WANTED: Mapping[str, Outcome] = {
    "good": "pass", "bad": "fail", "unknown": "unknown", "other": "not_applicable",
}  # fmt: skip
PROVIDERS = {
    "aws": 'provider "aws" {\n  region = "eu-central-1"\n}\n',
    "azure": 'provider "azurerm" {\n  features {}\n}\n',
    "gcp": 'provider "google" {\n  region = "europe-west3"\n}\n',
}


@dataclass(frozen=True)
class Case:
    """One example: the control, its name, what must be found in the plan, and both estates."""

    control: str
    name: str
    wanted: Outcome
    planned: Estate
    live: Estate


@functools.cache
def catalogue() -> Catalogue:
    """Read the catalogue once."""
    return load_catalogue()


@functools.cache
def estates(cloud: Cloud) -> tuple[Estate, Estate]:
    """Plan, apply and read all examples of a cloud: what was planned, and what is live."""
    work = Path(tempfile.mkdtemp(prefix=f"tallystick-examples-{cloud}-"))
    try:
        plan, state = _run(cloud, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    about: Any = {"cloud": cloud, "environment": "production", "inventory": load_inventory()}
    return (
        read_plan(text=json.dumps(plan), **about).estate,
        read_state(text=json.dumps(state), **about),
    )


def _run(cloud: Cloud, work: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    tree = work / "tree"
    calls = [PROVIDERS[cloud]]
    for path in sorted(EXAMPLES.glob(f"{cloud}-*.tf")):
        (tree / path.stem).mkdir(parents=True)
        shutil.copy(path, tree / path.stem / "main.tf")
        calls.append(f'module "{path.stem}" {{\n  source = "./{path.stem}"\n}}\n')
    (tree / "main.tf").write_text("\n".join(calls))
    estate = terraform.Estate(tree, work=work / "run")
    # Planning validates too; once is enough for what costs seconds.
    runner = estate.runner({})
    runner.prepare()
    runner.init()
    runner.plan(out=estate.planfile, variables={})
    return runner.show(estate.planfile), estate.apply(planned=True)


@functools.cache
def cases(cloud: Cloud) -> tuple[Case, ...]:
    """Give every example of a cloud."""
    planned, live = estates(cloud)
    found: list[Case] = []
    for path in sorted(EXAMPLES.glob(f"{cloud}-*.tf")):
        inside = f"module.{path.stem}."
        names = {_case(each.name) for each in planned.resources if each.address.startswith(inside)}
        for name in sorted(names):
            kind = name.partition("_")[0]
            if kind in _WANTED:
                found.append(
                    Case(
                        control=path.stem, name=name, wanted=_WANTED[kind],
                        planned=_part(planned, inside, name), live=_part(live, inside, name),
                    )
                )  # fmt: skip
    return tuple(found)


def _case(name: str) -> str:
    """A second resource of a type stands in the same case under its name with `__` and more."""
    return name.partition("__")[0]


def _part(estate: Estate, inside: str, name: str) -> Estate:
    mine = [
        each
        for each in estate.resources
        if each.address.startswith(inside) and _case(each.name) == name
    ]
    return replace(estate, resources=tuple(mine))


def outcome(entry: Entry, estate: Estate) -> Outcome:
    """Judge a case: fail wins over unknown, unknown over pass, and all of them over not applicable."""
    found = {verdict.outcome for verdict in verdicts_of(entry=entry, estate=estate)}
    for each in ("fail", "unknown", "pass"):
        if each in found:
            return each
    return "not_applicable"
