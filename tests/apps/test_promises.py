"""What the OpenAPI document promises, the running platform keeps: schemathesis asks, with every check it has."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apps.houses import House
from tests.apps.neighbours import Neighbour
from tests.apps.platform import ROOT, Running

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
HOOKS = "tests.apps.schemathesis_hooks"
# What ends the session that asks, or shuts its tenant's doors from elsewhere: asked last, on its own.
LEAVING = ("delete_v1_sessions", "delete_v1_sessions_session_id", "put_v1_access_rule")
# What a key is refused at before it is looked at whole.
OF_PEOPLE = "^/v1/(people|roles|memberships|delegations|factors|approvals|clients|consents|explanations|.*provider)"
OPERATIONS_MIN = 100
RUN_S = 240


@pytest.fixture(scope="module")
def neighbour(up: Running) -> Iterator[Neighbour]:
    """A tenant of its own: what is tried on it would be in the way of other tests."""
    made = Neighbour(up, "zqgamma")
    yield made
    made.close()


def asked(up: Running, authorization: str, folder: Path, *words: str) -> str:
    """Let schemathesis ask everything, as whoever has this credential; answers what it says."""
    done = subprocess.run(
        [
            *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
            *("--config-file", str(CONFIGURATION), "run", f"{up.url}/openapi.json"),
            *("--checks", "all", "--header", f"Authorization: {authorization}"),
            *("--generation-deterministic", "--continue-on-failure", "--max-failures", "50"),
            *("--no-color", "--warnings", "off", *words),
        ],
        env=up.env | {"SCHEMATHESIS_HOOKS": HOOKS, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(RUN_S + 10)
def test_a_key_is_answered_as_the_document_promises(
    up: Running, house: House, tmp_path: Path
) -> None:
    said = asked(
        up, house.client.headers["authorization"], tmp_path, "--phases", "examples,coverage"
    )
    (selected,) = re.findall(r"Selected: +(\d+)", said)
    assert int(selected) > OPERATIONS_MIN


@pytest.mark.timeout(2 * RUN_S + 10)
def test_a_person_is_answered_as_the_document_promises(
    up: Running, neighbour: Neighbour, tmp_path: Path
) -> None:
    apart = [word for name in LEAVING for word in ("--exclude-operation-id", name)]
    for words in (
        ("--phases", "fuzzing,stateful", "--max-examples", "3"),
        ("--phases", "coverage", "--include-path-regex", OF_PEOPLE),
    ):
        asked(up, f"Bearer {neighbour.owner.credential}", tmp_path, *words, *apart)
    assert neighbour.owner.client.get("/v1/whoami").is_success


@pytest.mark.timeout(RUN_S + 40)
def test_whoever_leaves_is_answered_as_the_document_promises(
    up: Running, neighbour: Neighbour, tmp_path: Path
) -> None:
    only = [word for name in LEAVING for word in ("--include-operation-id", name)]
    words = ("--phases", "coverage,fuzzing", "--max-examples", "5", *only)
    asked(up, f"Bearer {neighbour.other.credential}", tmp_path, *words)
