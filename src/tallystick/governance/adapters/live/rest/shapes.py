"""Tables between Terraform's attributes and the members of a REST interface's JSON, read in both directions.

A shape maps an attribute to where its value lies. Settling then says what is live in the words of what was known: an
attribute that nobody wrote and whose live value is the documented default stays None, sets keep the order they were
written in, and two spellings of one thing are one. Whatever remains different is drift.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

Values = dict[str, Any]
EMPTY: Final[tuple[Any, ...]] = (None, "", [], {})


def _itself(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """One attribute: the dotted place of its member, and how its value is turned on the way out and back.

    `default` is the documented value of one that nobody wrote; an `implied` one is Terraform's own, and is written
    where nobody wrote one; `same` says when two spellings mean one thing; a `told` attribute is only ever read; a
    `fixed` one is written when the object is made and never changed; a `hidden` one is written and never told.
    """

    place: str
    out: Callable[[Any], Any] = _itself
    back: Callable[[Any], Any] = _itself
    default: Any = None
    implied: bool = False
    same: Callable[[Any, Any], bool] | None = None
    told: bool = False
    fixed: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A nested block: its structure's place ("" for the same structure), or a list of structures where `many`.

    A `bare` one says something by standing there, even with nothing in it. What `shared` ones say may also be said by
    resources of their own: where none is written here, they are left to those.
    """

    place: str
    shape: "Shape"
    many: bool = False
    bare: bool = False
    shared: bool = False
    default: Values | None = None


Shape = Mapping[str, "At | Block | str"]


def told(place: str) -> At:
    """Give an attribute that the cloud alone decides."""
    return At(place=place, told=True)


def folded(one: Any, other: Any) -> bool:
    """Tell whether two texts differ at most in the height of their letters."""
    return str(one).casefold() == str(other).casefold()


def switch(place: str, *, default: bool | None = None, implied: bool = False) -> At:
    """Give an attribute that is true or false here, and "Enabled" or "Disabled" there."""
    return At(
        place=place,
        out=lambda on: "Enabled" if on else "Disabled",
        back=lambda text: str(text).casefold() == "enabled",
        default=default,
        implied=implied,
    )


def tailed(one: Any, other: Any) -> bool:
    """Tell whether two links lead to one thing: one may leave out the host, the project or more before the name."""
    shorter, longer = sorted((str(one).strip("/"), str(other).strip("/")), key=len)
    return bool(shorter) and f"/{longer}".endswith(f"/{shorter}")


def write(shape: Shape, values: Mapping[str, Any], *, first: bool = True) -> dict[str, Any]:
    """Give the JSON that says these values; what has none is left out. `first`: the object is being made."""
    body: dict[str, Any] = {}
    for name, kind in shape.items():
        value, field = values.get(name), _field(kind)
        if value is None and isinstance(field, At) and field.implied:
            value = field.default
        if value is None or value == [] or (isinstance(field, At) and _unwritten(field, first)):
            continue
        if isinstance(field, At):
            _put(body, field.place, field.out(value))
        elif field.many:
            _put(body, field.place, [write(field.shape, each or {}, first=first) for each in value])
        else:
            _merge(body, field.place, write(field.shape, value[0] or {}, first=first))
    return body


def restored(shape: Shape, before: Mapping[str, Any], after: Mapping[str, Any]) -> Values:
    """Give the values with the documented default where one was written before and none is now: it is to go back."""
    back: Values = dict(after)
    for name, kind in shape.items():
        field, was, now = _field(kind), before.get(name), after.get(name)
        if was is None or was in EMPTY or (isinstance(field, At) and (field.told or field.fixed)):
            continue
        if isinstance(field, At):
            back[name] = field.default if now is None else now
        elif not now and field.default is not None:
            back[name] = [field.default]
        elif now and not field.many:
            back[name] = [restored(field.shape, was[0] or {}, now[0] or {})]
    return back


def _unwritten(field: At, first: bool) -> bool:
    return field.told or (field.fixed and not first)


def see(shape: Shape, body: Mapping[str, Any]) -> Values:
    """Give the attributes that this JSON says; what it leaves out is None, and a block that is not there []."""
    seen: Values = {}
    for name, kind in shape.items():
        field = _field(kind)
        if isinstance(field, At) and field.hidden:
            continue
        found = _get(body, field.place)
        if isinstance(field, At):
            seen[name] = None if found is None else field.back(found)
        elif field.many:
            seen[name] = [see(field.shape, each) for each in found or ()]
        else:
            inner = see(field.shape, found) if isinstance(found, Mapping) else {}
            stands = field.bare and isinstance(found, Mapping)
            says = stands or any(each not in EMPTY for each in inner.values())
            seen[name] = [inner] if says else []
    return seen


def settle(shape: Shape, known: Mapping[str, Any], seen: Mapping[str, Any]) -> Values:
    """Give what was seen, in the words of what was known where both mean the same."""
    return {
        name: _settled(_field(shape[name]), known.get(name), value) for name, value in seen.items()
    }


def _settled(field: At | Block, known: Any, seen: Any) -> Any:
    if isinstance(field, Block):
        return _settled_blocks(field, known, seen)
    if known in EMPTY:
        return known if seen in EMPTY or seen == field.default else seen
    if seen is None:
        return known if known is False or known == 0 else None
    if field.same is not None and not isinstance(seen, list):
        return known if field.same(known, seen) else seen
    if isinstance(seen, list) and isinstance(known, (list, tuple)):
        return known if _alike(known, seen, field.same) else seen
    return known if known == seen else seen


def _alike(
    known: Sequence[Any], seen: Sequence[Any], same: Callable[[Any, Any], bool] | None
) -> bool:
    """Tell whether two sets hold the same, whatever their order."""
    left = list(known)
    for each in seen:
        fits = [one for one in left if one == each or (same is not None and same(one, each))]
        if not fits:
            return False
        left.remove(fits[0])
    return not left


def _settled_blocks(field: Block, known: Any, seen: list[Any]) -> Any:
    if field.shared and known is not None and not known:
        return known
    if not known:
        bare = [settle(field.shape, field.default or {}, each) for each in seen]
        said = [each for each in bare if any(value not in EMPTY for value in each.values())]
        usual = field.default is not None and _usual(field.default, bare)
        nothing = usual or not (seen if field.bare else said)
        return [] if nothing else [settle(field.shape, {}, each) for each in seen]
    if len(known) != len(seen):
        return [settle(field.shape, {}, each) for each in seen]
    return _paired(field, list(known), seen)


def _usual(default: Values, bare: list[Values]) -> bool:
    return len(bare) == 1 and all(
        value in EMPTY or value == default.get(name) for name, value in bare[0].items()
    )


def _paired(field: Block, known: list[Any], seen: list[Any]) -> list[Any]:
    """Give each known block what is live of it; they are told apart by meaning the same, else by their order."""
    answer: list[Any] = [None] * len(known)
    left = list(seen)
    for place, each in enumerate(known):
        for one in left:
            if {**each, **settle(field.shape, each, one)} == each:
                answer[place] = each
                left.remove(one)
                break
    for place, each in enumerate(known):
        if answer[place] is None:
            answer[place] = {**each, **settle(field.shape, each, left.pop(0))}
    return answer


def patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Give the merge patch (RFC 7396) that makes one body into another: whole members, null where one goes."""
    changed: dict[str, Any] = {}
    for name in [*after, *(each for each in before if each not in after)]:
        if before.get(name) != after.get(name):
            changed[name] = _replaced(before.get(name), after.get(name))
    return changed


def _replaced(before: Any, after: Any) -> Any:
    if not isinstance(after, Mapping) or not isinstance(before, Mapping):
        return after
    gone: dict[str, Any] = dict.fromkeys(name for name in before if name not in after)
    return gone | {name: _replaced(before.get(name), value) for name, value in after.items()}


def overlaid(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Give what is live with what is wanted laid over it, structure by structure."""
    laid = dict(live)
    for name, value in wanted.items():
        under = laid.get(name)
        both = isinstance(value, Mapping) and isinstance(under, Mapping)
        laid[name] = (
            overlaid(cast("Mapping[str, Any]", under), cast("Mapping[str, Any]", value))
            if both
            else value
        )
    return laid


def _field(kind: At | Block | str) -> At | Block:
    return At(place=kind) if isinstance(kind, str) else kind


def _get(body: Any, place: str) -> Any:
    value = body
    for part in place.split(".") if place else ():
        if not isinstance(value, Mapping):
            return None
        value = cast("Mapping[str, Any]", value).get(part)
    return value


def _put(body: dict[str, Any], place: str, value: Any) -> None:
    if value is None:
        return
    *path, last = place.split(".")
    for part in path:
        body = body.setdefault(part, {})
    body[last] = value


def _merge(body: dict[str, Any], place: str, inner: dict[str, Any]) -> None:
    for part in place.split(".") if place else ():
        body = body.setdefault(part, {})
    body.update(overlaid(body, inner))
