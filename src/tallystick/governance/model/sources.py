"""Where a value that a plan does not know will come from: told only when every source of it is known.

Terraform knows all of a plan's variables, keys of loops and constants, so what is unknown comes from attributes of
resources. A local, a data source, and a module or resource whose attribute the JSON leaves out as an index could be
anything: what goes through them has no sources here. Source: Terraform's "JSON Output Format", configuration.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from tallystick.governance.model.references import HOPS_MAX, INDEX, References, below

# Names of one thing, which is never null: by another attribute an expression means something else than the thing.
_NAMING: Final = frozenset(
    {
        "id", "arn", "key_id", "key_arn", "name", "self_link", "version_id", "versionless_id", "resource_id",
        "resource_versionless_id", "role_definition_resource_id", "email", "member", "writer_identity", "unique_id",
    }
)  # fmt: skip
# What is known in every plan.
_KNOWN: Final = frozenset({"count", "path", "terraform"})

Tree = Mapping[str, Any]
"""By attribute: types of the resources that it comes from; for blocks a list of such trees, one for each."""


class Sources:
    """The sources of every attribute of a plan's resources; resources of one block of code share theirs."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._trees: dict[tuple[str, str], Tree] = {}

    def of_resource(self, address: str) -> Tree:
        """Give the sources of a resource's attributes, none for what no code of the plan writes."""
        spot = self._references.place.get(address)
        if spot is None:
            return {}
        if spot not in self._trees:
            code = self._references.code_at(spot)
            self._trees[spot] = self._tree(below(code, "expressions"), code, spot[0])
        return self._trees[spot]

    def _tree(self, expressions: Mapping[str, Any], code: Mapping[str, Any], module: str) -> Tree:
        found: dict[str, Any] = {}
        for name, said in expressions.items():
            if isinstance(said, list):
                blocks = cast("list[dict[str, Any]]", said)
                found[name] = [self._tree(each, code, module) for each in blocks]
            elif isinstance(said, dict) and ("references" in said or "constant_value" in said):
                types = self._followed(cast("dict[str, Any]", said), code, module)
                if types is not None:
                    found[name] = types
        return found

    def _followed(
        self, expression: Mapping[str, Any], code: Mapping[str, Any], module: str
    ) -> frozenset[str] | None:
        """Give the types that an expression comes from; None where one of its sources cannot be told."""
        types: set[str] = set()
        waiting = [(text, module, code, 0) for text in _longest(expression)]
        seen: set[tuple[str, str]] = set()
        while waiting:
            text, inside, written, hops = waiting.pop()
            if (text, inside) in seen:
                continue
            seen.add((text, inside))
            step = self._step(text, inside, written)
            if step is None or hops >= HOPS_MAX:
                return None
            kind, further = step
            types |= {kind} if kind else set()
            waiting += [(*each, hops + 1) for each in further]
        return frozenset(types)

    def _step(
        self, text: str, inside: str, code: Mapping[str, Any]
    ) -> tuple[str, list[tuple[str, str, Mapping[str, Any]]]] | None:
        """Follow a reference once: the type it names, or whence it comes; None where that cannot be told."""
        head, *rest = INDEX.sub("", text).split(".")
        if head in _KNOWN or text == "each.key":
            return "", []
        if text.startswith("each.value"):
            loop = code.get("for_each_expression")
            return None if loop is None else ("", [(one, inside, code) for one in _longest(loop)])
        if head == "var" and rest:
            said, outside = self._references.given(rest[0], inside)
            return "", [(one, outside, {}) for one in _longest(said)]
        if head == "module" and len(rest) > 1:
            said, inner = self._references.output(rest, inside)
            return None if said is None else ("", [(one, inner, {}) for one in _longest(said)])
        return self._of_resource(f"{head}.{rest[0]}", rest[1:], inside) if rest else None

    def _of_resource(
        self, name: str, attribute: Sequence[str], inside: str
    ) -> tuple[str, list[tuple[str, str, Mapping[str, Any]]]] | None:
        if (inside, name) not in self._references.named:
            return None
        if not attribute or attribute[0] in _NAMING:
            return name.partition(".")[0], []
        # What the code gives an attribute, the attribute is: its own expression goes on.
        code = self._references.code_at((inside, name))
        said = below(code, "expressions").get(attribute[0])
        if len(attribute) > 1 or not isinstance(said, dict) or "references" not in said:
            return None
        return "", [(one, inside, code) for one in _longest(cast("dict[str, Any]", said))]


def types_at(values: Any, tree: Any, path: Sequence[str]) -> frozenset[str] | None:
    """Give the types that what is unknown at a path comes from; None where it cannot be told.

    Blocks that are made in a loop (`dynamic`) are not in the JSON: where the plan has another number of blocks than
    the code shows, nothing is told of any of them. A set of blocks stands in another order than its code, so each of
    them may be any: what is told of one is told of all.
    """
    if isinstance(tree, frozenset) or not path:
        return cast("frozenset[str]", tree) if isinstance(tree, frozenset) else None
    if isinstance(tree, Mapping):
        shown = cast("Mapping[str, Any] | None", values if isinstance(values, Mapping) else None)
        return types_at((shown or {}).get(path[0]), cast("Tree", tree).get(path[0]), path[1:])
    blocks = cast("list[Any]", tree) if isinstance(tree, list) else []
    those = cast("Sequence[Any]", values) if isinstance(values, (list, tuple)) else ()
    if not blocks or len(blocks) != len(those):
        return None
    found = [types_at(those[one], block, path[1:]) for one, block in enumerate(blocks)]
    told = [each for each in found if each is not None]
    return frozenset[str]().union(*told) if len(told) == len(found) else None


def _longest(expression: Any) -> Iterator[str]:
    """Give the references of an expression, without those that only begin another: `a.b` of `a.b.c`."""
    texts = _references(expression)
    for text in dict.fromkeys(texts):
        if not any(each.startswith((f"{text}.", f"{text}[")) for each in texts):
            yield text


def _references(expression: Any) -> list[str]:
    if isinstance(expression, list):
        return [text for each in cast("list[Any]", expression) for text in _references(each)]
    if not isinstance(expression, dict):
        return []
    said = cast("dict[str, Any]", expression)
    own = said.get("references", [])
    return [
        *(str(text) for text in (cast("list[Any]", own) if isinstance(own, list) else [])),
        *(
            text
            for key, each in said.items()
            if key not in ("references", "constant_value")
            for text in _references(each)
        ),
    ]
