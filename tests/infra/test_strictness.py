"""Production is never weaker than staging: every difference has an order, in the data and in what it plans."""

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tallystick.governance.model.values import Environment
from tests.infra.planning import CLOUDS, ROOT, planned
from tests.infra.test_terraform_code import environments

RULES: Final[dict[str, dict[str, Any]]] = tomllib.loads(
    (ROOT / "policies" / "strictness.toml").read_text()
)
WEAKER: Final = (("development", "staging"), ("staging", "production"))


def as_strict(order: Any, stricter: Any, weaker: Any) -> bool:
    """Say whether one value is as strict as another: `order` is a word, or the values from weak to strict."""
    if isinstance(order, list):
        return order.index(stricter) >= order.index(weaker)
    match order:
        case "at least":
            return _amount(stricter) >= _amount(weaker)
        case "at most":
            return _amount(stricter) <= _amount(weaker)
        case "all of":
            return set(weaker or ()) <= set(stricter or ())
        case "free":
            return True
    raise AssertionError(f"{order} is no order")


def _amount(value: Any) -> Any:
    """Give the number in a text such as P90D or 7776000s; nothing is 0."""
    return int(re.sub(r"[^0-9]", "", value)) if isinstance(value, str) else value or 0


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path of everything in nested mappings and lists, lists of plain values whole."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
        for place, each in enumerate(value):
            yield from leaves(each, f"{path}.{place}")
    else:
        yield path, value


@pytest.mark.parametrize(("weaker", "stricter"), WEAKER)
def test_every_setting_is_as_strict_as_in_the_environment_before(
    weaker: str, stricter: str
) -> None:
    said = environments()["environments"]
    before = dict(leaves(said[weaker]))
    for path, value in leaves(said[stricter]):
        order = RULES["settings"][re.sub(r"^clouds\.\w+\.", "clouds.", path)]
        assert as_strict(order, value, before[path]), (
            f"{path}: {value} in {stricter}, {before[path]} in {weaker}"
        )


def test_no_order_is_about_nothing() -> None:
    paths = {
        re.sub(r"^clouds\.\w+\.", "clouds.", path)
        for path, _ in leaves(environments()["environments"]["production"])
    }
    assert set(RULES["settings"]) == paths


@pytest.mark.parametrize(
    ("order", "stricter", "weaker", "wanted"),
    [
        ("at least", 35, 14, True), ("at least", 7, 14, False), ("at least", False, True, False),
        ("at most", 60, 600, True), ("at most", 600, 60, False),
        ("at most", "P90D", "P180D", True), ("at most", "7776001s", "7776000s", False),
        ("all of", ["kms", "sts"], ["kms"], True), ("all of", ["kms"], ["kms", "sts"], False),
        (["governance", "compliance"], "compliance", "governance", True),
        (["governance", "compliance"], "governance", "compliance", False),
    ],
)  # fmt: skip
def test_the_order_tells_weaker_from_stricter(
    order: Any, stricter: Any, weaker: Any, wanted: bool
) -> None:
    assert as_strict(order, stricter, weaker) is wanted


def _neutral(cloud: str, environment: Environment) -> dict[str, dict[str, Any]]:
    """Give the planned values by address, with the environment's own names and numbers made alike."""
    said = environments()["environments"][environment]["clouds"][cloud]
    short = {"development": "dev", "staging": "stg", "production": "prd"}[environment]
    names = [said["account"], said.get("number", ""), re.escape(said["domain"])]
    names += [re.escape(said[key].removesuffix("0.0/16")) for key in ("cidr", "recovery_cidr")]
    names += [re.escape(said["masters"].removesuffix("0/28"))] if "masters" in said else []
    own = "|".join([*filter(None, names), environment, rf"(?<=tallystick|allystick-){short}"])
    made: dict[str, dict[str, Any]] = {}
    for each in planned(cloud, environment):  # pyright: ignore[reportArgumentType]
        text = re.sub(own, "~", json.dumps(each["values"]))
        made[each["address"]] = {"__type": each["type"], **dict(leaves(json.loads(text)))}
    return made


def weaknesses(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> list[str]:
    """Say where a plan is weaker than the one before, or otherwise without an order."""
    found = [f"{address} is there no more" for address in sorted(set(before) - set(after))]
    for address in sorted(set(before) & set(after)):
        values, stricter = before[address], after[address]
        for path in sorted({*values, *stricter}):
            weak, strict = values.get(path), stricter.get(path)
            rule = f"{values['__type']}.{re.sub(r'[.][0-9]+(?=[.]|$)', '', path)}"
            order = RULES["planned"].get(rule)
            if weak != strict and (order is None or not as_strict(order, strict, weak)):
                found.append(f"{address}: {rule} is {strict} after {weak}, by the order {order}")
    return found


@pytest.mark.parametrize("cloud", CLOUDS)
def test_production_plans_nothing_that_is_weaker_than_staging(cloud: str) -> None:
    before, after = _neutral(cloud, "staging"), _neutral(cloud, "production")
    assert weaknesses(before, after) == []
    assert weaknesses(after, before) != []
