"""Ask AWS's trail who did what: CloudTrail's LookupEvents, which keeps ninety days whether or not a trail is set up.

AWS allows two such calls a second and tells an event up to some fifteen minutes late.
"""

import json
import re
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

# Both paths are AWS's own: nobody else may make a role there, and only AWS takes up the first.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
_LINKED: Final = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/aws-service-role/([a-z0-9.-]+)/")
_OF_IDENTITY_CENTER: Final = re.compile(
    r"arn:[a-z-]+:iam::\d{12}:role/aws-reserved/sso\.amazonaws\.com/"
)
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
                told[str(each["EventId"])] = event(each)
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


def event(told: Mapping[str, Any]) -> Event:
    """Give what one event of CloudTrail says of who did what."""
    record = cast("Mapping[str, Any]", json.loads(told.get("CloudTrailEvent") or "{}"))
    named = [each["ResourceName"] for each in told.get("Resources") or () if "ResourceName" in each]
    for part in ("requestParameters", "responseElements"):
        named += list(_texts(record.get(part), 0))[:_NAMES_MAX]
    return Event(
        at=int(cast("datetime", told["EventTime"]).timestamp()) * SECOND,
        act=told["EventName"],
        names=frozenset(named),
        **_who(cast("Mapping[str, Any]", record.get("userIdentity") or {})),
    )


def _who(identity: Mapping[str, Any]) -> dict[str, Any]:
    """Give who it was: the ARN of a user or role, or the service of AWS that acted by itself.

    The name of a session is chosen by whoever takes up the role, so that it vouches for nothing; only IAM Identity
    Center sets it itself. `invokedBy` is in calls that a service makes for somebody too, and tells nothing alone.
    """
    arn = str(identity.get("arn") or "")
    context = cast("Mapping[str, Any]", identity.get("sessionContext") or {})
    issuer = str((context.get("sessionIssuer") or {}).get("arn") or "")
    if identity.get("type") == "AWSService":
        return {"who": str(identity.get("invokedBy") or ""), "is_service": True}
    if linked := _LINKED.match(issuer):
        return {"who": linked[1], "is_service": True}
    if not issuer or _OF_IDENTITY_CENTER.match(issuer):
        return {"who": arn or str(identity.get("principalId") or "")}
    return {"who": issuer, "alias": arn.rpartition("/")[2]}


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
