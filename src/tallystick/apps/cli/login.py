"""Signing in and out on this machine, in a browser (RFC 8252), or in development without one."""

import time
import webbrowser
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import msgspec
import typer
from rich.console import Console

from tallystick.apps import local
from tallystick.apps.cli.asking import address, fail, send
from tallystick.apps.development import PATH as DEVELOPMENT
from tallystick.identity.model.addresses import asked, asking
from tallystick.runtime.client import NotAnAddress, NothingAnswers, NotSafe, path_of, request

WAIT_S = 600
REQUESTS_MAX = 50
_CALLBACK = "/callback"

_err = Console(stderr=True)


def login(
    as_: str = typer.Option(
        "", "--as", help="In development: sign in as this person, without a browser."
    ),
    tenant: str = typer.Option(
        "", "--tenant", help="The tenant, tnt_…; the demonstration's without it."
    ),
    provider: str = typer.Option(
        "", "--provider", help="By which provider, where there are several."
    ),
) -> None:
    """Sign in by the tenant's own provider; later commands ask as you, until the session ends."""
    url = address()
    known = local.remembered()
    tenant = tenant or (known.tenant if known and known.url.rstrip("/") == url else "")
    if not tenant:
        fail("name the tenant: --tenant tnt_…")
    with _Listener() as listener:
        question = {"tenant": tenant, "redirect": listener.redirect}
        begun = _post(url, "/v1/sign-in", question | ({"provider": provider} if provider else {}))
        if as_:
            back = _as_somebody(url, begun["url"], as_, redirect=listener.redirect)
        else:
            _err.print("Sign in, in the browser that opens, or at:", highlight=False)
            typer.echo(begun["url"], err=True)
            webbrowser.open(begun["url"])
            back = listener.wait()
    if "error" in back or "code" not in back or "state" not in back:
        fail(f"the provider did not sign you in: {back.get('error', 'no answer came')[:100]}")
    finish = {"tenant": tenant, "flow": begun["flow"], "code": back["code"], "state": back["state"]}
    finish |= {"device": local.device()} | ({"issuer": back["iss"]} if "iss" in back else {})
    signed = _post(url, "/v1/sign-in/finish", finish)
    local.keep_session(
        local.SignedInHere(
            url=url,
            tenant=tenant,
            session=signed["session"],
            session_id=signed["session_id"],
            person=signed["person"],
            expires_at=signed["expires_at"],
        )
    )
    typer.echo(f"signed in as {signed['person']} until {signed['expires_at']}, sooner when idle")


def logout() -> None:
    """End the session that `login` began, and forget it."""
    kept = local.kept_session()
    if kept is None:
        typer.echo("nobody is signed in here")
        return
    local.forget_session()
    try:
        request("DELETE", kept.url + path_of("sessions", kept.session_id), key=kept.session)
    except (NothingAnswers, NotAnAddress, NotSafe):
        fail(f"forgotten here; {kept.url} does not answer, so there the session ends by itself")
    typer.echo("signed out")


def _post(url: str, path: str, value: dict[str, str]) -> Any:
    return send("POST", url, path, key="", body=msgspec.json.encode(value)).json()


def _as_somebody(url: str, question: str, name: str, *, redirect: str) -> dict[str, str]:
    """Ask the development issuer as a browser would in which somebody chose a name."""
    if not question.startswith(f"{url}{DEVELOPMENT}/"):
        fail("--as is for the development issuer; this tenant has another: leave --as out")
    answer = send("GET", asking(question, {"login_hint": name}), "", key="")
    if not answer.location.startswith(f"{redirect}?"):
        fail("the development issuer did not answer as it must")
    return asked(answer.location)


class _Listener:
    """What the browser comes back to: one address of loopback, at a port that is free."""

    def __init__(self) -> None:
        self._server = HTTPServer(("127.0.0.1", 0), _Answering)
        self._server.back = None  # pyright: ignore[reportAttributeAccessIssue]
        self.redirect = f"http://127.0.0.1:{self._server.server_port}{_CALLBACK}"

    def __enter__(self) -> "_Listener":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()

    def wait(self) -> dict[str, str]:
        """Wait for the browser, ten minutes and fifty requests at most: what it brought, if it came."""
        end_s = time.monotonic() + WAIT_S
        for _ in range(REQUESTS_MAX):
            self._server.timeout = max(0, end_s - time.monotonic())
            self._server.handle_request()
            back: dict[str, str] | None = self._server.back  # pyright: ignore[reportAttributeAccessIssue]
            if back is not None:
                return back
            if time.monotonic() >= end_s:
                break
        return {}


class _Answering(BaseHTTPRequestHandler):
    """Takes the answer that the provider sends through the browser, and shows none of it."""

    timeout = 10

    def do_GET(self) -> None:
        """Take what came to our address; anything else is not found."""
        is_ours = self.path.partition("?")[0] == _CALLBACK
        try:
            back = asked(self.path) if is_ours else {}
        except ValueError:
            back = {}
        good = "state" in back
        if good:
            self.server.back = back  # pyright: ignore[reportAttributeAccessIssue]
        text = (
            b"You may close this page and go back to the terminal." if good else b"Nothing is here."
        )
        self.send_response(200 if good else 404)
        for name, value in (
            ("content-type", "text/plain; charset=utf-8"),
            ("content-length", str(len(text))),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the address has the code in it."""
