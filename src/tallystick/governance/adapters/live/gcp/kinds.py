"""One Terraform type over one collection of GCP's REST interfaces, told by a table."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from tallystick.governance.adapters.live.gcp.ground import Gcp
from tallystick.governance.adapters.live.gcp.served import unkept
from tallystick.governance.adapters.live.rest.shapes import (
    EMPTY,
    At,
    Shape,
    Values,
    patch,
    restored,
    see,
    settle,
    write,
)
from tallystick.governance.adapters.live.rest.templates import filled, places_of, read_id
from tallystick.governance.adapters.provider.targets import TargetRefused

Json = dict[str, Any]


def _project(gcp: Gcp) -> Iterable[Values]:
    return ({"project": gcp.project},)


def regional(gcp: Gcp) -> Iterable[Values]:
    """Give every region that is looked through."""
    return ({"project": gcp.project, "region": region} for region in gcp.regions)


def located(gcp: Gcp) -> Iterable[Values]:
    """Give every location that is looked through: the regions, and that which is none."""
    places = (*gcp.regions, "global")
    return ({"project": gcp.project, "location": each} for each in places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A Terraform type's table.

    `id` is Terraform's id, whose places are attributes; `at` is the path of one object and `within` that of its
    collection. `named` is the query that names a new object where the body does not. `dress` and `strip` add and take
    what every body of the type bears. `masked` says that a change names its fields. `drop` deletes where DELETE is not
    how; `gone` tells what stands there and is as good as deleted. `also` gives attributes that follow from others.
    """

    service: str
    id: str
    at: str
    within: str
    shape: Shape
    named: str = ""
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    items: str = "items"
    parents: Callable[[Gcp], Iterable[Values]] = _project
    dress: Callable[[Gcp, Json, bool], Json] = lambda gcp, body, first: body
    strip: Callable[[Json], Json] = lambda body: body
    also: Callable[[Values], Values] = lambda values: {}
    masked: bool = False
    verb: str = "PATCH"
    change: Callable[[Gcp, str, Values, Values], None] | None = None
    drop: Callable[[Gcp, str], None] | None = None
    gone: Callable[[Json], bool] = lambda body: False
    labelled: bool = False

    def identity(self, gcp: Gcp, values: Mapping[str, Any]) -> Values:
        """Give the attributes that tell this object from others, out of themselves or the id."""
        usual = {"project": gcp.project, "region": gcp.region}
        read = read_id(self.id, str(values.get("id") or ""))
        templates = (self.id, self.at, self.within, *self.query.values())
        places = {each for template in templates for each in places_of(template)}
        known = {each: values.get(each) or read.get(each) or usual.get(each) for each in places}
        return {name: value for name, value in known.items() if value is not None}


class Live:
    """The five verbs of one type on one project: what `Target` asks for."""

    def __init__(self, *, gcp: Gcp, kind: Kind) -> None:
        self.gcp = gcp
        self.kind = kind
        self.name = gcp.target(kind.service)

    def create(self, kind: str, values: Values) -> Values:
        """Make it, and give it back as it is live; what cannot be finished is taken away again."""
        table, known = self.kind, self.kind.identity(self.gcp, values)
        body = table.dress(self.gcp, write(table.shape, values), True)
        query = {name: filled(text, known) for name, text in table.query.items()}
        if table.named:
            query[table.named] = str(known[places_of(table.id)[-1]])
        where = filled(table.within, known)
        answer = self.gcp.client(table.service).ask("POST", where, query=query, body=body)
        values = self._named(values, known, answer.body)
        path = filled(table.at, table.identity(self.gcp, values))
        self.gcp.finish(table.service, answer, path)
        try:
            return self._mended(kind, path, values)
        except TargetRefused as refusal:
            self._undone(path, refusal)
            raise

    def read(self, kind: str, values: Values) -> Values | None:
        """Give it as it is live, or None."""
        known = self.kind.identity(self.gcp, values)
        body = self.gcp.find(self.kind.service, filled(self.kind.at, known))
        if body is None or self.kind.gone(body):
            return None
        return self._told(kind, {**values, **known}, body)

    def update(self, kind: str, prior: Values, values: Values) -> Values:
        """Change it in place, and give it back as it is live."""
        table = self.kind
        path = filled(table.at, table.identity(self.gcp, {**prior, "id": prior.get("id")}))
        before = table.dress(self.gcp, write(table.shape, prior, first=False), False)
        wanted = restored(table.shape, prior, values)
        after = table.dress(self.gcp, write(table.shape, wanted, first=False), False)
        self._patched(path, patch(before, after))
        if table.change is not None:
            table.change(self.gcp, path, prior, values)
        return self._live(kind, {**values, "id": prior.get("id")})

    def delete(self, kind: str, values: Values) -> None:
        """Delete it; what is gone already is no error."""
        path = filled(self.kind.at, self.kind.identity(self.gcp, values))
        if self.kind.drop is not None:
            self.kind.drop(self.gcp, path)
            return
        client = self.gcp.client(self.kind.service)
        answer = client.ask("DELETE", path, good=(404,))
        if answer.status != 404:
            self.gcp.finish(self.kind.service, answer, path)

    def list(self, kind: str) -> list[Values]:
        """Give every object of the type in the project, whoever made it."""
        found: list[Values] = []
        for parent in self.kind.parents(self.gcp):
            query = {name: filled(text, parent) for name, text in self.kind.query.items()}
            path = filled(self.kind.within, parent)
            for body in self.gcp.pages(self.kind.service, path, self.kind.items, query):
                if not self.kind.gone(cast("Json", body)):
                    found.append(self._told(kind, parent, cast("Json", body)))
        return found

    def _named(self, values: Values, known: Values, answer: Json) -> Values:
        """Give the values with the name that GCP itself gave to what was made, where it does."""
        lacks = [each for each in places_of(self.kind.at) if each not in known]
        if not lacks:
            return values
        told = see(self.kind.shape, self.kind.strip(answer))
        return {**values, **{each: told.get(each) for each in lacks}}

    def _live(self, kind: str, values: Values) -> Values:
        live = self.read(kind, values)
        if live is None:
            raise TargetRefused(f"{self.name} no longer has {values.get('id') or kind}; plan again")
        return live

    def _mended(self, kind: str, path: str, values: Values) -> Values:
        """Ask again for what the making did not take: some servers take a field by a change alone."""
        live, table = self._live(kind, values), self.kind
        left_out = unkept(self.name, kind)
        lacks = {
            name
            for name, at in table.shape.items()
            if not (isinstance(at, At) and (at.told or at.fixed)) and name not in left_out
            if values.get(name) not in EMPTY and live.get(name) != values.get(name)
        }
        if not lacks and table.change is None:
            return live
        full = table.dress(self.gcp, write(table.shape, values, first=False), False)
        members = {str(_place(table.shape[name])).split(".")[0] for name in lacks}
        self._patched(path, {name: full[name] for name in full if name in members})
        if table.change is not None:
            table.change(self.gcp, path, live, values)
        return self._live(kind, values)

    def _undone(self, path: str, refusal: TargetRefused) -> None:
        try:
            self.gcp.client(self.kind.service).ask("DELETE", path, good=(404,))
        except TargetRefused:
            raise TargetRefused(
                f"{refusal}; {path} stands half made: delete it by hand, then run the same again"
            ) from refusal

    def _patched(self, path: str, body: Json) -> None:
        if not body:
            return
        query = {"updateMask": ",".join(sorted(body))} if self.kind.masked else None
        client = self.gcp.client(self.kind.service)
        answer = client.ask(self.kind.verb, path, query=query, body=body)
        self.gcp.finish(self.kind.service, answer, path)

    def _told(self, kind: str, known: Values, body: Json) -> Values:
        seen = see(self.kind.shape, self.kind.strip(body))
        left_out = unkept(self.name, kind)
        seen = {name: value for name, value in seen.items() if name not in left_out}
        live = {**known, **settle(self.kind.shape, known, seen)}
        live["id"] = known.get("id") or filled(self.kind.id, live)
        if self.kind.labelled:
            live |= {"effective_labels": live.get("labels"), "terraform_labels": live.get("labels")}
        return {**live, **self.kind.also(live)}


def _place(kind: Any) -> str:
    return kind if isinstance(kind, str) else kind.place
