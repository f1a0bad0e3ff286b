"""The clouds that the platform runs on: plan and apply, and beside them what other modules bring."""

import base64
import json
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import typer

from tallystick.apps.cli.asking import address, ask, fail, key_for
from tallystick.apps.cli.cloud_states import DoorStates
from tallystick.governance.adapters.provider.targets import SETTING
from tallystick.governance.adapters.reports import plan as report
from tallystick.governance.adapters.terraform import estates, executable
from tallystick.governance.adapters.terraform.files import FileStates
from tallystick.governance.adapters.terraform.runner import RunRefused
from tallystick.governance.adapters.terraform.statekeeper import StateRefused, States
from tallystick.governance.model.changes import meanings
from tallystick.governance.model.plan_hash import plan_hash
from tallystick.governance.model.plans import PlanRefused
from tallystick.runtime.embedded import default_home

app = typer.Typer(
    help="Plan, judge and change the clouds that the platform runs on.", no_args_is_help=True
)

# Each module that brings commands of this group, with the name of its own group, if it has one.
_PARTS: Final = {
    "cloud_checks": None,
    "cloud_approvals": None,
    "cloud_drift": None,
    "cloud_secrets": "secrets",
}
# What a plan may take from the environment, to look at a real cloud; an apply is lent what it needs.
_LOOKING: Final = ("AWS_", "ARM_", "GOOGLE_", "CLOUDSDK_")
COMMIT_DIGITS: Final = 40

ENVIRONMENT = typer.Option(..., "--environment", "-e", help="development, staging or production.")
CLOUD = typer.Option(..., "--cloud", "-c", help="aws, azure or gcp.")
INFRA = typer.Option(Path("infra/terraform"), "--infra", help="The folder of the HCL.")
WORK = typer.Option(None, "--work", help="Where Terraform works; kept between runs.")
TERRAFORM = typer.Option("", "--terraform", help="The OpenTofu or Terraform to run.")

for _name, _group in _PARTS.items():
    if find_spec(f"tallystick.apps.cli.{_name}") is not None:
        app.add_typer(import_module(f"tallystick.apps.cli.{_name}").app, name=_group)


@app.command()
def plan(  # noqa: PLR0917 - the words of a command
    environment: str = ENVIRONMENT,
    cloud: str = CLOUD,
    infra: Path = INFRA,
    out: Path = typer.Option(
        Path("plan"), "--out", help="The folder that gets plan.json, plan.bin, plan.html, plan.txt."
    ),
    local: Path = typer.Option(
        None, "--local", help="Without a platform: keep the state in this folder."
    ),
    base: str = typer.Option(
        "", "--base", help="The head of the protected branch; else that of origin/main or main."
    ),
    work: Path = WORK,
    terraform: str = TERRAFORM,
    cold: bool = typer.Option(False, "--cold", help="Forget what init made before."),
    free_lock: str = typer.Option(
        "", "--free-lock", help="With --local: take away this lock of a dead process."
    ),
) -> None:
    """Plan an estate, write a page that a person can read, and hand the plan in to be judged and approved."""
    place = _place(
        environment=environment,
        cloud=cloud,
        infra=infra,
        work=work,
        terraform=terraform,
        local=local,
    )
    if cold:
        shutil.rmtree(place.work, ignore_errors=True)
    states: States
    if local is not None:
        states = FileStates(local)
        if free_lock:
            _orderly(lambda: states.free(lock=free_lock))
    else:
        states = _at_door(place.estate)
    commit = estates.head(infra)
    if local is None:
        _demand_committed(infra, commit)
    made: estates.Planned = _orderly(lambda: estates.plan(place, states))
    found = _orderly(lambda: meanings(made.document))
    head = report.Head(
        estate=place.estate, commit=commit, tool=made.tool, made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        hash=plan_hash(plan=made.document, estate=place.estate, commit=commit),
    )  # fmt: skip
    text = report.text(head=head, meanings=found)
    out.mkdir(parents=True, exist_ok=True)
    (out / "plan.json").write_bytes(made.document)
    shutil.copyfile(made.planfile, out / "plan.bin")
    (out / "plan.html").write_text(report.page(head=head, meanings=found))
    (out / "plan.txt").write_text(text)
    typer.echo(text)
    typer.echo(f"written to {out}: plan.html to read, plan.json to judge, hash {head.hash}")
    if local is None:
        _hand_in(
            place,
            made,
            commit,
            base or estates.head(infra, "origin/main") or estates.head(infra, "main"),
        )


@app.command()
def apply(
    plan_id: str = typer.Argument(..., metavar="PLAN", help="An approved plan, pln_…."),
    infra: Path = INFRA,
    glass: str = typer.Option(
        "", "--break-glass", help="An open break-glass of the estate, brk_…."
    ),
    work: Path = WORK,
    terraform: str = TERRAFORM,
) -> None:
    """Apply exactly an approved plan: lent its planfile, its state and its credentials for that alone."""
    shown = ask("GET", f"/v1/cloud/plans/{plan_id}").json()
    environment, _, cloud = shown["estate"].partition("-")
    place = _place(
        environment=environment, cloud=cloud, infra=infra, work=work, terraform=terraform, lent=True
    )
    body = json.dumps({"break_glass": glass} if glass else {}).encode()
    lent = ask("POST", f"/v1/cloud/plans/{plan_id}/apply", body=body).json()
    states = _at_door(place.estate, token=lent["token"])
    typer.echo(f"{lent['apply']['apply']}: lent until {lent['apply']['until']}")
    problem = ""
    try:
        with states.extended(lent["apply"]["apply"]):
            _apply(place, states, lent, commit=shown["commit"])
    except (RunRefused, StateRefused, OSError) as error:
        problem = str(error)
    except KeyboardInterrupt:
        problem = "stopped by hand"
    _finish(lent, states, problem)


def _apply(
    place: estates.Place, states: DoorStates, lent: Mapping[str, Any], *, commit: str
) -> None:
    planfile = place.work / "lent.bin"
    place.work.mkdir(parents=True, exist_ok=True)
    planfile.write_bytes(base64.b64decode(lent["planfile"]))
    planfile.chmod(0o600)
    place = estates.lent(place, credentials=lent.get("credentials") or {})

    def agreed(document: bytes) -> None:
        if plan_hash(plan=document, estate=place.estate, commit=commit) != lent["hash"]:
            raise RunRefused(
                "This planfile does not do what was approved: its hash differs. Nothing was changed."
            )

    try:
        if estates.digest(planfile) != lent["planfile_digest"]:
            raise RunRefused(
                "The planfile is not the one that was handed in. Nothing was changed; plan anew."
            )
        estates.apply(place, states, planfile=planfile, agreed=agreed, watch=typer.echo)
    finally:
        planfile.unlink(missing_ok=True)


def _finish(lent: Mapping[str, Any], states: DoorStates, problem: str) -> None:
    end = {"token": lent["token"], "end": "failed" if problem else "applied"}
    body = end | ({"serial": states.serial} if states.serial is not None else {})
    body |= {"problem": " ".join(problem.split())[:500]} if problem else {}
    done = ask(
        "POST", f"/v1/cloud/applies/{lent['apply']['apply']}/finish", body=json.dumps(body).encode()
    ).json()
    if problem:
        fail(f"{done['apply']} failed, and the record says so: {problem}")
    typer.echo(f"{done['apply']}: {done['status']}, state {done.get('serial')}")


def _hand_in(place: estates.Place, made: estates.Planned, commit: str, base: str) -> None:
    body = {
        "estate": place.estate,
        "commit": commit,
        "base": base,
        "plan": base64.b64encode(made.document).decode(),
        "planfile": base64.b64encode(made.planfile.read_bytes()).decode(),
        "tool": made.tool,
        "providers": made.providers,
    }
    kept = ask("POST", "/v1/cloud/plans", body=json.dumps(body).encode()).json()
    counted = ", ".join(f"{number} {outcome}" for outcome, number in kept["counts"].items())
    typer.echo(
        f"{kept['plan']}: {counted or 'not judged'}; next: tallystick cloud approve {kept['plan']}"
    )


def _place(
    *,
    environment: str,
    cloud: str,
    infra: Path,
    work: Path | None,
    terraform: str,
    local: Path | None = None,
    lent: bool = False,
) -> estates.Place:
    if environment not in ("development", "staging", "production") or cloud not in (
        "aws",
        "azure",
        "gcp",
    ):
        fail("an estate is development, staging or production on aws, azure or gcp: name both")
    estate = f"{environment}-{cloud}"
    targets = os.environ.get(SETTING)
    if targets is None and local is not None:
        targets = json.dumps({"store": str(local.resolve() / "store.json")})
    mine = {name: text for name, text in os.environ.items() if name.startswith(_LOOKING)}
    return estates.Place(
        infra=infra,
        cloud=cloud,
        environment=environment,
        work=work or default_home() / "cloud" / estate,
        command=_orderly(lambda: executable.find(named=terraform or None)),
        targets=targets,
        environ={} if lent else mine,
    )


def _at_door(estate: str, *, token: str | None = None) -> DoorStates:
    url = address()
    return DoorStates(url=url, key=key_for(url), estate=estate, token=token)


def _demand_committed(infra: Path, commit: str) -> None:
    if len(commit) < COMMIT_DIGITS:
        fail(
            f"{infra} is in no repository of git: a plan is of a commit; use --local to try one without"
        )
    if changed := estates.uncommitted(infra):
        fail(f"{infra} is not as committed ({changed}): commit it first, or use --local to try it")


def _orderly(do: Any) -> Any:
    """Do it, and end the command with one line when it is refused."""
    try:
        return do()
    except (RunRefused, StateRefused, PlanRefused, executable.ToolMissing) as refusal:
        fail(str(refusal))
