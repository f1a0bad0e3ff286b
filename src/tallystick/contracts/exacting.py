"""Far doors for contracts: what another process answers is held to the wire format, byte for byte as it came."""

import httpx
import msgspec

from tallystick.contracts.promises import Broken
from tallystick.runtime.far import Client
from tallystick.runtime.far.wire import ANSWERED, OUTCOME, methods_of


class ExactingClient(Client):
    """Connections to another implementation of a door, whose answers have nothing in them that the door does not."""

    def __init__(self, door: type) -> None:
        super().__init__()
        self._readers = {
            method.path: msgspec.json.Decoder(method.answer).decode for method in methods_of(door)
        }

    async def post(
        self, url: httpx.URL, *, headers: dict[str, str], body: bytes
    ) -> tuple[int, httpx.Headers, bytes]:
        """Send a body. Raises Broken for an answer that is not exactly of the wire format."""
        status, shown, content = await super().post(url, headers=headers, body=body)
        read = self._readers.get(url.path)
        if read is not None and shown.get(OUTCOME) == ANSWERED:
            try:
                read(content)
            except msgspec.MsgspecError as error:
                raise Broken(f"{url.path} answered in another format: {error}") from None
        return status, shown, content
