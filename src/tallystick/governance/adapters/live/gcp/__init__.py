"""Live kinds of GCP: Terraform types over Google's REST interfaces, or over servers that answer in their place."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from tallystick.governance.adapters.live.gcp import databases, identities, keys, networks, storage
from tallystick.governance.adapters.live.gcp.grants import GRANTED, Grant
from tallystick.governance.adapters.live.gcp.ground import Gcp
from tallystick.governance.adapters.live.gcp.kinds import Live
from tallystick.governance.adapters.live.gcp.served import serves
from tallystick.governance.adapters.provider.targets import Target

_TABLES: Final = {
    **storage.KINDS,
    **keys.KINDS,
    **networks.KINDS,
    **databases.KINDS,
    **identities.KINDS,
}


def _live(kind: str, setting: Mapping[str, Any]) -> Target | None:
    """Give the live target of a type, or None where the setting names no server that serves it."""
    ground = Gcp.of(setting)
    service = SERVICES[kind]
    if not ground.speaks(service) or not serves(ground.target(service), kind):
        return None
    if kind in _TABLES:
        return Live(gcp=ground, kind=_TABLES[kind])
    thing, _, sort = kind.rpartition("_iam_")
    return Grant(gcp=ground, granted=GRANTED[thing], whole=sort == "binding")


SERVICES: Final[dict[str, str]] = {
    **{kind: table.service for kind, table in _TABLES.items()},
    **{
        f"{thing}_iam_{sort}": granted.service
        for thing, granted in GRANTED.items()
        for sort in ("member", "binding")
    },
}
"""The service that each type is spoken of with: `endpoints` and `names` of a setting are by these."""

KINDS: Final[dict[str, Callable[[Any], Target | None]]] = {
    kind: partial(_live, kind) for kind in SERVICES
}
