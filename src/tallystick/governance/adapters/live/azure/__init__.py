"""Live kinds of Azure: Terraform types over Azure's REST interfaces, or over servers that answer in their place."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from tallystick.governance.adapters.live.azure import (
    accounts,
    databases,
    networks,
    rights,
    vaults,
)
from tallystick.governance.adapters.live.azure.containers import Containers
from tallystick.governance.adapters.live.azure.contents import Contents
from tallystick.governance.adapters.live.azure.ground import Azure
from tallystick.governance.adapters.live.azure.kinds import Live
from tallystick.governance.adapters.provider.targets import Target

_TABLES: Final = {
    **networks.KINDS,
    **accounts.KINDS,
    **vaults.KINDS,
    **databases.KINDS,
    **rights.KINDS,
}
SERVICES: Final[dict[str, str]] = {
    **dict.fromkeys(_TABLES, "management"),
    "azurerm_key_vault_key": "vault",
    "azurerm_key_vault_secret": "vault",
    "azurerm_storage_container": "blob",
}
"""The service that each type is spoken of with: `endpoints` and `names` of a setting are by these."""


def _live(kind: str, setting: Mapping[str, Any]) -> Target | None:
    """Give the live target of a type, or None where the setting names no server that serves it."""
    azure = Azure.of(setting)
    if not azure.speaks(SERVICES[kind]):
        return None
    if kind in _TABLES:
        return Live(azure=azure, kind=_TABLES[kind])
    if kind == "azurerm_storage_container":
        return Containers(azure=azure)
    return Contents(azure=azure, sort="keys" if kind.endswith("_key") else "secrets")


KINDS: Final[dict[str, Callable[[Any], Target | None]]] = {
    kind: partial(_live, kind) for kind in SERVICES
}
