"""Azure on loopback: our doubles of Resource Manager and Key Vault, and Azurite for blobs."""

import base64
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, Final

import httpx

from tallystick.governance.adapters.live.azure.ground import BLOB_VERSION, close_all
from tallystick.governance.adapters.live.azure.signing import shared_key
from tests.doubles.key_vault import KeyVault
from tests.doubles.resource_manager import ResourceManager
from tests.governance import servers
from tests.governance.targets import OTHER_TOKEN, TOKEN, TOKENS

SUBSCRIPTION: Final = "00000000-0000-0000-0000-0000000000aa"
TENANT: Final = "00000000-0000-0000-0000-0000000000bb"
ACCOUNT: Final = "tallystickcalm"
KEY: Final = base64.b64encode(b"a key of tests alone, 32 letters").decode()
CREDENTIALS: Final = {"ARM_ACCESS_TOKEN": TOKEN, "AZURE_STORAGE_KEY": KEY}


class Signed(httpx.Auth):
    """Signs each request with the account's key, as the storage's own tools do."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the signature and go on."""
        dated = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": BLOB_VERSION}
        request.headers.update(dated)
        request.headers["Authorization"] = shared_key(request, account=ACCOUNT, key=KEY)
        yield request


@dataclass(frozen=True)
class Served:
    """The doubles and Azurite, and how they are reached."""

    manager: ResourceManager
    vault: KeyVault
    setting: dict[str, Any]

    @contextmanager
    def hand(self, token: str = OTHER_TOKEN) -> Iterator[Callable[[str], httpx.Client]]:
        """Give somebody's hand: a function from "management", "vault" or "blob" to a client at its address."""
        headers = {"Authorization": f"Bearer {token}"}
        blob = self.setting["endpoints"]["blob"].format(account=ACCOUNT)
        clients: Mapping[str, httpx.Client] = {
            "management": httpx.Client(base_url=self.manager.url, headers=headers, timeout=20),
            "vault": httpx.Client(base_url=self.vault.url, headers=headers, timeout=20),
            "blob": httpx.Client(base_url=blob, auth=Signed(), timeout=20),
        }
        try:
            yield lambda service: clients[service]
        finally:
            for client in clients.values():
                client.close()


@contextmanager
def serving_azure() -> Iterator[Served]:
    """Serve Azure, empty, on free ports of loopback until the block ends."""
    manager, vault = ResourceManager(tokens=TOKENS), KeyVault(tokens=TOKENS)
    manager.start()
    vault.start()
    try:
        with servers.azurite(ACCOUNT, KEY) as blob:
            yield Served(
                manager,
                vault,
                {
                    "subscription": SUBSCRIPTION,
                    "tenant": TENANT,
                    "endpoints": {
                        "management": manager.url,
                        "vault": f"{vault.url}/vaults/{{vault}}",
                        "blob": blob.replace(ACCOUNT, "{account}"),
                    },
                    "names": {"management": "double", "vault": "double", "blob": "azurite"},
                },
            )
    finally:
        close_all()
        manager.stop()
        vault.stop()
