"""Where contracts are tried: two tenants that identity makes for it, each with a key for an hour."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from tallystick.contracts import Contract, World
from tallystick.identity.api.substitutions import MakeTrial, Serving
from tallystick.kernel import instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.kernel.instants import SECOND, Instant

# For whom a trial needs more than the books.
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "ledger": ("ledger",),
    "wallets": ("ledger",),
    "payments": ("ledger", "wallets"),
}
ENOUGH: Final[Instant] = 600 * SECOND
"""A trial that begins so long before its keys end is over by then."""


class Ground(NamedTuple):
    """What a world is made with: the door that makes its tenants, and those of contexts by name."""

    serving: Serving
    doors: Callable[[str], Any]


class Place(NamedTuple):
    """A world, and the instant until which a trial may begin in it."""

    world: World
    until: Instant


async def fresh_place(ground: Ground, *, caller: Caller, contract: Contract, label: str) -> Place:
    """Have two tenants made that are named for the trial, and a key of each. They stay, and their keys end."""
    made = await ground.serving.trial(
        caller=caller, message=MakeTrial(context=contract.context, label=label)
    )
    first, second = (
        Caller(tenant_id=tenant_id_of(one.tenant), actor=one.key_id, session=one.key_id)
        for one in made.callers
    )
    doors = {name: ground.doors(name) for name in _NEEDED[contract.context]}
    world = World(caller=first, stranger=second, doors=doors)
    return Place(world, instants.parse(made.ends_at) - ENOUGH)
