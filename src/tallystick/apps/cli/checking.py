"""Checking a record offline: a whole log, or a receipt. Nothing here needs a platform or its database."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tallystick.apps.cli.asking import fail
from tallystick.audit.adapters.sources import Address, Folder, Source
from tallystick.audit.model import proof_file
from tallystick.audit.model.merkle import inclusion_ranges, leaf_hash, verify_inclusion
from tallystick.audit.model.notes import (
    BadNote,
    VerifierKey,
    parse_checkpoint,
    parse_note,
    signed_by,
)
from tallystick.audit.model.policy import Policy, parse_policy, satisfied_by
from tallystick.audit.model.verifying import Verdict
from tallystick.audit.service.verifying import verify as verify_record

NOT_ALL_READ_EXIT = 3

_out = Console()
_err = Console(stderr=True)

Keys = Annotated[
    list[str],
    typer.Option(
        "--key",
        help="The log's public key (a vkey, or a file of them), from elsewhere than the log.",
    ),
]
PolicyFile = Annotated[
    Path | None, typer.Option("--policy", help="Which witnesses must have cosigned (tlog-policy).")
]


def verify(
    source: str = typer.Argument(help="A folder, or the URL under which a log is served."),
    key: Keys = [],  # noqa: B006
    checkpoint: Path = typer.Option(
        None, "--checkpoint", help="The checkpoint you kept last time: the log must continue it."
    ),
    policy: PolicyFile = None,
    token: str = typer.Option(
        "", "--token", envvar="TALLYSTICK_API_KEY", help="The API key for a URL that asks for one."
    ),
) -> None:
    """Rebuild a whole log from its entries, offline, and name the first that does not fit; exit code 1 then.

    Exit code 3 when it holds, and not all entries were there to be read.
    """
    trusted, rules = _trusted(key), _policy(policy)
    kept = checkpoint.read_bytes() if checkpoint is not None else None
    with _source(source, token) as read, progress_bar() as progress:
        task = progress.add_task("entries", total=None)
        verdict = verify_record(
            read,
            trusted=trusted,
            policy=rules,
            last_checkpoint=kept,
            progress=lambda done, of: progress.update(task, completed=done, total=of),
        )
    _tell(verdict)
    if not verdict.holds:
        raise typer.Exit(1)
    # Up to the checkpoint of last time they were read then.
    if verdict.first > (parse_checkpoint(parse_note(kept).text).size if kept else 0):
        _out.print(
            f"[yellow]not read[/]: the texts of entries before {verdict.first:,}. Verify the package that has them, or "
            "name the checkpoint of then with --checkpoint",
            highlight=False,
            soft_wrap=True,
        )
        raise typer.Exit(NOT_ALL_READ_EXIT)


@contextmanager
def _source(source: str, token: str) -> Iterator[Source]:
    if source.startswith(("http://", "https://")):
        with closing(Address(source, token=token or None)) as address:
            yield address
    elif Path(source).is_dir():
        yield Folder(Path(source))
    else:
        fail(f"there is no folder {source}: name one, or a URL")


def _trusted(texts: list[str]) -> list[VerifierKey]:
    """Read the keys that were given: each a vkey, or the path of a file with one a line."""
    if not texts:
        fail("give the log's public key with --key, and take it from elsewhere than the log itself")
    lines = [line for text in texts for line in _key_lines(text) if line.strip()]
    try:
        return [VerifierKey.parse(line.strip()) for line in lines]
    except BadNote as error:
        fail(f"--key: {error}")


def _key_lines(text: str) -> list[str]:
    path = Path(text)
    with suppress(OSError):
        if len(text) < 1_000 and path.is_file():
            return path.read_bytes().decode("utf-8", "replace").splitlines()
    return [text]


def _policy(path: Path | None) -> Policy | None:
    if path is None:
        return None
    try:
        return parse_policy(path.read_text("utf-8"))
    except ValueError as error:
        fail(f"--policy: {error}")


def progress_bar() -> Progress:
    """A bar on standard error that goes away when it is full."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=_err,
        transient=True,
    )


def _tell(verdict: Verdict) -> None:
    if verdict.origin:
        root = verdict.root.hex() if isinstance(verdict.root, bytes) else verdict.root
        lines = {
            "log": verdict.origin,
            "entries": f"{verdict.size:,}",
            "read": f"from {verdict.first:,} on"
            + (" (earlier ones stand by their hashes)" if verdict.first else ""),
            "root": str(root),
            "checkpoints": f"{verdict.checkpoints:,}",
        }
        for name, text in lines.items():
            _out.print(f"{name:12}{escape(text)}", highlight=False, soft_wrap=True)
    if verdict.holds:
        _out.print("[green]holds[/]: every entry is the one that was signed", highlight=False)
        return
    for failure in verdict.failures:
        _out.print(
            f"[red]{failure.code}[/]: {escape(failure.place)}", highlight=False, soft_wrap=True
        )
        for name, text in (("expected", failure.expected), ("found", failure.found)):
            if text:
                _out.print(f"    {name} {escape(text)}", highlight=False, soft_wrap=True)
        _out.print(f"    [dim]{escape(failure.advice)}[/]", highlight=False, soft_wrap=True)
    if verdict.unlisted:
        _out.print(f"and {verdict.unlisted:,} more of the same kinds", highlight=False)


def check_receipt(
    file: Path = typer.Argument(help="A receipt (.tlog-proof)."),
    key: Keys = [],  # noqa: B006
    policy: PolicyFile = None,
) -> None:
    """Check a receipt offline and show what it proves; exit code 1 when it proves nothing."""
    trusted, rules = _trusted(key), _policy(policy)
    try:
        proof = proof_file.parse_proof(file.read_bytes())
        note = parse_note(proof.checkpoint)
        checkpoint = parse_checkpoint(note.text)
        # A key of another log says nothing about this one.
        own = [one for one in trusted if one.name == checkpoint.origin]
        signatures = [signed_by(note, one) for one in own]
    except ValueError as error:
        fail(f"{file} proves nothing: {error}")
    if proof.extra is None:
        fail(f"{file} does not carry its entry")
    if not any(signatures):
        fail(f"{file} proves nothing: no key of {checkpoint.origin} that you trust signed it")
    if rules is not None and not satisfied_by(rules, note):
        fail(f"{file} proves too little: not enough witnesses of the policy cosigned it")
    if len(proof.hashes) != len(
        inclusion_ranges(proof.index, checkpoint.size)
    ) or not verify_inclusion(
        leaf=leaf_hash(proof.extra),
        index=proof.index,
        size=checkpoint.size,
        root=checkpoint.root,
        proof=proof.hashes,
    ):
        fail(f"{file} proves nothing: its entry is not in the log that was signed")
    _out.print(
        f"[green]proven[/]: entry {proof.index:,} of {checkpoint.origin}, of {checkpoint.size:,}",
        highlight=False,
    )
    typer.echo(proof.extra.decode())
