"""Ask AWS's trail who did what: CloudTrail's LookupEvents, which keeps ninety days whether or not a trail is set up.

AWS allows two such calls a second and tells an event up to some fifteen minutes late.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast

from botocore.exceptions import BotoCoreError, ClientError

from tallystick.governance.adapters.live.aws import ground_of
from tallystick.governance.adapters.live.aws.ground import Aws
from tallystick.governance.adapters.provider.targets import TargetRefused
from tallystick.governance.model.drift.values import Event
from tallystick.kernel.instants import SECOND, Instant

PAGES_MAX: Final = 40
"""Two thousand events of a region; what is older than these stays without a name."""

_NAMES_MAX: Final = 200
_DEPTH_MAX: Final = 6


def events(
    *, setting: str | Mapping[str, Any], since: Instant, until: Instant
) -> tuple[Event, ...]:
    """Give what was written between two instants, newest first; acts that only read are left out.

    `setting` is the target's, as for the kinds. A region that refuses names nobody. Raises `TargetRefused` where the
    first one does.
    """
    aws = ground_of(setting)
    told: dict[str, Event] = {}
    for region in _regions(aws):
        try:
            for each in _looked_up(aws.at(region), since, until):
                told[str(each["EventId"])] = _event(each)
        except (ClientError, BotoCoreError) as refusal:
            if region == aws.region:
                raise TargetRefused(f"CloudTrail does not tell: {refusal}") from refusal
    return tuple(sorted(told.values(), key=lambda each: -each.at))


def _regions(aws: Aws) -> tuple[str, ...]:
    try:
        return aws.regions
    except (ClientError, BotoCoreError):
        return (aws.region,)


def _looked_up(aws: Aws, since: Instant, until: Instant) -> Iterator[Mapping[str, Any]]:
    asking = aws.client("cloudtrail").get_paginator("lookup_events")
    pages = asking.paginate(
        StartTime=_moment(since),
        EndTime=_moment(until + SECOND),
        LookupAttributes=[{"AttributeKey": "ReadOnly", "AttributeValue": "false"}],
        PaginationConfig={"MaxItems": PAGES_MAX * 50},
    )
    for page in pages:
        yield from page["Events"]


def _moment(instant: Instant) -> datetime:
    return datetime.fromtimestamp(instant // SECOND, tz=UTC)


def _event(told: Mapping[str, Any]) -> Event:
    record = cast("Mapping[str, Any]", json.loads(told.get("CloudTrailEvent") or "{}"))
    named = [each["ResourceName"] for each in told.get("Resources") or () if "ResourceName" in each]
    for part in ("requestParameters", "responseElements"):
        named += list(_texts(record.get(part), 0))[:_NAMES_MAX]
    return Event(
        at=int(cast("datetime", told["EventTime"]).timestamp()) * SECOND,
        who=_who(told, record),
        act=told["EventName"],
        names=frozenset(named),
    )


def _who(told: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """Give the person: a user's name, the session of a role, or the service of AWS that acted by itself."""
    identity = cast("Mapping[str, Any]", record.get("userIdentity") or {})
    return str(
        told.get("Username")
        or identity.get("userName")
        or identity.get("invokedBy")
        or identity.get("arn", "")
    )


def _texts(value: Any, depth: int) -> Iterator[str]:
    if depth > _DEPTH_MAX:
        return
    if isinstance(value, Mapping):
        for each in cast("Mapping[str, Any]", value).values():
            yield from _texts(each, depth + 1)
    elif isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _texts(each, depth + 1)
    elif isinstance(value, str) and value:
        yield value
