"""The door of governance for every test here that asks for it."""

import pytest

from tests.governance.clouds import House


@pytest.fixture
async def house(database_for, caller) -> House:
    """Clouds of a tenant that no other test has."""
    return House(database=await database_for("governance", pool_size=4), caller=caller)
