"""Who names whom: the references of a plan's configuration, followed through modules to addresses.

A plan knows no ids of what it will create; which key a bucket will have is then told by the expression alone. Locals
are not in the JSON, so what goes through one cannot be followed and stays unknown.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

# As deep as modules, variables and outputs may hand a value on.
HOPS_MAX: Final = 32
INDEX: Final = re.compile(r"\[(?:[^\]\"]|\"(?:[^\"\\]|\\.)*\")*\]")
_NOT_RESOURCES: Final = frozenset({"each", "count", "local", "path", "terraform", "self", "data"})

_Module = Mapping[str, Any]


def below(of: Mapping[str, Any], *path: str) -> dict[str, Any]:
    """Follow keys down Terraform's JSON to an object; what is absent, or no object, is empty."""
    found: Any = of
    for key in path:
        found = cast("dict[str, Any]", found).get(key) if isinstance(found, dict) else None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def listed(of: Mapping[str, Any], key: str) -> list[Any]:
    """Give a list in Terraform's JSON; what is absent, or no list, is empty."""
    found = of.get(key)
    return cast("list[Any]", found) if isinstance(found, list) else []


def written(plan: Mapping[str, Any]) -> list[str]:
    """Give what the code of a plan writes, in all its modules, as `type.name`."""
    found: set[str] = set()
    waiting = [below(plan, "configuration", "root_module")]
    while waiting:
        module = waiting.pop()
        found |= {
            f"{each['type']}.{each['name']}"
            for each in listed(module, "resources")
            if each.get("mode", "managed") == "managed"
        }
        waiting += [below(each, "module") for each in below(module, "module_calls").values()]
    return sorted(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """`named[(module, type.name)]` are the addresses of the plan's objects by where their code stands."""

    root: _Module
    named: Mapping[tuple[str, str], tuple[str, ...]]
    place: Mapping[str, tuple[str, str]]

    @classmethod
    def of(cls, plan: Mapping[str, Any]) -> "References":
        """Index the configuration and the objects of a plan."""
        named: dict[tuple[str, str], list[str]] = {}
        place: dict[str, tuple[str, str]] = {}
        for each in listed(plan, "resource_changes"):
            module = INDEX.sub("", str(each.get("module_address", "")))
            spot = (module, f"{each.get('type')}.{each.get('name')}")
            if each.get("mode", "managed") == "managed":
                named.setdefault(spot, []).append(str(each["address"]))
                place[str(each["address"])] = spot
        root = below(plan, "configuration", "root_module")
        return cls(
            root=root, named={key: tuple(value) for key, value in named.items()}, place=place
        )

    def from_resource(self, address: str) -> dict[str, tuple[str, ...]]:
        """Say for each attribute of a resource which addresses its expression names, through all modules."""
        if address not in self.place:
            return {}
        return self._attributes(self.code_at(self.place[address]), self.place[address][0], address)

    def code_of(self, address: str) -> Mapping[str, Any]:
        """Give what the code writes of the resource at an address."""
        return self.code_at(self.place[address]) if address in self.place else {}

    def code_at(self, spot: tuple[str, str]) -> Mapping[str, Any]:
        """Give what the code of a module writes of a resource (`type.name`), nothing where it is no longer there."""
        for each in listed(self._module(spot[0]), "resources"):
            if each.get("mode") == "managed" and f"{each['type']}.{each['name']}" == spot[1]:
                return cast("dict[str, Any]", each)
        return {}

    def given(self, variable: str, inside: str) -> tuple[Any, str]:
        """Give the expression that a module's caller sets a variable to, with where it stands; None for its default."""
        outer, _, name = inside.rpartition("module.")
        outside = outer.rstrip(".")
        if not name:
            return None, outside
        return below(self._module(outside), "module_calls", name, "expressions").get(
            variable
        ), outside

    def output(self, rest: list[str], inside: str) -> tuple[Any, str]:
        """Give the expression of an output (`["keys", "ids"]`) that is asked for in a module, with where it stands."""
        inner = f"{inside}.module.{rest[0]}" if inside else f"module.{rest[0]}"
        return below(self._module(inner), "outputs", rest[1]).get("expression"), inner

    def _attributes(
        self, written: Mapping[str, Any], module: str, address: str
    ) -> dict[str, tuple[str, ...]]:
        # In a `for_each` over resources, `each.value` names what the loop goes over.
        loop = [*_mentions(written.get("for_each_expression"))]
        found: dict[str, tuple[str, ...]] = {}
        for attribute, expression in below(written, "expressions").items():
            texts = [*_mentions(expression)]
            if any(text.startswith("each.value") for text in texts):
                texts += loop
            spots = self._follow(texts, module)
            if addresses := self._instances(spots, address):
                found[attribute] = addresses
        return found

    def _follow(self, texts: list[str], module: str) -> dict[tuple[str, str], str]:
        """Give the resources that expressions come from, each with how it was written last."""
        found: dict[tuple[str, str], str] = {}
        waiting = [(text, module, 0) for text in texts]
        seen: set[tuple[str, str]] = set()
        while waiting:
            text, inside, hops = waiting.pop()
            if (text, inside) in seen or hops > HOPS_MAX:
                continue
            seen.add((text, inside))
            head, *rest = INDEX.sub("", text).split(".")
            if head == "var" and rest:
                waiting += [(*each, hops + 1) for each in self._from_caller(rest[0], inside)]
            elif head == "module" and len(rest) > 1:
                waiting += [(*each, hops + 1) for each in self._from_output(rest, inside)]
            elif head not in _NOT_RESOURCES and rest:
                spot = (inside, f"{head}.{rest[0]}")
                found[spot] = max(found.get(spot, ""), text, key=len)
        return found

    def _from_caller(self, variable: str, inside: str) -> Iterator[tuple[str, str]]:
        said, outside = self.given(variable, inside)
        for text in _mentions(said):
            yield text, outside

    def _from_output(self, rest: list[str], inside: str) -> Iterator[tuple[str, str]]:
        said, inner = self.output(rest, inside)
        for text in _mentions(said):
            yield text, inner

    def _module(self, path: str) -> _Module:
        module = self.root
        for name in [each.strip(".") for each in path.split("module.")[1:]]:
            module = below(module, "module_calls", name, "module")
        return module

    def _instances(self, spots: dict[tuple[str, str], str], asking: str) -> tuple[str, ...]:
        found: list[str] = []
        for spot, text in spots.items():
            found += _narrowed(self.named.get(spot, ()), spot, text, asking)
        return tuple(dict.fromkeys(found))


def _narrowed(
    addresses: tuple[str, ...], spot: tuple[str, str], text: str, asking: str
) -> tuple[str, ...]:
    """Of several instances, take the one that the expression names, else the one with the asker's own key."""
    if len(addresses) < 2:
        return addresses
    own = asking[: asking.rfind("[")] if asking.endswith("]") else asking
    key = asking[len(own) :]
    beside = own.rpartition(".")[0].rpartition(".")[0]
    near = tuple(each for each in addresses if not spot[0] or each.startswith(f"{beside}."))
    addresses = near or addresses
    written = re.match(rf"{re.escape(spot[1])}(\[[^\]]*\])", text)
    wanted = written[1] if written and not re.search(r"each\.|count\.|var\.", written[1]) else key
    return tuple(each for each in addresses if wanted and each.endswith(wanted)) or addresses


def _mentions(expression: Any) -> Iterator[str]:
    """Give every reference under an expression, of nested blocks too."""
    if isinstance(expression, list):
        for each in cast("list[Any]", expression):
            yield from _mentions(each)
    elif isinstance(expression, dict):
        for key, each in cast("dict[str, Any]", expression).items():
            if key == "references" and isinstance(each, list):
                yield from (str(text) for text in cast("list[Any]", each))
            elif key != "constant_value":
                yield from _mentions(each)
