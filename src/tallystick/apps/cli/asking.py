"""How commands reach a running platform, and how they say what it refused."""

import os
from pathlib import Path
from typing import Any, Final, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from tallystick.apps import local
from tallystick.runtime.client import Answer, NotAnAddress, NothingAnswers, request

_err = Console(stderr=True)


# What somebody at a terminal does about a refusal.
_HINTS: Final = {
    "step_up_needed": "`tallystick factors prove` (or `factors add-totp` once), then the same command again",
    "approval_needed": "others: `tallystick approvals approve {approval}`; then the same command again",
    "session_not_accepted": "`tallystick login`",
}


def ask(method: str, path: str, **arguments: Any) -> Answer:
    """Ask the platform; ends the command with one line when it refuses or does not answer.

    The address is TALLYSTICK_URL, else that of the demonstration of this machine. What is shown there is
    TALLYSTICK_API_KEY; without it, the session of whoever signed in there; without one, the demonstration's key.
    """
    url = address()
    key = key_for(url)
    if not key:
        fail(
            "no key: `tallystick login`, or set TALLYSTICK_API_KEY, or run `make up` for the demonstration's"
        )
    if not (key.isascii() and key.isprintable()):
        fail("TALLYSTICK_API_KEY has characters that no key has: copy it again, `tally_…` in ASCII")
    return send(method, url, path, key=key, **arguments)


def key_for(url: str) -> str:
    """What is shown to a platform: TALLYSTICK_API_KEY, or what this machine keeps for it; "" for neither."""
    return os.environ.get("TALLYSTICK_API_KEY") or _kept_for(url)


def address() -> str:
    """Where the platform is that commands speak to."""
    known = local.remembered()
    given = os.environ.get("TALLYSTICK_URL") or (known.url if known else "http://127.0.0.1:8480")
    return given.rstrip("/")


def _kept_for(url: str) -> str:
    """What this machine keeps for a platform: a session or key goes to the address it is of, and nowhere else."""
    session, known = local.kept_session(), local.remembered()
    if session is not None and session.url == url:
        return session.session
    return known.key if known and known.url.rstrip("/") == url else ""


def send(method: str, url: str, path: str, *, key: str, **arguments: Any) -> Answer:
    """Ask the platform at ``url`` and show ``key``; ends the command when it refuses or does not answer."""
    try:
        answer = request(method, url + path, key=key, **arguments)
    except NotAnAddress:
        given = os.environ.get("TALLYSTICK_URL") or url
        fail(f"TALLYSTICK_URL is a URL such as http://127.0.0.1:8480, not {given!r}: set it to one")
    except NothingAnswers:
        fail(f"nothing answers at {url}: start the platform with `make up`, or set TALLYSTICK_URL")
    if not answer.is_good:
        refuse(answer)
    return answer


def write(content: bytes, out: Path | None) -> None:
    """Write a document to a file, or to standard output without one; ends the command when it cannot."""
    if out is None:
        typer.echo(content.decode())
        return
    try:
        out.write_bytes(content)
    except OSError as error:
        fail(f"cannot write {out}: {error.strerror}")


def demand_writable(out: Path | None) -> None:
    """End the command when it could not write there later, and leave what is there as it is."""
    if out is None:
        return
    try:
        if out.exists() and not (out.is_file() or out.is_dir()):
            return  # a pipe or a device, which opening could disturb
        was_there = out.exists()
        out.open("ab").close()
        if not was_there:
            out.unlink()
    except OSError as error:
        fail(f"cannot write {out}: {error.strerror}; nothing was sent")


def refuse(answer: Answer) -> NoReturn:
    """End the command with a problem's code, its sentence and its fields."""
    if "json" not in answer.media:
        fail(f"the server answered {answer.status}")
    problem = answer.json()
    detail = problem.get("detail", "")
    said = (f"{name}: {text}" for name, text in problem.get("fields", {}).items())
    # What is malformed is said in one line already.
    lines = [f"{problem.get('code', answer.status)}: {detail}"]
    lines += [f"    {line}" for line in said if line != detail]
    hint = _HINTS.get(problem.get("code", ""))
    if hint:
        lines.append(f"    next: {hint.format_map(_Named(problem.get('fields', {})))}")
    fail("\n".join(lines))


class _Named(dict[str, str]):
    """The fields of a problem, for a sentence that names them."""

    def __missing__(self, name: str) -> str:
        return f"{name.upper()}"


def fail(text: str) -> NoReturn:
    """End the command with exit code 1."""
    # Escaped and never folded: the text may hold what a customer typed, and a line is one line in a log.
    _err.print(f"[red]tallystick:[/] {escape(text)}", highlight=False, soft_wrap=True)
    raise typer.Exit(1)
