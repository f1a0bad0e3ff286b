"""Compare on public bad examples, which stay where they are published: `make opinions PUBLIC=DIR`.

`public.toml` names each file by repository, commit, path and SHA-256. `DIR/OWNER/NAME` is a clone of its repository, or
a folder with the files at their paths. Checkov reads a file as it is published; ours plans it, each file a module of
its own (see `hcl`). A resource that the frozen schemas of the providers refuse is left out of the plan, and named.
"""

import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import yaml

from tallystick.governance.adapters.terraform.runner import QUICK
from tallystick.governance.model.values import Cloud
from tests.governance import examples, terraform
from tests.governance.opinions import hcl
from tests.governance.opinions.gathering import (
    as_theirs,
    checked,
    estate,
    judged,
    version,
    written,
)
from tests.governance.opinions.joining import Ours, Published, Reviewed, Theirs, joined, listed
from tests.governance.test_controls_kubernetes import estate_of

_ROUNDS_MAX: Final = 8
_SECONDS_MAX: Final = 30

Refused = dict[str, dict[str, str]]
"""By source and address of a resource, what Terraform says of it."""


def compared(folder: Path, mapping: Reviewed) -> dict[str, Any]:
    """Give both opinions of every public file.

    Raises:
        SystemExit: a file is not there, or is not the one that is listed.
    """
    files = {each: text_of(each, folder) for each in listed()}
    work = Path(tempfile.mkdtemp(prefix="tallystick-public-"))
    try:
        ours: list[Ours] = []
        refused: Refused = {}
        for cloud in examples.CLOUDS:
            mine = {each: text for each, text in files.items() if each.cloud == cloud}
            ours += _planned(work, cloud, mine, refused)
        for each, text in files.items():
            kind = "manifests" if each.cloud == "kubernetes" else "hcl"
            file = "all.yaml" if each.cloud == "kubernetes" else "main.tf"
            written(work, f"{kind}/{each.source}/{file}", text)
            if each.cloud == "kubernetes":
                ours += _of_manifests(each.source, text)
        theirs: Theirs = {
            **checked(work, "terraform", "--directory", work / "hcl"),
            **checked(work, "kubernetes", "--directory", work / "manifests"),
        }
        said = joined(ours, theirs, version(), mapping)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    kept = {each: said[each] for each in ("checkov", "opinions", "silent", "bad")}
    return {**kept, "refused": {source: each for source, each in refused.items() if each}}


def text_of(file: Published, folder: Path) -> str:
    """Read a public file, and refuse one that is another."""
    home = folder / file.repository
    if (home / ".git").exists():
        shown = subprocess.run(
            ["git", "-C", str(home), "show", f"{file.commit}:{file.path}"],
            check=False, capture_output=True, timeout=_SECONDS_MAX,
        )  # fmt: skip
        found = shown.stdout if shown.returncode == 0 else None
    else:
        path = home / file.path
        found = path.read_bytes() if path.is_file() else None
    what = f"{file.path} of {file.repository} at {file.commit}"
    if found is None:
        raise SystemExit(f"{what} is not in {home}: clone the repository there, with its history")
    if hashlib.sha256(found).hexdigest() != file.sha256:
        raise SystemExit(f"{what} is not the file that is listed: bring that commit's into {home}")
    return found.decode()


def _planned(
    work: Path, cloud: Cloud, files: Mapping[Published, str], refused: Refused
) -> Iterator[Ours]:
    standing = {each: hcl.standing(hcl.blocks(text)) for each, text in files.items()}
    modules = {f"m{number}": each for number, each in enumerate(files)}
    tree = work / "planned" / cloud
    for _ in range(_ROUNDS_MAX):
        calls = [examples.PROVIDERS[cloud]]
        for module, each in modules.items():
            written(tree, f"{module}/main.tf", hcl.written(standing[each]))
            calls.append(f'module "{module}" {{\n  source = "./{module}"\n}}\n')
        written(tree, "main.tf", "\n".join(calls))
        run = terraform.Estate(tree, work=work / "runs" / cloud)
        wrong = _wrong(run)
        if not wrong:
            break
        for module, each in modules.items():
            file = f"{module}/main.tf"
            kept, left = _parted(tree / file, standing[each], wrong.get(file, {}))
            standing[each] = kept
            refused.setdefault(each.source, {}).update(left)
    whole = estate(run.plan(), cloud, "production")
    for module, each in modules.items():
        inside = f"module.{module}."
        mine = tuple(one for one in whole.resources if one.address.startswith(inside))
        for one in judged(each.source, replace(whole, resources=mine), inside=inside):
            if "." in one.subject:
                yield one


def _wrong(run: terraform.Estate) -> dict[str, dict[int, str]]:
    """Validate; give by file and line what is refused."""
    runner = run.runner({})
    runner.prepare()
    runner.init()
    found: dict[str, dict[int, str]] = {}
    for each in json.loads(runner.run(["validate", "-json"], QUICK).output)["diagnostics"]:
        if each["severity"] == "error":
            at = each["range"]
            found.setdefault(at["filename"], {})[at["start"]["line"]] = each["summary"]
    return found


def _parted(
    file: Path, standing: list[hcl.Block], lines: Mapping[int, str]
) -> tuple[list[hcl.Block], dict[str, str]]:
    """Part the blocks from those in which a line is refused; of resources, say why."""
    kept: list[hcl.Block] = []
    left: dict[str, str] = {}
    for as_written, each in zip(_written_blocks(file), standing, strict=True):
        last = as_written.line + as_written.text.count("\n")
        why = {said for line, said in lines.items() if as_written.line <= line < last}
        if not why:
            kept.append(each)
        elif each.kind == "resource":
            left[each.address] = ", ".join(sorted(why))
    return kept, left


def _written_blocks(file: Path) -> list[hcl.Block]:
    return list(hcl.blocks(file.read_text()))[1:]  # the first is `var.absent`


def _of_manifests(source: str, text: str) -> Iterator[Ours]:
    manifests = [each for each in yaml.safe_load_all(text) if each]
    yield from map(as_theirs, judged(source, estate_of(manifests)))
