"""`tallystick cloud drift`: what is live and was not planned, who did it, and the way back."""

import json
import os
import time
import tomllib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import typer

from tallystick.apps.cli.asking import ask, fail
from tallystick.apps.cli.cloud_places import at_door, demand_estate, place_of
from tallystick.governance.adapters.drift.looking import Looked, Place, look
from tallystick.governance.adapters.drift.repairing import REPAIRS_MAX, Repaired, repair
from tallystick.governance.adapters.drift.schemas import types_of
from tallystick.governance.adapters.policies import (
    load_catalogue,
    load_inventory,
    policies_digest,
    policies_folder,
)
from tallystick.governance.adapters.private import write_private
from tallystick.governance.adapters.reports import drift as report
from tallystick.governance.adapters.rules import PolicyFolder
from tallystick.governance.adapters.terraform import commits, estates, executable
from tallystick.governance.adapters.terraform.alone import alone
from tallystick.governance.adapters.terraform.files import FileStates
from tallystick.governance.adapters.terraform.runner import Runner, RunRefused
from tallystick.governance.adapters.terraform.statekeeper import StateRefused, States
from tallystick.governance.api import PoliciesNotReadable
from tallystick.governance.model.catalogue import Catalogue, CatalogueRefused
from tallystick.governance.model.drift.finding import Grounds, find
from tallystick.governance.model.drift.rules import (
    RulesRefused,
    of_environment,
    read_people,
    read_rules,
)
from tallystick.governance.model.drift.values import Window
from tallystick.governance.model.judging import judge
from tallystick.governance.model.plans import PlanRefused
from tallystick.governance.model.values import Cloud, Environment
from tallystick.kernel.instants import SECOND, Instant, parse, render
from tallystick.runtime.client import path_of

app = typer.Typer()

HOURS_MAX: Final = 90 * 24
"""CloudTrail tells of ninety days."""

RUNS_MAX: Final = 10_000
_REFUSALS: Final = (
    RunRefused,
    StateRefused,
    PlanRefused,
    RulesRefused,
    CatalogueRefused,
    executable.ToolMissing,
    PoliciesNotReadable,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    """One estate that is looked at, and by what it is judged."""

    code: estates.Place
    place: Place
    states: States
    catalogue: Catalogue
    inventory: Mapping[str, Any]
    told: Mapping[str, Any]
    by_rules: str
    commit: str
    windows: tuple[Window, ...]


@app.command()
def drift(  # noqa: PLR0917 - the words of a command
    environment: str = typer.Option(..., "--environment", "-e", help="Which environment."),
    cloud: str = typer.Option(..., "--cloud", "-c", help="aws, azure or gcp."),
    infra: Path = typer.Option(Path("infra/terraform"), "--infra", help="The folder of the HCL."),
    out: Path = typer.Option(Path("drift"), "--out", help="Gets drift.json and drift.html."),
    local: Path = typer.Option(None, "--local", help="Without a platform: the state's folder."),
    hours: int = typer.Option(24, "--hours", min=1, max=HOURS_MAX, help="How far back to ask the trail."),
    mend: bool = typer.Option(False, "--repair", help="Put back what policies/drift.toml calls safe."),
    propose: bool = typer.Option(False, "--propose", help="Hand in the way back as a plan."),
    every: int = typer.Option(0, "--every", min=0, max=1440, help="Look again after so many minutes."),
    runs: int = typer.Option(1, "--runs", min=1, max=RUNS_MAX, help="How often to look, with --every."),
    work: Path = typer.Option(None, "--work", help="Where Terraform works; kept between runs."),
    terraform: str = typer.Option("", "--terraform", help="The OpenTofu or Terraform to run."),
) -> None:  # fmt: skip
    """Look for what is live and was not planned; report it, and end with 1 when a control breaks by it."""
    if runs > 1 and not every:
        fail("--runs needs --every, the minutes between two looks")
    demand_estate(environment, cloud)
    rang, is_lost = False, False  # an alarm is not forgotten when a later look finds it gone
    for number in range(runs):
        if number:
            time.sleep(every * 60)
        is_lost = False
        try:
            watched = _watched(environment, cloud, infra, local, work, terraform)
            made = _once(watched, hours=hours, mend=mend, local=local is not None)
            rang = _rings(made) or rang
            _keep(
                made, out, named="drift" if runs == 1 else f"drift-{_stamp(made.at)}", local=local
            )
        except _REFUSALS as refusal:
            is_lost = True
            typer.echo(f"not looked at: {refusal}", err=True)
        except typer.Exit:  # the platform refused or is away, and that is said already
            is_lost = True
            typer.echo("not handed in: what was seen is in the files alone", err=True)
    if propose and rang:
        _way_back(environment, cloud, infra, out, local, terraform)
    if rang or is_lost:
        raise typer.Exit(1)


def _rings(made: report.Report) -> bool:
    """Say at once what alarms, and whether anything does: a watcher may go on for a day."""
    for each in made.found.alarms:
        who = each.who or "nobody that the trail names"
        typer.echo(f"ALARM: {made.estate}: {each.subject}: {each.kind} by {who}", err=True)
    return bool(made.found.alarms)


def _stamp(at: Instant) -> str:
    """Give an instant as a name of a file has it, to the second."""
    return render(at)[:19].replace("-", "").replace(":", "") + "Z"


def _keep(made: report.Report, out: Path, *, named: str, local: Path | None) -> None:
    """Write what was found, and hand it in."""
    page, document = report.page(made).encode(), report.document(made)
    write_private(out / f"{named}.html", page)
    write_private(out / f"{named}.json", document)
    typer.echo(report.text(made))
    typer.echo(f"written to {out}: {named}.html to read, {named}.json for machines")
    if local is None:
        body = report.message(made, files={f"{named}.json": document, f"{named}.html": page})
        kept = ask("POST", "/v1/cloud/live-reports", body=body).json()
        typer.echo(f"{kept['report']}: in the record; {kept['met']} met, {kept['broken']} broken")


def _once(watched: _Watched, *, hours: int, mend: bool, local: bool) -> report.Report:
    """Look once; give what was found, and put back what may be."""
    # Once before all, so that nobody waits for what cannot be put back, and again before each.
    may = cast("Callable[[], str]", str) if local else lambda: why_not(watched.code)
    if mend and (reason := may()):
        raise RunRefused(f"nothing is put back: {reason}")
    until = _now()
    since = until - hours * 3600 * SECOND
    with alone(watched.code.work), _running(watched) as runner:
        seen = look(
            runner=runner,
            planfile=watched.code.work / "drift.bin",
            place=watched.place,
            since=since,
            until=until,
            variables={"environment": watched.code.environment},
            inventory=watched.inventory,
        )
    return _reported(watched, seen, since=since, at=until, may=may if mend else None)


def _reported(
    watched: _Watched, seen: Looked, *, since: Instant, at: Instant, may: Callable[[], str] | None
) -> report.Report:
    grounds = Grounds(
        events=seen.events,
        rules=of_environment(read_rules(watched.told), watched.code.environment),
        windows=watched.windows,
        judge=lambda estate: judge(estate=estate, catalogue=watched.catalogue, at=at).verdicts,
        known_types=types_of(watched.place.cloud),
        at=at,
    )
    found = find(refreshed=seen.refreshed, strangers=seen.strangers, grounds=grounds)
    targets = watched.place.targets()
    repaired: tuple[Repaired, ...] = ()
    if may:
        repaired = repair(
            differences=found.differences,
            refreshed=seen.refreshed,
            targets=targets,
            may=may,
            most=REPAIRS_MAX,
        )
    return report.Report(
        estate=watched.code.estate,
        at=at,
        since=since,
        targets=tuple(sorted({target.name for target in targets.values()})),
        found=found,
        repaired=repaired,
        unseen=seen.unseen,
        by_rules=watched.by_rules,
        commit=watched.commit,
    )


def _watched(  # noqa: PLR0917 - the words of a command
    environment: str,
    cloud: str,
    infra: Path,
    local: Path | None,
    work: Path | None,
    terraform: str,
) -> _Watched:
    told = _told(policies_folder() / "drift.toml")
    code = place_of(
        environment=environment,
        cloud=cloud,
        infra=infra,
        work=work,
        terraform=terraform,
        local=local,
        purpose="-drift",
    )
    return _Watched(
        code=code,
        place=_reached(cast("Cloud", cloud), cast("Environment", environment), code.targets),
        states=FileStates(local, estate=code.estate) if local is not None else at_door(code.estate),
        catalogue=load_catalogue(),
        inventory=load_inventory(),
        told=told,
        by_rules=policies_digest(),
        commit=_committed(infra),
        windows=() if local is not None else _windows(code.estate, told),
    )


def _committed(infra: Path) -> str:
    """Give the commit that the code is of; empty where it is in no repository, or not as committed."""
    commit = commits.head(infra)
    return commit if commit and not commits.uncommitted(infra) else ""


def _told(file: Path) -> Mapping[str, Any]:
    """Read the rules, so that what is wrong with them is told with the file. Raises `RulesRefused`."""
    try:
        told = tomllib.loads(file.read_text("utf-8"))
        read_rules(told)
        read_people(told)
    except (OSError, ValueError) as refusal:  # RulesRefused and what is no TOML are such too
        raise RulesRefused(f"{file}: {refusal}") from None
    return told


def why_not(place: estates.Place) -> str:
    """Say why the cloud is not to be touched beside the door now: an apply of the estate, or a freeze; else nothing."""
    try:
        stands = ask("GET", path_of("cloud", "estates", place.estate)).json()
    except typer.Exit:  # what was put back before this must still be reported
        return "the platform does not say how the estate stands"
    if running := stands.get("running"):
        return f"{running['apply']} of {place.estate} is running: look again when it has ended"
    if stands.get("lock"):
        return f"the state of {place.estate} is locked: look again when it is free"
    rules = PolicyFolder(policies_folder()).read().rules
    freeze = rules.freeze_of(place.environment, _now())
    return f"{place.environment} is frozen ({freeze.reason})" if freeze else ""


def _reached(cloud: Cloud, environment: Environment, targets: str | None) -> Place:
    """Say how live kinds reach the cloud: as the targets say, or the cloud itself where none are set."""
    if targets is None:
        return Place(
            cloud=cloud, environment=environment, setting=itself(cloud, os.environ), otherwise=cloud
        )
    return Place(cloud=cloud, environment=environment, setting=json.loads(targets).get(cloud))


def itself(cloud: Cloud, environ: Mapping[str, str]) -> dict[str, Any] | None:
    """Give the setting of a cloud itself, by the variables that its own provider reads; None where they do not say.

    On Google Cloud, kinds look through the regions of `policies/regions.toml`; what is elsewhere is counted at once.
    """
    if cloud == "aws":
        return {}
    if cloud == "azure":
        subscription, tenant = environ.get("ARM_SUBSCRIPTION_ID"), environ.get("ARM_TENANT_ID", "")
        return {"subscription": subscription, "tenant": tenant} if subscription else None
    names = ("GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT")
    project = next((environ[name] for name in names if environ.get(name)), None)
    placed = tomllib.loads((policies_folder() / "regions.toml").read_text())[cloud]
    regions = sorted(each for names in placed.values() for each in names if "-" in each)
    return {"project": project, "regions": regions} if project else None


def _windows(estate: str, told: Mapping[str, Any]) -> tuple[Window, ...]:
    """Give the break-glasses of the estate that stand open or await review, for each name of their persons."""
    people = read_people(told)
    standing = ask("GET", "/v1/cloud/estates").json()["items"]
    return tuple(
        Window(
            who=name,
            opened=parse(glass["at"]),
            closes=parse(glass["until"]),
            reason=glass["reason"],
        )
        for each in standing
        if each["estate"] == estate
        for glass in each.get("glasses", ())
        for name in people.get(glass["by"], (glass["by"],))
    )


def _way_back(  # noqa: PLR0917 - the words of a command
    environment: str, cloud: str, infra: Path, out: Path, local: Path | None, terraform: str
) -> None:
    """Plan as ever: what changed is put back and what was deleted is made anew, once the plan is approved."""
    # The commands of the group are put together there, this one too.
    from tallystick.apps.cli.cloud import plan  # noqa: PLC0415

    plan(
        environment=environment,
        cloud=cloud,
        infra=infra,
        out=out,
        local=cast("Path", local),
        base="",
        work=cast("Path", None),
        terraform=terraform,
        cold=False,
        free_lock="",
    )


def _running(watched: _Watched) -> AbstractContextManager[Runner]:
    return estates.running(watched.code, watched.states)


def _now() -> Instant:
    return time.time_ns() // 1_000
