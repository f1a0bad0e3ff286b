"""An apply that is stopped, killed or refused its state: what was done is kept, and the next run knows of it."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tallystick.governance.adapters.terraform import errored
from tallystick.governance.adapters.terraform.files import FileStates
from tallystick.governance.adapters.terraform.refusing import RunRefused
from tallystick.governance.adapters.terraform.runner import Runner
from tallystick.governance.adapters.terraform.statekeeper import StateRefused
from tallystick.governance.adapters.terraform.stopping import Stop
from tests.governance import terraform
from tests.governance.test_terraform_runs import HEAD, written
from tests.tidy.tree import ROOT

BUCKET = 'resource "aws_s3_bucket" "one" {\n  bucket = "only-copy"\n}\n'
SLOW = """
resource "terraform_data" "slow" {
  depends_on = [aws_s3_bucket.one]
  provisioner "local-exec" { command = "exec sleep 97" }
}
"""
# What `cloud apply` does, with the state in a file.
APPLIES = """
import sys
from pathlib import Path
from tallystick.governance.adapters.terraform.stopping import Stop, stopping_by_signals
from tallystick.governance.adapters.terraform.statekeeper import keeping
from tests.governance import terraform
from dataclasses import replace
folder = Path(sys.argv[1])
estate, stop = terraform.Estate(folder / "hcl", work=folder / "work"), Stop()
estate.plan()
with stopping_by_signals(stop, say=print), keeping(estate.states) as keeper:
    runner = replace(estate.runner(keeper.environ), stop=stop)
    runner.apply(planfile=estate.planfile, watch=lambda line: print(line, flush=True))
"""


def _applying(folder: Path) -> "subprocess.Popen[str]":
    """Begin an apply, and come back when its slow part has begun: the bucket is made by then."""
    written(folder / "hcl", HEAD + BUCKET + SLOW)
    started = subprocess.Popen(
        [sys.executable, "-c", APPLIES, str(folder)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert started.stdout
    for line in started.stdout:
        if "Provisioning with 'local-exec'" in line:
            return started
    raise AssertionError(started.communicate()[1])


def _children(folder: Path) -> list[str]:
    """Name what still runs out of this folder."""
    found: list[str] = []
    for each in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(folder).encode() in each.read_bytes():
                found.append((each.parent / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


@pytest.mark.timeout(200)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_an_apply_in_order_and_its_state_is_kept(
    number: signal.Signals, tmp_path: Path
) -> None:
    started = _applying(tmp_path)

    started.send_signal(number)
    out, errors = started.communicate(timeout=100)

    assert "waiting until Terraform has written its state" in out
    assert f"stopped by {number.name}: Terraform was interrupted and has ended in order" in errors
    assert b"only-copy" in (tmp_path / "work" / "states" / "state.json").read_bytes()
    assert not (tmp_path / "work" / "states" / "lock.json").exists()
    assert not _children(tmp_path)


@pytest.mark.timeout(200)
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_what_is_killed_leaves_no_terraform_behind_and_the_next_run_finds_its_state(
    tmp_path: Path,
) -> None:
    started = _applying(tmp_path)

    started.kill()
    started.communicate()

    until = time.monotonic() + 60
    while (left := _children(tmp_path)) and time.monotonic() < until:
        time.sleep(0.2)
    assert not left
    lock = tmp_path / "work" / "states" / "lock.json"
    FileStates(lock.parent).free(lock=json.loads(lock.read_text())["ID"])
    with pytest.raises(RunRefused, match=r"errored\.tfstate.*cloud rescue"):
        terraform.Estate(tmp_path / "hcl", work=tmp_path / "work").plan()
    assert b"only-copy" in (tmp_path / "work" / errored.NAME).read_bytes()


@pytest.mark.timeout(200)
def test_a_state_that_nobody_took_is_kept_until_somebody_says_what_becomes_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate = terraform.Estate(written(tmp_path / "hcl", HEAD + BUCKET), work=tmp_path / "work")
    estate.plan()

    def refuse(state: bytes, *, lock: str | None) -> None:
        raise StateRefused("lease_not_accepted: this lease is of no running apply")

    monkeypatch.setattr(estate.states, "write", refuse)
    with pytest.raises(RunRefused, match=r"could not be handed in.*--put-aside"):
        estate.apply(planned=True)
    monkeypatch.undo()

    kept = tmp_path / "work" / errored.NAME
    assert b"only-copy" in kept.read_bytes()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    for _ in range(2):
        with pytest.raises(RunRefused, match="nothing is planned or applied"):
            estate.plan()
    aside = errored.put_aside(tmp_path / "work")
    assert json.loads(aside.read_bytes())["lineage"]
    estate.plan()


def _shell(folder: Path, script: str, *, stop: Stop, grace: int) -> Runner:
    return Runner(
        command=("/bin/sh", "-c", script), tree=folder, folder=".", work=folder, environ={},
        stop=stop, grace=grace,
    )  # fmt: skip


def test_what_does_not_end_in_its_time_is_killed_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    stop = Stop()
    deaf = _shell(tmp_path, "trap '' INT; echo begun; sleep 97", stop=stop, grace=1)

    with pytest.raises(RunRefused, match=r"the lease is lost.*killed.*may be lost"):
        deaf.run(["apply"], 100, watch=lambda line: stop.ask("the lease is lost"))
    with pytest.raises(RunRefused, match="nothing more was begun"):
        deaf.run(["apply"], 100)
