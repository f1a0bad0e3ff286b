"""A distribution that stands in for wallets: ours, with wallet numbers of its own for those that say none."""

from typing import Any

from msgspec import structs

from tallystick.kernel.callers import Caller
from tallystick.runtime.substituting import Ground
from tallystick.wallets.api import OpenWallet, Wallet


class Nicknames:
    """Our wallets, passed on; a wallet without an id gets one that begins with B."""

    def __init__(self, ground: Ground) -> None:
        self._ours, self._mint = ground.ours, ground.mint

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ours, name)

    async def open(self, *, caller: Caller, message: OpenWallet) -> Wallet:
        """Open a wallet."""
        if message.id is None:
            message = structs.replace(message, id=f"B-{self._mint.id('number').upper()}")
        return await self._ours.open(caller=caller, message=message)


def build(ground: Ground) -> Nicknames:
    """What the entry point names: makes the substitute."""
    return Nicknames(ground)
