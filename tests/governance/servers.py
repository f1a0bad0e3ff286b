"""Start a server of others as a process of its own on loopback, wait until it answers, and end it by its pid."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

WAIT_S = 60
ENDING_S = 10
COUNTERPARTIES = Path(__file__).resolve().parents[1] / "counterparties"


def free_port() -> int:
    """Give a port of loopback that nobody listens at."""
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        return asking.getsockname()[1]


@contextlib.contextmanager
def running(
    command: list[str], *, answers: str, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a server until the block ends; `answers` is an address that it answers at once it is up."""
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(
            command, stdout=told, stderr=told, env={**os.environ, **(environment or {})}
        )
        try:
            _await(process, answers, told)
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=ENDING_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await(process: "subprocess.Popen[bytes]", answers: str, told) -> None:
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        if process.poll() is not None:
            told.seek(0)
            raise RuntimeError(f"{process.args} ended: {told.read()[-2000:].decode()}")
        with contextlib.suppress(httpx.TransportError):
            httpx.get(answers, timeout=2, trust_env=False)
            return
        time.sleep(0.05)
    raise TimeoutError(f"{answers} does not answer")


@contextlib.contextmanager
def drongo() -> Iterator[str]:
    """Run drongo: GCP's storage, Secret Manager and KMS among others."""
    port = free_port()
    command = [sys.executable, "-m", "drongo.cli", "server", "--host", "127.0.0.1"]
    with running([*command, "--port", str(port)], answers=f"http://127.0.0.1:{port}/drongo/health"):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def gcplocal() -> Iterator[str]:
    """Run gcplocal: GCP's compute, Cloud SQL, IAM and storage among others."""
    port = free_port()
    command = [sys.executable, "-m", "gcplocal", "start", "--host", "127.0.0.1"]
    with running([*command, "--port", str(port)], answers=f"http://127.0.0.1:{port}/health"):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def azurite(account: str, key: str) -> Iterator[str]:
    """Run Azurite's blobs with one account, in memory alone; the address ends in the account's name."""
    port = free_port()
    script = COUNTERPARTIES / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    node = ["node", str(script)]
    bound = ["--blobHost", "127.0.0.1", "--blobPort", str(port)]
    quiet = ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    with running(
        [*node, *bound, *quiet],
        answers=f"http://127.0.0.1:{port}/{account}",
        environment={"AZURITE_ACCOUNTS": f"{account}:{key}"},
    ):
        yield f"http://127.0.0.1:{port}/{account}"
