"""Roles: what each holds in plain words, and making one of bundles. The tenant's rule: what it asks of whoever acts."""

from ipaddress import ip_network
from typing import Any, Final

import msgspec

from tallystick.console.pages.naming import wrongs
from tallystick.console.site import Site, Visit
from tallystick.identity.api.rights import (
    ListRoles,
    MakeRole,
    RoleExistsDifferent,
    RoleOf,
    RuleNow,
    SetRule,
)
from tallystick.kernel.problems import Malformed, Problem, malformed
from tallystick.runtime.routes import Reply, Route

_NUMBERS: Final = ("risk_max", "step_up_minutes")


def routes(site: Site) -> list[Route]:
    """The routes of roles and the rule."""
    rights = site.doors.rights

    async def roles(visit: Visit) -> Reply:
        return await _roles(visit)

    async def make(visit: Visit) -> Reply:
        form = visit.form
        message = MakeRole(
            role=form.text("role"), title=form.text("title"), bundles=form.many("bundles")
        )
        try:
            await rights.make_role(caller=visit.caller, message=message)
        except (Malformed, RoleExistsDifferent) as problem:
            return await _roles(visit, problem)
        return visit.to("/roles")

    async def end(visit: Visit) -> Reply:
        await rights.end_role(caller=visit.caller, message=RoleOf(role=visit.form.text("role")))
        return visit.to("/roles")

    async def rule(visit: Visit) -> Reply:
        found = await rights.rule(caller=visit.caller, message=RuleNow())
        filled = msgspec.structs.asdict(found)
        for name in ("networks", "countries"):
            filled[name] = "\n".join(filled[name])
        return visit.page("rule.html", filled=filled, wrong=wrongs())

    async def set_rule(visit: Visit) -> Reply:
        form = visit.form
        filled: dict[str, Any] = {
            name: form.text(name) for name in ("networks", "countries", *_NUMBERS)
        }
        filled["known_devices"] = form.text("known_devices") == "yes"
        filled["set_by"] = ""
        try:
            message = SetRule(
                networks=tuple(filled["networks"].split()),
                countries=tuple(filled["countries"].upper().split()),
                known_devices=filled["known_devices"],
                **{name: _whole(name, filled[name]) for name in _NUMBERS},
            )
            _demand_networks(message)
            await rights.set_rule(caller=visit.caller, message=message)
        except Malformed as problem:
            return visit.page("rule.html", status=422, filled=filled, wrong=wrongs(problem))
        return visit.to("/rule")

    return [
        site.get("/roles", roles),
        site.post("/roles", make),
        site.post("/roles/end", end),
        site.get("/rule", rule),
        site.post("/rule", set_rule),
    ]


async def _roles(visit: Visit, problem: Problem | None = None) -> Reply:
    found = await visit.site.doors.rights.roles(caller=visit.caller, message=ListRoles())
    bundles = {
        bundle: act for role in found.items for bundle, act in zip(role.bundles, role.acts, strict=True)
    }  # fmt: skip
    return visit.page(
        "roles.html",
        status=422 if problem else 200,
        roles=found.items,
        bundles=bundles,
        ticked=visit.form.many("bundles"),
        filled={name: visit.form.text(name) for name in ("role", "title")},
        wrong=wrongs(problem, "role"),
    )


def _demand_networks(message: SetRule) -> None:
    """Raise Malformed for what is no network or country, before others are asked to agree to it."""
    for network in message.networks:
        try:
            ip_network(network)
        except ValueError as error:
            raise malformed("networks", str(error)) from None
    if not all(len(one) == 2 and one.isascii() and one.isalpha() for one in message.countries):
        raise malformed("countries", "a country is two letters (ISO 3166-1 alpha-2)")


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 3):
        raise malformed(name, "it is a whole number")
    return int(text)
