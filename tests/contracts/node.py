"""A platform with a substitute beside it: wallets of version B.1.0.0, in Node, as the example has them."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.apps.platform import ROOT, Running, environment
from tests.ports import free_port
from tests.runtime.far_ground import peers_file, private_pem, public_pem

EXAMPLE = ROOT / "examples" / "substitute-node"
NODE = shutil.which("node")
WAIT_S = 30


class NodeWallets:
    """The example as a process, and where it keeps what it keeps."""

    def __init__(self, home: Path, *, ours: Ed25519PrivateKey, ledger_url: str) -> None:
        self.home, self.port = home, free_port()
        self.key, self.url = Ed25519PrivateKey.generate(), f"http://127.0.0.1:{self.port}"
        (home / "node.key").touch(0o600)
        (home / "node.key").write_bytes(private_pem(self.key))
        (home / "tallystick.pub").write_text(public_pem(ours))
        self._env = {
            **{name: text for name, text in os.environ.items() if name in ("PATH", "HOME")},
            "PORT": str(self.port),
            "LEDGER_URL": ledger_url,
            "DOOR_KEY": str(home / "node.key"),
            "PEER_KEY": str(home / "tallystick.pub"),
            "STATE": str(home / "wallets.jsonl"),
        }
        self.process: Any = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.home / "node.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(NODE), "server.mjs"], cwd=EXAMPLE, env=self._env, stdout=log, stderr=log
            )
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.said
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"{self.url}/doors/wallets/about")
                return
            time.sleep(0.05)
        raise AssertionError(f"it does not answer:\n{self.said}")

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> None:
        """End it."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(with_signal)
            self.process.wait(WAIT_S)

    @property
    def said(self) -> str:
        """Everything it printed until now."""
        return (self.home / "node.log").read_text()


class Pair:
    """A platform and the example, each with a key that the other knows."""

    def __init__(self, home: Path, url: str) -> None:
        self.home, port = home, free_port()
        ours = Ed25519PrivateKey.generate()
        (home / "door.key").touch(0o600)
        (home / "door.key").write_bytes(private_pem(ours))
        self.node = NodeWallets(home, ours=ours, ledger_url=f"http://127.0.0.1:{port}")
        peers = peers_file(
            ("node-wallets", self.node.key, {"ledger.Ledger": ["wallets"]}),
            here=f"127.0.0.1:{port}",
        )
        (home / "peers.toml").write_text(peers)
        (home / "substitutes.toml").write_text(
            f'[[substitute]]\ncontext = "wallets"\nname = "node-wallets"\nurl = "{self.node.url}"\n'
        )
        self.node.start()
        env = environment(
            home,
            TALLYSTICK_PORT=str(port),
            TALLYSTICK_DATABASE_URL=url,
            TALLYSTICK_DOOR_KEY=str(home / "door.key"),
            TALLYSTICK_DOOR_PEERS=str(home / "peers.toml"),
            TALLYSTICK_SUBSTITUTES=str(home / "substitutes.toml"),
            TALLYSTICK_POOL_SIZE="4",
        )
        try:
            self.running = Running("serve", env=env, log=home / "log")
        except BaseException:
            self.node.stop()
            raise

    def stop(self) -> None:
        """End both."""
        self.running.stop()
        self.node.stop()
