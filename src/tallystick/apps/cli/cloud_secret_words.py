"""The words in which `tallystick cloud secrets` tells where a secret and its rotation are."""

from typing import Any, Final

import msgspec

from tallystick.governance.model import rotation as machine
from tallystick.governance.model.rotation import Rotation
from tallystick.governance.model.secrets import SecretSpec, seconds_of
from tallystick.governance.service.secrets.knowing import Known
from tallystick.kernel.instants import render

_US: Final = 1_000_000


def age_of(known: Known, spec: SecretSpec, at: int) -> str:
    """How long ago it was rotated."""
    if spec.kind == "dynamic":
        return "leased: nobody rotates it"
    if not known.rotated_at:
        return "never rotated"
    return f"{(at - known.rotated_at) // _US // 86_400} days old"


def due_of(known: Known, spec: SecretSpec, at: int) -> str:
    """When the next one is due."""
    if spec.kind == "dynamic":
        return ""
    age = (at - known.rotated_at) // _US
    if age > seconds_of(spec.max_age):
        return "too old: rotate it now"
    if age > seconds_of(spec.rotate_after):
        return "due"
    return f"due on {render(known.rotated_at + seconds_of(spec.rotate_after) * _US)[:10]}"


def line_of(state: Rotation, action: machine.Action) -> str:
    """Where a rotation is, for a person."""
    road = machine.STEPS[: machine.STEPS.index("done")]
    passed = road if state.is_over else road[: road.index(state.step) + 1]
    words = " → ".join((*passed, state.step) if state.is_over else passed)
    way = f"back to the value of version {state.restores}: " if state.restores else ""
    after = f"version {state.old or 'none'} → {state.new or '…'}"
    return f"{way}{after}  {words}{_next(state, action)}"


def _next(state: Rotation, action: machine.Action) -> str:
    match action:
        case machine.Await(consumers, rings):
            late = "LATE, and the old one stays valid: " if rings else ""
            return f"; {late}waiting for {', '.join(consumers)} to acknowledge rotation {state.rotation}"
        case machine.Ring():
            return f"; ALARM: version {state.old} was revoked and goes on working. Find out why, then `--looked`"
        case machine.Nothing():
            return f"; not proven: {state.unproven}" if state.unproven else ""
        case _:
            return "; `tallystick cloud secrets rotate` goes on with it"


def told_of(state: Rotation, action: machine.Action) -> dict[str, Any]:
    """Where a rotation is, for a program."""
    told: dict[str, Any] = msgspec.to_builtins(state)
    return told | {"next": type(action).__name__.lower(), "missing": list(state.missing)}
