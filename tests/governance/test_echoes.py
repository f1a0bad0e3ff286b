"""What a target only gives back is no evidence: where a live estate is judged, it is unknown."""

from collections.abc import Mapping
from typing import Any

from tallystick.governance.adapters.policies import load_catalogue
from tallystick.governance.model.drift.echoes import without_echoes
from tallystick.governance.model.judging import verdicts_of
from tallystick.governance.model.values import UNKNOWN, Estate, Resource

KEY = "aws_kms_key"
WHOLE: Mapping[str, Any] = {
    "id": "k", "tags": {"service": "database"}, "enable_key_rotation": True,
    "deletion_window_in_days": 30, "description": None, "is_enabled": True,
}  # fmt: skip
TOLD = {"id": "other", "tags": {}, "enable_key_rotation": False, "is_enabled": True}


def heard(type_: str, values: Mapping[str, Any], listed: Mapping[str, Any]) -> Estate:
    resource = Resource(address=f"{type_}.a", type=type_, name="a", values=values, target="moto")
    live = Estate(cloud="aws", environment="staging", moment="live", resources=(resource,))
    return without_echoes(live=live, listed=listed)


def only(estate: Estate) -> Mapping[str, Any]:
    (resource,) = estate.resources
    assert resource.target == "moto"
    return resource.values


def test_what_no_list_has_a_word_for_is_unknown_be_it_set_or_not() -> None:
    found = only(heard(KEY, WHOLE, {KEY: [TOLD]}))
    assert found == {**WHOLE, "deletion_window_in_days": UNKNOWN, "description": UNKNOWN}


def test_one_object_that_has_a_word_is_enough_and_another_type_s_words_are_none() -> None:
    assert only(heard(KEY, WHOLE, {KEY: [TOLD, {"deletion_window_in_days": None}]})) == {
        **WHOLE, "description": UNKNOWN,
    }  # fmt: skip
    assert only(heard(KEY, WHOLE, {"aws_kms_alias": [TOLD], KEY: []})) == WHOLE


def test_what_is_set_in_a_block_and_not_told_is_unknown_and_names_in_a_map_are_its_own() -> None:
    block = {"tier": "small", "echo": "loud", "absent": None, "flags": [{"name": "a", "at": 1}]}
    values = {"id": "d", "settings": [block], "labels": {"a": "b"}}
    listed = {"id": "e", "settings": [{"tier": "big", "flags": [{"name": "c"}]}], "labels": {}}
    flags = [{"name": "a", "at": UNKNOWN}]
    assert only(heard("t", values, {"t": [listed]})) == {
        **values, "settings": [{**block, "echo": UNKNOWN, "flags": flags}],
    }  # fmt: skip


def test_a_verdict_that_rests_on_an_echo_does_not_pass_live_and_its_failure_stays() -> None:
    entry = load_catalogue().entries["aws-key-kept"]

    def outcome(listed: Mapping[str, Any], **values: Any) -> str:
        estate = heard(KEY, {**WHOLE, **values}, {KEY: [listed]})
        (verdict,) = verdicts_of(entry=entry, estate=estate)
        assert verdict.target == "moto"
        return verdict.outcome

    assert outcome(WHOLE) == "pass"
    assert outcome(TOLD) == "unknown"
    assert outcome(WHOLE, deletion_window_in_days=7) == "fail"
    assert outcome(TOLD, is_enabled=False) == "fail"
