"""Who may do what, over the API: people, roles, delegations, rules, and why."""

from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from tallystick.apps.cli.asking import ask
from tallystick.runtime.client import path_of

people = typer.Typer(
    help="Add and list people, suspend them, and let them in again.", no_args_is_help=True
)
roles = typer.Typer(help="List and make roles, give and take them.", no_args_is_help=True)
delegations = typer.Typer(
    help="Let somebody do something within bounds, and take it back.", no_args_is_help=True
)
rule = typer.Typer(help="Say from where, with what and how fresh people act.", no_args_is_help=True)
_out = Console()

_AFTER = typer.Option("", "--after", help="Continue after this one.")
_HOLDER = typer.Option("", "--holder", help="Of one person, key or client only.")
_FROM = typer.Option("", "--from", help="From when, RFC 3339; now without it.")
_UNTIL = typer.Option("", "--until", help="Until when, RFC 3339.")


def whoami() -> None:
    """Say who is asking: the tenant, and the person or key."""
    found = ask("GET", "/v1/whoami").json()
    _say(f"{found['actor']}  of {found['name']} ({found['tenant']})")


def explain(
    *,
    what: str = typer.Argument(help="A decision dec_…, or a person, key or client."),
    action: str = typer.Argument(
        "", help="With a person, key or client: the action, such as ledger.transaction.post."
    ),
    account: str = typer.Option("", "--account", help="The account that is read or debited."),
    credit: str = typer.Option("", "--credit", help="The account that money goes to."),
    amount: str = typer.Option("", "--amount", help="How much, in minor units."),
    asset: str = typer.Option("", "--asset", help="Of which asset."),
) -> None:
    """Say in a sentence why something was allowed or not, or whether somebody could do it."""
    if what.startswith("dec_"):
        found = ask("GET", path_of("decisions", what)).json()
    else:
        wanted = {
            "holder": what, "action": action, "account": account, "credit": credit, "amount": amount, "asset": asset,
        }  # fmt: skip
        found = _send("POST", "/v1/explanations", wanted)
    _say(found["sentence"])
    _say(f"decision  {found['decision']}  at {found['at']}")
    _say(f"policies  {', '.join(found['reasons']) or 'none allows it'}")
    same = (
        "the same, to the bit"
        if found["again"]
        else "SOMETHING ELSE: what is on record was changed"
    )
    _say(f"again     {same}")
    if not found["allowed"]:
        raise typer.Exit(2)


@people.command("add")
def add_person(
    name: str = typer.Argument(help="What they are called."),
    issuer: str = typer.Option("", "--issuer", help="The provider they sign in with."),
    subject: str = typer.Option("", "--subject", help="How that provider names them."),
) -> None:
    """Add a person."""
    _say_person(_send("POST", "/v1/people", {"name": name, "issuer": issuer, "subject": subject}))


@people.command("list")
def list_people(after: str = _AFTER) -> None:
    """List people, and what each may do, a page at a time."""
    _page("/v1/people", after, _say_person, "people list")


@people.command("show")
def show_person(person: str = typer.Argument(help="The person, per_….")) -> None:
    """Show a person, and what they may do in a sentence."""
    _say_person(ask("GET", path_of("people", person)).json())


@people.command("suspend")
def suspend_person(person: str = typer.Argument(help="The person, per_….")) -> None:
    """Suspend a person: their sessions end, and they can do nothing."""
    _set_status(person, "suspended")


@people.command("resume")
def resume_person(person: str = typer.Argument(help="The person, per_….")) -> None:
    """Let a suspended person in again."""
    _set_status(person, "active")


@people.command("remove")
def remove_person(person: str = typer.Argument(help="The person, per_….")) -> None:
    """Let a person go for good."""
    _set_status(person, "left")


@people.command("risk")
def set_risk(
    person: str = typer.Argument(help="The person, per_…."),
    risk: int = typer.Argument(help="0 to 100."),
) -> None:
    """Say how risky a person is now."""
    body = msgspec.json.encode({"risk": risk})
    _say_person(ask("PUT", path_of("people", person, "risk"), body=body).json())


def _set_status(person: str, status: str) -> None:
    body = msgspec.json.encode({"status": status})
    _say_person(ask("PUT", path_of("people", person, "status"), body=body).json())


@roles.command("list")
def list_roles() -> None:
    """List roles, and what each lets somebody do."""
    for role in ask("GET", "/v1/roles").json()["items"]:
        own = "" if role.get("built_in") else "  (your own)"
        _say(f"{role['role']}{own}\n    {role['title']}")
        for act in role["acts"]:
            _say(f"      · {act}")


@roles.command("make")
def make_role(
    role: str = typer.Argument(help="A word of a-z 0-9 _."),
    title: str = typer.Argument(help="What it is, in plain words."),
    bundles: list[str] = typer.Argument(help="The bundles in it, such as read_books."),
) -> None:
    """Make a role of bundles."""
    made = _send("POST", "/v1/roles", {"role": role, "title": title, "bundles": bundles})
    _say(f"{made['role']}: {', '.join(made['acts'])}")


@roles.command("end")
def end_role(role: str = typer.Argument(help="A role of your own.")) -> None:
    """End a role of your own."""
    _say(f"{ask('DELETE', path_of('roles', role)).json()['role']} ended")


@roles.command("give")
def give_role(
    holder: str = typer.Argument(help="A person, key or client."),
    role: str = typer.Argument(help="The role."),
    from_: str = _FROM,
    until: str = _UNTIL,
) -> None:
    """Give a role; another person must agree."""
    given = _send(
        "POST",
        "/v1/memberships",
        {"holder": holder, "role": role, "from_at": from_, "until_at": until},
    )
    _say(_membership_line(given))


@roles.command("take")
def take_role(membership: str = typer.Argument(help="The giving of it, mem_….")) -> None:
    """Take a role back; it bites within five seconds."""
    _say(_membership_line(ask("DELETE", path_of("memberships", membership)).json()))


@roles.command("held")
def held_roles(holder: str = _HOLDER, after: str = _AFTER) -> None:
    """List who holds which role, a page at a time."""
    _page(
        "/v1/memberships",
        after,
        lambda one: _say(_membership_line(one)),
        "roles held",
        holder=holder,
    )


@delegations.command("list")
def list_delegations(holder: str = _HOLDER, after: str = _AFTER) -> None:
    """List delegations, a page at a time."""
    _page("/v1/delegations", after, _say_delegation, "delegations list", holder=holder)


@delegations.command("give")
def give_delegation(
    *,
    holder: str = typer.Argument(help="A person, key or client."),
    actions: list[str] = typer.Argument(help="pay, transfer, see, or names of actions."),
    accounts: list[str] = typer.Option(..., "--account", help="An account, or customers:...; again for more."),
    credits: list[str] = typer.Option([], "--credit", help="Where money may go; anywhere without it."),
    asset: str = typer.Option("", "--asset", help="The asset of the amounts."),
    each: str = typer.Option("", "--each", help="The most of one act, in minor units."),
    most: str = typer.Option("", "--most", help="The most within a slot, in minor units."),
    slot: str = typer.Option("", "--slot", help="hour, day, week, month or opening."),
    opens: str = typer.Option("", "--opens", help="From what time of day, HH:MM."),
    closes: str = typer.Option("", "--closes", help="Until what time of day, HH:MM."),
    days: list[int] = typer.Option([], "--day", help="A day of the week, Monday 1; again for more."),
    zone: str = typer.Option("UTC", "--zone", help="The time zone."),
    from_: str = _FROM,
    until: str = _UNTIL,
    step_up_above: str = typer.Option("", "--step-up-above", help="Above this a fresh second factor is asked for."),
    approvers: int = typer.Option(0, "--approvers", help="How many others must agree."),
    approve_above: str = typer.Option("", "--approve-above", help="Only above this."),
) -> None:  # fmt: skip
    """Let somebody do something within bounds; another person must agree."""
    wanted: dict[str, Any] = {
        "holder": holder, "actions": actions, "accounts": accounts, "credits": credits, "asset": asset,
        "cap_each": each, "cap_slot": most, "slot": slot, "opens": opens, "closes": closes, "days": days,
        "time_zone": zone, "from_at": from_, "until_at": until, "step_up_above": step_up_above,
        "approvers": approvers, "approve_above": approve_above,
    }  # fmt: skip
    _say_delegation(_send("POST", "/v1/delegations", wanted))


@delegations.command("take")
def take_delegation(delegation: str = typer.Argument(help="The delegation, dlg_….")) -> None:
    """Take a delegation back; it bites within five seconds."""
    _say_delegation(ask("DELETE", path_of("delegations", delegation)).json())


@rule.command("show")
def show_rule() -> None:
    """Show what the tenant asks of whoever acts."""
    _say_rule(ask("GET", "/v1/access-rule").json())


@rule.command("set")
def set_rule(
    networks: list[str] = typer.Option([], "--network", help="A network people may act from; again for more."),
    countries: list[str] = typer.Option([], "--country", help="A country people may act from; again for more."),
    known_devices: bool = typer.Option(False, "--known-devices", help="Only from devices with an earlier proof."),
    risk_max: int = typer.Option(100, "--risk", help="The highest risk, 0 to 100."),
    step_up_minutes: int = typer.Option(5, "--fresh", help="How many minutes a proof stays fresh."),
) -> None:  # fmt: skip
    """Replace the rule."""
    body = {
        "networks": networks, "countries": countries, "known_devices": known_devices, "risk_max": risk_max,
        "step_up_minutes": step_up_minutes,
    }  # fmt: skip
    _say_rule(ask("PUT", "/v1/access-rule", body=msgspec.json.encode(body)).json())


def _send(method: str, path: str, given: dict[str, Any]) -> dict[str, Any]:
    """Send what was given; what was left out stays out."""
    body = {name: value for name, value in given.items() if value not in ("", [])}
    return ask(method, path, body=msgspec.json.encode(body)).json()


def _page(path: str, after: str, show: Any, command: str, *, holder: str = "") -> None:
    query = {name: text for name, text in (("after", after), ("holder", holder)) if text}
    page = ask("GET", path, query=query or None).json()
    for one in page.get("items", []):
        show(one)
    if page.get("after"):
        of = f" --holder {holder}" if holder else ""
        _say(f"more: tallystick {command}{of} --after {page['after']}")


def _say(text: str) -> None:
    _out.print(escape(text), highlight=False, soft_wrap=True)


def _say_person(one: dict[str, Any]) -> None:
    risk = f"  risk {one['risk']}" if one["risk"] else ""
    _say(f"{one['person']}  {one['status']}{risk}\n    {one.get('sentence', '')}")


def _say_delegation(one: dict[str, Any]) -> None:
    gone = f"  taken {one['ended_at']}" if one.get("ended_at") else ""
    _say(f"{one['delegation']}{gone}\n    {one['sentence']}")


def _membership_line(one: dict[str, Any]) -> str:
    until = f" until {one['until_at']}" if one.get("until_at") else ""
    gone = f"  taken {one['ended_at']}" if one.get("ended_at") else ""
    return f"{one['membership']}  {one['holder']} holds {one['role']} from {one['from_at']}{until}{gone}"


def _say_rule(one: dict[str, Any]) -> None:
    _say(f"networks       {', '.join(one.get('networks', [])) or 'any'}")
    _say(f"countries      {', '.join(one.get('countries', [])) or 'any'}")
    _say(f"known devices  {'only' if one.get('known_devices') else 'not asked for'}")
    _say(f"highest risk   {one.get('risk_max', 100)}")
    _say(f"a proof stays fresh for {one.get('step_up_minutes', 5)} minutes")
    _say(f"set by         {one.get('set_by') or 'nobody: the platform begins with this'}")
