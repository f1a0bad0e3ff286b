"""An estate on GCP is tampered with behind the code's back: all of it is found, and nothing rings before."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tallystick.governance.adapters.drift.looking import Looked
from tallystick.governance.adapters.live.gcp.served import unkept
from tallystick.governance.model.drift.finding import Found
from tallystick.governance.model.values import UNKNOWN
from tests.governance.drifting import Scene, of
from tests.governance.gcp_serving import serving_gcp
from tests.governance.tampering import Tampering
from tests.governance.tampering_gcp import TAMPERINGS
from tests.governance.targets import OTHER_WHO, TOKEN

QUIET_RUNS = 2
CREDENTIALS = {"GOOGLE_OAUTH_ACCESS_TOKEN": TOKEN}


@dataclass
class Seen:
    """The scene, and what was seen before and after."""

    scene: Scene
    quiet: list[Looked]
    found: Found


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    with pytest.MonkeyPatch.context() as patch, serving_gcp() as served:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        work = tmp_path_factory.mktemp("gcp")
        scene = Scene(cloud="gcp", work=work, setting=served.setting, environ=CREDENTIALS)
        scene.apply()
        quiet = [scene.look() for _ in range(QUIET_RUNS)]
        with served.hand() as hand:
            scene.tamper(hand, TAMPERINGS)
        yield Seen(scene, quiet, scene.found(scene.look()))


@pytest.mark.timeout(300)
def test_nothing_rings_while_nobody_touches_it(seen: Seen) -> None:
    assert len(seen.scene.state) >= 40
    for looked in seen.quiet:
        found = seen.scene.found(looked)
        assert [each.subject for each in found.differences] == []
        assert found.alarms == ()
        assert looked.unseen == ()


def test_what_a_server_drops_is_judged_by_nobody_as_live(seen: Seen) -> None:
    heard = seen.quiet[0].refreshed.heard.resources
    dropped = [(each, name) for each in heard for name in unkept(each.target, each.type)]
    assert {each.type for each, _ in dropped} >= {"google_compute_network"}
    assert {each.at(name) for each, name in dropped} == {UNKNOWN}
    named = [each for each in heard if each.target != "store" and each.values.get("name")]
    assert UNKNOWN not in [each.at("name") for each in named]


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda each: each.name)
def test_tampering_is_found(seen: Seen, tampering: Tampering) -> None:
    difference = of(tampering, seen.found)
    assert (difference.kind, difference.sort) == (tampering.kind, "unexplained")
    assert difference.who == OTHER_WHO
    if tampering.attribute:
        assert tampering.attribute in [each.path for each in difference.changed]


def test_nothing_else_is_found(seen: Seen) -> None:
    assert len(seen.found.differences) == len(TAMPERINGS)
