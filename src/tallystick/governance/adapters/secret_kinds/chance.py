"""Secrets that are chance and nothing else: their homes are all that knows them, so homes end them."""

import secrets
from base64 import b64encode
from typing import Final

from tallystick.governance.model.homes import Fence, Sealed
from tallystick.governance.model.secrets import SecretSpec

BYTES: Final = 32
# Standard Webhooks: the key in base64 after this, which libraries of others expect.
_WEBHOOK: Final = "whsec_"


class Chance:
    """`random` is 256 bits in hex; `webhook_hmac` the same as Standard Webhooks writes its keys."""

    settles_s = 0

    async def make(
        self, *, spec: SecretSpec, old: Sealed | None, rotation: str, fence: Fence
    ) -> Sealed:
        """Draw a new value."""
        if spec.kind == "webhook_hmac":
            return Sealed({"key": _WEBHOOK + b64encode(secrets.token_bytes(BYTES)).decode()})
        return Sealed({"value": secrets.token_hex(BYTES)})

    async def install(self, *, spec: SecretSpec, value: Sealed, fence: Fence) -> None:
        """Nobody issues it: to be in its homes is to be in force."""

    async def is_alive(self, *, spec: SecretSpec, value: Sealed) -> bool:
        """Nobody can be asked with it; whether a home still gives it out is for the homes to say."""
        return False

    async def revoke_others(self, *, spec: SecretSpec, keep: Sealed, fence: Fence) -> None:
        """Nobody issued it: its versions in the homes are destroyed."""
