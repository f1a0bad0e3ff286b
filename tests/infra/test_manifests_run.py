"""Processes are started by what the manifests say: their commands, settings, files, ports and probes.

What a cluster does is done here by hand: secrets are mounted as it mounts them, names of services are addresses of the
loopback, certificates are of an authority of the test's.
"""

import os
import secrets
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tallystick.apps import pods
from tallystick.apps.sequencing import ALGORITHMS
from tallystick.audit.adapters.key_file import make_keys
from tallystick.runtime import pulse
from tests.apps.platform import READY_WAIT_S, ROOT, STOP_WAIT_S, run
from tests.infra.kustomize import OVERLAYS, named, rendered
from tests.runtime.authority import Authority, Pair

SPLIT = "three"
MOUNTS, KEPT = "/run/tallystick", "/var/lib/tallystick"


class Cluster:
    """The processes of an overlay, each at an address of its own."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder, self.database = folder, database
        self.manifests = rendered(OVERLAYS / SPLIT)
        self.workloads = named(self.manifests, "Deployment") | named(self.manifests, "StatefulSet")
        serving = named(self.manifests, "Service")
        # An address of the loopback for each name of a service.
        self.hosts = {
            f"{name}.{one['metadata']['namespace']}.svc": f"127.8.4.{number}"
            for number, (name, one) in enumerate(serving.items(), start=1)
        }
        self.host = {name.partition(".")[0]: host for name, host in self.hosts.items()}
        self.authority = Authority(folder)
        self.doors = folder / "doors"
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def here(self, text: str, name: str) -> str:
        """Say with paths and addresses of this machine what a manifest says with those of a pod."""
        for service, host in self.hosts.items():
            text = text.replace(service, host)
        text = text.replace("https://api.bank.example", f"https://{self.host['edge']}:8480")
        for path in (MOUNTS, KEPT):
            text = text.replace(path, str(self.folder / name) + path)
        return text

    def env(self, name: str) -> dict[str, str]:
        """Give the environment of a container."""
        told = named(self.manifests, "ConfigMap")[name]["data"]
        host = {"TALLYSTICK_HOST": self.host[name]} if name in self.host else {}
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "src"),
            "TALLYSTICK_DATABASE_URL": self.database,
            **{key: self.here(value, name) for key, value in told.items()},
            **host,
        }

    def command(self, name: str, container: dict[str, Any]) -> list[str]:
        """Give the command of a container."""
        return [self.here(word, name) for word in container["command"]]

    def mount(self, name: str, files: dict[str, Path]) -> None:
        """Lay secrets out as a cluster does: links into a folder that can be changed at once."""
        base = self.folder / name / MOUNTS[1:]
        (base / "secrets" / "..data").mkdir(parents=True)
        for folder in ("keys", "tls"):
            (base / folder).mkdir()
        for folder in (KEPT, pods.MEMORY):
            (self.folder / name / folder[1:]).mkdir(parents=True)
        for file, source in files.items():
            is_tls = file in {"tls.crt", "tls.key", "ca.crt"}
            at = base / ("tls" if is_tls else "secrets/..data") / file
            shutil.copyfile(source, at)
            at.chmod(0o440)
            if at.parent.name == "..data":
                (base / "secrets" / file).symlink_to(Path("..data") / file)

    def start(self, name: str) -> None:
        """Run what prepares a pod, to its end, and then its process."""
        pod = self.workloads[name]["spec"]["template"]["spec"]
        for container in pod["initContainers"]:
            subprocess.run(self.command(name, container), check=True, timeout=10)
        (container,) = pod["containers"]
        with (self.folder / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                self.command(name, container),
                env=self.env(name),
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def probe(self, name: str, kind: str) -> bool:
        """Ask as a kubelet does."""
        probe = self.workloads[name]["spec"]["template"]["spec"]["containers"][0][kind]
        if "exec" in probe:
            done = subprocess.run(
                self.command(name, probe["exec"]),
                env=self.env(name),
                check=False,
                capture_output=True,
                timeout=probe["timeoutSeconds"],
            )
            return done.returncode == 0
        asked = probe["httpGet"]
        url = f"{asked['scheme'].lower()}://{self.host[name]}:8480{asked['path']}"
        # A kubelet does not look whose certificate it is.
        try:
            return httpx.get(url, verify=False, timeout=probe["timeoutSeconds"]).status_code == 200
        except httpx.TransportError:
            return False

    def await_ready(self, name: str) -> None:
        """Ask until a process is ready."""
        deadline = time.monotonic() + READY_WAIT_S
        while not self.probe(name, "readinessProbe"):
            said = (self.folder / f"{name}.log").read_text()
            assert self.running[name].poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.1)

    def stop(self) -> None:
        """End them all."""
        for process in self.running.values():
            os.killpg(process.pid, signal.SIGINT)
        for process in self.running.values():
            process.wait(STOP_WAIT_S)


@pytest.fixture(scope="module")
def cluster(make_database: Callable[[], str]) -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="tallystick-cluster-"))
    made = Cluster(folder, make_database())
    try:
        places = [
            word
            for name, host in made.host.items()
            for word in ("--at", f"{name}=https://{host}:8480")
        ]
        init = ["doors", "init", "--split", SPLIT, "--folder", str(made.doors), *places]
        assert run(*init, env=made.env("edge")).code == 0
        _prepare(made)
        for name in ("keys", "books", "edge"):
            made.start(name)
        for name in ("keys", "books", "edge"):
            made.await_ready(name)
        made.start("sequencer")
        made.await_ready("sequencer")
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(made: Cluster) -> None:
    """What cert-manager and the secret manager give, and the job that comes first."""
    keys = _keys(made.folder)
    for name, host in made.host.items():
        pair: Pair = made.authority.pair(name, host=host)
        of_doors = {
            file: made.doors / name / file
            for file in ("door.key", "peers.toml")
            if (made.doors / name / file).exists()
        }
        tls = {"tls.crt": pair.certificate, "tls.key": pair.key, "ca.crt": made.authority.file}
        made.mount(name, tls | of_doors | (_only_of_people(keys) if name == "keys" else {}))
    made.mount("sequencer", {"record-keys": keys["record-keys"]})
    job = named(made.manifests, "Job")["migrate"]["spec"]["template"]["spec"]
    made.mount("migrate", {})
    (container,) = job["containers"]
    subprocess.run(
        made.command("migrate", container), env=made.env("migrate"), check=True, timeout=60
    )


def _keys(folder: Path) -> dict[str, Path]:
    token, factor = folder / "token-keys", folder / "factor-keys"
    curve = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
    subprocess.run([*curve, "-out", str(token)], check=True, capture_output=True)
    factor.write_text(secrets.token_hex(32) + "\n")
    record = folder / "record-keys"
    make_keys(record, name="api.bank.example/record", algorithms=ALGORITHMS)
    return {"token-keys": token, "factor-keys": factor, "record-keys": record}


def _only_of_people(keys: dict[str, Path]) -> dict[str, Path]:
    return {name: path for name, path in keys.items() if name != "record-keys"}


def _trusting(cluster: Cluster) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=cluster.authority.file)


def test_every_probe_says_yes(cluster: Cluster) -> None:
    for name in (*cluster.host, "sequencer"):
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert cluster.probe(name, kind), (name, kind)


def test_what_is_mounted_to_be_read_is_only_read(cluster: Cluster) -> None:
    assert [
        path.name for path in (cluster.folder / "sequencer" / MOUNTS[1:] / "keys").iterdir()
    ] == ["record-keys"]
    memory = cluster.folder / "sequencer" / pods.MEMORY[1:] / "record-memory"
    assert memory.stat().st_size > 0


def test_a_sequencer_whose_turns_fail_lives_and_is_not_ready_and_one_that_hangs_does_not_live(
    cluster: Cluster,
) -> None:
    process, kinds = cluster.running["sequencer"], ("livenessProbe", "readinessProbe")
    os.killpg(process.pid, signal.SIGSTOP)
    try:
        path = Path(cluster.env("sequencer")["TALLYSTICK_RECORD_PULSE"])
        turned, good = map(int, path.read_text().split())
        assert turned == good
        path.write_text(f"{turned} {turned - pulse.GOOD_MAX_NS}\n")
        assert [cluster.probe("sequencer", kind) for kind in kinds] == [True, False]
        path.write_text(f"{turned - pulse.TURN_MAX_NS} {turned - pulse.TURN_MAX_NS}\n")
        assert [cluster.probe("sequencer", kind) for kind in kinds] == [False, False]
    finally:
        os.killpg(process.pid, signal.SIGCONT)
    cluster.await_ready("sequencer")


def test_keys_are_taken_so_that_nobody_else_reads_them(cluster: Cluster) -> None:
    taken = {path.name: path for path in (cluster.folder / "keys" / MOUNTS[1:] / "keys").iterdir()}
    assert set(taken) == {"door.key", "peers.toml", "token-keys", "factor-keys"}
    assert {path.stat().st_mode & 0o777 for path in taken.values()} == {0o600}


def test_a_request_goes_through_the_edge_to_the_books(cluster: Cluster) -> None:
    made = run("tenant", "create", "Overlay", env=cluster.env("migrate"))
    assert made.code == 0, made
    key = next(word for word in made.out.split() if word.startswith("tally_"))
    url = f"https://{cluster.host['edge']}:8480/v1/wallets"
    answer = httpx.get(url, headers={"authorization": f"Bearer {key}"}, verify=_trusting(cluster))
    assert (answer.status_code, answer.json()["items"]) == (200, [])


@pytest.mark.parametrize("name", ["books", "keys"])
def test_who_shows_no_certificate_does_not_get_in(cluster: Cluster, name: str) -> None:
    url = f"https://{cluster.host[name]}:8480/readyz"
    with pytest.raises(httpx.TransportError):
        httpx.get(url, verify=_trusting(cluster))


def test_a_probe_of_what_does_not_run_says_no(cluster: Cluster) -> None:
    env = cluster.env("books") | {"TALLYSTICK_PORT": "1"}
    asked = [sys.executable, "-m", "tallystick.runtime.probing", "/readyz"]
    done = subprocess.run(asked, env=env, check=False, capture_output=True, timeout=10)
    assert (done.returncode, done.stderr) == (1, b"nobody answers\n")
