"""A program that shares no code with us, in another language on a library of others, reads our record and agrees."""

import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.audit import forgeries
from tests.audit.forgeries import Log, entry, signer, write_log

PROGRAM = Path(__file__).parent / "go" / "rebuild.go"
# Debian builds against Debian: its library is not a module, and another Go may have no use for it.
COMPILERS = ("/usr/lib/go-1.19/bin/go", "/usr/bin/go")
LIBRARY = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb")
SIZE = 700

Run = Callable[..., subprocess.CompletedProcess[str]]


def compiler() -> str:
    found = next((path for path in COMPILERS if Path(path).exists()), None) or shutil.which("go")
    if found is None or not LIBRARY.is_dir():
        pytest.fail(
            "the record is proven with a program of others, in Go; install Debian's packages: "
            "sudo apt-get install golang-go golang-golang-x-mod-dev"
        )
    return found


@pytest.fixture(scope="module")
def rebuild(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("go")
    environment = {
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
        "GO111MODULE": "off",
        "GOPATH": f"{folder}:/usr/share/gocode",
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
    }
    program = folder / "rebuild"
    built = subprocess.run(
        [compiler(), "build", "-o", str(program), str(PROGRAM)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr

    def run(log: Log, *, vkey: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(program), str(log.folder), vkey or log.key.render()],
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return write_log(tmp_path, [entry(number) for number in range(SIZE)])


# The first test waits for the compiler, which starts with an empty cache.
@pytest.mark.timeout(300)
def test_a_program_of_others_comes_to_our_root(rebuild: Run, log: Log) -> None:
    done = rebuild(log)
    assert done.stderr == ""
    assert done.stdout == f"{SIZE} {b64encode(log.root()).decode()}\n"
    assert done.returncode == 0


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (lambda log: forgeries.flip_a_byte(log, 300), "the entries lead to the root"),
        (lambda log: forgeries.forge_with_the_leaf_tile(log, 300), "the entries lead to the root"),
        (lambda log: forgeries.remove_an_entry(log, 650), "it has 187 entries, not 188"),
        (forgeries.rebuild_with_another_key, "no verifiable signatures"),
    ],
    ids=["a flipped byte", "an entry with its leaf tile", "an entry removed", "another key"],
)
def test_a_program_of_others_refuses_a_forgery(
    rebuild: Run, log: Log, forge: Callable[[Log], None], reason: str
) -> None:
    forge(log)
    done = rebuild(log)
    assert reason in done.stderr
    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.timeout(300)
def test_a_program_of_others_believes_no_other_key(rebuild: Run, log: Log) -> None:
    done = rebuild(log, vkey=signer(seed="attacker").key.render())
    assert (done.returncode, done.stdout) == (1, "")
