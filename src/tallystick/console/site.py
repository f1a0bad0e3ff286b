"""The site: who asks for a page, what every page has in common, and how a refusal is said on one."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import quote, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from tallystick.console.cookies import SESSION, Cookies
from tallystick.console.forms import Form, read_form
from tallystick.console.ground import Ground
from tallystick.console.knowing import Knowing, Known
from tallystick.console.marking import Marks, demand_own_form
from tallystick.console.problems import SentByAnotherSite, SignInFirst
from tallystick.console.reader import Reader, reader_of
from tallystick.console.signing import SIGN_IN, STEP_UP
from tallystick.console.statics import Statics
from tallystick.identity.api.access import ApprovalNeeded, StepUpNeeded
from tallystick.identity.api.sessions import ProveSession
from tallystick.kernel.actions import Action
from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Kind, Problem
from tallystick.runtime.refusals import headers_of, status_of, title_of
from tallystick.runtime.routes import NOBODY, Asked, Reply, Route, Shown

HTML: Final = "text/html; charset=utf-8"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
NEXT_MAX: Final = 500
_HEADERS: Final = {"content-security-policy": POLICY, "vary": "cookie, accept-language, hx-request"}
_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
_OWN_SITES: Final = frozenset({b"same-origin", b"none"})


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request for a page: who asks, for whom the page is written, and what they sent."""

    site: "Site"
    asked: Asked
    reader: Reader
    shown: Shown
    form: Form = field(default_factory=Form)

    @property
    def caller(self) -> Caller:
        """Who asks, as every door takes them."""
        return self.asked.caller

    @property
    def is_fragment(self) -> bool:
        """Whether htmx asks for a part of a page."""
        return b"hx-request" in self.shown.headers

    def page(self, template: str, *, status: int = 200, **values: Any) -> Reply:
        """A template with its values, as an answer."""
        return self.site.page(self.shown, template, caller=self.caller, status=status, **values)

    def to(self, path: str, *, cookies: tuple[str, ...] = ()) -> Reply:
        """Send the browser on to another page of ours (RFC 9110, section 15.4.4)."""
        return Reply(status=303, media=HTML, value=b"", headers={"location": path}, cookies=cookies)


Handle = Callable[[Visit], Awaitable[Reply]]


@dataclass(frozen=True, kw_only=True)
class Place:
    """An entry of the menu: its text, its address, other addresses under it, and what whoever opens it must be let."""

    key: str
    path: str
    also: tuple[str, ...] = ()
    action: Action | None = None

    def has(self, path: str) -> bool:
        """Whether a page of this address is under the entry."""
        return path == self.path or any(
            path == one or path.startswith(f"{one}/")
            for one in (self.path, *self.also)
            if one != "/"
        )


class Site:
    """Every page's common ground. It is what the edge asks about pages (``runtime.routes.Pages``).

    ``stepping_up`` answers a form that needs a fresh proof of a second factor with a page that asks for one and keeps
    what was filled in; ``waiting`` one that others must agree to.
    """

    def __init__(self, ground: Ground, *, menu: tuple[Place, ...]) -> None:
        self.ground, self.doors = ground, ground.doors
        self.menu = menu
        actions = [place.action for place in menu if place.action is not None]
        self.knowing = Knowing(doors=ground.doors, clock=ground.clock, actions=actions)
        self.origin = _origin(ground.url)
        self.cookies = Cookies(is_tls=ground.url.startswith("https:"))
        self.statics = Statics()
        self.stepping_up: Callable[[Visit, StepUpNeeded], Awaitable[Reply]] | None = None
        self.waiting: Callable[[Visit, ApprovalNeeded], Awaitable[Reply]] | None = None
        self._templates = Environment(
            loader=PackageLoader("tallystick.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            extensions=[Marks],
        )
        self._templates.globals["static"] = self.statics.path

    # What the edge asks.

    def demand_own(self, shown: Shown) -> None:
        """Raise SentByAnotherSite for a write that no page of ours sent (Fetch Metadata; else the Origin header)."""
        if shown.scope["method"] in _SAFE_METHODS:
            return
        headers = shown.headers
        site = headers.get(b"sec-fetch-site")
        origin = headers.get(b"origin", b"")
        is_own = origin in self._own_origins(headers) if site is None else site in _OWN_SITES
        if not is_own:
            raise SentByAnotherSite("A page of another site sent this, so nothing was done.")

    def _own_origins(self, headers: Mapping[bytes, bytes]) -> tuple[bytes, ...]:
        host = headers.get(b"host", b"")
        return self.origin.encode(), self.origin.partition("://")[0].encode() + b"://" + host

    async def prove(self, shown: Shown, asking: Caller) -> Caller:
        """Prove who asks by the session in the cookie. Raises SignInFirst, SessionNotAccepted."""
        session = self.cookies.given(shown.headers, SESSION)
        if not session:
            raise SignInFirst("Sign in first.")
        message = ProveSession(session=session)
        try:
            caller = await self.doors.sessions.prove(caller=asking, message=message)
        except Problem as problem:
            if problem.kind == Kind.UNAUTHENTICATED:
                self.knowing.forget(session)
            raise
        await self.knowing.learn(session, caller)
        return caller

    def refused(self, problem: Problem, shown: Shown, request_id: str) -> Reply:
        """The page that says a problem; whoever is not signed in is sent to where they can."""
        is_safe = shown.scope["method"] in _SAFE_METHODS
        if problem.kind == Kind.UNAUTHENTICATED:
            place = STEP_UP if isinstance(problem, StepUpNeeded) else SIGN_IN
            there = f"{place}?next={quote(here(shown), safe='')}"
            if b"hx-request" in shown.headers:
                return Reply(status=204, media=HTML, value=b"", headers={"hx-redirect": there})
            if is_safe:
                return Reply(status=303, media=HTML, value=b"", headers={"location": there})
        known = self._known(shown)
        caller = known.caller if known and problem.kind != Kind.UNAUTHENTICATED else NOBODY
        told = headers_of(problem)
        kept = {name: told[name] for name in ("retry-after", "allow") if name in told}
        reply = self.page(
            shown,
            "problem.html",
            caller=caller,
            status=status_of(problem),
            problem=problem,
            sentence=to_you(problem.detail, caller, reader_of(shown.headers)),
            title=title_of(problem.code),
            request_id=request_id,
            is_safe=is_safe,
        )
        return Reply(value=reply.value, status=reply.status, media=HTML, headers=_HEADERS | kept)

    # What pages are made of.

    def page(
        self,
        shown: Shown,
        template: str,
        *,
        caller: Caller = NOBODY,
        status: int = 200,
        **values: Any,
    ) -> Reply:
        """A template with its values and those that every page has."""
        reader = reader_of(shown.headers)
        known = self._known(shown) if caller.tenant_id else None
        denied = known.denied if known else frozenset()
        text = self._templates.get_template(template).render(
            t=reader.text,
            reader=reader,
            caller=caller,
            asker=caller.actor if caller.tenant_id else "",
            signed_in=known,
            menu=[place for place in self.menu if place.action not in denied],
            here=shown.scope["path"],
            is_fragment=b"hx-request" in shown.headers,
            **values,
        )
        return Reply(value=text.encode(), status=status, media=HTML, headers=_HEADERS)

    def _known(self, shown: Shown) -> Known | None:
        session = self.cookies.given(shown.headers, SESSION)
        return self.knowing.of(session) if session else None

    def get(self, path: str, handle: Handle, *, query: Any = None, public: bool = False) -> Route:
        """The route of a page."""
        return Route(
            method="GET", path=path, summary=f"The page {path}", handle=partial(self._show, handle),
            answer=bytes, answer_media=HTML, query=query, public=public, pages=self,
        )  # fmt: skip

    def download(
        self, path: str, handle: Handle, *, media: tuple[str, ...], query: Any = None
    ) -> Route:
        """The route of a file to be kept, of one of these media types; the browser asks for it like for a page."""
        return Route(
            method="GET", path=path, summary=f"The file {path}", handle=partial(self._show, handle),
            answer=bytes, answer_media=media[0], other_media=(*media[1:], HTML), query=query, pages=self,
        )  # fmt: skip

    def post(
        self, path: str, handle: Handle, *, public: bool = False, files: bool = False
    ) -> Route:
        """The route of a form."""
        return Route(
            method="POST", path=path, summary=f"The form {path}", handle=partial(self._do, handle),
            answer=bytes, answer_media=HTML, body=bytes, form=True, files=files, public=public, pages=self,
        )  # fmt: skip

    def _visit(self, asked: Asked, form: Form | None = None) -> Visit:
        assert asked.shown is not None, "a page is shown what the request shows"
        return Visit(
            site=self, asked=asked, reader=reader_of(asked.shown.headers), shown=asked.shown,
            form=form or Form(),
        )  # fmt: skip

    async def _show(self, handle: Handle, asked: Asked) -> Reply:
        return await handle(self._visit(asked))

    async def _do(self, handle: Handle, asked: Asked) -> Reply:
        assert asked.shown is not None, "a page is shown what the request shows"
        media = asked.shown.headers.get(b"content-type", b"").decode("latin-1")
        visit = self._visit(asked, read_form(asked.body, media))
        demand_own_form(visit.form, visit.caller)
        try:
            return await handle(visit)
        except StepUpNeeded as problem:
            if self.stepping_up is None:
                raise
            return await self.stepping_up(visit, problem)
        except ApprovalNeeded as problem:
            if self.waiting is None:
                raise
            return await self.waiting(visit, problem)


def to_you(sentence: str, caller: Caller, reader: Reader) -> str:
    """A sentence about whoever asks, said to them."""
    told = sentence.replace(caller.actor, reader.text("frame.you"))
    return told if told == sentence else told.replace(" of theirs", " of yours")


def here(shown: Shown) -> str:
    """The address of this page within the site, with its query, as ``next`` takes it."""
    query = shown.scope["query_string"].decode("latin-1")
    path = (shown.scope.get("raw_path") or shown.scope["path"].encode()).partition(b"?")[0]
    return own_path(path.decode("latin-1") + (f"?{query}" if query else ""))


def own_path(text: str) -> str:
    """A path of this site that a query named, ``/`` for anything else: nobody is sent elsewhere by a link."""
    parts = urlsplit(text)
    is_own = text.startswith("/") and not text.startswith(("//", "/\\")) and not parts.netloc
    plain = text.isascii() and text.isprintable() and "\\" not in text
    return text if is_own and plain and len(text) <= NEXT_MAX else "/"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
