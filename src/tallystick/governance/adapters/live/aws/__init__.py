"""AWS, live: Terraform's types over boto3, at one endpoint (a moto server) or at AWS itself.

The setting of the target is the endpoint's address, or an object with `endpoint`, `region` and `regions` (all that are
looked through); credentials and, where it is left out, the region come from the environment as boto3 finds them.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from tallystick.governance.adapters.live.aws import (
    buckets,
    clusters,
    databases,
    identities,
    keys,
    logs,
    networks,
    reach,
    secrets,
)
from tallystick.governance.adapters.live.aws.ground import Aws, Kind, Values
from tallystick.governance.adapters.provider.targets import TargetRefused

TABLE: Final[Mapping[str, Kind]] = {
    **keys.KINDS,
    **{name: replace(kind, once=True) for name, kind in buckets.KINDS.items()},
    **{name: replace(kind, once=True) for name, kind in identities.KINDS.items()},
    **networks.KINDS,
    **reach.KINDS,
    **databases.KINDS,
    **secrets.KINDS,
    **logs.KINDS,
    **clusters.KINDS,
}


@lru_cache(maxsize=4)
def _aws(endpoint: str | None, region: str | None, regions: tuple[str, ...]) -> Aws:
    return Aws(endpoint_url=endpoint, region=region, regions=regions)


def ground_of(setting: str | Mapping[str, Any]) -> Aws:
    """Give the account of a setting; one setting has one in a process, so that kinds share clients."""
    told: Mapping[str, Any] = {"endpoint": setting} if isinstance(setting, str) else setting
    return _aws(told.get("endpoint"), told.get("region"), tuple(told.get("regions") or ()))


class AwsTarget:
    """The live target of AWS's types: "moto" at an endpoint of its own, else "aws"."""

    def __init__(self, setting: str | Mapping[str, Any]) -> None:
        """Take the setting; nothing is spoken to yet."""
        self.aws = ground_of(setting)
        self.name = "moto" if self.aws.endpoint_url else "aws"

    def create(self, kind: str, values: Values) -> Values:
        """Make one object of this type, and give it back as AWS has it."""
        return _plainly(kind, lambda: TABLE[kind].create(self.aws, values))

    def read(self, kind: str, values: Values) -> Values | None:
        """Read an object as it is now; None when it is gone."""
        return _plainly(kind, lambda: TABLE[kind].read(self.aws, values))

    def update(self, kind: str, prior: Values, values: Values) -> Values:
        """Change an object to these values, and give it back as it then is."""
        return _plainly(kind, lambda: TABLE[kind].update(self.aws, prior, values))

    def delete(self, kind: str, values: Values) -> None:
        """Remove an object; one that is gone already is no error."""
        return _plainly(kind, lambda: TABLE[kind].delete(self.aws, values))

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """The other regions that are looked through."""
        return _plainly("the list of regions", lambda: self.aws.regions)[1:]

    def list_in(self, kind: str, region: str) -> list[Values]:
        """Read every object of this type in another region; none of what is told at once."""
        there = TABLE[kind]
        return [] if there.once else _plainly(kind, lambda: there.list(self.aws.at(region)))

    def list(self, kind: str) -> list[Values]:
        """Read every object of this type in the region, or of the whole account where it tells them at once."""
        return _plainly(kind, lambda: TABLE[kind].list(self.aws))


def _plainly(kind: str, act: Callable[[], Any]) -> Any:
    """Do it, and refuse in words for a person where AWS refuses or is away."""
    try:
        return act()
    except ClientError as refusal:
        told = refusal.response["Error"]
        raise TargetRefused(f"AWS refused {kind}: {told['Code']}: {told['Message']}") from refusal
    except BotoCoreError as away:
        raise TargetRefused(f"AWS did not answer for {kind}: {away}; try the same again") from away
    except LookupError as lost:
        raise TargetRefused(f"AWS lost {kind}: {lost}") from lost


KINDS: Final[dict[str, Callable[[Any], AwsTarget]]] = dict.fromkeys(TABLE, AwsTarget)
