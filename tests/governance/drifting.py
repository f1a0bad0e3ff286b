"""Apply an estate of examples once, look at it untouched, tamper with it out of band, and look again."""

import json
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tallystick.governance.adapters.drift.looking import Looked, Place, look
from tallystick.governance.adapters.drift.schemas import types_of
from tallystick.governance.adapters.policies import load_catalogue, load_inventory
from tallystick.governance.adapters.terraform.runner import Runner
from tallystick.governance.adapters.terraform.statekeeper import keeping
from tallystick.governance.model.drift.finding import Found, Grounds, find
from tallystick.governance.model.drift.rules import Rule, read_rules
from tallystick.governance.model.drift.values import Difference, Window
from tallystick.governance.model.judging import judge
from tallystick.governance.model.values import Cloud, Estate
from tallystick.governance.model.verdicts import Verdict
from tallystick.kernel.instants import SECOND, Instant
from tests.governance import terraform
from tests.governance.tampering import Tampering

ESTATES = Path(__file__).parent / "estates"
POLICIES = Path(__file__).resolve().parents[2] / "policies"


def rules() -> tuple[Rule, ...]:
    """Give the rules of the repository itself."""
    return read_rules(tomllib.loads((POLICIES / "drift.toml").read_text()))


def now() -> Instant:
    """Give the instant, for acts on servers that have clocks of their own."""
    return time.time_ns() // 1_000


@dataclass
class Scene:
    """One cloud's estate of examples on a live target.

    `setting` is the target's in TALLYSTICK_CLOUD_TARGETS, `environ` the credentials that the provider needs.
    """

    cloud: Cloud
    work: Path
    setting: Any
    environ: Mapping[str, str] = field(default_factory=dict[str, str])
    state: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def __post_init__(self) -> None:
        """Bring the estate's code to a folder of its own."""
        tree = self.work / "infra" / "estates" / self.cloud
        tree.mkdir(parents=True)
        (tree / "main.tf").write_text((ESTATES / f"{self.cloud}.tf").read_text())
        provider = {"gcp": "gcp", "azure": "azure"}.get(self.cloud, self.cloud)
        self.estate = terraform.Estate(
            tree, work=self.work / "work", targets={provider: self.setting}
        )
        self.catalogue, self.inventory = load_catalogue(), load_inventory()
        self.since = now()

    def apply(self) -> None:
        """Plan and apply the code, and keep the state's values by their addresses."""
        with keeping(self.estate.states) as keeper:
            runner = self._runner(keeper.environ)
            runner.prepare()
            runner.init()
            runner.plan(out=self.estate.planfile)
            runner.apply(planfile=self.estate.planfile)
            told = runner.show()
        self.since = now() + SECOND  # a trail counts whole seconds, and tells of the apply too
        self.state = {
            each["address"]: each["values"] for each in told["values"]["root_module"]["resources"]
        }

    def look(self) -> Looked:
        """Refresh, list and read the trail since the apply."""
        with keeping(self.estate.states) as keeper:
            return look(
                runner=self._runner(keeper.environ),
                planfile=self.work / "drift.bin",
                place=Place(cloud=self.cloud, environment="staging", setting=self.setting),
                since=self.since,
                until=now(),
                inventory=self.inventory,
            )

    def found(self, looked: Looked, windows: Sequence[Window] = ()) -> Found:
        """Class what was seen by the repository's own rules and controls."""
        at = now()
        grounds = Grounds(
            events=looked.events,
            rules=rules(),
            windows=tuple(windows),
            judge=self._judge,
            known_types=types_of(self.cloud),
            at=at,
        )
        return find(refreshed=looked.refreshed, strangers=looked.strangers, grounds=grounds)

    def tamper(self, hand: Any, table: Sequence[Tampering]) -> None:
        """Do everything of the table behind the code's back."""
        for each in table:
            each.act(hand, self.state.get(each.subject, {}))

    def _judge(self, estate: Estate) -> tuple[Verdict, ...]:
        return judge(estate=estate, catalogue=self.catalogue, at=now()).verdicts

    def _runner(self, environ: Mapping[str, str]) -> Runner:
        return self.estate.runner({**environ, **self.environ})


def of(tampering: Tampering, found: Found) -> Difference:
    """Give the one difference that a tampering made; fail where there is none or more."""
    fits: Callable[[str], bool] = (
        (lambda subject: fnmatchcase(subject, tampering.subject))
        if tampering.subject.endswith("*")
        else (lambda subject: subject == tampering.subject)
    )
    mine = [each for each in found.differences if fits(each.subject)]
    assert len(mine) == 1, (
        tampering.name,
        json.dumps([each.subject for each in found.differences]),
    )
    return mine[0]
