"""The list of secrets: ours is good, and what is malformed or contradicts itself is refused with what to write."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tallystick.governance.model.secrets import BadList, read_secrets, seconds_of
from tallystick.governance.service.secrets.opening import list_of
from tests.secrets.specs import WRITTEN

OURS = Path(__file__).parents[2] / "policies" / "secrets.toml"


def written(*secrets: dict[str, Any]) -> str:
    """Write secrets as the file has them."""
    return "\n".join("[[secret]]\n" + _lines(one) for one in secrets)


def _lines(secret: dict[str, Any]) -> str:
    rows = {key: value for key, value in secret.items() if value is not None}
    homes = rows.pop("homes", None)
    text = "".join(f"{key} = {msgspec.json.encode(one).decode()}\n" for key, one in rows.items())
    if homes is None:
        return text
    inside = ", ".join(f"{key} = {msgspec.json.encode(one).decode()}" for key, one in homes.items())
    return f"{text}homes = {{ {inside} }}\n"


def test_ours_is_good_and_has_every_kind() -> None:
    specs = list_of(OURS)
    assert {spec.kind for spec in specs.values()} == {
        "dynamic", "postgres_role", "api_key", "webhook_hmac", "random",
    }  # fmt: skip
    roles = tomllib.loads(
        (OURS.parents[1] / "src/tallystick/identity/policies/bundles.toml").read_text()
    )["roles"]
    assert set(specs["deployment-key"].holds) <= set(roles)


def test_the_list_of_tests_is_good() -> None:
    assert read_secrets(written(WRITTEN))["database-login"].grace_s == 86_400
    assert seconds_of("12h") == 43_200


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "Not A Name"}, "like-this"),
        ({"owner": ""}, "whose"),
        ({"kind": "guess"}, "kind"),
        ({"primary": "aws"}, "primary"),
        ({"class": "public"}, "class"),
        ({"homes": {"production": []}}, "homes are said for"),
        ({"homes": {"development": [], "staging": [], "production": ["openbao"]}}, "no copy"),
        ({"homes": {"development": [], "staging": [], "production": ["aws", "aws"]}}, "twice"),
        ({"homes": {"development": [], "staging": [], "production": ["floppy"]}}, "floppy"),
        ({"consumers": []}, "consumers"),
        ({"consumers": ["a", "a"]}, "twice"),
        ({"rotate_after": "soon"}, "such as 90d"),
        ({"grace": "90d"}, "grace <"),
        ({"max_age": "1d"}, "grace <"),
        ({"roles": ["one"]}, "two roles"),
        ({"roles": ["a", 'b"; DROP ROLE x']}, "two roles"),
        ({"kind": "random"}, "no other kind"),
        ({"kind": "random", "roles": [], "holds": ["owner"]}, "which roles it holds"),
        ({"kind": "dynamic", "roles": []}, "no copies"),
        ({"value": "hunter2"}, "unknown field"),
        ({"what": None}, "what"),
    ],
)
def test_what_is_wrong_is_refused_with_its_reason(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadList, match=reason):
        read_secrets(written(WRITTEN | changes))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "cannot be read"),
        (b"[[secret", "cannot be read"),
        (b"\xff\xfe", "no UTF-8"),
        (b"#" * 300_000, "bytes"),
        (b"secret = []", "1 to 200"),
    ],
)
def test_a_file_that_is_no_list_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "secrets.toml"
    path.write_bytes(content)
    with pytest.raises(BadList, match=reason):
        list_of(path)
    with pytest.raises(BadList, match="cannot read"):
        list_of(tmp_path / "none")


def test_a_secret_that_is_there_twice_is_refused() -> None:
    with pytest.raises(BadList, match="database-login is in the list twice"):
        read_secrets(written(WRITTEN, WRITTEN))
