"""All that a plan is judged by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tallystick.governance.model.catalogue import Catalogue
from tallystick.governance.model.rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The platform's policies: its controls, what each service must bear, and the rules of applying."""

    catalogue: Catalogue
    inventory: Mapping[str, Any]
    rules: Rules
    secrets: frozenset[str] | None = None
