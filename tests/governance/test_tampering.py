"""An estate on AWS is tampered with behind the code's back: all of it is found, and nothing rings before."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tallystick.governance.adapters.drift.looking import Looked
from tallystick.governance.model.drift.finding import Found
from tests.governance.drifting import Scene, of
from tests.governance.moto_serving import REGION, TOOL, Moto, serving_moto
from tests.governance.tampering import Tampering
from tests.governance.tampering_aws import TAMPERINGS

QUIET_RUNS = 3
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": TOOL,
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": REGION,
}


@dataclass
class Seen:
    """The scene, and what was seen before and after."""

    scene: Scene
    moto: Moto
    quiet: list[Looked]
    after: Looked
    found: Found


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    with pytest.MonkeyPatch.context() as patch, serving_moto() as moto:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        scene = Scene(
            cloud="aws",
            work=tmp_path_factory.mktemp("aws"),
            setting={"endpoint": moto.url, "region": REGION},
            environ=CREDENTIALS,
        )
        scene.apply()
        quiet = [scene.look() for _ in range(QUIET_RUNS)]
        scene.tamper(moto.hand(), TAMPERINGS)
        after = scene.look()
        yield Seen(scene, moto, quiet, after, scene.found(after))


@pytest.mark.timeout(300)
def test_nothing_rings_while_nobody_touches_it(seen: Seen) -> None:
    assert len(seen.scene.state) > 60
    for looked in seen.quiet:
        found = seen.scene.found(looked)
        assert [each.subject for each in found.differences] == []
        assert found.alarms == ()
        assert looked.unseen == ()


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda each: each.name)
def test_tampering_is_found(seen: Seen, tampering: Tampering) -> None:
    difference = of(tampering, seen.found)
    assert (difference.kind, difference.sort) == (tampering.kind, "unexplained")
    assert difference.who == "mallory"
    assert difference.target == "moto"
    if tampering.attribute:
        assert tampering.attribute in [each.path for each in difference.changed]


def test_nothing_else_is_found(seen: Seen) -> None:
    assert len(seen.found.differences) == len(TAMPERINGS)
