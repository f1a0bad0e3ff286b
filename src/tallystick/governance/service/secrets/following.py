"""Whether what is done to a secret still follows the list: no home of it is forgotten when the list is changed."""

from collections.abc import Mapping

from tallystick.governance.model.homes import Home, HomeRefused
from tallystick.governance.model.rotation import Rotation
from tallystick.governance.model.secrets import HomeName, SecretSpec
from tallystick.governance.model.values import Environment
from tallystick.governance.service.secrets.knowing import Turn


def demand_homes(
    spec: SecretSpec, copies: Mapping[HomeName, Home], *, environment: Environment
) -> None:
    """Raise HomeRefused for a home of the list that nobody said where it is."""
    for name in spec.homes[environment]:
        if name not in copies:
            raise HomeRefused(
                f"{spec.name} lives in {name}, and the file of homes has no [{environment}.{name}]: nothing was done"
            )


def demand_same_homes(state: Rotation, turn: Turn, spec: SecretSpec) -> None:
    """Raise HomeRefused when the list has other homes than the rotation that is under way."""
    listed = {"openbao", *spec.homes[turn.place.environment]}
    if other := sorted(listed ^ set(state.homes)):
        raise HomeRefused(
            f"{turn.place}: the list was changed for {', '.join(other)} while a rotation is under way, so the old one "
            "could live on there. Have the homes in the list as they were, end the rotation, then change it"
        )


def strays_of(turn: Turn, spec: SecretSpec) -> list[HomeName]:
    """The homes that were given a secret, and that the list has no more for it."""
    listed = ("openbao", *spec.homes[turn.place.environment])
    return [one for one in turn.known.homes if one not in listed]


def demand_no_strays(turn: Turn, spec: SecretSpec) -> None:
    """Raise HomeRefused for a home that was given the secret, and that the list has no more."""
    if strays := strays_of(turn, spec):
        raise HomeRefused(
            f"{turn.place}: {', '.join(strays)} was given it and is not in the list any more, so what is there would "
            "never be ended. Delete it there, then `tallystick cloud secrets sync` takes note of that"
        )
