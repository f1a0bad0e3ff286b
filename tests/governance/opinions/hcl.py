"""Bring a public file of HCL into a form that plans by itself: what stands elsewhere becomes one word. Pure.

A public example is most often a part of something: it refers to resources, variables and locals of files that are not
there. Each such reference becomes `var.absent`, and `depends_on`, providers, outputs and modules of others are left
out; what a resource says of itself stays as it is, to the letter.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

ABSENT: Final = 'variable "absent" {\n  default = "absent"\n}\n'
_KEPT: Final = ("resource", "data", "locals", "variable")
_BEGINS: Final = re.compile(r'^([a-z_]+)((?:\s+"?[\w-]+"?)*)\s*\{')
_QUIET: Final = re.compile(r'"(?:\\.|[^"\\])*"|(?:#|//).*')
_HEREDOC: Final = re.compile(r"<<[-~]?(\w+)\s*$")
_DEPENDS: Final = re.compile(r"^\s*depends_on\s*=\s*\[[^\]]*\]", re.MULTILINE)
_LOCAL: Final = re.compile(r"^  (\w+)\s*=", re.MULTILINE)
_PATH: Final = r"(?:\.[A-Za-z_][\w-]*|\[\d+\])*"
_REFERENCE: Final = re.compile(
    rf"(?<![\w.\"/-])((?:data\.)?[a-z]+_\w+\.[A-Za-z_][\w-]*|(?:var|local|module)\.[\w-]+){_PATH}"
)


class Block(NamedTuple):
    """One block at the top of a file: its kind, its labels, and its text with the line that it begins at."""

    kind: str
    labels: tuple[str, ...]
    line: int
    text: str

    @property
    def address(self) -> str:
        """Name it as an expression does: `aws_vpc.main`, `data.aws_ami.one`, `var.x`."""
        before = {"resource": (), "variable": ("var",)}.get(self.kind, (self.kind,))
        return ".".join((*before, *self.labels))


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks at the top of a file, in order."""
    began: list[str] = []
    depth, until, at = 0, "", 0
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        at = at if began else number
        if began or _BEGINS.match(line):
            began.append(line)
        if until:
            until = "" if line.strip() == until else until
            continue
        plain = _QUIET.sub("", line)
        depth += plain.count("{") - plain.count("}")
        if heredoc := _HEREDOC.search(plain):
            until = heredoc[1]
        if began and not depth and not until:
            yield _block(began, at)
            began = []


def _block(lines: list[str], at: int) -> Block:
    head = _BEGINS.match(lines[0])
    assert head is not None
    labels = tuple(each.strip('"') for each in head[2].split())
    return Block(head[1], labels, at, "".join(lines))


def standing(found: Iterable[Block]) -> list[Block]:
    """Give what is planned: resources, data, locals, and variables that have a value."""
    return [
        each
        for each in found
        if each.kind in _KEPT and (each.kind != "variable" or "default" in each.text)
    ]


def written(found: Iterable[Block]) -> str:
    """Write blocks as a module of their own, in which each reference to what it does not have is `var.absent`."""
    kept = list(found)
    known = {each.address for each in kept}
    for each in kept:
        if each.kind == "locals":
            known |= {f"local.{name}" for name in _LOCAL.findall(each.text)}

    def put(match: re.Match[str]) -> str:
        if match[1] in known:
            return match[0]
        return "[var.absent]" if match[1].startswith("module.") else "var.absent"

    parts = [ABSENT]
    for each in kept:
        head, brace, body = _DEPENDS.sub("", each.text).partition("{")
        parts.append(f"{head}{brace}{_REFERENCE.sub(put, body)}")
    return "\n".join(parts)
