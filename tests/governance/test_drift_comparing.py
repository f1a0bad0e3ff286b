"""Two states of one object: what means the same is no change, what is secret is not told, what is unseen is."""

import json
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest

from tallystick.governance.adapters.drift.looking import Place, unlooked
from tallystick.governance.adapters.drift.schemas import sets_of
from tallystick.governance.adapters.policies import policies_folder
from tallystick.governance.model.drift import reading
from tallystick.governance.model.drift.comparing import Manner, changed
from tallystick.governance.model.drift.reading import Refreshed
from tallystick.governance.model.drift.rules import read_rules
from tallystick.governance.model.drift.values import Changed
from tallystick.governance.model.values import Estate, Resource

KEY = b"a key of this run"

SPELLINGS = [
    ("nothing and empty", {"a": None}, {"a": ""}),
    ("nothing and an empty list", {"a": None}, {"a": []}),
    ("absent and nothing", {}, {"a": None}),
    ("a set in another order", {"a": ["x", "y"]}, {"a": ["y", "x"]}),
    ("JSON spelled otherwise", {"a": '{"b": [1, 2]}'}, {"a": '{"b":[2,1]}'}),
    ("a document with nothing in it", {"a": "{}"}, {"a": None}),
    ("null in a document", {"a": '{"b": 1, "c": null}'}, {"a": '{"b": 1}'}),
    ("a number as text", {"a": 443}, {"a": "443"}),
    ("blocks in another order", {"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 2}, {"b": 1}]}),
]


@pytest.mark.parametrize(("name", "before", "after"), SPELLINGS, ids=[one[0] for one in SPELLINGS])
def test_another_spelling_is_no_change(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    manner = Manner(key=KEY, sets=frozenset({"a"}))
    assert changed(before=before, after=after, manner=manner) == (), name


CHANGES = [
    ("false is not nothing", {"a": None}, {"a": False}, ["a"]),
    ("zero is not nothing", {"a": None}, {"a": 0}, ["a"]),
    ("one twice is not two", {"a": ["x", "y"]}, {"a": ["x", "x"]}, ["a"]),
    ("within a block", {"a": [{"b": 1, "c": 1}]}, {"a": [{"b": 2, "c": 1}]}, ["a.0.b"]),
    ("a block that came", {"a": []}, {"a": [{"b": 1}]}, ["a.0.b"]),
    (
        "blocks by their names",
        {"p": [{"name": "x", "value": "1"}, {"name": "y", "value": "1"}]},
        {"p": [{"name": "y", "value": "0"}, {"name": "x", "value": "1"}]},
        ["p.y.value"],
    ),
    ("a document of JSON", {"a": '{"b": 1}'}, {"a": '{"b": 2}'}, ["a"]),
    ("an empty object in a document", {"a": '{"b": {}, "c": 1}'}, {"a": '{"c": 1}'}, ["a"]),
    ("an empty list in a document", {"a": '{"b": [], "c": 1}'}, {"a": '{"c": 1}'}, ["a"]),
    ("an empty object in a list", {"a": '{"b": [{}], "c": 1}'}, {"a": '{"b": [], "c": 1}'}, ["a"]),
    ("a list in another order", {"l": ["x", "y"]}, {"l": ["y", "x"]}, ["l"]),
    ("words of a command", {"l": '{"args": ["x", "y"]}'}, {"l": '{"args": ["y", "x"]}'}, ["l"]),
    (
        "named in another order",
        {"l": [{"name": "x"}, {"name": "y"}]},
        {"l": [{"name": "y"}, {"name": "x"}]},
        ["l"],
    ),
    ("a list in a set", {"a": [{"l": ["x", "y"]}]}, {"a": [{"l": ["y", "x"]}]}, ["a.0.l"]),
]


@pytest.mark.parametrize(("name", "before", "after", "paths"), CHANGES, ids=[c[0] for c in CHANGES])
def test_what_means_something_else_is_a_change(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any], paths: list[str]
) -> None:
    manner = Manner(key=KEY, sets=frozenset({"a"}))
    assert [each.path for each in changed(before=before, after=after, manner=manner)] == paths, name


@pytest.mark.parametrize(
    ("attribute", "marks"),
    [
        ("payload", {"payload": True}), ("password", {}), ("auth_token", {}), ("user_data", {}),
        ("primary_connection_string", {}), ("container_definitions", {}),
    ],
)  # fmt: skip
def test_a_secret_is_only_ever_its_digest(attribute: str, marks: Any) -> None:
    def told(about: str, key: bytes) -> Changed:
        manner = Manner(key=key, about=about)
        before, after = {attribute: "first-secret"}, {attribute: "other-secret"}
        (one,) = changed(before=before, after=after, secret=marks, manner=manner)
        return one

    one = told("here", KEY)
    assert "secret" not in one.before + one.after
    assert one.before.startswith("hmac-sha256:")
    assert one.before != one.after
    assert one.before != told("there", KEY).before, "one secret of two objects does not look so"
    assert one.before != told("here", b"another").before, "who has no key finds it by no trying"


def test_variables_of_a_function_are_hidden() -> None:
    before, after = ({"environment": [{"variables": {"A": one}}]} for one in ("first", "other"))
    (one,) = changed(before=before, after=after, manner=Manner(key=KEY))
    assert one.path == "environment.0.variables"
    assert "first" not in one.before


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("manage_master_user_password", True, False),
        ("metadata_options.0.http_tokens", "required", "optional"),
        ("disable_password_authentication", True, False),
        ("shared_access_key_enabled", False, True),
        ("master_user_secret_kms_key_id", "one", "two"),
    ],
)
def test_what_is_on_or_off_is_never_hidden(path: str, before: Any, after: Any) -> None:
    was: Any = before
    now: Any = after
    for part in reversed(path.split(".")):
        was, now = ([was], [now]) if part == "0" else ({part: was}, {part: now})
    (one,) = changed(before=was, after=now, manner=Manner(key=KEY))
    shown = [each if isinstance(each, str) else json.dumps(each) for each in (before, after)]
    assert [one.before, one.after] == shown


def test_which_lists_are_sets_is_known_from_the_schemas() -> None:
    assert "parameter" in sets_of("aws")["aws_db_parameter_group"]
    assert "ingress.cidr_blocks" not in sets_of("aws")["aws_security_group"]
    assert all(sets_of(cloud) for cloud in ("azure", "gcp"))


def _refreshed(*types: str, left: int = 0) -> Refreshed:
    found = tuple(
        Resource(address=f"{each}.one", type=each, name="one", values={}) for each in types
    )
    estate = Estate(cloud="gcp", environment="staging", moment="live", resources=found)
    return Refreshed(known=estate, live=estate, heard=estate, moved=(), left=left)


BUCKET, DISK = "google_storage_bucket", "google_compute_disk"


@pytest.mark.parametrize(
    ("types", "kinds", "otherwise", "told"),
    [
        ([BUCKET], [BUCKET], "store", []),
        ([BUCKET], [], "gcp", ["nothing is listed on gcp"]),
        ([BUCKET, DISK], [BUCKET], "gcp", ["others that no code knows"]),
        ([BUCKET, DISK], [BUCKET], "store", ["others that no code knows", "only the store"]),
    ],
)
def test_what_nobody_looked_for_is_told(
    types: list[str], kinds: list[str], otherwise: str, told: list[str]
) -> None:
    place = Place(cloud="gcp", environment="staging", setting={}, otherwise=otherwise)
    found = [*unlooked(refreshed=_refreshed(*types), place=place, kinds=frozenset(kinds))]
    assert len(found) == len(told)
    for said, words in zip(found, told, strict=True):
        assert words in said
        assert not kinds or (DISK in said and BUCKET not in said)


def test_what_is_too_much_to_read_is_told() -> None:
    place = Place(cloud="gcp", environment="staging", setting={})
    about: Any = {"place": place, "kinds": frozenset({BUCKET})}
    (said,) = unlooked(refreshed=_refreshed(BUCKET, left=3), **about)
    assert "3 more that moved" in said


def test_a_refresh_counts_what_it_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "DRIFT_MAX", 1)
    moved = [
        {"address": f"{BUCKET}.{each}", "type": BUCKET, "name": each,
         "provider_name": "registry.terraform.io/hashicorp/google",
         "change": {"actions": ["update"], "before": {"a": 1}, "after": {"a": 2}}}
        for each in "xyz"
    ]  # fmt: skip
    text = json.dumps({"format_version": "1.2", "planned_values": {}, "resource_drift": moved})
    found = reading.read_refresh(text=text, cloud="gcp", environment="staging", key=KEY)
    assert (len(found.moved), found.left) == (1, 2)


@pytest.mark.parametrize(
    ("type_", "path"),
    [
        ("aws_iam_access_key", "status"), ("aws_s3_bucket_versioning", "versioning_configuration.0.status"),
        ("azurerm_postgresql_flexible_server", "version"), ("azurerm_kubernetes_cluster", "current_kubernetes_version"),
        ("azurerm_key_vault_key", "key_size"), ("aws_acm_certificate", "status"),
    ],
)  # fmt: skip
def test_what_somebody_sets_is_never_noise(type_: str, path: str) -> None:
    told = tomllib.loads((policies_folder() / "drift.toml").read_text())
    noise = [rule for rule in read_rules(told) if rule.part == "noise"]
    assert not any(rule.covers(type_=type_, path=path) for rule in noise)
