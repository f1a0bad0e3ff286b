"""Write the page of all controls: `python -m tests.governance.controls_page`; a test holds the page against it."""

import importlib
from collections import Counter
from collections.abc import Iterator
from types import ModuleType

from tallystick.governance.adapters.live import aws, azure
from tallystick.governance.adapters.live.gcp import served
from tallystick.governance.adapters.policies import load_catalogue
from tallystick.governance.model import controls
from tallystick.governance.model.catalogue import Catalogue, Entry
from tallystick.governance.model.values import ENVIRONMENTS
from tests.governance.mutants import clauses
from tests.tidy import tree

PAGE = tree.ROOT / "docs" / "reference" / "controls.md"
CLOUDS = {"aws": "AWS", "azure": "Azure", "gcp": "GCP", "kubernetes": "Kubernetes"}
# Some of GCP's kinds are served by no server, and were tried against none.
SERVED = {kind for kinds in served.SERVED.values() for kind in kinds}
LIVE = {"aws": aws.KINDS, "azure": azure.KINDS, "gcp": SERVED}

_HEAD = (
    "{controls} predicates with {clauses} clauses, each judging plans and what is live alike. This page is written by"
    " `python -m tests.governance.controls_page` from `policies/`; a test holds it against them. Each control has"
    " examples in `policies/examples` that must pass and fail, and deleting any clause turns one of them wrong. How"
    " they are judged: [`tallystick cloud check`](commands.md#tallystick-cloud-check)."
)
_ABOUT_LIVE = (
    "*Live* says whether a target that is a real server was written and read for the types of a control (moto, drongo,"
    " gcplocal, Azurite or our own doubles); `no` means that its live verdicts here come from the local store alone,"
    " which counts as no evidence."
)
_ABOUT_FRAMEWORKS = (
    "What a control can test, a person attests, or nothing here answers, of the ids in `policies/frameworks`: these are"
    " the ids that we use or owe, in our own words, not the whole of a framework. `tallystick cloud check --framework"
    " ID` says how one estate answers them."
)


def page() -> str:
    """Give the page as it must stand."""
    return "\n".join(_lines(load_catalogue())) + "\n"


def _lines(catalogue: Catalogue) -> Iterator[str]:
    modules = [
        each for name, each in sorted(vars(controls).items())
        if isinstance(each, ModuleType) and name.partition("_")[0] in CLOUDS
    ]  # fmt: skip
    total = sum(clauses(importlib.import_module(each.__name__)) for each in modules)
    yield "# Controls"
    yield ""
    yield _HEAD.format(controls=len(catalogue.entries), clauses=total)
    yield ""
    yield _ABOUT_LIVE
    for cloud, name in CLOUDS.items():
        yield from _of_cloud(name, cloud, catalogue)
    yield from _frameworks(catalogue)


def _of_cloud(name: str, cloud: str, catalogue: Catalogue) -> Iterator[str]:
    entries = [each for _, each in sorted(catalogue.entries.items()) if each.cloud == cloud]
    yield from ("", f"## {name}: {len(entries)}", "")
    yield "| control | what holds | severity | where | live | maps to |"
    yield "|---|---|---|---|---|---|"
    for each in entries:
        where = "all" if each.environments == ENVIRONMENTS else ", ".join(each.environments)
        maps = "; ".join(f"{key} {', '.join(ids)}" for key, ids in sorted(each.maps.items()))
        live = _live(each)
        yield f"| {each.id} | {each.title} | {each.severity} | {where} | {live} | {maps} |"


def _live(entry: Entry) -> str:
    kinds = LIVE.get(entry.cloud)
    if kinds is None:
        return "by the cluster"
    found = [each in kinds for each in entry.control.types if each != "estate"]
    return "yes" if found and all(found) else "partly" if any(found) else "no"


def _frameworks(catalogue: Catalogue) -> Iterator[str]:
    yield from ("", "## Frameworks", "")
    yield _ABOUT_FRAMEWORKS
    yield ""
    yield "| framework | ids here | with controls | attested | untested | source |"
    yield "|---|---|---|---|---|---|"
    for key, framework in sorted(catalogue.frameworks.items()):
        mapped = {each for entry in catalogue.entries.values() for each in entry.maps.get(key, ())}
        answers = Counter(
            "controls" if each.id in mapped else "attested" if each.attested_by else "untested"
            for each in framework.requirements.values()
        )
        yield (
            f"| {key} | {len(framework.requirements)} | {answers['controls']} | {answers['attested']}"
            f" | {answers['untested']} | {framework.source} |"
        )


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
