"""What the holder of the key did lately, over the API."""

import typer

from tallystick.apps.cli.asking import ask

_PATH = "/v1/acts"


def acts(
    after: str = typer.Option("", "--after", help="Continue before this place."),
    limit: int = typer.Option(20, "--limit", help="How many at most, 1 to 200."),
) -> None:
    """Show what you did lately, with the outcome, and whether repeating it is safe."""
    query = {"limit": str(limit)} | ({"after": after} if after else {})
    page = ask("GET", _PATH, query=query).json()
    for act in page["items"]:
        outcome = "" if act["outcome"] == "done" else f" ({act['outcome']})"
        typer.echo(f"{act['at']}  {act['title']}{outcome}  {act['on']}")
        typer.echo(f"    request {act['request']}")
        safe = "safe to repeat" if act["may_repeat"] else "NOT safe to repeat"
        typer.echo(f"    {safe}: {act['repeating']}")
    typer.echo(f"complete until {page['complete_until']}")
    if page.get("after"):
        typer.echo(f"more: tallystick acts --after {page['after']}")
