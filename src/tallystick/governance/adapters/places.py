"""Where a resource stands in the code: the file and line that a review points at."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tallystick.governance.model.references import below
from tallystick.governance.model.sarif import Place

_BLOCK: Final = re.compile(r'^resource\s+"([^"]+)"\s+"([^"]+)"', re.MULTILINE)
_KEYS: Final = re.compile(r"\[[^\]]*\]")
_MODULES_MAX: Final = 1_000


def places(*, plan: Mapping[str, Any], folder: Path, root: Path) -> dict[str, Place]:
    """Find each resource of a plan in the HCL of its root module; files are named from `root`.

    Modules that are not in a folder beneath or beside it are left out, and so is what generated code made.
    """
    written: dict[str, Place] = {}
    for path, home in _modules(below(plan, "configuration", "root_module"), folder.resolve()):
        for file in sorted(home.glob("*.tf")):
            text = file.read_text("utf-8", errors="replace")
            for match in _BLOCK.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                written[f"{path}{match[1]}.{match[2]}"] = (_named(file, root), line)
    return {
        str(each["address"]): written[key]
        for each in plan.get("resource_changes") or []
        if (key := _KEYS.sub("", str(each["address"]))) in written
    }


def _modules(root: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, Path]]:
    waiting = [("", root, folder)]
    for _ in range(_MODULES_MAX):
        if not waiting:
            return
        path, module, home = waiting.pop()
        yield path, home
        for name, call in below(module, "module_calls").items():
            source = str(call.get("source", ""))
            if source.startswith("."):
                inner = home.joinpath(source).resolve()
                waiting.append((f"{path}module.{name}.", below(call, "module"), inner))


def _named(file: Path, root: Path) -> str:
    try:
        return file.relative_to(root.resolve()).as_posix()
    except ValueError:
        return file.as_posix()
