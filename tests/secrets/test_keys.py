"""API keys of the platform as secrets: two environments in one tenant do not touch each other's."""

from collections.abc import Iterator

import pytest

from tallystick.governance.adapters.secret_kinds.api_key import ApiKey
from tallystick.governance.model.values import Environment
from tallystick.governance.service.secrets.knowing import Busy
from tests.secrets.keyring import ADMIN, Keyring, keyring
from tests.secrets.specs import spec_of
from tests.secrets.worlds import unfenced

SPEC = spec_of(name="deployment-key", kind="api_key", roles=[], consumers=["deployment"])


@pytest.fixture
def platform() -> Iterator[Keyring]:
    with keyring() as found:
        yield found


def kind_at(platform: Keyring, environment: Environment = "production") -> ApiKey:
    return ApiKey(url=platform.url, key=ADMIN, environment=environment)


async def test_rotating_developments_key_leaves_productions_alone(platform: Keyring) -> None:
    development, production = kind_at(platform, "development"), kind_at(platform)
    theirs = await production.make(spec=SPEC, old=None, rotation="r0", fence=unfenced)
    old = await development.make(spec=SPEC, old=None, rotation="r1", fence=unfenced)
    new = await development.make(spec=SPEC, old=old, rotation="r2", fence=unfenced)
    await development.revoke_others(spec=SPEC, keep=new, fence=unfenced)
    alive = [await production.is_alive(spec=SPEC, value=one) for one in (theirs, old, new)]
    assert alive == [True, False, True]


async def test_whoever_lost_the_turn_makes_and_revokes_no_key(platform: Keyring) -> None:
    kind = kind_at(platform)
    old = await kind.make(spec=SPEC, old=None, rotation="r1", fence=unfenced)
    new = await kind.make(spec=SPEC, old=old, rotation="r2", fence=unfenced)

    async def lost() -> None:
        raise Busy("another has the turn")

    with pytest.raises(Busy):
        await kind.make(spec=SPEC, old=old, rotation="r3", fence=lost)
    with pytest.raises(Busy):
        await kind.revoke_others(spec=SPEC, keep=new, fence=lost)
    assert len(platform.keys) == 2
