"""Drift, classed without any cloud: what a difference is, who made it, what explains it, what it breaks."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tallystick.governance.adapters.drift.repairing import REPAIRS_MAX, Repaired, repair
from tallystick.governance.adapters.provider.targets import TargetRefused
from tallystick.governance.adapters.reports import drift as report
from tallystick.governance.api import Outcome, SubmitReport
from tallystick.governance.model import wanted
from tallystick.governance.model.drift.finding import Found, Grounds, find
from tallystick.governance.model.drift.kinds import kind_of
from tallystick.governance.model.drift.reading import Refreshed, read_refresh
from tallystick.governance.model.drift.rules import Rule, RulesRefused, read_people, read_rules
from tallystick.governance.model.drift.strangers import strangers
from tallystick.governance.model.drift.values import Difference, Event, Window
from tallystick.governance.model.plans import PlanRefused
from tallystick.governance.model.values import Estate, Resource
from tallystick.governance.model.verdicts import Verdict
from tallystick.kernel.instants import SECOND, parse

POLICIES = Path(__file__).resolve().parents[2] / "policies"
put_back = partial(repair, may=str)
RULES = read_rules(tomllib.loads((POLICIES / "drift.toml").read_text()))
KEY = b"a key of this run"
AT = 1_800_000_000 * SECOND
HOUR = 3600 * SECOND
BLOCK = "aws_s3_bucket_public_access_block"
SHUT = {"id": "files", "bucket": "files", "block_public_acls": True, "block_public_policy": True}


def _plan(
    *moves: tuple[str, str, Mapping[str, Any], Mapping[str, Any] | None], **marks: Any
) -> Refreshed:
    """Give a refresh in which each object went from its values to others, or is gone (None)."""
    live = [
        {"address": f"{type_}.{name}", "mode": "managed", "type": type_, "name": name,
         "provider_name": "registry.terraform.io/hashicorp/aws", "values": after}
        for type_, name, _, after in moves if after is not None
    ]  # fmt: skip
    moved = [
        {"address": f"{type_}.{name}", "mode": "managed", "type": type_, "name": name,
         "provider_name": "registry.terraform.io/hashicorp/aws",
         "change": {"actions": ["update" if after else "delete"], "before": before, "after": after,
                    "before_sensitive": marks, "after_sensitive": marks}}
        for type_, name, before, after in moves if before != after
    ]  # fmt: skip
    plan = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {},
        "resource_drift": moved,
        "prior_state": {
            "format_version": "1.0",
            "values": {"root_module": {"resources": live}},
        },
    }
    return read_refresh(
        text=json.dumps(plan), cloud="aws", environment="staging", targets={BLOCK: "moto"}, key=KEY
    )


def _open(estate: Estate) -> Sequence[Verdict]:
    """Judge: a bucket's block must be shut, and a bucket must have one."""
    blocks = [each for each in estate.resources if each.type == BLOCK]
    verdicts = [
        _verdict("block-shut", each.address, "pass" if each.at("block_public_acls") else "fail")
        for each in blocks
    ]
    held = {each.values["bucket"] for each in blocks}
    for each in estate.of_type("aws_s3_bucket"):
        outcome = "pass" if each.values["id"] in held else "fail"
        verdicts.append(_verdict("bucket-blocked", each.address, outcome))
    return verdicts


def _verdict(control: str, subject: str, outcome: Any) -> Verdict:
    return Verdict(control=control, subject=subject, outcome=outcome, reasons=(), target="moto")


def _event(act: str, *names: str, who: str = "mallory", at: int = AT - HOUR, **more: Any) -> Event:
    return Event(at=at, who=who, act=act, names=frozenset(names), **more)


def _found(refreshed: Refreshed, **more: Any) -> Found:
    unknown = more.pop("strangers", ())
    grounds = Grounds(**{"rules": RULES, "judge": _open, "at": AT, **more})
    return find(refreshed=refreshed, strangers=unknown, grounds=grounds)


def _one(refreshed: Refreshed, **more: Any) -> Difference:
    (difference,) = _found(refreshed, **more).differences
    return difference


OPENED = _plan((BLOCK, "files", SHUT, {**SHUT, "block_public_acls": False}))


def test_unexplained_drift_that_breaks_a_control_alarms() -> None:
    difference = _one(OPENED, events=(_event("PutPublicAccessBlock", "files"),))
    assert (difference.kind, difference.sort) == ("access", "unexplained")
    assert difference.alarms
    assert [each.control for each in difference.broke] == ["block-shut"]
    assert (difference.who, difference.act) == ("mallory", "PutPublicAccessBlock")
    assert difference.at == AT - HOUR
    assert difference.target == "moto"
    (path,) = difference.changed
    assert (path.path, path.before, path.after) == ("block_public_acls", "true", "false")


def test_unexplained_drift_that_breaks_nothing_is_told_and_rings_nowhere() -> None:
    role = {"id": "r", "name": "role", "description": "one"}
    difference = _one(_plan(("aws_iam_role", "r", role, {**role, "description": "two"})))
    assert difference.sort == "unexplained"
    assert not difference.alarms


def test_what_is_gone_is_deleted_and_breaks_what_stood_on_it() -> None:
    bucket = {"id": "files", "bucket": "files"}
    found = _found(_plan((BLOCK, "files", SHUT, None), ("aws_s3_bucket", "files", bucket, bucket)))
    (difference,) = found.differences
    assert difference.kind == "deleted"
    assert {each.control for each in difference.broke} == {"block-shut", "bucket-blocked"}
    assert difference.repair, "a rule calls it safe to make it anew"


def test_a_control_is_told_of_what_broke_it_and_of_nothing_beside() -> None:
    other = {**SHUT, "id": "other", "bucket": "other"}
    found = _found(
        _plan(
            (BLOCK, "files", SHUT, {**SHUT, "block_public_acls": False}),
            (BLOCK, "other", other, {**other, "block_public_policy": False}),
        )
    )
    assert {each.subject: each.alarms for each in found.differences} == {
        f"{BLOCK}.files": True,
        f"{BLOCK}.other": False,
    }
    assert [each.subject for each in found.alarms] == [f"{BLOCK}.files"]
    assert found.differences[0].alarms, "the gravest comes first"


def test_an_untouched_estate_has_no_drift() -> None:
    assert _found(_plan((BLOCK, "files", SHUT, SHUT))).differences == ()


KINDS = [
    ("aws_s3_bucket_public_access_block", ["block_public_policy"], "access"),
    ("aws_s3_bucket_policy", ["policy"], "access"),
    ("aws_kms_key", ["enable_key_rotation"], "encryption"),
    ("aws_kms_key", ["policy"], "access"),
    ("aws_kms_key", ["is_enabled"], "encryption"),
    ("aws_db_instance", ["publicly_accessible"], "network"),
    ("aws_db_instance", ["backup_retention_period", "deletion_protection"], "other"),
    ("aws_db_instance", ["iam_database_authentication_enabled"], "access"),
    ("aws_db_parameter_group", ["parameter.rds.force_ssl.value"], "encryption"),
    ("aws_eks_cluster", ["vpc_config.0.endpoint_public_access"], "network"),
    ("aws_cloudtrail", ["enable_logging"], "other"),
    ("aws_vpc", ["tags.Name"], "other"),
    ("google_storage_bucket", ["public_access_prevention"], "access"),
    ("google_storage_bucket", ["encryption.0.default_kms_key_name"], "encryption"),
    ("google_storage_bucket_iam_member", ["member"], "access"),
    ("google_compute_firewall", ["source_ranges"], "network"),
    ("google_sql_database_instance", ["settings.0.ip_configuration.0.ipv4_enabled"], "network"),
    ("azurerm_storage_account", ["allow_nested_items_to_be_public"], "access"),
    ("azurerm_storage_account", ["https_traffic_only_enabled"], "encryption"),
    ("azurerm_storage_account", ["public_network_access_enabled"], "network"),
    ("azurerm_network_security_rule", ["source_address_prefix"], "network"),
    ("azurerm_kubernetes_cluster", ["local_account_disabled"], "access"),
    ("aws_iam_role", ["description"], "access"),
    ("aws_db_instance", ["publicly_accessible", "kms_key_id"], "network"),
]


@pytest.mark.parametrize(("type_", "paths", "kind"), KINDS)
def test_a_change_is_of_the_gravest_kind_that_it_touches(
    type_: str, paths: list[str], kind: str
) -> None:
    assert kind_of(type_=type_, paths=paths) == kind


def _nodes(size: int, **more: Any) -> Difference:
    group = {
        "id": "eks:nodes",
        "cluster_name": "eks",
        "node_group_name": "nodes",
        "scaling_config": [{"min_size": 1, "max_size": 5, "desired_size": 2}],
    }
    scaled = {**group, "scaling_config": [{"min_size": 1, "max_size": 5, "desired_size": size}]}
    return _one(_plan(("aws_eks_node_group", "nodes", group, scaled)), **more)


SCALER = "autoscaling.amazonaws.com"


def _scaling(who: str) -> tuple[Event, ...]:
    return (_event("UpdateNodegroupConfig", "eks:nodes", who=who, is_service=who == SCALER),)


SCALING = [
    ("the autoscaler within its bounds", 4, SCALER, "autoscaler"),
    ("at the bound", 5, SCALER, "autoscaler"),
    ("past the bound", 6, SCALER, "unexplained"),
    ("below the bound", 0, SCALER, "unexplained"),
    ("somebody else", 4, "mallory", "unexplained"),
]


@pytest.mark.parametrize(("name", "size", "who", "sort"), SCALING, ids=[one[0] for one in SCALING])
def test_a_size_is_the_autoscalers_only_within_bounds_and_by_it(
    name: str, size: int, who: str, sort: str
) -> None:
    assert _nodes(size, events=_scaling(who)).sort == sort, name


def test_a_size_is_not_the_autoscalers_when_the_trail_names_nobody() -> None:
    assert _nodes(4).sort == "unexplained"


def test_noise_rings_nowhere_and_is_told_as_noise() -> None:
    server = {"id": "d", "status": "one"}
    moved = {**server, "status": "two"}
    assert _one(_plan(("aws_db_instance", "d", server, moved))).sort == "noise"


def test_noise_beside_a_change_does_not_cover_it() -> None:
    block = {**SHUT, "tags_all": {"a": "one"}}
    moved = {**block, "tags_all": {"a": "two"}, "block_public_acls": False}
    difference = _one(_plan((BLOCK, "files", block, moved)))
    assert difference.sort == "unexplained"
    assert [each.path for each in difference.changed] == ["block_public_acls"]


def _approved(**more: Any) -> tuple[Rule, ...]:
    told = {
        "type": BLOCK,
        "attributes": ["block_public_acls"],
        "reason": "moving house",
        "owner": "platform",
        "until": "2030-01-01",
        **more,
    }
    return read_rules({"approved": [told]})


@pytest.mark.parametrize(
    ("more", "sort"),
    [
        ({}, "approved"),
        ({"until": "2020-01-01"}, "unexplained"),
        ({"by": ["alice"]}, "unexplained"),
        ({"by": ["mallory"]}, "approved"),
        ({"services": ["mallory"]}, "unexplained"),
        ({"attributes": ["block_public_policy"]}, "unexplained"),
        ({"type": "aws_s3_*"}, "approved"),
    ],
)
def test_an_approval_counts_for_its_attributes_its_people_and_its_time(
    more: Any, sort: str
) -> None:
    events = (_event("PutPublicAccessBlock", "files"),)
    difference = _one(OPENED, rules=_approved(**more), events=events)
    assert difference.sort == sort
    assert difference.alarms == (sort == "unexplained")


def _window(**more: Any) -> Window:
    told = {"who": "mallory", "opened": AT - 2 * HOUR, "closes": AT, "reason": "the disk is full"}
    return Window(**{**told, **more})


@pytest.mark.parametrize(
    ("window", "sort"),
    [
        (_window(), "break_glass"),
        (_window(who="alice"), "unexplained"),
        (_window(closes=AT - HOUR), "unexplained"),
        (_window(opened=AT - HOUR + 1), "unexplained"),
    ],
)
def test_a_broken_glass_covers_its_person_within_its_time(window: Window, sort: str) -> None:
    events = (_event("PutPublicAccessBlock", "files"),)
    assert _one(OPENED, events=events, windows=(window,)).sort == sort


def test_a_broken_glass_covers_nobody_whom_the_trail_does_not_name() -> None:
    assert _one(OPENED, windows=(_window(),)).sort == "unexplained"


BOTH = _plan((BLOCK, "files", SHUT, {**SHUT, "block_public_acls": False, "tags": {"a": "b"}}))


@pytest.mark.parametrize(
    ("refreshed", "others"),
    [
        (OPENED, _event("PutPublicAccessBlock", "files", who="eve", at=AT - HOUR - 1)),
        (OPENED, _event("PutPublicAccessBlock", "files", who="eve", at=AT - 3 * HOUR)),
        (OPENED, _event("PutPublicAccessBlock", "files", at=AT - 3 * HOUR)),
        (BOTH, _event("TagResource", "files", who="eve")),
    ],
    ids=["before hers", "before the window", "hers before the window", "another attribute"],
)
def test_a_broken_glass_covers_nothing_that_another_may_have_done(
    refreshed: Refreshed, others: Event
) -> None:
    hers = _event("PutPublicAccessBlock", "files")
    assert _one(refreshed, events=(hers,), windows=(_window(),)).sort == "break_glass"
    found = _one(refreshed, events=(others, hers), windows=(_window(),))
    assert (found.sort, found.alarms) == ("unexplained", True)


def test_a_broken_glass_is_not_spoiled_by_an_act_on_a_part() -> None:
    cluster = {"id": "eks", "name": "eks", "vpc_config": [{"endpoint_public_access": False}]}
    opened = {**cluster, "vpc_config": [{"endpoint_public_access": True}]}
    hers = _event("UpdateClusterConfig", "eks")
    scaled = _event("UpdateNodegroupConfig", "eks", "nodes", who="scaler", at=AT - 1)
    moved = _plan(("aws_eks_cluster", "main", cluster, opened))
    assert _one(moved, events=(hers, scaled), windows=(_window(),)).sort == "break_glass"
    other = _event("UpdateClusterConfig", "eks", who="scaler", at=AT - 2 * HOUR)
    assert _one(moved, events=(hers, other), windows=(_window(),)).sort == "unexplained"


TRAIL = [
    (
        "the act whose words fit",
        [_event("PutBucketTagging", "files", who="alice"), _event("PutPublicAccessBlock", "files")],
    ),
    (
        "the last of two that fit",
        [
            _event("PutPublicAccessBlock", "files", who="alice", at=AT - 2 * HOUR),
            _event("PutPublicAccessBlock", "files"),
        ],
    ),
    (
        "not who made it",
        [
            _event("CreateBucket", "files", who="alice", at=AT - 1),
            _event("PutPublicAccessBlock", "files"),
        ],
    ),
    (
        "not what deleted something of it",
        [
            _event("DeletePublicAccessBlock", "files", who="alice"),
            _event("PutPublicAccessBlock", "files"),
        ],
    ),
    (
        "not an act on another",
        [
            _event("PutPublicAccessBlock", "other", who="alice", at=AT - 1),
            _event("PutPublicAccessBlock", "files"),
        ],
    ),
]


@pytest.mark.parametrize(("name", "events"), TRAIL, ids=[one[0] for one in TRAIL])
def test_the_trail_names_who_did_it(name: str, events: list[Event]) -> None:
    assert _one(OPENED, events=tuple(events)).who == "mallory", name


def test_of_acts_on_a_cluster_the_one_that_names_the_part_counts() -> None:
    theirs = _event("UpdateNodegroupConfig", "eks", "other", who="mallory", at=AT - 1)
    ours = _event("UpdateNodegroupConfig", "eks", "nodes", who=SCALER, is_service=True)
    assert _nodes(4, events=(theirs, ours)).sort == "autoscaler"


def test_nobody_is_named_where_no_act_touched_it() -> None:
    difference = _one(OPENED, events=(_event("PutPublicAccessBlock", "other"),))
    assert (difference.who, difference.at) == ("", None)


def _stranger(type_: str, name: str, **values: Any) -> Resource:
    return Resource(
        address=f"{type_}:{name}",
        type=type_,
        name=name,
        values={"id": name, **values},
        target="moto",
    )


def test_what_no_code_knows_is_created_judged_and_never_removed_by_itself() -> None:
    difference = _one(
        _plan(),
        strangers=(_stranger("aws_s3_bucket", "stranger"),),
        events=(_event("CreateBucket", "stranger"),),
    )
    assert (difference.kind, difference.sort, difference.who) == (
        "created",
        "unexplained",
        "mallory",
    )
    assert difference.alarms
    assert difference.repair == ""


def test_strangers_are_what_no_state_holds() -> None:
    group = {"id": "sg-1", "ingress": [{"from_port": 443}]}
    known = _plan(
        ("aws_s3_bucket", "ours", {"id": "ours"}, {"id": "ours"}),
        ("aws_security_group", "inside", group, group),
    ).known
    rule = "aws_vpc_security_group_ingress_rule"
    listed = {
        "aws_s3_bucket": [{"id": "ours"}, {"id": "theirs"}],
        rule: [
            {"id": "sgr-1", "security_group_id": "sg-1"},
            {"id": "sgr-2", "security_group_id": "sg-2"},
        ],
    }
    names = {"aws_s3_bucket": "moto", rule: "double"}
    found = strangers(known=known, listed=listed, targets=names)
    assert [(each.address, each.target) for each in found] == [
        ("aws_s3_bucket:theirs", "moto"),
        (f"{rule}:sgr-2", "double"),
    ]


class _Hand:
    """A target that does what it is told, or refuses."""

    name = "moto"

    def __init__(self, *, refuses: bool = False, forgets: bool = False) -> None:
        self.done: list[tuple[str, Mapping[str, Any]]] = []
        self.refuses, self.forgets = refuses, forgets

    def create(self, kind: str, values: dict[str, Any]) -> dict[str, Any]:
        return self._do("create", values)

    def update(self, kind: str, prior: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        return prior if self.forgets else self._do("update", values)

    def read(self, kind: str, values: dict[str, Any]) -> dict[str, Any]:
        return values

    def delete(self, kind: str, values: dict[str, Any]) -> None:
        raise AssertionError("nothing is ever deleted")

    def list(self, kind: str) -> list[dict[str, Any]]:
        return []

    def _do(self, verb: str, values: dict[str, Any]) -> dict[str, Any]:
        if self.refuses:
            raise TargetRefused("not today")
        self.done.append((verb, values))
        return values


def test_what_a_rule_calls_safe_is_put_back_as_it_was_planned() -> None:
    hand = _Hand()
    found = _found(OPENED)
    (said,) = put_back(differences=found.differences, refreshed=OPENED, targets={BLOCK: hand})
    assert said.is_done
    assert hand.done == [("update", SHUT)]
    gone = _plan((BLOCK, "files", SHUT, None))
    hand = _Hand()
    put_back(differences=_found(gone).differences, refreshed=gone, targets={BLOCK: hand})
    assert hand.done == [("create", SHUT)]


@pytest.mark.parametrize(
    ("hand", "problem"),
    [(_Hand(refuses=True), "not today"), (_Hand(forgets=True), "still not as planned")],
)
def test_what_could_not_be_put_back_is_told(hand: _Hand, problem: str) -> None:
    found = _found(OPENED)
    (said,) = put_back(differences=found.differences, refreshed=OPENED, targets={BLOCK: hand})
    assert not said.is_done
    assert problem in said.problem


def test_only_so_much_is_put_back_in_one_run() -> None:
    many = [{**SHUT, "id": f"b{number}", "bucket": f"b{number}"} for number in range(30)]
    refreshed = _plan(
        *((BLOCK, one["id"], one, {**one, "block_public_acls": False}) for one in many)
    )
    hand = _Hand()
    found = _found(refreshed)
    assert len(found.differences) == 30
    assert (
        len(put_back(differences=found.differences, refreshed=refreshed, targets={BLOCK: hand}))
        == REPAIRS_MAX
    )


def test_drift_that_is_explained_or_not_called_safe_is_not_put_back() -> None:
    events = (_event("PutPublicAccessBlock", "files"),)
    assert _one(OPENED, events=events, windows=(_window(),)).repair == ""
    key = {"id": "k", "policy": "{}"}
    assert _one(_plan(("aws_kms_key", "k", key, {**key, "policy": '{"a": 1}'}))).repair == ""


REFUSED = [
    ({"noise": [{"type": "x", "attributes": ["a"], "reason": "r", "by": ["*x"]}]}, "whole"),
    ({"noise": [{"type": "*", "attributes": ["a"], "reason": "r"}]}, "type of . alone"),
    ({"noise": [{"type": "x", "attributes": ["a", "**"], "reason": "r"}]}, "attributes of . alone"),
    ({"repair": [{"type": "*", "deleted": True, "reason": "r"}]}, "type of . alone"),
    ({"noises": []}, "has noises"),
    ({"noise": [{"type": "x", "attributes": ["a"]}]}, "no reason"),
    ({"noise": [{"type": "x", "reason": "r"}]}, "no attributes"),
    ({"noise": [{"type": "x", "attributes": ["a"], "reason": "r", "who": "?"}]}, "has who"),
    ({"approved": [{"type": "x", "attributes": ["a"], "reason": "r"}]}, "owner and an end"),
    (
        {"autoscaler": [{"type": "x", "attributes": ["a"], "reason": "r", "between": ["a"]}]},
        "two attributes",
    ),
    (
        {"noise": [{"type": "x", "attributes": ["a"], "reason": "r", "until": "soon"}]},
        "write a day",
    ),
]


@pytest.mark.parametrize(("told", "words"), REFUSED, ids=[one[1] for one in REFUSED])
def test_rules_that_cannot_be_meant_are_refused(told: Any, words: str) -> None:
    with pytest.raises(RulesRefused, match=words):
        read_rules(told)


def test_people_act_by_other_names_in_a_cloud() -> None:
    assert read_people({"people": {"alice": ["arn:alice", "a@x"]}}) == {
        "alice": ("arn:alice", "a@x")
    }
    assert read_people({}) == {}


def test_a_refresh_that_is_cut_short_or_of_a_stranger_is_refused() -> None:
    about: Any = {"cloud": "aws", "environment": "staging", "key": KEY}
    with pytest.raises(PlanRefused):
        read_refresh(text='{"format_version": "1.2", "prior_', **about)
    with pytest.raises(PlanRefused):
        read_refresh(text='{"format_version": "2.0"}', **about)


def _report(**more: Any) -> report.Report:
    found = _found(OPENED, events=(_event("PutPublicAccessBlock", "files", who="<mallory>"),))
    told: dict[str, Any] = {
        "estate": "staging-aws",
        "at": AT,
        "since": AT - 24 * HOUR,
        "targets": ("moto",),
        "found": found,
    }
    return report.Report(**{**told, **more})


def test_the_page_shouts_alarms_names_who_and_escapes_what_strangers_wrote() -> None:
    page = report.page(_report(unseen=("who did it: no trail",)))
    assert "1 that nobody planned, and that break controls" in page
    assert "&lt;mallory&gt;" in page
    assert "<mallory>" not in page
    assert "who did it: no trail" in page
    assert "<script" not in page
    assert "http" not in page, "it fetches nothing"
    assert "as planned" in report.page(_report(found=Found(differences=(), verdicts=())))


def test_the_document_and_the_lines_tell_the_same() -> None:
    made = _report()
    told = json.loads(report.document(made))
    assert told["alarms"] == 1
    assert told["counts"] == {"unexplained": 1}
    (one,) = told["differences"]
    assert (one["who"], one["alarms"], one["kind"]) == ("<mallory>", True, "access")
    lines = report.text(made)
    assert "!!! unexplained" in lines
    assert "block_public_acls: true → false" in lines
    (difference,) = made.found.differences
    assert report.digest(difference) != report.digest(replace(difference, who="alice"))


def test_what_is_handed_in_is_what_the_door_takes_and_has_digests_only() -> None:
    repaired = Repaired(subject=f"{BLOCK}.files", reason="safe", is_done=True)
    body = report.message(
        _report(repaired=(repaired,), unseen=("one", "two"), by_rules="a" * 64, commit="b" * 40),
        files={"drift.json": b"document", "drift.html": b"page"},
    )
    told = msgspec.json.decode(body, type=SubmitReport)
    assert wanted.report(told, at=AT) == AT
    assert (told.unseen, told.alarms, told.rules, told.commit) == (2, 1, "a" * 64, "b" * 40)
    assert told.since is not None
    assert parse(told.since) == AT - 24 * HOUR
    first, last = told.differences
    assert (first.sort, first.kind, first.by) == ("unexplained", "access", "<mallory>")
    assert (last.sort, last.kind, last.by) == ("repair", "repaired", "tallystick")
    assert [each.outcome for each in told.verdicts] == [Outcome.FAIL]
    assert set(told.digests) == {"drift.json", "drift.html"}
    assert b"block_public_acls" not in body
