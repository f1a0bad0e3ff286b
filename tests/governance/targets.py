"""The live targets of tests: servers on loopback at free ports, started when first asked for, stopped by their pid.

Doubles are ours and answer in this process. Whoever reads from one names the target "double".
"""

from collections.abc import Iterator

import pytest

from tests.doubles.key_vault import KeyVault

TOKEN = "token-of-tests"
WHO = "engineer@example.test"
OTHER_TOKEN = "token-of-somebody-else"
OTHER_WHO = "mallory@example.test"
TOKENS = {TOKEN: WHO, OTHER_TOKEN: OTHER_WHO}


@pytest.fixture(scope="session")
def key_vault() -> Iterator[KeyVault]:
    """Our double of Azure Key Vault, its token `TOKEN`; a vault is at `{url}/vaults/{name}`."""
    double = KeyVault(tokens=TOKENS)
    double.start()
    try:
        yield double
    finally:
        double.stop()
