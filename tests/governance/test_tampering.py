"""An estate on AWS is tampered with behind the code's back: all of it is found, and nothing rings before."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from typer.testing import CliRunner, Result

from tallystick.apps.cli.cloud import app
from tallystick.governance.adapters.drift.looking import Looked, Place
from tallystick.governance.adapters.drift.repairing import repair
from tallystick.governance.adapters.provider.targets import SETTING
from tallystick.governance.model.drift.finding import Found
from tallystick.governance.model.drift.values import Difference, Window
from tallystick.kernel.instants import SECOND
from tests.governance.drifting import Scene, now, of
from tests.governance.moto_serving import (
    MALLORY,
    MALLORYS_ARN,
    REGION,
    SCALER,
    TOOL,
    Moto,
    serving_moto,
)
from tests.governance.tampering import Tampering
from tests.governance.tampering_aws import TAMPERINGS

pytestmark = pytest.mark.timeout(900)  # one fixture does it all, on a machine that may be busy
QUIET_RUNS = 2  # and once more by the command
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": TOOL,
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": REGION,
}
GROWN = 'aws_eks_node_group.main["grown"]'
BURST = 'aws_eks_node_group.main["burst"]'
# What breaks no control of ours in an estate that is as small as the example's.
SILENT = {
    "puts a policy on a bucket that has none",
    "lets the record be deleted after a day",
    "gives a secret to anyone",
    "lets another account become a role",
    "gives a role a policy that was meant for another",
    "makes a user",
    "removes a rule of a security group",
    "keeps no backups and lets a database be deleted",
    "lets databases be spoken to in the clear",
    "stops a trail",
    "deletes a trail",
    "lets a trail be forged",
}


@dataclass
class Seen:
    """The scene, and what was seen before and after."""

    scene: Scene
    moto: Moto
    quiet: list[Looked]
    commanded: Result
    after: Looked
    found: Found

    def one(self, subject: str) -> Difference:
        return next(each for each in self.found.differences if each.subject == subject)


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
        patch.setenv(SETTING, json.dumps({"store": "nowhere", "aws": scene.setting}))
        commanded = _command(scene)
        scene.tamper(moto.hand(), TAMPERINGS)
        _scale(scene, moto, SCALER, GROWN, 4)
        _scale(scene, moto, MALLORY, BURST, 5)
        after = scene.look()
        yield Seen(scene, moto, quiet, commanded, after, scene.found(after))


def _command(scene: Scene) -> Result:
    """Look once more, as a person does it at the terminal."""
    words = ["drift", "--environment", "staging", "--cloud", "aws"]
    words += ["--infra", str(scene.work / "infra"), "--local", str(scene.work / "work" / "states")]
    words += ["--work", str(scene.work / "commanded"), "--out", str(scene.work / "out")]
    return CliRunner().invoke(app, words)


def _scale(scene: Scene, moto: Moto, key: str, address: str, size: int) -> None:
    group = scene.state[address]
    moto.hand(key)("eks").update_nodegroup_config(
        clusterName=group["cluster_name"],
        nodegroupName=group["node_group_name"],
        scalingConfig={"minSize": 1, "maxSize": 5, "desiredSize": size},
    )


def test_nothing_is_found_while_nobody_touches_it(seen: Seen) -> None:
    assert len(seen.scene.state) >= 60
    for looked in seen.quiet:
        found = seen.scene.found(looked)
        assert [each.subject for each in found.differences] == []
        assert found.alarms == ()
        assert looked.unseen == ()


def test_the_command_says_that_all_is_as_planned(seen: Seen) -> None:
    assert seen.commanded.exit_code == 0, seen.commanded.output
    assert "as planned" in seen.commanded.output
    told = json.loads((seen.scene.work / "out" / "drift.json").read_text())
    assert (told["alarms"], told["differences"], told["unseen"]) == (0, [], [])
    assert told["targets"] == ["moto"]
    assert "All is as planned" in (seen.scene.work / "out" / "drift.html").read_text()


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda each: each.name)
def test_tampering_is_found(seen: Seen, tampering: Tampering) -> None:
    difference = of(tampering, seen.found)
    assert (difference.kind, difference.sort) == (tampering.kind, "unexplained")
    assert difference.who == MALLORYS_ARN
    assert difference.target == "moto"
    assert difference.alarms or tampering.name in SILENT
    if tampering.attribute:
        assert tampering.attribute in [each.path for each in difference.changed]


def test_nothing_else_is_found(seen: Seen) -> None:
    tampered = {each.subject for each in TAMPERINGS if not each.subject.endswith("*")}
    others = {each.subject for each in seen.found.differences} - tampered - {GROWN, BURST}
    assert len(others) == 1, "the rule whose id AWS gave it"
    assert len(seen.found.differences) == len(TAMPERINGS) + 2


def test_sizes_are_the_autoscalers_where_it_moved_them(seen: Seen) -> None:
    assert (seen.one(GROWN).sort, seen.one(GROWN).alarms) == ("autoscaler", False)
    assert (seen.one(BURST).sort, seen.one(BURST).who) == ("unexplained", MALLORYS_ARN)


def test_the_same_acts_ring_nowhere_while_their_person_has_broken_the_glass(seen: Seen) -> None:
    window = Window(
        who=MALLORYS_ARN,
        opened=seen.scene.since - SECOND,
        closes=now() + SECOND,
        reason="the disk is full",
    )
    found = seen.scene.found(seen.after, windows=[window])
    assert found.alarms == ()
    assert {each.sort for each in found.differences if each.who == MALLORYS_ARN} == {"break_glass"}


def test_what_rules_call_safe_is_put_back_live_and_nothing_else(seen: Seen) -> None:
    place = Place(cloud="aws", environment="staging", setting=seen.scene.setting)
    done = repair(
        differences=seen.found.differences,
        refreshed=seen.after.refreshed,
        may=str,
        targets=place.targets(),
    )
    assert [(each.subject, each.problem) for each in done if not each.is_done] == []
    assert {each.subject for each in done} == {
        'aws_s3_bucket_public_access_block.main["opened"]',
        'aws_s3_bucket_public_access_block.main["unblocked"]',
        'aws_s3_bucket_versioning.main["unversioned"]',
        'aws_cloudtrail.main["deaf"]',
        'aws_cloudtrail.main["unchecked"]',
        'aws_kms_key.main["still"]',
    }
    hand = seen.moto.hand()
    for bucket in ("opened", "unblocked"):
        block = hand("s3").get_public_access_block(Bucket=f"tallystick-{bucket}")
        assert set(block["PublicAccessBlockConfiguration"].values()) == {True}
    assert hand("cloudtrail").get_trail_status(Name="tallystick-deaf")["IsLogging"]
    assert "stranger" in [each["Name"] for each in hand("s3").list_buckets()["Buckets"]]
