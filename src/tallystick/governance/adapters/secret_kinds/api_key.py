"""API keys of our own platform: made, used and revoked over its API, by the key of whoever rotates."""

import asyncio
from typing import Any, Final

import msgspec

from tallystick.governance.model.homes import Fence, HomeDenied, HomeDown, HomeRefused, Sealed
from tallystick.governance.model.secrets import SecretSpec
from tallystick.governance.model.values import Environment
from tallystick.runtime.client import (
    Answer,
    NotAnAddress,
    NothingAnswers,
    NotSafe,
    path_of,
    request,
)

PAGES_MAX: Final = 100
# A key of the list carries its place in its label: environments may share a tenant, and people make keys too.
_LABEL: Final = "secret:"


class ApiKey:
    """Keys of one environment at the platform of `url`, made by the holder of `key`."""

    # A process may hold a revoked key to be good for five seconds.
    settles_s = 6

    def __init__(self, *, url: str, key: str, environment: Environment) -> None:
        self._url, self._key, self._environment = url.rstrip("/"), key, environment

    async def make(
        self, *, spec: SecretSpec, old: Sealed | None, rotation: str, fence: Fence
    ) -> Sealed:
        """Make a key; one that an earlier try of this rotation made, and nobody got, is revoked first."""
        label = f"{self._label(spec)}{rotation}"
        for key_id, known in await self._living():
            if known == label:
                await self._revoke(key_id, fence)
        asked = {"label": label} | ({"roles": list(spec.holds)} if spec.holds else {})
        body = msgspec.json.encode(asked)
        await fence()
        made = (await self._ask("POST", "/v1/keys", body=body)).json()
        return Sealed({"key_id": made["key_id"], "key": made["key"]})

    async def install(self, *, spec: SecretSpec, value: Sealed, fence: Fence) -> None:
        """A key is in force as soon as it was made."""

    async def is_alive(self, *, spec: SecretSpec, value: Sealed) -> bool:
        """Ask who it is, with it. Raises HomeDown when nothing answers."""
        answer = await self._send("GET", "/v1/whoami", key=value.reveal().get("key", ""))
        if answer.status >= 500 or answer.status == 429:
            raise HomeDown(f"the platform answers {answer.status}: run the same again")
        return answer.status != 401

    async def revoke_others(self, *, spec: SecretSpec, keep: Sealed, fence: Fence) -> None:
        """Revoke every key of this secret but one."""
        kept = keep.reveal().get("key_id")
        for key_id, label in await self._living():
            if label.startswith(self._label(spec)) and key_id != kept:
                await self._revoke(key_id, fence)

    def _label(self, spec: SecretSpec) -> str:
        return f"{_LABEL}{self._environment}/{spec.name}:"

    async def _revoke(self, key_id: str, fence: Fence) -> None:
        await fence()
        await self._ask("DELETE", path_of("keys", key_id))

    async def _living(self) -> list[tuple[str, str]]:
        found, query = list[tuple[str, str]](), dict[str, str]()
        for _ in range(PAGES_MAX):
            page = (await self._ask("GET", "/v1/keys", query=query)).json()
            found += [
                (one["key_id"], one["label"])
                for one in page.get("items", ())
                if not one.get("revoked_at")
            ]
            if not page.get("after"):
                return found
            query = {"after": page["after"]}
        raise HomeRefused(
            f"the platform has over {PAGES_MAX} pages of keys: revoke what is not used"
        )

    async def _ask(self, method: str, path: str, **asked: Any) -> Answer:
        answer = await self._send(method, path, key=self._key, **asked)
        if answer.is_good:
            return answer
        if answer.status in (401, 403):
            raise HomeDenied(
                f"the platform does not let us {method} {path} ({answer.status}): TALLYSTICK_API_KEY is a key that "
                "may make and revoke keys, and give the roles in `holds`"
            )
        if answer.status >= 500 or answer.status == 429:
            raise HomeDown(f"the platform answers {answer.status}: run the same again")
        raise HomeRefused(f"the platform refuses to {method} {path} ({answer.status})")

    async def _send(self, method: str, path: str, *, key: str, **asked: Any) -> Answer:
        try:
            return await asyncio.to_thread(request, method, self._url + path, key=key, **asked)
        except (NothingAnswers, NotAnAddress, NotSafe) as error:
            raise HomeDown(str(error)) from None
