"""Read off Pulumi's packages what cdktf's have lost: computed beside optional, secret, and what forces replacement.

Pulumi's providers are bridged from the same Terraform providers. An output that is not Optional although its input
is, was computed there; `additional_secret_outputs` were sensitive; descriptions say what forces a new resource. Names
of types differ, so that a class is found by the names of its attributes.
"""

import re
from pathlib import Path
from typing import Any

from tests.governance.packing.generated import Block

GETTER = re.compile(
    r"@pulumi\.getter(?:\(name=\"\w+\"\))?\n    def (\w+)\(self\) -> (.*?):\n(?:        \"\"\"(.*?)\"\"\"\n)?",
    re.S,
)
SECRET = re.compile(r"additional_secret_outputs=\[(.*?)\]")
FORCES = re.compile(r"[Ff]orces (?:a |the )?(?:new|re-?creation|replacement)")
NEXT = re.compile(r"outputs\.(\w+)")


class Member:
    """What one attribute is said to be."""

    def __init__(self, annotation: str, words: str):
        """Read a getter's annotation and description."""
        self.optional = "Optional[" in annotation
        self.forces = bool(FORCES.search(words or ""))
        inner = NEXT.search(annotation)
        self.inner = inner[1] if inner else None


class Bridged:
    """All classes of one of Pulumi's packages."""

    def __init__(self, folder: Path):
        """Read every module of the package."""
        self._resources: list[tuple[dict[str, Member], set[str]]] = []
        self._outputs: dict[str, dict[str, Member]] = {}
        for path in sorted(folder.rglob("*.py")):
            text = path.read_text()
            if path.name == "outputs.py":
                for name, body in _classes(text, r"\(dict\)"):
                    self._outputs.setdefault(name, _members(body))
            elif "(pulumi.CustomResource)" in text and "deprecated(" not in text.split("class ")[0]:
                secrets = {
                    _snake(each)
                    for found in SECRET.findall(text)
                    for each in re.findall(r"\w+", found)
                }
                for _, body in _classes(text, r"\(pulumi\.CustomResource\)"):
                    self._resources.append((_members(body), secrets))

    def enrich(self, block: Block) -> bool:
        """Add to the flags of a resource what the class most like it says; False where none is like it."""
        wanted = {_singular(name) for name in (*block["a"], *block["b"])} - {"id", "timeout"}
        best, members, secrets = 0, {}, set[str]()
        for candidate, hidden in self._resources:
            theirs = {_singular(name) for name in candidate}
            likeness = 1000 * len(wanted & theirs) // (len(wanted | theirs) or 1)
            if likeness > best:
                best, members, secrets = likeness, candidate, hidden
        if best < 600:
            return False
        self._enrich(block, members)
        for name in secrets & set(block["a"]):
            if name.endswith("_labels"):
                continue  # hidden by Pulumi alone
            _flag(block["a"][name], "s")
        return True

    def _enrich(self, block: Block, members: dict[str, Member]) -> None:
        known = {_singular(name): member for name, member in members.items()}
        for name, attribute in block["a"].items():
            member = known.get(_singular(name))
            if member and "o" in attribute[1] and not member.optional:
                _flag(attribute, "c")
            if member and member.forces:
                _flag(attribute, "f")
        for name, (_, _, _, inner) in block["b"].items():
            member = known.get(_singular(name))
            if member and member.inner in self._outputs:
                self._enrich(inner, self._outputs[member.inner])


def _classes(text: str, parent: str) -> list[tuple[str, str]]:
    return re.findall(rf"^class (\w+){parent}:\n(.*?)(?=^\S|\Z)", text, re.M | re.S)


def _members(body: str) -> dict[str, Member]:
    return {name.strip("_"): Member(kind, words) for name, kind, words in GETTER.findall(body)}


def _flag(attribute: list[Any], letter: str) -> None:
    if letter not in attribute[1]:
        attribute[1] += letter


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda found: "_" + found[1].lower(), name)


def _singular(name: str) -> str:
    """Take the plural off, since Pulumi names lists in the plural and Terraform blocks in the singular."""
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if name.endswith(ending) and not name.endswith("ss"):
            return name.removesuffix(ending) + instead
    return name
