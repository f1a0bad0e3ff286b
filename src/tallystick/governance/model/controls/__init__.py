"""Every predicate, by the name that `policies/controls` describes it under."""

from collections.abc import Mapping
from types import ModuleType
from typing import Final, cast

from tallystick.governance.model.controls import (
    aws_cluster,
    aws_database,
    aws_keys,
    aws_network,
    aws_objects,
    aws_rules,
    azure_access,
    azure_cluster,
    azure_data,
    azure_database,
    azure_rules,
    gcp_access,
    gcp_cluster,
    gcp_data,
    gcp_rules,
    kubernetes_cluster,
    kubernetes_pods,
)
from tallystick.governance.model.controls.known import types_known
from tallystick.governance.model.predicates import Control

_MODULES: Final[tuple[ModuleType, ...]] = (
    aws_cluster,
    aws_database,
    aws_keys,
    aws_network,
    aws_objects,
    aws_rules,
    azure_access,
    azure_cluster,
    azure_data,
    azure_database,
    azure_rules,
    gcp_access,
    gcp_cluster,
    gcp_data,
    gcp_rules,
    kubernetes_cluster,
    kubernetes_pods,
)


def _collected() -> dict[str, Control]:
    found: dict[str, Control] = {}
    for module in _MODULES:
        for each in cast("dict[str, object]", vars(module)).values():
            if isinstance(each, Control):
                assert each.id not in found, f"two controls are called {each.id}"
                found[each.id] = each
    judged = frozenset(kind for each in found.values() for kind in each.types)
    for cloud in ("aws", "azure", "gcp"):
        made = types_known(cloud, judged)
        found[made.id] = made
    return found


CONTROLS: Final[Mapping[str, Control]] = _collected()
