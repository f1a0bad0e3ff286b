"""API keys of the platform as secrets: two environments in one tenant do not touch each other's."""

from collections.abc import Iterator

import pytest

from tallystick.governance.adapters.secret_kinds.api_key import ApiKey
from tallystick.governance.model.values import Environment
from tests.secrets.keyring import ADMIN, Keyring, keyring
from tests.secrets.specs import spec_of

SPEC = spec_of(name="deployment-key", kind="api_key", roles=[], consumers=["deployment"])


@pytest.fixture
def platform() -> Iterator[Keyring]:
    with keyring() as found:
        yield found


def kind_at(platform: Keyring, environment: Environment = "production") -> ApiKey:
    return ApiKey(url=platform.url, key=ADMIN, environment=environment)


async def test_rotating_developments_key_leaves_productions_alone(platform: Keyring) -> None:
    development, production = kind_at(platform, "development"), kind_at(platform)
    theirs = await production.make(spec=SPEC, old=None, rotation="r0")
    old = await development.make(spec=SPEC, old=None, rotation="r1")
    new = await development.make(spec=SPEC, old=old, rotation="r2")
    await development.revoke_others(spec=SPEC, keep=new)
    alive = [await production.is_alive(spec=SPEC, value=one) for one in (theirs, old, new)]
    assert alive == [True, False, True]
