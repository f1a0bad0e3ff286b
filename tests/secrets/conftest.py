"""Real servers for secrets, one of each for the session."""

from collections.abc import Iterator

import pytest

from tests.governance.targets import key_vault
from tests.secrets.bao import Bao, running

__all__ = ["key_vault"]


@pytest.fixture(scope="session")
def bao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bao]:
    """A real OpenBao."""
    with running(tmp_path_factory.mktemp("openbao")) as started:
        yield started
