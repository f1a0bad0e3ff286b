"""The record for those who check it: verify it offline, pack it for an auditor, look at its state and receipts."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from tallystick.apps import local
from tallystick.apps.cli import checking
from tallystick.apps.cli.asking import ask, demand_writable, fail, write
from tallystick.apps.cli.checking import progress_bar
from tallystick.apps.cli.operating import OPERATOR
from tallystick.apps.comparing import SETTLE_S, logs
from tallystick.apps.comparing import compare as compare_all
from tallystick.apps.compose import apart, operator_database, pen_of, policy_of
from tallystick.apps.parts import Urls
from tallystick.apps.sequencing import keys_file
from tallystick.apps.witness import run as run_witness
from tallystick.audit.adapters.key_file import read_signers
from tallystick.audit.adapters.mirror import Mirror
from tallystick.audit.model.comparing import Comparison
from tallystick.audit.model.notes import (
    ML_DSA_44,
)
from tallystick.audit.model.places import PLATFORM, tree_name
from tallystick.audit.service.exporting import Package, Wanted, demand_published, export
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.kernel.instants import DAY, SECOND, day_start, render
from tallystick.kernel.tags import Tag
from tallystick.runtime.client import path_of
from tallystick.runtime.configuration import Settings, read_settings

app = typer.Typer(help="Check the record, and pack it for auditors.", no_args_is_help=True)
_out = Console()
_err = Console(stderr=True)
_DAY = ["%Y-%m-%d"]
_YEARS = (1900, 2199)

app.command()(checking.verify)
app.command("check-receipt")(checking.check_receipt)


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
    if not _YEARS[0] <= first.year <= last.year <= _YEARS[1]:
        fail(f"days lie between {_YEARS[0]} and {_YEARS[1]}")
    settings = read_settings()
    tenant_id = _tenant_of(tenant)
    wanted = Wanted(
        tenant_id=tenant_id, since=day_start(first.date()), until=day_start(last.date()) + DAY
    )
    with local.databases(settings, must_exist=True) as urls, progress_bar() as progress:
        task = progress.add_task("files", total=None)
        package = asyncio.run(
            _export(
                urls,
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
    urls: Urls, settings: Settings, wanted: Wanted, out: Path, progress: Callable[[int, int], None]
) -> Package:
    name = tree_name(wanted.tenant_id)
    database = operator_database(urls.of("audit"))
    await database.start()
    try:
        await demand_published(database, wanted)
        # On record before it is there: whoever takes a copy is known.
        async with pen_of(urls, "audit") as pen:
            await pen.note(
                caller=Caller(tenant_id=wanted.tenant_id, actor=OPERATOR.actor),
                tag=Tag.AUDIT_PACKAGE_EXPORT,
                on=f"audit:log:{name}",
                content={"since": wanted.since // SECOND, "until": wanted.until // SECOND},
            )
        with _drafted(out) as draft:
            return await export(
                database,
                Mirror(draft),
                wanted=wanted,
                origin=f"{settings.record_origin}/{name}",
                policy=policy_of(settings),
                progress=progress,
            )
    finally:
        await database.stop()


@contextmanager
def _drafted(out: Path) -> Iterator[Path]:
    """A folder that takes its name when all is in it; of one that fails nothing stays."""
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        yield draft
        draft.chmod(0o755)
        draft.rename(out)
    except BaseException:
        rmtree(draft, ignore_errors=True)
        raise


@app.command()
def compare(
    tenant: str = typer.Option(
        "", "--tenant", help="Only this log (tnt_…, or `platform`); all of them without."
    ),
    settle_s: int = typer.Option(
        SETTLE_S,
        "--settle",
        min=0,
        max=DAY // SECOND,
        help="Leave out what was done in the last so many seconds.",
    ),
) -> None:
    """Hold the books and all other tables against the record, both ways; exit code 1 when they differ."""
    settings = read_settings()
    with local.databases(settings, must_exist=True) as urls, progress_bar() as progress:
        found = asyncio.run(_compare(urls, tenant, settle_s, progress))
    for name, comparison in found.items():
        verdict = "[green]agree[/]" if comparison.agrees else "[red]DIFFER[/]"
        _out.print(
            f"{name}  {comparison.acts:,} acts, {comparison.entries:,} entries "
            f"until {render(comparison.until)}: {verdict}",
            highlight=False,
            soft_wrap=True,
        )
        for difference in comparison.differences:
            _out.print(
                f"  [red]{difference.code}[/]: {escape(difference.on)} of {render(difference.at)}",
                highlight=False,
                soft_wrap=True,
            )
            for side, text in (("record", difference.expected), ("tables", difference.found)):
                if text:
                    _out.print(f"    {side} {escape(text)}", highlight=False, soft_wrap=True)
        if comparison.unlisted:
            _out.print(f"  and {comparison.unlisted:,} more", highlight=False)
        if comparison.unopened:
            _out.print(
                f"  {comparison.unopened:,} seals cannot be opened any more", highlight=False
            )
    if not all(comparison.agrees for comparison in found.values()):
        raise typer.Exit(1)


async def _compare(
    urls: Urls, tenant: str, settle_s: int, progress: Progress
) -> dict[str, Comparison]:
    database, own = apart(urls, operator_database)
    async with AsyncExitStack() as stack:
        for one in {database, *own.values()}:
            await one.start()
            stack.push_async_callback(one.stop)
        every = await logs(database, own=own)
        if tenant and tenant not in every:
            # "They agree" must never be the answer to a name that was mistyped.
            raise ValueError(f"there is no tenant {tenant}: `tallystick tenant list` shows them")
        found: dict[str, Comparison] = {}
        for name in [tenant] if tenant else every:
            task = progress.add_task(name, total=None)
            found[name] = await compare_all(
                database,
                tenant_id=_tenant_of(name),
                settle_s=settle_s,
                own=own,
                progress=lambda done, of, task=task: progress.update(
                    task, completed=done, total=of
                ),
            )
            progress.remove_task(task)
        return found


def _tenant_of(name: str) -> int:
    return PLATFORM if name == tree_name(PLATFORM) else tenant_id_of(name)


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
    after: str = typer.Option("", "--after", help="Only entries before this place."),
    limit: int = typer.Option(20, "--limit", help="How many, 1 to 200."),
) -> None:
    """List what was done, newest first."""
    pairs = {"tag": tag, "on": on, "by": by, "after": after, "limit": str(limit)}
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
    if found.get("after"):
        _err.print(f"[dim]earlier ones: --after {found['after']}[/]", highlight=False)


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
    name = tree_name(_tenant_of(tenant))
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
