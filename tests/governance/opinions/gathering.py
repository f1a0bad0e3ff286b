"""Gather both opinions: ours by the catalogue, checkov's by its program, of the same plans, examples and manifests.

A source is one plan, one file of examples, or one overlay; its name is also the folder that checkov reads.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from tallystick.governance.adapters.policies import load_inventory
from tallystick.governance.model.judging import verdicts_of
from tallystick.governance.model.plans import read_plan
from tallystick.governance.model.values import Cloud, Environment, Estate
from tests.governance import examples, terraform
from tests.governance.opinions.joining import Ours, Theirs
from tests.governance.test_controls_kubernetes import cases, estate_of
from tests.infra.kustomize import OVERLAYS, read, rendered
from tests.infra.planning import plans
from tests.tidy import tree

CHECKOV: Final = tree.ROOT / ".venv" / "opinions" / "bin" / "checkov"
BAD: Final = Path(__file__).with_name("bad")
_SECONDS_MAX: Final = 300
_SAYS: Final = {"PASSED": "+", "FAILED": "-"}


def gathered() -> tuple[list[Ours], Theirs, str]:
    """Give our verdicts, checkov's, and its version."""
    work = Path(tempfile.mkdtemp(prefix="tallystick-opinions-"))
    try:
        ours = [*_of_plans(work), *_of_examples(work), *_of_bad(work), *_of_manifests(work)]
        theirs: dict[tuple[str, str], dict[str, str]] = {}
        for path in sorted((work / "plan").glob("*/plan.json")):
            theirs |= checked(work, "terraform_plan", "--file", path)
        theirs |= checked(work, "terraform", "--directory", work / "hcl")
        theirs |= checked(work, "kubernetes", "--directory", work / "manifests")
        return ours, theirs, version()
    finally:
        shutil.rmtree(work, ignore_errors=True)


def version() -> str:
    """Give the version of checkov."""
    return _run("--version").strip()


def checked(work: Path, framework: str, how: str, path: Path) -> dict[tuple[str, str], Any]:
    said = json.loads(
        _run(
            how, str(path), "--framework", framework, "--output", "json", "--compact",
            "--skip-download", "--soft-fail",
        )
    )  # fmt: skip
    found: dict[tuple[str, str], dict[str, str]] = {}
    for report in said if isinstance(said, list) else [said]:
        if report["summary"]["parsing_errors"]:
            raise SystemExit(f"checkov cannot read {path}: {report['results']['parsing_errors']}")
        for each in (*report["results"]["passed_checks"], *report["results"]["failed_checks"]):
            source = "/".join(Path(each["file_abs_path"]).relative_to(work).parts[:-1])
            subject = each.get("resource_address") or each["resource"]
            mine = found.setdefault((_name(source), subject), {})
            # A resource that several edges of its graph reach may be judged several times: one failure is enough.
            if mine.get(each["check_id"]) != "-":
                mine[each["check_id"]] = _SAYS[each["check_result"]["result"]]
    return found


def _run(*arguments: str) -> str:
    return subprocess.run(
        [str(CHECKOV), *arguments], check=True, capture_output=True, text=True, timeout=_SECONDS_MAX
    ).stdout


def _name(source: str) -> str:
    return source.removeprefix("hcl/").removeprefix("manifests/")


def judged(
    source: str, estate: Estate, controls: Iterable[str] = (), inside: str = ""
) -> Iterator[Ours]:
    entries = examples.catalogue().of_cloud(estate.cloud)
    for entry in entries:
        if controls and entry.id not in controls:
            continue
        for each in verdicts_of(entry=entry, estate=estate):
            yield Ours(source, each.subject.removeprefix(inside), entry.id, each.outcome)


def written(work: Path, place: str, text: str) -> None:
    path = work / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def estate(plan: Mapping[str, Any], cloud: Cloud, environment: Environment) -> Estate:
    return read_plan(
        text=json.dumps(plan), cloud=cloud, environment=environment, inventory=load_inventory()
    ).estate


def _of_plans(work: Path) -> Iterator[Ours]:
    for (cloud, environment), plan in plans().items():
        source = f"plan/{environment}-{cloud}"
        written(work, f"{source}/plan.json", json.dumps(plan))
        yield from judged(source, estate(plan, cloud, environment))


def _of_examples(work: Path) -> Iterator[Ours]:
    for cloud in examples.CLOUDS:
        for case in examples.cases(cloud):
            source, inside = f"example/{case.control}", f"module.{case.control}."
            text = (examples.EXAMPLES / f"{case.control}.tf").read_text()
            written(work, f"hcl/{source}/main.tf", text)
            yield from judged(source, case.planned, [case.control], inside)


def _of_bad(work: Path) -> Iterator[Ours]:
    for cloud in examples.CLOUDS:
        text = (BAD / f"{cloud}.tf").read_text()
        written(work, f"hcl/bad/{cloud}/main.tf", text)
        folder = work / "planned" / cloud
        written(folder, "main.tf", f"{examples.PROVIDERS[cloud]}\n{text}")
        plan = terraform.Estate(folder, work=work / "runs" / cloud).plan()
        yield from judged(f"bad/{cloud}", estate(plan, cloud, "production"))


def _of_manifests(work: Path) -> Iterator[Ours]:
    for path in sorted(examples.EXAMPLES.glob("kubernetes-*.yaml")):
        source = f"example/{path.stem}"
        written(work, f"manifests/{source}/all.yaml", path.read_text())
        for estate in cases(path.stem).values():
            yield from map(as_theirs, judged(source, estate, [path.stem]))
    written(work, "manifests/bad/kubernetes/all.yaml", (BAD / "kubernetes.yaml").read_text())
    bad = estate_of(read(BAD / "kubernetes.yaml"))
    yield from map(as_theirs, judged("bad/kubernetes", bad))
    for folder in sorted(path for path in OVERLAYS.iterdir() if path.is_dir()):
        source, manifests = f"overlay/{folder.name}", rendered(folder)
        written(work, f"manifests/{source}/all.yaml", yaml.safe_dump_all(manifests))
        yield from map(as_theirs, judged(source, estate_of(manifests)))


def as_theirs(ours: Ours) -> Ours:
    """Name a manifest as checkov does: what stands in no namespace is said to stand in `default`."""
    kind, _, rest = ours.subject.partition("/")
    space, _, name = rest.partition("/")
    return ours._replace(subject=f"{kind}.{space or 'default'}.{name}") if name else ours
