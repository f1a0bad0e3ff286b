"""Where our provider's resources live: on a live target, or in the local store.

`TALLYSTICK_CLOUD_TARGETS` is a JSON object: `store` is the path of the local store, and each other key is a cloud
("aws", "gcp", "azure") with what its kinds need to reach the live target (an address, or an object of addresses). A
type that has a live kind for a target that is set goes there; every other type goes to the store.

Live kinds are found in `tallystick.governance.adapters.live.<cloud>`, whose `KINDS` maps a type's name to a function
of the target's setting that gives a `Target`, or None where that setting names none for the type. A target that cannot
do what was asked raises `TargetRefused`, in words for a person.
"""

import importlib
import importlib.util
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

Values = dict[str, Any]

SETTING: Final = "TALLYSTICK_CLOUD_TARGETS"
CLOUDS: Final[Mapping[str, str]] = {"aws": "aws", "azurerm": "azure", "google": "gcp"}


class TargetRefused(Exception):
    """The target does not do what was asked; the message says what to do next."""


class Target(Protocol):
    """One place where objects of a cloud live.

    Values are plain Python in the complete shape of Terraform's type: every attribute and block is a key, what is not
    set is None (blocks: an empty list). What was unknown at plan is None when it comes to `create` and `update`.
    """

    name: str
    """How verdicts call this target: "moto", "drongo", "gcplocal", "azurite", "double" or "store"."""

    def create(self, kind: str, values: Values) -> Values:
        """Make one object of this type, and give it back with all that the cloud says of it, its id too."""
        ...

    def read(self, kind: str, values: Values) -> Values | None:
        """Read an object as it is now; None when it is gone. `values` holds at least its id."""
        ...

    def update(self, kind: str, prior: Values, values: Values) -> Values:
        """Change an object to these values, and give it back as it then is."""
        ...

    def delete(self, kind: str, values: Values) -> None:
        """Remove an object; one that is gone already is no error."""
        ...

    def list(self, kind: str) -> list[Values]:
        """Read every object of this type that the target has, whoever made it."""
        ...


Kind = Callable[[Any], Target | None]


class Dispatch:
    """Chooses the target of each type, once per process."""

    def __init__(self, *, cloud: str, setting: str | None, store: Callable[[str | None], Target]):
        """Read the setting; `store` opens the local store at its path (None: in memory alone)."""
        self._targets: dict[str, Any] = json.loads(setting) if setting else {}
        self._cloud = cloud
        self._open_store = store
        self._store: Target | None = None
        self._live: dict[str, Target] = {}
        self._kinds: Mapping[str, Kind] | None = None

    def of(self, kind: str) -> Target:
        """Give the target of this type."""
        if self._cloud not in self._targets:
            return self.store
        if self._kinds is None:
            self._kinds = live_kinds(self._cloud)
        if kind not in self._kinds:
            return self.store
        if kind not in self._live:
            self._live[kind] = self._kinds[kind](self._targets[self._cloud]) or self.store
        return self._live[kind]

    @property
    def store(self) -> Target:
        """Give the local store."""
        if self._store is None:
            self._store = self._open_store(self._targets.get("store"))
        return self._store


def live_kinds(cloud: str) -> Mapping[str, Kind]:
    """Give the live kinds of a cloud by the names of their types; none where the cloud has no live kinds."""
    name = f"tallystick.governance.adapters.live.{cloud}"
    if importlib.util.find_spec(name) is None:
        return {}
    return importlib.import_module(name).KINDS
