"""One Terraform type over Resource Manager, told by a table: any resource is put, got and deleted at its id."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from tallystick.governance.adapters.live.azure.ground import Azure
from tallystick.governance.adapters.live.rest.shapes import (
    Shape,
    Values,
    overlaid,
    patch,
    restored,
    see,
    settle,
    write,
)
from tallystick.governance.adapters.live.rest.templates import filled, places_of, read_id
from tallystick.governance.adapters.provider.targets import TargetRefused

Json = dict[str, Any]
GROUP: Final = "/subscriptions/{subscription}/resourceGroups/{resource_group_name}"
_NOT_PUT: Final = ("id", "name", "type", "etag", "systemData")


def _nothing(azure: Azure) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A resource that belongs to another and always stands under it: what it says is written only where it is said."""

    suffix: str
    shape: Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A Terraform type's table.

    `id` is the resource's id, whose places are attributes; `collections` gives the paths where all of the type are
    listed. `dress` and `strip` add and take what every body of the type bears. `also` gives attributes that follow from
    others; `before` prepares the values of a new one. `terraform` is Terraform's own id where it differs.
    """

    id: str
    version: str
    shape: Shape
    parts: tuple[Part, ...] = ()
    collections: Callable[[Azure], Iterable[str]] = _nothing
    dress: Callable[[Json], Json] = lambda body: body
    strip: Callable[[Json], Json] = lambda body: body
    also: Callable[[Values], Values] = lambda values: {}
    before: Callable[[Azure, Values], Values] = lambda azure, values: values
    terraform: str = ""


def everywhere(kind: str) -> Callable[[Azure], Iterable[str]]:
    """Give the one collection of a type over the whole subscription."""
    return lambda azure: (f"/subscriptions/{azure.subscription}/providers/{kind}",)


def under(kind: str, version: str, member: str) -> Callable[[Azure], Iterable[str]]:
    """Give the collections of children, one for each parent of a type."""

    def collections(azure: Azure) -> Iterable[str]:
        for path in everywhere(kind)(azure):
            for each in azure.pages(azure.management(), path, {"api-version": version}):
                yield f"{each['id']}/{member}"

    return collections


class Live:
    """The five verbs of one type on one subscription: what `Target` asks for."""

    def __init__(self, *, azure: Azure, kind: Kind) -> None:
        self.azure = azure
        self.kind = kind
        self.name = azure.target("management")

    def create(self, kind: str, values: Values) -> Values:
        """Make it, and give it back as it is live; what cannot be finished is taken away again."""
        values = self.kind.before(self.azure, values)
        place = self._place(values)
        if self.azure.find(place, self.kind.version) is not None:
            raise TargetRefused(
                f"{self.name} has {place} already; import it, or delete it, then run the same again"
            )
        body = self.kind.dress(write(self.kind.shape, values))
        try:
            self._put(place, body)
            for part in self.kind.parts:
                if said := write(part.shape, values):
                    self._put(f"{place}{part.suffix}", said)
        except TargetRefused as refusal:
            self._undone(place, refusal)
            raise
        return self._live(kind, values)

    def read(self, kind: str, values: Values) -> Values | None:
        """Give it as it is live, or None."""
        place = self._place(values)
        body = self.azure.find(place, self.kind.version)
        return None if body is None else self._told(values, body)

    def update(self, kind: str, prior: Values, values: Values) -> Values:
        """Change it in place: what is live, with the wanted laid over it, is put back."""
        place = self._place({**values, "id": prior.get("id")})
        before = self.kind.dress(write(self.kind.shape, prior))
        after = self.kind.dress(write(self.kind.shape, restored(self.kind.shape, prior, values)))
        self._laid(place, patch(before, after))
        for part in self.kind.parts:
            wanted = restored(part.shape, prior, values)
            change = patch(write(part.shape, prior), write(part.shape, wanted))
            self._laid(f"{place}{part.suffix}", change)
        return self._live(kind, {**values, "id": prior.get("id")})

    def delete(self, kind: str, values: Values) -> None:
        """Delete it, and wait until it is gone; what is gone already is no error."""
        place, query = self._place(values), {"api-version": self.kind.version}
        self.azure.management().ask("DELETE", place, query=query, good=(404,))

        def gone() -> bool:
            return self.azure.find(place, self.kind.version) is None

        self.azure.management().wait(gone, what=f"deleting {place}")

    def list(self, kind: str) -> list[Values]:
        """Give every resource of the type in the subscription, whoever made it, and `within` what it lies."""
        query = {"api-version": self.kind.version}
        found: list[Values] = []
        for path in self.kind.collections(self.azure):
            for body in self.azure.pages(self.azure.management(), path, query):
                told = self._told({}, cast("Json", body))
                found.append({**told, "within": str(body["id"]).rsplit("/", 2)[0]})
        return found

    def _place(self, values: Mapping[str, Any]) -> str:
        """Give the resource's id in Azure, out of its attributes or Terraform's id."""
        own = {name: value for name, value in values.items() if value is not None}
        given = str(own.get("id") or "")
        read = read_id(self.kind.terraform or self.kind.id, given)
        if given and not self.kind.terraform:
            return given
        return filled(self.kind.id, {"subscription": self.azure.subscription, **read, **own})

    def _put(self, place: str, body: Json) -> None:
        query = {"api-version": self.kind.version}
        self.azure.management().ask("PUT", place, query=query, body=body)
        self.azure.settled(place, self.kind.version)

    def _laid(self, place: str, change: Json) -> None:
        if not change:
            return
        live = self.azure.find(place, self.kind.version) or {}
        body = {name: value for name, value in live.items() if name not in _NOT_PUT}
        self._put(place, _said(overlaid(body, change)))

    def _undone(self, place: str, refusal: TargetRefused) -> None:
        try:
            query = {"api-version": self.kind.version}
            self.azure.management().ask("DELETE", place, query=query, good=(404,))
        except TargetRefused:
            raise TargetRefused(
                f"{refusal}; {place} may stand half made: delete it by hand, then run the same again"
            ) from refusal

    def _live(self, kind: str, values: Values) -> Values:
        live = self.read(kind, values)
        if live is None:
            raise TargetRefused(f"{self.name} no longer has {values.get('id') or kind}; plan again")
        return live

    def _told(self, values: Values, body: Json) -> Values:
        place = str(body["id"])
        seen = settle(self.kind.shape, values, see(self.kind.shape, self.kind.strip(body)))
        for part in self.kind.parts:
            under_it = self.azure.find(f"{place}{part.suffix}", self.kind.version) or {}
            seen |= settle(part.shape, values, see(part.shape, under_it))
        named = {
            each: values.get(each) or value
            for each, value in read_id(self.kind.id, place).items()
            if each in places_of(self.kind.id) and each != "subscription"
        }
        live = {**values, **named, **seen}
        own = filled(self.kind.terraform, live) if self.kind.terraform else place
        live["id"] = values.get("id") or own
        return {**live, **self.kind.also(live)}


def _said(body: Any) -> Any:
    """Leave out what is null: a resource that is put has none of it."""
    if isinstance(body, Mapping):
        items = cast("Mapping[str, Any]", body).items()
        return {name: _said(value) for name, value in items if value is not None}
    return body
