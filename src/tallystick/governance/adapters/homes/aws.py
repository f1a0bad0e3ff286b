"""AWS Secrets Manager through boto3, which finds region and credentials as it does everywhere.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/
"""

import asyncio
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgspec

from tallystick.governance.model.homes import (
    VERSIONS_MAX,
    Copy,
    HomeDenied,
    HomeDown,
    HomeRefused,
    Mark,
    NotThere,
    Place,
    Sealed,
    Version,
    VersionGone,
    stored,
    taken,
)
from tallystick.governance.model.secrets import HomeName

TIMEOUT_S: Final = 10
TRIES_MAX: Final = 3
_DENIED: Final = {
    "AccessDeniedException", "ExpiredTokenException", "InvalidClientTokenId", "InvalidSignatureException",
    "UnrecognizedClientException", "IncompleteSignature", "NotAuthorized",
}  # fmt: skip
_CURRENT: Final = "AWSCURRENT"


class Amazon:
    """The secrets of an account in a region; `production/smtp` is `tallystick/production/smtp` there.

    AWS destroys no single version: one that has no stage is deprecated, which AWS deletes by itself, and nobody finds
    it by a name. Until then whoever knows its id can read it, and so does this home.
    """

    name: HomeName = "aws"
    destroys = False

    def __init__(self, *, region: str, endpoint: str = "") -> None:
        """Raises ValueError when boto3 is not installed."""
        try:
            import boto3  # noqa: PLC0415
            from botocore.config import Config  # noqa: PLC0415
        except ImportError:
            raise ValueError("the home aws needs boto3: pip install 'tallystick[aws]'") from None
        self._client: Any = boto3.Session().client(
            "secretsmanager",
            region_name=region,
            endpoint_url=endpoint or None,
            config=Config(
                connect_timeout=TIMEOUT_S,
                read_timeout=TIMEOUT_S,
                retries={"total_max_attempts": TRIES_MAX, "mode": "standard"},
            ),
        )

    async def read(self, *, place: Place, version: str | None = None) -> Copy:
        """The newest version, or the one that is named. Raises NotThere, VersionGone."""
        if version and not any(one.version == version for one in await self.versions(place=place)):
            raise VersionGone(f"version {version} of {place} in aws was deleted, or never was")
        asked = {"VersionId": version} if version else {"VersionStage": _CURRENT}
        try:
            found = await self._ask(
                place, self._client.get_secret_value, SecretId=_at(place), **asked
            )
        except NotThere:
            if not version:
                raise
            raise VersionGone(f"version {version} of {place} in aws was deleted") from None
        try:
            fields = msgspec.json.decode(found.get("SecretString", ""))
        except msgspec.DecodeError:
            fields = None
        return taken(fields, version=found["VersionId"], home=self.name, place=place)

    async def write(self, *, place: Place, value: Sealed, mark: Mark) -> str:
        """Add a version, and the secret itself where there is none."""
        text = msgspec.json.encode(stored(value, mark), order="deterministic").decode()
        # A retry of this call is the same version; a later call is another, whoever wrote between them.
        token = secrets.token_hex(32)
        put = partial(
            self._client.put_secret_value,
            SecretId=_at(place),
            SecretString=text,
            ClientRequestToken=token,
        )
        try:
            return (await self._ask(place, put))["VersionId"]
        except NotThere:
            make = partial(
                self._client.create_secret,
                Name=_at(place),
                SecretString=text,
                ClientRequestToken=token,
            )
            return (await self._ask(place, make))["VersionId"]

    async def versions(self, *, place: Place) -> tuple[Version, ...]:
        """All versions that have a stage or had one, the current first, a hundred at most."""
        try:
            await self._ask(place, self._client.describe_secret, SecretId=_at(place))
        except NotThere:
            return ()
        found = await self._ask(
            place,
            self._client.list_secret_version_ids,
            SecretId=_at(place),
            IncludeDeprecated=True,
            MaxResults=VERSIONS_MAX,
        )
        known = [(one["VersionId"], one.get("VersionStages") or []) for one in found["Versions"]]
        known.sort(key=lambda one: _CURRENT not in one[1])
        return tuple(Version(version=one, is_readable=bool(stages)) for one, stages in known)

    async def destroy(self, *, place: Place, version: str) -> None:
        """Take all stages from a version that is not the current one."""
        known = await self._ask(
            place,
            self._client.list_secret_version_ids,
            SecretId=_at(place),
            MaxResults=VERSIONS_MAX,
        )
        for one in known["Versions"]:
            if one["VersionId"] != version:
                continue
            for stage in one.get("VersionStages") or []:
                await self._ask(
                    place,
                    self._client.update_secret_version_stage,
                    SecretId=_at(place),
                    VersionStage=stage,
                    RemoveFromVersionId=version,
                )

    async def _ask(self, place: Place, call: Callable[..., Any], **asked: Any) -> Any:
        try:
            return await asyncio.to_thread(call, **asked)
        except Exception as error:
            raise _refusal(error, place) from None


def _refusal(error: Exception, place: Place) -> HomeRefused:
    """What boto3 raises, in our words: its own may quote what was sent."""
    response = getattr(error, "response", None)
    if response is None:
        kind = type(error).__name__
        if "Credentials" in kind or "Token" in kind:
            return HomeDenied(f"aws finds no credentials that work ({kind}): look at the profile")
        return HomeDown(f"aws is down: {kind}. What was done stays; run the same again")
    code = response["Error"]["Code"]
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    if code == "ResourceNotFoundException":
        return NotThere(f"aws has no {place}: a sync writes it there")
    if code in _DENIED:
        return HomeDenied(f"aws does not let us do this to {place} ({code}): look at the policy")
    if status >= 500 or status == 429:
        return HomeDown(f"aws is down: {code}. What was done stays; run the same again")
    return HomeRefused(f"aws refuses {place} ({code})")


def _at(place: Place) -> str:
    return f"tallystick/{place}"
