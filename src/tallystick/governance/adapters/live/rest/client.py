"""Speak to a cloud's REST interface, within bounds of time, tries and size, and refuse in words for a person."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from tallystick.governance.adapters.provider.targets import TargetRefused
from tallystick.governance.adapters.tries import passes, patience

TRIES_MAX: Final = 4
BODY_MAX: Final = 8_388_608
PAGES_MAX: Final = 100
POLLS_MAX: Final = 120

_GOES_ON: Final[Mapping[int, str]] = {
    401: "the token is not good there; get a new one and run it again",
    403: "whoever runs this may not do that there; ask for the role, then run it again",
    404: "there is no such thing there",
    409: "it exists already, or is being changed; import it, or wait and run it again",
    412: "somebody else changed it meanwhile; plan again",
    429: "the cloud asks for patience; wait a minute, then run it again",
}

_MESSAGE: Final = re.compile("<Message>(.*?)</Message>", re.DOTALL)
"""Where storage accounts say why, in XML."""

Pause = Callable[[int], None]


class Answered:
    """One answer: its status, and its body read as JSON."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        self.headers = answer.headers
        self.text = answer.text
        try:
            self.body: Any = answer.json() if answer.content else {}
        except ValueError:
            self.body = {}

    @property
    def reason(self) -> str:
        """What the cloud says of its refusal, in one line."""
        error: Any = self.body.get("error") if isinstance(self.body, dict) else None
        said = error.get("message") if isinstance(error, dict) else error
        marked = _MESSAGE.search(self.text)
        text = said or (marked[1] if marked else self.text) or "no reason is given"
        return " ".join(str(text).split())[:500]


class Client:
    """Ask one cloud. `name` is what refusals call it; `sign` gives the headers that say who asks.

    A request that may be sent twice (or was never taken: 429, 503) is tried `TRIES_MAX` times; making something is
    tried again only when the cloud says that it did not take it.
    """

    def __init__(
        self,
        *,
        name: str,
        base: str,
        sign: Callable[[httpx.Request], Mapping[str, str]],
        pause: Pause = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.name = name
        self.base = base.rstrip("/")
        self._sign = sign
        self._pause = pause
        self._http = httpx.Client(
            timeout=httpx.Timeout(20, connect=5), transport=transport, trust_env=False
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        good: tuple[int, ...] = (),
    ) -> Answered:
        """Ask, and give the answer if it is a good one (2xx, or one of `good`); else raise `TargetRefused`."""
        url = path if path.startswith("http") else f"{self.base}{path}"
        for tried in range(1, TRIES_MAX + 1):
            last = tried == TRIES_MAX
            request = self._http.build_request(
                method, url, params=query or None, json=body, content=content, headers=headers
            )
            request.headers.update(self._sign(request))
            answer = self._sent(request, last=last or method == "POST")
            if answer is None:
                self._pause(patience(None, tried))
            elif not last and passes(answer.status, may_twice=method != "POST"):
                self._pause(patience(answer.headers.get("Retry-After"), tried))
            elif 200 <= answer.status < 300 or answer.status in good:
                return answer
            else:
                raise self._refusal(method, url, answer)
        raise AssertionError("the last try answers or raises")

    def _sent(self, request: httpx.Request, *, last: bool) -> Answered | None:
        try:
            answer = self._http.send(request)
        except httpx.TransportError as fault:
            if not last:
                return None
            place = f"{self.name} at {request.url.host}:{request.url.port or 443}"
            why = str(fault) or type(fault).__name__
            raise TargetRefused(
                f"{place} does not answer ({why}); see that it runs, then run the same again"
            ) from fault
        if len(answer.content) > BODY_MAX:
            raise TargetRefused(f"{self.name} answers with over {BODY_MAX} bytes; nothing was read")
        return Answered(answer)

    def _refusal(self, method: str, url: str, answer: Answered) -> TargetRefused:
        goes_on = _GOES_ON.get(answer.status, "nothing was done; correct what it says")
        path = httpx.URL(url).path
        return TargetRefused(
            f"{self.name} refuses {method} {path} ({answer.status}: {answer.reason}): {goes_on}"
        )

    def wait(self, done: Callable[[], bool], *, what: str) -> None:
        """Wait until it is done, a second at a time, `POLLS_MAX` times at most."""
        for _ in range(POLLS_MAX):
            if done():
                return
            self._pause(1)
        raise TargetRefused(
            f"{self.name} is still at it: {what}; it may come to an end by itself, so refresh later"
        )
