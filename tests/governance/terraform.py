"""Run real Terraform on a folder of HCL over our provider, in a few lines.

    estate = terraform.Estate(folder, work=tmp_path)          # a folder of .tf files
    plan = estate.plan()                                      # the plan's JSON
    state = estate.apply()                                    # the state's JSON (`show -json`) after apply
    drift = estate.plan(refresh_only=True)

`tree` is the folder that is copied when modules are reached by "../.."; `targets` the setting TALLYSTICK_CLOUD_TARGETS
(the local store is added when it names none); `variables` are Terraform's. State goes through the state keeper when the
HCL has `backend "http" {}`, else it is a file in the work folder. Each command costs seconds: share one estate.
"""

import functools
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tallystick.governance.adapters.provider import targets as setting
from tallystick.governance.adapters.terraform import executable, mirror
from tallystick.governance.adapters.terraform.files import FileStates
from tallystick.governance.adapters.terraform.runner import Runner
from tallystick.governance.adapters.terraform.statekeeper import keeping


@functools.cache
def configuration() -> Path:
    """Give the CLI configuration of a mirror that all tests of this process share."""
    return mirror.write(Path(tempfile.mkdtemp(prefix="tallystick-mirror-")))


class Estate:
    """One root module, its work folder, its state and its targets."""

    def __init__(
        self, folder: Path, *, work: Path, tree: Path | None = None,
        targets: Mapping[str, Any] | None = None, variables: Mapping[str, str] | None = None,
    ):  # fmt: skip
        """Copy nothing yet; `work` may be used again by a later estate, which then is warm."""
        self._tree = (tree or folder).resolve()
        self._folder = str(folder.resolve().relative_to(self._tree))
        self.work = work
        self.states = FileStates(work / "states")
        self.planfile = work / "plan.bin"
        self._targets = {"store": str(work / "store.json"), **(targets or {})}
        self._variables = variables or {}

    def runner(self, environ: Mapping[str, str]) -> Runner:
        """Give a runner with our mirror and targets."""
        return Runner(
            command=executable.LIBRARY, tree=self._tree, folder=self._folder, work=self.work,
            configuration=configuration(), environ={setting.SETTING: json.dumps(self._targets), **environ},
        )  # fmt: skip

    def validate(self) -> None:
        """Run init and validate."""
        with keeping(self.states) as keeper:
            runner = self.runner(keeper.environ)
            runner.prepare()
            runner.init()
            runner.validate()

    def plan(self, *, refresh_only: bool = False) -> dict[str, Any]:
        """Run init and plan, which validates by itself; give the plan's JSON."""
        with keeping(self.states) as keeper:
            runner = self.runner(keeper.environ)
            runner.prepare()
            runner.init()
            runner.plan(out=self.planfile, variables=self._variables, refresh_only=refresh_only)
            return runner.show(self.planfile)

    def apply(self, *, planned: bool = False) -> dict[str, Any]:
        """Plan (unless `planned`: then the last plan is taken) and apply; give the state's JSON."""
        if not planned:
            self.plan()
        with keeping(self.states) as keeper:
            runner = self.runner(keeper.environ)
            runner.apply(planfile=self.planfile)
            return runner.show()
