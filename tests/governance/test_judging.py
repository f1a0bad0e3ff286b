"""Plans, states, catalogue and waivers as they must not be: each is refused, and nothing muted counts as passed."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tallystick.governance.adapters.policies import load_catalogue, load_inventory
from tallystick.governance.model.catalogue import CatalogueRefused, read_catalogue
from tallystick.governance.model.controls import CONTROLS
from tallystick.governance.model.coverage import coverage
from tallystick.governance.model.judging import Waiver, judge
from tallystick.governance.model.plans import PlanRefused, read_plan, said_of
from tallystick.governance.model.sarif import sarif
from tallystick.governance.model.states import read_state
from tallystick.governance.model.values import UNKNOWN, Estate, Resource
from tallystick.governance.model.verdicts import weakest
from tallystick.kernel.instants import DAY, SECOND
from tests.governance import controls_page

NOW = 20_000 * DAY
KEY = "module.keys.aws_kms_key.data"
AWS = "registry.terraform.io/hashicorp/aws"


def change(address: str, type: str, **after: Any) -> dict[str, Any]:
    unknown = {name: True for name, value in after.items() if value is UNKNOWN}
    known = {name: value for name, value in after.items() if value is not UNKNOWN}
    change = {"actions": ["create"], "before": None, "after": known, "after_unknown": unknown}
    module, _, name = address.rpartition(f"{type}.")
    return {
        "address": address, "module_address": module.rstrip("."), "mode": "managed", "type": type,
        "name": name.partition("[")[0], "provider_name": AWS, "change": change,
    }  # fmt: skip


def plan(*changes: dict[str, Any], **more: Any) -> str:
    return json.dumps({"format_version": "1.2", "resource_changes": list(changes), **more})


def read(text: str, **more: Any) -> Any:
    about: Any = {"cloud": "aws", "environment": "production", **more}
    return read_plan(text=text, **about)


def estate(**values: Any) -> Estate:
    key = Resource(address=KEY, type="aws_kms_key", name="data", values=values)
    return Estate(cloud="aws", environment="production", moment="planned", resources=(key,))


GOOD = change(KEY, "aws_kms_key", enable_key_rotation=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no whole plan"),
        ("[]", "no plan"),
        ('{"format_version": "1.2"}', "no plan"),
        (plan(GOOD).replace('"1.2"', '"2.0"'), "format 2.0"),
        (plan(GOOD, errored=True), "error"),
        (plan(GOOD, complete=False), "incomplete"),
        (plan(GOOD).replace("hashicorp/aws", "somebody/aws"), "somebody/aws"),
        (plan(GOOD, variables={"environment": {"value": "staging"}}), "staging"),
        (plan({**GOOD, "change": None}), "no change"),
        (plan(GOOD)[:-30], "no whole plan"),
        ('{"format_version": "1.2", "resource_changes": [1]}', "no list of objects"),
    ],
)
def test_what_is_no_plan_of_ours_is_refused(text: str, said: str) -> None:
    with pytest.raises(PlanRefused) as refusal:
        read(text)
    assert said.rsplit(maxsplit=1)[-1] in str(refusal.value)


def test_a_provider_of_the_configuration_is_refused_too() -> None:
    strange = {"provider_config": {"null": {"full_name": "registry.terraform.io/hashicorp/null"}}}
    with pytest.raises(PlanRefused, match="hashicorp/null"):
        read(plan(GOOD, configuration=strange))


def test_a_plan_says_of_which_cloud_and_environment_it_is() -> None:
    text = plan(GOOD, variables={"environment": {"value": "staging"}})
    assert said_of(text) == ("aws", "staging")
    assert said_of(plan()) == (None, None)


def test_what_is_deleted_is_gone_and_what_was_there_stays() -> None:
    gone = {**GOOD, "change": {"actions": ["delete"], "before": {}, "after": None}}
    before = {
        "address": "aws_vpc.old", "mode": "managed", "type": "aws_vpc", "name": "old",
        "provider_name": AWS, "values": {"id": "vpc-1"},
    }  # fmt: skip
    prior = {"format_version": "1.0", "values": {"root_module": {"resources": [before]}}}
    found = read(plan(gone, prior_state=prior)).estate
    assert [each.address for each in found.resources] == ["aws_vpc.old"]


@pytest.mark.parametrize(
    ("actions", "outcomes"),
    [
        (["create"], ["fail"]), (["update"], ["fail"]), (["no-op"], ["fail"]),
        (["delete", "create"], ["fail"]), (["create", "delete"], ["fail"]), (["create", "forget"], ["fail"]),
        (["delete"], []), (["forget"], []),
    ],
)  # fmt: skip
def test_what_stands_after_a_change_is_judged_in_whichever_order_it_is_made(
    actions: list[str], outcomes: list[str]
) -> None:
    stays = bool(outcomes)
    said = {"before": {}, "after": {"enable_key_rotation": False} if stays else None}
    made = read(plan({**GOOD, "change": {"actions": actions, **said}})).estate
    found = judge(estate=made, catalogue=load_catalogue(), at=NOW)
    told = [each.outcome for each in found.verdicts if each.subject == KEY]
    assert [each for each in told if each == "fail"][:1] == outcomes


def test_a_reference_is_followed_through_modules_loops_and_outputs() -> None:
    bucket = change("aws_s3_bucket.books", "aws_s3_bucket", id=UNKNOWN)
    loops = [
        change(f'aws_kms_alias.each["{key}"]', "aws_kms_alias", target_key_id=UNKNOWN)
        for key in "ab"
    ]
    keys = [change(f'{KEY}["{key}"]', "aws_kms_key", id=UNKNOWN) for key in "ab"]
    inner = {
        "resources": [
            {"mode": "managed", "type": "aws_kms_key", "name": "data", "expressions": {}}
        ],
        "outputs": {"ids": {"expression": {"references": ["aws_kms_key.data"]}}},
    }
    root = {
        "module_calls": {"keys": {"source": "./keys", "module": inner}},
        "resources": [
            {"mode": "managed", "type": "aws_s3_bucket", "name": "books", "expressions": {}},
            {
                "mode": "managed", "type": "aws_kms_alias", "name": "each",
                "expressions": {"target_key_id": {"references": ["module.keys.ids", "each.key"]}},
            },
        ],
    }  # fmt: skip
    found = read(plan(bucket, *loops, *keys, configuration={"root_module": root})).estate
    refers = {each.address: each.refers for each in found.resources if each.refers}
    assert refers == {
        f'aws_kms_alias.each["{key}"]': {"target_key_id": (f'{KEY}["{key}"]',)} for key in "ab"
    }


def test_a_state_is_no_plan_and_a_plan_is_no_state() -> None:
    about: Any = {"cloud": "aws", "environment": "production"}
    with pytest.raises(PlanRefused, match="not a state"):
        read_state(text=plan(GOOD), **about)
    with pytest.raises(PlanRefused):
        read_state(text=plan(GOOD)[:40], **about)
    resource = {**GOOD, "values": {"enable_key_rotation": True}}
    text = json.dumps(
        {"format_version": "1.0", "values": {"root_module": {"resources": [resource]}}}
    )
    live = read_state(text=text, targets={"aws_kms_key": "moto"}, **about)
    assert [(each.address, each.target) for each in live.resources] == [(KEY, "moto")]
    strange = text.replace("hashicorp/aws", "hashicorp/google")
    with pytest.raises(PlanRefused, match="hashicorp/google"):
        read_state(text=strange, **about)


def waiver(**other: Any) -> Waiver:
    said = {
        "control": "aws-key-rotates", "subject": KEY, "environment": "production", "owner": "ann",
        "second": "ben", "reason": "it is read by hand", "ends": NOW + DAY, **other,
    }  # fmt: skip
    return Waiver(**said)


def judged(values: dict[str, Any], *waivers: Waiver) -> Any:
    return judge(estate=estate(**values), catalogue=load_catalogue(), waivers=waivers, at=NOW)


def outcome(found: Any, control: str = "aws-key-rotates") -> str:
    return next(
        each.outcome for each in found.verdicts if (each.control, each.subject) == (control, KEY)
    )


def test_a_waived_failure_counts_as_waived_and_never_as_passed() -> None:
    off = {"enable_key_rotation": False}
    without, having = judged(off), judged(off, waiver())
    assert (outcome(without), outcome(having)) == ("fail", "waived")
    assert having.counts["pass"] == without.counts["pass"]
    assert having.counts["fail"] == without.counts["fail"] - 1
    assert not having.faults


@pytest.mark.parametrize(
    ("on", "given", "said"),
    [
        (False, waiver(ends=NOW), "expired"),
        (False, waiver(subject="aws_kms_key.other"), "used by nothing"),
        (False, waiver(second="ann"), "second person"),
        (True, waiver(), "no effect"),
    ],
)
def test_a_waiver_that_is_void_fails_the_estate(on: bool, given: Waiver, said: str) -> None:
    found = judged({"enable_key_rotation": on}, given)
    assert said in found.faults[0]
    assert outcome(found) == ("pass" if on else "fail")
    assert not found.stands


def test_a_waiver_of_another_environment_is_not_looked_at() -> None:
    found = judged({"enable_key_rotation": False}, waiver(environment="staging"))
    assert (outcome(found), found.faults) == ("fail", ())


def test_what_is_unknown_is_owed_until_its_deadline() -> None:
    found = judged({"enable_key_rotation": UNKNOWN})
    owed = {(each.control, each.subject): each.due for each in found.obligations}
    hours = load_catalogue().entries["aws-key-rotates"].deadline_hours
    assert outcome(found) == "unknown"
    assert owed["aws-key-rotates", KEY] == NOW + hours * 3_600 * SECOND
    assert not judged({"enable_key_rotation": UNKNOWN}, waiver()).faults


def texts() -> tuple[dict[str, str], dict[str, str]]:
    said = (
        '[[control]]\nid = "aws-key-rotates"\ntitle = "t"\nowner = "o"\nseverity = "high"\n'
        'evidence_days = 1\ndeadline_hours = 1\nremediation = "r"\nmaps.law = ["1"]\n'
    )
    law = 'id = "law"\ntitle = "t"\nsource = "s"\n[[requirement]]\nid = "1"\nwords = "w"\n'
    return {"aws.toml": said}, {"law.toml": law}


ONE = {"aws-key-rotates": CONTROLS["aws-key-rotates"]}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("aws-key-rotates", "aws-key-unheard-of", "no predicate"),
        ('owner = "o"\n', "", "does not say owner"),
        ('title = "t"', 'tittle = "t"', "nobody reads tittle"),
        ('"high"', '"grave"', "severity"),
        ("evidence_days = 1", "evidence_days = 0", "evidence_days"),
        ('maps.law = ["1"]', 'maps.law = ["2"]', "no 2"),
        ('maps.law = ["1"]', 'maps.lore = ["1"]', "no framework lore"),
        ("[[control]]", "[control", "no TOML"),
        ("[[control]]", "[[contrl]]", "[[control]]"),
    ],
)
def test_a_slip_in_the_catalogue_is_refused(old: str, new: str, said: str) -> None:
    controls, frameworks = texts()
    assert read_catalogue(controls=controls, frameworks=frameworks, predicates=ONE).entries
    controls["aws.toml"] = controls["aws.toml"].replace(old, new)
    with pytest.raises(CatalogueRefused) as refusal:
        read_catalogue(controls=controls, frameworks=frameworks, predicates=ONE)
    assert said in str(refusal.value)


def test_a_predicate_without_a_description_and_one_described_twice_are_refused() -> None:
    controls, frameworks = texts()
    with pytest.raises(CatalogueRefused, match="no file"):
        read_catalogue(controls={}, frameworks=frameworks, predicates=ONE)
    with pytest.raises(CatalogueRefused, match="twice"):
        read_catalogue(
            controls={**controls, "b.toml": controls["aws.toml"]},
            frameworks=frameworks, predicates=ONE,
        )  # fmt: skip


def test_a_requirement_is_tested_only_where_there_was_something_to_judge() -> None:
    catalogue = load_catalogue()
    found = judged({"enable_key_rotation": UNKNOWN})
    answers = {
        each.requirement: each.answer
        for each in coverage(
            catalogue=catalogue, framework="pci-dss-4.0.1", verdicts=found.verdicts
        )
    }
    assert answers["3.7.4"] == "obliged"
    assert answers["4.2.1"] == "untested"
    assert answers["12.10.1"] == "attested"
    with pytest.raises(ValueError, match="no framework"):
        coverage(catalogue=catalogue, framework="law", verdicts=())


def test_sarif_shows_what_there_is_to_do_and_where() -> None:
    catalogue = load_catalogue()
    found = judged({"enable_key_rotation": False})
    log = sarif(
        verdicts=found.verdicts, catalogue=catalogue, version="1",
        places={KEY: ("keys/main.tf", 7)},
    )  # fmt: skip
    run = log["runs"][0]
    told = next(each for each in run["results"] if each["ruleId"] == "aws-key-rotates")
    assert run["tool"]["driver"]["rules"][told["ruleIndex"]]["id"] == "aws-key-rotates"
    assert (told["level"], told["kind"]) == ("error", "fail")
    place = told["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": 7}
    assert place["artifactLocation"] == {"uri": "keys/main.tf"}
    assert not any(each["ruleId"] == "aws-key-kept" for each in run["results"])


def live(*resources: tuple[str, str, dict[str, Any]], looked: dict[str, str]) -> Estate:
    return Estate(
        cloud="aws", environment="production", moment="live", looked=looked,
        resources=tuple(
            Resource(address=f"{type_}.one", type=type_, name="one", values=values, target=target)
            for type_, target, values in resources
        ),
    )  # fmt: skip


VPC = ("aws_vpc", "moto", {"id": "vpc-1", "default_security_group_id": "sg-1"})
SHUT = {"id": "sg-1", "vpc_id": "vpc-1", "ingress": [], "egress": []}


@pytest.mark.parametrize(("beside", "target"), [("moto", "moto"), ("store", "store")])
def test_a_verdict_proves_no_more_than_the_weakest_of_what_it_read(
    beside: str, target: str
) -> None:
    group = ("aws_default_security_group", beside, SHUT)
    whole = live(VPC, group, looked={"aws_vpc": "moto"})
    found = judge(estate=whole, catalogue=load_catalogue(), at=NOW)
    (told,) = [each for each in found.verdicts if each.control == "aws-network-default-closed"]
    assert (told.outcome, told.subject, told.target) == ("pass", "aws_vpc.one", target)


@pytest.mark.parametrize(
    ("trail", "looked", "told"),
    [
        ([("aws_cloudtrail", "moto", {"is_multi_region_trail": True})], {}, ("pass", "moto")),
        ([("aws_cloudtrail", "store", {"is_multi_region_trail": True})], {}, ("pass", "store")),
        ([], {"aws_cloudtrail": "moto"}, ("fail", "moto")),
        ([], {"aws_vpc": "moto"}, ("fail", "store")),
    ],
)
def test_a_verdict_of_a_whole_estate_says_where_it_was_read(
    trail: Any, looked: dict[str, str], told: tuple[str, str]
) -> None:
    whole = live(VPC, *trail, looked=looked)
    found = judge(estate=whole, catalogue=load_catalogue(), at=NOW)
    (one,) = [each for each in found.verdicts if each.control == "aws-trail-present"]
    assert (one.outcome, one.target) == told


def test_a_cloud_proves_more_than_what_stands_for_it_and_a_store_nothing() -> None:
    assert weakest(["aws", "moto"]) == "moto"
    assert weakest(["moto", "store", "aws"]) == "store"
    assert weakest(["aws"]) == "aws"


def test_a_stranger_to_the_inventory_is_held_to_the_strictest() -> None:
    base = estate()
    one = replace(base.resources[0], type="aws_db_instance", values={"multi_az": False})
    for service, wanted in (("nobody-knows", "fail"), ("kubernetes", "not_applicable")):
        values = {**one.values, "tags": {"service": service}}
        whole = replace(base, resources=(replace(one, values=values),), inventory=load_inventory())
        found = judge(estate=whole, catalogue=load_catalogue(), at=NOW)
        assert outcome(found, "aws-database-synchronous") == wanted


def test_the_page_of_controls_is_what_the_catalogue_says() -> None:
    assert controls_page.PAGE.read_text("utf-8") == controls_page.page()
