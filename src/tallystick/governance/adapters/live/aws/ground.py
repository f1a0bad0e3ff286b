"""Stand under every AWS kind: clients of boto3, the five verbs, and when live and planned values are the same."""

import json
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any, Final, cast

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

Values = dict[str, Any]

REGIONS_MAX: Final = 60
PAGE_LIMIT: Final = 100
"""Pages of one list; a hundred pages of a hundred are more objects than one estate may have."""

_ABSENT: Final = ("NotFound", "NoSuch", "DoesNotExist", "ResourceNotFound", "NonExistent")
_MISSING: Final = object()


class Aws:
    """Give clients of AWS's services: of one endpoint where one is named, else of AWS itself.

    Region and credentials come from the environment, as boto3 finds them. Calls are tried three times and wait a
    minute at most each.
    """

    def __init__(
        self,
        *,
        endpoint_url: str | None = None,
        region: str | None = None,
        regions: tuple[str, ...] = (),
    ) -> None:
        self.endpoint_url = endpoint_url
        self._session = boto3.Session(region_name=region)
        self._region = self._session.region_name or "us-east-1"
        self._told = regions
        self._clients: dict[str, Any] = {}
        self._places: dict[str, Aws] = {}
        self._making = Lock()

    def at(self, region: str | None) -> "Aws":
        """Give the same account in another region, or itself where none or its own is named."""
        if not region or region == self.region:
            return self
        with self._making:
            if region not in self._places:
                there = copy(self)
                there._region, there._clients, there._places = region, {}, {}
                self._places[region] = there
            return self._places[region]

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The regions that are looked through: as was told, or of AWS itself all that are on, this one first.

        A server of one endpoint stands for one region unless told otherwise.
        """
        found = self._told
        if not found and not self.endpoint_url:
            told = self.client("ec2").describe_regions()["Regions"]
            found = tuple(each["RegionName"] for each in told)
        return (self.region, *sorted({*found[:REGIONS_MAX]} - {self.region}))

    def client(self, service: str) -> Any:
        """Give the client of a service, made once; a session of boto3 may be used by one thread at a time only."""
        with self._making:
            return self._client(service)

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            config = Config(
                connect_timeout=5,
                read_timeout=60,
                retries={"total_max_attempts": 3},
                s3={"addressing_style": "path"},
            )
            self._clients[service] = self._session.client(
                cast("Any", service),
                region_name=self._region,
                endpoint_url=self.endpoint_url,
                config=config,
            )
        return self._clients[service]

    @property
    def region(self) -> str:
        """The region that is spoken to."""
        return self._region

    @cached_property
    def account(self) -> str:
        """The number of the account whose credentials these are."""
        return self.client("sts").get_caller_identity()["Account"]

    def pages(self, service: str, verb: str, member: str, **asked: Any) -> Iterable[Any]:
        """Yield the items of a list that AWS gives in pages, or in one answer where it has none."""
        client = self.client(service)
        if not client.can_paginate(verb):
            yield from getattr(client, verb)(**asked).get(member, [])
            return
        pages = iter(client.get_paginator(verb).paginate(**asked))
        for _ in range(PAGE_LIMIT):
            page = next(pages, None)
            if page is None:
                return
            yield from page.get(member, [])
        if next(pages, None) is not None:
            raise LookupError(f"{verb} of {service} gives over {PAGE_LIMIT} pages; look at fewer")


def found(ask: Callable[[], Any]) -> Any | None:
    """Give what AWS answers, or None where it says that there is no such thing."""
    try:
        return ask()
    except ClientError as refusal:
        if any(word in refusal.response["Error"]["Code"] for word in _ABSENT):
            return None
        if refusal.response["Error"]["Code"] == "404":
            return None
        raise


def _refuse_change(_aws: Aws, _prior: Values, _values: Values) -> None:
    """Change nothing: every attribute of the kind is part of its identity, so that Terraform replaces it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One Terraform type over AWS's API.

    `make` creates and gives what identifies the object; `see` reads it by that and gives None when it is not there;
    `all` gives the identities of every such object that a region has, or the account where they are told `once`.
    `defaults` are AWS's documented ones by dotted path.
    """

    make: Callable[[Aws, Values], Values]
    see: Callable[[Aws, Values], Values | None]
    drop: Callable[[Aws, Values], object]
    all: Callable[[Aws], Iterable[Values]]
    change: Callable[[Aws, Values, Values], object] = _refuse_change
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])
    once: bool = False

    def create(self, aws: Aws, values: Values) -> Values:
        """Make it in the region that it names, and give it back as it is live."""
        aws = aws.at(values.get("region"))
        known = {**values, **self.make(aws, values)}
        live = self.read(aws, known)
        if live is None:
            raise LookupError("AWS made the object and does not find it; run the same apply again")
        return live

    def read(self, aws: Aws, values: Values) -> Values | None:
        """Give it as it is live, or None; an attribute that AWS never tells stays as it was known."""
        aws = aws.at(values.get("region"))
        live = found(lambda: self.see(aws, values))
        if live is None:
            return None
        if not self.once:
            live = {**live, "region": aws.region}
        defaults = {"tags": {}, **self.defaults}
        return {**values, **settled(values, live, defaults=defaults)}

    def update(self, aws: Aws, prior: Values, values: Values) -> Values:
        """Change it in place, and give it back as it is live; what is no longer written goes back to its default."""
        aws = aws.at(prior.get("region"))
        forgotten = {
            name: default
            for name, default in self.defaults.items()
            if name in values and values[name] is None and prior.get(name) is not None
        }
        wanted = {**values, **forgotten}
        self.change(aws, prior, wanted)
        live = self.read(aws, {**wanted, **dict.fromkeys(forgotten)})
        if live is None:
            raise LookupError("the object is gone; plan again, so that it is made anew")
        return live

    def delete(self, aws: Aws, values: Values) -> None:
        """Delete it; what is gone already is no error."""
        aws = aws.at(values.get("region"))
        found(lambda: self.drop(aws, values))

    def list(self, aws: Aws) -> list[Values]:
        """Give every object of this kind in the account."""
        seen = (self.read(aws, dict(identity)) for identity in self.all(aws))
        return [each for each in seen if each is not None]


def settled(prior: Any, live: Any, *, defaults: Mapping[str, Any], path: str = "") -> Any:
    """Give what is live in the words of what was known, where both mean the same.

    A default that nobody wrote is None, sets keep the order they were written in, and documents of JSON their text.
    """
    if isinstance(live, Mapping) and (isinstance(prior, Mapping) or prior is None):
        if prior is None and path:
            return None if live == defaults.get(path, _MISSING) or not live else dict(live)
        return _mapping(prior or {}, live, defaults, path)
    if isinstance(live, list):
        return _sequence(prior, live, defaults, path)
    if prior is None:
        return None if live == "" or live == defaults.get(path, _MISSING) else live
    if live is None:
        return prior if prior in ("", [], {}, False, 0) else None
    return prior if _same_document(prior, live) else live


def _mapping(
    prior: Mapping[str, Any], live: Mapping[str, Any], defaults: Mapping[str, Any], path: str
) -> Values:
    lead = f"{path}." if path else ""
    settled_ = {
        key: settled(prior.get(key), value, defaults=defaults, path=lead + key)
        for key, value in live.items()
    }
    return {**{key: None for key in prior if path and key not in live}, **settled_}


def _sequence(prior: Any, live: list[Any], defaults: Mapping[str, Any], path: str) -> Any:
    if not isinstance(prior, (list, tuple)):
        return None if prior is None and live in ([], defaults.get(path, _MISSING)) else live
    left = list(prior)
    matched: list[Any] = []
    for each in live:
        fits = [one for one in left if settled(one, each, defaults=defaults, path=path) == one]
        if fits:
            left.remove(fits[0])
            matched.append(fits[0])
    if len(matched) == len(live) == len(prior):
        return list(prior)
    if len(live) == len(prior):
        return [
            settled(a, b, defaults=defaults, path=path) for a, b in zip(prior, live, strict=True)
        ]
    return live


def _same_document(prior: Any, live: Any) -> bool:
    if not (isinstance(prior, str) and isinstance(live, str) and live[:1] in ("{", "[")):
        return False
    try:
        return json.loads(prior) == json.loads(live)
    except ValueError:
        return False


def tags_to_write(
    values: Mapping[str, Any], prior: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """Give the tags an object must bear: its own, over those that the provider puts on all."""
    base = prior or values
    own: Mapping[str, str] = base.get("tags") or {}
    everywhere: Mapping[str, str] = base.get("tags_all") or {}
    defaults = {key: text for key, text in everywhere.items() if key not in own}
    return {**defaults, **(values.get("tags") or {})}


def tags_seen(values: Mapping[str, Any], live: Mapping[str, str]) -> Values:
    """Give `tags` and `tags_all` of an object that bears these, leaving the provider's own out of the first."""
    own: Mapping[str, str] = values.get("tags") or {}
    everywhere: Mapping[str, str] = values.get("tags_all") or {}
    kept = {key: text for key, text in live.items() if key in own or everywhere.get(key) != text}
    return {"tags": kept, "tags_all": dict(live)}


def pairs(
    tags: Mapping[str, str], *, key: str = "Key", value: str = "Value"
) -> list[dict[str, str]]:
    """Give tags as AWS's list of pairs."""
    return [{key: name, value: text} for name, text in tags.items()]


def from_pairs(
    tags: Iterable[Mapping[str, str]] | None, *, key: str = "Key", value: str = "Value"
) -> dict[str, str]:
    """Give tags out of AWS's list of pairs, without those that AWS itself puts on."""
    return {each[key]: each[value] for each in tags or () if not each[key].startswith("aws:")}


def given(**members: Any) -> dict[str, Any]:
    """Give the members that have a value: AWS refuses a null where a member may be left out."""
    return {name: value for name, value in members.items() if value is not None}
