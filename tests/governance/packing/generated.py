"""Read Terraform's schemas out of the JavaScript that cdktf generated from them.

Each resource is one folder: `index.js` names every attribute that may be set, its type, and whether it is a block
(`...ToHclTerraform`), and says in comments what is computed; `index.d.ts` says what must be set. A block has the shape
{"a": {name: [type, flags]}, "b": {name: [nesting, least, most, block]}}; types are those of cty's JSON, flags are
letters: r(equired), o(ptional), c(omputed), s(ensitive), f(orces replacement).
"""

import re
from pathlib import Path
from typing import Any

Block = dict[str, Any]

SET = re.compile(
    r"(\w+): \{\n\s+value: (.*),\n\s+isBlock: (\w+),\n\s+type: \"(\w+)\",\n"
    r"\s+storageClassType: \"(\w+)\","
)
SAID = re.compile(r"// (\w+) - computed: (\w+), optional: \w+, required: \w+\n(?=[^\n]*\n([^\n]*))")
MADE = re.compile(r"new ([\w.]+)\(this, \"(\w+)\"(?:, (\w+))?\)")
MEMBER = re.compile(r"readonly (\w+)(\??): ")
PLAIN = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}
FOLDS = {"List": "list", "Map": "map", "Set": "set"}


def _read(folder: Path, *names: str) -> str:
    return "\n".join(path.read_text() for name in names for path in sorted(folder.glob(name)))


class Generated:
    """One folder of a package: a resource, a data source or the provider itself."""

    def __init__(self, folder: Path):
        """Read both files, and cut them into functions, classes and interfaces."""
        # What is too long for one file stands in `index-structs` beside it.
        script = _read(folder, "index.js", "index-structs/structs*.js")
        words = _read(folder, "index.d.ts", "index-structs/structs*.d.ts")
        self._functions = dict(re.findall(r"^function (\w+)\(.*?\n(.*?)^\}", script, re.M | re.S))
        self._classes = {
            name: (parent, body)
            for name, parent, body in re.findall(
                r"^class (\w+) extends cdktf\.(\w+) \{\n(.*?)^\}", script, re.M | re.S
            )
        }
        self._interfaces = {
            name: dict(MEMBER.findall(body))
            for name, body in re.findall(
                r"^export interface (\w+).*?\{\n(.*?)^\}", words, re.M | re.S
            )
        }
        named = re.search(r"terraformResourceType: '(\w+)'", script)
        self.type = named[1] if named else ""
        self.version = _first(r"providerVersion: '([\d.]+)'", script)
        self._top = next(
            (name for name, (parent, _) in self._classes.items() if parent in TOPS), None
        )

    @property
    def kind(self) -> str:
        """Say whether this is a "resource", "data" or "provider", or "" for none of them."""
        return TOPS[self._classes[self._top][0]] if self._top else ""

    def block(self) -> Block:
        """Give the whole schema."""
        assert self._top
        body = self._classes[self._top][1]
        settable = body[body.index("synthesizeHclAttributes") :]
        block = self._block(settable, body, self._interfaces.get(f"{self._top}Config", {}))
        if "id" in block["a"] and block["a"]["id"][1] == "o":
            block["a"]["id"][1] = (
                "oc"  # every resource of the older kit has it; it is never the author's to set
            )
        return block

    def _block(self, settable: str, body: str, members: dict[str, str]) -> Block:
        block: Block = {"a": {}, "b": {}}
        said = {match[1]: match for match in SAID.finditer(body)}
        made = {name: (kind, wraps) for kind, name, wraps in MADE.findall(body)}
        for name, value, _, shape, storage in SET.findall(settable):
            camel = _first(r"(?:this\._|struct\.|struct!\.)(\w+)", value)
            required = members.get(camel) == ""
            computed = name in said and said[name][2] == "true"
            flags = ("r" if required else "o") + ("c" if computed else "")
            inner = re.search(r"(\w+)ToHclTerraform\b", value.replace("cdktf.", "cdktf_"))
            if inner is None or storage in _ALL_PLAIN:
                block["a"][name] = [_plain(shape, storage), flags]
            elif ", false)(" in value or computed:
                block["a"][name] = [[shape, _object(self._named(inner[1]))], flags]
            else:
                many = "listMapper" in value or shape == "map"
                nesting = "single" if shape == "struct" else shape
                block["b"][name] = [
                    nesting,
                    int(required),
                    0 if many or nesting == "single" else 1,
                    self._named(inner[1]),
                ]
        for name, match in said.items():
            if name not in block["a"] and name not in block["b"] and match[2] == "true":
                block["a"][name] = [self._computed(name, match, made), "c"]
        return block

    def _named(self, function: str) -> Block:
        name = function[0].upper() + function[1:]
        body = self._classes.get(f"{name}OutputReference", ("", ""))[1]
        settable = self._functions.get(f"{function}ToHclTerraform", "")
        return self._block(settable, body, self._interfaces.get(name, {}))

    def _computed(self, name: str, match: re.Match[str], made: dict[str, tuple[str, str]]) -> Any:
        if name in made:
            return self._made(*made[name])
        body = match[3]
        getter = _first(r"get(\w+)Attribute\(", body)
        if getter == "List":
            return ["set" if "tolist" in body else "list", "string"]
        kind = _folded(getter[0].lower() + getter[1:]) if getter else "dynamic"
        return ["set", kind[1]] if "tolist" in body and kind[0] == "list" else kind

    def _made(self, kind: str, wraps: str) -> Any:
        if kind.startswith("cdktf."):
            return _folded(kind[6].lower() + kind[7:])
        if kind.endswith("OutputReference"):
            return _object(self._named(_lower(kind.removesuffix("OutputReference"))))
        nesting = "set" if wraps == "true" else "list"
        if kind.endswith("Map"):
            return ["map", _object(self._named(_lower(kind.removesuffix("Map"))))]
        return [nesting, _object(self._named(_lower(kind.removesuffix("List"))))]


TOPS = {
    "TerraformResource": "resource",
    "TerraformDataSource": "data",
    "TerraformProvider": "provider",
}
_ALL_PLAIN = {
    f"{kind}{fold}"
    for kind in PLAIN
    for fold in ("", "List", "Map", "ListList", "MapList", "MapMap")
}


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else ""


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]


def _folded(storage: str) -> Any:
    for fold, word in FOLDS.items():
        if storage.endswith(fold):
            return [word, _folded(storage.removesuffix(fold))]
    return PLAIN[storage]


def _plain(shape: str, storage: str) -> Any:
    kind = _folded(storage)
    return ["set", kind[1]] if shape == "set" else kind


def _object(block: Block) -> Any:
    """Give the type of an object in an attribute: its blocks are attributes too."""
    members = {name: kind for name, (kind, _) in block["a"].items()}
    for name, (nesting, _, _, inner) in block["b"].items():
        members[name] = _object(inner) if nesting == "single" else [nesting, _object(inner)]
    return ["object", members]
