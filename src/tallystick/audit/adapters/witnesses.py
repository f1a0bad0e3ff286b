"""Witnesses of others, asked over HTTP to cosign our checkpoints."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import httpx

from tallystick.audit.model.notes import (
    BadNote,
    Note,
    Signature,
    VerifierKey,
    cosigned_at,
    decimal_of,
    parse_checkpoint,
    parse_note,
    parse_signature_lines,
    signed_by,
)
from tallystick.audit.model.policy import Policy
from tallystick.audit.model.witnessing import SIZE_TYPE, render_request
from tallystick.runtime.tls import is_loopback

# One call of a witness, from the first byte sent to the last one read.
CALL_S = 10.0
ANSWER_BYTES_MAX = 64 * 1024
# The size we believe in, then what the witness says, and once more where it moved meanwhile.
TRIES_MAX = 3

Prove = Callable[[int, int], Awaitable[Sequence[bytes]]]


class WitnessFailed(Exception):
    """A witness gave no cosignature. Nothing else is wrong: ask again, or do without it."""


class WitnessUnreachable(WitnessFailed):
    """Nobody answered, or not in time."""


class WitnessRefused(WitnessFailed):
    """The witness said no, or what it said cannot be believed. ``status`` is that of its answer."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class WitnessKnowsMore(WitnessFailed):
    """The witness signed a larger tree of this log than ours: ours was rolled back, or somebody forked it."""

    def __init__(self, message: str, *, size: int) -> None:
        super().__init__(message)
        self.size = size


class WitnessClient:
    """One witness, at its submission prefix, with the keys that we trust it by."""

    def __init__(self, *, url: str, keys: Sequence[VerifierKey], http: httpx.AsyncClient) -> None:
        """The client is shared with others and closed by whoever made it."""
        self._url = f"{url.rstrip('/')}/add-checkpoint"
        self._keys, self._http = tuple(keys), http

    async def add(self, *, note: bytes, old: int, prove: Prove) -> tuple[Signature, ...]:
        """Show a signed checkpoint and give the witness's cosignatures of it, verified, one for each key that signed.

        ``old`` is the size that it signed last, as far as we know; where it knows better it is asked again, with the
        proof from there that ``prove`` gives for two sizes. Raises WitnessUnreachable, WitnessRefused,
        WitnessKnowsMore, and BadNote when ``note`` is no checkpoint.
        """
        parsed = parse_note(note)
        size = parse_checkpoint(parsed.text).size
        for _ in range(TRIES_MAX):
            proof = await prove(old, size) if 0 < old < size else ()
            answer, body = await self._post(render_request(old=old, proof=proof, note=note))
            if answer.status_code == 200:
                return self._cosignatures(parsed.text, body)
            told = self._told(answer, body)
            if told > size:
                raise WitnessKnowsMore(f"{self._url} signed a tree of {told} leaves", size=told)
            if told == old:
                raise WitnessRefused(
                    f"{self._url} signed another tree of {told} leaves", status=answer.status_code
                )
            old = told
        raise WitnessRefused(f"{self._url} changes its mind on what it signed", status=409)

    async def _post(self, content: bytes) -> tuple[httpx.Response, bytes]:
        # What is packed may be large when it is unpacked, so nothing packed is asked for.
        headers = {"accept-encoding": "identity", "content-type": "text/plain; charset=utf-8"}
        try:
            async with (
                asyncio.timeout(CALL_S),
                self._http.stream(
                    "POST", self._url, content=content, headers=headers, follow_redirects=False
                ) as answer,
            ):
                return answer, await _read(answer)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            detail = str(error) or type(error).__name__
            raise WitnessUnreachable(f"{self._url} does not answer ({detail})") from error

    def _told(self, answer: httpx.Response, body: bytes) -> int:
        status = answer.status_code
        media = answer.headers.get("content-type", "").partition(";")[0].strip()
        if status != 409 or media != SIZE_TYPE:
            said = body[:200].decode("utf-8", errors="replace").strip()
            raise WitnessRefused(f"{self._url} answers {status}: {said}", status=status)
        try:
            return decimal_of(body.decode("ascii").removesuffix("\n"))
        except ValueError:
            raise WitnessRefused(f"{self._url} tells no size", status=status) from None

    def _cosignatures(self, text: str, body: bytes) -> tuple[Signature, ...]:
        try:
            note = Note(text=text, signatures=parse_signature_lines(body))
            found = [signed_by(note, key) for key in self._keys]
            own = tuple(one for one in found if one is not None)
            is_timed = all(cosigned_at(one) > 0 for one in own)
        except BadNote as error:
            raise WitnessRefused(f"{self._url} signs wrongly: {error}", status=200) from None
        if not own or not is_timed:
            raise WitnessRefused(
                f"{self._url} signs with none of its keys, or not the time", status=200
            )
        return own


async def _read(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) > ANSWER_BYTES_MAX:
            raise WitnessRefused(
                f"{answer.url} answers more than {ANSWER_BYTES_MAX} bytes",
                status=answer.status_code,
            )
    return bytes(body)


@asynccontextmanager
async def clients_of(policy: Policy) -> AsyncIterator[Mapping[str, WitnessClient]]:
    """The witnesses of a policy that have an address, by name, over one client that is closed in the end.

    Raises ValueError for an address that is neither https nor of this machine.
    """
    for witness in policy.witnesses:
        _demand_safe(witness.url)
    context = httpx.create_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    async with httpx.AsyncClient(timeout=CALL_S, verify=context) as http:
        yield {
            witness.name: WitnessClient(url=witness.url, keys=(witness.key,), http=http)
            for witness in policy.witnesses
            if witness.url is not None
        }


def _demand_safe(url: str | None) -> None:
    if url is None:
        return
    try:
        asked = httpx.URL(url)
    except httpx.InvalidURL:
        raise ValueError(f"{url!r} is not the address of a witness") from None
    if asked.scheme != "https" and not (asked.scheme == "http" and is_loopback(asked.host)):
        raise ValueError(f"a witness is asked over https, or on this machine, and not at {url!r}")
