"""The clouds that the platform runs on: plan and apply, and beside them what other modules bring."""

import base64
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import typer

from tallystick.apps.cli.asking import ask, fail
from tallystick.apps.cli.cloud_places import at_door, demand_estate, place_of
from tallystick.apps.cli.cloud_states import DoorStates
from tallystick.governance.adapters.private import write_private
from tallystick.governance.adapters.reports import plan as report
from tallystick.governance.adapters.terraform import commits, estates, executable
from tallystick.governance.adapters.terraform.alone import alone
from tallystick.governance.adapters.terraform.files import FileStates
from tallystick.governance.adapters.terraform.refusing import RunRefused
from tallystick.governance.adapters.terraform.runner import GRACE, Runner
from tallystick.governance.adapters.terraform.statekeeper import StateRefused, States
from tallystick.governance.adapters.terraform.stopping import Stop, stopping_by_signals
from tallystick.governance.model.changes import meanings
from tallystick.governance.model.plan_hash import plan_hash
from tallystick.governance.model.plans import PlanRefused

app = typer.Typer(
    help="Plan, judge and change the clouds that the platform runs on.", no_args_is_help=True
)

# Each module that brings commands of this group, with the name of its own group, if it has one.
_PARTS: Final = {
    "cloud_checks": None,
    "cloud_approvals": None,
    "cloud_drift": None,
    "cloud_show": None,
    "cloud_rescue": None,
    "cloud_secrets": "secrets",
}
COMMIT_DIGITS: Final = 40
GRACE_MAX: Final = 7_200

ENVIRONMENT = typer.Option(..., "--environment", "-e", help="development, staging or production.")
CLOUD = typer.Option(..., "--cloud", "-c", help="aws, azure or gcp.")
INFRA = typer.Option(Path("infra/terraform"), "--infra", help="The folder of the HCL.")
WORK = typer.Option(None, "--work", help="Where Terraform works; kept between runs.")
TERRAFORM = typer.Option("", "--terraform", help="The OpenTofu or Terraform to run.")


@app.callback()
def _private(context: typer.Context) -> None:
    # Plans, states and reports have secrets in them: what is written is for us alone, by Terraform too.
    before = os.umask(0o077)
    context.call_on_close(lambda: os.umask(before))


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
    demand_estate(environment, cloud)
    with _orderly():
        place = place_of(
            environment=environment,
            cloud=cloud,
            infra=infra,
            work=work,
            terraform=terraform,
            local=local,
        )
    with _orderly(), alone(place.work):
        if cold:
            estates.forget(place.work)
        states: States
        if local is not None:
            states = FileStates(local, estate=place.estate)
            if free_lock:
                states.free(lock=free_lock)
        else:
            states = at_door(place.estate)
        commit = commits.head(infra)
        if local is None:
            base = _demand_committed(infra, commit, base)
            code = commits.export(infra, commit=commit, into=place.work / "committed")
            place = replace(place, infra=code)
        made = estates.plan(place, states)
        _write_out(place.estate, made, commit, out)
        if local is None:
            _hand_in(place, made, commit, base)


def _write_out(estate: str, made: estates.Planned, commit: str, out: Path) -> None:
    """Write the plan for programs and persons, and print it in brief."""
    found = meanings(made.document)
    head = report.Head(
        estate=estate, commit=commit, tool=made.tool, made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        hash=plan_hash(plan=made.document, estate=estate, commit=commit),
    )  # fmt: skip
    write_private(out / "plan.json", made.document)
    write_private(out / "plan.bin", made.planfile.read_bytes())
    write_private(out / "plan.html", report.page(head=head, meanings=found).encode())
    write_private(out / "plan.txt", report.text(head=head, meanings=found).encode())
    typer.echo(report.brief(head=head, meanings=found))
    typer.echo(
        f"written to {out}: plan.html or plan.txt to read, plan.json to judge, hash {head.hash}"
    )


@app.command()
def apply(  # noqa: PLR0917 - the words of a command
    plan_id: str = typer.Argument(..., metavar="PLAN", help="An approved plan, pln_…."),
    infra: Path = INFRA,
    glass: str = typer.Option(
        "", "--break-glass", help="An open break-glass of the estate, brk_…."
    ),
    work: Path = WORK,
    terraform: str = TERRAFORM,
    grace: int = typer.Option(
        GRACE, "--grace", min=1, max=GRACE_MAX,
        help="Seconds that Terraform gets to end in order, once the apply is stopped.",
    ),
) -> None:  # fmt: skip
    """Apply exactly an approved plan: lent its planfile, its state and its credentials for that alone."""
    shown = ask("GET", f"/v1/cloud/plans/{plan_id}").json()
    environment, _, cloud = shown["estate"].partition("-")
    demand_estate(environment, cloud)
    with _orderly():
        place = place_of(
            environment=environment,
            cloud=cloud,
            infra=infra,
            work=work,
            terraform=terraform,
            lent=True,
        )
    states, stop = at_door(place.estate), Stop()
    with stopping_by_signals(stop, say=_say):
        try:
            # All that can go wrong before is done before: what is begun once is not begun again.
            with (
                alone(place.work),
                estates.running(place, states, stop=stop, grace=grace) as runner,
            ):
                _begun(runner, states, shown, glass=glass)
        except (RunRefused, StateRefused) as refusal:
            fail(f"nothing was begun: {refusal}")


def _begun(runner: Runner, states: DoorStates, shown: Mapping[str, Any], *, glass: str) -> None:
    """Begin the apply at the door, do it, and say there how it ended, whatever happens in between."""
    body = json.dumps({"break_glass": glass} if glass else {}).encode()
    since_s = time.monotonic()
    lent = ask("POST", f"/v1/cloud/plans/{shown['plan']}/apply", body=body).json()
    states.lend(lent["token"])
    _say(f"{lent['apply']['apply']}: lent until {lent['apply']['until']}")
    problem = ""
    try:
        with states.extended(lent["apply"], stop=runner.stop, since_s=since_s):
            _apply(runner, lent, shown)
    except Exception as error:
        problem = str(error) or type(error).__name__
    _finish(lent, states, problem)


def _apply(runner: Runner, lent: Mapping[str, Any], shown: Mapping[str, Any]) -> None:
    planfile = runner.work / "lent.bin"
    write_private(planfile, base64.b64decode(lent["planfile"]))

    def agreed(document: bytes) -> None:
        if plan_hash(plan=document, estate=shown["estate"], commit=shown["commit"]) != lent["hash"]:
            raise RunRefused(
                "This planfile does not do what was approved: its hash differs. Nothing was changed."
            )

    try:
        if estates.digest(planfile) != lent["planfile_digest"]:
            raise RunRefused(
                "The planfile is not the one that was handed in. Nothing was changed; plan anew."
            )
        credentials = lent.get("credentials") or {}
        estates.apply(runner, planfile=planfile, credentials=credentials, agreed=agreed, watch=_say)
    finally:
        planfile.unlink(missing_ok=True)


def _say(text: str) -> None:
    """Print a line; a terminal that is gone is no reason to end an apply."""
    with suppress(OSError):
        typer.echo(text)


def _finish(lent: Mapping[str, Any], states: DoorStates, problem: str) -> None:
    end = {"token": lent["token"], "end": "failed" if problem else "applied"}
    body = end | ({"serial": states.serial} if states.serial is not None else {})
    body |= {"problem": " ".join(problem.split())[:500]} if problem else {}
    path = f"/v1/cloud/applies/{lent['apply']['apply']}/finish"
    try:
        done = ask("POST", path, body=json.dumps(body).encode()).json()
    except typer.Exit:
        if problem:
            typer.echo(f"{lent['apply']['apply']} failed: {problem}", err=True)
        raise
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


def _demand_committed(infra: Path, commit: str, base: str) -> str:
    """Refuse what is not committed before anything is planned; give the head of the protected branch."""
    if len(commit) < COMMIT_DIGITS:
        fail(
            f"{infra} is in no repository of git: a plan is of a commit; use --local to try one without"
        )
    if changed := commits.uncommitted(infra):
        fail(f"{infra} is not as committed ({changed}): commit it first, or use --local to try it")
    found = base or commits.head(infra, "origin/main") or commits.head(infra, "main")
    if not found:
        fail(
            "there is neither origin/main nor main here: name the head of the protected branch by --base"
        )
    return found


@contextmanager
def _orderly() -> Iterator[None]:
    """End the command with one line where something is refused."""
    try:
        yield
    except (RunRefused, StateRefused, PlanRefused, executable.ToolMissing) as refusal:
        fail(str(refusal))
