"""Every page of the console by its route: who looks at it and where, in a town where something has happened."""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from unittest.mock import MagicMock

from tallystick.console.ground import Ground
from tallystick.console.routes import console
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.routes import Route
from tests.browser.clouds import handed_in
from tests.browser.house import House
from tests.browser.paying import CLAIRE, RAHMENBAU, look_at, paid

OWNER, CLERK, APPROVER = "owner", "clerk", "approver"


class Place(NamedTuple):
    """A page: what its picture is called, who looks at it ('' is nobody), and where."""

    name: str
    who: str
    path: str


# By route. A page of another person's shows what they may see.
PLACES: Final = {
    "/": Place("overview", OWNER, "/"),
    "/sign-in": Place("sign-in", "", "/sign-in"),
    "/step-up": Place("step-up", OWNER, "/step-up?next=/people"),
    "/me": Place("me", OWNER, "/me"),
    "/me/sessions": Place("sessions", OWNER, "/me/sessions"),
    "/me/factors": Place("factors", OWNER, "/me/factors"),
    "/me/factors/passkey": Place("factors-passkey", OWNER, "/me/factors/passkey"),
    "/me/factors/app": Place("factors-app", OWNER, "/me/factors/app"),
    "/me/consents": Place("consents", OWNER, "/me/consents"),
    "/accounts": Place("accounts", OWNER, "/accounts"),
    "/accounts/{ledger}/{address}": Place(
        "account", OWNER, "/accounts/main/wallets:de-vries-fietsen:eur"
    ),
    "/transactions/{ledger}/{transaction}": Place(
        "transaction", OWNER, "/transactions/main/{payment}"
    ),
    "/wallets": Place("wallets", OWNER, "/wallets"),
    "/open-wallet": Place("wallet-open", OWNER, "/open-wallet"),
    "/wallets/{wallet}": Place("wallet", OWNER, "/wallets/de-vries-fietsen"),
    "/wallets/{wallet}/change": Place("wallet-change", OWNER, "/wallets/electrical/change"),
    "/wallets/{wallet}/add-account": Place("wallet-add", OWNER, "/wallets/electrical/add-account"),
    "/wallets/{wallet}/accounts/{account}/limits": Place(
        "wallet-limits", OWNER, "/wallets/electrical/accounts/EUR/limits"
    ),
    "/wallets/{wallet}/accounts/{account}/statement": Place(
        "statement", OWNER, "/wallets/de-vries-fietsen/accounts/EUR/statement"
    ),
    "/pay": Place("pay", CLERK, "/pay"),
    "/pay/{message}": Place("pay-one", CLERK, "/pay/new"),
    "/payments": Place("payments", OWNER, "/payments"),
    "/payments/{payment}": Place("payment", OWNER, "/payments/{payment}"),
    "/approvals": Place("approvals", APPROVER, "/approvals"),
    "/approvals/{approval}": Place("approval", APPROVER, "/approvals/{approval}"),
    "/approvals/{approval}/verification": Place(
        "approval-verification", APPROVER, "/approvals/{approval}/verification"
    ),
    "/files": Place("files", CLERK, "/files"),
    "/files/{file}": Place("file", OWNER, "/files/{file}"),
    "/acts": Place("acts", CLERK, "/acts"),
    "/people": Place("people", OWNER, "/people"),
    "/people/new": Place("person-new", OWNER, "/people/new"),
    "/people/{person}": Place("person", OWNER, "/people/{person}"),
    "/people/{person}/recover": Place("person-recover", OWNER, "/people/{person}/recover"),
    "/people/{person}/delegations/new": Place(
        "delegation-new", OWNER, "/people/{person}/delegations/new"
    ),
    "/roles": Place("roles", OWNER, "/roles"),
    "/rule": Place("rule", OWNER, "/rule"),
    "/why": Place("why", OWNER, "/why"),
    "/decisions/{decision}": Place("decision", OWNER, "/decisions/{decision}"),
    "/record": Place("record", OWNER, "/record"),
    "/record/of/{id}": Place("record-life", OWNER, "/record/of/{payment}"),
    "/record/{index}": Place("record-entry", OWNER, "/record/{index}"),
    "/receipts/payments/{payment}": Place("receipt", OWNER, "/receipts/payments/{payment}"),
    "/receipts/transactions/{ledger}/{id}": Place(
        "receipt-transaction", OWNER, "/receipts/transactions/main/{payment}"
    ),
    "/clouds": Place("clouds", APPROVER, "/clouds"),
    "/clouds/plans/{plan}": Place("cloud-plan", APPROVER, "/clouds/plans/{plan}"),
    "/operator": Place("operator", OWNER, "/operator"),
    "/operator/problems": Place("problems", OWNER, "/operator/problems"),
}
# Routes that are no page to look at by themselves, each with its reason.
PARTS: Final = {
    "/sign-in/back": "where a provider sends the browser back to",
    "/pay/new": "leads on to /pay/{message}",
    "/me/consents/{consent}": "asked by a third party: tests/browser/test_consents.py looks at it",
    "/pay/iban": "a part of the form, said again as one types",
    "/approvals/{approval}/state": "a part of the waiting page",
}
_FIELD = re.compile(r"\{(\w+)\}")


def routes() -> list[Route]:
    """Every route of the console, over doors that nobody stands behind."""
    clock = SystemClock()
    made, _ = console(
        Ground(
            doors=MagicMock(),
            clock=clock,
            mint=Mint(clock),
            url="http://localhost:1",
            relying_party="localhost",
            development=True,
        )
    )
    return made


def pages() -> Iterator[Route]:
    """The routes of pages: no form, no file."""
    for route in routes():
        if route.method == "GET" and route.answer_media.startswith("text/html"):
            yield route


def settled(house: House) -> dict[str, str]:
    """Let something happen, and answer the names of what is there: of a payment, an approval, a person …"""
    clerk = house.page(CLERK)
    done = look_at(
        clerk, payee="Müller Rahmenbau", iban=RAHMENBAU, amount="120.00", reference="Frames"
    )
    clerk.get_by_role("button", name=re.compile("^Pay ")).click()
    clerk.wait_for_url("**/payments/**")
    [payment] = paid(house, done)
    look_at(clerk, payee="Claire Martin", iban=CLAIRE, amount="1,400.00", reference="November")
    clerk.get_by_role("button", name=re.compile("^Ask for")).click()
    approval = clerk.get_by_role("link", name="Follow it").get_attribute("href") or ""
    owner = house.page(OWNER)
    people = _items(house, owner, "/v1/people")
    person = next(one["person"] for one in people if one["name"].startswith("Clerk"))
    decided = _items(house, owner, "/v1/log/entries?tag=identity.decision.make&limit=1")
    entry = _published(house, owner, f"/v1/log/entries?on={payment['payment_id']}&limit=1")
    return {
        "plan": handed_in(house),
        "payment": payment["payment_id"],
        "file": payment["file_id"],
        "approval": approval.rpartition("/")[2],
        "person": person,
        "decision": decided[0]["entry"]["on"],
        "index": str(entry["index"]),
    }


def _items(house: House, page: Any, path: str) -> list[dict[str, Any]]:
    answer = house.asks(page, "GET", path)
    assert answer.is_success, answer.text
    return answer.json()["items"]


def _published(house: House, page: Any, path: str) -> dict[str, Any]:
    for _ in range(100):
        if found := _items(house, page, path):
            return found[0]
        page.wait_for_timeout(100)
    raise AssertionError(f"nothing was published at {path}")


def address(path: str, names: dict[str, str]) -> str:
    """A path with the town's names in place."""
    return _FIELD.sub(lambda field: names[field[1]], path)


class People:
    """One page for each person who looks, signed in once."""

    def __init__(self, house: House, **options: Any) -> None:
        self._house, self._options = house, options
        self._pages: dict[str, Any] = {}

    def page(self, who: str) -> Any:
        """The page of somebody; '' is nobody."""
        if who not in self._pages:
            self._pages[who] = self._house.page(who, **self._options)
        return self._pages[who]
