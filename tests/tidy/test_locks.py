"""What is installed is exactly what was chosen: pinned, hashed, and from no address of ours."""

import re
import tomllib

import pytest

from tests.tidy import tree

LOCKS = {"requirements.lock": ["build"], "requirements-dev.lock": ["build", "dev"]}
PIN = re.compile(
    r"^([a-z0-9][a-z0-9-]*)==(\S+)( ; [^\\]+)? \\$(\n    --hash=sha256:[0-9a-f]{64}( \\)?$)+",
    re.MULTILINE,
)


def pins(name: str) -> dict[str, str]:
    """Give package and version of every line of a lock that has a hash."""
    return {match[1]: match[2] for match in PIN.finditer(tree.text(tree.ROOT / name))}


def wanted(extras: list[str]) -> set[str]:
    """Give the normalised names of the packages that pyproject.toml asks for."""
    project = tomllib.loads(tree.text(tree.ROOT / "pyproject.toml"))["project"]
    asked = project["dependencies"] + [
        name for extra in extras for name in project["optional-dependencies"][extra]
    ]
    return {re.split(r"[^\w.-]", name)[0].replace("_", "-").lower() for name in asked}


@pytest.mark.parametrize("name", [*LOCKS, "requirements-opinions.lock", "requirements-opa.lock"])
def test_every_line_of_a_lock_is_a_pin_with_hashes_and_no_address(name: str) -> None:
    left = PIN.sub("", tree.text(tree.ROOT / name)).split()
    assert left == []


@pytest.mark.parametrize(("name", "extras"), LOCKS.items())
def test_every_package_asked_for_is_locked(name: str, extras: list[str]) -> None:
    assert wanted(extras) - set(pins(name)) == set()


def test_tests_run_on_the_versions_that_are_shipped() -> None:
    shipped = pins("requirements.lock")
    assert shipped
    assert shipped.items() <= pins("requirements-dev.lock").items()
