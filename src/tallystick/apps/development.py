"""The development issuer: an OpenID provider inside the process, for one machine and its demonstration people.

It asks for a password and a code, or believes anybody at this machine whom they say they are. So it runs with
``TALLYSTICK_DEVELOPMENT=1`` alone, never where ``TALLYSTICK_ENVIRONMENT`` is production, answers the loopback only, and
forgets its keys with the process.
"""

import secrets
from collections.abc import Sequence
from hashlib import sha256
from hmac import compare_digest
from typing import Annotated, Final, NamedTuple

import msgspec
from joserfc import jwk, jws

from tallystick.apps.development_page import page
from tallystick.apps.development_people import PEOPLE, Asking
from tallystick.console.signing import BACK
from tallystick.identity.api.tokens import OAuthError
from tallystick.identity.model.addresses import asking, form_fields, is_loopback_host, is_redirect
from tallystick.identity.model.jws import encoded
from tallystick.kernel.fields import told
from tallystick.kernel.instants import SECOND, Instant
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import malformed
from tallystick.runtime.clock import Clock
from tallystick.runtime.configuration import Settings
from tallystick.runtime.proxies import is_of_this_machine
from tallystick.runtime.refusals import PathNotFound
from tallystick.runtime.routes import Asked, Reply, Route

PATH: Final = "/dev/issuer"
CLIENT: Final = "tallystick-development"
CODES_MAX: Final = 1_000
CODE_LASTS: Final[Instant] = 60 * SECOND
TOKEN_LASTS_S: Final = 300
_NAME: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")


class Authorize(Message, frozen=True):
    """What a client asks of the development issuer (OpenID Connect Core 1.0, section 3.1.2.1)."""

    client_id: Annotated[str, told("``tallystick-development``.")]
    redirect_uri: Annotated[str, told("An address of loopback.")]
    response_type: Annotated[str, told("``code``.")]
    state: Annotated[str, told("Sent back as it is.")]
    nonce: Annotated[str, told("What the ID token carries.")]
    code_challenge: Annotated[str, told("The S256 of the verifier (RFC 7636).")]
    code_challenge_method: Annotated[str, told("``S256``.")]
    scope: Annotated[str, told("Of no effect.")] = ""
    acr_values: Annotated[str, told("Of no effect.")] = ""
    login_hint: Annotated[str, told("Who signs in, at once; without it, a page asks.")] = ""


class _Code(NamedTuple):
    person: str
    redirect: str
    nonce: str
    challenge: str
    until: Instant
    methods: tuple[str, ...]


def issuer_of(settings: Settings) -> str:
    """What the development issuer of this process calls itself."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}{PATH}"


def back_to(settings: Settings) -> str:
    """Where it sends the browser of whoever signs in to the console. Raises ValueError."""
    return f"{settings.console_url}{BACK}"


class DevelopmentIssuer:
    """The issuer itself. Raises ValueError where it must not run."""

    def __init__(self, *, settings: Settings, clock: Clock) -> None:
        if not settings.development or settings.environment == "production":
            raise ValueError("the development issuer does not run in production")
        if not settings.is_of_one_machine or settings.tls_certificate:
            raise ValueError(
                "the development issuer runs on the loopback of one machine, in the clear"
            )
        self.issuer = issuer_of(settings)
        self._clock = clock
        self._known = (back_to(settings),)
        self._key = jwk.ECKey.generate_key("P-256", auto_kid=True)
        self._codes: dict[str, _Code] = {}
        self._asking = Asking()

    def routes(self) -> Sequence[Route]:
        """Its routes, all public."""
        return [
            Route(
                method="GET", path=f"{PATH}/.well-known/openid-configuration",
                summary="What the development issuer publishes", handle=self._discovery, answer=dict, public=True,
            ),
            Route(
                method="GET", path=f"{PATH}/jwks", summary="The keys of the development issuer",
                handle=self._jwks, answer=dict, public=True,
            ),
            Route(
                method="GET", path=f"{PATH}/authorize", summary="Sign in as somebody of the demonstration",
                handle=self._authorize, query=Authorize, answer=bytes, answer_media="text/html", public=True,
            ),
            Route(
                method="POST", path=f"{PATH}/authorize", summary="Sign in with a password and a code",
                handle=self._believe, body=bytes, form=True, answer=bytes, answer_media="text/html", public=True,
            ),
            Route(
                method="POST", path=f"{PATH}/token", summary="Turn a code of the development issuer into tokens",
                handle=self._token, body=bytes, form=True, answer=dict, public=True, refusal=OAuthError,
            ),
        ]  # fmt: skip

    async def _discovery(self, asked: Asked) -> dict[str, object]:
        _demand_this_machine(asked)
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "authorization_response_iss_parameter_supported": True,
        }

    async def _jwks(self, asked: Asked) -> dict[str, object]:
        _demand_this_machine(asked)
        return {"keys": [self._key.as_dict(private=False)]}

    async def _authorize(self, asked: Asked) -> Reply:
        _demand_this_machine(asked)
        query: Authorize = asked.query
        self._demand_question(query)
        if not query.login_hint:
            return self._page(query)
        if not set(query.login_hint) <= _NAME or len(query.login_hint) > 50:
            raise malformed("login_hint", "a name of a-z 0-9 _ -, at most 50")
        # It asks for nothing, so the word for a second factor is as good as that for the first.
        return self._back(query, query.login_hint, ("pwd", "mfa"))

    async def _believe(self, asked: Asked) -> Reply:
        """Take a password and a code for somebody of the demonstration."""
        _demand_this_machine(asked)
        try:
            form = form_fields(asked.body)
            said = {name: form.pop(name, "") for name in ("person", "password", "code")}
            query = msgspec.convert(form, Authorize)
        except ValueError:
            raise malformed("client_id", "this is no form of the development issuer") from None
        self._demand_question(query)
        wrong = self._asking.refusal(
            said["person"], said["password"], said["code"], self._clock.now()
        )
        if wrong:
            return self._page(query, person=said["person"], wrong=wrong)
        return self._back(query, said["person"], ("pwd", "otp", "mfa"))

    def _demand_question(self, query: Authorize) -> None:
        if query.client_id != CLIENT or query.response_type != "code":
            raise malformed("client_id", "the development issuer has one client, and gives codes")
        if query.code_challenge_method != "S256" or not query.code_challenge:
            raise malformed("code_challenge", "PKCE with S256 is asked for")
        if not is_redirect(query.redirect_uri, known=self._known):
            raise malformed("redirect_uri", "the development issuer sends to the loopback only")

    def _back(self, query: Authorize, person: str, methods: tuple[str, ...]) -> Reply:
        """Send the browser back with a code for this person."""
        code, now = secrets.token_urlsafe(32), self._clock.now()
        self._codes = {key: one for key, one in self._codes.items() if now < one.until}
        if len(self._codes) >= CODES_MAX:
            raise malformed("login_hint", "too many sign-ins are under way")
        self._codes[code] = _Code(
            person,
            query.redirect_uri,
            query.nonce,
            query.code_challenge,
            now + CODE_LASTS,
            methods,
        )
        back = {"code": code, "state": query.state, "iss": self.issuer}
        return Reply(status=303, headers={"location": asking(query.redirect_uri, back)})

    def _page(self, query: Authorize, *, person: str = "", wrong: str = "") -> Reply:
        question = {name: text for name, text in msgspec.structs.asdict(query).items() if text}
        here = f"{self.issuer}/authorize"
        return page(
            action=here,
            question=question,
            people=PEOPLE,
            links={name: asking(here, question | {"login_hint": name}) for name in PEOPLE},
            person=person,
            wrong=wrong,
        )

    async def _token(self, asked: Asked) -> Reply:
        _demand_this_machine(asked)
        try:
            form = form_fields(asked.body)
        except ValueError:
            form = {}
        code = self._codes.pop(form.get("code", ""), None)
        challenge = encoded(sha256(form.get("code_verifier", "").encode()).digest())
        if (
            code is None
            or self._clock.now() >= code.until
            or form.get("grant_type") != "authorization_code"
            or form.get("client_id") != CLIENT
            or form.get("redirect_uri") != code.redirect
            or not compare_digest(challenge, code.challenge)
        ):
            raise malformed("code", "it is no code of this client, or used, or too late")
        access = secrets.token_urlsafe(32)
        return Reply(
            value={
                "access_token": access,
                "token_type": "Bearer",
                "expires_in": TOKEN_LASTS_S,
                "id_token": self._id_token(code, access),
            }
        )

    def _id_token(self, code: _Code, access: str) -> str:
        now_s = self._clock.now() // SECOND
        claims = {
            "iss": self.issuer,
            "sub": code.person,
            "aud": CLIENT,
            "iat": now_s,
            "exp": now_s + TOKEN_LASTS_S,
            "auth_time": now_s,
            "nonce": code.nonce,
            "amr": code.methods,
            "at_hash": encoded(sha256(access.encode()).digest()[:16]),
        }
        header = {"alg": "ES256", "kid": self._key.kid, "typ": "JWT"}
        return jws.serialize_compact(header, msgspec.json.encode(claims), self._key)


def _demand_this_machine(asked: Asked) -> None:
    """Raise PathNotFound for anybody but this machine: by address, by the name asked for, and without a proxy."""
    shown = asked.shown
    if (
        shown is None
        or not is_of_this_machine(shown.scope, shown.headers)
        or not is_loopback_host(shown.headers.get(b"host", b"").decode("latin-1"))
    ):
        raise PathNotFound("There is nothing at this path.")
