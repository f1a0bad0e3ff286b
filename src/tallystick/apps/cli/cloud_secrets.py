"""`tallystick cloud secrets`: the secrets of an environment, the same in every home, and rotated to a proven end."""

import asyncio
import getpass
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import typer

from tallystick.apps.cli.asking import address, fail, key_for
from tallystick.apps.cli.cloud_secret_words import age_of, due_of, line_of, told_of
from tallystick.governance.model import rotation as machine
from tallystick.governance.model.homes import VALUE_BYTES_MAX, Copy, HomeRefused, Place, taken
from tallystick.governance.model.rotation import Rotation
from tallystick.governance.model.secrets import SecretSpec
from tallystick.governance.model.values import Environment
from tallystick.governance.service.secrets.acknowledging import acknowledge as keep_acknowledged
from tallystick.governance.service.secrets.knowing import SecretStep, Turn, look, turn
from tallystick.governance.service.secrets.opening import (
    documents_of,
    ground_of,
    list_of,
    place_of,
    put_on_record,
    sync_one,
)
from tallystick.governance.service.secrets.rotating import Ground, Rotating
from tallystick.governance.service.secrets.syncing import Synced
from tallystick.runtime.client import NotAnAddress, NothingAnswers, NotSafe, request
from tallystick.runtime.clock import SystemClock

app = typer.Typer(
    help="Keep the secrets of an environment the same in their homes, and rotate them.",
    no_args_is_help=True,
)
LIST: Final = Path("policies/secrets.toml")
FILE_BYTES_MAX: Final = VALUE_BYTES_MAX + 1_024
SETTING: Final = "TALLYSTICK_SECRET_HOMES"


class Where(StrEnum):
    """The environments."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


_Environment = typer.Option(..., "--environment", "-e", help="The environment whose secrets.")
_List = typer.Option(LIST, "--list", help="The list of secrets.")
_Json = typer.Option(False, "--json", help="Answer in JSON.")
_Name = typer.Argument(help="The secret's name in the list.")


@app.command("list")
def list_(listed: Path = _List, in_json: bool = _Json) -> None:
    """Show the list of secrets: what each is, whose, where it lives and when it is due."""
    specs = list_of(listed)
    if in_json:
        _print_json(msgspec.to_builtins(list(specs.values())))
        return
    for spec in specs.values():
        homes = " ".join(f"{one}:{'+'.join(('openbao', *at))}" for one, at in spec.homes.items())
        typer.echo(f"{spec.name}  {spec.kind}  {spec.class_}  of {spec.owner}  {homes}")
        typer.echo(f"    {spec.what}")
        typer.echo(f"    every {spec.rotate_after}; used by {', '.join(spec.consumers)}")


@app.command()
def status(environment: Where = _Environment, listed: Path = _List, in_json: bool = _Json) -> None:
    """Show of every secret how old it is, how far its rotation is and who is waited for. It changes nothing."""
    specs = list_of(listed)

    async def ask() -> list[dict[str, Any]]:
        async with _ground(environment) as ground:
            return [await _standing(ground, spec, environment) for spec in specs.values()]

    found = asyncio.run(ask())
    if in_json:
        _print_json(found)
        return
    for one in found:
        typer.echo(f"{one['secret']}  {one['age']}" + (f", {one['due']}" if one["due"] else ""))
        if one["rotation"]:
            typer.echo(f"    {one['rotation']}")
        if one["held_by"]:
            typer.echo(f"    {one['held_by']} is at work on it")
        if one["unrecorded"]:
            typer.echo(f"    {one['unrecorded']} steps wait to be put on record")


@app.command()
def sync(
    name: str = typer.Argument("", help="One secret; all of the list without."),
    *,
    environment: Where = _Environment,
    overwrite: bool = typer.Option(
        False,
        "--overwrite",
        help="Write over copies that somebody changed; they are reported first.",
    ),
    listed: Path = _List,
    in_json: bool = _Json,
) -> None:
    """Bring every home to what the primary home has; exit code 1 when a home is behind afterwards.

    A home that is down is told and left as it is; the others are done. The next run goes on.
    """
    specs = _chosen(list_of(listed), name)

    async def do() -> list[dict[str, Any]]:
        async with _ground(environment) as ground:
            return [await _synced(ground, spec, environment, overwrite) for spec in specs]

    found = asyncio.run(do())
    if in_json:
        _print_json(found)
    else:
        for one in found:
            _tell_synced(one)
    if not all(one["is_good"] for one in found):
        raise typer.Exit(1)


@app.command()
def rotate(
    name: str = _Name,
    *,
    environment: Where = _Environment,
    back: bool = typer.Option(
        False, "--back", help="Return to the old one, as long as it is valid."
    ),
    looked: bool = typer.Option(
        False, "--looked", help="You looked why the revoked one went on working: revoke it anew."
    ),
    unproven: str = typer.Option(
        "", "--unproven", help="The old value is gone and cannot be tried: end it, for this reason."
    ),
    listed: Path = _List,
    in_json: bool = _Json,
) -> None:
    """Rotate a secret, or go on with its rotation: as far as it goes now, so run it again when consumers have said.

    Exit code 1 where a person is needed: a consumer is late, or what was revoked goes on working.
    """
    (spec,) = _chosen(list_of(listed), name, must=True)

    async def do() -> tuple[Rotation, machine.Action, int]:
        async with _ground(environment) as ground, _turn(ground, spec, environment) as mine:
            rotating = Rotating(ground=ground, turn=mine, spec=spec)
            try:
                await _directed(rotating, back=back, looked=looked, unproven=unproven)
                state, action = await rotating.run()
            finally:
                waiting = await _recorded(mine)
            return state, action, waiting

    state, action, waiting = asyncio.run(do())
    if in_json:
        _print_json(told_of(state, action) | {"unrecorded": waiting})
    else:
        typer.echo(line_of(state, action))
        _tell_waiting(waiting)
    if isinstance(action, machine.Ring) or (isinstance(action, machine.Await) and action.rings):
        raise typer.Exit(1)


@app.command()
def acknowledge(
    name: str = _Name,
    *,
    environment: Where = _Environment,
    consumer: str = typer.Option(..., "--consumer", help="Who uses it, as the list names them."),
    rotation: str = typer.Option(
        "", "--rotation", help="The rotation whose value they use now, `_rotation` in it."
    ),
    holding: str = typer.Option(
        "", "--holding", help="The file of JSON that they have it in, or -: it proves that they do."
    ),
    listed: Path = _List,
) -> None:
    """Say for a consumer that it uses what a rotation made. Only then may the one before be ended.

    A consumer says so best itself, from its start, with --holding. The value stays here.
    """
    (spec,) = _chosen(list_of(listed), name, must=True)
    place = place_of(spec, _environment(environment))
    held = _held(holding, place) if holding else None
    made_by = held.mark.rotation if held else rotation
    if not made_by or (held and rotation and rotation != made_by):
        fail(
            "name the rotation that made what is used: --rotation, or --holding with `_rotation` in it"
        )

    async def do() -> bool:
        at_home = documents_of(
            homes_file=os.environ.get(SETTING, ""), environment=place.environment
        )
        async with at_home as documents:
            return await keep_acknowledged(
                documents=documents,
                place=place,
                spec=spec,
                consumer=consumer,
                rotation=made_by,
                at=SystemClock().now(),
                value=held.value if held else None,
            )

    is_new = asyncio.run(do())
    proven = ", and holds it" if held else ""
    again = "" if is_new else ", as it said before"
    typer.echo(f"{consumer} uses what rotation {made_by} made{proven}{again}")


def _held(holding: str, place: Place) -> Copy:
    """The secret in a file, as a home gives it out."""
    try:
        with Path("/dev/stdin" if holding == "-" else holding).open("rb") as source:
            fields = msgspec.json.decode(source.read(FILE_BYTES_MAX))
    except OSError as error:
        fail(f"cannot read {holding} ({error.strerror})")
    except msgspec.DecodeError:
        fail(f"{holding} has no JSON of {place}, with `_rotation` in it, as a home gives it out")
    return taken(fields, version="", home="openbao", place=place)


async def _directed(rotating: Rotating, *, back: bool, looked: bool, unproven: str) -> None:
    if sum((back, looked, bool(unproven))) > 1:
        fail("--back, --looked and --unproven: one at a time")
    if back:
        await rotating.turn_back()
    elif looked:
        await rotating.look_after()
    elif unproven:
        await rotating.leave_unproven(unproven)
    else:
        await rotating.begin()


@asynccontextmanager
async def _ground(environment: Where) -> AsyncIterator[Ground]:
    url = address()
    async with ground_of(
        homes_file=os.environ.get(SETTING, ""),
        environment=_environment(environment),
        url=url,
        key=key_for(url),
    ) as ground:
        yield ground


@asynccontextmanager
async def _turn(ground: Ground, spec: SecretSpec, environment: Where) -> AsyncIterator[Turn]:
    place = place_of(spec, _environment(environment))
    holder = f"{getpass.getuser()} at {os.uname().nodename}"
    async with turn(
        documents=ground.documents, clock=SystemClock(), place=place, holder=holder
    ) as mine:
        yield mine


def _environment(environment: Where) -> Environment:
    return cast("Environment", environment.value)


def _chosen(specs: dict[str, SecretSpec], name: str, *, must: bool = False) -> list[SecretSpec]:
    if not name and not must:
        # What is leased has no copies.
        return [spec for spec in specs.values() if spec.kind != "dynamic"]
    if name not in specs:
        fail(f"the list has no secret {name!r}: it has {', '.join(specs)}")
    return [specs[name]]


async def _synced(
    ground: Ground, spec: SecretSpec, environment: Where, overwrite: bool
) -> dict[str, Any]:
    """What a sync of one secret came to; what refuses one keeps no other from being done."""
    told: dict[str, Any] = {"secret": spec.name, "homes": [], "why": "", "unrecorded": 0}
    homes = list[Synced]()
    try:
        async with _turn(ground, spec, environment) as mine:
            homes = await sync_one(ground=ground, turn=mine, spec=spec, overwrites=overwrite)
            told["unrecorded"] = await _recorded(mine)
    except HomeRefused as error:
        told["why"] = str(error)
    told["homes"] = [
        {"home": one.home, "did": one.did, "drift": one.drift, "why": one.why} for one in homes
    ]
    told["is_good"] = not told["why"] and all(one.is_good for one in homes)
    return told


async def _recorded(mine: Turn) -> int:
    return await put_on_record(mine, _put_on_record)


async def _put_on_record(step: SecretStep) -> bool:
    """Hand one step to the record. False when the platform is not there, or does not let us: it waits."""
    url = address()
    key = key_for(url)
    if not key:
        return False
    body = msgspec.to_builtins(step)
    # When it was done is when the primary home has it; the record says when it heard of it.
    del body["at"]
    try:
        answer = await asyncio.to_thread(
            request, "POST", f"{url}/v1/cloud/secret-steps", key=key, body=msgspec.json.encode(body)
        )
    except (NothingAnswers, NotAnAddress, NotSafe):
        return False
    if not answer.is_good:
        said = answer.json() if "json" in answer.media else {}
        why = f"{said.get('code', answer.status)}: {said.get('detail', 'the server does not say why')}"
        typer.echo(
            f"{step.step} of {step.secret} waits, since the record refuses it: {why}", err=True
        )
    return answer.is_good


async def _standing(ground: Ground, spec: SecretSpec, environment: Where) -> dict[str, Any]:
    place = place_of(spec, _environment(environment))
    known, _ = await look(documents=ground.documents, place=place)
    at = SystemClock().now()
    state = known.rotation
    action = machine.next_of(state, at=at) if state else None
    lease = known.lease if known.lease and known.lease.until > at else None
    return {
        "secret": spec.name,
        "age": age_of(known, spec, at),
        "due": due_of(known, spec, at),
        "rotation": line_of(state, action) if state and action else "",
        "held_by": lease.holder if lease else "",
        "unrecorded": len(known.outbox),
        "homes": {home: held.of for home, held in known.homes.items()},
    }


def _tell_synced(one: dict[str, Any]) -> None:
    typer.echo(f"{one['secret']}" + (f"  {one['why']}" if one["why"] else ""))
    for home in cast("Iterable[dict[str, str]]", one["homes"]):
        drift = f" (drift: {home['drift']})" if home["drift"] else ""
        why = f": {home['why']}" if home["why"] else ""
        typer.echo(f"    {home['home']:8}{home['did']}{drift}{why}")
    _tell_waiting(one["unrecorded"])


def _tell_waiting(waiting: int) -> None:
    if waiting:
        typer.echo(
            f"    {waiting} steps wait to be put on record: the platform was not there for them"
        )


def _print_json(value: Any) -> None:
    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
