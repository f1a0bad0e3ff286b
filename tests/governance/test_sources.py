"""What a plan does not know is settled by where it comes from, and only when nothing else can be its source."""

import json
from typing import Any

import pytest

from tallystick.governance.model.plans import read_plan
from tallystick.governance.model.predicates import comes_from, refers_to
from tallystick.governance.model.values import UNKNOWN, Resource

KEY, BUCKET = "aws_kms_key", "aws_s3_bucket"


def _change(kind: str, name: str = "this", module: str = "", **words: Any) -> dict[str, Any]:
    place = {"module_address": module} if module else {}
    change = {"actions": ["create"], "before": None, "after": {}, "after_unknown": {"id": True}}
    return place | {
        "address": f"{module}.{kind}.{name}" if module else f"{kind}.{name}",
        "mode": "managed", "type": kind, "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws", "change": change | words,
    }  # fmt: skip


def _code(kind: str, expressions: dict[str, Any], name: str = "this", **words: Any) -> Any:
    return {
        "mode": "managed", "type": kind, "name": name, "expressions": expressions,
    } | words  # fmt: skip


def _from(*texts: str) -> dict[str, Any]:
    return {"references": list(texts)}


def _bucket(
    root: dict[str, Any],
    *changes: Any,
    defaults: dict[str, Any] | None = None,
    **bucket: Any,
) -> Resource:
    said = {
        "format_version": "1.2", "terraform_version": "1.15.5", "complete": True,
        "resource_changes": [_change(KEY), _change(BUCKET, **bucket), *changes],
        "configuration": {"provider_config": {}, "root_module": root},
    }  # fmt: skip
    estate = read_plan(
        text=json.dumps(said), cloud="aws", environment="production",
        inventory={"defaults": defaults or {}},
    ).estate  # fmt: skip
    (found,) = estate.of_type(BUCKET)
    return found


def _root(key: Any, *more: Any, bucket: dict[str, Any] | None = None, **words: Any) -> Any:
    made = _code(BUCKET, {"key": key}, **(bucket or {}))
    return {"resources": [_code(KEY, {}), made, *more]} | words


UNKNOWN_KEY = {"after_unknown": {"key": True}}
MODULES = {
    "module_calls": {
        "keys": {"module": {"outputs": {
            "arn": {"expression": _from("aws_kms_key.inner.arn", "aws_kms_key.inner")},
            "both": {"expression": _from("aws_kms_key.inner", "data.aws_kms_key.strange.arn")},
        }, "resources": [_code(KEY, {}, "inner")]}},
    },
}  # fmt: skip
INNER = _change(KEY, "inner", "module.keys")


@pytest.mark.parametrize(
    "key",
    [
        _from("aws_kms_key.this.arn", "aws_kms_key.this"),
        _from("aws_kms_key.this", "each.key"),
        _from("aws_kms_key.this[0].arn", "aws_kms_key.this[0]", "aws_kms_key.this"),
        _from("var.own_key", "aws_kms_key.this.arn"),
        _from("module.keys.arn", "module.keys"),
    ],
)
def test_what_comes_from_a_key_alone_is_a_key(key):
    bucket = _bucket(_root(key, **MODULES), INNER, **UNKNOWN_KEY)
    assert bucket.at("key") is UNKNOWN
    assert comes_from(bucket, "key", KEY)
    assert refers_to(bucket, "key", "no key", KEY).holds is True
    assert refers_to(bucket, "key", "no role", "aws_iam_role").holds is UNKNOWN


@pytest.mark.parametrize(
    "key",
    [
        _from("local.wanted", "aws_kms_key.this.arn"),
        _from("data.aws_kms_key.strange.arn", "data.aws_kms_key.strange", "aws_kms_key.this.arn"),
        _from("aws_kms_key.this.arn", "aws_s3_bucket.this.id"),
        _from("aws_kms_key.this.policy", "aws_kms_key.this"),
        _from("aws_kms_key.nowhere.arn"),
        _from("each.value", "aws_kms_key.this"),
        _from("module.keys.both"),
        _from("module.keys"),
        _from("module.keys.left_out"),
        _from("var.own_key"),
        {},
    ],
)
def test_what_may_come_from_elsewhere_stays_unknown(key):
    bucket = _bucket(_root(key, **MODULES), INNER, **UNKNOWN_KEY)
    assert not comes_from(bucket, "key", KEY)
    assert refers_to(bucket, "key", "no key", KEY).holds is UNKNOWN


def test_a_loop_over_keys_gives_keys_and_one_over_a_local_anything():
    key = _from("each.value.arn", "each.value")
    over_keys = {"for_each_expression": _from("aws_kms_key.this")}
    over_local = {"for_each_expression": _from("local.keys")}
    assert comes_from(_bucket(_root(key, bucket=over_keys), **UNKNOWN_KEY), "key", KEY)
    assert not comes_from(_bucket(_root(key, bucket=over_local), **UNKNOWN_KEY), "key", KEY)


def test_what_code_gives_an_attribute_the_attribute_is():
    use = _code("aws_kms_alias", {"target": _from("aws_kms_key.this.arn")}, "use")
    root = _root(_from("aws_kms_alias.use.target", "aws_kms_alias.use"), use)
    assert comes_from(_bucket(root, _change("aws_kms_alias", "use"), **UNKNOWN_KEY), "key", KEY)


def test_a_module_s_variable_is_what_its_caller_gives():
    inner = {"resources": [_code(BUCKET, {"key": _from("var.key")})]}
    for given, is_key in ((_from("aws_kms_key.this.arn"), True), (_from("local.key"), False)):
        call = {"expressions": {"key": given}, "module": inner}
        root = {"resources": [_code(KEY, {})], "module_calls": {"here": call}}
        bucket = _bucket(root, module="module.here", **UNKNOWN_KEY)
        assert comes_from(bucket, "key", KEY) is is_key


@pytest.mark.parametrize(("blocks", "is_told"), [(1, True), (2, False), (0, False)])
def test_blocks_that_a_loop_makes_are_in_no_code_and_settle_nothing(blocks, is_told):
    """The code shows one block; where the plan has another number, which of them it is nobody can say."""
    root = {
        "resources": [
            _code(KEY, {}),
            _code(BUCKET, {"rule": [{"key": _from("aws_kms_key.this.arn")}]}),
        ]
    }
    unknown = {
        "after_unknown": {"rule": [{"key": True}] * blocks},
        "after": {"rule": [{}] * blocks},
    }
    bucket = _bucket(root, **unknown)
    for path in ("rule.0.key", "rule.*.key"):
        assert comes_from(bucket, path, KEY) is is_told


@pytest.mark.parametrize(("second", "is_told"), [("aws_kms_key.this.id", True), ("local.x", False)])
def test_a_set_of_blocks_has_no_order_so_all_of_them_must_be_told(second, is_told):
    rules = [{"key": _from("aws_kms_key.this.arn")}, {"key": _from(second)}]
    root = {"resources": [_code(KEY, {}), _code(BUCKET, {"rule": rules})]}
    unknown = {"after_unknown": {"rule": [{"key": True}] * 2}, "after": {"rule": [{}] * 2}}
    assert comes_from(_bucket(root, **unknown), "rule.0.key", KEY) is is_told


def test_a_circle_of_outputs_ends():
    circle = {
        "module_calls": {"a": {"module": {"outputs": {"x": {"expression": _from("var.x")}}},
                               "expressions": {"x": _from("module.a.x")}}},
    }  # fmt: skip
    assert not comes_from(_bucket(_root(_from("module.a.x"), **circle), **UNKNOWN_KEY), "key", KEY)


DEFAULTS = {BUCKET: {"others": {"value": [], "source": "the manual"}}}
LEFT_OUT = {"after_unknown": {"others": True}}


def test_what_is_left_out_of_something_new_is_what_the_provider_documents():
    root = {"resources": [_code(BUCKET, {})]}
    assert _bucket(root, defaults=DEFAULTS, **LEFT_OUT).at("others") == []
    assert _bucket(root, **LEFT_OUT).at("others") is UNKNOWN


@pytest.mark.parametrize(
    ("root", "words"),
    [
        ({"resources": [_code(BUCKET, {"others": _from("local.others")})]}, {}),
        ({"resources": [_code(BUCKET, {})]}, {"actions": ["update"], "before": {"others": ["x"]}}),
        ({"resources": []}, {}),
    ],
    ids=["it is written", "it was there before", "no code of it is in the plan"],
)
def test_otherwise_it_stays_unknown(root, words):
    assert _bucket(root, defaults=DEFAULTS, **LEFT_OUT | words).at("others") is UNKNOWN
