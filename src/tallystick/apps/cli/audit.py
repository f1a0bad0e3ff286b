"""The record for those who check it: verify it offline, pack it for an auditor, look at its state and receipts."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tallystick.apps import local
from tallystick.apps.cli.asking import ask, demand_writable, fail, write
from tallystick.apps.cli.operating import OPERATOR
from tallystick.apps.compose import operator_database, policy_of
from tallystick.apps.sequencing import keys_file
from tallystick.apps.witness import run as run_witness
from tallystick.audit.adapters.key_file import read_signers
from tallystick.audit.adapters.mirror import Mirror
from tallystick.audit.adapters.sources import Address, Folder, Source
from tallystick.audit.model import proof_file
from tallystick.audit.model.merkle import inclusion_ranges, leaf_hash, verify_inclusion
from tallystick.audit.model.notes import (
    ML_DSA_44,
    BadNote,
    VerifierKey,
    parse_checkpoint,
    parse_note,
    signed_by,
)
from tallystick.audit.model.places import PLATFORM, tree_name
from tallystick.audit.model.policy import Policy, parse_policy, satisfied_by
from tallystick.audit.model.verifying import Verdict
from tallystick.audit.service.exporting import Package, Wanted, export
from tallystick.audit.service.verifying import verify as verify_record
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.kernel.instants import DAY, SECOND, day_start
from tallystick.kernel.tags import Tag
from tallystick.runtime.client import path_of
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.configuration import Settings, read_settings
from tallystick.runtime.database import Database
from tallystick.runtime.record import Pen

app = typer.Typer(help="Check the record, and pack it for auditors.", no_args_is_help=True)
_out = Console()
_err = Console(stderr=True)
_DAY = ["%Y-%m-%d"]

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


@app.command()
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
    """Rebuild a whole log from its entries, offline, and name the first that does not fit; exit code 1 then."""
    trusted, rules = _trusted(key), _policy(policy)
    kept = checkpoint.read_bytes() if checkpoint is not None else None
    with _source(source, token) as read, _progress() as progress:
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
            return path.read_text("utf-8").splitlines()
    return [text]


def _policy(path: Path | None) -> Policy | None:
    if path is None:
        return None
    try:
        return parse_policy(path.read_text("utf-8"))
    except ValueError as error:
        fail(f"--policy: {error}")


def _progress() -> Progress:
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


@app.command("export")
def export_(
    out: Path = typer.Option(..., "--out", help="A folder that is not there yet."),
    first: datetime = typer.Option(..., "--from", formats=_DAY, help="First day, included (UTC)."),
    last: datetime = typer.Option(..., "--to", formats=_DAY, help="Last day, included (UTC)."),
    tenant: str = typer.Option(
        "platform", "--tenant", help="Whose log: tnt_…, or `platform` for the platform's own."
    ),
) -> None:
    """Make an auditor's package: entries, tiles, checkpoints, keys, policy, how to check them. It is on record."""
    if out.exists():
        fail(f"{out} is there: name a folder that is not")
    if last < first:
        fail("--to lies before --from")
    settings = read_settings()
    tenant_id = PLATFORM if tenant == "platform" else tenant_id_of(tenant)
    wanted = Wanted(
        tenant_id=tenant_id, since=day_start(first.date()), until=day_start(last.date()) + DAY
    )
    with local.database_url(settings, must_exist=True) as url, _progress() as progress:
        task = progress.add_task("files", total=None)
        package = asyncio.run(
            _export(
                url,
                settings,
                wanted,
                out,
                lambda done, of: progress.update(task, completed=done, total=of),
            )
        )
    _out.print(f"log          {package.origin}", highlight=False, soft_wrap=True)
    _out.print(
        f"entries      {package.first:,} to {package.size:,}, under {package.checkpoints:,} checkpoints",
        highlight=False,
    )
    _out.print(
        f"folder       {escape(str(out))}: its README.md says how to check it",
        highlight=False,
        soft_wrap=True,
    )


async def _export(
    url: str, settings: Settings, wanted: Wanted, out: Path, progress: object
) -> Package:
    database = operator_database(url)
    own = Database(url=url, role="tallystick_audit", pool_size=1)
    for one in (database, own):
        await one.start()
    try:
        # On record first: whoever takes a copy is known before the copy is there.
        caller = Caller(tenant_id=wanted.tenant_id, actor=OPERATOR.actor)
        days = {"since": wanted.since // SECOND, "until": wanted.until // SECOND}
        pen = Pen(database=own, context="audit", clock=SystemClock())
        name = tree_name(wanted.tenant_id)
        await pen.note(
            caller=caller, tag=Tag.AUDIT_PACKAGE_EXPORT, on=f"audit:log:{name}", content=days
        )
        return await export(
            database,
            Mirror(out),
            wanted=wanted,
            origin=f"{settings.record_origin}/{name}",
            policy=policy_of(settings),
            progress=progress,  # type: ignore[arg-type]
        )
    finally:
        for one in (database, own):
            await one.stop()


@app.command()
def state() -> None:
    """Show how the tenant's log stands: its size, what is published, how far behind, and what is wrong."""
    found = ask("GET", "/v1/log").json()
    lines = {
        "log": found["origin"],
        "entries": f"{found['size']:,}, {found['published_size']:,} of them published",
        "behind": f"{found['lag_ms']:,} ms",
        "clocks": f"{found['clock_skew_ms']:,} ms apart",
        "sequenced": found["sequenced_at"],
        "alarms": ", ".join(found.get("alarms", ())) or "none",
    }
    for name, text in lines.items():
        _out.print(f"{name:12}{escape(text)}", highlight=False, soft_wrap=True)


@app.command()
def entries(
    tag: str = typer.Option(
        "", "--tag", help="Only this tag, or with a dot at its end all that begin so."
    ),
    on: str = typer.Option("", "--on", help="Only what was done on this."),
    by: str = typer.Option("", "--by", help="Only what this key, person or job did."),
    limit: int = typer.Option(20, "--limit", help="How many, 1 to 200."),
) -> None:
    """List what was done, newest first."""
    pairs = {"tag": tag, "on": on, "by": by, "limit": str(limit)}
    found = ask("GET", "/v1/log/entries", query={k: v for k, v in pairs.items() if v}).json()
    # Lines and no table: a table cuts at the width of the terminal what one wants to copy.
    for item in found["items"]:
        entry = item["entry"]
        _out.print(
            f"[bold]{item['index']:>9,}[/]  {entry['at']}  {escape(entry['tag'])}  {escape(entry['outcome'])}",
            highlight=False,
            soft_wrap=True,
        )
        _out.print(
            f"           [dim]on[/] {escape(entry['on'])}  [dim]by[/] {escape(entry['by'])}",
            highlight=False,
            soft_wrap=True,
        )


@app.command()
def receipt(
    what: str = typer.Argument(help="pay_… of a payment, or LEDGER/ID of a transaction."),
    out: Path = typer.Option(None, "--out", help="Write it here, not to standard output."),
) -> None:
    """Take the receipt of a payment or transaction: a proof that the record has it, as one file (.tlog-proof)."""
    ledger, slash, act = what.partition("/")
    path = path_of("ledgers", ledger, "transactions", act) if slash else path_of("payments", what)
    demand_writable(out)
    write(ask("GET", f"{path}/receipt").body, out)


@app.command("check-receipt")
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
        signatures = [signed_by(note, one) for one in trusted]
    except ValueError as error:
        fail(f"{file} proves nothing: {error}")
    checkpoint = parse_checkpoint(note.text)
    if proof.extra is None:
        fail(f"{file} does not carry its entry")
    is_named = any(one.name == checkpoint.origin for one in trusted)
    if not any(signatures) or not is_named:
        fail(f"{file} proves nothing: no key that you trust signed it")
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


@app.command("keys")
def keys_(
    tenant: str = typer.Option(
        "platform", "--tenant", help="Whose log: tnt_…, or `platform` for the platform's own."
    ),
    prefix: bool = typer.Option(
        False,
        "--prefix",
        help="The line for a witness's list that watches the logs of all tenants.",
    ),
) -> None:
    """Show the public keys that checkpoints are signed with, to hand to auditors and witnesses."""
    settings = read_settings()
    name = tree_name(PLATFORM if tenant == "platform" else tenant_id_of(tenant))
    origin = settings.record_origin if prefix else f"{settings.record_origin}/{name}"
    for signer in read_signers(keys_file(settings), name=origin):
        if prefix and signer.key.algorithm == ML_DSA_44:
            continue
        typer.echo(("prefix " if prefix else "") + signer.key.render())


def witness(
    home: Path = typer.Option(
        ..., "--home", help="The witness's own folder: its keys, memory and list of logs."
    ),
    name: str = typer.Option(..., "--name", help="Its name, such as witness.example/w1."),
    host: str = typer.Option("127.0.0.1", "--host", help="The address to listen at."),
    port: int = typer.Option(8481, "--port", help="The port to listen at."),
) -> None:
    """Run a witness: it cosigns checkpoints of the logs in its list, and never two histories of one."""
    run_witness(home=home, host=host, port=port, name=name)
