"""What the platform promises holds in one process, in three, and in one for each part."""

from tests.acceptance.split import Split
from tests.apps.neighbours import Neighbour


def test_smoke(split: Split, bank: Neighbour) -> None:
    assert bank.key.done("GET", "/v1/whoami")["tenant"] == bank.tenant
