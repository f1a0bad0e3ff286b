"""Run Terraform on a working copy: init, validate, plan, show, apply, and a plan that only looks for drift.

The tree of HCL is copied, since Terraform writes a lock file beside it, and a run of ours must leave nothing behind.
What init has fetched is kept between runs of the same work folder for as long as the providers that are asked for
stay the same.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

from tallystick.governance.adapters.terraform import errored, leash
from tallystick.governance.adapters.terraform.ending import LOOK_S, Ending
from tallystick.governance.adapters.terraform.explaining import explained
from tallystick.governance.adapters.terraform.refusing import RunRefused
from tallystick.governance.adapters.terraform.stopping import Stop

QUICK: Final = 120  # seconds for init, validate and show
LONG: Final = 3600  # seconds for plan and apply
GRACE: Final = (
    600  # seconds that Terraform gets to end what it does and write its state, once told to stop
)
OURS: Final = 0o077  # what it writes is for us alone: plans and states have secrets in them
CHUNK: Final = 64 << 10  # bytes
LOCK: Final = ".terraform.lock.hcl"
PASSED: Final = ("PATH", "PYTHONPATH", "SSL_CERT_FILE", "LANG", "HTTPS_PROXY", "NO_PROXY")


@dataclass(frozen=True, slots=True)
class Ran:
    """What one command said."""

    code: int
    output: str
    errors: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Terraform for one root module.

    `tree` is copied whole to `work`/tree, and the command runs in its `folder`. `configuration` is the CLI
    configuration of a mirror (None: the real providers, whose lock file must be in the tree and is not changed).
    `environ` is added to an environment that is otherwise empty but for the PATH: targets, credentials, the state's
    address. Whatever runs is interrupted when `stop` is asked for, and then has `grace` seconds to end.
    """

    command: tuple[str, ...]
    tree: Path
    folder: str
    work: Path
    configuration: Path | None = None
    environ: Mapping[str, str]
    stop: Stop = field(default_factory=Stop)
    grace: int = GRACE

    def prepare(self) -> None:
        """Bring the copy up to date with the tree, and keep what init made.

        Raises:
            RunRefused: a state that could not be handed in is here, and the next run would not know of it.
        """
        self.rescue()
        errored.demand_none(self.work)
        skip = shutil.ignore_patterns(
            ".terraform", "*.tfstate*", ".git", *([LOCK] if self.configuration else [])
        )
        kept = self._here.joinpath(LOCK)
        lock = kept.read_bytes() if kept.exists() and self.configuration else None
        shutil.rmtree(self.work / "tree", ignore_errors=True)
        shutil.copytree(self.tree, self.work / "tree", ignore=skip)
        if lock is not None:
            kept.write_bytes(lock)

    def init(self) -> bool:
        """Install providers and modules, and name the backend; False when a run before has done it all."""
        mark = self.work / "initialised"
        wanted = self._fingerprint()
        if mark.exists() and mark.read_text() == wanted and (self.work / "data").exists():
            return False
        mark.unlink(missing_ok=True)
        if self.configuration:  # a lock of the mirror's providers as they were is of no use
            self._here.joinpath(LOCK).unlink(missing_ok=True)
        how = [] if self.configuration else ["-lockfile=readonly"]
        self._checked(["init", "-input=false", "-no-color", *how], QUICK)
        mark.write_text(self._fingerprint())
        return True

    def validate(self) -> None:
        """Refuse what is no valid configuration, with file and line of each error."""
        ran = self.run(["validate", "-json"], QUICK)
        try:
            said = json.loads(ran.output)
        except ValueError:
            raise RunRefused(explained(ran.output + ran.errors)) from None
        if not said["valid"]:
            raise RunRefused("\n".join(_diagnosed(each) for each in said["diagnostics"]))

    def plan(
        self, *, out: Path, variables: Mapping[str, str] | None = None, refresh_only: bool = False, lock: bool = True,
        watch: Callable[[str], None] | None = None,
    ) -> bool:  # fmt: skip
        """Write a planfile to `out`; True when it would change something."""
        flags = [f"-var={name}={value}" for name, value in (variables or {}).items()]
        if refresh_only:
            flags.append("-refresh-only")
        if not lock:
            flags.append("-lock=false")
        arguments = [
            "plan",
            "-input=false",
            "-no-color",
            "-detailed-exitcode",
            f"-out={out.resolve()}",
            *flags,
        ]
        ran = self.run(arguments, LONG, watch=watch)
        if ran.code not in (0, 2):
            raise RunRefused(explained(ran.output + ran.errors))
        return ran.code == 2

    def show(self, planfile: Path | None = None) -> dict[str, Any]:
        """Give a planfile, or the state as it is, as Terraform's JSON."""
        return json.loads(self.show_text(planfile))

    def show_text(self, planfile: Path | None = None) -> bytes:
        """Give a planfile, or the state as it is, as the bytes that Terraform writes."""
        named = [str(planfile.resolve())] if planfile else []
        return self._checked(["show", "-json", *named], QUICK).output.encode()

    def apply(self, *, planfile: Path, watch: Callable[[str], None] | None = None) -> str:
        """Do exactly what a planfile says; give what Terraform said."""
        arguments = ["apply", "-input=false", "-no-color", str(planfile.resolve())]
        problem = ""
        try:
            return self._checked(arguments, LONG, watch=watch).output
        except RunRefused as refusal:
            problem = str(refusal)
        finally:
            if saved := self.rescue():
                problem = f"{problem}\n{errored.said(saved)}".strip()
        raise RunRefused(problem)

    def rescue(self) -> Path | None:
        """Bring a state that nobody took to where no run cleans; None when there is none."""
        return errored.rescued(self._here, self.work)

    def version(self) -> str:
        """Give the version of this Terraform."""
        return json.loads(self._checked(["version", "-json"], QUICK).output)["terraform_version"]

    def run(
        self, arguments: Iterable[str], bound: int, *, watch: Callable[[str], None] | None = None
    ) -> Ran:
        """Run one command to its end, or stop it at the bound; `watch` gets each line of output as it comes."""
        if self.stop.why:
            raise RunRefused(f"{self.stop.why}: nothing more was begun.")
        tied = [sys.executable, "-I", "-S", str(leash.__file__), str(os.getpid()), str(self.grace)]
        # Files and no pipes: whoever writes to a pipe that nobody reads any more is killed, its state unwritten.
        with TemporaryFile() as output_to, TemporaryFile() as errors_to:
            with (
                subprocess.Popen(
                    [*tied, *self.command, *arguments],
                    cwd=self._here, env=self._environment(), start_new_session=True, umask=OURS,
                    stdin=subprocess.DEVNULL, stdout=output_to, stderr=output_to if watch else errors_to,
                ) as started,
                Ending(started, stop=self.stop, bound=bound, grace=self.grace) as ending,
            ):  # fmt: skip
                _follow(started, output_to.fileno(), watch)
            output, errors = _whole(output_to), _whole(errors_to)
        if ending.why:
            raise RunRefused(ending.said(next(iter(arguments), ""), output + errors))
        return Ran(started.returncode, output, errors)

    @property
    def _here(self) -> Path:
        return self.work / "tree" / self.folder

    def _checked(
        self, arguments: list[str], bound: int, *, watch: Callable[[str], None] | None = None
    ) -> Ran:
        ran = self.run(arguments, bound, watch=watch)
        if ran.code != 0:
            raise RunRefused(explained(ran.output + ran.errors))
        return ran

    def _environment(self) -> dict[str, str]:
        made = {name: os.environ[name] for name in PASSED if name in os.environ}
        made |= {
            "HOME": str(self.work.resolve()),
            "TF_DATA_DIR": str((self.work / "data").resolve()),
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
        }
        if self.configuration:
            made["TF_CLI_CONFIG_FILE"] = str(self.configuration)
        return made | dict(self.environ)

    def _fingerprint(self) -> str:
        """Give what init depends on: which modules and providers are named, by which tool."""
        words = [*self.command, str(self.configuration), sys.executable]
        for path in sorted((self.work / "tree").rglob("*.tf")):
            lines = path.read_text(errors="replace").splitlines()
            words += [str(path.relative_to(self.work)), *(line for line in lines if _matters(line))]
        return "\n".join(words)


def _matters(line: str) -> bool:
    return any(
        word in line for word in ("source", "version", "module ", "backend ", "required_providers")
    )


def _follow(
    started: "subprocess.Popen[bytes]", output: int, watch: Callable[[str], None] | None
) -> None:
    """Wait for the end of a run, and show each line of its output as it comes."""
    if watch is None:
        started.wait()
        return
    # Read at a place of our own: the file's own place is where Terraform writes next.
    read, rest, is_over = 0, b"", False
    while not is_over:
        with suppress(subprocess.TimeoutExpired):
            started.wait(LOOK_S)
            is_over = True
        while chunk := os.pread(output, CHUNK, read):
            read += len(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                watch(line.decode(errors="replace"))
    if rest:
        watch(rest.decode(errors="replace"))


def _whole(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _diagnosed(diagnostic: Mapping[str, Any]) -> str:
    place = diagnostic.get("range") or {}
    where = f"{place['filename']}:{place['start']['line']}: " if place else ""
    return f"{where}{diagnostic['summary']}: {diagnostic.get('detail', '')}".rstrip(": ")
