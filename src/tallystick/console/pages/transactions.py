"""One transaction of the books: what moved, when by both clocks, and where it stands."""

import asyncio
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from tallystick.console.asking import part
from tallystick.console.entries import path_of
from tallystick.console.site import Site, Visit
from tallystick.ledger.api import ListAccounts, PostedPosting, Transaction, TransactionOf
from tallystick.runtime.routes import Reply, Route

PATH: Final = "/transactions"
PAYMENTS: Final = "pay_"


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A posting with the digits of its asset, None where no account of it may be seen, and what is left of it."""

    posting: PostedPosting
    exponent: int | None
    remaining: int | str | None
    reversed: int | str | None


def routes(site: Site) -> list[Route]:
    """The route of a transaction."""
    ledger = site.doors.ledger

    async def one(visit: Visit) -> Reply:
        name = visit.asked.path["ledger"]
        message = TransactionOf(ledger=name, id=visit.asked.path["transaction"])
        found = await ledger.transaction(caller=visit.caller, message=message)
        assets = sorted({posting.asset for posting in found.postings})
        pages = await asyncio.gather(
            *(
                part(
                    ledger.accounts(
                        caller=visit.caller, message=ListAccounts(ledger=name, asset=asset, limit=1)
                    )
                )
                for asset in assets
            )
        )
        exponents = {
            asset: page.answer.items[0].exponent
            for asset, page in zip(assets, pages, strict=True)
            if page.answer and page.answer.items
        }
        return visit.page(
            "transaction.html",
            transaction=found,
            moved=_moved(found, exponents),
            receipt=f"/receipts/transactions/{quote(name, safe='')}/{quote(found.id, safe='')}",
            target=path_of(name, found.target) if found.target else "",
            payment=f"/payments/{found.id}" if found.id.startswith(PAYMENTS) else "",
        )

    return [site.get(f"{PATH}/{{ledger}}/{{transaction}}", one)]


def _moved(found: Transaction, exponents: dict[str, int]) -> list[Moved]:
    return [
        Moved(
            posting=posting,
            exponent=exponents.get(posting.asset),
            remaining=found.remaining[number] if found.remaining else None,
            reversed=found.reversed[number] if found.reversed else None,
        )
        for number, posting in enumerate(found.postings)
    ]
