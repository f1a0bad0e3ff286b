"""Judge a plan, a state or manifests by the controls: here, with no platform, or as the platform has judged a plan."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

import typer

from tallystick import __version__
from tallystick.apps.cli import cloud_verdicts
from tallystick.apps.cli.asking import ask, fail
from tallystick.governance.adapters.manifests import read_manifests
from tallystick.governance.adapters.places import places
from tallystick.governance.adapters.policies import load_catalogue, load_inventory, policies_folder
from tallystick.governance.adapters.rego import judge_by_rego
from tallystick.governance.adapters.rego_engines import NoEngineError, engine_of
from tallystick.governance.adapters.rules import PolicyFolder
from tallystick.governance.model.catalogue import Catalogue
from tallystick.governance.model.judging import Judgement, judge
from tallystick.governance.model.plans import read_plan, said_of
from tallystick.governance.model.sarif import Place, sarif
from tallystick.governance.model.states import read_state
from tallystick.governance.model.values import ENVIRONMENTS, Cloud, Environment, Estate
from tallystick.governance.model.verdicts import Verdict
from tallystick.kernel import instants

app = typer.Typer()

_CLOUDS: Final = ("aws", "azure", "gcp")
_PAGES_MAX: Final = 200


@dataclass(frozen=True)
class _Read:
    """What is judged, and where its resources stand in the code."""

    estate: Estate
    places: Mapping[str, Place]


@app.command()
def check(  # noqa: PLR0917 - the words of a command
    plan_id: str = typer.Argument("", metavar="[PLAN]", help="A plan handed in, pln_…."),
    plan: Path = typer.Option(None, "--plan", help="A plan: `terraform show -json PLANFILE`."),
    state: Path = typer.Option(None, "--state", help="A state: `terraform show -json`."),
    manifests: Path = typer.Option(None, "--manifests", help="A folder of rendered manifests."),
    environment: str = typer.Option("", "--environment", "-e", help="Where the plan does not say."),
    cloud: str = typer.Option("", "--cloud", "-c", help="Where the providers do not say."),
    infra: Path = typer.Option(None, "--infra", help="The root module, for lines in SARIF."),
    rego: Path = typer.Option(None, "--rego", help="A folder of your own Rego, judged beside."),
    rego_engine: str = typer.Option("regopy", "--rego-engine", help="What judges it: regopy, opa."),
    as_json: bool = typer.Option(False, "--json", help="Write every verdict as JSON."),
    into: Path = typer.Option(None, "--sarif", help="Write SARIF 2.1.0 for code review here."),
    framework: str = typer.Option("", "--framework", help="Show how one framework is answered."),
) -> None:
    """Judge by the controls what is planned, live or written; ends with 1 when something fails."""
    given = [each for each in (plan_id, plan, state, manifests) if each]
    if len(given) != 1:
        fail("one of these is judged: a plan's id, --plan FILE, --state FILE or --manifests DIR")
    if plan_id:
        _show_handed_in(plan_id, as_json=as_json)
        return
    catalogue = load_catalogue()
    read = _read(
        plan=plan,
        state=state,
        manifests=manifests,
        environment=environment,
        cloud=cloud,
        infra=infra,
    )
    found = _judged(read.estate, catalogue, rego, rego_engine)
    if into is not None:
        log = sarif(
            verdicts=found.verdicts, catalogue=catalogue, places=read.places, version=__version__
        )
        into.write_text(json.dumps(log, indent=2) + "\n", "utf-8")
    if as_json:
        typer.echo(cloud_verdicts.as_json(found, catalogue))
    elif framework:
        cloud_verdicts.show_coverage(found, catalogue, framework)
    else:
        cloud_verdicts.show(found, catalogue)
    if not found.stands:
        raise typer.Exit(1)


def _judged(estate: Estate, catalogue: Catalogue, rego: Path | None, rego_engine: str) -> Judgement:
    now = instants.parse(datetime.now(UTC).isoformat(timespec="seconds"))
    declared = PolicyFolder(policies_folder()).read().rules.waivers
    mine = [each for each in declared if each.control.startswith(f"{estate.cloud}-")]
    found = judge(estate=estate, catalogue=catalogue, waivers=mine, at=now)
    if rego is None:
        return found
    try:
        engine = engine_of(rego_engine)
    except NoEngineError as error:
        fail(str(error))
    users = judge_by_rego(folder=rego, estate=estate, engine=engine)
    return replace(found, verdicts=(*found.verdicts, *users))


def _read(
    *,
    plan: Path | None,
    state: Path | None,
    manifests: Path | None,
    environment: str,
    cloud: str,
    infra: Path | None,
) -> _Read:
    inventory = load_inventory()
    if manifests is not None:
        where = _environment(environment or "production")
        return _Read(*read_manifests(folder=manifests, environment=where, inventory=inventory))
    file = plan or state
    assert file is not None
    text = _text(file)
    told_cloud, told_environment = said_of(text)
    about: Any = {
        "text": text,
        "cloud": _cloud(cloud or told_cloud or ""),
        "environment": _environment(environment or told_environment or ""),
        "inventory": inventory,
    }
    if state is not None:
        return _Read(read_state(**about), {})
    planned = read_plan(**about)
    for doubt in planned.doubts:
        typer.secho(
            f"not certain: {doubt}; plan the whole estate", fg=typer.colors.YELLOW, err=True
        )
    estate = planned.estate
    if infra is None:
        return _Read(estate, {})
    return _Read(estate, places(plan=json.loads(text), folder=infra, root=Path()))


def _text(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read ({error.strerror}): write it by `terraform show -json`")


def _cloud(name: str) -> Cloud:
    if name not in _CLOUDS:
        fail(f"--cloud is needed here: one of {', '.join(_CLOUDS)}")
    return cast("Cloud", name)


def _environment(name: str) -> Environment:
    if name not in ENVIRONMENTS:
        fail(f"--environment is needed here: one of {', '.join(ENVIRONMENTS)}")
    return cast("Environment", name)


def _show_handed_in(plan_id: str, *, as_json: bool) -> None:
    items: list[dict[str, Any]] = []
    query: dict[str, str] = {}
    for _ in range(_PAGES_MAX):
        page = ask("GET", f"/v1/cloud/plans/{plan_id}/verdicts", query=query).json()
        items += page["items"]
        if not page.get("after"):
            break
        query = {"after": page["after"]}
    if as_json:
        typer.echo(json.dumps(items, indent=2))
    else:
        cloud_verdicts.show_rows(
            [
                Verdict(
                    control=each["control"],
                    subject=each["subject"],
                    outcome=each["outcome"],
                    reasons=tuple(each["reasons"]),
                    target="plan",
                )
                for each in items
            ],
            load_catalogue(),
        )
    if any(each["outcome"] == "fail" for each in items):
        raise typer.Exit(1)
