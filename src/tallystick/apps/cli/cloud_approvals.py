"""What people do about the clouds over the API: agree, break the glass, review it, waive, free, and show evidence."""

import base64
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import typer

from tallystick.apps.cli.asking import ask, fail, write
from tallystick.apps.cli.factors import prove_code, send
from tallystick.audit.model import tiles
from tallystick.kernel import entries
from tallystick.kernel.instants import DAY, render
from tallystick.runtime.client import path_of

app = typer.Typer()
_ESTATE = typer.Argument(help="The estate, such as production-aws.")
_ONLY = typer.Option("", "--estate", help="Only of this estate.")
_CODE = typer.Option("", "--code", help="Prove a second factor with this code first.")
_REASON = typer.Option(..., "--reason", help="Why, for whoever reads it later.")
# An auditor's package has so many tiles of 256 entries at most here: four million entries.
_TILES_MAX: Final = 16_384
_PAGES_MAX: Final = 10_000
_WORDS: Final = {"at", "by", "tag", "on", "outcome", "content", "estate"}
_MISSING_EXIT: Final = 1
_WORST: Final = ("fail", "unknown", "waived", "pass", "not_applicable")


@app.command()
def plans(
    estate: str = _ONLY,
    status: str = typer.Option("", "--status", help="submitted, applied, failed, superseded …."),
    after: str = typer.Option("", "--after", help="Continue after this one."),
) -> None:
    """List plans, newest first, with who agreed to each; broken glasses that nobody reviewed stand above."""
    _ring(estate)
    page = _page("plans", estate=estate, status=status, after=after)
    for one in page.get("items", []):
        by = ", ".join(each["by"] for each in one.get("approvals", [])) or "nobody"
        typer.echo(f"{one['plan']}  {one['estate']:<16} {one['status']:<10} {one['commit'][:12]}")
        typer.echo(f"    {_counts(one)}; agreed: {by}")
    _more(page, "plans")


@app.command()
def approve(
    plan: str = typer.Argument(help="The plan, pln_…."),
    hash_: str = typer.Option(
        "", "--hash", help="The hash of the plan that you read; without it you are asked."
    ),
    code: str = _CODE,
) -> None:
    """Agree that exactly this plan is applied, as somebody else than its author."""
    shown = ask("GET", path_of("cloud", "plans", plan)).json()
    typer.echo(
        f"{shown['plan']}  {shown['estate']}  {shown['commit']}\n    by {shown['author']}: {_counts(shown)}"
    )
    typer.echo(f"    hash {shown['hash']}")
    if not hash_ and not typer.confirm("Have you read it, and agree to exactly this?"):
        raise typer.Exit(1)
    _prove(code)
    done = send(
        "POST", path_of("cloud", "plans", plan, "approve"), {"hash": hash_ or shown["hash"]}
    )
    typer.echo(f"{done['plan']}: {len(done.get('approvals', []))} agreed")


@app.command()
def withdraw(plan: str = typer.Argument(help="The plan, pln_….")) -> None:
    """Take back your word: the plan as its author, your approval as anybody else."""
    done = ask("POST", path_of("cloud", "plans", plan, "withdraw")).json()
    typer.echo(f"{done['plan']}: {done['status']}, {len(done.get('approvals', []))} agreed")


@app.command("break-glass")
def break_glass(
    estate: str = _ESTATE,
    reason: str = _REASON,
    minutes: int = typer.Option(30, "--minutes", help="How long it stays open, 240 at most."),
    code: str = _CODE,
) -> None:
    """Open an estate in an emergency. It rings, it is on record, and somebody else must review it within a day."""
    _prove(code)
    body = {"reason": reason, "minutes": minutes}
    made = send("POST", path_of("cloud", "estates", estate, "break-glass"), body)
    typer.echo(f"{made['break_glass']}: {estate} is open until {made['until']}")
    typer.echo(
        f"somebody else, by {made['review_by']}: tallystick cloud review {made['break_glass']}"
    )


@app.command()
def review(
    glass: str = typer.Argument(help="The break-glass, brk_…."),
    reason: str = _REASON,
    justified: bool = typer.Option(
        True, "--justified/--not-justified", help="Whether it was right to break it."
    ),
    code: str = _CODE,
) -> None:
    """Say, as somebody else, whether it was right to break the glass."""
    _prove(code)
    body = {"opinion": "justified" if justified else "not_justified", "reason": reason}
    done = send("POST", path_of("cloud", "break-glasses", glass, "review"), body)
    typer.echo(f"{done['break_glass']}: {done['opinion']}, by {done['reviewed_by']}")


@app.command()
def waive(  # noqa: PLR0917 - the words of a command
    estate: str = _ESTATE,
    control: str = typer.Argument(help="The control that fails."),
    subject: str = typer.Argument(help="The address that it fails for."),
    reason: str = _REASON,
    days: int = typer.Option(7, "--days", help="When it ends by itself, within 90 days."),
    code: str = _CODE,
) -> None:
    """Let a failure count as waived for a while. A second person agrees (`tallystick approvals`); then ask again."""
    _prove(code)
    # To the day, so that what is asked again after the approval is the same act.
    today = time.time_ns() // 1_000 // DAY * DAY
    body = {
        "estate": estate, "control": control, "subject": subject, "reason": reason,
        "until": render(today + days * DAY),
    }  # fmt: skip
    made = send("POST", path_of("cloud", "waivers"), body)
    typer.echo(f"{made['waiver']}: {control} on {subject} is waived until {made['until']}")


@app.command()
def unlock(estate: str = _ESTATE, reason: str = _REASON, code: str = _CODE) -> None:
    """Free an estate from an apply whose lease has ended without a word of it."""
    _prove(code)
    send("POST", path_of("cloud", "estates", estate, "free"), {"reason": reason})
    typer.echo(f"{estate} is free: look at what is live before you plan again")


@app.command()
def restore(
    estate: str = _ESTATE,
    serial: int = typer.Argument(help="The serial of the version that comes back."),
    reason: str = _REASON,
    code: str = _CODE,
) -> None:
    """Bring back an earlier state. A second person agrees (`tallystick approvals`); then ask again."""
    _prove(code)
    path = f"{path_of('cloud', 'estates', estate)}/state/restore"
    done = send("POST", path, {"serial": serial, "reason": reason})
    typer.echo(f"{estate}: version {serial} is the newest, as serial {done['serial']}; now plan")


@app.command("hand-in")
def hand_in(
    estate: str = _ESTATE,
    state: Path = typer.Argument(help="What the apply left, such as errored.tfstate."),
    reason: str = _REASON,
    code: str = _CODE,
) -> None:
    """Hand in the state that a lost or failed apply left. A second person agrees; then ask again."""
    try:
        content = state.read_bytes()
    except OSError as error:
        fail(f"{state} cannot be read: {error.strerror}")
    _prove(code)
    path = f"{path_of('cloud', 'estates', estate)}/state/hand-in"
    done = send("POST", path, {"content": base64.b64encode(content).decode(), "reason": reason})
    typer.echo(f"{estate}: kept as serial {done['serial']}; delete {state}, it has secrets in it")


@app.command()
def obligations(
    estate: str = _ONLY,
    status: str = typer.Option("", "--status", help="open, overdue, met, broken or dropped."),
    after: str = typer.Option("", "--after", help="Continue after this one."),
) -> None:
    """List what plans could not know and must be seen live; exit code 1 when something is overdue."""
    page = _page("obligations", estate=estate, status=status, after=after)
    items = page.get("items", [])
    for one in items:
        typer.echo(f"{one['status']:<8} {one['due_at'][:16]}Z  {one['control']}  {one['subject']}")
    _more(page, "obligations")
    if any(one["status"] == "overdue" for one in items):
        raise typer.Exit(_MISSING_EXIT)


@app.command()
def evidence(
    estate: str = _ONLY,
    out: Path = typer.Option(None, "--out", help="Write it here, a line of JSON each."),
    record: Path = typer.Option(
        None, "--record", help="An auditor's package (`tallystick audit export`) that must have it."
    ),
    saved: Path = typer.Option(
        None, "--from", help="Read it from this file, as --out wrote it, and ask no platform."
    ),
) -> None:
    """List what was done to the clouds; with `--record` find each in a package, word for word. Exit code 1 else."""
    found = (
        _kept(saved, estate) if saved is not None else list(_everything("evidence", estate=estate))
    )
    lines = [msgspec.json.encode(one) for one in found]
    if out is not None:
        write(b"".join(line + b"\n" for line in lines), out)
    else:
        for one in found:
            typer.echo(
                f"{one['at']}  {one['by']:<31} {one['tag']:<28} {one['on']}  {one['outcome']}"
            )
    if record is not None:
        _demand_recorded(found, record)


def _demand_recorded(found: list[dict[str, Any]], record: Path) -> None:
    known = Counter(_recorded(record))
    missing: list[dict[str, Any]] = []
    for one in found:
        said = _said(one["at"], one["by"], one["tag"], one["on"], one["outcome"], one["content"])
        # Each entry of the package stands for one line: what was done twice is in it twice.
        if known[said]:
            known[said] -= 1
        else:
            missing.append(one)
    for one in missing:
        typer.echo(f"NOT IN THE PACKAGE: {one['at']} {one['tag']} {one['on']}")
    typer.echo(f"{len(found) - len(missing)} of {len(found)} are entries of {record}")
    if missing:
        raise typer.Exit(_MISSING_EXIT)


def _said(*words: Any) -> bytes:
    """Who did what, on what, when, how it ended and all that is said of it, so that it can be compared."""
    return entries.canonical(list(words))


def _kept(saved: Path, estate: str) -> list[dict[str, Any]]:
    """Evidence that was written down before."""
    try:
        lines = saved.read_bytes().splitlines()
        found = [msgspec.json.decode(line, type=dict[str, Any]) for line in lines if line]
    except (OSError, msgspec.DecodeError) as error:
        fail(
            f"{saved} has no evidence: {error}; `tallystick cloud evidence --out {saved}` writes it"
        )
    if any(_WORDS - set(one) for one in found):
        fail(f"{saved} has lines that say less than evidence does: write it anew with --out")
    return [one for one in found if estate in ("", one["estate"])]


def _recorded(record: Path) -> Iterator[bytes]:
    """What every entry of a package says; that it is whole, `tallystick audit verify` says."""
    paths = sorted(path for path in (record / "tile" / "entries").rglob("*") if path.is_file())
    if not paths:
        fail(f"{record} has no entries: `tallystick audit export --out {record}` writes them")
    if len(paths) > _TILES_MAX:
        fail(f"{record} has more than {_TILES_MAX} tiles: export fewer days")
    for path in paths:
        for entry in tiles.unpack(path.read_bytes()):
            told = entries.read(entry)
            yield _said(told.at, told.by, told.tag, told.on, told.outcome, told.content or {})


def _everything(what: str, **words: str) -> Iterator[dict[str, Any]]:
    after = ""
    for _ in range(_PAGES_MAX):
        page = _page(what, after=after, limit="200", **words)
        yield from page.get("items", [])
        after = page.get("after", "")
        if not after:
            return
    fail("there is more than one command reads: name an estate with --estate")


def _page(what: str, **words: str) -> dict[str, Any]:
    query = {name: text for name, text in words.items() if text}
    return ask("GET", path_of("cloud", what), query=query).json()


def _more(page: Mapping[str, Any], command: str) -> None:
    if page.get("after"):
        typer.echo(f"more: tallystick cloud {command} --after {page['after']}")


def _ring(estate: str) -> None:
    for one in _page("break-glasses", estate=estate, unreviewed="true").get("items", []):
        typer.echo(
            f"BROKEN GLASS {one['break_glass']} of {one['estate']}, by {one['by']}: {one['reason']}"
        )
        typer.echo(
            f"    review by {one['review_by']}: tallystick cloud review {one['break_glass']}"
        )


def _counts(plan: Mapping[str, Any]) -> str:
    counts = plan.get("counts", {})
    told = ", ".join(f"{counts[name]} {name}" for name in _WORST if counts.get(name))
    return told or "not judged"


def _prove(code: str) -> None:
    if code:
        prove_code(code)
