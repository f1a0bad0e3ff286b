"""Read the platform's own policies: controls, inventory, gates, windows and declared waivers, once in a process."""

from pathlib import Path

from tallystick.governance.adapters.policies import (
    load_catalogue,
    load_inventory,
    policies_folder,
)
from tallystick.governance.api import PoliciesNotReadable
from tallystick.governance.model.catalogue import CatalogueRefused
from tallystick.governance.model.policies import Policies
from tallystick.governance.model.rules import RulesRefused, read_rules
from tallystick.governance.model.secrets import BadList, read_secrets

_FILES = ("gates", "windows", "waivers")


class PolicyFolder:
    """The policies of a folder; without one, those of the checkout, the package, or the setting."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._read: Policies | None = None

    def read(self) -> Policies:
        """Read them, once. Raises PoliciesNotReadable."""
        if self._read is None:
            try:
                self._read = _load(self._folder or policies_folder())
            except (CatalogueRefused, RulesRefused, BadList, OSError) as error:
                raise PoliciesNotReadable(str(error)[:500]) from None
        return self._read


def _load(folder: Path) -> Policies:
    texts = {name: (folder / f"{name}.toml").read_text("utf-8") for name in _FILES}
    return Policies(
        catalogue=load_catalogue(folder=folder),
        inventory=load_inventory(folder=folder),
        rules=read_rules(**texts),
        secrets=_secrets(folder / "secrets.toml"),
    )


def _secrets(file: Path) -> frozenset[str] | None:
    return frozenset(read_secrets(file.read_text("utf-8"))) if file.is_file() else None
