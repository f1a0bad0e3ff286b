"""The nine planned estates, for whoever asks something of them."""

from typing import Any

import pytest

from tallystick.governance.model.values import Cloud, Environment
from tests.infra.planning import plans


@pytest.fixture(scope="session")
def estates() -> dict[tuple[Cloud, Environment], dict[str, Any]]:
    """Give the plan JSON of every estate, by cloud and environment."""
    return plans()
