"""Where contracts are tried: two tenants that are made for it, each with a key for an hour."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from tallystick.contracts import Contract, World
from tallystick.identity.api import CreateKey, CreateTenant, Identity, RevokeKey
from tallystick.kernel import instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.kernel.instants import SECOND
from tallystick.runtime.clock import Clock

OPERATOR: Final = "operator"
# For whom a trial needs more than the books.
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "ledger": ("ledger",),
    "wallets": ("ledger",),
    "payments": ("ledger", "wallets"),
}
_HOUR: Final = 3_600 * SECOND
_NAME_MAX: Final = 100


class Ground(NamedTuple):
    """What a world is made with: the door of tenants and keys, those of contexts by name, and the clock."""

    identity: Identity
    doors: Callable[[str], Any]
    clock: Clock


async def fresh_world(ground: Ground, *, contract: Contract, label: str) -> World:
    """Make two tenants that are named for the trial, and a key of each. They stay; their keys end with the trial."""
    callers = [
        await _caller(ground, f"Trial of {contract.context} by {label} ({number} of 2)"[:_NAME_MAX])
        for number in (1, 2)
    ]
    doors = {name: ground.doors(name) for name in _NEEDED[contract.context]}
    return World(caller=callers[0], stranger=callers[1], doors=doors)


async def _caller(ground: Ground, name: str) -> Caller:
    made = await ground.identity.create_tenant(
        caller=Caller(tenant_id=0, actor=OPERATOR), message=CreateTenant(name=name)
    )
    tenant_id = tenant_id_of(made.tenant)
    until = instants.render(ground.clock.now() + _HOUR)
    key = await ground.identity.create_key(
        caller=Caller(tenant_id=tenant_id, actor=OPERATOR),
        message=CreateKey(label="trial", expires_at=until),
    )
    return Caller(tenant_id=tenant_id, actor=key.key_id, session=key.key_id)


async def end_world(ground: Ground, world: World) -> None:
    """End the keys of a trial."""
    for caller in (world.caller, world.stranger):
        await ground.identity.revoke_key(caller=caller, message=RevokeKey(key_id=caller.actor))
